//! Does what was decided: the one part of this with output.

use core::time::Duration;

use soe503_api::{
    ActionRequest, MaintenanceRequest,
    client::{Client, ClientError, Step},
};
use tokio::{sync::mpsc, time::timeout};

use super::{Act, Came, Order};

/// Whoever has pressed Enter waits no longer than that for an answer, as at the dashboard.
const PATIENCE: Duration = Duration::from_secs(15);

/// Who does it.
pub(in super::super) struct Performer {
    client: Client,
    /// What whoever sits here is called, for colleagues.
    by: Option<String>,
    patience: Duration,
    tell: mpsc::Sender<Came>,
}

impl Performer {
    /// What comes of each order arrives at the receiver.
    pub(in super::super) fn new(
        client: Client,
        by: Option<String>,
    ) -> (Self, mpsc::Receiver<Came>) {
        let (tell, answers) = mpsc::channel(1);
        let performer = Self {
            // One limit for all of it, below.
            client: client.with_timeout(PATIENCE),
            by,
            patience: PATIENCE,
            tell,
        };
        (performer, answers)
    }

    /// Does it, while everything else goes on.
    pub(in super::super) fn begin(&self, order: Order) {
        let (client, by) = (self.client.clone(), self.by.clone());
        let (tell, patience) = (self.tell.clone(), self.patience);
        tokio::spawn(async move {
            let came = match timeout(patience, ask(&client, by, order)).await {
                Ok(Ok(())) => Came::Done,
                Ok(Err(error)) => meaning(error),
                Err(_) => Came::Unknown(format!("Nothing came within {} s", patience.as_secs())),
            };
            // Nobody is told where nobody looks any more.
            let _ = tell.send(came).await;
        });
    }
}

/// Asks the admin API to do it, once.
async fn ask(client: &Client, by: Option<String>, order: Order) -> Result<(), ClientError> {
    let Order { act, reason, until } = order;
    match act {
        Act::Backend {
            pool,
            backend,
            action,
        } => {
            let request = ActionRequest { reason, until };
            let done = client.backend_action(&pool, &backend, action, &request);
            done.await.map(drop)
        }
        Act::Circuit { pool, action } => {
            let request = ActionRequest { reason, until };
            let done = client.breaker_action(&pool, action, &request);
            done.await.map(drop)
        }
        Act::Maintenance { pool, action } => {
            let request = MaintenanceRequest {
                reason,
                by,
                status_page: None,
                until,
            };
            let done = client.maintenance_action(&pool, action, &request);
            done.await.map(drop)
        }
        Act::Reload => client.config_reload().await.map(drop),
    }
}

/// Whether it is known that nothing was done.
fn meaning(error: ClientError) -> Came {
    match error {
        ClientError::Refused {
            status: ..500,
            problem,
            ..
        } => Came::Refused(problem.detail),
        // Nothing was sent yet.
        ClientError::Unreachable {
            step: Step::Resolve | Step::Connect,
            ..
        }
        | ClientError::TimedOut {
            step: Step::Resolve | Step::Connect | Step::Handshake,
            ..
        } => Came::Refused(sentence(&error)),
        error => Came::Unknown(sentence(&error).trim_end_matches('.').to_owned()),
    }
}

/// With a capital letter and a full stop.
fn sentence(error: &ClientError) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    let stop = if text.ends_with('.') { "" } else { "." };
    format!("{}{}{stop}", first.unwrap_or_default(), letters.as_str())
}

#[cfg(test)]
mod tests {
    use std::io;

    use soe503_api::Problem;

    use super::*;

    fn refused(status: u16) -> ClientError {
        ClientError::Refused {
            asked: "POST /api/v1/config/reload".to_owned(),
            status,
            problem: Box::new(Problem::new(status, "t", "It is so.")),
        }
    }

    /// That nothing was done is said only where it is known.
    #[test]
    fn who_may_try_again_and_who_has_to_look_first() {
        let address = || "127.0.0.1:9503".to_owned();
        let failed = |step| ClientError::Unreachable {
            address: address(),
            step,
            source: io::ErrorKind::ConnectionRefused.into(),
        };
        let late = |step| ClientError::TimedOut {
            address: address(),
            step,
            limit: PATIENCE,
        };
        let said = "No admin API at 127.0.0.1:9503: connecting failed: connection refused.";
        assert_eq!(meaning(failed(Step::Connect)), Came::Refused(said.into()));
        assert_eq!(meaning(refused(403)), Came::Refused("It is so.".into()));
        for error in [
            failed(Step::Resolve),
            late(Step::Resolve),
            late(Step::Connect),
            late(Step::Handshake),
            refused(404),
            refused(422),
            refused(429),
        ] {
            assert!(matches!(meaning(error), Came::Refused(_)));
        }
        let other = ClientError::NotTheApi {
            address: address(),
            what: "its answer is not HTTP".to_owned(),
        };
        for error in [
            failed(Step::Answer),
            late(Step::Answer),
            refused(500),
            refused(504),
            other,
        ] {
            assert!(matches!(meaning(error), Came::Unknown(_)));
        }
    }

    /// Somebody listens and never answers.
    #[tokio::test]
    async fn nobody_waits_for_ever() {
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", silent.local_addr().unwrap());
        let (mut performer, mut answers) = Performer::new(Client::new(&address).unwrap(), None);
        performer.patience = Duration::from_millis(50);
        performer.begin(Order {
            act: Act::Reload,
            reason: None,
            until: None,
        });
        let came = Came::Unknown("Nothing came within 0 s".to_owned());
        assert_eq!(answers.recv().await, Some(came));
    }
}
