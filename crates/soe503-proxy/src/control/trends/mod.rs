//! What the rules of diagnosis look back on, gathered once a second from counters that exist.
//!
//! ```text
//! counters, histograms ──▶ Second ──▶ History (15 min) ──┐
//! cpu.stat, pressure, timers ──────▶ Own ────────────────┼─▶ rules ──▶ Findings ──▶ PoolState, for whoever fails
//! ```
//!
//! Workers do nothing for it beyond what they count anyway. A pool costs about 550 loads and, for each of its
//! first 64 backends that was ever asked, a copy of its histogram (1.4 KiB) a second. What was found hangs behind an
//! `ArcSwap` of the pool; a request that fails takes a reference.

mod cgroup;
mod host;
mod own;
mod pool;
mod trial;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

pub use cgroup::CpuStat;
pub(in crate::control) use cgroup::Source as CpuStatSource;
use own::OwnWatch;
use pool::PoolTrends;
use soe503_core::Tick;
use soe503_core::diagnosis::rules::Own;

use crate::state::Proxy;

/// How often our own timers are looked at.
const TICK: Duration = Duration::from_millis(25);

/// Gathers and judges for ever; the caller ends it by dropping the future.
pub(super) async fn run(proxy: Arc<Proxy>) {
    let mut pools: HashMap<Arc<str>, PoolTrends> = HashMap::new();
    let mut watch = OwnWatch::new();
    let control = proxy.loops.add("control", TICK, soe503::clock::now());
    let mut own = Own::default();
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
        let busy = proxy.pools().values().any(|pool| pool.limit.pending() > 0);
        own.push(watch.second(second, busy));
        second = second_of(now);
        if own.finding().is_some() {
            // Until the next look, and a little longer in case that is late.
            soe503::own_time::distrust(now.after(Duration::from_millis(1_500)));
        }
        look(&proxy, &mut pools, &own, now);
    }
}

fn look(proxy: &Proxy, known: &mut HashMap<Arc<str>, PoolTrends>, own: &Own, now: Tick) {
    let pools = proxy.pools();
    known.retain(|name, _| pools.contains_key(name));
    for pool in pools.values() {
        let trends = known
            .entry(Arc::clone(&pool.name))
            .or_insert_with(|| PoolTrends::new(pool, now));
        trends.gather(pool, now);
        let findings = trends.judge(pool, own, now);
        pool.trends.publish(findings);
        trends.ask_around(pool, now);
    }
}

const fn second_of(now: Tick) -> u64 {
    now.as_nanos() / 1_000_000_000
}
