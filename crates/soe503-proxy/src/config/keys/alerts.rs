//! Keys of `[alerts.NAME]` and `[changes]`.

use std::{num::NonZeroU32, time::Duration};

use serde_json::{Value, json};
use soe503_core::{
    Category, Cause,
    alert::{Event, Severity, Topic},
    diagnosis::Grade,
};

use super::values::{FileName, nonzero_u32};
use crate::config::{
    AlertKind, AlertUrl,
    wire::{Defaulted, Fault, List, Optional, Required, Text, choice, one_of, section},
};

section! {
    /// Who is told of incidents, with the explanation, its fix and links. A target that is down or slow costs no request
    /// anything; `lbctl alerts` shows what arrives, `lbctl alerts test NAME` sends a message that says that it is a test.
    struct AlertKeys {
        /// What it is. `slack`: an incoming webhook of Slack, or what understands the same. `pagerduty`: Events API v2.
        /// `alertmanager`: its API v2. `grafana`: annotations. `webhook`: the incident as JSON, signed as Standard
        /// Webhooks say.
        kind: Required<AlertKind>, like("\"webhook\"");
        /// Where it is: `http` or `https`. Of Alertmanager and Grafana the address, without the path of the API.
        url: Optional<AlertUrl>, absent("as `url_file` says; PagerDuty's if `kind` is `pagerduty`"),
            like("\"https://hooks.example/soe503\"");
        /// A file with the URL, where that is a secret, as Slack's is. It is read again for each message. A relative path
        /// starts at the config file.
        url_file: Optional<FileName>, absent("`url` says it"), like("\"slack.url\"");
        /// A file with the secret, which is read again for each message. `pagerduty`: the integration key. `alertmanager`,
        /// `grafana`: a token, sent as `Authorization: Bearer …`. `webhook`: the key that messages are signed with, `whsec_` and
        /// base64; up to four lines, and it is signed with all of them, so a key can be replaced.
        secret_file: Optional<FileName>, absent("none; `pagerduty` and `grafana` need one"),
            like("\"webhook.key\"");
        /// A PEM file: the authorities that the certificate of `url` must come from.
        ca: Optional<FileName>, absent("the authorities that the system trusts"), like("\"ca.pem\"");
        /// The mildest incidents that are told. `info`: no request fails of it; `warning`: some do; `critical`: a
        /// pool, or this proxy, fails as a whole.
        severity: Defaulted<Severity>, default(Severity::Info);
        /// How sure the cause must be: `suspected`, `inferred` or `proven`.
        grade: Defaulted<Grade>, default(Grade::Suspected);
        /// The causes, or categories of causes, that are told.
        causes: Optional<List<Topic>>, absent("all"), like("[\"dependency_failure\"]");
        /// The pools whose incidents are told. Those of this proxy itself concern all of them, and are.
        pools: Optional<List<String>>, absent("all"), like("[\"app\"]");
        /// What of an incident is told: that it was opened or has come back, that it grew, that it is over.
        on: Defaulted<List<Event>>, default(List::of(Event::TOLD));
        /// An incident has grown with so many times the failed requests that were told last, or when it is more severe.
        grew_by: Defaulted<NonZeroU32>, default(nonzero_u32(10)),
            range(nonzero_u32(2), nonzero_u32(1_000_000));
        /// How long an attempt to send a message may take, from the name to the answer.
        timeout: Defaulted<Duration>, default(Duration::from_secs(10)),
            range(Duration::from_millis(100), Duration::from_secs(60));
        /// Messages in a minute, at most. What comes sooner waits, and of each incident only the latest counts.
        max_per_minute: Defaulted<NonZeroU32>, default(nonzero_u32(60)),
            range(NonZeroU32::MIN, nonzero_u32(6000));
        /// How long a message that does not arrive is tried again.
        give_up_after: Defaulted<Duration>, default(Duration::from_secs(3600)),
            range(Duration::from_secs(1), Duration::from_secs(86_400));
        /// How often an incident that goes on is told again. Only for `alertmanager`, which takes an alert for over that
        /// has not been told for four times as long.
        resend_every: Optional<Duration>, absent("`\"1m\"` for `alertmanager`, never for others"),
            like("\"1m\""), range(Duration::from_secs(1), Duration::from_secs(3600));
    }
}

section! {
    /// Change markers that other systems send: `POST /api/v1/changes/{alertmanager,argocd,github}`.
    struct ChangeKeys {
        /// A file with the secret of the webhook at GitHub, which signs with it (`X-Hub-Signature-256`). Who signs needs no token
        /// of the admin API. Up to four lines; a reload reads it again. A relative path starts at the config
        /// file.
        github_secret_file: Optional<FileName>, absent("nothing is taken from GitHub"),
            like("\"github.secret\"");
        /// Changes in a minute that are taken from such systems together; more are answered 429.
        max_per_minute: Defaulted<NonZeroU32>, default(nonzero_u32(60)),
            range(NonZeroU32::MIN, nonzero_u32(6000));
    }
}

choice!(AlertKind, {
    "slack" => Self::Slack,
    "pagerduty" => Self::PagerDuty,
    "alertmanager" => Self::Alertmanager,
    "grafana" => Self::Grafana,
    "webhook" => Self::Webhook,
});

choice!(Severity, {
    "info" => Self::Info,
    "warning" => Self::Warning,
    "critical" => Self::Critical,
});

choice!(Grade, {
    "suspected" => Self::Suspected,
    "inferred" => Self::Inferred,
    "proven" => Self::Proven,
});

choice!(Event, {
    "opened" => Self::Opened,
    "grew" => Self::Grew,
    "closed" => Self::Closed,
});

impl Text for Topic {
    const KIND: &'static str = "a cause or a category of causes";
    const LIKE: &'static str = "\"overload\" or \"dependency_failure/connect_refused\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        Self::from_id(text).ok_or_else(|| {
            let categories = Category::ALL.iter().map(|category| category.id());
            let causes = Cause::ALL.iter().map(|cause| cause.id());
            one_of(text, &categories.chain(causes).collect::<Vec<_>>())
        })
    }

    fn text(&self) -> String {
        self.id().to_owned()
    }

    fn constraints() -> Value {
        json!({ "pattern": "^[a-z_]+(/[a-z0-9_]+)?$" })
    }
}

/// The URL that `text` is.
///
/// # Errors
///
/// What is wrong with it.
pub(in crate::config) fn alert_url(text: &str) -> Result<AlertUrl, String> {
    AlertUrl::parse(text).map_err(Fault::into_label)
}

impl Text for AlertUrl {
    const KIND: &'static str = "a URL";
    const LIKE: &'static str = "\"https://hooks.example/soe503\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        let (scheme, rest) = super::backend::scheme(text).ok_or_else(|| {
            Fault::new("not an http or https URL").help(format!("write it such as {}", Self::LIKE))
        })?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains('@') {
            return Err(Fault::new("a URL here has no user and no password")
                .help("put the secret into a file: `secret_file`"));
        }
        let path = match path {
            "" => "/",
            path => path,
        };
        match path.parse::<http::uri::PathAndQuery>() {
            Ok(valid) if valid.as_str() == path => {}
            _ => return Err(Fault::new("this cannot go into a request")),
        }
        let target = super::backend::authority(authority, scheme)?;
        Ok(Self::new(scheme, target, path))
    }

    fn text(&self) -> String {
        self.shown()
    }

    fn constraints() -> Value {
        json!({ "pattern": "^[hH][tT][tT][pP][sS]?://[^@\\s]+$" })
    }
}
