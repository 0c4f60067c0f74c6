//! What became of the requests of a run.

use super::world::{End, Outcome, Request};
use crate::limit::Class;

impl Outcome {
    pub(super) fn sent(&self, from: f64, till: f64) -> impl Iterator<Item = &Request> {
        self.requests
            .iter()
            .filter(move |one| from <= one.sent && one.sent < till)
    }

    /// Answers per second.
    pub(super) fn goodput(&self, from: f64, till: f64) -> f64 {
        let within = |one: &&Request| from <= one.ended && one.ended < till;
        let good = self.requests.iter().filter(|one| one.end == End::Answered);
        good.filter(within).count() as f64 / (till - from)
    }

    /// Requests that were not answered and ended in that time.
    pub(super) fn failed(&self, from: f64, till: f64) -> usize {
        let bad = self.requests.iter().filter(|one| one.end != End::Answered);
        bad.filter(|one| from <= one.ended && one.ended < till)
            .count()
    }

    /// Requests that this side turned away.
    pub(super) fn refused(&self) -> usize {
        let refused = |one: &&Request| matches!(one.end, End::Refused(_));
        self.requests.iter().filter(refused).count()
    }

    /// Clients that asked once and `again` times more, in vain.
    pub(super) fn given_up(&self, again: u32) -> usize {
        let last = self.requests.iter().filter(|one| one.asked == again);
        last.filter(|one| one.end != End::Answered).count()
    }

    pub(super) fn queued(&self, from: f64, till: f64) -> usize {
        self.sent(from, till).filter(|one| one.queued).count()
    }

    /// The latency that a share of the answered ones does not exceed, in seconds.
    pub(super) fn latency(&self, q: f64, from: f64, till: f64) -> f64 {
        let good = self.sent(from, till).filter(|one| one.end == End::Answered);
        let mut took: Vec<f64> = good.map(|one| one.ended - one.sent).collect();
        took.sort_by(f64::total_cmp);
        took.get(((took.len() as f64 * q) as usize).min(took.len().saturating_sub(1)))
            .copied()
            .unwrap_or(0.0)
    }

    /// Share of a class that was answered.
    pub(super) fn answered(&self, class: Class, from: f64, till: f64) -> f64 {
        let of: Vec<_> = self
            .sent(from, till)
            .filter(|one| one.class == class)
            .collect();
        of.iter().filter(|one| one.end == End::Answered).count() as f64 / of.len() as f64
    }
}
