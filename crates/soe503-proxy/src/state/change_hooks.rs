//! Webhooks of other systems about changes: who may send them, and how many came.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use aws_lc_rs::hmac::{HMAC_SHA256, Key, verify};
use soe503_core::Tick;
use soe503_core::rate::{Quota, RateConfig, RateLimit};

use crate::config;
use crate::control::change_hooks::Source;

/// What became of a webhook, as metrics call it.
const RESULTS: [&str; 4] = ["accepted", "ignored", "refused", "limited"];

/// What became of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Changes were taken in.
    Accepted,
    /// Nothing in it is a change.
    Ignored,
    /// It is not signed, or not understood.
    Refused,
    /// More came than may.
    Limited,
}

/// The webhooks of this process.
#[derive(Debug)]
pub struct ChangeHooks {
    github: ArcSwapOption<Vec<Key>>,
    limit: ArcSwap<RateLimit>,
    counts: [[AtomicU64; RESULTS.len()]; Source::ALL.len()],
}

// === impl ChangeHooks ===

impl ChangeHooks {
    /// Those of `settings`.
    pub(super) fn new(settings: &config::ChangeHooks) -> Self {
        let hooks = Self {
            github: ArcSwapOption::empty(),
            limit: ArcSwap::from_pointee(RateLimit::new("changes", quota(settings))),
            counts: Default::default(),
        };
        hooks.follow(settings);
        hooks
    }

    /// From now on those of `settings` count.
    pub(super) fn follow(&self, settings: &config::ChangeHooks) {
        let limit = self.limit.load().reconfigured(quota(settings));
        self.limit.store(limit.into());
        let keys = settings.github.as_ref().map(|secret| {
            let secrets = secret.all().iter();
            secrets
                .map(|secret| Key::new(HMAC_SHA256, secret.as_bytes()))
                .collect::<Vec<_>>()
        });
        self.github.store(keys.map(Into::into));
    }

    /// Whether GitHub can sign anything for us.
    pub(crate) fn knows_github(&self) -> bool {
        self.github.load().is_some()
    }

    /// Whether `signature` (`sha256=` and hexadecimal digits) is GitHub's, of `body`.
    pub(crate) fn is_githubs(&self, signature: &str, body: &[u8]) -> bool {
        let keys = self.github.load();
        let signature = signature.strip_prefix("sha256=").and_then(bytes);
        let (Some(keys), Some(signature)) = (keys.as_deref(), signature) else {
            return false;
        };
        // Each compares in constant time.
        keys.iter().any(|key| verify(key, body, &signature).is_ok())
    }

    /// Room for one more change; or how long there is none.
    pub(crate) fn admit(&self, now: Tick) -> Result<(), Duration> {
        let limit = self.limit.load();
        let taken = limit.take(limit.key(()), now);
        taken.map(|_| ()).map_err(|limited| limited.wait)
    }

    /// Counts what became of a webhook.
    pub(crate) fn count(&self, source: Source, taken: Taken) {
        let counter = &self.counts[source as usize][taken as usize];
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// What came: who from, what became of it, how many.
    pub fn counts(&self) -> Vec<(&'static str, &'static str, u64)> {
        let all = Source::ALL
            .iter()
            .zip(&self.counts)
            .flat_map(|(source, counts)| {
                let counts = RESULTS.iter().zip(counts);
                counts.map(move |(result, count)| {
                    (source.word(), *result, count.load(Ordering::Relaxed))
                })
            });
        all.filter(|(.., count)| *count > 0).collect()
    }
}

fn quota(settings: &config::ChangeHooks) -> RateConfig {
    let per_minute = Quota::new(settings.max_per_minute, Duration::from_secs(60));
    let mut config = RateConfig::new(per_minute);
    config.max_keys = NonZeroUsize::MIN.saturating_add(7);
    config
}

/// What hexadecimal digits stand for.
fn bytes(digits: &str) -> Option<Vec<u8>> {
    let digit = |b: u8| {
        char::from(b)
            .to_digit(16)
            .and_then(|d| u8::try_from(d).ok())
    };
    let pairs = digits.as_bytes().chunks(2);
    let pairs = pairs.map(|pair| match pair {
        [high, low] => Some((digit(*high)? << 4) | digit(*low)?),
        _ => None,
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::from_str;

    fn hooks(secrets: &str) -> ChangeHooks {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("github.secret");
        std::fs::write(&path, secrets).unwrap();
        let text = format!(
            "[[listeners]]\naddress = \"127.0.0.1:80\"\n[[routes]]\npool = \"app\"\n[pools.app]\nbackends = [\"http://127.0.0.1:81\"]\n\
             [changes]\nmax_per_minute = 2\ngithub_secret_file = \"{}\"\n",
            path.display()
        );
        let config = from_str("test", &text).unwrap_or_else(|r| panic!("{}", r.render(false)));
        ChangeHooks::new(&config.changes)
    }

    /// The example of GitHub's documentation.
    #[test]
    fn githubs_own_example_is_githubs() {
        let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let hooks = hooks("It's a Secret to Everybody\n");
        assert!(hooks.is_githubs(signature, b"Hello, World!"));
        assert!(!hooks.is_githubs(signature, b"Hello, World."));
    }

    #[test]
    fn either_of_two_secrets_signs_and_nothing_else() {
        let hooks = hooks("old-secret\nnew-secret\n");
        let sign = |secret: &str, body: &[u8]| {
            let key = Key::new(HMAC_SHA256, secret.as_bytes());
            let tag = aws_lc_rs::hmac::sign(&key, body);
            let digits: String = tag.as_ref().iter().map(|b| format!("{b:02x}")).collect();
            format!("sha256={digits}")
        };
        for secret in ["old-secret", "new-secret"] {
            assert!(hooks.is_githubs(&sign(secret, b"{}"), b"{}"));
            assert!(!hooks.is_githubs(&sign(secret, b"{}"), b"{ }"));
        }
        let good = sign("new-secret", b"{}");
        for bad in [
            String::new(),
            sign("other", b"{}"),
            good.replace("sha256=", "sha1="),
            good[..good.len() - 1].to_owned(),
            good[..good.len() - 2].to_owned(),
            format!("{good}00"),
            "sha256=zz".to_owned(),
        ] {
            assert!(!hooks.is_githubs(&bad, b"{}"), "{bad}");
        }
    }

    #[test]
    fn so_many_a_minute() {
        let hooks = hooks("secret");
        let now = Tick::from_secs(1000);
        assert!(hooks.admit(now).is_ok() && hooks.admit(now).is_ok());
        let wait = hooks.admit(now).unwrap_err();
        assert!(
            wait > Duration::from_secs(20) && wait <= Duration::from_secs(60),
            "{wait:?}"
        );
        assert!(hooks.admit(now.after(wait)).is_ok());
    }
}
