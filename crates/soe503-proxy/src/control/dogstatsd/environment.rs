//! What the environment says, as Datadog's own clients read it.

use crate::config::{StatsdAddress, statsd_address};

/// Variables that count, and the tags that they become.
const TAGS: [(&str, &str); 4] = [
    ("DD_ENV", "env"),
    ("DD_SERVICE", "service"),
    ("DD_VERSION", "version"),
    // Over UDP the agent knows by it which pod's tags to add.
    ("DD_ENTITY_ID", "dd.internal.entity_id"),
];

/// Where the server is and what is said about this process, as far as the environment knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Environment {
    /// Where the server is.
    pub(super) address: Option<StatsdAddress>,
    /// Tags of all metrics.
    pub(super) tags: Vec<(&'static str, String)>,
    /// What cannot be used: a variable, and what is wrong with it.
    pub(super) wrong: Option<(&'static str, String)>,
}

impl Environment {
    /// That of this process.
    pub(super) fn of_process() -> Self {
        Self::of(|name| std::env::var(name).ok())
    }

    /// What `get` says. A variable without a value is none.
    pub(super) fn of(get: impl Fn(&str) -> Option<String>) -> Self {
        let get = |name| get(name).filter(|value| !value.trim().is_empty());
        let mut environment = Self::default();
        for (name, tag) in TAGS {
            environment
                .tags
                .extend(get(name).map(|value| (tag, value.trim().to_owned())));
        }
        // Kubernetes sets the second by the downward API: the address of the node, where the agent is.
        let said = match (get("DD_DOGSTATSD_URL"), get("DD_AGENT_HOST")) {
            (Some(url), _) => Some(("DD_DOGSTATSD_URL", url)),
            (None, Some(host)) => {
                let port = get("DD_DOGSTATSD_PORT");
                let port = port.unwrap_or_else(|| StatsdAddress::PORT.to_string());
                let host = match host.parse::<std::net::Ipv6Addr>() {
                    Ok(address) => format!("[{address}]"),
                    Err(_) => host,
                };
                Some(("DD_AGENT_HOST", format!("{host}:{port}")))
            }
            (None, None) => None,
        };
        match said.map(|(name, text)| (name, statsd_address(text.trim()))) {
            None => {}
            Some((_, Ok(address))) => environment.address = Some(address),
            Some((name, Err(why))) => environment.wrong = Some((name, why)),
        }
        environment
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Environment {
        Environment::of(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn where_the_server_is() {
        for (variables, address) in [
            (&[][..], None),
            (&[("DD_AGENT_HOST", "10.0.0.1")], Some("10.0.0.1:8125")),
            (&[("DD_AGENT_HOST", "fd00::1")], Some("[fd00::1]:8125")),
            (
                &[("DD_AGENT_HOST", "agent"), ("DD_DOGSTATSD_PORT", "9125")],
                Some("agent:9125"),
            ),
            (&[("DD_DOGSTATSD_PORT", "9125")], None),
            (&[("DD_DOGSTATSD_URL", " ")], None),
            (
                &[
                    ("DD_AGENT_HOST", "agent"),
                    ("DD_DOGSTATSD_URL", "unix:///run/dsd.socket"),
                ],
                Some("unix:///run/dsd.socket"),
            ),
        ] {
            let found = of(variables);
            let shown = found.address.map(|address| address.to_string());
            assert_eq!(shown.as_deref(), address, "{variables:?}");
            assert_eq!(found.wrong, None);
        }
        let wrong = of(&[("DD_DOGSTATSD_URL", "tcp://agent")]);
        assert_eq!(wrong.address, None);
        assert_eq!(wrong.wrong.unwrap().0, "DD_DOGSTATSD_URL");
    }

    #[test]
    fn what_is_said_about_this_process() {
        let found = of(&[
            ("DD_ENV", "prod"),
            ("DD_VERSION", ""),
            ("DD_ENTITY_ID", "0a1b "),
        ]);
        assert_eq!(
            found.tags,
            [
                ("env", "prod".to_owned()),
                ("dd.internal.entity_id", "0a1b".to_owned())
            ]
        );
    }
}
