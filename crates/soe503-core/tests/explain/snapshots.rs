//! Three failures as readers see them. Review changes with `cargo insta review`.

use core::fmt::Write;

use soe503_core::explain::{Exposure, Format, Told, tell};

use crate::situations::{Situation, all_refused_and_open, hung, reset_post};

/// An answer as it goes over the wire; JSON is laid out for reading.
fn wire(told: &Told) -> String {
    let mut out = format!("{}\n", told.status);
    for (name, value) in &told.headers {
        let _ = writeln!(out, "{name}: {value}");
    }
    let _ = writeln!(out, "content-type: {}\n", told.content_type);
    match serde_json::from_str::<serde_json::Value>(&told.body) {
        Ok(json) => out + &serde_json::to_string_pretty(&json).unwrap(),
        Err(_) => out + &told.body,
    }
}

fn told(situation: &Situation, exposure: Exposure, format: Format, wait: Option<u32>) -> String {
    let mut telling = situation.telling(exposure);
    telling.incident_id = Some("01KAPX3Q");
    telling.trace_id = Some("4bf92f3577b34da6a3ce929d0e0e4736");
    telling.retry_after = wait;
    wire(&tell(&telling, format))
}

#[test]
fn circuit_open_after_all_refused() {
    let situation = all_refused_and_open();
    let told = |exposure, format| told(&situation, exposure, format, Some(4));
    insta::assert_snapshot!("open_public", told(Exposure::Public, Format::ProblemJson));
    insta::assert_snapshot!("open_full", told(Exposure::Full, Format::ProblemJson));
    insta::assert_snapshot!("open_text", told(Exposure::Internal, Format::Text));
    insta::assert_snapshot!("open_grpc", told(Exposure::Public, Format::Grpc));
}

#[test]
fn backends_that_hang() {
    let situation = hung();
    let told = |exposure, format| told(&situation, exposure, format, Some(2));
    insta::assert_snapshot!(
        "hung_internal",
        told(Exposure::Internal, Format::ProblemJson)
    );
    insta::assert_snapshot!("hung_markdown", told(Exposure::Full, Format::Markdown));
}

#[test]
fn a_post_that_was_not_tried_again() {
    let situation = reset_post();
    let told = |exposure, format| told(&situation, exposure, format, Some(1));
    insta::assert_snapshot!(
        "reset_internal",
        told(Exposure::Internal, Format::ProblemJson)
    );
    insta::assert_snapshot!("reset_html", told(Exposure::Full, Format::Html));
}
