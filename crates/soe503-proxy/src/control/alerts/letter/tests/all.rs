//! What holds for every kind.

use soe503_core::alert::Event;

use super::super::{Letter, write};
use super::{KINDS, bodies, closed, hostile, incident, letter, only, texts};
use crate::config::AlertKind;

#[test]
fn the_whole_of_each_kind() {
    let (open, over) = (incident(), closed());
    for kind in KINDS {
        let word = kind.word();
        insta::assert_json_snapshot!(
            format!("{word}_opened"),
            only(kind, &letter(&open, Event::Opened))
        );
        insta::assert_json_snapshot!(
            format!("{word}_closed"),
            only(kind, &letter(&over, Event::Closed))
        );
    }
}

#[test]
fn no_text_of_others_hides_anything() {
    let told = hostile();
    for kind in KINDS {
        // A webhook gets the document as it is: it is data there.
        if kind == AlertKind::Webhook {
            continue;
        }
        let mut found = Vec::new();
        texts(&only(kind, &letter(&told, Event::Opened)), &mut found);
        for text in found {
            let dark =
                |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202e}' | '\u{200b}');
            assert!(!text.contains(dark), "{kind:?}: {text:?}");
        }
    }
}

#[test]
fn every_test_says_that_it_is_one() {
    let told = incident();
    let letter = Letter {
        test: true,
        ..letter(&told, Event::Opened)
    };
    for kind in KINDS {
        let body = bodies(kind, &letter).remove(0).to_string();
        assert!(body.contains("TEST: "), "{kind:?}: {body}");
    }
}

#[test]
fn tokens_are_sent_to_those_who_want_them() {
    let told = incident();
    for (kind, sent) in [
        (AlertKind::Slack, false),
        (AlertKind::PagerDuty, false),
        (AlertKind::Alertmanager, true),
        (AlertKind::Grafana, true),
        (AlertKind::Webhook, false),
    ] {
        let parcels = write(kind, &letter(&told, Event::Opened), &["tok-1".to_owned()]);
        let found = parcels[0]
            .fields
            .iter()
            .find(|(name, _)| name == "authorization");
        assert_eq!(
            found.map(|(_, value)| value.to_str().unwrap()),
            sent.then_some("Bearer tok-1")
        );
        assert!(!format!("{parcels:?}").contains("tok-1"));
    }
}

#[test]
fn without_an_address_there_is_no_link_to_it() {
    let told = incident();
    for kind in KINDS {
        let letter = Letter {
            external_url: None,
            ..letter(&told, Event::Opened)
        };
        let body = only(kind, &letter).to_string();
        assert!(!body.contains("/api/v1/incidents/"), "{kind:?}");
        assert!(
            body.contains("causes.md#dependency_failure/connect_refused")
                || kind == AlertKind::Grafana
        );
    }
}
