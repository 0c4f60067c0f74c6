//! What users read about the keys, made from the table of keys.

mod schema;

pub(super) use schema::object;
pub use schema::schema;
