use soe503_core::stack::Part;

/// Says what others have to know of a layer. Each layer of this crate does; implement it for one that stands in for
/// one of them.
pub trait Describe {
    /// The layer, for [`check`](super::check).
    fn describe(&self) -> Part;
}
