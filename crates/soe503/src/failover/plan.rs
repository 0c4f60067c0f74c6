//! What becomes of the end of a pool's turn.

use std::sync::Arc;

use http::{Request, Response};
use http_body::Body;
use soe503_core::failover::{Situation, leave, untouched};
use soe503_core::hops::Allowance;
use soe503_core::ledger::{Attempt, Fault, Ledger, Phase};
use soe503_core::pool::Tried;
use soe503_core::retry::RetryBudget;

use super::FailedOver;
use crate::clock;
use crate::context::RequestContext;
use crate::error::{BoxError, Failure};
use crate::facts;
use crate::grpc;
use crate::retry::{CanReplay, Head, Replay, ReplayBody, StatusSet};
use crate::served::Served;

/// How a layer fails over; shared by all its requests.
#[derive(Clone, Debug)]
pub(super) struct Rules<S> {
    /// The first is the one that requests are meant for, and needs no name.
    pub(super) pools: Vec<(Arc<str>, S)>,
    pub(super) attempts: u8,
    pub(super) budget: RetryBudget,
    pub(super) statuses: StatusSet,
    pub(super) replay_cap: usize,
    pub(super) proxies: bool,
    pub(super) on_overload: bool,
}

const DEFAULT_CAP: usize = 64 * 1024;

/// Everything that the turn of another pool is made from.
#[derive(Debug)]
pub(super) struct Plan<S, B, ResB> {
    rules: Arc<Rules<S>>,
    head: Head,
    replay: Replay<B>,
    context: RequestContext,
    /// What is left for all pools from the present one on.
    all: Allowance,
    /// The pool whose turn it is.
    at: usize,
    /// All of them have refused, and the first has its second turn.
    back: bool,
    /// What was tried so far.
    attempts: Vec<Attempt>,
    /// What the first pool's turn came to.
    first: Option<Came<ResB>>,
}

/// What a failed turn came to. Boxed: it is large, and rare.
#[derive(Debug)]
enum Came<ResB> {
    Answer(Box<Response<ResB>>),
    Error(BoxError),
}

/// What happens next.
#[derive(Debug)]
pub(super) enum Next<S, ResB> {
    /// The request is over.
    Done(Result<Response<ResB>, BoxError>),
    /// This one is asked.
    Ask(S),
}

// === impl Rules ===

impl<S> Rules<S> {
    /// No pool yet.
    pub(super) const fn new(attempts: u8, budget: RetryBudget) -> Self {
        Self {
            pools: Vec::new(),
            attempts,
            budget,
            statuses: StatusSet::SERVER_FAILURES,
            replay_cap: DEFAULT_CAP,
            proxies: false,
            on_overload: false,
        }
    }
}

impl<S, B, ResB> Plan<S, B, ResB> {
    pub(super) const fn new(
        rules: Arc<Rules<S>>,
        head: Head,
        replay: Replay<B>,
        context: RequestContext,
        all: Allowance,
    ) -> Self {
        Self {
            rules,
            head,
            replay,
            context,
            all,
            at: 0,
            back: false,
            attempts: Vec::new(),
            first: None,
        }
    }

    /// The name of the pool whose turn it is, unless it is the first.
    fn other(&self) -> Option<&Arc<str>> {
        (self.at > 0).then(|| &self.rules.pools[self.at].0)
    }

    /// The answer of the pool whose turn it is stands.
    fn stands(&mut self, response: Response<ResB>) -> Response<ResB> {
        if self.first.is_none() {
            return response;
        }
        let served = response.extensions().get::<Served>();
        let told = served.and_then(|served| served.ledger.as_deref());
        let attempts = match told {
            Some(ledger) => ledger.attempts.clone(),
            None => vec![succeeded(&response, &self.context)],
        };
        self.note(attempts);
        self.marked(response)
    }

    /// That answer, with what was tried everywhere, and with the word that the first pool failed if it is
    /// not its own.
    fn marked(&mut self, mut response: Response<ResB>) -> Response<ResB> {
        self.attach(&mut response);
        if let (Some(name), Some(first)) = (self.other().cloned(), self.first.take()) {
            let attempts = std::mem::take(&mut self.attempts);
            let failure = Failure::new(Ledger { attempts });
            let why = match first {
                Came::Answer(_) => failure,
                Came::Error(error) => failure.with_source(error),
            };
            response.extensions_mut().insert(FailedOver {
                to: name,
                why: Arc::new(why.into()),
            });
        }
        response
    }

    /// Writes down what the turn has left behind.
    fn note(&mut self, attempts: Vec<Attempt>) {
        if self.back && attempts.iter().all(is_refusal) {
            // The same refusal, as it is now.
            self.attempts
                .retain(|attempt| attempt.pool.is_some() || !is_refusal(attempt));
        }
        let name = self.other().cloned();
        self.attempts
            .extend(attempts.into_iter().map(|attempt| Attempt {
                pool: name.clone(),
                ..attempt
            }));
    }

    /// Puts what was tried everywhere into the response.
    fn attach(&self, response: &mut Response<ResB>) {
        let made = self.made();
        let served = response
            .extensions_mut()
            .get_or_insert_with(|| Served::new(clock::now()));
        served.attempts = made;
        served.ledger = Some(Box::new(Ledger {
            attempts: self.attempts.clone(),
        }));
    }

    /// How many attempts reached for a backend.
    fn made(&self) -> u8 {
        let tried = self.attempts.iter().filter(|attempt| !is_refusal(attempt));
        u8::try_from(tried.count()).unwrap_or(u8::MAX)
    }
}

impl<S: Clone, B, ResB> Plan<S, B, ResB> {
    /// A pool's turn has ended.
    pub(super) fn ended(&mut self, result: Result<Response<ResB>, BoxError>) -> Next<S, ResB> {
        let rules = Arc::clone(&self.rules);
        let (came, attempts) = match result {
            Ok(response) => {
                let failed =
                    rules.statuses.contains(response.status()) || grpc::is_unavailable(&response);
                if !failed {
                    return Next::Done(Ok(self.stands(response)));
                }
                let attempts = told(&response, &self.context);
                (Came::Answer(Box::new(response)), attempts)
            }
            Err(error) => {
                let attempts = proven(&error, &self.context);
                (Came::Error(error), attempts)
            }
        };
        let lends = rules.proxies && self.at == 0;
        self.all = self.all.less(&attempts, lends);
        self.note(attempts);
        if !self.back && self.may_leave() {
            if let Some((_, service)) = rules.pools.get(self.at + 1) {
                let service = service.clone();
                self.at += 1;
                self.first.get_or_insert(came);
                return self.ask(service, self.at + 1 < rules.pools.len());
            }
            // Nowhere else to go, and nothing sent: the first pool may be worth waiting for.
            if self.at > 0 && untouched(&self.attempts) {
                (self.at, self.back) = (0, true);
                return self.ask(rules.pools[0].1.clone(), false);
            }
        }
        Next::Done(self.give_up(came))
    }

    /// Prepares the turn of `service`, after which there are others if `elsewhere`.
    fn ask(&mut self, service: S, elsewhere: bool) -> Next<S, ResB> {
        let number = self.made().saturating_add(1);
        let context = &mut self.context;
        context.touch();
        context.number = number;
        context.tried = Tried::default();
        context.attempt_deadline = None;
        context.elsewhere = elsewhere;
        context.allowance = match elsewhere {
            true => self.all.keeping_one(),
            false => self.all,
        };
        Next::Ask(service)
    }

    fn may_leave(&self) -> bool {
        let now = clock::now();
        let replay = self.replay.can();
        let situation = Situation {
            attempts: &self.attempts,
            now,
            idempotent: self.context.idempotent,
            client_gone: replay == CanReplay::Broken,
            body_replayable: replay == CanReplay::Yes,
            most: self.rules.attempts,
            allowance_spent: self.all.is_spent(),
            remaining: self.context.deadline.map(|deadline| deadline.since(now)),
            on_overload: self.rules.on_overload,
        };
        let another = self.at + 1 < self.rules.pools.len();
        if !another && !untouched(&self.attempts) {
            return false;
        }
        leave(&situation, &self.rules.budget).is_ok()
    }

    /// Nobody else is asked, after the turn that `came` to this.
    fn give_up(&mut self, came: Came<ResB>) -> Result<Response<ResB>, BoxError> {
        // It was the first pool's only turn: nothing is added.
        if self.first.is_none() {
            return match came {
                Came::Answer(response) => Ok(*response),
                Came::Error(error) => Err(error),
            };
        }
        match came {
            // The first pool has been waited for: what it says now is the last word.
            Came::Answer(response) if self.back => {
                let mut response = *response;
                self.attach(&mut response);
                return Ok(response);
            }
            Came::Error(error) if self.back => self.first = Some(Came::Error(error)),
            // A backend's own answer is better than none, if the first pool had none.
            Came::Answer(response) if matches!(self.first, Some(Came::Error(_))) => {
                return Ok(self.marked(*response));
            }
            _ => {}
        }
        match self.first.take() {
            Some(Came::Answer(mut response)) => {
                self.attach(&mut response);
                Ok(*response)
            }
            Some(Came::Error(error)) => {
                let attempts = std::mem::take(&mut self.attempts);
                Err(Failure::new(Ledger { attempts }).with_source(error).into())
            }
            None => Err(Failure::new(Ledger::default()).into()),
        }
    }
}

fn is_refusal(attempt: &Attempt) -> bool {
    matches!(attempt.fault, Some(Fault::Refused(_)))
}

/// What a response that failed says was tried.
fn told<B>(response: &Response<B>, context: &RequestContext) -> Vec<Attempt> {
    let served = response.extensions().get::<Served>();
    match served.and_then(|served| served.ledger.as_deref()) {
        Some(ledger) => ledger.attempts.clone(),
        None => {
            let (number, began) = (context.number, context.now);
            vec![facts::answered(response, number, began, clock::now())]
        }
    }
}

/// What an error says was tried.
fn proven(error: &BoxError, context: &RequestContext) -> Vec<Attempt> {
    match Failure::find(&**error) {
        Some(failure) => failure.ledger().attempts.clone(),
        None => {
            let (number, began) = (context.number, context.now);
            vec![facts::attempt(&**error, number, began, clock::now())]
        }
    }
}

/// The attempt that was answered at once.
fn succeeded<B>(response: &Response<B>, context: &RequestContext) -> Attempt {
    let served = response.extensions().get::<Served>();
    let responded = served.map_or_else(clock::now, |served| served.responded_at);
    let mut attempt = Attempt::begin(context.number, context.now);
    if let Some(served) = served {
        attempt.backend.clone_from(&served.backend);
        attempt.address.clone_from(&served.address);
    }
    attempt.phase = Phase::Done;
    attempt.status = Some(response.status().as_u16());
    attempt.elapsed = responded.since(context.now);
    attempt
}

impl<S, B: Body, ResB> Plan<S, B, ResB> {
    /// The request for the pool whose turn begins.
    pub(super) fn request(&self) -> Request<ReplayBody<B>> {
        self.head.request(self.replay.next(), self.context.clone())
    }
}
