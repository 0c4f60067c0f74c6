//! A config that cannot work: exit 2, a report that shows the place, and nothing is started.

use std::net::TcpListener;

use soe503_tests::faulty::{Behaviour, FaultyBackend};
use soe503_tests::proxy::{Said, free_address, soe503_says};
use tempfile::TempDir;

/// A mistake, and what the report must show of it.
struct Mistake {
    name: &'static str,
    /// Replaces `wrong` in the config by `with`.
    wrong: &'static str,
    with: &'static str,
    /// The text that is underlined.
    underlined: &'static str,
    /// Something that only a useful report says: the nearest valid name, or what is expected.
    says: &'static [&'static str],
}

const VALID: &str = r#"
[admin]
address = "@admin@"

[[listeners]]
address = "@listen@"

[[routes]]
pool = "app"
timeout = "15s"

[pools.app]
backends = ["http://127.0.0.1:8081", "http://127.0.0.1:8082"]
connect_timeout = "500ms"

[pools.app.circuit_breaker]
consecutive_failures = 5
"#;

const MISTAKES: &[Mistake] = &[
    Mistake {
        name: "misspelt key",
        wrong: "consecutive_failures = 5",
        with: "consecutive_failure = 5",
        underlined: "consecutive_failure",
        says: &["consecutive_failures"],
    },
    Mistake {
        name: "wrong type",
        wrong: "consecutive_failures = 5",
        with: "consecutive_failures = \"five\"",
        underlined: "\"five\"",
        says: &["integer", "string"],
    },
    Mistake {
        name: "unknown pool",
        wrong: "pool = \"app\"",
        with: "pool = \"ap\"",
        underlined: "\"ap\"",
        says: &["app"],
    },
    Mistake {
        name: "empty pool",
        wrong: "[\"http://127.0.0.1:8081\", \"http://127.0.0.1:8082\"]",
        with: "[]",
        underlined: "[]",
        says: &["backend"],
    },
    Mistake {
        name: "bad URL",
        wrong: "\"http://127.0.0.1:8081\"",
        with: "\"htp:/127.0.0.1:8081\"",
        underlined: "htp:/127.0.0.1:8081",
        says: &["http://"],
    },
    Mistake {
        name: "bad duration",
        wrong: "\"500ms\"",
        with: "\"500 parsecs\"",
        underlined: "500 parsecs",
        says: &["500ms"],
    },
    Mistake {
        name: "not TOML",
        wrong: "timeout = \"15s\"",
        with: "timeout = = \"15s\"",
        underlined: "=",
        says: &[],
    },
];

/// Runs `soe503 run` while somebody else holds the listener's and the admin API's address: were it
/// to bind them before it has read the whole config, it would say so.
async fn run(text: &str, line: &[&str]) -> Said {
    let directory = TempDir::new().unwrap();
    let held = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let [listen, admin] = held.each_ref().map(|held| held.local_addr().unwrap());
    let path = directory.path().join("soe503.toml");
    let text = text
        .replace("@listen@", &listen.to_string())
        .replace("@admin@", &admin.to_string());
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap();
    let line: Vec<&str> = line
        .iter()
        .map(|word| if *word == "FILE" { path } else { word })
        .collect();
    soe503_says(&line).await
}

#[tokio::test]
async fn each_mistake_is_shown_where_it_is() {
    for mistake in MISTAKES {
        let config = VALID.replacen(mistake.wrong, mistake.with, 1);
        assert_ne!(config, VALID, "{}", mistake.name);
        for line in [&["run", "--config", "FILE"][..], &["check", "FILE"]] {
            let said = run(&config, line).await;
            let name = mistake.name;
            assert_eq!(said.code, Some(2), "{name}: {said:?}");
            assert!(said.stdout.is_empty(), "{name}: {said:?}");
            let report = &said.stderr;
            let (number, column) = place(&config, mistake);
            let place = format!("soe503.toml:{number}:{column}");
            assert!(report.contains(&place), "{name}: no {place} in\n{report}");
            assert!(
                points_at(report, mistake.underlined),
                "{name}: {} is not underlined in\n{report}",
                mistake.underlined
            );
            for word in mistake.says {
                assert!(report.contains(word), "{name}: no {word:?} in\n{report}");
            }
        }
    }
}

#[tokio::test]
async fn all_mistakes_are_reported_at_once() {
    let config = VALID
        .replace("consecutive_failures", "consecutive_failure")
        .replace("pool = \"app\"", "pool = \"ap\"");
    let said = run(&config, &["check", "FILE"]).await;
    assert_eq!(said.code, Some(2), "{said:?}");
    for word in ["consecutive_failure", "\"ap\""] {
        assert!(points_at(&said.stderr, word), "{word}:\n{}", said.stderr);
    }
}

#[tokio::test]
async fn the_config_without_the_mistake_is_valid() {
    let said = run(VALID, &["check", "FILE"]).await;
    assert_eq!(said.code, Some(0), "{said:?}");
}

#[tokio::test]
async fn a_trap_is_told_and_denied_only_where_that_is_asked_for() {
    let trap = VALID.replacen("timeout = \"15s\"", "timeout = \"3s\"", 1);
    let said = run(&trap, &["check", "FILE"]).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.stdout.contains("is valid"), "{said:?}");
    let lint = "warning[attempt_not_below_total]";
    assert!(said.stderr.contains(lint), "{said:?}");
    assert!(
        said.stderr.contains("retry.attempt_timeout = \"1s\""),
        "{said:?}"
    );
    let denied = run(&trap, &["check", "FILE", "--deny-warnings"]).await;
    assert_eq!(denied.code, Some(1), "{denied:?}");
    let clean = run(VALID, &["check", "FILE", "--deny-warnings"]).await;
    assert_eq!(clean.code, Some(0), "{clean:?}");
    let json = run(&trap, &["check", "FILE", "--format", "json"]).await;
    let document: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(document["valid"], true);
    assert_eq!(document["lints"][0]["id"], "attempt_not_below_total");
    assert!(json.stderr.is_empty(), "{json:?}");
}

#[tokio::test]
async fn with_connect_each_backend_has_to_answer() {
    let one = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let other = FaultyBackend::start(Behaviour::OK).await.unwrap();
    let nobody = free_address();
    for (second, code, count) in [
        (other.address(), 0, "2 of 2 answer"),
        (nobody, 1, "1 of 2 answer"),
    ] {
        let text = VALID
            .replace("127.0.0.1:8081", &one.address().to_string())
            .replace("127.0.0.1:8082", &second.to_string());
        let said = run(&text, &["check", "FILE", "--connect"]).await;
        assert_eq!(said.code, Some(code), "{said:?}");
        assert!(said.stdout.contains(count), "{said:?}");
    }
}

#[tokio::test]
async fn a_missing_file_is_named() {
    let said = soe503_says(&["run", "--config", "/no/such/file.toml"]).await;
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.stderr.contains("/no/such/file.toml"), "{said:?}");
}

#[tokio::test]
async fn an_address_in_use_is_an_error_and_not_half_a_start() {
    let said = run(VALID, &["run", "--config", "FILE"]).await;
    assert!(matches!(said.code, Some(code) if code != 0), "{said:?}");
    assert!(said.stderr.contains("in use"), "{said:?}");
}

/// Line and column (both from 1) of what is wrong.
fn place(config: &str, mistake: &Mistake) -> (usize, usize) {
    let start = config.find(mistake.with).unwrap();
    let offset = mistake.with.rfind(mistake.underlined).unwrap();
    let before = &config[..start + offset];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (
        before.matches('\n').count() + 1,
        before.len() - line_start + 1,
    )
}

/// A line of the report contains `text`, and the line below it has carets under it.
fn points_at(report: &str, text: &str) -> bool {
    let lines: Vec<&str> = report.lines().collect();
    lines.windows(2).any(|pair| {
        pair[0].match_indices(text).any(|(byte, _)| {
            let column = pair[0][..byte].chars().count();
            let under: String = pair[1].chars().skip(column).take(1).collect();
            under == "^" || pair[1].chars().nth(column.saturating_sub(1)) == Some('^')
        })
    })
}
