//! Slack: what Block Kit allows, and that nobody is called by what others wrote.

use serde_json::Value;
use soe503_core::alert::Event;

use super::{closed, hostile, incident, letter, only};
use crate::config::AlertKind;

/// Block Kit's reference: <https://docs.slack.dev/reference/block-kit/blocks>.
fn assert_block_kit(message: &Value) {
    let length = |text: &Value| text.as_str().unwrap().chars().count();
    let text_object = |text: &Value, most: usize| {
        let kind = text["type"].as_str().unwrap();
        assert!(matches!(kind, "plain_text" | "mrkdwn"), "{text}");
        assert!(
            (1..=most).contains(&length(&text["text"])),
            "{most}: {text}"
        );
        assert_eq!(
            text.get("emoji").is_some(),
            kind == "plain_text",
            "only for plain text"
        );
        // Or Slack would look for names and channels in what backends said.
        let verbatim = (kind == "mrkdwn").then_some(&Value::Bool(true));
        assert_eq!(text.get("verbatim"), verbatim, "{text}");
    };
    assert!((1..=40_000).contains(&length(&message["text"])));
    let blocks = message["blocks"].as_array().unwrap();
    assert!((1..=50).contains(&blocks.len()));
    for block in blocks {
        match block["type"].as_str().unwrap() {
            "header" => {
                assert_eq!(block["text"]["type"], "plain_text");
                text_object(&block["text"], 150);
            }
            "section" => {
                assert!(block.get("text").is_some() || block.get("fields").is_some());
                if let Some(text) = block.get("text") {
                    text_object(text, 3_000);
                }
                if let Some(fields) = block.get("fields") {
                    let fields = fields.as_array().unwrap();
                    assert!((1..=10).contains(&fields.len()));
                    fields.iter().for_each(|field| text_object(field, 2_000));
                }
            }
            "context" => {
                let elements = block["elements"].as_array().unwrap();
                assert!((1..=10).contains(&elements.len()));
                elements
                    .iter()
                    .for_each(|element| text_object(element, 2_000));
            }
            other => panic!("not used here: {other}"),
        }
    }
}

#[test]
fn slack_takes_every_message() {
    for told in [incident(), closed(), hostile()] {
        for event in [Event::Opened, Event::Grew, Event::Closed] {
            assert_block_kit(&only(AlertKind::Slack, &letter(&told, event)));
        }
    }
}

/// Nobody is called, and no link is shown, because of what a backend said.
#[test]
fn what_others_wrote_is_text_for_slack() {
    let told = hostile();
    let message = only(AlertKind::Slack, &letter(&told, Event::Opened));
    let mut formatted = vec![message["text"].as_str().unwrap().to_owned()];
    for block in message["blocks"].as_array().unwrap() {
        let fields = block["fields"].as_array().cloned().unwrap_or_default();
        for text in fields.iter().chain(block.get("text")) {
            if text["type"] == "mrkdwn" {
                formatted.push(text["text"].as_str().unwrap().to_owned());
            }
        }
    }
    assert!(formatted.len() > 5);
    for text in formatted {
        let ours = text
            .replace("<https://soe503.example/api/v1/incidents/01KAPX3Q|Incident>", "")
            .replace("<https://github.com/soe503/soe503/blob/main/crates/soe503-core/docs/causes.md#dependency_failure/connect_refused|Runbook>", "");
        assert!(!ours.contains(['<', '>']), "{ours}");
        let entities = ours.matches("&amp;").count()
            + ours.matches("&lt;").count()
            + ours.matches("&gt;").count();
        assert_eq!(
            ours.matches('&').count(),
            entities,
            "none is cut in two: {ours}"
        );
    }
}

/// What is code ends where we end it: a backtick of others would make formatted text of the rest.
#[test]
fn commands_are_code_to_their_end() {
    let told = hostile();
    let message = only(AlertKind::Slack, &letter(&told, Event::Opened));
    let blocks = message["blocks"].as_array().unwrap().iter();
    let mut texts = blocks.filter_map(|block| block["text"]["text"].as_str());
    let look = texts.find(|text| text.starts_with("*Look*")).unwrap();
    let lines: Vec<&str> = look.lines().skip(1).collect();
    assert!(lines.len() > 1, "{look}");
    for line in lines {
        assert!(line.starts_with("• `") && line.ends_with('`'), "{line}");
        assert_eq!(line.matches('`').count(), 2, "{line}");
    }
}
