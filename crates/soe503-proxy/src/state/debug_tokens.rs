//! Tokens that have one request's failure told in full.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwapOption;
use aws_lc_rs::hmac::{HMAC_SHA256, Key, verify};
use http::{HeaderMap, HeaderName};
use soe503_core::explain::debug_token::{BadToken, DebugToken, HEADER};

use crate::config::{DebugKeys, ExplainSettings};

static FIELD: HeaderName = HeaderName::from_static(HEADER);

/// The keys in force, and what became of the tokens that were sent.
#[derive(Debug, Default)]
pub struct DebugTokens {
    keys: ArcSwapOption<Vec<Key>>,
    accepted: AtomicU64,
    /// In the order of [`BadToken::ALL`].
    refused: [AtomicU64; 4],
}

// === impl DebugTokens ===

impl DebugTokens {
    /// Those of `settings`.
    pub(super) fn new(settings: &ExplainSettings) -> Self {
        let tokens = Self::default();
        tokens.follow(settings);
        tokens
    }

    /// From now on those of `settings` count.
    pub(super) fn follow(&self, settings: &ExplainSettings) {
        let key = |bytes: &[u8]| Key::new(HMAC_SHA256, bytes);
        let all = |keys: &DebugKeys| Arc::new(keys.all().map(key).collect());
        self.keys.store(settings.debug_keys.as_ref().map(all));
    }

    /// Takes the token out of `headers`, where it is not to be read by anybody else. Whether it is good, for a
    /// request of `path` at `host`, and `now` being seconds since 1970. The client is told nothing about a bad one.
    pub(crate) fn admit(
        &self,
        headers: &mut HeaderMap,
        host: Option<&str>,
        path: &str,
        now: u64,
    ) -> bool {
        let several = headers.get_all(&FIELD).iter().nth(1).is_some();
        let Some(sent) = headers.remove(&FIELD) else {
            return false;
        };
        let keys = self.keys.load();
        let Some(keys) = keys.as_deref() else {
            return false;
        };
        let text = sent.to_str().ok().filter(|_| !several);
        let judged = text.ok_or(BadToken::Malformed).and_then(|text| {
            let token = DebugToken::parse(text)?;
            // Each compares in constant time.
            let signed = |key: &Key| verify(key, token.signed.as_bytes(), &token.signature).is_ok();
            if !keys.iter().any(signed) {
                return Err(BadToken::Forged);
            }
            token.admits(now, host, path)
        });
        let count = match judged {
            Ok(()) => &self.accepted,
            Err(why) => &self.refused[why as usize],
        };
        count.fetch_add(1, Ordering::Relaxed);
        judged.is_ok()
    }

    /// What became of them: `accepted`, or the word of a [`BadToken`].
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let accepted = self.accepted.load(Ordering::Relaxed);
        let refused = BadToken::ALL
            .iter()
            .zip(&self.refused)
            .map(|(why, count)| (why.word(), count.load(Ordering::Relaxed)));
        [("accepted", accepted)].into_iter().chain(refused)
    }
}

#[cfg(test)]
#[path = "debug_tokens_tests.rs"]
mod tests;
