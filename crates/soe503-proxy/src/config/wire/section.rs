//! The declaration of a table of the file.

/// Declares a table of the file: a struct whose fields are its keys.
///
/// ```text
/// section! {
///     /// What the table is for.
///     struct Server {
///         /// What the key means.
///         shutdown_grace: Defaulted<Duration>, default(Duration::from_secs(30));
///         /// A key that is a Rust keyword.
///         kind as "type": Optional<Kind>, absent("`http`"), like("\"tcp\"");
///     }
/// }
/// ```
///
/// After the type come calls of methods of [`Rule`](super::Rule).
macro_rules! section {
    (
        $(#[doc = $about:literal])+
        struct $table:ident {
            $(
                $(#[doc = $doc:literal])+
                $field:ident $(as $rename:literal)?: $slot:ty $(, $rule:ident($($argument:expr),*))*;
            )+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Debug)]
        pub(in crate::config) struct $table {
            $(
                $(#[doc = $doc])+
                pub(in crate::config) $field: $slot,
            )+
        }

        impl $crate::config::wire::Table for $table {
            const ABOUT: &'static [&'static str] = &[$($about),+];
            const NAMES: &'static [&'static str] =
                &[$($crate::config::wire::section!(@name $field $($rename)?)),+];

            fn keys() -> Vec<$crate::config::wire::Key> {
                vec![$(
                    <$slot as $crate::config::wire::Slot>::describe(
                        &$crate::config::wire::Rule::new(
                            $crate::config::wire::section!(@name $field $($rename)?),
                            &[$($doc),+],
                        )
                        $(.$rule($($argument),*))*
                    ),
                )+]
            }

            fn fill(open: &mut $crate::config::wire::Open<'_, '_>) -> Self {
                Self {
                    $($field: <$slot as $crate::config::wire::Slot>::take(
                        open,
                        &$crate::config::wire::Rule::new(
                            $crate::config::wire::section!(@name $field $($rename)?),
                            &[$($doc),+],
                        )
                        $(.$rule($($argument),*))*
                    ),)+
                }
            }
        }
    };
    (@name $field:ident $rename:literal) => { $rename };
    (@name $field:ident) => { stringify!($field) };
}

pub(in crate::config) use section;
