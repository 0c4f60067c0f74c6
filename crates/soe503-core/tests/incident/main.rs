//! When an incident is opened, what belongs to it, and when it is over.

mod belongs;
mod conditions;
mod conditions_book;
mod course;
mod open_and_close;
mod restart;
mod scene;
mod timeline;
