use proptest::prelude::*;

use super::*;

#[test]
fn what_is_handed_on_reads_as_it_was_written() {
    for (attempts, timeout, text) in [
        (Some(3), Some(950), "attempts=3, timeout=950"),
        (Some(1), None, "attempts=1"),
        (None, Some(0), "timeout=0"),
        (None, None, ""),
    ] {
        let handed = Handed {
            attempts,
            timeout: timeout.map(Duration::from_millis),
        };
        assert_eq!(handed.to_text(), text);
        assert_eq!(Handed::parse(text), handed);
    }
}

#[test]
fn what_makes_no_sense_says_nothing() {
    let none = Handed::default();
    let long = format!("attempts=1, x={}", "1".repeat(LONGEST));
    for text in ["attempts", "attempts=?1", "attempts=-1", "a b", "{", &long] {
        assert_eq!(Handed::parse(text), none, "{text}");
    }
    assert_eq!(Handed::parse("attempts=0").attempts, Some(1));
    assert_eq!(Handed::parse("attempts=99999").attempts, Some(MOST));
}

#[test]
fn others_attempts_are_taken_off() {
    for (grpc, envoy, spent) in [
        (None, None, 0),
        (Some("2"), None, 2),
        (None, Some("1"), 0),
        (Some("1"), Some("3"), 2),
        (Some("-1"), Some("x"), 0),
        (Some("99999999"), None, MOST),
    ] {
        assert_eq!(spent_before(grpc, envoy), spent, "{grpc:?} {envoy:?}");
    }
    let left = |handed: Option<u8>, spent| {
        let handed = Handed {
            attempts: handed,
            timeout: None,
        };
        handed.after(spent, 3).attempts
    };
    assert_eq!(left(None, 0), None);
    assert_eq!(left(None, 1), Some(3));
    assert_eq!(left(None, 3), Some(1));
    assert_eq!(left(None, 50), Some(1));
    assert_eq!(left(Some(2), 1), Some(2));
}

#[test]
fn attempts_of_a_proxy_behind_read_as_they_were_written() {
    for (attempts, reach, text) in [(3, Reach::Pool, "3"), (0, Reach::Host, "0;scope=host")] {
        let below = Below { attempts, reach };
        assert_eq!(below.to_text(), text);
        assert_eq!(Below::parse(text), Some(below));
    }
    let odd = Below::parse("2;scope=planet;x").unwrap();
    assert_eq!((odd.attempts, odd.reach), (2, Reach::Pool));
    for text in ["", "many", "-1", "1.5", "1, 2"] {
        assert_eq!(Below::parse(text), None, "{text}");
    }
}

/// What becomes of a request at one proxy of a row, as its fuzzer has decided.
#[derive(Clone, Copy, Debug)]
enum End {
    /// It dies after all that it does, and says nothing.
    Dies,
    /// It answers that all its attempts failed.
    Fails,
    /// It fails by itself, before any attempt.
    Host,
}

/// Plays a proxy with `own` attempts, `depth` further ones behind it. Returns the attempts that reached
/// the last backend, and what it says.
fn play(
    own: u8,
    depth: u8,
    handed: Option<u8>,
    ends: &mut impl FnMut() -> End,
) -> (u32, Option<Below>) {
    let end = ends();
    if matches!(end, End::Host) {
        let reach = Reach::Host;
        return (0, Some(Below { attempts: 0, reach }));
    }
    let lend = depth > 0;
    let mut allowance = handed.map(Allowance::handed).unwrap_or_default();
    allowance.begin(own, lend);
    let (mut reached, mut number) = (0, 1);
    loop {
        let used = if lend {
            let (more, said) = play(own, depth - 1, Some(allowance.lent()), ends);
            reached += more;
            said
        } else {
            reached += 1;
            let reach = Reach::Host;
            Some(Below { attempts: 1, reach })
        };
        allowance.ended(used.map(|below| below.attempts));
        let elsewhere = used.is_none_or(|below| below.reach == Reach::Host);
        if number >= own || allowance.is_spent() || !elsewhere {
            break;
        }
        number += 1;
        allowance.next(lend);
    }
    let attempts = u8::try_from(reached).unwrap();
    let reach = Reach::Pool;
    let said = matches!(end, End::Fails).then_some(Below { attempts, reach });
    (reached, said)
}

proptest! {
    #[test]
    fn proxies_in_a_row_never_make_more_attempts_than_the_first_and_one(
        own in 1_u8..6,
        depth in 0_u8..5,
        script in prop::collection::vec(0_u8..3, 1..64),
    ) {
        let mut at = 0;
        let mut ends = || {
            at += 1;
            [End::Dies, End::Fails, End::Host][usize::from(script[at % script.len()])]
        };
        let (reached, _) = play(own, depth, None, &mut ends);
        prop_assert!(reached <= u32::from(own) + 1, "{reached} of {own} at depth {depth}");
    }

    #[test]
    fn no_field_value_breaks_the_parsers(text in ".{0,300}") {
        let _ = (Handed::parse(&text), Below::parse(&text), spent_before(Some(&text), Some(&text)));
    }
}

#[test]
fn a_proxy_alone_has_its_own_number() {
    let mut allowance = Allowance::default();
    allowance.begin(3, false);
    for last in [false, false, true] {
        assert_eq!((allowance.lent(), allowance.is_last()), (1, last));
        allowance.ended(None);
        allowance.next(false);
    }
    assert!(allowance.is_spent());
}

#[test]
fn each_keeps_one_for_a_silent_end_behind_it() {
    let mut edge = Allowance::default();
    edge.begin(3, true);
    assert_eq!((edge.lent(), edge.is_last()), (3, false));
    let mut middle = Allowance::handed(edge.lent());
    middle.begin(3, true);
    assert_eq!((middle.lent(), middle.is_last()), (2, false));
    let mut inner = Allowance::handed(middle.lent());
    inner.begin(3, false);
    assert_eq!((inner.lent(), inner.is_last()), (1, false));
    // The middle one dies: the last attempt goes all the way down alone.
    edge.ended(None);
    edge.next(true);
    assert_eq!(
        (edge.lent(), edge.is_last(), edge.is_spent()),
        (1, true, false)
    );
}

#[test]
fn an_attempt_that_reached_nobody_costs_nothing() {
    let mut allowance = Allowance::handed(1);
    allowance.begin(3, false);
    allowance.ended(Some(0));
    assert!(!allowance.is_spent());
}

#[test]
fn pools_share_what_there_is() {
    let sent = |below: Option<u8>| {
        let mut attempt = Attempt::begin(1, crate::Tick::ZERO);
        (attempt.phase, attempt.bytes_sent) = (Phase::Done, Some(9));
        attempt.below = below.map(|attempts| Below {
            attempts,
            reach: Reach::Pool,
        });
        attempt
    };
    let refused = Attempt::begin(1, crate::Tick::ZERO);
    // (handed down, configured, lends, the first pool may use, its attempts, what is left)
    for (handed, own, lend, first, attempts, left) in [
        (None, 3, false, 2, vec![sent(None); 2], 1),
        (None, 3, false, 2, vec![refused.clone()], 3),
        (None, 1, false, 1, vec![sent(None)], 0),
        (None, 3, true, 3, vec![sent(Some(2))], 2),
        // It ended without a word: it may have used all that it was lent.
        (None, 3, true, 3, vec![sent(None)], 1),
        (Some(1), 3, false, 1, vec![sent(None)], 0),
        (Some(2), 3, false, 1, vec![sent(None)], 1),
    ] {
        let all = handed.map_or_else(Allowance::default, Allowance::handed);
        let all = all.shared(own, lend);
        assert_eq!(all.keeping_one().left, first, "{handed:?} {own}");
        let after = all.less(&attempts, lend);
        assert_eq!(after.left, left, "{handed:?} {own} {attempts:?}");
        assert_eq!(after.is_spent(), left == 0);
    }
}

#[test]
fn a_field_is_read_up_to_its_longest() {
    let padded = |text: &str, length: usize| format!("{text:<length$}");
    for (length, read) in [(LONGEST, true), (LONGEST + 1, false), (LONGEST + 2, false)] {
        let handed = Handed::parse(&padded("attempts=2", length));
        assert_eq!(handed.attempts.is_some(), read, "{length}");
        let below = Below::parse(&padded("2;scope=host", length));
        assert_eq!(below.is_some(), read, "{length}");
    }
}
