//! How a breaker's permit and a pool's lease learn how their request ended.
//!
//! Both are counted by the same rules, at the same moments: the head, the end of the body, an
//! error, or the disappearance of whoever waited. The rules are here once.

mod at_end;

use http::{Response, StatusCode};
use http_body::Body;
use soe503_core::ledger::Attempt;
use soe503_core::pool::FailureScope;
use soe503_core::{Cause, Outcome, Tick, Verdict};

use crate::classify::{Classify, Head};
use crate::clock;
use crate::facts;
use crate::flight;
use crate::grpc;

pub(crate) use at_end::{AtEnd, poll_frame};

/// Something that counts the result of one attempt.
pub(crate) trait Count {
    /// The head of the response is here. `slow`: what it says itself of that, where it does.
    fn responded(&mut self, now: Tick, slow: Option<bool>);

    /// The attempt has ended. `heard` is whom a layer below says a failure concerns; the answer is
    /// what this one says.
    fn record(
        self,
        now: Tick,
        outcome: Outcome,
        heard: Option<FailureScope>,
    ) -> Option<FailureScope>;

    /// Counts a success without being moved, if there is as good as nothing to do; `false`: it is to be recorded.
    fn succeed(&mut self) -> bool {
        false
    }

    /// Nobody waits any more.
    fn abandon(self, now: Tick);

    /// Another attempt of the request was answered first: no result at all.
    fn outrun(self, _now: Tick)
    where
        Self: Sized,
    {
    }

    /// The answer says no, however well the backend is. For those to whom that matters.
    fn unhelpful(&mut self) {}

    /// When the attempt began.
    fn started(&self) -> Tick;

    /// Adds what is known about the attempt beside its end.
    fn describe(&self, _attempt: &mut Attempt) {}
}

/// Holds what counts until the end is known; dropped before that, the caller has gone, or has cut us
/// off at a deadline that was the service's to meet.
///
/// A panic of the inner service unwinds past us with the future still alive in its task, so
/// `std::thread::panicking` says nothing by the time of our drop. Hence the [`Watched`] poll.
#[derive(Debug)]
pub(crate) struct Guard<T: Count> {
    count: Option<T>,
    due: Option<Tick>,
}

/// While this is there, the attempt is being polled: dropped before [`ended`](Self::ended), it is unwound by a panic, which
/// is a failure of the attempt.
pub(crate) struct Watched<'a, T: Count>(&'a mut Guard<T>);

// === impl Guard ===

impl<T: Count> Guard<T> {
    /// Guards `count`, whose head has to come before `due`.
    pub(crate) const fn new(count: T, due: Option<Tick>) -> Self {
        Self {
            count: Some(count),
            due,
        }
    }

    /// Nothing left to count.
    pub(crate) const fn ended() -> Self {
        Self {
            count: None,
            due: None,
        }
    }

    /// What counts, while it does.
    pub(crate) const fn count(&self) -> Option<&T> {
        self.count.as_ref()
    }

    /// What counts, to be changed.
    pub(crate) const fn count_mut(&mut self) -> Option<&mut T> {
        self.count.as_mut()
    }

    /// Its head has to come before `due` from now on.
    pub(crate) const fn move_due(&mut self, due: Option<Tick>) {
        self.due = due;
    }

    /// The attempt's future is being polled from now on.
    #[inline]
    pub(crate) const fn watched(&mut self) -> Watched<'_, T> {
        Watched(self)
    }

    /// Runs `poll`, so that a panic in it is a failure of the attempt.
    #[inline]
    pub(crate) fn watch<R>(&mut self, poll: impl FnOnce() -> R) -> R {
        let watched = self.watched();
        let result = poll();
        watched.ended();
        result
    }

    /// Ends it.
    #[inline]
    pub(crate) fn record(
        &mut self,
        now: Tick,
        outcome: Outcome,
        heard: Option<FailureScope>,
    ) -> Option<FailureScope> {
        self.record_at(|| now, outcome, heard)
    }

    /// Ends it; `now` is asked for if that matters.
    #[inline]
    fn record_at(
        &mut self,
        now: impl FnOnce() -> Tick,
        outcome: Outcome,
        heard: Option<FailureScope>,
    ) -> Option<FailureScope> {
        if outcome.verdict == Verdict::Success && self.succeed() {
            return None;
        }
        self.count.take()?.record(now(), outcome, heard)
    }

    /// Ends it as a success, if that is as good as nothing to do.
    #[inline]
    fn succeed(&mut self) -> bool {
        let succeeded = self.count.as_mut().is_some_and(T::succeed);
        if succeeded {
            self.count = None;
        }
        succeeded
    }

    /// Ends it if `response` is here as a whole, a success, and it changes nothing when it came: as the answers of a healthy service
    /// do, for which the clock need not be read then.
    #[inline]
    pub(crate) fn succeeds_at_once<B: Body, C: Classify>(
        &mut self,
        classify: &C,
        response: &Response<B>,
    ) -> bool {
        response.body().is_end_stream() && classify.head(response) == Head::AtEnd && self.succeed()
    }

    /// The head of `response` has come. Ends the count if the head decides, and returns the
    /// outcome's scope; leaves it to the end of the body otherwise.
    #[inline]
    pub(crate) fn head<B: Body, C: Classify + Clone>(
        &mut self,
        classify: &C,
        response: &Response<B>,
        (started, now): (Tick, Tick),
        heard: Option<FailureScope>,
    ) -> Headed<T, C> {
        if let Some(count) = &mut self.count {
            count.responded(now, classify.slow(response));
            if !is_helpful(response.status()) {
                count.unhelpful();
            }
        }
        let outcome = match classify.head(response) {
            Head::AtEnd if response.body().is_end_stream() => Outcome::SUCCESS,
            head @ (Head::AtEnd | Head::AtTrailers) => {
                self.due = None;
                return Headed::Open(AtEnd {
                    guard: std::mem::replace(self, Self::ended()),
                    classify: classify.clone(),
                    status: response.status().as_u16(),
                    trailers_decide: head == Head::AtTrailers,
                    late: None,
                });
            }
            Head::Decided(outcome) => {
                if let Some(count) = &mut self.count
                    && grpc::trailers_only(response).is_some_and(|code| code != 0)
                {
                    count.unhelpful();
                }
                outcome
            }
            Head::Judge => self.judged(classify, response, (started, now)),
        };
        Headed::Decided(outcome, self.record(now, outcome, heard))
    }

    /// What an answer means whose status is none of a success.
    #[cold]
    fn judged<B, C: Classify>(
        &self,
        classify: &C,
        response: &Response<B>,
        (started, now): (Tick, Tick),
    ) -> Outcome {
        let mut attempt = facts::answered(response, 1, started, now);
        if let Some(count) = &self.count {
            count.describe(&mut attempt);
        }
        classify.attempt(&attempt)
    }
}

/// What a head leaves to be done.
pub(crate) enum Headed<T: Count, C> {
    /// Nothing: it has been counted.
    Decided(Outcome, Option<FailureScope>),
    /// The end of the body decides.
    Open(AtEnd<T, C>),
}

impl<T: Count, C> Headed<T, C> {
    /// A success as far as the head goes, and no trailers that could change it.
    pub(crate) fn is_plain_success(&self) -> bool {
        match self {
            Self::Decided(outcome, _) => outcome.verdict == Verdict::Success,
            Self::Open(at_end) => !at_end.trailers_decide(),
        }
    }

    /// What waits for the end of the body.
    pub(crate) fn at_end(self) -> Option<AtEnd<T, C>> {
        match self {
            Self::Decided(..) => None,
            Self::Open(at_end) => Some(at_end),
        }
    }
}

impl<T: Count> Drop for Guard<T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(count) = self.count.take() {
            self.dropped(count);
        }
    }
}

impl<T: Count> Guard<T> {
    #[cold]
    fn dropped(&self, count: T) {
        let now = clock::now();
        if flight::is_outrun() {
            count.outrun(now);
        } else if self.due.is_some_and(|due| now >= due) {
            let outcome = Outcome::failure(Cause::DependencyResponseTimeout);
            count.record(now, outcome, None);
        } else {
            count.abandon(now);
        }
    }
}

// === impl Watched ===

impl<T: Count> Watched<'_, T> {
    /// The poll has returned.
    #[inline]
    pub(crate) const fn ended(self) {
        std::mem::forget(self);
    }
}

impl<T: Count> Drop for Watched<'_, T> {
    #[cold]
    fn drop(&mut self) {
        if let Some(count) = self.0.count.take() {
            count.record(clock::now(), Outcome::failure(Cause::Unclassified), None);
        }
    }
}

/// Whether an answer with this status is what was asked for: 4xx may come from whoever answers at
/// that address, and so may a redirect.
fn is_helpful(status: StatusCode) -> bool {
    matches!(status.as_u16(), 200..=299 | 304 | 101)
}
