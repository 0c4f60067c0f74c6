//! Asks the admin API: every second, and after growing pauses while it cannot be reached.

use core::time::Duration;

use soe503_api::{
    IncidentSummary, Pool, Timestamp,
    client::{Client, ClientError, Reply},
};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, timeout},
};

use super::page::{Answer, Changed, Told, Wanted};
use crate::{admin, clock, exit::Failure};

/// Between two looks.
const EVERY: Duration = Duration::from_secs(1);
/// The longest pause while nobody answers.
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// What was seen at one look.
#[derive(Clone, Debug)]
pub(super) struct Look {
    /// When, to tell it.
    pub(super) at: Timestamp,
    /// When, to measure by.
    pub(super) since_start: Duration,
    /// The proxy's `server.name`, if it tells it.
    pub(super) server: Option<String>,
    /// All of them.
    pub(super) pools: Vec<Pool>,
    /// Those that go on.
    pub(super) incidents: Vec<IncidentSummary>,
    /// What was wanted beside, and its answer.
    pub(super) asked: Option<(Wanted, Told)>,
}

/// A look that failed.
#[derive(Clone, Debug)]
pub(super) struct Lost {
    /// What is wrong, in one line.
    pub(super) message: String,
    /// How long until the next one.
    pub(super) pause: Duration,
}

/// Who asks.
pub(super) struct Asking {
    client: Client,
    start: Instant,
    server: Option<String>,
}

impl Asking {
    /// Nothing is asked yet.
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            start: clock::now(),
            server: None,
        }
    }

    /// One look, and what is `wanted` beside.
    pub(super) async fn look(&mut self, wanted: Option<Wanted>) -> Result<Look, Failure> {
        let client = &self.client;
        let explain = |error| admin::explain(client, error);
        let pools = client.pools().await.map_err(explain)?.value.pools;
        let (at, since_start) = (clock::wall(), clock::now() - self.start);
        let incidents = client.incidents(true).await.map_err(explain)?;
        if self.server.is_none() {
            // It is for the header alone: whoever may not read it does without.
            let config = client.config().await.ok();
            let name = config.and_then(|c| Some(c.value["server"]["name"].as_str()?.to_owned()));
            self.server = name;
        }
        let asked = match wanted {
            None => None,
            Some(wanted) => {
                let told = match answer(client, &wanted).await {
                    Ok(answer) => Ok(answer),
                    Err(ClientError::Refused { problem, .. }) => Err(problem.detail),
                    Err(error) => return Err(explain(error)),
                };
                Some((wanted, told))
            }
        };
        Ok(Look {
            at,
            since_start,
            server: self.server.clone(),
            pools,
            incidents: incidents.value.incidents,
            asked,
        })
    }
}

async fn answer(client: &Client, wanted: &Wanted) -> Result<Answer, ClientError> {
    fn boxed<T>(reply: Reply<T>) -> Box<T> {
        Box::new(reply.value)
    }
    Ok(match wanted {
        Wanted::Incident(id) => Answer::Incident(boxed(client.incident(id).await?)),
        Wanted::Causes => Answer::Causes(boxed(client.history().await?)),
        Wanted::Changes => Answer::Changes(Box::new(Changed {
            changes: client.changes().await?.value.changes,
            incidents: client.incidents(false).await?.value.incidents,
        })),
        Wanted::Maintenance => Answer::Maintenance(client.maintenance().await?.value),
    })
}

/// What a look is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Purpose {
    /// What is asked beside.
    pub(super) wanted: Option<Wanted>,
    /// How many acts have had an answer: what each has changed is looked at.
    pub(super) acts: u32,
}

/// Looks for ever, and at once when there is a new purpose. Ends when nobody listens.
pub(super) async fn run(
    mut asking: Asking,
    mut purpose: watch::Receiver<Purpose>,
    tell: mpsc::Sender<Result<Look, Lost>>,
) {
    let mut pauses = Pauses::default();
    let mut wait = EVERY;
    loop {
        // Whoever opens a page wants to read it now; but a proxy that is away is not hurried.
        match timeout(wait, purpose.changed()).await {
            Ok(Ok(())) if pauses.none() => {}
            Ok(Ok(())) => tokio::time::sleep(wait).await,
            Ok(Err(_)) => return,
            Err(_) => {}
        }
        let now = purpose.borrow_and_update().wanted.clone();
        let told = asking.look(now).await;
        wait = pauses.after(told.is_ok());
        let told = told.map_err(|failure| {
            // Another proxy may be there next time.
            asking.server = None;
            Lost {
                message: failure.message(),
                pause: wait,
            }
        });
        if tell.send(told).await.is_err() {
            return;
        }
    }
}

/// 1 s, 2 s, 4 s, 8 s, 8 s, …
#[derive(Clone, Copy, Debug, Default)]
struct Pauses(u32);

impl Pauses {
    const fn none(self) -> bool {
        self.0 == 0
    }

    /// How long until the next look, after one that had an answer or none.
    fn after(&mut self, answered: bool) -> Duration {
        if answered {
            *self = Self::default();
            return EVERY;
        }
        let pause = EVERY.saturating_mul(1 << self.0.min(8)).min(LONGEST_PAUSE);
        self.0 += 1;
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_eight_seconds() {
        let mut pauses = Pauses::default();
        assert!(pauses.none());
        let secs: Vec<_> = (0..6).map(|_| pauses.after(false).as_secs()).collect();
        assert_eq!(secs, [1, 2, 4, 8, 8, 8]);
        assert!(!pauses.none());
        assert_eq!(Pauses(u32::MAX - 1).after(false), LONGEST_PAUSE);
        // Whoever answers again has what was before forgotten.
        assert_eq!(pauses.after(true), EVERY);
        assert!(pauses.none());
        assert_eq!(pauses.after(false), EVERY);
    }
}
