//! Delivery, on a clock that is paused: who gets what, when, and what becomes of it.

mod secrets;
mod telling;
mod trouble;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use soe503_api as api;
use soe503_core::Tick;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::letter::Parcel;
use super::post::{Answer, Post};
use super::{Alerts, TargetScrape, run};
use crate::config::{AlertUrl, Config, from_str};
use crate::control::incidents::News;
use crate::tls::PoolTls;

/// What a target does with a message.
#[derive(Clone, Copy, Debug)]
enum Does {
    Answer(u16),
    AskFor(u16, u64),
    Says(u16, &'static str),
    Refuse,
    Hang,
}

/// A message that was sent: when, to which path, what.
#[derive(Clone, Debug)]
struct Sent {
    at: Tick,
    to: String,
    body: Value,
}

/// Targets that do as they are told, and then answer 200.
#[derive(Debug, Default)]
struct Targets {
    script: Mutex<HashMap<String, VecDeque<Does>>>,
    sent: Mutex<Vec<Sent>>,
    news: Notify,
}

impl Targets {
    fn will(&self, to: &str, does: &[Does]) {
        let mut script = self.script.lock().unwrap();
        script
            .entry(to.to_owned())
            .or_default()
            .extend(does.iter().copied());
    }

    fn sent(&self, to: &str) -> Vec<Sent> {
        let sent = self.sent.lock().unwrap();
        sent.iter().filter(|sent| sent.to == to).cloned().collect()
    }

    /// Waits until so many messages came to `to`. Time goes on meanwhile, as nothing else is to be done.
    async fn came(&self, to: &str, count: usize) -> Vec<Sent> {
        let waited = async {
            while self.sent(to).len() < count {
                self.news.notified().await;
            }
        };
        let day = Duration::from_secs(86_400);
        assert!(
            tokio::time::timeout(day, waited).await.is_ok(),
            "{to}: {:?}",
            self.sent(to)
        );
        self.sent(to)
    }
}

impl Post for Targets {
    async fn post(
        &self,
        to: &AlertUrl,
        _tls: Option<&PoolTls>,
        parcel: Parcel,
    ) -> Result<Answer, String> {
        let to = to.path().to_owned();
        let does = self
            .script
            .lock()
            .unwrap()
            .get_mut(&to)
            .and_then(VecDeque::pop_front);
        self.sent.lock().unwrap().push(Sent {
            at: soe503::clock::now(),
            to,
            body: serde_json::from_slice(&parcel.body).unwrap(),
        });
        self.news.notify_one();
        let answer = |status, retry_after: Option<u64>| Answer {
            status,
            retry_after: retry_after.map(Duration::from_secs),
            text: "said something".into(),
        };
        match does.unwrap_or(Does::Answer(200)) {
            Does::Answer(status) => Ok(answer(status, None)),
            Does::AskFor(status, seconds) => Ok(answer(status, Some(seconds))),
            Does::Says(status, text) => Ok(Answer {
                text: text.into(),
                ..answer(status, None)
            }),
            Does::Refuse => Err("connection refused".into()),
            Does::Hang => std::future::pending().await,
        }
    }
}

fn config(alerts: &str) -> Config {
    let text = format!(
        "[[listeners]]\naddress = \"127.0.0.1:80\"\n[[routes]]\npool = \"cart\"\n[pools.cart]\nbackends = [\"http://127.0.0.1:81\"]\n{alerts}"
    );
    from_str("test", &text).unwrap_or_else(|report| panic!("{}", report.render(false)))
}

/// A webhook at `/a`.
const ONE: &str = "[alerts.a]\nkind = \"webhook\"\nurl = \"http://127.0.0.1:9/a\"\n";
/// Another at `/b`.
const TWO: &str = "[alerts.b]\nkind = \"webhook\"\nurl = \"http://127.0.0.1:9/b\"\n";

struct Scene {
    alerts: Alerts,
    targets: Arc<Targets>,
    running: AbortHandle,
}

fn scene(config_text: &str) -> Scene {
    let alerts = Alerts::new(&config(config_text));
    let targets = Arc::new(Targets::default());
    let running = tokio::spawn(run(alerts.clone(), Arc::clone(&targets))).abort_handle();
    Scene {
        alerts,
        targets,
        running,
    }
}

impl Scene {
    fn hear(&self, news: News) {
        self.alerts.hear(&[news], soe503::clock::now());
    }

    fn of(&self, name: &str) -> TargetScrape {
        let all = self.alerts.scrape();
        all.into_iter()
            .find(|target| &*target.name == name)
            .unwrap()
    }

    /// Until what was sent was counted too.
    async fn settled(&self, name: &str) -> TargetScrape {
        for _ in 0..1_000 {
            if self.of(name).depth == 0 {
                return self.of(name);
            }
            tokio::task::yield_now().await;
        }
        panic!("{:?}", self.of(name));
    }
}

fn incident(id: &str, failed: u64) -> api::Incident {
    let text = include_str!("../../../../../soe503-api/tests/golden/incident.json");
    let mut told: api::Incident = serde_json::from_str(text).unwrap();
    told.summary.id = id.to_owned();
    told.summary.requests.failed = failed;
    told
}

fn closed(id: &str) -> api::Incident {
    let mut told = incident(id, 99);
    told.summary.state = api::IncidentState::Closed;
    told.summary.closed_at = Some(told.summary.last_seen);
    told
}

/// So many seconds, and what a timer is late.
fn about(time: Duration, seconds: u64) -> bool {
    let exact = Duration::from_secs(seconds);
    time >= exact && time < exact + Duration::from_millis(50)
}

fn events(sent: &[Sent]) -> Vec<(&str, &str)> {
    let events = sent.iter().map(|sent| {
        let id = sent.body["data"]["incident"]["id"].as_str().unwrap();
        (sent.body["type"].as_str().unwrap(), id)
    });
    events.collect()
}
