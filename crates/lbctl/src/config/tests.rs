//! What people read.

use soe503_api::ConfigDiff;

use super::diff::text;
use crate::show::sample::{PIPE, plain};

const GOLDEN: &str = include_str!("../../../soe503-api/tests/golden/config_diff.json");

fn diff() -> ConfigDiff {
    serde_json::from_str(GOLDEN).unwrap()
}

fn told(diff: &ConfigDiff) -> String {
    plain(&text(diff, PIPE), PIPE)
}

#[test]
fn a_difference_in_a_pipe() {
    insta::assert_snapshot!("diff", told(&diff()));
}

#[test]
fn a_long_value_is_cut() {
    let mut diff = diff();
    diff.changes.truncate(1);
    diff.changes[0].old = Some("a".repeat(198).into());
    diff.changes[0].new = Some("b".repeat(199).into());
    let told = told(&diff);
    // With its quotes it has 200 characters, and the other one more.
    assert!(told.contains(&format!("\"{}\"", "a".repeat(198))), "{told}");
    assert!(
        told.contains(&format!("\"{}...", "b".repeat(196))),
        "{told}"
    );
    assert!(!told.contains(&"b".repeat(197)), "{told}");
}

#[test]
fn what_needs_a_restart_and_what_is_hidden_is_said() {
    let mut diff = diff();
    diff.needs_restart = Some("[server]".to_owned());
    assert!(told(&diff).contains("a reload would change nothing: [server] differs"));
    diff.changes.clear();
    diff.hidden = true;
    assert!(told(&diff).contains("something differs that is not shown"));
    diff.hidden = false;
    assert!(told(&diff).contains("/etc/soe503/soe503.toml is what is in force"));
}
