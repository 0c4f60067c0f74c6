//! Planned interruptions: when one is in force, for whom, and until when.
//!
//! **What it decides.** A [`When`] knows its next occurrence by the calendar; [`due`] chooses among
//! several plans the one that holds now, or the next to come; a [`Switch`] carries that to the request
//! path, where a route that nothing is planned for costs one load.
//!
//! **Failure mode.** The calendar is only asked off the request path. A switch whose occurrence has
//! ended lets requests through, whether or not somebody has looked at the calendar since.

mod notice;
mod plan;
mod switch;
mod when;

pub use notice::Notice;
pub use plan::{Due, Plan, due};
pub use switch::{InForce, Switch};
pub use when::{Span, Weekday, Weekly, When};
