//! The handle.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method, Response, StatusCode, header};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::directives;
use super::entry::Entry;
use super::tape::Recorder;
use crate::clock;
use crate::explain::{Keep, Tape};

/// How much is kept, and for how long.
///
/// # Defaults
/// `stale_if_error` 1 h · `max_bytes` 64 MiB · `max_object` 1 MiB · `revalidate` off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaleConfig {
    /// How long an answer that says nothing about it may be given after it went stale.
    pub stale_if_error: Duration,
    /// Bytes that all answers together may take, about.
    pub max_bytes: u64,
    /// The largest body that is kept, in bytes.
    pub max_object: usize,
    /// Whether answers that say `stale-while-revalidate` are given without asking first: see
    /// [`StaleCache::offer`].
    pub revalidate: bool,
}

/// A named store of answers. Clones are handles to the same store. See the [module](super).
#[derive(Clone)]
pub struct StaleCache {
    pub(super) shared: Arc<Shared>,
}

/// What a store looks like at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StaleSnapshot {
    /// Answers in it.
    pub entries: u64,
    /// Bytes that they take, about.
    pub bytes: u64,
    /// Answers that were kept, ever.
    pub kept: u64,
    /// Answers that were given instead of failures, ever.
    pub given: u64,
    /// Answers that were given without asking first, ever.
    pub offered: u64,
    /// How often it was asked again in the background, ever.
    pub revalidations: u64,
}

pub(super) struct Shared {
    pub(super) name: Arc<str>,
    pub(super) config: StaleConfig,
    pub(super) entries: Cache<Box<str>, Arc<Entry>, Weight>,
    pub(super) kept: AtomicU64,
    given: AtomicU64,
    pub(super) offered: AtomicU64,
    pub(super) revalidations: AtomicU64,
    /// Who asks again at the moment.
    pub(super) asking: AtomicUsize,
}

/// Weighs entries in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weight;

/// An answer is not replaced by another one before it is so old.
const YOUNG: Duration = Duration::from_secs(1);
/// What the store expects an answer to take, to size its tables.
const TYPICAL: u64 = 16 * 1024;

impl StaleCache {
    /// An empty store.
    pub fn new(name: impl Into<Arc<str>>, config: StaleConfig) -> Self {
        let items = usize::try_from(config.max_bytes / TYPICAL).unwrap_or(usize::MAX);
        Self {
            shared: Arc::new(Shared {
                name: name.into(),
                config,
                entries: Cache::with_weighter(items.clamp(16, 65_536), config.max_bytes, Weight),
                kept: AtomicU64::new(0),
                given: AtomicU64::new(0),
                offered: AtomicU64::new(0),
                revalidations: AtomicU64::new(0),
                asking: AtomicUsize::new(0),
            }),
        }
    }

    /// The name it was given.
    pub fn name(&self) -> &Arc<str> {
        &self.shared.name
    }

    /// Its configuration.
    pub fn config(&self) -> &StaleConfig {
        &self.shared.config
    }

    /// Forgets everything. Returns how many answers that were.
    pub fn flush(&self) -> u64 {
        let count = self.shared.entries.len() as u64;
        self.shared.entries.clear();
        count
    }

    /// All numbers.
    pub fn snapshot(&self) -> StaleSnapshot {
        StaleSnapshot {
            entries: self.shared.entries.len() as u64,
            bytes: self.shared.entries.weight(),
            kept: self.shared.kept.load(Ordering::Relaxed),
            given: self.shared.given.load(Ordering::Relaxed),
            offered: self.shared.offered.load(Ordering::Relaxed),
            revalidations: self.shared.revalidations.load(Ordering::Relaxed),
        }
    }
}

impl Keep for StaleCache {
    fn keep(
        &self,
        request: &Parts,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Option<Box<dyn Tape>> {
        if request.method != Method::GET || request.headers.contains_key(header::RANGE) {
            return None;
        }
        let length = headers.get(header::CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
        if length.is_some_and(|length: usize| length > self.shared.config.max_object) {
            return None;
        }
        let (key, now) = (key(request), clock::now());
        let young = |entry: &Arc<Entry>| now.since(entry.kept_at) < YOUNG && entry.fits(request);
        if self.shared.entries.peek(&*key).as_ref().is_some_and(young) {
            return None;
        }
        let entry = Entry::new(request, status, headers, &self.shared.config, now)?;
        let recorder = Recorder::new(Arc::clone(&self.shared), key, entry, length.unwrap_or(0));
        Some(Box::new(recorder))
    }

    fn recall(&self, request: &Parts) -> Option<Response<Bytes>> {
        let head = request.method == Method::HEAD;
        let wanted = head || request.method == Method::GET;
        if !wanted || directives::wants_fresh(&request.headers) {
            return None;
        }
        let entry = self.shared.entries.get(&*key(request))?;
        let answer = entry.answer(request, &self.shared.name, clock::now(), head)?;
        self.shared.given.fetch_add(1, Ordering::Relaxed);
        Some(answer)
    }
}

/// What names a target: host, path and query.
pub(super) fn key(request: &Parts) -> Box<str> {
    let host = request.uri.authority().map(|authority| authority.as_str());
    let asked = || request.headers.get(header::HOST)?.to_str().ok();
    let host = host.or_else(asked).unwrap_or_default();
    let path = request
        .uri
        .path_and_query()
        .map_or("/", |path| path.as_str());
    // Names of hosts are the same in any case, and no host has a slash.
    let mut key = host.to_ascii_lowercase();
    key.push_str(path);
    key.into_boxed_str()
}

impl Weighter<Box<str>, Arc<Entry>> for Weight {
    fn weight(&self, key: &Box<str>, entry: &Arc<Entry>) -> u64 {
        // Nothing may weigh nothing.
        (key.len() + entry.size()).max(1) as u64
    }
}

impl Default for StaleConfig {
    fn default() -> Self {
        Self {
            stale_if_error: Duration::from_secs(3600),
            max_bytes: 64 * 1024 * 1024,
            max_object: 1024 * 1024,
            revalidate: false,
        }
    }
}

impl fmt::Debug for StaleCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaleCache")
            .field("name", &self.shared.name)
            .field("entries", &self.shared.entries.len())
            .finish_non_exhaustive()
    }
}
