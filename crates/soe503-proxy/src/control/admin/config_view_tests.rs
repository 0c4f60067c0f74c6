use super::*;
use crate::config::{AdminToken, from_str};

const FULL: &str = r#"
[server]
name = "edge-eu1"
workers = 3
status = "rfc9209"
[[listeners]]
address = "127.0.0.1:8080"
protocols = ["h1"]
explain = "full"
limits = { max_headers = 50, max_header_bytes = "32KiB", idle_timeout = "90s" }
[[routes]]
match = { host = "*.shop.example", path_prefix = "/api", methods = ["GET", "POST"] }
pool = "app"
timeout = "1500ms"
retry = { attempts = 2, max_body = "1KiB", on_status = [503] }
[[routes]]
match = { host = "db.example" }
pool = "db"
[pools.app]
backends = ["http://127.0.0.1:8081", { url = "http://[::1]:8082", name = "six", weight = 3 }, "http://app.internal:8083"]
connect_timeout = "250ms"
[pools.app.health_check]
path = "/healthz?x=1"
host = "app.internal"
expect = "200-299,404"
[pools.app.circuit_breaker]
failure_rate = 0.5
consecutive_failures = 0
window = "30s"
[pools.app.ejection]
base = "2s"
[pools.db]
backends = ["http://10.0.0.1:5000"]
circuit_breaker = { enabled = false }
ejection = { enabled = false }
health_check = { type = "tcp" }
"#;

/// The view as a file.
fn toml(view: Value) -> String {
    toml::to_string(&toml::Value::try_from(view).unwrap()).unwrap()
}

#[test]
fn the_view_is_a_config_that_means_the_same() {
    let smallest = "[[listeners]]\naddress = \"127.0.0.1:8080\"\n[[routes]]\npool = \"app\"\n[pools.app]\nbackends = [\"http://127.0.0.1:8081\"]\n";
    for text in [FULL, smallest] {
        let config =
            from_str("test", text).unwrap_or_else(|report| panic!("{}", report.render(false)));
        let written = toml(view(&config));
        let again = from_str("view", &written)
            .unwrap_or_else(|report| panic!("{}\n{written}", report.render(false)));
        assert_eq!(again, config, "{written}");
    }
}

#[test]
fn every_default_is_filled_in() {
    let config = from_str("test", FULL).unwrap();
    let view = view(&config);
    assert_eq!(view["pools"]["app"]["retry_budget"]["ratio"], 0.2);
    assert_eq!(view["pools"]["app"]["circuit_breaker"]["open_for"], "1s");
    assert_eq!(view["pools"]["app"]["health_check"]["rise"], 2);
    assert_eq!(view["routes"][1]["retry"]["attempt_timeout"], "1s 500ms");
    assert_eq!(view["admin"]["address"], "127.0.0.1:9503");
}

#[test]
fn the_token_is_not_shown() {
    let mut config = from_str("test", FULL).unwrap();
    let secret = "correct-horse-battery";
    config.admin = Some(Admin {
        address: "0.0.0.0:9503".parse().unwrap(),
        access: AdminAccess::Token(AdminToken::new(secret).unwrap()),
    });
    let text = view(&config).to_string();
    assert!(!text.contains(secret), "{text}");
    assert!(text.contains("not shown"), "{text}");
}
