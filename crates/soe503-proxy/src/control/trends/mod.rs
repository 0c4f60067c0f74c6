//! What the rules of diagnosis look back on, gathered once a second from counters that exist.
//!
//! ```text
//! counters, histograms ──▶ Second ──▶ History (15 min) ──┐
//! cpu.stat, pressure, timers ──────▶ Own ────────────────┼─▶ rules ──▶ Findings ──▶ PoolState, for whoever fails
//! ```
//!
//! A `Witness` beside `Own` is asked while all pools fail (rule R6).
//!
//! Workers do nothing for it beyond what they count anyway. A pool costs about 550 loads and, for each of its
//! first 64 backends that was ever asked, a copy of its histogram (1.4 KiB) a second. What was found hangs behind an
//! `ArcSwap` of the pool; a request that fails takes a reference.

mod cgroup;
mod host;
mod own;
mod pool;
mod trial;
mod witness;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

pub use cgroup::CpuStat;
pub(in crate::control) use cgroup::Source as CpuStatSource;
use own::OwnWatch;
use pool::PoolTrends;
use soe503_core::Tick;
use soe503_core::diagnosis::rules::{Everywhere, Own, Standing};
use witness::Witness;

use crate::state::Proxy;

/// How often our own timers are looked at.
const TICK: Duration = Duration::from_millis(25);

/// Gathers and judges for ever; the caller ends it by dropping the future.
pub(super) async fn run(proxy: Arc<Proxy>) {
    let mut pools: HashMap<Arc<str>, PoolTrends> = HashMap::new();
    let mut watch = OwnWatch::new();
    let control = proxy.loops.add("control", TICK, soe503::clock::now());
    let mut own = Own::default();
    let mut witness = Witness::default();
    let mut second = second_of(soe503::clock::now());
    loop {
        let due = soe503::clock::now().after(TICK);
        tokio::time::sleep_until(soe503::clock::instant(due)).await;
        let now = soe503::clock::now();
        watch.tick(now.since(due));
        control.looked(now, now.since(due));
        if second_of(now) == second {
            continue;
        }
        let standings = gather(&proxy, &mut pools, now);
        // Requests that fail at once are as good as any: few of them are under way at one moment.
        let busy = pools.values().any(PoolTrends::was_asked);
        own.push(watch.second(second, busy));
        second = second_of(now);
        if own.finding().is_some() {
            // Until the next look, and a little longer in case that is late.
            soe503::own_time::distrust(now.after(Duration::from_millis(1_500)));
        }
        let everywhere = witness.hear(&standings, &proxy.loops, now);
        judge(&proxy, &mut pools, &own, everywhere.as_ref(), now);
    }
}

/// Takes in the second that has just passed; how each pool fares.
fn gather(proxy: &Proxy, known: &mut HashMap<Arc<str>, PoolTrends>, now: Tick) -> Vec<Standing> {
    let pools = proxy.pools();
    known.retain(|name, _| pools.contains_key(name));
    let all = pools.values().map(|pool| {
        let trends = known
            .entry(Arc::clone(&pool.name))
            .or_insert_with(|| PoolTrends::new(pool, now));
        trends.gather(pool, now);
        trends.standing()
    });
    all.collect()
}

fn judge(
    proxy: &Proxy,
    known: &mut HashMap<Arc<str>, PoolTrends>,
    own: &Own,
    everywhere: Option<&Everywhere>,
    now: Tick,
) {
    for pool in proxy.pools().values() {
        // A reload in between: it is looked at the next time.
        let Some(trends) = known.get_mut(&pool.name) else {
            continue;
        };
        let findings = trends.judge(pool, own, everywhere, now);
        pool.trends.publish(findings);
        trends.ask_around(pool, now);
    }
}

const fn second_of(now: Tick) -> u64 {
    now.as_nanos() / 1_000_000_000
}
