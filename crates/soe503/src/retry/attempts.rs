//! What is done with the end of an attempt.

use std::time::Duration;

use http::Response;
use http_body::Body;
use soe503_core::Tick;
use soe503_core::hops::Reach;
use soe503_core::ledger::{Attempt, Fault, Ledger, Phase, RetryVerdict};
use soe503_core::retry::{Decision, Situation, decide};

use super::body::CanReplay;
use super::hedging::Late;
use super::plan::Plan;
use super::second::Hedged;
use super::waiting::Wait;
use crate::clock;
use crate::error::{BoxError, Failure, Rejected};
use crate::facts;
use crate::grpc;
use crate::served::{Outlook, Served};

/// The attempts of one request so far.
#[derive(Debug)]
pub(super) struct Attempts<S, F, ReqB, ResB> {
    pub(super) plan: Plan<S, ReqB>,
    /// Those that failed. Empty, and no allocation, while none has.
    pub(super) failed: Vec<Attempt>,
    /// The answer of the last failed attempt, until the next is under way. Boxed: it is large, and
    /// hardly any request has one.
    earlier: Option<Box<Response<ResB>>>,
    /// Its place in the room where requests wait, since it has waited first.
    pub(super) wait: Option<Wait>,
    /// The attempt in flight has been polled before, and its time is not over for all that is known.
    pub(super) watched: bool,
    /// It may be under way twice at the same time.
    pub(super) may_hedge: bool,
    /// When that comes to pass.
    pub(super) late: Late,
    /// It was.
    pub(super) hedged: Option<Box<Hedged<F>>>,
}

/// What happens next.
#[derive(Debug)]
pub(super) enum Next<ResB> {
    /// The request is over.
    Done(Result<Response<ResB>, BoxError>),
    /// Another attempt begins then; `None`: at once.
    Again(Option<Tick>),
    /// Another begins when it is called, or then.
    Wait(Tick),
    /// Another is under way.
    Other,
}

/// What is known about a failed attempt beside its facts.
struct Aside {
    backend: Option<u32>,
    outlook: Option<Outlook>,
}

/// What follows a failed attempt.
enum After {
    /// Another, which begins then; `None`: at once.
    Again(Option<Tick>),
    /// Another that is under way.
    Other,
    /// Nothing.
    Nothing,
}

impl<S, F, ReqB, ResB> Attempts<S, F, ReqB, ResB> {
    pub(super) const fn new(plan: Plan<S, ReqB>, may_hedge: bool, late: Late) -> Self {
        Self {
            plan,
            failed: Vec::new(),
            earlier: None,
            wait: None,
            watched: false,
            may_hedge,
            late,
            hedged: None,
        }
    }

    /// The attempt in flight waits for a backend, so it was not refused: what the one before
    /// answered is not needed any more.
    pub(super) fn under_way(&mut self) {
        self.earlier = None;
    }

    /// Whether the answer to the attempt in flight is the request's. If that is the end of another, `cancel`
    /// drops it, unless it is the hedge.
    pub(super) fn stands(&mut self, response: &mut Response<ResB>, cancel: impl FnOnce()) -> bool {
        let rules = self.plan.rules();
        if rules.statuses.contains(response.status()) || grpc::is_unavailable(response) {
            return false;
        }
        let hedging = rules.hedging.as_ref().filter(|_| self.may_hedge);
        let began = self.plan.context.now;
        if let Some(wait) = self.wait.take() {
            wait.answered(clock::now().since(began));
        }
        if let Some(hedging) = hedging {
            hedging.hedge.answered(clock::now().since(began));
        }
        self.outrun(cancel);
        self.note_success(response);
        true
    }

    /// The attempt in flight was answered with what does not [stand](Self::stands).
    pub(super) fn fell(&mut self, mut response: Response<ResB>) -> Next<ResB> {
        let served = response.extensions().get::<Served>();
        let now = served.map_or_else(clock::now, |served| served.responded_at);
        let aside = Aside {
            backend: served.and_then(|served| served.backend_id),
            outlook: served.and_then(|served| served.outlook),
        };
        let context = &self.plan.context;
        let attempt = facts::answered(&response, context.number, context.now, now);
        match self.decide(attempt, &aside, now) {
            After::Again(at) => {
                self.earlier = Some(Box::new(response));
                Next::Again(at)
            }
            After::Other => Next::Other,
            After::Nothing => {
                self.attach(&mut response, now);
                Next::Done(Ok(response))
            }
        }
    }

    /// The attempt in flight failed.
    pub(super) fn failed(&mut self, error: BoxError) -> Next<ResB> {
        let refused = Rejected::find(&*error).is_some_and(|rejected| !rejected.upstream_touched());
        if refused && self.hedge_refused() {
            return Next::Other;
        }
        if refused && !self.are_two() {
            match self.wait(error) {
                Ok(next) => return next,
                Err(error) if self.failed.is_empty() => return Next::Done(Err(error)),
                Err(error) => return self.ended(error, refused),
            }
        }
        self.ended(error, refused)
    }

    /// The attempt in flight failed, or is not waited for after a refusal.
    pub(super) fn ended(&mut self, error: BoxError, refused: bool) -> Next<ResB> {
        let now = clock::now();
        let context = &self.plan.context;
        let attempt = facts::attempt(&*error, context.number, context.now, now);
        let told = Failure::find(&*error);
        let aside = Aside {
            backend: told.and_then(Failure::backend),
            outlook: told.and_then(Failure::outlook),
        };
        let scope = told.and_then(Failure::scope);
        match self.decide(attempt, &aside, now) {
            After::Again(at) => return Next::Again(at),
            After::Other => return Next::Other,
            After::Nothing => {}
        }
        if let Some(mut earlier) = self.earlier.take_if(|_| refused) {
            self.attach(&mut earlier, now);
            return Next::Done(Ok(*earlier));
        }
        let attempts = std::mem::take(&mut self.failed);
        let error = Rejected::after_attempts(error, &attempts);
        let mut failure = Failure::new(Ledger { attempts }).with_source(error);
        if let Some(scope) = scope {
            failure = failure.with_scope(scope);
        }
        Next::Done(Err(failure.into()))
    }

    /// The attempt in flight has had its time.
    pub(super) fn out_of_time(&mut self, at: Tick) -> Next<ResB> {
        let context = &self.plan.context;
        let kind = context.due_kind(at);
        let elapsed = at.since(context.now);
        let attempt = facts::timed_out(kind, context.number, context.now, elapsed);
        self.failed(Failure::new(attempt).into())
    }

    /// Begins another attempt, with a context of its own.
    pub(super) fn begin(&mut self) {
        let made = self.made();
        let Plan { context, spare, .. } = &mut self.plan;
        let rules = &spare.rules;
        context.touch();
        context.number = made.saturating_add(1);
        context.allowance.next(rules.proxies);
        context.attempt_deadline = rules.attempt_deadline(context);
        self.watched = false;
        if let Some(hedged) = &mut self.hedged {
            hedged.begin();
        }
        self.begin_late();
    }

    /// Whether another attempt follows, and when it begins. The attempt is written down either way.
    fn decide(&mut self, mut attempt: Attempt, aside: &Aside, now: Tick) -> After {
        let (made, charged) = (self.made(), self.is_charged());
        attempt.hedge = self.is_hedge();
        let goes_on = self.goes_on();
        let Plan {
            context,
            spare,
            replay,
            ..
        } = &mut self.plan;
        let rules = &spare.rules;
        let used = if attempt.unsent() {
            Some(0)
        } else {
            attempt.below.map(|below| below.attempts)
        };
        if !charged {
            context.allowance.ended(used);
        }
        if let Some(backend) = aside.backend {
            context.tried.insert(backend);
        }
        if goes_on {
            attempt.retry = Some(RetryVerdict::Hedged);
            self.failed.push(attempt);
            return After::Other;
        }
        let replayable = replay.can();
        let alone = rules.rides_out_alone();
        let outlook = aside.outlook;
        let kept = context.elsewhere && made.saturating_add(1) >= rules.policy.attempts;
        let situation = Situation {
            made,
            idempotent: context.idempotent,
            client_gone: replayable == CanReplay::Broken,
            body_replayable: replayable == CanReplay::Yes,
            // Where no pool says, the circuit may know that there is one backend only.
            other_backend: outlook.map_or(!alone, |outlook| outlook.other_backend),
            only_backend: alone && !context.elsewhere,
            expected: outlook
                .and_then(|outlook| outlook.typical_latency)
                .unwrap_or_default(),
            remaining: context.deadline.map(|deadline| deadline.since(now)),
            retry_after: asked_for(&attempt, outlook),
            upstream_final: is_final(&attempt),
            allowance_spent: kept || context.allowance.is_spent(),
            ..Situation::after(&attempt, now)
        };
        let decision = decide(
            &rules.policy,
            &situation,
            &rules.budget,
            &mut fastrand::Rng::new(),
        );
        let (verdict, next) = match decision {
            Decision::Retry { after } => {
                let pause = (!after.is_zero()).then(|| now.after(after));
                (RetryVerdict::Retried, After::Again(pause))
            }
            Decision::Stop(verdict) => (verdict, After::Nothing),
        };
        attempt.retry = Some(verdict);
        self.failed.push(attempt);
        next
    }

    /// An attempt after failed ones succeeded: the ledger tells of them all.
    fn note_success(&mut self, response: &mut Response<ResB>) {
        if self.failed.is_empty() {
            return;
        }
        let context = &self.plan.context;
        let mut attempt = Attempt::begin(context.number, context.now);
        attempt.hedge = self.is_hedge();
        let served = response.extensions().get::<Served>();
        let now = served.map_or_else(clock::now, |served| served.responded_at);
        if let Some(served) = served {
            attempt.backend.clone_from(&served.backend);
            attempt.address.clone_from(&served.address);
        }
        attempt.phase = Phase::Done;
        attempt.status = Some(response.status().as_u16());
        attempt.elapsed = now.since(context.now);
        self.failed.push(attempt);
        self.attach(response, now);
    }

    /// Puts the ledger into the response.
    fn attach(&mut self, response: &mut Response<ResB>, now: Tick) {
        let attempts = std::mem::take(&mut self.failed);
        // A refusal that ended the retries is in the ledger, and is no attempt on a backend.
        let tried = attempts
            .iter()
            .filter(|a| !matches!(a.fault, Some(Fault::Refused(_))));
        let count = u8::try_from(tried.count()).unwrap_or(u8::MAX);
        let served = response
            .extensions_mut()
            .get_or_insert_with(|| Served::new(now));
        served.attempts = count;
        served.ledger = Some(Box::new(Ledger { attempts }));
    }
}

/// How long the next attempt has been asked to wait. A backend's `Retry-After` is about that backend: the
/// pool's others are not made to wait for it. The pushback of a gRPC service is about the call (gRFC A6).
fn asked_for(attempt: &Attempt, outlook: Option<Outlook>) -> Option<Duration> {
    let elsewhere = outlook.is_some_and(|outlook| outlook.other_backend);
    let call = matches!(attempt.fault, Some(Fault::Grpc(_)));
    attempt.retry_after.filter(|_| call || !elsewhere)
}

/// A proxy of the pool says that it has tried what there is to try.
fn is_final(attempt: &Attempt) -> bool {
    match attempt.below {
        Some(below) => below.reach == Reach::Pool,
        None => attempt.nested.as_ref().is_some_and(|nested| nested.trusted),
    }
}

impl<S, F, ReqB: Body, ResB> Attempts<S, F, ReqB, ResB> {
    /// The request of the attempt that has begun.
    pub(super) fn request(&self) -> http::Request<super::ReplayBody<ReqB>> {
        let Plan {
            context,
            head,
            replay,
            ..
        } = &self.plan;
        head.request(replay.next(), context.clone())
    }
}
