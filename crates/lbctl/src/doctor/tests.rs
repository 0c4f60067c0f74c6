//! What people read.

use soe503_api::Doctor;

use super::{is_well, text::text};
use crate::show::sample::{PIPE, plain};

const GOLDEN: &str = include_str!("../../../soe503-api/tests/golden/doctor.json");

fn doctor() -> Doctor {
    serde_json::from_str(GOLDEN).unwrap()
}

#[test]
fn all_of_it_in_a_pipe() {
    insta::assert_snapshot!("doctor", plain(&text(&doctor(), PIPE), PIPE));
}

#[test]
fn nothing_to_say_is_well_and_what_costs_nothing_is_too() {
    let mut doctor = doctor();
    assert!(!is_well(&doctor));
    doctor.lints.remove(0);
    assert!(!is_well(&doctor), "advice that would have saved requests");
    for advice in &mut doctor.advice {
        advice.would_have_saved = 0;
    }
    assert!(is_well(&doctor), "a note is no reason");
    doctor.lints.clear();
    doctor.advice.clear();
    let told = plain(&text(&doctor, PIPE), PIPE);
    assert!(told.contains("nothing to say"), "{told}");
}
