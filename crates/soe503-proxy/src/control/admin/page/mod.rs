//! The dashboard: what the admin API knows, for people.
//!
//! ```text
//! Proxy ─▶ Model ─▶ pieces ─┬─▶ document            GET /
//!          (API types)      └─▶ board ─▶ changes    GET /live, server-sent events, once a second
//! ```
//!
//! Pages are made here, markup and charts, and are whole without a script; `page.js` keeps the first one up to date,
//! asks in dialogs and filters. Style sheet, script and icon are in the binary, nothing is fetched from elsewhere,
//! and the policy that is sent forbids it. What a page shows is escaped by the type that it is written with
//! ([`html`]). Acts are those of the API, behind the same guard, and by a form of ours ([`token`]).
//!
//! Failure mode: it is late. It is made on a thread for that, at most once a second, and not at all while nobody looks.

mod act;
mod acts;
mod backend;
mod below;
mod board;
mod chart;
mod html;
mod incident;
mod known;
mod layout;
mod live;
mod model;
mod overview;
mod piece;
mod pool;
mod refused;
mod routes;
mod token;
mod words;

#[cfg(test)]
mod tests;

pub(super) use refused::{at_the_door, in_words, is_for_people};
pub(super) use routes::routes;
