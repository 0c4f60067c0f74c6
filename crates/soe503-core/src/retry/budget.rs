//! How many retries the recent requests pay for.
//!
//! **Why a share of original requests.** In an outage everything fails, and three tries each
//! triple the load on what is left. A budget that grows with *requests* (row S20) bounds the extra
//! load at a known share whatever fails; one that grows with successes or shrinks with the number
//! in flight collapses exactly when it is needed.
//!
//! **Why no token bucket.** A bucket that fills while nothing happens is a burst that waits for an
//! outage: tower's `TpsBudget` allows a hundred retries at once from an idle start. Here nothing
//! accumulates. Time is cut into ten buckets per window on a fixed grid; a withdrawal asks whether
//! the retries of the window, this one included, are covered by `ratio` × the requests of the same
//! window. If not, there is a reserve of `min_per_second` for each second by itself, so that a quiet
//! pool can retry at all.
//!
//! In every window that ends with a withdrawal, retries ≤ `ratio` × requests + `min_per_second` × its
//! whole seconds. The accounts are integers: a request deposits `ratio` in millionths of a retry.
//!
//! While most attempts fail, or a pool's overload keeps itself going, the budget is cut ([`RetryBudget::set_cut`]):
//! requests still pay in, and nothing is paid out.
//!
//! **Failure mode: fail closed.** No budget, no retry; the client sees the first failure. A deposit is
//! one compare-and-swap; withdrawals are rare by design and take a short lock.

use core::fmt;
use core::time::Duration;
use std::sync::{Arc, PoisonError};

use super::cut::Cut;
use crate::sync::{AtomicU8, AtomicU64, Mutex, MutexGuard, Ordering};
use crate::time::saturating_nanos;
use crate::{Ratio, Tick};

/// How much may be retried.
///
/// # Defaults
/// `ratio` 0.2, `window` 10 s, `min_per_second` 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetConfig {
    /// Retries allowed per original request of the window.
    pub ratio: Ratio,
    /// How far back requests count. At least 100 ms.
    pub window: Duration,
    /// Retries allowed in any second beyond `ratio`. Does not accumulate.
    pub min_per_second: u32,
}

/// A [`BudgetConfig`] that makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetConfigError(());

/// A named budget. A cheap-clone handle: clones spend the same money.
#[derive(Clone, Debug)]
pub struct RetryBudget {
    shared: Arc<Shared>,
}

/// What a budget looks like at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BudgetSnapshot {
    /// The budget's name.
    pub name: Arc<str>,
    /// Retries that could be withdrawn right now.
    pub available: u64,
    /// Retries withdrawn, ever.
    pub spent: u64,
    /// Withdrawals refused, ever.
    pub refused: u64,
    /// Original requests in the window.
    pub window_requests: u64,
    /// Retries in the window.
    pub window_retries: u64,
    /// Why nothing is paid for at the moment, if so.
    pub cut: Option<Cut>,
}

#[derive(Debug)]
struct Shared {
    name: Arc<str>,
    config: BudgetConfig,
    /// Width of a bucket in nanoseconds.
    width: u64,
    /// Requests by bucket: high half the bucket's epoch, low half the count.
    requests: [AtomicU64; BUCKETS],
    account: Mutex<Account>,
    /// Why nothing is paid for at the moment: a bit for each [`Cut`].
    cut: AtomicU8,
}

#[derive(Debug, Default)]
struct Account {
    /// Retries paid by requests, by bucket: epoch and count.
    covered: [(u32, u32); BUCKETS],
    /// Retries paid by the reserve, by bucket: epoch and count.
    reserved: [(u32, u32); BUCKETS],
    /// The second that the reserve was last used in, and how often.
    second: (u64, u32),
    spent: u64,
    refused: u64,
}

const BUCKETS: usize = 10;
/// Eleven minutes of the shortest buckets.
const LATEST: u32 = 1 << 16;
const SHORTEST_WINDOW: Duration = Duration::from_millis(100);

// === impl BudgetConfig ===

impl BudgetConfig {
    /// Whether the numbers make sense.
    ///
    /// # Errors
    /// [`BudgetConfigError`] if the window is shorter than 100 ms.
    pub fn validate(&self) -> Result<(), BudgetConfigError> {
        if self.window < SHORTEST_WINDOW {
            return Err(BudgetConfigError(()));
        }
        Ok(())
    }
}

impl Default for BudgetConfig {
    fn default() -> Self {
        Self {
            ratio: Ratio::percent(20),
            window: Duration::from_secs(10),
            min_per_second: 3,
        }
    }
}

// === impl BudgetConfigError ===

impl fmt::Display for BudgetConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("retry_budget.window must be at least 100ms")
    }
}

impl core::error::Error for BudgetConfigError {}

// === impl RetryBudget ===

impl RetryBudget {
    /// An empty budget. A window shorter than 100 ms counts as 100 ms.
    pub fn new(name: impl Into<Arc<str>>, config: BudgetConfig) -> Self {
        Self {
            shared: Arc::new(Shared {
                name: name.into(),
                width: saturating_nanos(config.window.max(SHORTEST_WINDOW)) / BUCKETS as u64,
                config,
                requests: core::array::from_fn(|_| AtomicU64::new(0)),
                account: Mutex::new(Account::default()),
                cut: AtomicU8::new(0),
            }),
        }
    }

    /// The budget's name.
    pub fn name(&self) -> &Arc<str> {
        &self.shared.name
    }

    /// The configuration.
    pub fn config(&self) -> &BudgetConfig {
        &self.shared.config
    }

    /// Counts an original request: once per client request, never for a retry.
    pub fn deposit(&self, now: Tick) {
        let epoch = self.shared.epoch(now);
        let slot = &self.shared.requests[epoch as usize % BUCKETS];
        let _ = slot.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |word| {
            let (at, count) = unpack(word);
            // A bucket of the future means that this thread's `now` is late: count it there.
            let current = at == epoch || count > 0 && newer(at, epoch);
            Some(if current {
                pack(at, count.saturating_add(1))
            } else {
                pack(epoch, 1)
            })
        });
    }

    /// Pays for nothing for this reason while `cut`. Reasons do not know of each other.
    pub fn set_cut(&self, why: Cut, cut: bool) {
        let bit = why.bit();
        if cut {
            self.shared.cut.fetch_or(bit, Ordering::Relaxed);
        } else {
            self.shared.cut.fetch_and(!bit, Ordering::Relaxed);
        }
    }

    /// Why nothing is paid for at the moment; `None`: what there is, is.
    pub fn cut(&self) -> Option<Cut> {
        let cut = self.shared.cut.load(Ordering::Relaxed);
        [Cut::Overload, Cut::MostFail]
            .into_iter()
            .find(|why| cut & why.bit() != 0)
    }

    /// Pays for one retry that is about to happen. `false`: nothing left, do not retry.
    pub fn withdraw(&self, now: Tick) -> bool {
        self.pay(now, self.cut())
    }

    /// Pays for another pool's attempt at a request that this one has tried: that most attempts fail here is no
    /// reason to stay.
    pub fn withdraw_to_leave(&self, now: Tick) -> bool {
        self.pay(now, self.cut().filter(|&cut| cut != Cut::MostFail))
    }

    fn pay(&self, now: Tick, cut: Option<Cut>) -> bool {
        let shared = &self.shared;
        let epoch = shared.epoch(now);
        let allowed = shared.allowed(epoch);
        let mut account = shared.account();
        let (by_requests, by_reserve) = account.left(now, epoch, allowed, &shared.config);
        let paid = (by_requests > 0 || by_reserve > 0) && cut.is_none();
        if !paid {
            account.refused += 1;
            return false;
        }
        if by_requests > 0 {
            add(&mut account.covered, epoch);
        } else {
            let second = account.second_at(now);
            account.second = (second, account.used_in(second) + 1);
            add(&mut account.reserved, epoch);
        }
        account.spent += 1;
        true
    }

    /// Pays for a request that is sent twice to save time, from what retries, which save requests, leave
    /// over: half of what the requests of the window have paid in is kept for them, and so is the reserve.
    pub fn withdraw_spare(&self, now: Tick) -> bool {
        let shared = &self.shared;
        let epoch = shared.epoch(now);
        let allowed = shared.allowed(epoch);
        let mut account = shared.account();
        let paid = sum(&account.covered, epoch) < allowed / 2 && !shared.is_cut();
        if paid {
            add(&mut account.covered, epoch);
            account.spent += 1;
        } else {
            account.refused += 1;
        }
        paid
    }

    /// Whether a retry could be paid for at `now`. Nothing is charged.
    pub fn could_pay(&self, now: Tick) -> bool {
        let shared = &self.shared;
        let epoch = shared.epoch(now);
        let allowed = shared.allowed(epoch);
        let account = shared.account();
        let (by_requests, by_reserve) = account.left(now, epoch, allowed, &shared.config);
        (by_requests > 0 || by_reserve > 0) && !shared.is_cut()
    }

    /// All numbers.
    pub fn snapshot(&self, now: Tick) -> BudgetSnapshot {
        let shared = &self.shared;
        let epoch = shared.epoch(now);
        let allowed = shared.allowed(epoch);
        let account = shared.account();
        let (by_requests, by_reserve) = account.left(now, epoch, allowed, &shared.config);
        BudgetSnapshot {
            name: Arc::clone(&shared.name),
            available: if shared.is_cut() {
                0
            } else {
                by_requests + by_reserve
            },
            spent: account.spent,
            refused: account.refused,
            window_requests: shared.window_requests(epoch),
            window_retries: sum(&account.covered, epoch) + sum(&account.reserved, epoch),
            cut: self.cut(),
        }
    }
}

// === impl Shared ===

impl Shared {
    /// The number of `now`'s bucket on the grid. Wraps; only differences matter.
    fn epoch(&self, now: Tick) -> u32 {
        (now.as_nanos() / self.width) as u32
    }

    fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Relaxed) != 0
    }

    fn window_requests(&self, epoch: u32) -> u64 {
        let in_window = self.requests.iter().filter_map(|slot| {
            let (at, count) = unpack(slot.load(Ordering::Relaxed));
            in_window(at, epoch).then_some(u64::from(count))
        });
        in_window.sum()
    }

    /// Retries that the requests of the window pay for, rounded down.
    fn allowed(&self, epoch: u32) -> u64 {
        self.config.ratio.of(self.window_requests(epoch))
    }

    fn account(&self) -> MutexGuard<'_, Account> {
        // The account is a handful of integers that are valid after any write.
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Account ===

impl Account {
    fn used_in(&self, second: u64) -> u32 {
        if self.second.0 == second {
            self.second.1
        } else {
            0
        }
    }

    /// What is left for `now`: paid by requests, and on top of that by the reserve.
    ///
    /// Retries can outlive in the window the requests that paid for them. The reserve then waits
    /// until the sum fits again, so that no window exceeds what it is worth.
    fn left(&self, now: Tick, epoch: u32, allowed: u64, config: &BudgetConfig) -> (u64, u64) {
        let covered = sum(&self.covered, epoch);
        let this_second = config
            .min_per_second
            .saturating_sub(self.used_in(self.second_at(now)));
        let seconds = config.window.max(Duration::from_secs(1)).as_secs();
        let whole_reserve = seconds.saturating_mul(u64::from(config.min_per_second));
        let taken = covered.max(allowed) + sum(&self.reserved, epoch);
        let this_window = allowed.saturating_add(whole_reserve).saturating_sub(taken);
        (
            allowed.saturating_sub(covered),
            this_window.min(u64::from(this_second)),
        )
    }

    /// The second that `now` counts in. A late `now` counts in the newest one: its own second is
    /// accounted for and gone.
    fn second_at(&self, now: Tick) -> u64 {
        (now.as_nanos() / 1_000_000_000).max(self.second.0)
    }
}

const fn pack(epoch: u32, count: u32) -> u64 {
    (epoch as u64) << 32 | count as u64
}

const fn unpack(word: u64) -> (u32, u32) {
    ((word >> 32) as u32, word as u32)
}

/// `a` is a later bucket than `b`, as a thread whose `now` is late finds it.
///
/// Epochs go round, so a bucket that nobody has used for half of a circle would look like one of the
/// future, and so would all buckets of a budget made then. No thread is late by [`LATEST`] buckets.
const fn newer(a: u32, b: u32) -> bool {
    a != b && a.wrapping_sub(b) < LATEST
}

const fn in_window(at: u32, epoch: u32) -> bool {
    epoch.wrapping_sub(at) < BUCKETS as u32
}

fn sum(buckets: &[(u32, u32); BUCKETS], epoch: u32) -> u64 {
    buckets
        .iter()
        .filter(|(at, _)| in_window(*at, epoch))
        .map(|(_, count)| u64::from(*count))
        .sum()
}

fn add(buckets: &mut [(u32, u32); BUCKETS], epoch: u32) {
    let bucket = &mut buckets[epoch as usize % BUCKETS];
    let late = bucket.1 > 0 && newer(bucket.0, epoch);
    if bucket.0 != epoch && !late {
        *bucket = (epoch, 0);
    }
    bucket.1 = bucket.1.saturating_add(1);
}
