//! The config file: read, checked and explained.
//!
//! A file passes three stages, and each has types of its own:
//!
//! 1. **wire**: what is written, key by key, each with its place in the file. Unknown keys, wrong
//!    types, bad units and numbers out of range are found here.
//! 2. **validated** ([`Config`]): what it means. A route holds the pool it sends to, a pool has at
//!    least one backend, a circuit breaker has at least one rule: what could be wrong cannot be
//!    said. There is no `validate()`.
//! 3. **runtime**: what runs, in the data plane. No socket, channel or counter is in this module.
//!
//! All problems of a file are collected, not just the first, and told with their place, what was
//! expected and the nearest valid name ([`Report`]). A file with a problem yields no `Config`, so
//! nothing starts half-way and a running config is never replaced by a broken one.
//!
//! Every key is declared once, in `keys`: type, default, range and text. The reader, the JSON
//! schema, the reference page and the full example come from that declaration.

mod admin;
mod admin_certificates;
mod alert;
mod balance;
mod build;
mod cache;
pub mod check;
mod decisions;
#[cfg(test)]
mod defaults_tests;
mod dogstatsd;
mod explain;
mod failover;
mod forwarding;
mod guard;
mod health;
mod hedge;
pub(crate) mod instead;
mod journal;
mod keys;
mod lint;
mod listener;
mod load;
mod maintenance;
mod manual;
mod name;
mod pool;
mod problem;
mod rate;
mod report;
mod root;
mod route;
mod rules;
mod secret;
mod server;
mod telemetry;
mod tls;
mod wire;

pub use admin::{
    Admin, AdminAccess, AdminCredentials, AdminRole, AdminToken, AdminTokens, TokenFile,
};
pub use admin_certificates::{AdminCertificates, ClientName};
pub(crate) use alert::webhook_key;
pub use alert::{Alert, AlertAddress, AlertKind, AlertSecret, AlertUrl, ChangeHooks};
pub use balance::{Balance, Factor, Hash, HashKey, LoadReports, SameSite, Sticky, StickyKey};
pub use cache::Cache;
pub use dogstatsd::{Dogstatsd, StatsdAddress};
pub use explain::{DebugKeys, ExplainSettings};
pub use failover::Failover;
pub use forwarding::{Forwarded, ForwardedMode, ForwardedStyle, Networks};
pub use guard::{CircuitBreaker, Ejection, Queue, RetryBudget, Throttle, Window};
pub use health::{HealthCheck, Probe, StatusSet};
pub use hedge::Hedge;
pub use instead::{Fallback, PageFile};
pub use journal::Journal;
pub(crate) use keys::statsd_address;
pub(crate) use lint::KeyPath;
pub use lint::{Found, Lint, Lints, Severity, lints_page};
pub use listener::{ExplainTo, Limits, Listener, Protocols};
pub(crate) use load::from_str_at;
pub use load::{MAX_FILE_SIZE, from_str, load};
pub use maintenance::{Maintenance, MaintenanceBypass, Secret};
pub use manual::{full_example, reference_page, schema};
pub use name::{Name, NonEmpty};
pub use pool::{Backend, BackendProtocol, PoolConfig, Scheme, Target};
pub use problem::Problem;
pub use rate::{LimitBy, RateLimit};
pub use report::Report;
pub use root::Config;
pub(crate) use route::without_port;
pub use route::{Host, Match, Retry, Route};
pub use rules::{HeaderRules, HostPolicy, Rewrite};
pub use server::{AccessLog, IncidentSettings, Log, LogFormat, LogPath, Server};
pub use soe503_core::{
    Ratio,
    explain::{Exposure, StatusPolicy},
};
pub use telemetry::{Endpoint, Otlp, Propagator, Propagators, Traces};
pub(crate) use tls::Loaded;
pub use tls::{BackendTls, CertificateFiles, ClientAuth, ListenerTls, TlsVersion};
