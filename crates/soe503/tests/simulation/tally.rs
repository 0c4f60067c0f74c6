//! How much happened: a simulation in which nothing goes wrong would prove nothing.

use std::fmt;
use std::ops::AddAssign;

/// Counts of one run, or of many.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) runs: u64,
    pub(crate) events: u64,
    pub(crate) requests: u64,
    /// Requests that must not run twice, of which bytes went out, and that failed after that.
    pub(crate) unsafe_failures: u64,
    pub(crate) retries: u64,
    /// Hedges that were sent, that won, and that could have been sent.
    pub(crate) hedges: u64,
    pub(crate) hedges_won: u64,
    pub(crate) hedges_withheld: u64,
    pub(crate) unpaid: u64,
    pub(crate) deaths: u64,
    pub(crate) ejections: u64,
    pub(crate) panic_picks: u64,
    pub(crate) openings: u64,
    pub(crate) shed: u64,
    pub(crate) left: u64,
    /// Milliseconds of virtual time.
    pub(crate) lasted: u64,
}

// === impl Tally ===

impl Tally {
    /// Every kind of thing happened.
    pub(crate) fn is_of_everything(&self) -> bool {
        let counts = [
            self.unsafe_failures,
            self.retries,
            self.hedges,
            self.hedges_won,
            self.hedges_withheld,
            self.unpaid,
            self.deaths,
            self.ejections,
            self.panic_picks,
            self.openings,
            self.shed,
            self.left,
        ];
        counts.iter().all(|count| *count > 0)
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.runs += other.runs;
        self.events += other.events;
        self.requests += other.requests;
        self.unsafe_failures += other.unsafe_failures;
        self.retries += other.retries;
        self.hedges += other.hedges;
        self.hedges_won += other.hedges_won;
        self.hedges_withheld += other.hedges_withheld;
        self.unpaid += other.unpaid;
        self.deaths += other.deaths;
        self.ejections += other.ejections;
        self.panic_picks += other.panic_picks;
        self.openings += other.openings;
        self.shed += other.shed;
        self.left += other.left;
        self.lasted += other.lasted;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} runs, {:.1} h of virtual time, {} events: {} requests, {} failed that must not be replayed, \
             {} retries, of them {} hedges ({} won, {} withheld), {} that the budget did not pay, {} deaths, {} ejections, {} picks in panic, \
             {} circuits opened, {} requests shed, {} clients that left",
            self.runs,
            self.lasted as f64 / 3_600_000.0,
            self.events,
            self.requests,
            self.unsafe_failures,
            self.retries,
            self.hedges,
            self.hedges_won,
            self.hedges_withheld,
            self.unpaid,
            self.deaths,
            self.ejections,
            self.panic_picks,
            self.openings,
            self.shed,
            self.left
        )
    }
}
