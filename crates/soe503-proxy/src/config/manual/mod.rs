//! What users read about the keys, made from the table of keys.

mod example;
mod reference;
mod schema;

pub use example::full_example;
pub use reference::reference_page;
pub(super) use schema::object;
pub use schema::schema;
