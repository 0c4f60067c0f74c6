//! Trying every address of every backend.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use http::HeaderValue;
use soe503_core::health::CheckResult;
use tokio::{sync::Semaphore, task::JoinSet};

use crate::{
    config::{Backend, Config, PoolConfig, Probe, Scheme, Target},
    control::{check::Prober, dns::Resolve},
    tls::{Alpn, ClientTls, PoolTls},
};

/// Backends that are tried at once: a config of thousands does not run out of sockets.
const AT_ONCE: usize = 64;

/// What trying one address of one backend showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The pool's name.
    pub pool: Arc<str>,
    /// The backend's name.
    pub backend: Arc<str>,
    /// The address that was tried; `None` if the backend's name has none.
    pub address: Option<SocketAddr>,
    /// What worked, or what did not and why.
    pub outcome: Result<String, String>,
    /// How long it took.
    pub elapsed: Duration,
}

/// Tries every address of every backend: its health check if the pool has one, else a connection.
///
/// In the order of the config; the addresses of a DNS name in their own order.
pub async fn connect<R: Resolve, P: Prober>(
    config: &Config,
    resolver: Arc<R>,
    prober: Arc<P>,
) -> Vec<Finding> {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut tasks = JoinSet::new();
    for pool in &config.pools {
        for index in 0..pool.backends.len() {
            let (pool, places) = (Arc::clone(pool), Arc::clone(&places));
            let (resolver, prober) = (Arc::clone(&resolver), Arc::clone(&prober));
            let position = tasks.len();
            tasks.spawn(async move {
                // The semaphore is never closed.
                let _place = places.acquire().await;
                let found = backend(&pool, &pool.backends[index], &*resolver, &*prober).await;
                (position, found)
            });
        }
    }
    let mut found = tasks.join_all().await;
    found.sort_by_key(|(position, _)| *position);
    found
        .into_iter()
        .flat_map(|(_, findings)| findings)
        .collect()
}

async fn backend<R: Resolve, P: Prober>(
    pool: &PoolConfig,
    backend: &Backend,
    resolver: &R,
    prober: &P,
) -> Vec<Finding> {
    let began = soe503::clock::now();
    let finding = |address, outcome| Finding {
        pool: pool.name.shared(),
        backend: backend.name.shared(),
        address,
        outcome,
        elapsed: soe503::clock::now().since(began),
    };
    let addresses = match &backend.target {
        Target::Address(address) => vec![*address],
        Target::Srv { name } => match resolver.resolve(name).await {
            Ok(answer) => answer.services.iter().map(|place| place.address).collect(),
            Err(error) => return vec![finding(None, Err(format!("resolve {name}: {error}")))],
        },
        Target::Dns { host, port } => match resolver.resolve(host).await {
            Ok(answer) => {
                let addresses = answer.addresses.into_iter();
                addresses
                    .map(|ip| SocketAddr::new(ip, port.get()))
                    .collect()
            }
            Err(error) => return vec![finding(None, Err(format!("resolve {host}: {error}")))],
        },
    };
    let mut findings = Vec::with_capacity(addresses.len());
    for address in addresses {
        let outcome = attempt(pool, backend, address, prober).await;
        findings.push(finding(Some(address), outcome));
    }
    findings
}

async fn attempt<P: Prober>(
    pool: &PoolConfig,
    backend: &Backend,
    address: SocketAddr,
    prober: &P,
) -> Result<String, String> {
    let (probe, timeout) = match &pool.health_check {
        Some(check) => (&check.probe, check.timeout),
        None => (&Probe::Tcp, pool.connect_timeout),
    };
    let tls = secure(pool, backend);
    if backend.scheme == Scheme::Https && tls.is_none() {
        return Err("its host cannot be the name in a certificate".to_owned());
    }
    let host = HeaderValue::from_str(&backend.target.authority())
        .map_err(|_| "its name cannot be sent as `Host`".to_owned())?;
    match prober
        .probe(probe, address, &host, tls.as_ref(), timeout)
        .await
    {
        CheckResult::Passed { status, hints, .. } => Ok(match (probe, status) {
            (Probe::Http { path, .. }, Some(status)) => match hints {
                Some(hints) => format!("GET {path} answered {status} ({})", hints.text()),
                None => format!("GET {path} answered {status}"),
            },
            (Probe::Grpc { .. }, _) => "SERVING".to_owned(),
            _ if tls.is_some() => "connected, TLS".to_owned(),
            _ => "connected".to_owned(),
        }),
        CheckResult::Failed { error, .. } | CheckResult::NotMade { error, .. } => {
            Err(error.to_string())
        }
        other => Err(format!("no verdict: {other:?}")),
    }
}

/// How TLS is spoken with `backend`, if it is.
fn secure(pool: &PoolConfig, backend: &Backend) -> Option<ClientTls> {
    let settings = pool
        .tls
        .as_ref()
        .filter(|_| backend.scheme == Scheme::Https)?;
    PoolTls::new(pool.name.shared(), settings, Alpn::wanted(pool.protocol))
        .to(&backend.target.host())
}
