//! Which change failures come from, if any (rule R7).

use std::sync::Arc;

use super::{CLOCK_MARGIN_MS, Change, Kind, Log, Origin, Reach};

/// A change is called the cause only if that is so many times as likely as chance.
pub const LIKELY: f64 = 10.0;
/// Changes of so many milliseconds before and after the onset are listed.
pub const NEAR: i64 = 15 * 60 * 1000;

/// What is broken by a change breaks within its window nearly always.
const WITHIN: f64 = 0.95;
const HOUR: f64 = 3_600_000.0;
/// So long it is remembered how often something is changed.
const DAY: f64 = 24.0 * HOUR;
/// What is assumed before anything is known: one change in so long.
const PRIOR: f64 = 6.0 * HOUR;

/// Failures that began.
#[derive(Clone, Copy, Debug)]
pub struct Onset<'a> {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// In which pool; `None`: in this proxy itself.
    pub pool: Option<&'a str>,
    /// At these backends.
    pub backends: &'a [Arc<str>],
    /// The pool has so many.
    pub backends_total: Option<usize>,
    /// All of the pool is concerned, not single backends.
    pub whole: bool,
}

/// A change that is taken for the cause.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Which.
    pub change: Arc<Change>,
    /// So many milliseconds before the onset; negative: after it, within the margin of two clocks.
    pub before_ms: i64,
    /// How many times as likely it is that the change is the cause as that it is there by chance.
    pub ratio: f64,
    /// It was taken back, and that ended the failures.
    pub proven: bool,
}

/// The changes around an onset.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Links {
    /// The one that is taken for the cause.
    pub cause: Option<Link>,
    /// All others, the nearest first, each with what speaks against it.
    pub near: Vec<(Arc<Change>, WhyNot)>,
}

/// Why a change is not taken for the cause.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum WhyNot {
    /// The failures began so many milliseconds before it.
    Later(i64),
    /// It was so many milliseconds before the onset, longer than such a change takes to show.
    TooEarly(i64),
    /// It concerns something else.
    Elsewhere,
    /// Nobody said what it concerns.
    ReachUnknown,
    /// Such changes are so frequent that one would be there by chance; only so many times as likely.
    Frequent(f64),
    /// Another one is more likely.
    LessLikely(f64),
}

/// The changes around `onset`.
///
/// A change of kind *k* is a candidate if it covers what fails and lies at most *k*'s window before the onset (or
/// after it by at most the margin of two clocks, if another machine's clock has dated it). How likely chance is
/// to put one there is counted: covering changes of that kind in the last day, and in the last hour, whichever
/// gives more; of what is not watched for long, one in six hours is assumed. The likelihood ratio is
/// 0.95 ÷ (rate × window), and has to reach [`LIKELY`].
pub fn link(log: &Log, onset: &Onset<'_>) -> Links {
    let mut links = Links::default();
    let mut likely: Vec<Link> = Vec::new();
    for change in log.changes() {
        let before = onset.at_ms - change.at_ms;
        if before.abs() > NEAR {
            continue;
        }
        match judge(log, change, onset) {
            Ok(ratio) => likely.push(Link {
                change: Arc::clone(change),
                before_ms: before,
                ratio,
                proven: false,
            }),
            Err(why) => links.near.push((Arc::clone(change), why)),
        }
    }
    // The most likely, of equals the nearest.
    likely.sort_by(|a, b| {
        let by_ratio = b.ratio.total_cmp(&a.ratio);
        by_ratio.then(a.before_ms.abs().cmp(&b.before_ms.abs()))
    });
    let mut likely = likely.into_iter();
    links.cause = likely.next();
    links
        .near
        .extend(likely.map(|link| (link.change, WhyNot::LessLikely(link.ratio))));
    links
        .near
        .sort_by_key(|(change, _)| (onset.at_ms - change.at_ms).abs());
    links
}

/// How likely it is that `change` is the cause, or what speaks against it.
fn judge(log: &Log, change: &Change, onset: &Onset<'_>) -> Result<f64, WhyNot> {
    match covers(&change.reach, onset) {
        Some(true) => {}
        Some(false) => return Err(WhyNot::Elsewhere),
        None => return Err(WhyNot::ReachUnknown),
    }
    let before = onset.at_ms - change.at_ms;
    // What we dated ourselves has no margin.
    let margin = match change.origin {
        Origin::Reported => CLOCK_MARGIN_MS,
        Origin::Reload | Origin::Release => 0,
    };
    let window = window_ms(change.kind);
    if before < -margin {
        return Err(WhyNot::Later(-before));
    }
    if before > window + margin {
        return Err(WhyNot::TooEarly(before));
    }
    let ratio = WITHIN / (rate(log, change, onset) * window.max(CLOCK_MARGIN_MS) as f64);
    match ratio >= LIKELY {
        true => Ok(ratio),
        false => Err(WhyNot::Frequent(ratio)),
    }
}

/// Whether `change` may have to do with what fails, as far as anybody has said what it concerns.
pub(crate) fn concerns(change: &Change, onset: &Onset<'_>) -> bool {
    match &change.reach {
        // Which of them fail is not known.
        Reach::Backends { pool, .. } => onset.pool == Some(&**pool),
        reach => covers(reach, onset) != Some(false),
    }
}

/// How many changes like `change` there are in a millisecond. It, and what belongs to the same roll-out, does
/// not count: it is what is judged.
fn rate(log: &Log, change: &Change, onset: &Onset<'_>) -> f64 {
    let age = |at_ms: i64| (onset.at_ms - at_ms).max(0) as f64;
    let others = || {
        log.changes().filter(|other| {
            other.kind == change.kind
                && !other.rollout(change)
                && covers(&other.reach, onset) == Some(true)
                // What came after it may be somebody's answer to it.
                && other.at_ms <= onset.at_ms
        })
    };
    let in_day = others().filter(|other| age(other.at_ms) <= DAY).count();
    let watched = age(log.since_ms()).min(DAY);
    let long = (in_day as f64 + 1.0) / (watched + PRIOR);
    let ages = others().map(|other| age(other.at_ms));
    let (count, oldest) = ages
        .filter(|age| *age <= HOUR)
        .fold((0.0, 0.0_f64), |(n, oldest), age| {
            (n + 1.0, oldest.max(age))
        });
    // Several at once say no more than one in a second.
    let short = count / oldest.max(1_000.0);
    long.max(short)
}

/// Whether what fails lies within `reach`; `None`: nobody knows.
fn covers(reach: &Reach, onset: &Onset<'_>) -> Option<bool> {
    match reach {
        Reach::Unknown => None,
        Reach::Everything => Some(true),
        Reach::Pools(pools) => {
            let pool = onset.pool;
            Some(pool.is_some_and(|pool| pools.iter().any(|covered| **covered == *pool)))
        }
        Reach::Backends { pool, backends } => {
            let all = match (onset.whole, onset.backends_total) {
                (true, Some(total)) => backends.len() >= total,
                (true, None) => false,
                (false, _) => {
                    !onset.backends.is_empty()
                        && onset
                            .backends
                            .iter()
                            .all(|failing| backends.contains(failing))
                }
            };
            Some(onset.pool == Some(&**pool) && all)
        }
    }
}

fn window_ms(kind: Kind) -> i64 {
    i64::try_from(kind.window().as_millis()).unwrap_or(i64::MAX)
}

// === impl WhyNot ===

impl WhyNot {
    /// The change concerns what fails; what speaks against it is its time.
    pub const fn covers(&self) -> bool {
        !matches!(self, Self::Elsewhere | Self::ReachUnknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a roll-out it is not known which backends fail; of what nobody knows the reach of, anything may.
    #[test]
    fn what_may_have_to_do_with_it() {
        let backends = |pool: &str| Reach::Backends {
            pool: pool.into(),
            backends: vec!["a".into()],
        };
        let pools = |pool: &str| Reach::Pools(vec![pool.into()]);
        for (reach, concerned) in [
            (Reach::Unknown, true),
            (Reach::Everything, true),
            (pools("cart"), true),
            (pools("billing"), false),
            (backends("cart"), true),
            (backends("billing"), false),
        ] {
            let change = Change {
                id: "C1".into(),
                kind: Kind::Deploy,
                at_ms: 0,
                service: None,
                version: None,
                reach,
                by: None,
                notes: Vec::new(),
                origin: Origin::Reported,
            };
            let onset = Onset {
                at_ms: 0,
                pool: Some("cart"),
                backends: &[],
                backends_total: Some(3),
                whole: true,
            };
            assert_eq!(concerns(&change, &onset), concerned, "{:?}", change.reach);
        }
    }
}
