//! Given at once, and asked for again meanwhile: `stale-while-revalidate` (RFC 5861 §3).

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method, Response};

use super::StaleCache;
use super::cache::{Shared, key};
use super::directives;
use super::entry::{Entry, Use};
use crate::clock;

/// How many answers of one store are asked for again at once. More are given as they are, and asked for when
/// there is room.
const MOST_ASKING: usize = 64;

/// An answer that is given without asking first.
#[derive(Debug)]
#[non_exhaustive]
pub struct Offer {
    /// The answer.
    pub answer: Response<Bytes>,
    /// It is stale, and whoever has this is to ask again. Only one at a time has it, for each answer.
    pub again: Option<Again>,
}

/// The one who asks again for an answer. Dropped, another may.
pub struct Again {
    store: Arc<Shared>,
    key: Box<str>,
    entry: Arc<Entry>,
}

impl StaleCache {
    /// The answer that may be given to `request` at once, if [`revalidate`](super::StaleConfig::revalidate) is on:
    /// one that says `stale-while-revalidate`, while it is fresh (RFC 9111 §4.2) and for so long afterwards. Not one
    /// that forbids to be used stale once it is, and not to a request that says `no-cache`, or how old an answer
    /// may be.
    pub fn offer(&self, request: &Parts) -> Option<Offer> {
        let shared = &self.shared;
        if !shared.config.revalidate {
            return None;
        }
        let head = request.method == Method::HEAD;
        let wanted = head || request.method == Method::GET;
        if !wanted || directives::wants_fresh(&request.headers) {
            return None;
        }
        let (key, now) = (key(request), clock::now());
        let entry = shared.entries.get(&*key)?;
        let usable = entry.usable(request, now)?;
        let answer = entry.given(&shared.name, now, head);
        shared.offered.fetch_add(1, Ordering::Relaxed);
        let again = match usable {
            Use::Fresh => None,
            Use::Stale => Again::begin(shared, key, entry),
        };
        Some(Offer { answer, again })
    }
}

impl Again {
    fn begin(store: &Arc<Shared>, key: Box<str>, entry: Arc<Entry>) -> Option<Self> {
        if entry.asking.swap(true, Ordering::AcqRel) {
            return None;
        }
        // From here on the drop undoes it.
        let again = Self {
            store: Arc::clone(store),
            key,
            entry,
        };
        if store.asking.fetch_add(1, Ordering::AcqRel) >= MOST_ASKING {
            return None;
        }
        store.revalidations.fetch_add(1, Ordering::Relaxed);
        Some(again)
    }

    /// Makes `headers`, those of the request that is sent, ask whether the answer still holds.
    pub fn conditions(&self, headers: &mut HeaderMap) {
        self.entry.conditions(headers);
    }

    /// The backend has answered `request` with 304 and these fields: the answer is as good as new.
    pub fn confirmed(&self, request: &Parts, headers: &HeaderMap) {
        let (now, config) = (clock::now(), &self.store.config);
        if let Some(renewed) = self.entry.renewed(request, headers, config, now) {
            let key = self.key.clone();
            self.store.entries.insert(key, Arc::new(renewed));
        }
    }
}

impl Drop for Again {
    fn drop(&mut self) {
        self.entry.asking.store(false, Ordering::Release);
        self.store.asking.fetch_sub(1, Ordering::AcqRel);
    }
}

impl std::fmt::Debug for Again {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Again")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
