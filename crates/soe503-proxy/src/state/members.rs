//! The backends of a pool, from its config and what DNS says.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http::HeaderValue;
use soe503_core::pool::{Affinity, BackendSpec, Pool};

use crate::config::{self, PoolConfig, Scheme, Target};
use crate::control::dns::{Answers, places};
use crate::tls::{ClientTls, PoolTls};
use crate::upstream::{Upstream, UpstreamOptions};

/// The last level there is.
const MAX_PRIORITY: u8 = 15;

/// One backend: its name, its address, and who is asked for there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) name: Arc<str>,
    pub(super) address: SocketAddr,
    /// An address of the same DNS name in the other family.
    pub(super) companion: Option<SocketAddr>,
    pub(super) weight: u32,
    pub(super) priority: u8,
    pub(super) zone: Option<Arc<str>>,
    /// How many requests it may have in flight.
    pub(super) max_in_flight: Option<u32>,
    /// What a sticky cookie calls it.
    pub(super) badge: Option<u64>,
    /// Host and port of its URL, as `Host` has them.
    pub(super) host: HeaderValue,
    /// TLS, if it is spoken there.
    pub(super) tls: Option<ClientTls>,
}

/// The backends that `config` means, given `answers`: an address as it is, a DNS name once for each
/// of its addresses, called `name/address`; a service likewise, on the
/// levels and with the shares that its records say.
pub(super) fn members(
    config: &PoolConfig,
    tls: Option<&PoolTls>,
    answers: &Answers,
) -> Vec<Member> {
    let sticky = config.sticky.as_ref();
    config
        .backends
        .iter()
        .flat_map(|backend| of_backend(backend, tls, answers))
        .map(|member| Member {
            badge: sticky.map(|sticky| Affinity::badge(&member.name, &sticky.key.0)),
            max_in_flight: member
                .max_in_flight
                .or_else(|| Some(config.max_in_flight_per_backend?.get())),
            ..member
        })
        .collect()
}

/// The DNS names of `config`.
pub(super) fn hosts(config: &PoolConfig) -> impl Iterator<Item = Arc<str>> {
    config
        .backends
        .iter()
        .filter_map(|backend| backend.target.name().cloned())
}

/// What the pool is told. A backend that was there keeps what reaches it, and so its connections.
pub(super) fn specs(
    members: Vec<Member>,
    options: UpstreamOptions,
    pool: &Pool<Upstream>,
) -> Vec<BackendSpec<Upstream>> {
    let options = Arc::new(options);
    let spec = |member: Member| {
        let known = pool
            .backend(&member.name)
            .map(|backend| backend.service.clone());
        let kept = known.filter(|known| {
            (known.address(), known.companion()) == (member.address, member.companion)
                && *known.options() == *options
                && *known.host() == member.host
                && known.tls() == member.tls.as_ref()
        });
        BackendSpec {
            address: text_of(&member.name, member.address),
            name: member.name,
            weight: member.weight,
            priority: member.priority,
            zone: member.zone,
            badge: member.badge,
            max_in_flight: member.max_in_flight,
            service: kept.unwrap_or_else(|| {
                Upstream::new(member.address, member.host, Arc::clone(&options))
                    .with_companion(member.companion)
                    .with_tls(member.tls)
            }),
        }
    };
    members.into_iter().map(spec).collect()
}

/// The address as text: the name's own, where that is the same.
fn text_of(name: &Arc<str>, address: SocketAddr) -> Arc<str> {
    let text = address.to_string();
    if **name == *text {
        Arc::clone(name)
    } else {
        text.into()
    }
}

fn of_backend(backend: &config::Backend, tls: Option<&PoolTls>, answers: &Answers) -> Vec<Member> {
    let tls = match backend.scheme {
        Scheme::Http => None,
        // A valid config has TLS for it, and a host that TLS can check. If it had not, there would
        // be no backend, and certainly none without TLS.
        Scheme::Https => match tls.and_then(|tls| tls.to(&backend.target.host())) {
            Some(tls) => Some(tls),
            None => return Vec::new(),
        },
    };
    let member = |name: Arc<str>, address: SocketAddr| Member {
        name,
        address,
        companion: None,
        weight: backend.weight.get(),
        priority: backend.priority,
        zone: backend.zone.as_ref().map(config::Name::shared),
        max_in_flight: backend.max_in_flight.map(std::num::NonZeroU32::get),
        badge: None,
        host: host(backend),
        tls: tls.clone(),
    };
    match &backend.target {
        Target::Address(address) => vec![member(backend.name.shared(), *address)],
        Target::Srv { name } => {
            let services = answers
                .get(name)
                .map(|resolution| resolution.services.as_slice())
                .unwrap_or_default();
            let places = places(services).into_iter();
            let members = places.map(|place| Member {
                weight: backend.weight.get().saturating_mul(place.weight),
                priority: backend
                    .priority
                    .saturating_add(place.level)
                    .min(MAX_PRIORITY),
                ..member(
                    format!("{}/{}", backend.name, place.address).into(),
                    place.address,
                )
            });
            members.collect()
        }
        Target::Dns { host, port } => {
            let addresses = answers
                .get(host)
                .map(|resolution| resolution.addresses.as_slice())
                .unwrap_or_default();
            let (v4, v6): (Vec<_>, Vec<_>) = addresses.iter().partition(|ip| ip.is_ipv4());
            let family = |mine: Vec<IpAddr>, theirs: &[IpAddr]| {
                let at = |ip: IpAddr| SocketAddr::new(ip, port.get());
                // A family of fewer addresses stands in for several.
                let companions = theirs.iter().map(|&ip| Some(at(ip)));
                let companions = companions.cycle().chain(std::iter::repeat(None));
                let members = mine
                    .into_iter()
                    .zip(companions)
                    .map(|(ip, companion)| Member {
                        companion,
                        ..member(format!("{}/{}", backend.name, at(ip)).into(), at(ip))
                    });
                members.collect::<Vec<_>>()
            };
            let (four, six) = (family(v4.clone(), &v6), family(v6, &v4));
            four.into_iter().chain(six).collect()
        }
    }
}

/// Host and port without the port that the scheme implies (RFC 9110 §4.2.3). The characters of a target
/// are those of a header; `-` stands for one that is not.
fn host(backend: &config::Backend) -> HeaderValue {
    let target = &backend.target;
    let text = match target.port() {
        Some(port) if port != backend.scheme.port().get() => target.to_string(),
        _ => target.host(),
    };
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("-"))
}
