//! Questions to a resolver, and what their answers hold.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::proto::rr::{RData, Record, RecordType};
use tokio::task::JoinSet;

use super::resolver::{empty, explain};
use super::service::{Missing, Service};
use super::{Answer, DnsError};

/// Addresses, and the smallest TTL in seconds.
type Found = (Vec<IpAddr>, u32);

/// The addresses of `host`, sorted and at least one, and the smallest TTL in seconds.
pub(super) async fn addresses(resolver: &TokioResolver, host: &str) -> Result<Found, DnsError> {
    let found = resolver
        .lookup_ip(host)
        .await
        .map_err(|error| explain(host, &error))?;
    let mut addresses: Vec<IpAddr> = found.iter().collect();
    addresses.sort_unstable();
    addresses.dedup();
    if addresses.is_empty() {
        return Err(empty(host));
    }
    let ttl = found.as_lookup().answers().iter().map(|r| r.ttl).min();
    Ok((addresses, ttl.unwrap_or(0)))
}

/// Where the service `name` is. The addresses of its targets are those that came with the answer (RFC 2782),
/// and are asked for otherwise, all at once.
pub(super) async fn service(resolver: &TokioResolver, name: &str) -> Result<Answer, DnsError> {
    let found = resolver
        .lookup(name, RecordType::SRV)
        .await
        .map_err(|error| explain(name, &error))?;
    let srv = |record: &Record| match &record.data {
        RData::SRV(srv) => Some((srv.clone(), record.ttl)),
        _ => None,
    };
    let records: Vec<_> = found.answers().iter().filter_map(srv).collect();
    let Some(mut ttl) = records.iter().map(|(_, ttl)| *ttl).min() else {
        return Err(DnsError {
            rcode: Some(0),
            text: format!("{name} exists and has no SRV record"),
        });
    };
    // RFC 2782: a target of "." means that the service is decidedly not available.
    if records.iter().all(|(srv, _)| srv.target.is_root()) {
        return Err(DnsError {
            rcode: Some(0),
            text: format!("{name} says that the service is not offered (its target is \".\")"),
        });
    }
    let mut hosts: BTreeMap<Arc<str>, Result<Found, DnsError>> = BTreeMap::new();
    let mut asking = JoinSet::new();
    for (srv, _) in &records {
        let host: Arc<str> = host(&srv.target).into();
        if srv.target.is_root() || hosts.contains_key(&host) {
            continue;
        }
        let told = told(found.additionals(), &srv.target);
        if told.is_none() {
            let (resolver, target) = (resolver.clone(), Arc::clone(&host));
            // Absolute: no search list goes behind it.
            let absolute = format!("{target}.");
            asking.spawn(async move {
                let found = addresses(&resolver, &absolute).await;
                (target, found)
            });
        }
        hosts.insert(Arc::clone(&host), told.ok_or_else(|| empty(&host)));
    }
    while let Some(answered) = asking.join_next().await {
        if let Ok((host, found)) = answered {
            hosts.insert(host, found);
        }
    }
    let mut answer = Answer::default();
    for (srv, _) in records.iter().filter(|(srv, _)| !srv.target.is_root()) {
        let target: Arc<str> = host(&srv.target).into();
        let Some(Ok((addresses, its_ttl))) = hosts.get(&target) else {
            continue;
        };
        ttl = ttl.min(*its_ttl);
        answer.services.extend(addresses.iter().map(|ip| Service {
            priority: srv.priority,
            address: SocketAddr::new(*ip, srv.port),
            weight: srv.weight,
            target: Arc::clone(&target),
        }));
    }
    let missing = hosts.into_iter().filter_map(|(target, found)| {
        let why = found.err()?;
        Some(Missing { target, why })
    });
    answer.missing = missing.collect();
    if let (true, Some(first)) = (answer.services.is_empty(), answer.missing.first()) {
        return Err(first.why.clone());
    }
    answer.services.sort_unstable();
    answer.services.dedup();
    answer.addresses = answer.services.iter().map(|s| s.address.ip()).collect();
    answer.addresses.sort_unstable();
    answer.addresses.dedup();
    answer.ttl = Duration::from_secs(u64::from(ttl));
    Ok(answer)
}

/// The addresses that came with the answer: those of one family, IPv4 if there are any, as for other names.
fn told(additionals: &[Record], target: &hickory_resolver::proto::rr::Name) -> Option<Found> {
    let of = |wanted: RecordType| {
        let records = additionals
            .iter()
            .filter(move |record| record.record_type() == wanted && record.name == *target);
        let (mut addresses, mut ttl) = (Vec::new(), u32::MAX);
        for record in records {
            ttl = ttl.min(record.ttl);
            addresses.extend(record.data.ip_addr());
        }
        addresses.sort_unstable();
        addresses.dedup();
        (!addresses.is_empty()).then_some((addresses, ttl))
    };
    of(RecordType::A).or_else(|| of(RecordType::AAAA))
}

/// A target as text: in lower case, without the dot at its end.
fn host(target: &hickory_resolver::proto::rr::Name) -> String {
    let text = target.to_ascii().to_ascii_lowercase();
    text.strip_suffix('.').unwrap_or(&text).to_owned()
}
