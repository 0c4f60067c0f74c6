//! What limits tell those whom they let through: `RateLimit-Policy` and `RateLimit`.

use std::num::NonZeroU32;
use std::time::Duration;

use soe503_core::Tick;
use soe503_core::explain::RateFields;
use soe503_core::rate::{Quota, RateConfig, RateLimit};

fn config(requests: u32, seconds: u64) -> RateConfig {
    let requests = NonZeroU32::new(requests).unwrap();
    RateConfig::new(Quota::new(requests, Duration::from_secs(seconds)))
}

/// `fields` with what `limit` says after `requests` of one caller.
fn add(fields: &mut RateFields, limit: &RateLimit, requests: u32) {
    let key = limit.key("a");
    let mut left = limit.take(key, Tick::ZERO).unwrap();
    for _ in 1..requests {
        left = limit.take(key, Tick::ZERO).unwrap();
    }
    fields.add(limit, &left);
}

#[test]
fn nobody_has_anything_to_say_at_first() {
    let fields = RateFields::default();
    assert!(fields.is_empty());
    assert_eq!(fields.into_fields(), None);
}

#[test]
fn each_limit_is_a_member_of_both_fields() {
    let mut fields = RateFields::default();
    // Of 10 in 100 s each costs 10 s: after three, 30 s until all is back.
    add(&mut fields, &RateLimit::new("search", config(10, 100)), 3);
    assert!(!fields.is_empty());
    let one = fields.clone().into_fields().unwrap();
    assert_eq!(
        one,
        [
            ("ratelimit-policy", "\"search\";q=10;w=100".to_owned()),
            ("ratelimit", "\"search\";r=7;t=30".to_owned()),
        ]
    );
    // Nothing is left of two in a minute: the next one is let through in half of it.
    add(&mut fields, &RateLimit::new("export", config(2, 60)), 2);
    let both = fields.into_fields().unwrap();
    assert_eq!(
        both,
        [
            (
                "ratelimit-policy",
                "\"search\";q=10;w=100, \"export\";q=2;w=60".to_owned()
            ),
            (
                "ratelimit",
                "\"search\";r=7;t=30, \"export\";r=0;t=30".to_owned()
            ),
        ]
    );
}

#[test]
fn what_only_counts_or_is_not_to_announce_anything_says_nothing() {
    let mut shadow = config(10, 100);
    shadow.shadow = true;
    let mut quiet = config(10, 100);
    quiet.announce = false;
    for (name, config) in [("shadow", shadow), ("quiet", quiet)] {
        let mut fields = RateFields::default();
        add(&mut fields, &RateLimit::new(name, config), 1);
        assert!(fields.is_empty(), "{name}");
    }
}
