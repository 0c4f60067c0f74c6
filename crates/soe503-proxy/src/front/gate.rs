//! What stands in front of a route: planned interruptions, rate limits, the pool's throttle.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, Request};
use soe503::rate_limit::{Counted, KeyBy, RateFields, take_all};
use soe503::throttle::held_back;
use soe503::{BoxError, Component, Rejected};
use soe503_core::Tick;
use soe503_core::ledger::Refusal;
use soe503_core::maintenance::{InForce, Switch};
use soe503_core::throttle::Throttle;

use crate::config::{self, Forwarded, ForwardedMode, LimitBy, MaintenanceBypass};
use crate::state::{PoolState, Proxy};

/// What stands in front of a route. Requests of a route that has nothing pay two loads.
#[derive(Debug)]
pub(crate) struct Gate {
    interrupted: Switch,
    /// `None`: the route has none of it.
    more: Option<Box<More>>,
}

#[derive(Debug)]
struct More {
    bypass: MaintenanceBypass,
    limits: Box<[Counted]>,
    throttle: Option<Throttle>,
}

impl Gate {
    /// What stands in front of `route`, which is called `label` and leads to `pool`.
    pub(crate) fn new(route: &config::Route, label: &str, pool: &PoolState, proxy: &Proxy) -> Self {
        let known = proxy.rate_limits();
        let limits = route.rate_limits.iter().filter_map(|limit| {
            let by = match &limit.by {
                LimitBy::Client => KeyBy::Client(limit.prefix),
                LimitBy::Everyone => KeyBy::Everyone,
                LimitBy::Route => KeyBy::Name(label.into()),
                LimitBy::Header(name) => KeyBy::Header(name.clone()),
                LimitBy::Cookie(name) => KeyBy::Cookie((&**name).into()),
            };
            // A valid config declares every limit that a route names.
            let limit = known.get(&*limit.name)?.clone();
            Some(Counted::new(limit, by))
        });
        let more = More {
            bypass: route.maintenance_bypass.clone(),
            limits: limits.collect(),
            throttle: pool.throttle.clone(),
        };
        let nothing = more.bypass.is_empty() && more.limits.is_empty() && more.throttle.is_none();
        Self {
            interrupted: proxy.interruptions.switch(label),
            more: (!nothing).then(|| Box::new(more)),
        }
    }

    /// Lets a request from `client` through, and says what its answer tells about the limits; or says why
    /// not.
    #[inline]
    pub(super) fn admit<B>(
        &self,
        request: &Request<B>,
        client: IpAddr,
        forwarded: &Forwarded,
    ) -> Result<RateFields, BoxError> {
        if self.interrupted.is_idle() && self.more.is_none() {
            return Ok(RateFields::default());
        }
        self.ask(request.headers(), client, forwarded)
    }

    fn ask(
        &self,
        headers: &HeaderMap,
        client: IpAddr,
        forwarded: &Forwarded,
    ) -> Result<RateFields, BoxError> {
        let now = soe503::clock::now();
        let client = || caller(client, headers, forwarded);
        if let Some(interrupted) = self.interrupted.in_force(now) {
            let bypass = self.more.as_ref().map(|more| &more.bypass);
            if !bypass.is_some_and(|bypass| lets_through(bypass, headers, client())) {
                return Err(interruption(&interrupted, now).into());
            }
        }
        let mut fields = RateFields::default();
        let Some(more) = &self.more else {
            return Ok(fields);
        };
        if !more.limits.is_empty() {
            fields = take_all(&more.limits, headers, Some(client()), now)?;
        }
        if let Some(throttle) = &more.throttle {
            let admitted = throttle.admit(now, fastrand::f64());
            admitted.map_err(|held| held_back(throttle.name(), held))?;
        }
        Ok(fields)
    }

    /// Takes off what is between us and whoever was let through.
    pub(super) fn hide(&self, headers: &mut HeaderMap) {
        let more = self.more.as_ref();
        if let Some((name, _)) = more.and_then(|more| more.bypass.header.as_ref()) {
            headers.remove(name);
        }
    }

    /// Who wants to know how requests end.
    pub(super) fn throttle(&self) -> Option<&Throttle> {
        self.more.as_ref()?.throttle.as_ref()
    }
}

fn interruption(interrupted: &InForce, now: Tick) -> Rejected {
    let notice = &interrupted.notice;
    let refusal = Refusal::Maintenance(notice.clone());
    Rejected::new(Component::Maintenance, notice.target.clone(), refusal)
        .with_retry_after(interrupted.until.map(|until| until.since(now)))
}

fn lets_through(bypass: &MaintenanceBypass, headers: &HeaderMap, client: IpAddr) -> bool {
    let knows = |(name, secret): &(http::HeaderName, config::Secret)| {
        headers.get_all(name).iter().any(|value| secret.is(value))
    };
    bypass.header.as_ref().is_some_and(knows) || bypass.networks.contains(client)
}

/// The address of the caller: the client's, or what a client that is trusted says of the one before it,
/// up to the first that is not.
fn caller(client: IpAddr, headers: &HeaderMap, forwarded: &Forwarded) -> IpAddr {
    let mut caller = client;
    let lines = headers.get_all("x-forwarded-for").iter().rev();
    let mut said = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    while forwarded.mode != ForwardedMode::Replace && forwarded.trust.contains(caller) {
        let before = said.next().and_then(|text| std::str::from_utf8(text).ok());
        let Some(before) = before.and_then(|text| address(text.trim())) else {
            break;
        };
        caller = before;
    }
    caller
}

/// An address, with or without the port that some proxies write behind it.
fn address(text: &str) -> Option<IpAddr> {
    let with_port = || Some(text.parse::<SocketAddr>().ok()?.ip());
    text.parse().ok().or_else(with_port)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use crate::config::Networks;

    #[test]
    fn only_what_trusted_proxies_say_is_believed() {
        let trust: Networks = ["10.0.0.0/8".parse().unwrap()].into_iter().collect();
        let with = |mode| {
            let mut forwarded = Forwarded::default();
            (forwarded.trust, forwarded.mode) = (trust.clone(), mode);
            forwarded
        };
        for (mode, client, lines, expected) in [
            (
                ForwardedMode::Append,
                "10.0.0.1",
                &["192.0.2.1"][..],
                "192.0.2.1",
            ),
            // What a client writes in front of it does not count.
            (
                ForwardedMode::Append,
                "10.0.0.1",
                &["1.1.1.1, 192.0.2.1"],
                "192.0.2.1",
            ),
            (
                ForwardedMode::Append,
                "10.0.0.1",
                &["1.1.1.1", "192.0.2.1,10.0.0.2"],
                "192.0.2.1",
            ),
            (
                ForwardedMode::Append,
                "10.0.0.1",
                &["10.0.0.3, 10.0.0.2"],
                "10.0.0.3",
            ),
            (ForwardedMode::Append, "10.0.0.1", &["nonsense"], "10.0.0.1"),
            (
                ForwardedMode::Append,
                "10.0.0.1",
                &["192.0.2.1:80"],
                "192.0.2.1",
            ),
            (ForwardedMode::Append, "10.0.0.1", &[], "10.0.0.1"),
            (
                ForwardedMode::Append,
                "198.51.100.1",
                &["192.0.2.1"],
                "198.51.100.1",
            ),
            (
                ForwardedMode::Replace,
                "10.0.0.1",
                &["192.0.2.1"],
                "10.0.0.1",
            ),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("x-forwarded-for", HeaderValue::from_static(line));
            }
            let caller = caller(client.parse().unwrap(), &headers, &with(mode));
            assert_eq!(
                caller,
                expected.parse::<IpAddr>().unwrap(),
                "{client} {lines:?}"
            );
        }
    }
}
