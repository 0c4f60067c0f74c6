use soe503_api::{Log, LogLines, TemporaryLevel};

use super::text::shown;
use crate::show::sample::{NOW, PIPE, plain};

fn log() -> Log {
    Log {
        level: "info".to_owned(),
        configured: "info".to_owned(),
        temporary: None,
        format: "json".to_owned(),
        path: "/var/log/soe503/events.log".to_owned(),
        lines_per_second: 5,
        lines: LogLines::default(),
    }
}

#[test]
fn what_is_set_for_a_while() {
    let log = Log {
        level: "warn,soe503_proxy::control::dns=debug".to_owned(),
        temporary: Some(TemporaryLevel {
            until: NOW.after(core::time::Duration::from_secs(540)),
            reason: Some("names do not resolve".to_owned()),
            by: Some("ada".to_owned()),
        }),
        lines: LogLines {
            warn: 12,
            info: 3_456,
            debug: 7,
            suppressed: 1_234_567,
            dropped: 8,
            ..LogLines::default()
        },
        ..log()
    };
    insta::assert_snapshot!(plain(&shown(&log, NOW, PIPE), PIPE));
}

#[test]
fn what_the_configuration_says() {
    let log = Log {
        lines_per_second: 0,
        ..log()
    };
    insta::assert_snapshot!(plain(&shown(&log, NOW, PIPE), PIPE));
}
