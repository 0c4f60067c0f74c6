//! Those lints need files.

use std::fs;

use tempfile::TempDir;

use crate::config::{Config, load};
use crate::tls::testing;

/// What is tested here and not with the others.
pub(in crate::config::lint) const TESTED: [&str; 3] = [
    "admin_token_in_clear",
    "admin_readers_are_clients",
    "no_drain_delay",
];

const TOKEN: &str = "token_file = \"admin.token\"";
const REMOTE: &str = "address = \"0.0.0.0:9503\"";
const TLS: &str = "tls = { certificates = [{ cert = \"a.pem\", key = \"a.key\" }] }";
const ASKS: &str = "tls = { certificates = [{ cert = \"a.pem\", key = \"a.key\" }], \
                    client_auth = { ca = \"ca.pem\", operators = [\"ops.example\", \"CN=ada\"] } }";
const LISTENER: &str = "tls = { certificates = [{ cert = \"a.pem\", key = \"a.key\" }], \
                        client_auth = { ca = \"ca.pem\" } }";

/// The config with these lines in `[admin]` and in its listener, and time for load balancers.
fn config(admin: &[&str], listener: &str) -> Config {
    config_with(admin, listener, "drain_delay = \"5s\"")
}

/// The same with this in `[server]`.
fn config_with(admin: &[&str], listener: &str, server: &str) -> Config {
    let directory = TempDir::new().unwrap();
    let path = |name: &str| directory.path().join(name);
    let authority = testing::authority();
    testing::write(directory.path(), "a", &["a.example"], &authority);
    fs::write(path("ca.pem"), authority.pem()).unwrap();
    fs::write(path("other.pem"), testing::authority().pem()).unwrap();
    fs::write(path("admin.token"), "0123456789abcdef").unwrap();
    let text = format!(
        "[admin]\n{}\n[[listeners]]\naddress = \"127.0.0.1:80\"\n{listener}\n[[routes]]\npool = \"app\"\n\
         [pools.app]\nbackends = [\"http://10.0.0.1:81\", \"http://10.0.0.2:81\"]\n[server]\n{server}\n",
        admin.join("\n")
    );
    fs::write(path("edge.toml"), &text).unwrap();
    load(&path("edge.toml")).unwrap_or_else(|report| panic!("{report}\n{text}"))
}

fn ids(config: &Config) -> Vec<&'static str> {
    config
        .lints
        .found()
        .iter()
        .map(|found| found.lint.id)
        .collect()
}

#[test]
fn tokens_in_clear_text_are_told_with_the_value_to_set() {
    let trap = config(&[REMOTE, TOKEN], "");
    let [found] = trap.lints.found() else {
        panic!("{:?}", trap.lints.found());
    };
    assert_eq!((found.lint.id, &*found.key), (TESTED[0], "admin.tls"));
    assert_eq!(found.position, Some((1, 1)));
    let set = found.set.as_deref().unwrap();
    assert!(set.starts_with("tls = { certificates = "), "{set}");
    let report = trap.lints.report().unwrap().to_string();
    for said in [
        "0.0.0.0:9503 in clear text",
        "[admin_token_in_clear]",
        "`tls` is off",
    ] {
        assert!(report.contains(said), "no {said} in {report}");
    }
    let cured = set
        .replace("admin.pem", "a.pem")
        .replace("admin.key", "a.key");
    for admin in [
        &[REMOTE, TOKEN, &*cured][..],
        &[TOKEN],
        &[REMOTE, ASKS],
        &[REMOTE, TOKEN, TLS],
        &["enabled = false"],
    ] {
        assert_eq!(ids(&config(admin, "")), [""; 0], "{admin:?}");
    }
}

#[test]
fn clients_of_a_listener_who_may_look_at_everything_are_told() {
    let trap = config(&[ASKS], LISTENER);
    let [found] = trap.lints.found() else {
        panic!("{:?}", trap.lints.found());
    };
    assert_eq!(
        (found.lint.id, &*found.key),
        (TESTED[1], "admin.tls.client_auth.readers")
    );
    let set = "tls.client_auth.readers = [\"CN=ada\", \"ops.example\"]";
    assert_eq!(found.set.as_deref(), Some(set));
    let readers = ASKS.replace("operators", "readers = [], operators");
    for (admin, listener) in [
        (&*readers, LISTENER),
        (ASKS, ""),
        (ASKS, &*LISTENER.replace("ca.pem", "other.pem")),
        (&*ASKS.replace("ca.pem", "other.pem"), LISTENER),
        (TLS, LISTENER),
    ] {
        assert_eq!(
            ids(&config(&[admin], listener)),
            [""; 0],
            "{admin} {listener}"
        );
    }
}

#[test]
fn who_can_be_asked_from_elsewhere_gives_time_to_notice() {
    let remote = [REMOTE, TOKEN, TLS];
    let trap = config_with(&remote, "", "");
    let [found] = trap.lints.found() else {
        panic!("{:?}", trap.lints.found());
    };
    assert_eq!(
        (found.lint.id, &*found.key),
        (TESTED[2], "server.drain_delay")
    );
    let set = found.set.as_deref().unwrap();
    assert_eq!(set, "server.drain_delay = \"10s\"");
    let report = trap.lints.report().unwrap().to_string();
    for said in ["asks 0.0.0.0:9503", "[no_drain_delay]", "`shutdown_grace`"] {
        assert!(report.contains(said), "no {said} in {report}");
    }
    let cured = set.trim_start_matches("server.");
    assert_eq!(ids(&config_with(&remote, "", cured)), [""; 0]);
    for admin in [&[TOKEN, TLS][..], &["enabled = false"]] {
        assert_eq!(ids(&config_with(admin, "", "")), [""; 0], "{admin:?}");
    }
}
