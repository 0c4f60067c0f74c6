//! Whatever the strings are, headers parse, documents are well-formed, bodies fit.

use core::time::Duration;
use std::sync::Arc;

use proptest::prelude::*;
use sfv::{Item, List, Parser};
use soe503_core::diagnosis::{BackendView, Condition, Context};
use soe503_core::explain::{
    Exposure, Format, LONGEST_BODY, Telling, Told, append, negotiate, problem, tell,
};
use soe503_core::health::Hints;
use soe503_core::ledger::{Attempt, Fault, Nested, Phase, Refusal, RetryVerdict, TlsFault};
use soe503_core::{Cause, Tick};

use crate::situations::{EXPOSURES, FORMATS, Situation};

/// Markup, control characters, other scripts, and far too much.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "\r\nx-evil: 1",
        "\"",
        "\\",
        "'",
        "<script>alert(1)</script>",
        "&",
        "\u{0}",
        "\u{7f}",
        "ü",
        "日本",
        "\u{202e}",
        "\u{2028}",
        ";error=x",
        ", evil",
        "`",
        "](http://x)",
        "%",
        "${IFS}",
        "a",
        "POOL",
        "ID",
        "HOST:PORT",
        "10.0.0.7:80",
        "\u{10ffff}",
    ]);
    prop_oneof![
        3 => prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat()),
        1 => any::<String>(),
        1 => prop::sample::select(vec!["\"", "<", "ü", "\\", "\u{1}"])
            .prop_map(|piece| piece.repeat(10 * 1024 / piece.len())),
    ]
}

fn situation(text: &[String], cause: Cause, copies: u8) -> Situation {
    let pick = |at: usize| text[at % text.len()].clone();
    let name = |at: usize| Some(pick(at).into());
    let attempt = |number: u8, phase, fault| Attempt {
        phase,
        fault: Some(fault),
        backend: name(usize::from(number)),
        address: name(usize::from(number) + 1),
        elapsed: Duration::from_millis(7),
        bytes_sent: Some(u64::MAX),
        bytes_received: Some(u64::MAX),
        retry: Some(RetryVerdict::UnsafeToReplay),
        ..Attempt::begin(number, Tick::ZERO)
    };
    let mut attempts = Vec::new();
    for number in 0..copies {
        let (expected, presented) = (pick(3), vec![pick(4), pick(5), pick(0), pick(1)]);
        let mismatch = TlsFault::NameMismatch {
            expected,
            presented,
        };
        attempts.push(attempt(number, Phase::Tls, Fault::Tls(mismatch)));
        let nested = Nested {
            hop: pick(2),
            cause: None,
            hops: 9,
            trusted: number % 2 == 0,
        };
        let mut answered = attempt(number, Phase::Done, Fault::Status(503));
        answered.nested = Some(Box::new(nested));
        attempts.push(answered);
    }
    attempts.push(attempt(
        copies,
        Phase::Queue,
        Fault::Refused(Refusal::Policy(cause)),
    ));
    let hints = |said: String| {
        let document = serde_json::json!({
            "status": "fail", "output": &said, "checks": { &said: [{ "status": "fail", "output": &said }] },
        });
        Hints::read(document.to_string().as_bytes()).map(Arc::new)
    };
    let backends = (0..copies).map(|at| BackendView {
        name: pick(usize::from(at)).into(),
        address: name(usize::from(at) + 2),
        condition: Condition::Ejected,
        cause: Some(Cause::DependencyResetBeforeResponse),
        since: Some(Tick::ZERO),
        hints: hints(pick(usize::from(at) + 1)),
    });
    let context = Context {
        now: Tick::MAX,
        pool: name(6),
        backends: backends.collect(),
        ..Context::default()
    };
    Situation::new(attempts, &context)
}

fn check(told: &Told, format: Format) {
    for (name, value) in &told.headers {
        assert!(
            value.bytes().all(|b| (0x20..0x7f).contains(&b)),
            "{name}: {value:?}"
        );
        assert_eq!(value.trim(), value, "{name}");
        assert!(!value.is_empty() || *name == "x-request-id", "{name}");
        assert!(value.len() <= 1024, "{name}: {} bytes", value.len());
    }
    let cause = told.header("soe-cause").unwrap();
    Parser::new(cause).parse::<Item>().unwrap();
    let hops: List = Parser::new(told.header("proxy-status").unwrap())
        .parse()
        .unwrap();
    assert_eq!(hops.len(), 1, "nobody slips in another hop");
    assert!(
        told.body.len() <= LONGEST_BODY,
        "{format:?}: {} bytes",
        told.body.len()
    );
    let printable = |c: char| c == '\n' || !c.is_control();
    assert!(told.body.chars().all(printable), "{format:?}");
    match format {
        Format::ProblemJson => {
            let document: serde_json::Value = serde_json::from_str(&told.body).unwrap();
            assert_eq!(document["origin"], "generated");
        }
        Format::Html => {
            assert!(!told.body.contains("<script") && !told.body.contains("<a "));
            assert!(told.body.ends_with("</main></html>"));
            assert_eq!(told.body.matches("<title>").count(), 1);
        }
        Format::Markdown => {
            let text = outside_of_code(&told.body);
            assert!(!text.contains('<') && !text.contains("](http"), "{text}");
        }
        _ => {}
    }
}

/// What of a Markdown text is read as markup: not code, which shows everything as it is (a
/// backslash too), and not what a backslash escapes outside of it.
fn outside_of_code(markdown: &str) -> String {
    let mut text = String::new();
    let mut code = false;
    let mut characters = markdown.chars();
    while let Some(c) = characters.next() {
        match c {
            '`' => code = !code,
            _ if code => {}
            '\\' => {
                characters.next();
            }
            c => text.push(c),
        }
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_breaks_an_answer(
        text in prop::collection::vec(hostile(), 8),
        cause in prop::sample::select(Cause::ALL),
        copies in 0u8..5,
        at in any::<i64>(),
        retry_after in any::<Option<u32>>(),
    ) {
        let situation = situation(&text, cause, copies);
        let mut telling =
            Telling::new(&situation.diagnosis, &situation.ledger, &text[0], &text[1], at);
        telling.incident_id = Some(&text[2]);
        telling.trace_id = Some(&text[3]);
        telling.docs = &text[4];
        telling.retry_after = retry_after;
        telling.elapsed = Duration::MAX;
        for exposure in EXPOSURES {
            telling.exposure = exposure;
            for format in FORMATS {
                check(&tell(&telling, format), format);
            }
        }
        telling.exposure = Exposure::Full;
        prop_assert!(serde_json::to_string(&problem(&telling)).is_ok());
    }

    #[test]
    fn appending_always_gives_a_list_with_us_at_the_end(existing in hostile()) {
        let joined = append(Some(&existing), "edge;received-status=503");
        let list: List = Parser::new(&joined).parse().unwrap();
        prop_assert!(!list.is_empty());
        prop_assert!(joined.ends_with("edge;received-status=503"));
    }

    #[test]
    fn no_accept_header_is_too_odd(accept in hostile()) {
        let _ = negotiate(Some(&accept));
    }
}

/// Anybody can write the fields of a proxy. To repeat what a stranger says would make a forgery look like evidence.
#[test]
fn what_an_undeclared_origin_claims_is_not_repeated() {
    use soe503_core::ledger::{Attempt, Fault, Nested, Phase};
    let told = |trusted: bool| {
        let attempt = Attempt {
            phase: Phase::Done,
            status: Some(503),
            fault: Some(Fault::Status(503)),
            nested: Some(Box::new(Nested {
                hop: "forged-hop".to_owned(),
                cause: Some(soe503_core::Cause::ConfigBadRelease),
                hops: 1,
                trusted,
            })),
            ..Attempt::begin(1, soe503_core::Tick::from_secs(100))
        };
        let situation = crate::situations::Situation::new(vec![attempt], &Default::default());
        let told = FORMATS.map(|format| {
            let telling = situation.telling(soe503_core::explain::Exposure::Full);
            let told = soe503_core::explain::tell(&telling, format);
            format!("{:?} {}", told.headers, told.body)
        });
        told.concat()
    };
    let stranger = told(false);
    for forged in ["bad_release", "forged-hop"] {
        assert!(!stranger.contains(forged), "{forged} in {stranger}");
    }
    assert!(stranger.contains("which is ignored"), "{stranger}");
    assert!(told(true).contains("forged-hop says misconfiguration/bad_release"));
}
