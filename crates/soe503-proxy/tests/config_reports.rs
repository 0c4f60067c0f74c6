//! Every kind of mistake, and the report that it gets: one snapshot each.
//!
//! `INSTA_UPDATE=always cargo test -p soe503-proxy --test config_reports` renews them.

use soe503_proxy::config::{Report, from_str};

/// A valid config that mistakes are made in.
const VALID: &str = r#"
[[listeners]]
address = "127.0.0.1:8080"

[[routes]]
pool = "app"
timeout = "15s"

[pools.app]
backends = ["http://127.0.0.1:8081", "http://127.0.0.1:8082"]
connect_timeout = "500ms"

[pools.app.circuit_breaker]
consecutive_failures = 5
"#;

/// Name of the snapshot; a line of [`VALID`] (or "" for its end); what stands there instead.
const MISTAKES: &[(&str, &str, &str)] = &[
    // Keys
    (
        "journal_without_a_path",
        "",
        "[journal]\nmax_size = \"64MiB\"",
    ),
    (
        "journal_that_is_too_small",
        "",
        "[journal]\npath = \"j.redb\"\nmax_size = \"64KiB\"",
    ),
    (
        "journal_that_forgets_at_once",
        "",
        "[journal]\npath = \"j.redb\"\nmax_age = \"0s\"",
    ),
    (
        "journal_of_too_many_failures",
        "",
        "[journal]\npath = \"j.redb\"\nsample = 1001",
    ),
    (
        "alert_without_an_address",
        "",
        "[alerts.team]\nkind = \"slack\"",
    ),
    (
        "alert_of_no_kind",
        "",
        "[alerts.team]\nkind = \"slakc\"\nurl = \"http://127.0.0.1:9\"",
    ),
    (
        "alert_about_an_unknown_cause",
        "",
        "[alerts.team]\nkind = \"webhook\"\nurl = \"http://127.0.0.1:9\"\ncauses = [\"overload/queue_fll\"]",
    ),
    (
        "alert_about_an_unknown_pool",
        "",
        "[alerts.team]\nkind = \"webhook\"\nurl = \"http://127.0.0.1:9\"\npools = [\"ap\"]",
    ),
    (
        "alert_without_the_key_of_its_service",
        "",
        "[alerts.team]\nkind = \"pagerduty\"\nurl = \"http://127.0.0.1:9\"",
    ),
    (
        "alert_with_a_password_in_its_url",
        "",
        "[alerts.team]\nkind = \"webhook\"\nurl = \"http://me:pass@127.0.0.1:9\"",
    ),
    (
        "alert_whose_secret_is_not_there",
        "",
        "[alerts.team]\nkind = \"webhook\"\nurl = \"http://127.0.0.1:9\"\nsecret_file = \"nowhere/webhook.key\"",
    ),
    (
        "alert_that_is_told_again_in_vain",
        "",
        "[alerts.team]\nkind = \"webhook\"\nurl = \"http://127.0.0.1:9\"\nresend_every = \"1m\"",
    ),
    (
        "alert_at_two_addresses",
        "",
        "[alerts.team]\nkind = \"webhook\"\nurl = \"http://127.0.0.1:9\"\nurl_file = \"team.url\"",
    ),
    (
        "alert_on_what_does_not_happen",
        "",
        "[alerts.team]\nkind = \"webhook\"\nurl = \"http://127.0.0.1:9\"\non = [\"opend\"]",
    ),
    (
        "github_secret_that_is_not_there",
        "",
        "[changes]\ngithub_secret_file = \"nowhere/github.secret\"",
    ),
    (
        "debug_key_that_is_not_there",
        "",
        "[explain]\ndebug_key_file = \"nowhere/debug.key\"",
    ),
    (
        "debug_key_without_a_name",
        "",
        "[explain]\ndebug_key_file = \"\"",
    ),
    ("misspelt_key", "timeout = \"15s\"", "tiemout = \"15s\""),
    ("misspelt_required_key", "address = ", "adress = "),
    ("key_of_another_table", "timeout = \"15s\"", "fall = 3"),
    (
        "policy_misspelt",
        "connect_timeout = \"500ms\"",
        "balance = \"round_robbin\"",
    ),
    (
        "policy_without_a_key",
        "connect_timeout = \"500ms\"",
        "balance = \"maglev\"",
    ),
    (
        "key_without_a_policy",
        "connect_timeout = \"500ms\"",
        "hash = { on = \"path\" }",
    ),
    (
        "hash_of_a_header_without_name",
        "connect_timeout = \"500ms\"",
        "balance = \"ring_hash\"\nhash = { on = \"header\" }",
    ),
    (
        "hash_of_a_path_with_a_name",
        "connect_timeout = \"500ms\"",
        "balance = \"ring_hash\"\nhash = { on = \"path\", name = \"x\" }",
    ),
    (
        "bound_on_loads_that_is_too_tight",
        "connect_timeout = \"500ms\"",
        "balance = \"ring_hash\"\nhash = { on = \"path\", bounded_load = 1 }",
    ),
    (
        "cookie_that_browsers_drop",
        "connect_timeout = \"500ms\"",
        "sticky = { same_site = \"none\" }",
    ),
    (
        "cookie_with_a_name_that_none_has",
        "connect_timeout = \"500ms\"",
        "sticky = { name = \"a:b\" }",
    ),
    (
        "cookie_with_a_path_that_none_has",
        "connect_timeout = \"500ms\"",
        "sticky = { path = \"/a;b\" }",
    ),
    (
        "cookie_without_its_key",
        "connect_timeout = \"500ms\"",
        "sticky = { key_file = \"nowhere/sticky.key\" }",
    ),
    (
        "priority_out_of_range",
        "backends = [\"http://127.0.0.1:8081\", \"http://127.0.0.1:8082\"]",
        "backends = [{ url = \"http://127.0.0.1:8081\", priority = 16 }]",
    ),
    ("unknown_key", "timeout = \"15s\"", "banana = 1"),
    ("unknown_table", "", "[tracing]\nendpoint = \"x\""),
    ("missing_key", "pool = \"app\"\n", ""),
    (
        "proxy_protocol_from_nobody",
        "[[routes]]",
        "proxy_protocol = \"require\"\n[[routes]]",
    ),
    (
        "network_with_host_bits",
        "[[routes]]",
        "forwarded = { trust = [\"10.1.2.3/8\"] }\n[[routes]]",
    ),
    (
        "header_of_the_connection",
        "timeout = \"15s\"",
        "request_headers = { set = { Connection = \"close\" } }",
    ),
    (
        "header_host",
        "timeout = \"15s\"",
        "request_headers = { remove = [\"host\"] }",
    ),
    (
        "header_value",
        "timeout = \"15s\"",
        "response_headers = { add = { x-a = \"a\\nb\" } }",
    ),
    (
        "header_set_and_removed",
        "timeout = \"15s\"",
        "response_headers = { set = { x-a = \"1\" }, remove = [\"X-a\"] }",
    ),
    (
        "strip_and_rewrite",
        "timeout = \"15s\"",
        "strip_prefix = true\nrewrite_prefix = \"/v2\"",
    ),
    ("strip_nothing", "timeout = \"15s\"", "strip_prefix = true"),
    (
        "host_with_a_user",
        "timeout = \"15s\"",
        "host = \"user@app\"",
    ),
    (
        "rate_limit_that_is_not_there",
        "timeout = \"15s\"",
        "rate_limits = [\"logn\"]\n[rate_limits.login]\nrequests = 5\n[[routes]]\npool = \"app\"\nmatch = { path_prefix = \"/x\" }",
    ),
    (
        "rate_limit_with_a_wrong_status",
        "[pools.app]",
        "[rate_limits.api]\nrequests = 5\nstatus = 418\n[pools.app]",
    ),
    (
        "rate_limit_by_nothing",
        "[pools.app]",
        "[rate_limits.api]\nrequests = 5\nby = \"heder:x-api-key\"\n[pools.app]",
    ),
    (
        "rate_limit_with_a_prefix_for_headers",
        "[pools.app]",
        "[rate_limits.api]\nrequests = 5\nby = \"header:x-api-key\"\nipv6_prefix = 48\n[pools.app]",
    ),
    (
        "rate_limit_without_requests",
        "[pools.app]",
        "[rate_limits.api]\nper = \"1m\"\n[pools.app]",
    ),
    (
        "throttle_that_holds_everything_back",
        "[pools.app]",
        "[pools.app]\nthrottle = { enabled = true, max_reject = 1.0 }",
    ),
    (
        "maintenance_for_nothing",
        "[pools.app]",
        "[[maintenance]]\nstart = 2026-12-24T22:00:00Z\nreason = \"disks\"\n[pools.app]",
    ),
    (
        "maintenance_of_a_misspelt_pool",
        "[pools.app]",
        "[[maintenance]]\npools = [\"ap\"]\nstart = 2026-12-24T22:00:00Z\nreason = \"disks\"\n[pools.app]",
    ),
    (
        "maintenance_that_ends_first",
        "[pools.app]",
        "[[maintenance]]\npools = [\"app\"]\nstart = 2026-12-24T22:00:00Z\nend = \"2026-12-24T21:00:00Z\"\nreason = \"disks\"\n[pools.app]",
    ),
    (
        "maintenance_every_week_without_end",
        "[pools.app]",
        "[[maintenance]]\npools = [\"app\"]\nweekly = \"sunday 02:00\"\nreason = \"disks\"\n[pools.app]",
    ),
    (
        "maintenance_at_no_time",
        "[pools.app]",
        "[[maintenance]]\npools = [\"app\"]\nstart = \"2026-12-24T22:00:00\"\nreason = \"disks\"\n[pools.app]",
    ),
    (
        "maintenance_on_a_misspelt_day",
        "[pools.app]",
        "[[maintenance]]\npools = [\"app\"]\nweekly = \"sonday 02:00\"\nduration = \"2h\"\nreason = \"disks\"\n[pools.app]",
    ),
    (
        "bypass_without_a_secret",
        "timeout = \"15s\"",
        "maintenance_bypass = { header = \"x-tester\" }",
    ),
    (
        "page_that_is_not_there",
        "timeout = \"15s\"",
        "pages = { maintenance = \"no-such-file.html\" }",
    ),
    (
        "fallback_for_a_misspelt_cause",
        "timeout = \"15s\"",
        "fallback = { on = [\"circuit_opn\"] }",
    ),
    (
        "fallback_with_two_bodies",
        "timeout = \"15s\"",
        "fallback = { on = [\"any\"], body = \"[]\", file = \"fallback.json\" }",
    ),
    (
        "tls_without_certificates",
        "[[routes]]",
        "tls = { min_version = \"1.3\" }\n[[routes]]",
    ),
    (
        "tls_certificate_is_no_table",
        "[[routes]]",
        "tls = { certificates = [\"cert.pem\"] }\n[[routes]]",
    ),
    (
        "tls_no_certificate",
        "[[routes]]",
        "tls = { certificates = [] }\n[[routes]]",
    ),
    (
        "tls_name_is_a_pattern",
        "[\"http://127.0.0.1:8081\", \"http://127.0.0.1:8082\"]",
        "[\"https://127.0.0.1:8081\"]\ntls = { server_name = \"*.example\" }",
    ),
    (
        "tls_key_without_certificate",
        "[\"http://127.0.0.1:8081\", \"http://127.0.0.1:8082\"]",
        "[\"https://127.0.0.1:8081\"]\ntls = { client_key = \"key.pem\" }",
    ),
    (
        "tls_authority_without_verifying",
        "[\"http://127.0.0.1:8081\", \"http://127.0.0.1:8082\"]",
        "[\"https://127.0.0.1:8081\"]\ntls = { ca = \"no/ca.pem\", verify = false }",
    ),
    // Types and units
    (
        "wrong_type",
        "consecutive_failures = 5",
        "consecutive_failures = \"five\"",
    ),
    (
        "number_in_quotes",
        "consecutive_failures = 5",
        "consecutive_failures = \"5\"",
    ),
    ("duration_without_unit", "\"15s\"", "15"),
    ("duration_in_quotes_without_unit", "\"15s\"", "\"15\""),
    ("duration_with_a_wrong_unit", "\"500ms\"", "\"500 parsecs\""),
    ("duration_out_of_range", "\"15s\"", "\"2h\""),
    (
        "size_without_unit",
        "timeout = \"15s\"",
        "retry = { max_body = 65536 }",
    ),
    (
        "ratio_as_percentage",
        "consecutive_failures = 5",
        "failure_rate = 20",
    ),
    (
        "ratio_in_quotes",
        "consecutive_failures = 5",
        "failure_rate = \"20%\"",
    ),
    (
        "boolean_in_quotes",
        "consecutive_failures = 5",
        "shadow = \"true\"",
    ),
    (
        "count_out_of_range",
        "timeout = \"15s\"",
        "retry = { attempts = 0 }",
    ),
    ("choice", "[[routes]]", "explain = \"pubic\"\n[[routes]]"),
    (
        "status_that_is_not_retried",
        "timeout = \"15s\"",
        "retry = { on_status = [404] }",
    ),
    (
        "string_instead_of_list",
        "[[routes]]",
        "protocols = \"h1\"\n[[routes]]",
    ),
    ("value_instead_of_table", "timeout = \"15s\"", "retry = 3"),
    ("table_instead_of_tables", "[[listeners]]", "[listeners]"),
    (
        "log_to_a_misspelt_word",
        "[[listeners]]",
        "access_log = { path = \"stdotu\" }\n[[listeners]]",
    ),
    // Addresses and URLs
    ("address_without_host", "\"127.0.0.1:8080\"", "\":8080\""),
    (
        "address_by_name",
        "\"127.0.0.1:8080\"",
        "\"localhost:8080\"",
    ),
    (
        "url_without_scheme",
        "\"http://127.0.0.1:8082\"",
        "\"127.0.0.1:8082\"",
    ),
    (
        "url_with_a_wrong_scheme",
        "\"http://127.0.0.1:8082\"",
        "\"htp:/127.0.0.1:8082\"",
    ),
    (
        "url_with_path",
        "\"http://127.0.0.1:8082\"",
        "\"http://127.0.0.1:8082/api\"",
    ),
    (
        "url_with_bad_port",
        "\"http://127.0.0.1:8082\"",
        "\"http://127.0.0.1:80820\"",
    ),
    (
        "url_with_mistyped_address",
        "\"http://127.0.0.1:8082\"",
        "\"http://127.0.0.256:8082\"",
    ),
    (
        "host_with_port",
        "timeout = \"15s\"",
        "match = { host = \"shop.example:80\" }",
    ),
    (
        "path_without_slash",
        "timeout = \"15s\"",
        "match = { path_prefix = \"api\" }",
    ),
    (
        "method_in_small_letters",
        "timeout = \"15s\"",
        "match = { methods = [\"get\"] }",
    ),
    // References and contradictions
    ("unknown_pool", "pool = \"app\"", "pool = \"ap\""),
    (
        "service_with_a_port",
        "\"http://127.0.0.1:8082\"",
        "\"http://_http._tcp.shop.internal:80\"",
    ),
    (
        "failover_to_an_unknown_pool",
        "timeout = \"15s\"",
        "failover = { pools = [\"ap\"] }",
    ),
    (
        "failover_to_the_same_pool",
        "timeout = \"15s\"",
        "failover = { pools = [\"app\"] }",
    ),
    (
        "failover_to_nobody",
        "timeout = \"15s\"",
        "failover = { pools = [] }",
    ),
    (
        "failover_twice_to_one",
        "connect_timeout = \"500ms\"",
        "[pools.b]\nbackends = [\"http://127.0.0.1:8083\"]\n[[routes]]\nmatch = { path_prefix = \"/b\" }\n\
         pool = \"app\"\nfailover = { pools = [\"b\", \"b\"] }\n[pools.app.retry_budget]\n",
    ),
    (
        "unknown_pool_like_no_other",
        "pool = \"app\"",
        "pool = \"zebra\"",
    ),
    (
        "unused_pool",
        "",
        "[pools.spare]\nbackends = [\"http://127.0.0.1:9000\"]",
    ),
    (
        "empty_pool",
        "[\"http://127.0.0.1:8081\", \"http://127.0.0.1:8082\"]",
        "[]",
    ),
    (
        "pool_with_a_bad_name",
        "",
        "[[routes]]\nmatch = { host = \"b\" }\npool = \"b/d\"\n[pools.\"b/d\"]\nbackends = [\"http://b\"]",
    ),
    (
        "duplicate_listener",
        "[[routes]]",
        "[[listeners]]\naddress = \"127.0.0.1:8080\"\n[[routes]]",
    ),
    (
        "listener_on_the_admin_address",
        "\"127.0.0.1:8080\"",
        "\"127.0.0.1:9503\"",
    ),
    (
        "duplicate_backend",
        "\"http://127.0.0.1:8082\"",
        "{ url = \"http://127.0.0.1:8081\" }",
    ),
    (
        "duplicate_backend_name",
        "\"http://127.0.0.1:8082\"",
        "{ url = \"http://a\", name = \"127.0.0.1:8081\" }",
    ),
    ("duplicate_route", "", "[[routes]]\npool = \"app\""),
    (
        "open_admin_api",
        "[[listeners]]",
        "[admin]\naddress = \"0.0.0.0:9503\"\n[[listeners]]",
    ),
    (
        "token_file_that_is_not_there",
        "[[listeners]]",
        "[admin]\ntoken_file = \"no/such.token\"\n[[listeners]]",
    ),
    (
        "reader_without_an_operator",
        "[[listeners]]",
        "[admin]\nread_token_file = \"reader.token\"\n[[listeners]]",
    ),
    ("no_protocol", "[[routes]]", "protocols = []\n[[routes]]"),
    ("no_method", "timeout = \"15s\"", "match = { methods = [] }"),
    (
        "breaker_without_a_rule",
        "consecutive_failures = 5",
        "consecutive_failures = 0",
    ),
    (
        "breaker_that_cannot_trip",
        "consecutive_failures = 5",
        "failure_rate = 0.5\nwindow = 10",
    ),
    (
        "limits_in_the_wrong_order",
        "consecutive_failures = 5",
        "open_for = \"3s\"\nmax_open_for = \"2s\"",
    ),
    (
        "attempt_longer_than_the_request",
        "timeout = \"15s\"",
        "timeout = \"2s\"\nretry = { attempt_timeout = \"3s\" }",
    ),
    (
        "check_without_path",
        "",
        "[pools.app.health_check]\ninterval = \"1s\"",
    ),
    (
        "check_with_a_path_for_nothing",
        "",
        "[pools.app.health_check]\ntype = \"tcp\"\npath = \"/healthz\"",
    ),
    (
        "check_longer_than_its_interval",
        "",
        "[pools.app.health_check]\npath = \"/\"\ninterval = \"1s\"\ntimeout = \"2s\"",
    ),
    (
        "check_of_a_pattern",
        "",
        "[pools.app.health_check]\npath = \"/\"\nhost = \"*.example\"",
    ),
    (
        "check_of_an_unknown_type",
        "",
        "[pools.app.health_check]\ntype = \"grcp\"",
    ),
    (
        "check_by_grpc_over_http1",
        "connect_timeout = \"500ms\"",
        "protocol = \"h1\"\nhealth_check = { type = \"grpc\" }",
    ),
    (
        "check_by_tls_without_tls",
        "",
        "[pools.app.health_check]\ntype = \"tls\"",
    ),
    (
        "check_of_a_service_by_http",
        "",
        "[pools.app.health_check]\npath = \"/\"\nservice = \"shop.Orders\"",
    ),
    (
        "check_of_a_service_without_name",
        "connect_timeout = \"500ms\"",
        "protocol = \"h2\"\nhealth_check = { type = \"grpc\", service = \"\" }",
    ),
    (
        "check_with_a_fast_interval_that_is_slow",
        "",
        "[pools.app.health_check]\npath = \"/\"\ninterval = \"1s\"\nfast_interval = \"2s\"",
    ),
    (
        "check_with_a_down_interval_that_is_fast",
        "",
        "[pools.app.health_check]\npath = \"/\"\ninterval = \"3s\"\ndown_interval = \"2s\"",
    ),
    (
        "check_that_begins_in_no_state",
        "",
        "[pools.app.health_check]\npath = \"/\"\ninitial = \"healthy\"",
    ),
    // TOML itself
    (
        "toml_extra_sign",
        "timeout = \"15s\"",
        "timeout = = \"15s\"",
    ),
    ("toml_open_string", "timeout = \"15s\"", "timeout = \"15s"),
    ("toml_open_table", "[pools.app]", "[pools.app"),
    (
        "toml_duplicate_key",
        "timeout = \"15s\"",
        "timeout = \"15s\"\ntimeout = \"16s\"",
    ),
    (
        "toml_several",
        "timeout = \"15s\"\n",
        "timeout = = 1\nx y\n",
    ),
];

/// [`VALID`] with a mistake.
fn wrong(line: &str, instead: &str) -> String {
    if line.is_empty() {
        return format!("{VALID}\n{instead}\n");
    }
    let text = VALID.replacen(line, instead, 1);
    assert_ne!(text, VALID, "{line:?} is not in the config");
    text
}

fn report(text: &str) -> Report {
    match from_str("edge.toml", text) {
        Ok(config) => panic!("accepted: {config:#?}\n{text}"),
        Err(report) => report,
    }
}

#[test]
fn the_config_without_a_mistake_is_accepted() {
    from_str("edge.toml", VALID).unwrap();
}

#[test]
fn each_mistake_has_its_report() {
    for (name, line, instead) in MISTAKES {
        let text = wrong(line, instead);
        insta::with_settings!({ description => text.as_str(), omit_expression => true }, {
            insta::assert_snapshot!(*name, report(&text).render(false));
        });
    }
}

#[test]
fn each_mistake_is_one_problem_and_has_a_place() {
    for (name, line, instead) in MISTAKES {
        let report = report(&wrong(line, instead));
        if !name.starts_with("toml_") {
            assert_eq!(report.problems().len(), 1, "{name}\n{report}");
        }
        for problem in report.problems() {
            assert!(report.position(problem).is_some(), "{name}\n{report}");
        }
    }
}

#[test]
fn mistakes_far_apart_are_reported_together() {
    let text = VALID
        .replace("127.0.0.1:8080", "127.0.0.1")
        .replace("15s", "soon")
        .replace("consecutive_failures", "consecutive_failure")
        .replace("\"http://127.0.0.1:8082\"", "5");
    let report = report(&text);
    let places: Vec<_> = report
        .problems()
        .iter()
        .map(|p| report.position(p))
        .collect();
    assert_eq!(
        places,
        [Some((3, 12)), Some((7, 12)), Some((10, 38)), Some((14, 1))],
        "{report}"
    );
    insta::assert_snapshot!("several", report.render(false));
}

#[test]
fn an_empty_file_is_told_what_it_needs() {
    insta::assert_snapshot!("empty_file", report("").render(false));
}

#[test]
fn colours_are_there_if_asked_for_and_only_then() {
    let report = report("server = 1");
    assert!(report.render(true).contains("\u{1b}["));
    assert!(!report.render(false).contains('\u{1b}'));
    let plain = anstream::adapter::strip_str(&report.render(true)).to_string();
    assert_eq!(plain, report.render(false));
}

#[test]
fn what_the_file_says_cannot_write_to_the_terminal() {
    let report = report("\"a\\u001b[31m\\nb\" = 1\nc = \"\\u001b]0;x\\u0007\"\n");
    assert!(!report.render(false).contains(['\u{1b}', '\u{7}']));
}

#[test]
fn a_thousand_mistakes_are_cut_short() {
    let text: String = (0..1000).map(|i| format!("banana{i} = 1\n")).collect();
    let report = report(&text);
    assert_eq!(report.problems().len(), 1000);
    let shown = report.render(false);
    assert!(shown.len() < 50_000, "{}", shown.len());
    assert!(
        shown.contains("at least 1000 problems, of which 50 are shown"),
        "{shown}"
    );
}

#[test]
fn positions_count_characters() {
    let report = report("\n\"\u{e4}\u{f6}\" = 1\nx = \"\u{fc}\"; y\n");
    let problem = &report.problems()[0];
    assert_eq!(report.position(problem), Some((3, 8)), "{report}");
}
