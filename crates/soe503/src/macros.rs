//! What every service of this crate has.

/// The three ways to the inner service; `shared`: those that do not change it.
macro_rules! accessors {
    ($inner:ident) => {
        $crate::macros::accessors!($inner, shared);

        /// The inner service. Calling it past this layer is possible and rarely meant.
        pub const fn get_mut(&mut self) -> &mut $inner {
            &mut self.inner
        }
    };
    ($inner:ident, shared) => {
        /// The inner service.
        pub const fn get_ref(&self) -> &$inner {
            &self.inner
        }

        /// The inner service, without this layer.
        pub fn into_inner(self) -> $inner {
            self.inner
        }
    };
}

pub(crate) use accessors;
