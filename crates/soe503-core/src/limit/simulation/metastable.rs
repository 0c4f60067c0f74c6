//! An overload that keeps itself going, with nobody to notice it but whoever watches for that.

use super::setting::World;
use super::world::Outcome;
use crate::limit::LimitConfig;
use crate::metastable::Stage;

/// Five sixths of what can be done. At 20 s everything takes three times as long for five seconds. Clients
/// that have waited for a second ask again, and what they had asked for is worked on all the same: from
/// then on the backends are busy with what nobody waits for.
fn world(seed: u64, watched: bool) -> World {
    World {
        seed,
        load: vec![(0.0, 500.0)],
        until: 90.0,
        service: |now, _| {
            if (20.0..25.0).contains(&now) {
                0.12
            } else {
                0.04
            }
        },
        again: 2,
        watched,
        config: LimitConfig {
            adaptive: false,
            ..World::default().config
        },
        ..World::default()
    }
}

/// Seconds after the trigger until 95 % of the usual load is answered in every second that follows.
fn recovered(out: &Outcome) -> Option<f64> {
    let good = |second: u32| {
        let from = 25.0 + f64::from(second);
        out.goodput(from, from + 1.0) > 0.8 * 500.0
    };
    let bad = (0..60).rev().find(|second| !good(*second));
    let seconds = bad.map_or(0, |bad| bad + 1);
    (seconds < 60).then(|| f64::from(seconds))
}

#[test]
fn by_itself_it_stays() {
    for seed in 1..=3 {
        let out = world(seed, false).run();
        assert!(out.goodput(10.0, 20.0) > 480.0, "{seed}: well before");
        assert_eq!(recovered(&out), None, "{seed}");
        let goodput = out.goodput(60.0, 90.0);
        assert!(goodput < 0.3 * 500.0, "{seed}: {goodput} long after");
    }
}

#[test]
fn fm50_noticed_it_is_left_within_seconds() {
    for seed in 1..=5 {
        let out = world(seed, true).run();
        let seconds = recovered(&out).unwrap_or_else(|| panic!("{seed}: {:?}", out.stages));
        // What is in the backends' queues by then, and can only be worked off, is most of it.
        assert!(seconds <= 30.0, "{seed}: {seconds} s, {:?}", out.stages);
        let stages: Vec<Stage> = out.stages.iter().map(|(_, stage)| *stage).collect();
        let cut = [Stage::RetriesCut, Stage::QueueCut, Stage::Shedding];
        assert_eq!(stages[..3], cut, "{seed}: in this order");
        assert_eq!(stages.last(), Some(&Stage::Normal), "{seed}");
        assert!(
            out.stages[0].0 > 20.0,
            "{seed}: not before there was a reason"
        );
        let goodput = out.goodput(70.0, 90.0);
        assert!(goodput > 480.0, "{seed}: {goodput} long after");
        assert_eq!(out.left, (0, 0), "{seed}");
    }
}

/// The same load and no trigger; a stall that clients sit out.
#[test]
fn what_does_not_keep_itself_going_is_left_alone() {
    for seed in 1..=3 {
        let calm = World {
            service: |_, _| 0.04,
            ..world(seed, true)
        };
        assert_eq!(calm.run().stages, [], "{seed}");
        let hangs = World {
            service: |_, _| 0.04,
            frozen: (20.0, 20.8),
            again: 0,
            ..world(seed, true)
        };
        let out = hangs.run();
        assert_eq!(out.stages, [], "{seed}: a stall is none");
    }
}
