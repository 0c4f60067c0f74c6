//! What backends answer at other paths than their health check asks for.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use soe503_core::Tick;
use soe503_core::incident::condition::PathFound;
use tokio::sync::Notify;

/// What was found is worth so much time, before the paths are asked for again.
const AGAIN: Duration = Duration::from_secs(60);

/// Answers of a pool's backends to paths that a health check could ask for, and the wish for them. A reload forgets it
/// only where the check is another one.
#[derive(Debug, Default)]
pub struct Paths {
    inner: Mutex<Inner>,
    wanted: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    found: Vec<PathFound>,
    asked: Option<Tick>,
}

// === impl Paths ===

impl Paths {
    /// Somebody wants to know. Asked again and again, it is looked for once a minute.
    pub fn want(&self, now: Tick) {
        let mut inner = self.inner();
        if inner.asked.is_some_and(|at| now.since(at) < AGAIN) {
            return;
        }
        inner.asked = Some(now);
        drop(inner);
        self.wanted.notify_one();
    }

    /// Waits until somebody wants to know.
    pub async fn wanted(&self) {
        self.wanted.notified().await;
    }

    /// This was found; what was known of the same path goes.
    pub fn learn(&self, found: PathFound) {
        let mut inner = self.inner();
        match inner
            .found
            .iter_mut()
            .find(|known| known.path == found.path)
        {
            Some(known) => *known = found,
            None => inner.found.push(found),
        }
    }

    /// What was found so far.
    pub fn found(&self) -> Vec<PathFound> {
        self.inner().found.clone()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn they_are_asked_for_once_a_minute() {
        let paths = Paths::default();
        let asked = async || {
            let wanted = tokio::time::timeout(Duration::from_millis(1), paths.wanted());
            wanted.await.is_ok()
        };
        for (second, expected) in [(100, true), (101, false), (159, false), (160, true)] {
            paths.want(Tick::from_secs(second));
            assert_eq!(asked().await, expected, "{second}");
        }
    }

    #[test]
    fn the_latest_answer_of_a_path_counts() {
        let paths = Paths::default();
        for (path, status) in [("/a", 404), ("/b", 200), ("/a", 200)] {
            paths.learn(PathFound {
                path: path.into(),
                status: Some(status),
                good: status == 200,
                address: "127.0.0.1:80".into(),
                at: Tick::ZERO,
            });
        }
        let found = paths.found();
        let found: Vec<_> = found.iter().map(|f| (&*f.path, f.good)).collect();
        assert_eq!(found, [("/a", true), ("/b", true)]);
    }
}
