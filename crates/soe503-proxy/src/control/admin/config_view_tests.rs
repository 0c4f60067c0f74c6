use super::*;
use crate::config::{AdminAccess, AdminToken, AdminTokens, TokenFile, from_str};
use crate::tls::testing;

/// Every key says something else than its default.
const FULL: &str = r#"
[server]
name = "edge-eu1"
workers = 3
status = "rfc9209"
zone = "eu-1a"
drain_delay = "3s"
shutdown_grace = "7s"
[admin]
address = "127.0.0.2:9504"
[access_log]
path = "stderr"
[incidents]
close_after = "45s"
backend_out_after = "7m"
external_url = "https://soe503.example/edge"
[journal]
path = "/var/lib/soe503/journal.redb"
max_size = "3MiB"
max_age = "8days"
sample = 7
[telemetry.traces]
endpoint = "https://otel.example:4318/custom"
timeout = "3s"
tls = { server_name = "collector.internal" }
sampler = "traceidratio"
sample_ratio = 0.5
failures = false
extract = ["b3", "tracecontext"]
inject = ["b3multi"]
queue_size = 17
batch_size = 18
export_interval = "700ms"
service_name = "edge"
resource_attributes = { "deployment.environment.name" = "prod", team = "shop" }
user_agent = true
[telemetry.dogstatsd]
address = "agent.internal:8126"
namespace = "edge.soe503"
tags = { env = "prod", team = "shop" }
interval = "20s"
[[listeners]]
address = "127.0.0.1:8080"
protocols = ["h1"]
explain = "full"
explain_to = { internal = ["10.0.0.0/8"], full = ["10.1.0.0/16", "::1/128"] }
proxy_protocol = "require"
trusted = ["10.0.0.0/8", "2001:db8::1"]
trace_context = true
forwarded = { trust = ["192.0.2.0/24"], mode = "replace", style = "both" }
limits = { max_target_bytes = "4KiB", body_read_timeout = "4s", min_body_rate = "1KiB", max_connections_per_client = 9, max_hops = 3, max_headers = 50, max_header_bytes = "32KiB", idle_timeout = "90s", header_read_timeout = "3s", max_connections = 70, max_h2_streams = 80 }
[[routes]]
match = { host = "*.shop.example", path_prefix = "/api", methods = ["GET", "POST"] }
pool = "app"
timeout = "1500ms"
host = "app.internal:8080"
rewrite_prefix = "/v2"
max_body = "3MiB"
priority = "high"
priority_header = "x-importance"
max_in_flight = 12
request_headers = { set = { x-a = "1", x-b = "2" }, add = { x-c = "3" }, remove = ["x-d"] }
response_headers = { set = { strict-transport-security = "max-age=1" } }
rate_limits = ["login", "api"]
maintenance_bypass = { networks = ["10.0.0.0/8"] }
fallback = { on = ["circuit_open", "dependency_failure/connect_refused"], status = 203, content_type = "text/plain", body = "later" }
retry = { attempts = 2, attempt_timeout = "700ms", backoff_base = "5ms", backoff_max = "50ms", max_body = "1KiB", on_status = [503] }
failover = { pools = ["db", "tls"], on_overload = true }
[[routes]]
match = { host = "db.example", path_prefix = "/db" }
strip_prefix = true
host = "backend"
pool = "db"
[[routes]]
match = { host = "grpc.example" }
pool = "grpc"
[[routes]]
match = { host = "tls.example" }
pool = "tls"
[pools.app]
backends = ["http://127.0.0.1:8081", { url = "http://[::1]:8082", name = "six", weight = 3, max_in_flight = 68, priority = 2, zone = "eu-1b" }, "http://app.internal:8083"]
connect_timeout = "250ms"
idle_timeout = "31s"
max_idle_connections = 65
max_in_flight = 66
proxy = true
adaptive_limit = false
max_in_flight_per_backend = 69
leave_metastable = false
queue = { max_waiting = 67, max_wait = "68ms" }
slow_start = "6s"
ride_out = "7s"
max_waiting = 67
dns_refresh = "11s"
balance = "ring_hash"
overprovisioning = 2.5
hash = { on = "header", name = "x-user", bounded_load = 1.25 }
sticky = { name = "stay", ttl = "8h", path = "/app", secure = true, http_only = false, same_site = "none" }
load_reports = { expire_after = "1m", pass_on = true }
[pools.app.health_check]
path = "/healthz?x=1"
host = "app.internal"
expect = "200-299,404"
interval = "3s"
fast_interval = "700ms"
down_interval = "1m"
initial = "starting"
overruled_by_traffic = false
timeout = "2s"
rise = 4
fall = 5
[pools.app.cache]
stale_if_error = "2h"
max_size = "65MiB"
max_object = "2MiB"
stale_while_revalidate = true
[pools.app.circuit_breaker]
failure_rate = 0.5
slow_rate = 0.25
slow_request = "2s"
consecutive_failures = 0
window = "30s"
minimum_requests = 21
max_consecutive_failures = 68
probe_interval = "40ms"
open_for = "3s"
max_open_for = "9s"
probes = 7
shadow = true
[pools.app.retry_budget]
ratio = 0.3
window = "12s"
min_per_second = 4
[rate_limits.login]
requests = 5
per = "1m"
burst = 2
ipv4_prefix = 24
ipv6_prefix = 48
max_keys = 1024
status = 503
shadow = true
[rate_limits.api]
requests = 50
by = "cookie:Session"
[alerts.team]
kind = "webhook"
url = "http://hooks.internal:8000/"
[alerts.am]
kind = "alertmanager"
url = "http://127.0.0.1:9093/am"
severity = "warning"
grade = "inferred"
causes = ["overload", "dependency_failure/connect_refused"]
pools = ["db"]
on = ["closed", "opened"]
grew_by = 3
timeout = "3s"
max_per_minute = 7
give_up_after = "11m"
resend_every = "30s"
[changes]
max_per_minute = 9
[[maintenance]]
pools = ["app"]
routes = ["db.example/db/"]
weekly = "saturday 23:30-02:00"
duration = "90m"
reason = "a move"
status_page = "https://status.example/"
[[maintenance]]
pools = ["tls"]
start = 2026-12-24T22:00:00+01:00
end = "2026-12-25T04:00:00Z"
reason = "new keys"
[pools.app.hedge]
enabled = true
percentile = 0.9
min_delay = "20ms"
max = 2
minimum_requests = 50
[pools.app.throttle]
enabled = true
accept_rate = 0.4
max_reject = 0.8
window = "1m"
minimum_requests = 70
[pools.app.ejection]
consecutive_failures = 6
failure_rate = 0.3
minimum_requests = 40
slow_ratio = 8
slow_by = "400ms"
base = "2s"
max = "40s"
[pools.db]
backends = ["http://10.0.0.1:5000"]
circuit_breaker = { enabled = false }
ejection = { enabled = false }
health_check = { type = "tcp" }
[pools.grpc]
backends = ["http://10.0.0.1:5001"]
protocol = "h2"
health_check = { type = "grpc", service = "shop.Orders", host = "shop.internal" }
[pools.tls]
backends = ["https://10.0.0.1:5002"]
health_check = { type = "tls", initial = "down" }
"#;

const SMALLEST: &str = include_str!("../../../../../config/smallest.toml");

/// The view as a file.
fn toml(view: Value) -> String {
    toml::to_string(&toml::Value::try_from(view).unwrap()).unwrap()
}

#[test]
fn the_view_is_a_config_that_means_the_same() {
    for text in [FULL, SMALLEST] {
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
    let view = view(&from_str("test", SMALLEST).unwrap());
    let pool = &view["pools"]["app"];
    assert_eq!(pool["retry_budget"]["ratio"], 0.2);
    assert_eq!(pool["circuit_breaker"]["open_for"], "1s");
    assert_eq!(pool["ejection"]["consecutive_failures"], 5);
    assert_eq!(view["routes"][0]["retry"]["attempt_timeout"], "5s");
    assert_eq!(view["admin"]["address"], "127.0.0.1:9503");
}

#[test]
fn the_address_of_a_slack_channel_is_not_shown() {
    let text = "[alerts.s]\nkind = \"slack\"\nurl = \"http://hooks.slack.example/services/T0/B0/secret\"\n";
    let config = from_str("test", &format!("{SMALLEST}\n{text}")).unwrap();
    let view = view(&config).to_string();
    assert!(!view.contains("services"), "{view}");
    assert!(
        view.contains("http://hooks.slack.example/(not shown)"),
        "{view}"
    );
    assert!(!format!("{config:?}").contains("services"));
}

#[test]
fn what_an_address_asks_with_is_not_shown() {
    let text =
        "[alerts.am]\nkind = \"alertmanager\"\nurl = \"http://am.example/am?token=secret\"\n";
    let config = from_str("test", &format!("{SMALLEST}\n{text}")).unwrap();
    let view = view(&config).to_string();
    assert!(!view.contains("secret"), "{view}");
    assert!(view.contains("http://am.example/am?(not shown)"), "{view}");
}

#[test]
fn the_token_is_not_shown() {
    let mut config = from_str("test", FULL).unwrap();
    let (secret, other) = ("correct-horse-battery", "a-reader-and-no-more");
    let file = |token| TokenFile::new("token".into(), AdminToken::new(token).unwrap());
    let mut shown = |reader| {
        let tokens = AdminTokens::new(Some(file(secret)), reader).unwrap();
        config.admin = Some(Admin {
            address: "0.0.0.0:9503".parse().unwrap(),
            access: AdminAccess::by_tokens(tokens),
            tls: None,
        });
        let text = view(&config).to_string();
        assert!(!text.contains(secret) && !text.contains(other), "{text}");
        view(&config)["admin"].clone()
    };
    let both = shown(Some(file(other)));
    assert_eq!(both["token_file"], "(set, not shown)");
    assert_eq!(both["read_token_file"], "(set, not shown)");
    assert_eq!(shown(None).get("read_token_file"), None);
}

#[test]
fn whose_certificates_count_is_shown_and_means_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let authority = testing::authority();
    testing::write(directory.path(), "a", &["a.example"], &authority);
    std::fs::write(directory.path().join("ca.pem"), authority.pem()).unwrap();
    let path = directory.path().join("edge.toml");
    let load = |text: &str| {
        std::fs::write(&path, text).unwrap();
        crate::config::load(&path).unwrap_or_else(|report| panic!("{report}"))
    };
    for readers in [
        "",
        ", readers = []",
        ", readers = [\"CN=ada\", \"Ops.example\"]",
    ] {
        let admin = format!(
            "address = \"0.0.0.0:9503\"\n[admin.tls]\ncertificates = [{{ cert = \"a.pem\", key = \"a.key\" }}]\n\
             handshake_timeout = \"2s\"\nmin_version = \"1.3\"\n\
             client_auth = {{ ca = \"ca.pem\", operators = [\"spiffe://example.org/ops\"]{readers} }}"
        );
        let config = load(&format!("[admin]\n{admin}\n{SMALLEST}"));
        let view = view(&config);
        let client_auth = &view["admin"]["tls"]["client_auth"];
        assert_eq!(client_auth["required"], false);
        assert_eq!(client_auth["operators"][0], "spiffe://example.org/ops");
        assert_eq!(client_auth.get("readers").is_some(), !readers.is_empty());
        assert_eq!(load(&toml(view)), config, "{readers}");
    }
}

#[test]
fn what_exports_carry_is_not_shown() {
    let secret = "correct-horse-battery";
    let text = format!(
        "{SMALLEST}\n[telemetry.traces]\nendpoint = \"http://127.0.0.1:4317\"\nprotocol = \"grpc\"\n\
         headers = {{ x-tenant = \"{secret}\" }}\n"
    );
    let config = from_str("test", &text).unwrap_or_else(|r| panic!("{}", r.render(false)));
    let shown = view(&config);
    assert_eq!(shown["telemetry"]["traces"]["protocol"], "grpc");
    assert_eq!(
        shown["telemetry"]["traces"]["headers"]["x-tenant"],
        "(set, not shown)"
    );
    let shown = format!("{shown}{config:?}");
    assert!(!shown.contains(secret), "{shown}");
}
