use std::time::Duration;

use super::*;

const PATIENCE: Patience = Patience {
    head: Duration::from_secs(10),
    body: Duration::from_secs(20),
    write: Duration::from_secs(30),
    idle: Duration::from_secs(60),
    tunnel: Duration::from_secs(3600),
};

fn at(second: u64) -> Tick {
    Tick::from_secs(second)
}

fn known(second: u64) -> Timing {
    let mut timing = Timing::new(PATIENCE, at(second));
    timing.heard(at(second), true);
    timing
}

#[test]
fn a_preface_is_owed_at_once() {
    let mut timing = Timing::new(PATIENCE, at(100));
    assert_eq!(timing.due(at(109)), Due::Nothing(at(110)));
    // Bytes that are no SETTINGS yet do not help.
    timing.heard(at(109), false);
    assert_eq!(timing.due(at(110)), Due::Cut);
    timing.heard(at(110), true);
    assert_eq!(timing.due(at(110)), Due::Nothing(at(160)));
}

#[test]
fn what_is_quiet_is_left_and_sooner_in_a_shutdown() {
    let mut timing = known(100);
    assert_eq!(timing.due(at(159)), Due::Nothing(at(160)));
    assert_eq!(timing.due(at(160)), Due::Leave);
    timing.draining = Some(at(110));
    assert_eq!(timing.due(at(111)), Due::Nothing(at(112)));
    assert_eq!(timing.due(at(112)), Due::Leave);
    // Its clock begins anew with an answer that came after the shutdown had begun.
    timing.quiet = Some(at(120));
    assert_eq!(timing.due(at(121)), Due::Nothing(at(122)));
}

#[test]
fn silence_is_broken_by_a_ping_and_whoever_does_not_answer_is_gone() {
    let mut timing = known(100);
    timing.quiet = None;
    assert_eq!(timing.due(at(159)), Due::Nothing(at(160)));
    assert_eq!(timing.due(at(160)), Due::Ping(at(170)));
    assert_eq!(timing.due(at(169)), Due::Nothing(at(170)));
    assert_eq!(timing.due(at(170)), Due::Cut);
    timing.heard(at(170), true);
    assert_eq!(timing.due(at(170)), Due::Nothing(at(230)));
}

#[test]
fn whoever_reads_nothing_is_cut_and_any_byte_counts() {
    let mut timing = known(100);
    timing.quiet = None;
    assert_eq!(timing.wrote(true, false, at(100)), None);
    assert_eq!(timing.wrote(false, true, at(100)), Some(at(130)));
    // Nothing went: the clock goes on.
    assert_eq!(timing.wrote(false, true, at(110)), Some(at(130)));
    assert_eq!(timing.wrote(true, true, at(120)), Some(at(150)));
    assert_eq!(timing.due(at(149)), Due::Nothing(at(150)));
    assert_eq!(timing.due(at(150)), Due::Cut);
    assert_eq!(timing.wrote(true, false, at(150)), None);
    assert!(!timing.is_writing());
}
