//! Targets as the admin API tells them, and messages that try them out.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use soe503_api as api;
use soe503_core::alert::{Event, Severity};

use super::deliver::{send, told, until};
use super::desk::Target;
use super::hub::Alerts;
use super::letter::Letter;
use super::post::Post;
use super::sample;
use crate::control::clock::Anchor;

impl Alerts {
    /// All targets, by name.
    pub fn view(&self, anchor: Anchor) -> api::Alerts {
        let targets = self.targets();
        api::Alerts {
            alerts: targets
                .values()
                .map(|target| view(target, anchor))
                .collect(),
        }
    }
}

fn view(target: &Target, anchor: Anchor) -> api::AlertTarget {
    let settings = target.settings();
    let (alert, status, counts) = (&settings.alert, target.status(), &target.counts);
    let url = alert.address.url();
    let interest = &alert.interest;
    api::AlertTarget {
        name: target.name.to_string(),
        kind: alert.kind.word().to_owned(),
        url: match alert.has_secret_path() {
            true => url.origin(),
            false => url.shown(),
        },
        state: match (&status.trouble, status.delivered_at) {
            (Some(_), _) => api::AlertState::Failing,
            (None, Some(_)) => api::AlertState::Ok,
            (None, None) => api::AlertState::Untried,
        },
        severity: interest.severity.word().to_owned(),
        on: interest
            .on
            .iter()
            .map(|event| event.word().to_owned())
            .collect(),
        queued: target.depth(),
        delivered: counts.delivered.load(Relaxed),
        refused: counts.refused.load(Relaxed),
        gave_up: counts.gave_up.load(Relaxed),
        retried: counts.retried.load(Relaxed),
        dropped: target.dropped(),
        delivered_at: status.delivered_at,
        failed_at: status.failed_at,
        trouble: status.trouble,
        again_at: status.again_at.map(|at| anchor.date(at)),
    }
}

/// Sends a message to the target called `name` that says that it is a test, past its queue. `None`: there is no such
/// target.
pub(crate) async fn try_out<P: Post>(
    alerts: &Alerts,
    name: &str,
    server: &str,
    post: &P,
) -> Option<api::AlertTest> {
    let target = alerts.targets().get(name).cloned()?;
    let settings = target.settings();
    let anchor = Anchor::now();
    let now = anchor.date(anchor.tick());
    let external_url = alerts.external_url();
    let letter = Letter {
        incident: &sample::incident(server, now),
        event: Event::Opened,
        severity: Severity::Info,
        before: None,
        external_url: external_url.as_deref(),
        test: true,
        now,
        until: until(now, Some(Duration::from_secs(15))),
        since: now,
    };
    let files = &mut alerts.files();
    let sent = match target.pace(anchor.tick()) {
        Ok(()) => send(&target, &settings, post, files, &letter).await,
        Err(_) => Err("more messages than `max_per_minute` allows: try again later".into()),
    };
    let elapsed = Anchor::now().tick().since(anchor.tick());
    let (delivered, status, detail) = match sent {
        Ok(answer) => {
            let delivered = (200..300).contains(&answer.status);
            (delivered, Some(answer.status), told(&answer))
        }
        Err(why) => (false, None, why),
    };
    Some(api::AlertTest {
        target: name.to_owned(),
        delivered,
        status,
        detail,
        elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
    })
}
