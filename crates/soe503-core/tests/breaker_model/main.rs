//! The breaker against a model that remembers everything: see `naive.rs`.

#[path = "../breaker_support/mod.rs"]
mod breaker_support;
mod naive;

use std::time::Duration;

use breaker_support::*;
use naive::{Model, Period};
use proptest::prelude::*;
use soe503_core::breaker::{Breaker, BreakerConfig, Permit, Window};
use soe503_core::{Outcome, Ratio, Tick};

/// What happens.
#[derive(Clone, Debug)]
enum Event {
    Wait(u64),
    Admit,
    Head(prop::sample::Index),
    End(prop::sample::Index, Outcome),
    Abandon(prop::sample::Index),
    ForceOpen,
    ForceClosed,
    Reset,
}

fn any_event() -> impl Strategy<Value = Event> {
    let outcome = prop_oneof![
        4 => Just(Outcome::SUCCESS),
        5 => Just(Outcome::failure(REFUSED)),
        1 => Just(Outcome::degraded(TIMEOUT)),
        1 => Just(Outcome::IGNORE),
    ];
    let one = any::<prop::sample::Index>;
    prop_oneof![
        6 => (0_u64..400).prop_map(Event::Wait),
        2 => (400_u64..3000).prop_map(Event::Wait),
        20 => Just(Event::Admit),
        4 => one().prop_map(Event::Head),
        16 => (one(), outcome).prop_map(|(n, o)| Event::End(n, o)),
        3 => one().prop_map(Event::Abandon),
        1 => prop_oneof![Just(Event::ForceOpen), Just(Event::ForceClosed), Just(Event::Reset)],
    ]
}

prop_compose! {
    fn any_config()(
        consecutive_failures in prop::option::of(1_u32..5),
        max_consecutive_failures in 1_u32..9,
        failure_rate in prop::option::of(1_u32..=4),
        slow_rate in prop::option::of(1_u32..=4),
        window in prop_oneof![
            (4_u32..10).prop_map(Window::Count),
            (500_u64..3000).prop_map(|n| Window::Time(Duration::from_millis(n))),
        ],
        minimum_requests in 1_u32..5,
        probes in 1_u32..5,
        half_open_timeout in prop::option::of(300_u64..2000),
        abandon_after in prop::option::of(1_u64..1000),
    ) -> BreakerConfig {
        let quarters = |n: u32| Ratio::percent(25 * n);
        BreakerConfig {
            consecutive_failures,
            max_consecutive_failures,
            failure_rate: failure_rate.map(quarters),
            slow_rate: slow_rate.map(quarters),
            slow_request: Duration::from_millis(500),
            window,
            minimum_requests,
            probe_interval: None,
            open_for: Duration::from_millis(200),
            max_open_for: Duration::from_millis(1200),
            jitter: Ratio::ZERO,
            probes,
            half_open_timeout: half_open_timeout.map(Duration::from_millis),
            abandon_after: abandon_after.map(Duration::from_millis),
            shadow: false,
            ..BreakerConfig::default()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn agrees_with_the_model(
        config in any_config(),
        events in prop::collection::vec(any_event(), 1..120),
    ) {
        let breaker = Breaker::try_new("modelled", config.clone(), 1).unwrap();
        let mut model = Model::new(config);
        // By the request's number in the model.
        let mut flying: Vec<(usize, Permit)> = Vec::new();
        let mut now = Tick::from_secs(5);
        for event in events {
            match event {
                Event::Wait(millis) => now = now.after(Duration::from_millis(millis)),
                Event::Admit => {
                    let permit = breaker.admit(now).ok();
                    let probe = permit.as_ref().map(Permit::is_probe);
                    prop_assert_eq!(probe, model.admit(now), "let in");
                    flying.extend(permit.map(|p| (model.requests.len() - 1, p)));
                }
                Event::Head(which) if !flying.is_empty() => {
                    let which = which.index(flying.len());
                    let (n, permit) = &mut flying[which];
                    permit.responded(now);
                    model.requests[*n].head.get_or_insert(now);
                }
                Event::End(which, outcome) if !flying.is_empty() => {
                    let (n, permit) = flying.swap_remove(which.index(flying.len()));
                    permit.record(now, outcome);
                    model.end(n, now, outcome);
                }
                Event::Abandon(which) if !flying.is_empty() => {
                    let (n, permit) = flying.swap_remove(which.index(flying.len()));
                    permit.abandon(now);
                    model.end(n, now, model.abandoned(n, now));
                }
                Event::ForceOpen => {
                    breaker.force_open(now, "test");
                    model.periods.push(Period::ForcedOpen);
                }
                Event::ForceClosed => {
                    breaker.force_closed(now, "test");
                    model.periods.push(Period::ForcedClosed);
                }
                Event::Reset => {
                    breaker.reset(now);
                    model.reset = model.ends;
                    if model.period() == Period::Closed {
                        model.forgotten = model.ends;
                    } else {
                        model.periods.push(Period::Closed);
                    }
                }
                _ => {}
            }
            let seen = breaker.snapshot(now);
            prop_assert_eq!(seen.state, model.state());
            prop_assert_eq!(seen.generation as usize, model.periods.len() - 1);
            prop_assert_eq!(seen.retry_at, model.retry_at());
            if model.period() == Period::Closed {
                prop_assert_eq!(seen.consecutive_failures, model.streak());
                if let Some(window) = seen.window {
                    let totals = (window.total, window.failed, window.slow);
                    prop_assert_eq!(totals, model.window(now));
                }
            }
            if let Period::HalfOpen { .. } = model.period() {
                prop_assert_eq!(seen.probes_in_flight as usize, model.in_flight().len());
            }
        }
    }
}
