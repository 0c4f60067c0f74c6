//! Every name is found, and no other.

use http::HeaderName;

use super::*;

fn find(name: &[u8]) -> Option<&'static Known> {
    super::find(name, words(name))
}

#[test]
fn every_name_is_found() {
    for known in &NAMES {
        let found = find(known.text.as_bytes()).unwrap_or_else(|| panic!("{}", known.text));
        assert_eq!(
            found.name,
            HeaderName::from_lowercase(known.text.as_bytes()).unwrap()
        );
    }
}

#[test]
fn a_name_that_differs_in_one_bit_is_another() {
    for known in &NAMES {
        for at in 0..known.text.len() {
            for bit in 0..8 {
                let mut name = known.text.as_bytes().to_vec();
                name[at] ^= 1 << bit;
                let found = find(&name).is_some_and(|found| found.text == known.text);
                assert!(!found, "{}", name.escape_ascii());
            }
        }
    }
}

#[test]
fn names_of_any_length_are_looked_for() {
    for len in 0..80 {
        assert!(find(&vec![b'q'; len]).is_none());
    }
}

/// A field that frames a message and is not in the table would be passed on unseen.
#[test]
fn what_frames_a_message_is_known() {
    for (name, kind) in [
        ("host", Kind::Host),
        ("cookie", Kind::Cookie),
        ("content-length", Kind::ContentLength),
        ("te", Kind::Te),
        ("connection", Kind::Connection),
        ("keep-alive", Kind::Connection),
        ("proxy-connection", Kind::Connection),
        ("transfer-encoding", Kind::Connection),
        ("upgrade", Kind::Connection),
    ] {
        assert_eq!(find(name.as_bytes()).map(|known| known.kind), Some(kind));
    }
    let special = |known: &&Known| !matches!(known.kind, Kind::Plain | Kind::Leading);
    assert_eq!(NAMES.iter().filter(special).count(), 9);
}

/// What is not written from a map is what would be malformed, or is said otherwise.
#[test]
fn policies_agree_with_kinds() {
    for known in &NAMES {
        let omitted = matches!(known.kind, Kind::Host | Kind::Te | Kind::Connection);
        assert_eq!(known.policy == Policy::Omit, omitted, "{}", known.text);
        let never = ["authorization", "proxy-authorization", "set-cookie"].contains(&known.text);
        assert_eq!(known.policy == Policy::Never, never, "{}", known.text);
    }
}

/// RFC 9110 §6.5.1; the same list as HTTP/1's.
#[test]
fn what_does_not_belong_into_a_trailer_section_is_known() {
    for name in [
        "authorization",
        "cache-control",
        "content-encoding",
        "content-range",
        "content-type",
        "expect",
        "forwarded",
        "max-forwards",
        "proxy-authenticate",
        "proxy-authorization",
        "range",
        "set-cookie",
        "trailer",
        "www-authenticate",
        "if-match",
        "x-forwarded-for",
    ] {
        assert_eq!(
            find(name.as_bytes()).map(|known| known.kind),
            Some(Kind::Leading),
            "{name}"
        );
    }
    assert_eq!(other("if-unheard-of"), Kind::Leading);
    assert_eq!(other("x-forwarded-something"), Kind::Leading);
    assert_eq!(other("x-forward"), Kind::Plain);
}

/// RFC 7541, appendix A, for names that stand there.
#[test]
fn static_indices_are_those_of_the_static_table() {
    use crate::hpack::field::{Field, Name};
    let mut named = 0;
    for known in &NAMES {
        if known.index != 0 {
            let entry = crate::hpack::static_table::get(known.index.into()).unwrap();
            let Field::Regular(name, _, kind) = &entry.field else {
                panic!("{} is a pseudo-field", known.text);
            };
            assert_eq!((name, kind), (&known.name, &known.kind));
            assert_eq!(entry.name_len as usize, known.text.len());
            named += 1;
        }
    }
    assert_eq!(named, 61 - 14);
    assert!(matches!(Name::parse(b":path"), Name::Path));
}
