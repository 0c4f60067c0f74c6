//! Where each trap begins: what is just short of it is none, and the value to set follows from the tightest of several.

use super::tests::{ids, parsed, text};

/// The lint; what makes a config that just misses it.
type Row = (&'static str, [(&'static str, &'static str); 2]);

const JUST_SHORT: &[Row] = &[
    (
        "connect_not_below_total",
        [
            ("ROUTE", "timeout = \"2s\"\nretry = { attempts = 1 }"),
            ("POOL", "connect_timeout = \"1999ms\""),
        ],
    ),
    (
        "connect_not_below_attempt",
        [
            ("ROUTE", "retry = { attempt_timeout = \"400ms\" }"),
            ("POOL", "connect_timeout = \"399ms\""),
        ],
    ),
    (
        "attempt_not_below_total",
        [
            (
                "ROUTE",
                "timeout = \"3s\"\nretry = { attempt_timeout = \"2999ms\" }",
            ),
            ("POOL", ""),
        ],
    ),
    (
        "queue_not_below_total",
        [
            ("ROUTE", "timeout = \"2s\"\nretry = { attempts = 1 }"),
            ("POOL", "queue = { max_wait = \"1999ms\" }"),
        ],
    ),
    (
        "slow_request_not_below_total",
        [
            ("ROUTE", "timeout = \"15s\""),
            (
                "POOL",
                "circuit_breaker = { slow_rate = 0.5, slow_request = \"14999ms\" }",
            ),
        ],
    ),
    (
        "grace_below_total",
        [
            ("ROUTE", "timeout = \"15s\""),
            ("REST", "[server]\nshutdown_grace = \"15s\""),
        ],
    ),
    (
        "backend_idle_long",
        [("POOL", "idle_timeout = \"4999ms\""), ("ROUTE", "")],
    ),
    (
        // The second has exactly half of its own time left.
        "retries_do_not_fit",
        [
            (
                "ROUTE",
                "timeout = \"3500ms\"\nretry = { attempts = 2, attempt_timeout = \"2s\", backoff_base = \"1s\", backoff_max = \"1s\" }",
            ),
            ("POOL", ""),
        ],
    ),
    (
        "budget_of_nothing",
        [
            ("POOL", "retry_budget = { ratio = 0.0, min_per_second = 1 }"),
            ("ROUTE", ""),
        ],
    ),
    (
        "budget_of_everything",
        [("POOL", "retry_budget = { ratio = 0.49 }"), ("ROUTE", "")],
    ),
    (
        // Its requests have somewhere to go.
        "one_backend",
        [
            (
                "backends = [\"http://10.0.0.1:80\", \"http://10.0.0.2:80\"]",
                "backends = [\"http://10.0.0.1:80\"]",
            ),
            (
                "ROUTE",
                "failover = { pools = [\"other\"] }\n[pools.other]\nbackends = [\"http://10.0.0.3:80\", \"http://10.0.0.4:80\"]",
            ),
        ],
    ),
    (
        "failover_to_itself",
        [
            ("ROUTE", "failover = { pools = [\"other\"] }"),
            (
                "REST",
                "[pools.other]\nbackends = [\"http://10.0.0.1:80\", \"http://10.0.0.3:80\"]",
            ),
        ],
    ),
    (
        "route_limit_not_below_pool",
        [
            ("ROUTE", "max_in_flight = 99"),
            ("POOL", "max_in_flight = 100"),
        ],
    ),
    (
        "backend_limit_not_below_pool",
        [
            (
                "POOL",
                "max_in_flight = 100\nmax_in_flight_per_backend = 100",
            ),
            ("ROUTE", ""),
        ],
    ),
    (
        "no_queue",
        [("POOL", "queue = { max_waiting = 1 }"), ("ROUTE", "")],
    ),
    (
        "breaker_needs_traffic",
        [
            (
                "POOL",
                "circuit_breaker = { failure_rate = 0.5, window = \"10s\", minimum_requests = 999 }",
            ),
            ("ROUTE", ""),
        ],
    ),
    (
        "breaker_never_opens",
        [
            ("POOL", "circuit_breaker = { consecutive_failures = 999 }"),
            ("ROUTE", ""),
        ],
    ),
    (
        "breaker_stays_open",
        [
            (
                "POOL",
                "circuit_breaker = { probe_interval = \"0s\", open_for = \"29999ms\" }",
            ),
            ("ROUTE", ""),
        ],
    ),
    (
        "ejection_never",
        [
            (
                "POOL",
                "ejection = { consecutive_failures = 99, failure_rate = 0.0 }",
            ),
            ("ROUTE", ""),
        ],
    ),
    (
        "nothing_takes_out",
        [
            (
                "POOL",
                "ejection = { enabled = false }\nhealth_check = { path = \"/\" }",
            ),
            ("ROUTE", ""),
        ],
    ),
    (
        // The inner one is told how many attempts are left.
        "retries_at_two_layers",
        [
            ("LISTENER", "forwarded = { trust = [\"127.0.0.0/8\"] }"),
            (
                "REST",
                "[[routes]]\nmatch = { path_prefix = \"/in\" }\npool = \"edge\"\nretry = { attempts = 3 }\n[pools.edge]\nbackends = [\"http://127.0.0.1:8080\", \"http://10.0.0.9:80\"]\nproxy = true",
            ),
        ],
    ),
    (
        "check_often",
        [
            (
                "POOL",
                "connect_timeout = \"300ms\"\nhealth_check = { path = \"/\", interval = \"500ms\", timeout = \"400ms\" }",
            ),
            ("ROUTE", ""),
        ],
    ),
    (
        // Half a minute, to the millisecond.
        "check_late",
        [
            (
                "POOL",
                "health_check = { path = \"/\", interval = \"28s\", fall = 2, fast_interval = \"1s\" }",
            ),
            ("ROUTE", ""),
        ],
    ),
    (
        "check_shorter_than_connect",
        [
            (
                "POOL",
                "connect_timeout = \"900ms\"\nhealth_check = { path = \"/\", timeout = \"900ms\" }",
            ),
            ("ROUTE", ""),
        ],
    ),
    (
        "check_expects_errors",
        [
            (
                "POOL",
                "health_check = { path = \"/\", expect = \"200-499\" }",
            ),
            ("ROUTE", ""),
        ],
    ),
    (
        "client_idle_short",
        [
            ("LISTENER", "limits = { idle_timeout = \"60s\" }"),
            ("ROUTE", ""),
        ],
    ),
];

#[test]
fn what_is_just_short_of_a_trap_is_none() {
    for (id, changes) in JUST_SHORT {
        let found = ids(&parsed(&text(changes)));
        assert!(!found.contains(id), "{id}:\n{}", text(changes));
    }
}

/// What is told of the config after `changes`: the one lint, and the value to set.
fn only(changes: &[(&str, &str)]) -> (&'static str, String) {
    let config = parsed(&text(changes));
    let [found] = config.lints.found() else {
        panic!("{:?}", config.lints.found());
    };
    (found.lint.id, found.set.clone().unwrap_or_default())
}

#[test]
fn a_proxy_that_asks_itself_is_one_however_it_is_written_and_others_are_none() {
    let edge = |address: &str| {
        format!(
            "[[routes]]\nmatch = {{ path_prefix = \"/in\" }}\npool = \"edge\"\n[pools.edge]\nbackends = [\"http://{address}\", \"http://10.0.0.9:80\"]"
        )
    };
    let found = |listener: &str, rest: &str, inner: &str| {
        let text =
            text(&[("REST", rest), ("ROUTE", inner)]).replace("127.0.0.1:8080\"\n", listener);
        ids(&parsed(&text)).contains(&"retries_at_two_layers")
    };
    for (listener, address, is_one) in [
        ("127.0.0.1:8080\"\n", "127.0.0.1:8080", true),
        ("0.0.0.0:8080\"\n", "127.9.9.9:8080", true),
        ("[::]:8080\"\n", "[::1]:8080", true),
        ("127.0.0.1:8080\"\n", "127.0.0.1:8081", false),
        ("127.0.0.1:8080\"\n", "127.0.0.2:8080", false),
        // Which addresses this machine has a file does not say.
        ("0.0.0.0:8080\"\n", "10.0.0.1:8080", false),
        ("127.0.0.1:8080\"\n", "localhost:8080", false),
    ] {
        let found = found(listener, &edge(address), "");
        assert_eq!(found, is_one, "{listener} {address}");
    }
    let here = "127.0.0.1:8080\"\n";
    let once = "retry = { attempts = 1 }";
    assert!(!found(here, &edge("127.0.0.1:8080"), once), "one layer");
    // Declared, and not believed.
    let told = format!("{}\nproxy = true", edge("127.0.0.1:8080"));
    assert!(found(here, &told, ""));
}

#[test]
fn the_hastiest_route_of_a_pool_counts() {
    let hasty = "[[routes]]\nmatch = { path_prefix = \"/quick\" }\npool = \"app\"\ntimeout = \"800ms\"\nretry = { attempts = 1 }";
    for (pool, id, set) in [
        (
            "connect_timeout = \"900ms\"",
            "connect_not_below_total",
            "connect_timeout = \"200ms\"",
        ),
        (
            "queue = { max_wait = \"900ms\" }",
            "queue_not_below_total",
            "queue.max_wait = \"200ms\"",
        ),
    ] {
        let found = only(&[("POOL", pool), ("REST", hasty)]);
        assert_eq!(found, (id, set.to_owned()));
    }
}

#[test]
fn pauses_are_no_time_for_attempts() {
    let retry = "timeout = \"3s\"\nretry = { attempts = 2, attempt_timeout = \"2s\", backoff_base = \"1s\", backoff_max = \"1s\" }";
    let (id, set) = only(&[("ROUTE", retry)]);
    // Half a second is for the pause, on average.
    assert_eq!(
        (id, &*set),
        ("retries_do_not_fit", "retry.attempt_timeout = \"1200ms\"")
    );
}

#[test]
fn a_check_that_takes_too_long_to_be_sure_is_told_how_many_are_enough() {
    let check = "health_check = { path = \"/\", fall = 100, fast_interval = \"1s\" }";
    let (id, set) = only(&[("POOL", check)]);
    assert_eq!((id, &*set), ("check_late", "health_check.fall = 3"));
    let cured = check.replace("fall = 100", "fall = 3");
    assert_eq!(ids(&parsed(&text(&[("POOL", &cured)]))), [""; 0]);
}
