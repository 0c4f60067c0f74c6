use core::time::Duration;

use super::{added, at::At, table};
use crate::show::sample::{NOW, PIPE, changes, plain};

#[test]
fn in_a_pipe() {
    insta::assert_snapshot!(plain(&table(&changes().changes, &[], NOW, PIPE), PIPE));
}

#[test]
fn one_that_concerns_nobody_knows_what() {
    let mut change = changes().changes.remove(1);
    assert!(!added(&change, PIPE, NOW).contains("--pool"));
    change.reach = soe503_api::ChangeReach::Unknown;
    assert!(added(&change, PIPE, NOW).contains("give --pool"));
}

#[test]
fn a_time_or_how_long_ago() {
    let at = |text: &str| text.parse::<At>().map(|at| at.resolve(NOW));
    assert_eq!(at("2026-11-22T17:41:08Z"), Ok(NOW));
    let ago = at("90s").unwrap();
    assert_eq!(ago.after(Duration::from_secs(90)), NOW);
    assert!(at("yesterday").unwrap_err().contains("90s"));
}
