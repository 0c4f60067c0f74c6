use core::time::Duration;

use super::text;
use crate::show::{
    Canvas,
    sample::{NOW, PIPE, failure, plain, terminal},
};

fn shown(canvas: Canvas) -> String {
    let now = NOW.after(Duration::from_secs(300));
    plain(&text::record(&failure(), now, canvas), canvas)
}

#[test]
fn in_a_pipe() {
    insta::assert_snapshot!(shown(PIPE));
}

#[test]
fn in_80_columns() {
    insta::assert_snapshot!(shown(terminal(80)));
}

/// A backend's own answer is told as such, and what is missing takes no line.
#[test]
fn a_record_with_little_in_it() {
    let mut record = failure();
    record.code = None;
    record.retry_after = None;
    record.attempts.clear();
    record.diagnosis.evidence.clear();
    record.diagnosis.ruled_out.clear();
    record.diagnosis.contributing.clear();
    record.diagnosis.actions = soe503_api::Actions::default();
    let text = plain(&text::record(&record, NOW, PIPE), PIPE);
    insta::assert_snapshot!(text);
}
