//! The breakers of other crates, as models.
//!
//! Each is used as its documentation shows: requests are futures that go through it, a request that is given up
//! is a future that is dropped, and what counts as a failure is said with its classifier. Where that knows two
//! kinds of results only, one that says nothing is "not a failure", as their documentation has it.

mod failsafe;
mod tower_circuitbreaker;
mod tower_resilience;

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::model::Model;
use crate::rows::{Op, Rules, State};

pub use self::failsafe::Failsafe;
pub use self::tower_circuitbreaker::TowerCircuitBreaker;
pub use self::tower_resilience::TowerResilience;

/// A breaker that somebody else wrote.
pub trait Rival {
    /// Sends a request through it, which ends as `end` says.
    fn call(&mut self, end: Request) -> Answer;

    /// The state that it shows.
    fn state(&self) -> State;

    /// What its window holds, if it tells.
    fn holds(&self) -> Option<(u32, u32)>;
}

/// A request of the tests: how it is to end.
pub type Request = oneshot::Receiver<End>;

/// A request that is under way.
pub type Answer = Pin<Box<dyn Future<Output = Admitted>>>;

/// Whether a request was let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admitted(pub bool);

/// How a request ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It succeeds.
    Good,
    /// It fails.
    Bad,
    /// It fails in a way that says nothing.
    Skip,
    /// Its code panics.
    Panic,
}

/// Why a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It failed.
    Failure,
    /// Nothing that matters here.
    Nothing,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl std::error::Error for Why {}

/// The service behind the breaker.
pub async fn serve(end: Request) -> Result<(), Why> {
    match end.await.expect("the row that ends it") {
        End::Good => Ok(()),
        End::Bad => Err(Why::Failure),
        End::Skip => Err(Why::Nothing),
        End::Panic => resume_unwind(Box::new("a bug")),
    }
}

/// A rival and the requests that are under way in it.
pub struct Rows<R> {
    rival: R,
    under_way: HashMap<u8, (oneshot::Sender<End>, Answer)>,
}

impl<R: Rival> Rows<R> {
    /// Runs rows through `rival`.
    pub fn new(rival: R) -> Self {
        Self {
            rival,
            under_way: HashMap::new(),
        }
    }

    fn at_once(&mut self, end: End) -> bool {
        let (tell, told) = oneshot::channel();
        tell.send(end).expect("it is there");
        let mut answer = self.rival.call(told);
        let Poll::Ready(Admitted(admitted)) = poll(&mut answer) else {
            panic!("its end was known");
        };
        admitted
    }

    fn admit(&mut self, id: u8) -> bool {
        let (tell, told) = oneshot::channel();
        let mut answer = self.rival.call(told);
        match poll(&mut answer) {
            Poll::Ready(Admitted(admitted)) => {
                assert!(!admitted, "it has not ended");
                false
            }
            Poll::Pending => {
                self.under_way.insert(id, (tell, answer));
                true
            }
        }
    }

    /// Nothing if it has ended with its head: these breakers hear nothing later.
    fn end(&mut self, id: u8, end: End) {
        if let Some((tell, mut answer)) = self.under_way.remove(&id) {
            tell.send(end).expect("it waits");
            let ended = catch_unwind(AssertUnwindSafe(|| poll(&mut answer)));
            match ended {
                Ok(polled) => assert_eq!(polled, Poll::Ready(Admitted(true))),
                Err(_) => assert_eq!(end, End::Panic),
            }
        }
    }
}

impl<R: Rival> Model for Rows<R> {
    fn step(&mut self, _t: u64, op: Op) -> bool {
        match op {
            Op::Good => return self.at_once(End::Good),
            Op::Bad => return self.at_once(End::Bad),
            Op::Skip => return self.at_once(End::Skip),
            Op::Admit(id) => return self.admit(id),
            Op::Head(id) | Op::Succeed(id) => self.end(id, End::Good),
            Op::Fail(id) => self.end(id, End::Bad),
            Op::Ignore(id) => self.end(id, End::Skip),
            Op::Panic(id) => self.end(id, End::Panic),
            Op::Abandon(id) => drop(self.under_way.remove(&id)),
            Op::Busy => unreachable!("see `inexpressible`"),
            Op::Holds(..) | Op::Late(_) => {}
        }
        true
    }

    fn state(&self) -> State {
        self.rival.state()
    }

    fn holds(&self) -> Option<(u32, u32)> {
        self.rival.holds()
    }

    fn late(&self) -> Option<u64> {
        None
    }
}

impl<R> fmt::Debug for Rows<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").finish_non_exhaustive()
    }
}

fn poll(answer: &mut Answer) -> Poll<Admitted> {
    answer
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
}

/// What none of them can be told.
pub fn inexpressible(rules: &Rules, ops: impl IntoIterator<Item = Op>) -> Option<&'static str> {
    if ops.into_iter().any(|op| op == Op::Busy) {
        return Some("results are failures or not; there is no third kind");
    }
    if rules.probe_timeout_ms.is_some() {
        return Some("half-open has no time limit");
    }
    if rules.abandon_ms.is_some() {
        return Some("requests that are given up cannot be made to count");
    }
    None
}

/// `ms` of a case, at `scale`.
fn scaled(ms: u64, scale: f64) -> Duration {
    Duration::from_secs_f64(ms as f64 / 1000.0 * scale)
}
