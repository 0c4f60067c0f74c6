use soe503_api::Timestamp;

use super::*;

fn step(requests: u32, failed: u32, causes: &[(Cause, u32)]) -> Step {
    Step {
        at: Timestamp::from_unix_secs(1_795_369_268),
        counts: Counts {
            requests,
            failed,
            saved: 0,
        },
        causes: causes.to_vec(),
    }
}

fn drawn(draw: fn(&mut Html, &[Step]), steps: &[Step]) -> String {
    let mut out = Html::default();
    draw(&mut out, steps);
    out.into_string()
}

#[test]
fn nothing_to_draw_is_said_in_words() {
    let nobody = step(0, 0, &[]);
    for (steps, says) in [
        (STEPS, "No request has come in the last fifteen minutes."),
        (3, "No request has come since this process started."),
        (0, "Not measured yet"),
    ] {
        let chart = drawn(traffic, &vec![nobody.clone(); steps]);
        assert!(chart.contains(says), "{chart}");
        assert_eq!(chart.contains("answered <b>0</b>"), steps > 0, "{chart}");
    }
    assert!(drawn(causes, &[step(10, 0, &[])]).contains("Nothing has failed since"));
}

#[test]
fn the_latest_step_is_at_the_right_edge_and_a_stack_reaches_the_top_at_most() {
    let svg = drawn(traffic, &[step(50, 0, &[]), step(100, 50, &[])]);
    // 100 in five seconds are 20 a second, which is the upper edge: 50 answered, 50 failed on top.
    assert!(
        svg.contains(
            "<path class=\"answered\" d=\"M178 100.0v-50.0h.9v50.0zM179 100.0v-50.0h.9v50.0z\">"
        ),
        "{svg}"
    );
    assert!(
        svg.contains("<path class=\"failed\" d=\"M179 50.0v-50.0h.9v50.0z\">"),
        "{svg}"
    );
    assert!(svg.contains("at most 20"), "{svg}");
}

#[test]
fn the_most_frequent_causes_have_a_name_and_the_rest_share_one() {
    let many: Vec<(Cause, u32)> = Cause::ALL.iter().take(8).copied().zip(1..).collect();
    let svg = drawn(causes, &[step(100, 36, &many)]);
    for (cause, count) in &many[3..] {
        assert!(
            svg.contains(&format!("{} <b>{count}</b>", cause.id())),
            "{svg}"
        );
    }
    assert!(svg.contains("3 other causes <b>6</b>"), "{svg}");
    assert!(!svg.contains(many[0].0.id()));
}

#[test]
fn the_table_says_the_same_a_line_a_minute() {
    let steps: Vec<Step> = (0..13)
        .map(|_| step(10, 1, &[(Cause::ALL[0], 1)]))
        .collect();
    let svg = drawn(causes, &steps);
    assert_eq!(
        svg.matches("<tr>").count(),
        3,
        "the head and two lines: {svg}"
    );
    assert!(
        svg.contains("<td>12</td>") && svg.contains("<td>1</td>"),
        "{svg}"
    );
}

#[test]
fn the_upper_edge_is_a_round_number() {
    for (value, edge) in [(0.2, 0.2), (0.3, 0.5), (7.0, 10.0), (101.0, 200.0)] {
        assert!((nice(value) - edge).abs() < 1e-9, "{value}");
    }
}
