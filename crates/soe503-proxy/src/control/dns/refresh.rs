//! Asking again and again: when.

use std::sync::Arc;
use std::time::Duration;

use super::{Answer, DnsError, Resolve};

/// When names are looked up again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The longest time between two lookups: `dns_refresh` of the pool.
    pub every: Duration,
    /// The shortest, whatever a TTL says. A TTL of zero would otherwise be a busy loop.
    pub floor: Duration,
    /// Seeds the jitter, so that many names (and many proxies) do not ask in step.
    pub seed: u64,
}

/// Looks `host` up for ever and tells each result to `learned`; the caller ends it by dropping
/// the future.
///
/// The first lookup is made at once. After an answer the next one follows when its TTL runs
/// out, within `floor..=every`. After a failure it follows after `floor`, doubling up to `every`: a name
/// that comes into being is seen soon, and a resolver that is down is not hammered. Up to a tenth
/// is added at random.
pub async fn refresh<R: Resolve>(
    resolver: Arc<R>,
    host: Arc<str>,
    settings: Settings,
    mut learned: impl FnMut(Result<Answer, DnsError>),
) {
    let mut rng = fastrand::Rng::with_seed(settings.seed);
    let mut failures = 0_u32;
    loop {
        let result = resolver.resolve(&host).await;
        let delay = match &result {
            Ok(answer) => {
                failures = 0;
                settings.after_answer(answer.ttl)
            }
            Err(_) => {
                failures = failures.saturating_add(1);
                settings.after_failure(failures)
            }
        };
        learned(result);
        tokio::time::sleep(delay + delay.mul_f64(rng.f64() / 10.0)).await;
    }
}

// === impl Settings ===

impl Settings {
    /// The floor of every pool.
    pub const FLOOR: Duration = Duration::from_secs(1);

    /// Settings for a pool that wants its names looked up `every` so often.
    pub const fn new(every: Duration, seed: u64) -> Self {
        Self {
            every,
            floor: Self::FLOOR,
            seed,
        }
    }

    fn after_answer(&self, ttl: Duration) -> Duration {
        ttl.max(self.floor).min(self.every.max(self.floor))
    }

    fn after_failure(&self, failures: u32) -> Duration {
        let doubled = self
            .floor
            .saturating_mul(1 << failures.saturating_sub(1).min(16));
        doubled.min(self.every.max(self.floor))
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::sync::Mutex;

    use soe503_core::Tick;
    use tokio::sync::mpsc;

    use super::*;

    /// Answers from a list, last one for ever, and notes when it was asked.
    struct Scripted {
        results: Vec<Result<Answer, DnsError>>,
        asked: Mutex<Vec<Tick>>,
    }

    impl Resolve for Scripted {
        async fn resolve(&self, _: &str) -> Result<Answer, DnsError> {
            let mut asked = self.asked.lock().unwrap();
            asked.push(soe503::clock::now());
            self.results[(asked.len() - 1).min(self.results.len() - 1)].clone()
        }
    }

    fn answer(ttl: u64) -> Result<Answer, DnsError> {
        Ok(Answer {
            addresses: vec![IpAddr::V4(Ipv4Addr::LOCALHOST)],
            ttl: Duration::from_secs(ttl),
            ..Answer::default()
        })
    }

    fn failure() -> Result<Answer, DnsError> {
        Err(DnsError {
            rcode: Some(2),
            text: "no".into(),
        })
    }

    /// The pauses between the first lookups, with the jitter's tenth taken off: whole seconds.
    async fn pauses(results: Vec<Result<Answer, DnsError>>, every: u64) -> Vec<u64> {
        let count = results.len() + 1;
        let resolver = Arc::new(Scripted {
            results,
            asked: Mutex::new(Vec::new()),
        });
        let (told, mut seen) = mpsc::unbounded_channel();
        let settings = Settings::new(Duration::from_secs(every), 7);
        let task = tokio::spawn(refresh(
            Arc::clone(&resolver),
            "app".into(),
            settings,
            move |r| {
                told.send(r.is_ok()).unwrap();
            },
        ));
        for _ in 0..count {
            seen.recv().await.unwrap();
        }
        task.abort();
        let asked = resolver.asked.lock().unwrap();
        let pauses: Vec<Duration> = asked.windows(2).map(|w| w[1].since(w[0])).collect();
        pauses
            .iter()
            .map(|pause| {
                let whole = pause.as_secs_f64();
                let base = (whole / 1.1).ceil();
                assert!(
                    whole >= base && whole <= base * 1.1 + 0.002,
                    "{whole} is no jitter of {base}"
                );
                base as u64
            })
            .collect()
    }

    #[tokio::test(start_paused = true)]
    async fn fm26_a_ttl_counts_within_its_bounds() {
        assert_eq!(
            pauses(vec![answer(300), answer(4), answer(0), answer(10)], 10).await,
            [10, 4, 1, 10]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn failures_back_off_and_an_answer_ends_that() {
        let results = vec![
            failure(),
            failure(),
            failure(),
            failure(),
            failure(),
            answer(300),
            failure(),
        ];
        assert_eq!(pauses(results, 10).await, [1, 2, 4, 8, 10, 10, 1]);
    }
}
