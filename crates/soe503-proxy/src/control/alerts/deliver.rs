//! One message to one target.

use std::sync::Arc;
use std::time::Duration;

use soe503_api::{self as api, Timestamp};
use soe503_core::alert::{Entry, Event, Reply, Verdict};

use super::desk::{Settings, Target};
use super::files::Files;
use super::hub::facts;
use super::letter::{Letter, write};
use super::post::{Answer, Post};
use crate::config::{Alert, AlertSecret, AlertUrl};
use crate::control::clock::Anchor;

/// As much of what a target said is told, in characters.
const MAX_TOLD: usize = 200;
/// The shortest part of a secret path that is looked for in what a target said, in bytes: shorter ones are in any text.
const SHORTEST: usize = 6;

/// What is on its way; if nobody waits for its end any more, it is put back.
struct InFlight<'a> {
    target: &'a Target,
    entry: Option<Entry<Arc<api::Incident>>>,
}

/// Tries to send what is next, and settles it. `None`: there was nothing.
pub(super) async fn next<P: Post>(
    target: &Target,
    post: &P,
    files: &mut Files,
    external_url: Option<&str>,
    rng: &mut fastrand::Rng,
) -> Option<Verdict> {
    let mut flight = InFlight {
        target,
        entry: Some(target.take()?),
    };
    let entry = flight.entry.as_ref()?;
    let settings = target.settings();
    let before = target.labels(&entry.id);
    let anchor = Anchor::now();
    let now = anchor.date(anchor.tick());
    let letter = Letter {
        incident: &entry.about,
        event: entry.event,
        severity: facts(&entry.about).severity,
        before: before
            .as_ref()
            .map(|(severity, cause)| (*severity, &**cause)),
        external_url,
        test: false,
        now,
        until: until(now, settings.alert.resend_every),
        since: anchor.date(entry.since),
    };
    let sent = send(target, &settings, post, files, &letter).await;
    let (reply, trouble) = match sent {
        Ok(answer) => {
            let trouble = told(&answer);
            let Answer {
                status,
                retry_after,
                ..
            } = answer;
            (
                Reply::Answered {
                    status,
                    retry_after,
                },
                Some(trouble),
            )
        }
        Err(trouble) => (Reply::Silent, Some(trouble)),
    };
    // Nothing is waited for from here on.
    let mut entry = flight.entry.take()?;
    let anchor = Anchor::now();
    let verdict = target
        .patience()
        .judge(&mut entry, reply, anchor.tick(), rng);
    log(target, &entry, verdict, trouble.as_deref());
    target.settle(entry, verdict, trouble, anchor.date(anchor.tick()));
    Some(verdict)
}

/// Sends what tells `letter`, and returns the answer to the last request, or to the first that fails.
///
/// # Errors
///
/// Why there is no answer.
pub(super) async fn send<P: Post>(
    target: &Target,
    settings: &Settings,
    post: &P,
    files: &mut Files,
    letter: &Letter<'_>,
) -> Result<Answer, String> {
    let alert = &settings.alert;
    let sending = async {
        let (url, secret) = files.read(target, alert).await?;
        let secrets = secret.as_ref().map(AlertSecret::all).unwrap_or_default();
        let parcels = write(alert.kind, letter, secrets);
        let mut last = Err("nothing was to be sent".to_owned());
        for parcel in parcels {
            last = post.post(&url, settings.tls.as_ref(), parcel).await;
            if !last
                .as_ref()
                .is_ok_and(|answer| (200..300).contains(&answer.status))
            {
                break;
            }
        }
        last.map_err(|why| hidden(why, secrets, alert, &url))
            .map(|answer| Answer {
                text: hidden(answer.text, secrets, alert, &url),
                ..answer
            })
    };
    let sent = tokio::time::timeout(alert.timeout, sending).await;
    sent.unwrap_or_else(|_| {
        let allowed = humantime::format_duration(alert.timeout);
        Err(format!("no answer within {allowed}"))
    })
}

/// What a target said, without what it may repeat of what it was sent, and not more than fits into a line.
fn hidden(text: String, secrets: &[String], alert: &Alert, url: &AlertUrl) -> String {
    let parts = [url.path()]
        .into_iter()
        .chain(url.path().split(['/', '?', '&', '=']));
    let parts = parts.filter(|part| alert.has_secret_path() && part.len() >= SHORTEST);
    let words = secrets.iter().map(String::as_str).chain(parts);
    let text = words.fold(text, |text, word| text.replace(word, "(hidden)"));
    // Not before: half a secret would not be found.
    text.chars().take(MAX_TOLD).collect()
}

/// An answer in words.
pub(super) fn told(answer: &Answer) -> String {
    match answer.text.is_empty() {
        true => format!("answered {}", answer.status),
        false => format!("answered {}: {}", answer.status, answer.text),
    }
}

/// Until when what is told holds: as Prometheus does it, four times as long as until it is told again.
pub(super) fn until(now: Timestamp, every: Option<Duration>) -> Timestamp {
    now.after(every.unwrap_or(Duration::from_secs(60)).saturating_mul(4))
}

fn log(
    target: &Target,
    entry: &Entry<Arc<api::Incident>>,
    verdict: Verdict,
    trouble: Option<&str>,
) {
    let (target, id, event) = (&*target.name, &*entry.id, entry.event.word());
    let attempts = entry.attempts;
    match verdict {
        Verdict::Delivered if entry.event == Event::Again => {}
        Verdict::Delivered => tracing::info!(target, id, event, "alert delivered"),
        // The first of many; metrics count the others.
        Verdict::Again(_) if attempts == 1 => {
            tracing::warn!(
                target,
                id,
                event,
                trouble,
                "alert not delivered; it is tried again"
            );
        }
        Verdict::Again(_) => {
            tracing::debug!(target, id, event, trouble, attempts, "alert not delivered");
        }
        Verdict::Refused => tracing::error!(target, id, event, trouble, "alert refused"),
        Verdict::GaveUp => {
            tracing::error!(target, id, event, trouble, attempts, "alert given up");
        }
    }
}

// === impl InFlight ===

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        if let Some(entry) = self.entry.take() {
            self.target.put_back(entry);
        }
    }
}
