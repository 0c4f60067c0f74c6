//! How a pool chooses among its backends.

use std::{path::PathBuf, time::Duration};

use http::HeaderName;
use soe503_core::pool;

use super::Name;

/// How a backend is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Balance {
    /// The better of two random ones, by a failure-penalised latency estimate and its load.
    #[default]
    P2c,
    /// The one with the fewest requests in flight, relative to its weight.
    LeastRequest,
    /// Each in turn.
    RoundRobin,
    /// A random one.
    Random,
    /// By a key of the request, on a ring.
    RingHash,
    /// By a key of the request, in an even table.
    Maglev,
}

/// A number of at least 1 by which something is multiplied, kept in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Factor(u32);

/// Which key of a request decides: `[pools.NAME.hash]`.
///
/// # Defaults
///
/// - `on`: required
/// - `name`: required for a header, a cookie or a query parameter, not allowed otherwise
/// - `bounded_load`: no bound
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hash {
    /// Where the key is.
    pub on: HashKey,
    /// How much more than its share of the requests in flight a backend may have.
    pub bounded_load: Option<Factor>,
}

/// Where the key of a request is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HashKey {
    /// The first field of that name.
    Header(HeaderName),
    /// The cookie of that name.
    Cookie(Name),
    /// The client's address.
    ClientAddress,
    /// The path, without the query.
    Path,
    /// The query parameter of that name, as it is written.
    Query(Name),
}

/// A cookie that keeps a client with its backend: `[pools.NAME.sticky]`.
///
/// # Defaults
///
/// - `name`: `"soe503_backend"`
/// - `ttl`: until the browser is closed
/// - `path`: `"/"`
/// - `secure`: as the client came: with TLS or without
/// - `http_only`: `true`
/// - `same_site`: `"lax"`
/// - `key_file`: a key that every soe503 knows
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sticky {
    /// What the cookie is called.
    pub name: Name,
    /// How long the client is to keep it.
    pub ttl: Option<Duration>,
    /// Below which path the client is to send it.
    pub path: String,
    /// Whether it is to be sent over TLS only; `None`: if it was set over TLS.
    pub secure: Option<bool>,
    /// Whether scripts of the page must not see it.
    pub http_only: bool,
    /// With which requests of other sites it is sent.
    pub same_site: SameSite,
    /// Where the secret is.
    pub key_file: Option<PathBuf>,
    /// What makes the names in it opaque.
    pub key: StickyKey,
}

/// The secret of sticky cookies. Its `Debug` form does not show it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct StickyKey(pub(crate) [u8; 16]);

/// With which requests of other sites a cookie is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SameSite {
    /// With none.
    Strict,
    /// With those that go to another page.
    #[default]
    Lax,
    /// With all.
    None,
}

/// What is done with the load reports of backends: `[pools.NAME.load_reports]`.
///
/// # Defaults
///
/// - `expire_after`: `"3m"`
/// - `pass_on`: `false`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoadReports {
    /// How long a report holds.
    pub expire_after: Duration,
    /// Whether clients see them.
    pub pass_on: bool,
}

// === impl Balance ===

impl Balance {
    /// Whether a key of the request decides.
    pub const fn is_keyed(self) -> bool {
        matches!(self, Self::RingHash | Self::Maglev)
    }

    /// What the core is told.
    pub(super) fn decisions(self, hash: Option<&Hash>) -> pool::Balance {
        let bound = hash.and_then(|hash| hash.bounded_load);
        let hashing = bound.map_or(pool::Hashing::DEFAULT, |bound| {
            pool::Hashing::DEFAULT.bounded(bound.as_f64() as f32)
        });
        match self {
            Self::P2c => pool::Balance::P2c,
            Self::LeastRequest => pool::Balance::LeastRequest,
            Self::RoundRobin => pool::Balance::RoundRobin,
            Self::Random => pool::Balance::Random,
            Self::RingHash => pool::Balance::RingHash(hashing),
            Self::Maglev => pool::Balance::Maglev(hashing),
        }
    }
}

// === impl Factor ===

impl Factor {
    /// `thousandths`, but at least 1. For constants.
    pub const fn thousandths(thousandths: u32) -> Self {
        Self(if thousandths < 1_000 {
            1_000
        } else {
            thousandths
        })
    }

    /// The factor nearest to `number`, if that is at least 1 and not absurd.
    pub fn new(number: f64) -> Option<Self> {
        let sensible = (1.0..=1_000_000.0).contains(&number);
        sensible.then(|| Self((number * 1_000.0).round() as u32))
    }

    /// As a number.
    pub fn as_f64(self) -> f64 {
        f64::from(self.0) / 1_000.0
    }
}

// === impl SameSite ===

impl SameSite {
    /// As `Set-Cookie` has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "Strict",
            Self::Lax => "Lax",
            Self::None => "None",
        }
    }
}

// === impl StickyKey ===

impl StickyKey {
    /// What every soe503 knows: badges are opaque, and whoever guesses the name of a backend can find out
    /// whether it is that one.
    pub const KNOWN: Self = Self(*b"soe503 sticky v1");
}

impl std::fmt::Debug for StickyKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StickyKey(…)")
    }
}
