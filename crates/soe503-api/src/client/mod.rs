//! A small async client of the admin API.
//!
//! One request, one connection: the tools that use it ask once, or once a second, and a connection
//! that is not kept can never be stale. It speaks HTTP/1.1, over TLS where the address says `https`, and can show
//! a certificate ([`Tls`]). An error says which step failed and what was tried.
//!
//! ```no_run
//! # async fn f() -> Result<(), Box<dyn std::error::Error>> {
//! let client = soe503_api::client::Client::new("http://127.0.0.1:9503")?;
//! for pool in client.pools().await?.value.pools {
//!     println!("{} {:?}", pool.name, pool.state);
//! }
//! # Ok(()) }
//! ```

mod address;
mod error;
mod exchange;
mod tls;
mod token;

use core::time::Duration;

use bytes::Bytes;
use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use address::{AddressError, AdminAddress};
pub use error::{ClientError, Step};
pub use tls::{ShownFault, Tls, TlsFault, TlsFileError};
pub use token::{Token, TokenError};

use crate::{
    ActionRequest, AlertTest, Alerts, BackendAction, BreakerAction, Change, ChangeRequest, Changes,
    ConfigDiff, ConfigText, Doctor, FailureRecord, History, Incident, Incidents, Journal, Log,
    LogRequest, MaintenanceAction, MaintenanceList, MaintenanceRequest, Pool, Pools, RateLimits,
    VerificationRequest, path,
};

/// How long each step (resolve; connect; shake hands; answer) may take, unless told otherwise: 5 s.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);

/// Where the admin API is asked, and as whom. Cheap to clone; keeps no connection.
#[derive(Clone, Debug)]
pub struct Client {
    address: AdminAddress,
    token: Option<Token>,
    tls: Option<Tls>,
    timeout: Duration,
}

/// An answer: what it means, and the bytes it came as.
#[derive(Clone, Debug)]
pub struct Reply<T> {
    /// What it means.
    pub value: T,
    /// Exactly what the API returned.
    pub body: Bytes,
}

/// No body.
const NOTHING: Option<&ActionRequest> = None;

impl Client {
    /// A client for the API at `address`, such as `http://127.0.0.1:9503`, without a token and
    /// with [`DEFAULT_TIMEOUT`].
    pub fn new(address: &str) -> Result<Self, AddressError> {
        Ok(Self {
            address: address.parse()?,
            token: None,
            tls: None,
            timeout: DEFAULT_TIMEOUT,
        })
    }

    /// Sends `token` with each request, as `Authorization: Bearer …`.
    #[must_use]
    pub fn with_token(mut self, token: Option<Token>) -> Self {
        self.token = token;
        self
    }

    /// Whom to believe and what to show where the address is `https`. Otherwise that is what this machine trusts, and nothing.
    #[must_use]
    pub fn with_tls(mut self, tls: Option<Tls>) -> Self {
        self.tls = tls;
        self
    }

    /// Gives each step `timeout` instead of the default.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Whether it sends a token.
    pub const fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// Whether it shows a certificate, if it is asked for one.
    pub fn has_certificate(&self) -> bool {
        self.address.tls && self.tls.as_ref().is_some_and(Tls::shows)
    }

    /// Where it asks.
    pub const fn address(&self) -> &AdminAddress {
        &self.address
    }

    /// All pools.
    pub async fn pools(&self) -> Result<Reply<Pools>, ClientError> {
        self.call(Method::GET, path::POOLS, NOTHING).await
    }

    /// One pool.
    pub async fn pool(&self, pool: &str) -> Result<Reply<Pool>, ClientError> {
        self.call(Method::GET, &path::pool(pool), NOTHING).await
    }

    /// Does `action` to one backend and answers its pool as it is afterwards.
    pub async fn backend_action(
        &self,
        pool: &str,
        backend: &str,
        action: BackendAction,
        request: &ActionRequest,
    ) -> Result<Reply<Pool>, ClientError> {
        let path = path::backend_action(pool, backend, action);
        self.call(Method::POST, &path, Some(request)).await
    }

    /// Does `action` to the circuit of one pool and answers the pool as it is afterwards.
    pub async fn breaker_action(
        &self,
        pool: &str,
        action: BreakerAction,
        request: &ActionRequest,
    ) -> Result<Reply<Pool>, ClientError> {
        let path = path::breaker_action(pool, action);
        self.call(Method::POST, &path, Some(request)).await
    }

    /// Forgets the answers that one pool keeps, and answers the pool as it is afterwards.
    pub async fn cache_flush(&self, pool: &str) -> Result<Reply<Pool>, ClientError> {
        self.call(Method::POST, &path::cache_flush(pool), NOTHING)
            .await
    }

    /// The journal.
    pub async fn journal(&self) -> Result<Reply<Journal>, ClientError> {
        self.call(Method::GET, path::JOURNAL, NOTHING).await
    }

    /// The event log: what of it is written, and how much it was.
    pub async fn log(&self) -> Result<Reply<Log>, ClientError> {
        self.call(Method::GET, path::LOG, NOTHING).await
    }

    /// Sets the levels of the event log for a while, or ends that, and answers it as it is afterwards.
    pub async fn set_log(&self, request: &LogRequest) -> Result<Reply<Log>, ClientError> {
        self.call(Method::POST, path::LOG, Some(request)).await
    }

    /// What happened in the last minutes, by cause.
    pub async fn history(&self) -> Result<Reply<History>, ClientError> {
        self.call(Method::GET, path::HISTORY, NOTHING).await
    }

    /// All rate limits.
    pub async fn rate_limits(&self) -> Result<Reply<RateLimits>, ClientError> {
        self.call(Method::GET, path::RATE_LIMITS, NOTHING).await
    }

    /// What maintenance is in force or planned.
    pub async fn maintenance(&self) -> Result<Reply<MaintenanceList>, ClientError> {
        self.call(Method::GET, path::MAINTENANCE, NOTHING).await
    }

    /// Begins or ends the maintenance of a pool or a route and answers the list as it is afterwards.
    pub async fn maintenance_action(
        &self,
        target: &str,
        action: MaintenanceAction,
        request: &MaintenanceRequest,
    ) -> Result<Reply<MaintenanceList>, ClientError> {
        let path = path::maintenance_action(target, action);
        self.call(Method::POST, &path, Some(request)).await
    }

    /// The record of one failed request.
    pub async fn failure(&self, request_id: &str) -> Result<Reply<FailureRecord>, ClientError> {
        self.call(Method::GET, &path::failure(request_id), NOTHING)
            .await
    }

    /// The incidents, the latest first; only those that go on, if `open`.
    pub async fn incidents(&self, open: bool) -> Result<Reply<Incidents>, ClientError> {
        let path = match open {
            true => format!("{}?open=true", path::INCIDENTS),
            false => path::INCIDENTS.to_owned(),
        };
        self.call(Method::GET, &path, NOTHING).await
    }

    /// One incident.
    pub async fn incident(&self, id: &str) -> Result<Reply<Incident>, ClientError> {
        self.call(Method::GET, &path::incident(id), NOTHING).await
    }

    /// Tells that a request of an incident was asked again, and answers the incident.
    pub async fn verified(
        &self,
        id: &str,
        request: &VerificationRequest,
    ) -> Result<Reply<Incident>, ClientError> {
        let path = path::verifications(id);
        self.call(Method::POST, &path, Some(request)).await
    }

    /// The effective configuration.
    pub async fn config(&self) -> Result<Reply<serde_json::Value>, ClientError> {
        self.call(Method::GET, path::CONFIG, NOTHING).await
    }

    /// How the file that a reload would read differs from what is in force.
    pub async fn config_diff(&self) -> Result<Reply<ConfigDiff>, ClientError> {
        self.call(Method::GET, path::CONFIG_DIFF, NOTHING).await
    }

    /// How another configuration differs from what is in force.
    pub async fn config_diff_of(
        &self,
        config: &ConfigText,
    ) -> Result<Reply<ConfigDiff>, ClientError> {
        self.call(Method::POST, path::CONFIG_DIFF, Some(config))
            .await
    }

    /// Reads the configuration again and puts it in force.
    pub async fn config_reload(&self) -> Result<Reply<serde_json::Value>, ClientError> {
        self.call(Method::POST, path::CONFIG_RELOAD, NOTHING).await
    }

    /// Traps in the configuration, and what traffic has shown.
    pub async fn doctor(&self) -> Result<Reply<Doctor>, ClientError> {
        self.call(Method::GET, path::DOCTOR, NOTHING).await
    }

    /// What was changed lately.
    pub async fn changes(&self) -> Result<Reply<Changes>, ClientError> {
        self.call(Method::GET, path::CHANGES, NOTHING).await
    }

    /// Reports a change.
    pub async fn add_change(&self, change: &ChangeRequest) -> Result<Reply<Change>, ClientError> {
        self.call(Method::POST, path::CHANGES, Some(change)).await
    }

    /// Who is told of incidents.
    pub async fn alerts(&self) -> Result<Reply<Alerts>, ClientError> {
        self.call(Method::GET, path::ALERTS, NOTHING).await
    }

    /// Sends a message to `target` that says that it is a test.
    pub async fn alert_test(&self, target: &str) -> Result<Reply<AlertTest>, ClientError> {
        self.call(Method::POST, &path::alert_test(target), NOTHING)
            .await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<Reply<T>, ClientError> {
        let asked = format!("{method} {path}");
        let request = exchange::request(&self.address, self.token.as_ref(), method, path, body);
        let (status, body) = {
            let tls = self.tls.as_ref();
            exchange::exchange(&self.address, tls, self.timeout, request).await?
        };
        if !status.is_success() {
            return Err(ClientError::refused(&self.address, asked, status, &body));
        }
        match serde_json::from_slice(&body) {
            Ok(value) => Ok(Reply { value, body }),
            Err(source) => Err(ClientError::NotTheApi {
                address: self.address.to_string(),
                what: format!("the answer to {asked} is not what this version reads: {source}"),
            }),
        }
    }
}
