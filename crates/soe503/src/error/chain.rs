//! Errors of any type, and the chain below them.

/// Any error that can cross threads.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The first `T` in the chain that starts at `error`.
///
/// An [`io::Error`](std::io::Error) made from another error hides that error from `source()`;
/// this walk looks inside.
pub(crate) fn find<'e, T: std::error::Error + 'static>(
    error: &'e (dyn std::error::Error + 'static),
) -> Option<&'e T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        next = below(error);
    }
    None
}

/// The next error of the chain.
pub(crate) fn below<'e>(
    error: &'e (dyn std::error::Error + 'static),
) -> Option<&'e (dyn std::error::Error + 'static)> {
    let hidden = error
        .downcast_ref::<std::io::Error>()
        .and_then(std::io::Error::get_ref);
    match hidden {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}
