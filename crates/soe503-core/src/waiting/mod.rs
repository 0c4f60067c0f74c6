//! Where requests wait for a service that is due back.
//!
//! A request that an open circuit or a pool without backends turns away has touched nothing, and
//! what turned it away may be over in a moment: a process that restarts, all backends in one long
//! collection of garbage. So it may take a [`Place`] in a [`WaitingRoom`] and try again when it is
//! called, instead of failing.
//!
//! # Who is called, and how fast
//!
//! **Oldest first.** Nothing is overloaded here: everybody can still be served, and whoever has waited
//! longest is nearest to its deadline. (A queue in front of a service that cannot keep up should be
//! served newest first; this is not one.)
//!
//! **At the pace of a slow start.** A circuit that closes calls a few. Each of them that is answered
//! calls two more, each that is not calls one, so what is under way doubles with every answer, and a
//! thousand that wait are served within ten answers' time without ever being let loose at once. Answers that
//! become twice as slow as the fastest call one, and those that become slower still call none: a service at
//! its capacity gets no more than it can do, or its queue would outlast its clients' patience. A
//! request that is turned away again takes its old place.
//!
//! # What it guarantees
//! Never more than the given number wait, those included who were called and may have to come back. A place that is dropped is free, and if it had been called,
//! the next one is called in its stead, so no call is lost with a client that leaves. Nobody is called twice
//! for one place. Time is not known here: deadlines are for whoever waits.
//!
//! # Cost
//! Nothing for requests that do not wait. For those that do, a short lock around a tree of places, and a
//! wake-up outside of it. Places may be on different threads.

mod place;
mod room;

pub use place::Place;
pub use room::{WaitingRoom, WaitingSnapshot};

#[cfg(test)]
mod tests;
