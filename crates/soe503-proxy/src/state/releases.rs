//! Which release each backend of a pool says it is.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What backends say in their health checks, and what of it is news. Outlives a reload.
#[derive(Debug, Default)]
pub struct Releases {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    known: HashMap<Arc<str>, Arc<str>>,
    /// Backends that are of another release than before, and of which.
    news: Vec<(Arc<str>, Arc<str>)>,
}

/// Nobody needs more at a time.
const MOST_NEWS: usize = 256;

impl Releases {
    /// The backend called `name` says that it is `release`. What it says first is no news.
    pub fn learn(&self, name: &Arc<str>, release: &Arc<str>) {
        let mut inner = self.inner();
        let before = inner.known.get(name);
        if before == Some(release) {
            return;
        }
        let news = before.is_some();
        inner.known.insert(Arc::clone(name), Arc::clone(release));
        if news && inner.news.len() < MOST_NEWS {
            inner.news.push((Arc::clone(name), Arc::clone(release)));
        }
    }

    /// The backends that have changed since the last call. Those that are not `there` any more are forgotten.
    pub fn take(&self, there: impl Fn(&str) -> bool) -> Vec<(Arc<str>, Arc<str>)> {
        let mut inner = self.inner();
        let news = std::mem::take(&mut inner.news);
        if !news.is_empty() {
            inner.known.retain(|name, _| there(name));
        }
        news
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_release_is_news_once() {
        let releases = Releases::default();
        let (a, b): (Arc<str>, Arc<str>) = ("a".into(), "b".into());
        let (old, new): (Arc<str>, Arc<str>) = ("1".into(), "2".into());
        releases.learn(&a, &old);
        releases.learn(&b, &old);
        releases.learn(&a, &old);
        assert!(
            releases.take(|_| true).is_empty(),
            "nothing was known before"
        );
        releases.learn(&a, &new);
        releases.learn(&a, &new);
        assert_eq!(releases.take(|name| name == "a"), [(a, Arc::clone(&new))]);
        releases.learn(&b, &new);
        assert!(releases.take(|_| true).is_empty(), "b had left");
    }
}
