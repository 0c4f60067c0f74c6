//! What is known about the names of one pool.

use std::collections::BTreeMap;
use std::sync::Arc;

use soe503_core::Tick;

use super::{Answer, DnsError};
use crate::state::{Resolution, Trouble};

/// The names of one pool and what they resolved to, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers(BTreeMap<Arc<str>, Resolution>);

/// What a result changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing but times.
    None,
    /// What is said about the name, not its addresses.
    Trouble,
    /// The addresses.
    Addresses,
}

impl Answers {
    /// These names, nothing known about them but what `before` knew.
    pub fn new(hosts: impl IntoIterator<Item = Arc<str>>, before: &Self) -> Self {
        let known = |host: Arc<str>| match before.0.get(&host) {
            Some(resolution) => (host, resolution.clone()),
            None => (Arc::clone(&host), Resolution::pending(host)),
        };
        Self(hosts.into_iter().map(known).collect())
    }

    /// What is known about `host`; `None` if it is not one of the pool's names.
    pub fn get(&self, host: &str) -> Option<&Resolution> {
        self.0.get(host)
    }

    /// All names.
    pub fn iter(&self) -> impl Iterator<Item = &Resolution> {
        self.0.values()
    }

    /// The name that is in trouble, if one is: one without any address before one that lives on
    /// an old answer.
    pub fn trouble(&self) -> Option<(&Resolution, &Trouble)> {
        self.iter()
            .filter_map(|resolution| Some((resolution, resolution.trouble.as_ref()?)))
            .min_by_key(|(resolution, trouble)| (!resolution.addresses.is_empty(), trouble.since))
    }

    /// Takes in the result of a lookup made `now`.
    pub fn learn(&mut self, host: &str, result: Result<Answer, DnsError>, now: Tick) -> Change {
        let Some(resolution) = self.0.get_mut(host) else {
            return Change::None;
        };
        match result {
            Ok(answer) => {
                let missing = answer.missing.first().map(|missing| missing.why.clone());
                let moved = resolution.take_in(answer);
                resolution.confirmed = Some(now);
                let news = match missing {
                    Some(why) => resolution.fails(why, now),
                    None => resolution.trouble.take().is_some(),
                };
                match (moved, news) {
                    (true, _) => Change::Addresses,
                    (false, true) => Change::Trouble,
                    (false, false) => Change::None,
                }
            }
            Err(error) => match resolution.fails(error, now) {
                true => Change::Trouble,
                false => Change::None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::time::Duration;

    use soe503_core::Cause;

    use super::*;

    fn ok(addresses: &[&str]) -> Result<Answer, DnsError> {
        Ok(Answer {
            addresses: addresses.iter().map(|a| a.parse().unwrap()).collect(),
            ttl: Duration::from_secs(10),
            ..Answer::default()
        })
    }

    fn no(rcode: Option<u16>) -> Result<Answer, DnsError> {
        Err(DnsError {
            rcode,
            text: format!("{rcode:?}"),
        })
    }

    fn answers() -> Answers {
        Answers::new(["app".into()], &Answers::default())
    }

    #[test]
    fn fm26_a_failure_or_an_empty_answer_keeps_the_last_good_one() {
        for rcode in [Some(0), Some(2), Some(3), Some(5), None] {
            let mut answers = answers();
            assert_eq!(
                answers.learn("app", ok(&["10.0.0.1"]), Tick::from_secs(1)),
                Change::Addresses
            );
            assert_eq!(
                answers.learn("app", no(rcode), Tick::from_secs(2)),
                Change::Trouble
            );
            assert_eq!(
                answers.learn("app", no(rcode), Tick::from_secs(3)),
                Change::None
            );
            let app = answers.get("app").unwrap();
            assert_eq!(
                app.addresses,
                ["10.0.0.1".parse::<IpAddr>().unwrap()],
                "{rcode:?}"
            );
            assert!(app.resolved_before());
            assert_eq!(app.confirmed, Some(Tick::from_secs(1)));
            let trouble = app.trouble.as_ref().unwrap();
            assert_eq!((trouble.rcode, trouble.since), (rcode, Tick::from_secs(2)));
            assert_eq!(
                answers.learn("app", ok(&["10.0.0.1"]), Tick::from_secs(4)),
                Change::Trouble
            );
            assert_eq!(answers.get("app").unwrap().trouble, None);
        }
    }

    #[test]
    fn a_name_that_never_resolved_says_why() {
        for (rcode, cause) in [
            (Some(0), Cause::ConfigDnsNxdomain),
            (Some(3), Cause::ConfigDnsNxdomain),
            (Some(2), Cause::DependencyDnsFailure),
            (Some(5), Cause::DependencyDnsFailure),
            (None, Cause::DependencyDnsFailure),
        ] {
            let mut answers = answers();
            assert_eq!(
                answers.learn("app", no(rcode), Tick::from_secs(2)),
                Change::Trouble
            );
            let (app, trouble) = answers.trouble().unwrap();
            assert_eq!(trouble.cause, cause, "{rcode:?}");
            assert!(app.addresses.is_empty() && !app.resolved_before());
        }
    }

    #[test]
    fn another_kind_of_trouble_is_news() {
        let mut answers = answers();
        answers.learn("app", no(Some(2)), Tick::from_secs(1));
        assert_eq!(
            answers.learn("app", no(Some(3)), Tick::from_secs(2)),
            Change::Trouble
        );
        assert_eq!(answers.trouble().unwrap().1.since, Tick::from_secs(2));
    }

    #[test]
    fn what_was_known_survives_a_reload_and_strangers_are_ignored() {
        let mut before = answers();
        before.learn("app", ok(&["10.0.0.1"]), Tick::from_secs(1));
        assert_eq!(
            before.learn("other", ok(&["10.0.0.9"]), Tick::from_secs(1)),
            Change::None
        );
        let after = Answers::new(["app".into(), "db".into()], &before);
        assert_eq!(after.get("app"), before.get("app"));
        assert!(after.get("db").unwrap().addresses.is_empty());
        assert_eq!(Answers::new(["db".into()], &before).get("app"), None);
    }

    #[test]
    fn the_name_without_an_address_is_told_first() {
        let mut answers = Answers::new(["a".into(), "b".into()], &Answers::default());
        answers.learn("a", ok(&["10.0.0.1"]), Tick::from_secs(1));
        answers.learn("a", no(Some(2)), Tick::from_secs(2));
        answers.learn("b", no(Some(3)), Tick::from_secs(3));
        assert_eq!(&*answers.trouble().unwrap().0.host, "b");
    }
}
