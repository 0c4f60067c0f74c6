use super::markdown::{code, plain};
use super::text::report;
use crate::show::sample::{failure, incident};

#[test]
fn of_an_incident_that_goes_on() {
    insta::assert_snapshot!(report(&incident(), Some(&failure())));
}

#[test]
fn of_one_that_is_over_with_little_in_it() {
    let mut incident = incident();
    let summary = &mut incident.summary;
    summary.state = soe503_api::IncidentState::Closed;
    summary.closed_at = Some(summary.last_seen);
    summary.change = None;
    summary.requests.by.clear();
    summary.requests.prevented = 0;
    incident.causes.truncate(1);
    incident.evidence.clear();
    incident.ruled_out.clear();
    incident.changes_nearby.clear();
    incident.actions = soe503_api::Actions::default();
    incident.timeline_left_out = 7;
    insta::assert_snapshot!(report(&incident, None));
}

#[test]
fn nothing_from_elsewhere_is_markup() {
    assert_eq!(
        plain("a|b <img> [x](y) `z`\n*"),
        r"a\|b \<img\> \[x\](y) \`z\`?\*"
    );
    assert_eq!(code("a`b|c"), "`a'b/c`");
}
