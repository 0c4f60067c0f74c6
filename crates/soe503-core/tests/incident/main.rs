//! When an incident is opened, what belongs to it, and when it is over.

mod belongs;
mod conditions;
mod conditions_book;
mod conditions_evidence;
mod conditions_news;
mod course;
mod found;
mod open_and_close;
mod restart;
mod scene;
mod timeline;
mod undone;
