//! Who is told of incidents, and who tells of changes.

use std::{num::NonZeroU32, path::Path, sync::Arc, time::Duration};

use soe503_core::alert::Interest;

use super::{maintenance::targets, not_here, tls};
use crate::config::{
    Alert, AlertAddress, AlertKind, AlertSecret, AlertUrl, ChangeHooks, Name, PoolConfig, Scheme,
    keys::{AlertKeys, ChangeKeys, FileName, alert_url},
    problem::{Problem, Problems},
    secret::short_file,
    wire::{At, Optional},
};

/// PagerDuty's own.
const PAGERDUTY: &str = "https://events.pagerduty.com/v2/enqueue";

/// The targets, by name.
pub(super) fn alerts(
    targets: Vec<(At<Arc<str>>, At<AlertKeys>)>,
    pools: &[Arc<PoolConfig>],
    base: &Path,
    problems: &mut Problems,
) -> Vec<Arc<Alert>> {
    let pools: Vec<&str> = pools.iter().map(|pool| &*pool.name).collect();
    let mut built: Vec<_> = targets
        .into_iter()
        .filter_map(|(name, keys)| alert(&name, keys, &pools, base, problems))
        .map(Arc::new)
        .collect();
    built.sort_by(|a, b| a.name.cmp(&b.name));
    built
}

fn alert(
    name: &At<Arc<str>>,
    At { value: keys, at }: At<AlertKeys>,
    known: &[&str],
    base: &Path,
    problems: &mut Problems,
) -> Option<Alert> {
    let valid = Name::new(&name.value);
    if let Err(why) = &valid {
        let title = "the name of an alert's target is not valid";
        problems.push(Problem::new(name.at.clone(), title, why.clone()));
    }
    let kind = keys.kind.0.as_ref()?.value;
    if kind != AlertKind::Alertmanager {
        let place = keys
            .resend_every
            .given
            .as_ref()
            .map(|every| every.at.clone());
        let why = "only Alertmanager takes what is not told again for over";
        not_here(place, "resend_every", why, problems);
    }
    let resend = keys.resend_every.given.map(|every| every.value);
    let resend =
        (kind == AlertKind::Alertmanager).then(|| resend.unwrap_or(Duration::from_secs(60)));
    let pools = targets(&keys.pools, "pool", known, problems);
    let address = address(kind, keys.url, keys.url_file, &at, base, problems);
    let secret = secret(kind, keys.secret_file, &at, base, problems);
    let address = address?;
    let tls = match address.url().scheme {
        Scheme::Http => {
            let place = keys.ca.given.map(|ca| ca.at);
            not_here(place, "ca", "the URL is not `https`", problems);
            None
        }
        Scheme::Https if keys.ca.wrong => return None,
        Scheme::Https => Some(tls::target(keys.ca.given, base, &at, problems)?),
    };
    let causes = keys
        .causes
        .given
        .into_iter()
        .flat_map(|causes| causes.value.0);
    Some(Alert {
        name: valid.ok()?,
        kind,
        address,
        secret: secret?,
        interest: Interest {
            severity: keys.severity.value,
            grade: keys.grade.value,
            causes: causes.map(|topic| topic.value).collect(),
            pools,
            on: keys
                .on
                .value
                .0
                .into_iter()
                .map(|event| event.value)
                .collect(),
            grew_by: keys.grew_by.value,
        },
        timeout: keys.timeout.value,
        max_per_minute: keys.max_per_minute.value,
        give_up_after: keys.give_up_after.value,
        resend_every: resend,
        tls,
    })
}

fn address(
    kind: AlertKind,
    url: Optional<AlertUrl>,
    file: Optional<FileName>,
    at: &std::ops::Range<usize>,
    base: &Path,
    problems: &mut Problems,
) -> Option<AlertAddress> {
    if url.wrong || file.wrong {
        return None;
    }
    match (url.given, file.given) {
        (Some(url), None) => Some(AlertAddress::Written(url.value)),
        (Some(url), Some(file)) => {
            let title = "both `url` and `url_file`";
            problems.push(
                Problem::new(file.at, title, "which of them is it?").also(url.at, "the other"),
            );
            None
        }
        (None, Some(file)) => {
            let path = base.join(&file.value.0);
            let read = short_file(&path).and_then(|text| {
                alert_url(text.trim()).map_err(|why| format!("{}: {why}", path.display()))
            });
            match read {
                Ok(url) => Some(AlertAddress::InFile(path, url)),
                Err(why) => {
                    problems.push(Problem::new(file.at, "`url_file` cannot be used", why));
                    None
                }
            }
        }
        (None, None) if kind == AlertKind::PagerDuty => {
            // The constant is one.
            alert_url(PAGERDUTY).ok().map(AlertAddress::Written)
        }
        (None, None) => {
            problems.push(
                Problem::new(at.clone(), "`url` is missing in `alerts`", "where is it?")
                    .help("add `url = \"https://…\"`, or `url_file` if nobody may read it"),
            );
            None
        }
    }
}

/// The outer `None` after a problem.
fn secret(
    kind: AlertKind,
    file: Optional<FileName>,
    at: &std::ops::Range<usize>,
    base: &Path,
    problems: &mut Problems,
) -> Option<Option<AlertSecret>> {
    if file.wrong {
        return None;
    }
    let Some(file) = file.given else {
        if matches!(kind, AlertKind::PagerDuty | AlertKind::Grafana) {
            let title = "`secret_file` is missing in `alerts`";
            let label = match kind {
                AlertKind::PagerDuty => "PagerDuty knows the service by its integration key",
                _ => "Grafana wants the token of a service account",
            };
            problems.push(
                Problem::new(at.clone(), title, label)
                    .help("put it into a file: `secret_file = \"FILE\"`"),
            );
            return None;
        }
        return Some(None);
    };
    if kind == AlertKind::Slack {
        let why = "the secret of Slack's webhooks is their URL: see `url_file`";
        not_here(Some(file.at), "secret_file", why, problems);
        return None;
    }
    let path = base.join(&file.value.0);
    match AlertSecret::load(path, |contents| kind.secrets(contents)) {
        Ok(secret) => Some(Some(secret)),
        Err(why) => {
            let mut problem = Problem::new(file.at, "`secret_file` cannot be used", why);
            if kind == AlertKind::Webhook {
                problem = problem.help("make one: echo whsec_$(head -c 32 /dev/urandom | base64)");
            }
            problems.push(problem);
            None
        }
    }
}

/// Changes that other systems send; `None` after a problem was added.
pub(super) fn changes(
    keys: ChangeKeys,
    base: &Path,
    problems: &mut Problems,
) -> Option<ChangeHooks> {
    let max_per_minute: NonZeroU32 = keys.max_per_minute.value;
    let Some(file) = keys.github_secret_file.given else {
        return Some(ChangeHooks {
            github: None,
            max_per_minute,
        });
    };
    match AlertSecret::load(base.join(&file.value.0), AlertSecret::words) {
        Ok(secret) => Some(ChangeHooks {
            github: Some(secret),
            max_per_minute,
        }),
        Err(why) => {
            let title = "`github_secret_file` cannot be used";
            problems.push(Problem::new(file.at, title, why));
            None
        }
    }
}
