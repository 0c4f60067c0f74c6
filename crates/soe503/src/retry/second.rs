//! Two attempts of one request at the same time.
//!
//! One of them is the attempt in flight, with its facts in the plan's context; the other's are aside. Whichever
//! ends is made the attempt in flight first, so that an end is the same whoever is concerned.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Response;
use http_body::Body;
use soe503_core::Tick;
use soe503_core::ledger::{Attempt, Phase, RetryVerdict};
use tower_service::Service;

use super::ReplayBody;
use super::attempts::{Attempts, Next};
use super::hedging::Late;
use super::watch::Watch;
use crate::clock;
use crate::error::BoxError;
use crate::flight;

/// What there is to know about a request that was hedged. Made with its first hedge.
#[derive(Debug)]
pub(super) struct Hedged<F> {
    /// The hedge, until it ends or is the only attempt left.
    second: Option<Pin<Box<F>>>,
    /// Two attempts are under way.
    two: bool,
    /// The other one's facts.
    aside: Facts,
    /// How many attempts were made.
    pub(super) made: u8,
    /// How many of them were hedges.
    pub(super) sent: u8,
    /// The attempt in flight is one.
    hedge: bool,
    /// What the attempt in flight may use of the allowance is taken off already.
    pub(super) charged: bool,
}

/// What is different from attempt to attempt.
#[derive(Debug)]
struct Facts {
    number: u8,
    began: Tick,
    attempt_deadline: Option<Tick>,
    watched: bool,
    hedge: bool,
    charged: bool,
}

/// Whose time it is that has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rings {
    /// The attempt in flight has had its time.
    InFlight,
    /// Somebody has to be looked at.
    Look,
}

impl<S, F, ReqB, ResB> Attempts<S, F, ReqB, ResB> {
    /// Two attempts are under way.
    pub(super) fn are_two(&self) -> bool {
        self.hedged.as_ref().is_some_and(|hedged| hedged.two)
    }

    /// The attempt in flight is a hedge.
    pub(super) fn is_hedge(&self) -> bool {
        self.hedged.as_ref().is_some_and(|hedged| hedged.hedge)
    }

    /// What the attempt in flight may use of the allowance is taken off already.
    pub(super) fn is_charged(&self) -> bool {
        self.hedged.as_ref().is_some_and(|hedged| hedged.charged)
    }

    /// Makes the other of two the attempt in flight.
    fn swap(&mut self) {
        let Some(hedged) = &mut self.hedged else {
            return;
        };
        let (context, aside) = (&mut self.plan.context, &mut hedged.aside);
        std::mem::swap(&mut context.number, &mut aside.number);
        std::mem::swap(&mut context.now, &mut aside.began);
        std::mem::swap(&mut context.attempt_deadline, &mut aside.attempt_deadline);
        std::mem::swap(&mut self.watched, &mut aside.watched);
        std::mem::swap(&mut hedged.hedge, &mut aside.hedge);
        std::mem::swap(&mut hedged.charged, &mut aside.charged);
    }

    /// When to wake: the first of all that is due.
    pub(super) fn due(&self) -> Option<Tick> {
        let aside = self.hedged.as_ref().filter(|hedged| hedged.two);
        let aside = aside.and_then(|hedged| hedged.aside.attempt_deadline);
        let all = [self.plan.context.due(), aside, self.late.at()];
        all.into_iter().flatten().min()
    }

    /// What it means that `at` has come, which was [`due`](Self::due).
    pub(super) fn rings(&mut self, at: Tick) -> Rings {
        if self.plan.context.due().is_some_and(|due| due <= at) {
            return Rings::InFlight;
        }
        if self.late.at().is_some_and(|late| late <= at) {
            self.late = Late::Ask;
        }
        Rings::Look
    }

    /// The attempt in flight was answered: the other one, if there is one, is cancelled. If that is not the
    /// hedge, `cancel` drops it.
    pub(super) fn outrun(&mut self, cancel: impl FnOnce()) {
        let Some(hedged) = self.hedged.as_mut().filter(|hedged| hedged.two) else {
            return;
        };
        hedged.two = false;
        let who = match hedged.second.take() {
            Some(second) => flight::outrun(|| drop(second)),
            None => flight::outrun(cancel),
        };
        let (aside, now) = (&hedged.aside, clock::now());
        let mut attempt = Attempt::begin(aside.number, aside.began);
        attempt.hedge = aside.hedge;
        attempt.phase = Phase::WaitHeaders;
        attempt.elapsed = now.since(aside.began);
        attempt.retry = Some(RetryVerdict::Outrun);
        if let Some(who) = who {
            attempt.backend = Some(who.name);
            attempt.address = Some(who.address);
        }
        if let Some(hedging) = &self.plan.rules().hedging {
            if hedged.hedge {
                hedging.hedge.won();
            } else {
                hedging.hedge.lost();
            }
        }
        self.failed.push(attempt);
    }

    /// The attempt in flight failed. Whether another is under way, which goes on.
    pub(super) fn goes_on(&mut self) -> bool {
        let Some(hedged) = &mut self.hedged else {
            return false;
        };
        if hedged.hedge
            && let Some(hedging) = &self.plan.rules().hedging
        {
            hedging.hedge.failed();
        }
        std::mem::take(&mut hedged.two)
    }

    /// The hedge was refused, and nothing of it was touched: it was no attempt.
    pub(super) fn hedge_refused(&mut self) -> bool {
        let Some(hedged) = self.hedged.as_mut().filter(|h| h.two && h.hedge) else {
            return false;
        };
        hedged.made = hedged.made.saturating_sub(1);
        hedged.two = false;
        if let Some(hedging) = &self.plan.rules().hedging {
            hedging.hedge.failed();
        }
        true
    }

    /// The first of two has failed: the hedge takes its place.
    pub(super) fn promote(&mut self) -> Option<Pin<Box<F>>> {
        self.swap();
        self.begin_late();
        self.hedged.as_mut()?.second.take()
    }
}

impl<S, ReqB, ResB> Attempts<S, S::Future, ReqB, ResB>
where
    S: Service<http::Request<ReplayBody<ReqB>>, Response = Response<ResB>> + Clone,
    S::Error: Into<BoxError>,
    ReqB: Body,
{
    /// Sends the hedge that is paid for, if the service below is ready for it.
    fn send_hedge(&mut self, cx: &mut Context<'_>) {
        match self.plan.service().poll_ready(cx) {
            Poll::Pending => return,
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(_)) => {
                self.late = Late::Never;
                if let Some(hedging) = &self.plan.rules().hedging {
                    hedging.hedge.failed();
                }
                return;
            }
        }
        self.late = Late::Never;
        let (made, charged) = (self.made(), self.is_charged());
        let rules = &self.plan.spare.rules;
        let mut hedged = match self.hedged.take() {
            Some(hedged) => hedged,
            None => Box::new(Hedged::new(&self.plan.context)),
        };
        let context = &mut self.plan.context;
        if !charged {
            // The attempt in flight may use all that it was lent, so that is gone.
            context.allowance.ended(None);
        }
        context.allowance.next(rules.proxies);
        let mut own = context.clone();
        own.touch();
        own.hedge = true;
        own.number = made.saturating_add(1);
        own.attempt_deadline = rules.attempt_deadline(&own);
        hedged.charged = true;
        hedged.aside = Facts {
            number: own.number,
            began: own.now,
            attempt_deadline: own.attempt_deadline,
            watched: false,
            hedge: true,
            charged: false,
        };
        hedged.made = own.number;
        hedged.sent = hedged.sent.saturating_add(1);
        hedged.two = true;
        let request = self.plan.head.request(self.plan.replay.next(), own);
        hedged.second = Some(Box::pin(self.plan.service().call(request)));
        self.hedged = Some(hedged);
    }

    /// Sends the hedge if one is paid for, and polls it if there is one. `cancel` drops the first attempt.
    pub(super) fn poll_second(
        &mut self,
        cx: &mut Context<'_>,
        cancel: impl FnOnce(),
    ) -> Poll<Result<Response<ResB>, BoxError>> {
        if self.late == Late::Paid {
            self.send_hedge(cx);
        }
        let second = self.hedged.as_mut().filter(|hedged| hedged.two);
        let Some(mut second) = second.and_then(|hedged| hedged.second.take()) else {
            return Poll::Pending;
        };
        self.swap();
        let (polled, watch) = self.watch(|| second.as_mut().poll(cx));
        let next = match polled {
            Poll::Ready(Ok(mut response)) => {
                if self.stands(&mut response, cancel) {
                    Next::Done(Ok(response))
                } else {
                    self.fell(response)
                }
            }
            Poll::Ready(Err(error)) => self.failed(error.into()),
            Poll::Pending => match self.is_over(&watch) {
                Some(at) => self.out_of_time(at),
                None => {
                    if let Some(hedged) = &mut self.hedged {
                        hedged.second = Some(second);
                    }
                    self.swap();
                    return Poll::Pending;
                }
            },
        };
        if let Next::Done(result) = next {
            return Poll::Ready(result);
        }
        // It failed, and the first goes on alone.
        self.swap();
        self.begin_late();
        Poll::Pending
    }

    /// The attempt in flight has had its time, and nobody below has seen to that.
    fn is_over(&self, watch: &Watch) -> Option<Tick> {
        match watch {
            Watch::Cut(at) => *at,
            _ => None,
        }
    }
}

impl<F> Hedged<F> {
    /// Another attempt begins, which is none.
    pub(super) const fn begin(&mut self) {
        self.made = self.made.saturating_add(1);
        self.hedge = false;
        self.charged = false;
    }

    fn new(context: &crate::context::RequestContext) -> Self {
        Self {
            second: None,
            two: false,
            aside: Facts {
                number: 0,
                began: context.now,
                attempt_deadline: None,
                watched: false,
                hedge: false,
                charged: false,
            },
            made: context.number,
            sent: 0,
            hedge: false,
            charged: false,
        }
    }
}
