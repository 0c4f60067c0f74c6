use std::time::Duration;

use crate::config::{Config, from_str};

const SMALLEST: &str = include_str!("../../../../../config/smallest.toml");

fn read(keys: &str) -> Result<Config, String> {
    let text = format!("{SMALLEST}\n[telemetry.dogstatsd]\n{keys}\n");
    from_str("test", &text).map_err(|report| report.render(false))
}

#[test]
fn off_by_default_and_an_empty_table_turns_it_on() {
    assert_eq!(from_str("test", SMALLEST).unwrap().dogstatsd, None);
    let dogstatsd = read("").unwrap().dogstatsd.unwrap();
    assert_eq!(dogstatsd.address, None);
    assert_eq!(&*dogstatsd.namespace, "soe503");
    assert_eq!(dogstatsd.interval, Duration::from_secs(10));
    assert!(dogstatsd.tags.is_empty());
}

#[test]
fn mistakes_are_told() {
    for (keys, told) in [
        ("adress = \"127.0.0.1:8125\"", "did you mean `address`?"),
        (
            "address = \"/run/dsd.socket\"",
            "did you mean \"unix:///run/dsd.socket\"?",
        ),
        (
            "address = \"unix://run/dsd.socket\"",
            "unix:///run/dsd.socket",
        ),
        (
            "address = \"unixstream:///run/dsd.socket\"",
            "only datagrams",
        ),
        (
            "address = \"https://agent\"",
            "expected HOST:PORT or unix:///PATH",
        ),
        ("address = \"agent:0\"", "the port must be from 1 to 65535"),
        ("address = 8125", "write it in quotes"),
        ("namespace = \"soe503.\"", "did you mean \"soe503\"?"),
        ("namespace = \"\"", "begins with a letter"),
        ("namespace = \"a-b\"", "begins with a letter"),
        ("interval = \"100ms\"", "from \"1s\" to \"5m\""),
        ("interval = 10", "did you mean \"10s\""),
        ("tags = [\"env:prod\"]", "write it such as"),
        ("tags = { env = 1 }", "write it such as"),
        ("tags = { env = \"a,b\" }", "`tags`: `env` cannot be one"),
        ("tags = { \"a b\" = \"c\" }", "begins with a letter"),
        (
            "tags = { pool = \"app\" }",
            "have a tag of this name already",
        ),
        ("tags = { server = \"edge\" }", "comes from `server.name`"),
    ] {
        let Err(report) = read(keys) else {
            panic!("accepted: {keys}")
        };
        assert!(report.contains(told), "{keys}\n{report}");
    }
    let tags = |value: usize| {
        let all = ["a", "b", "c"].map(|name| format!("{name} = \"{}\"", "x".repeat(value)));
        read(&format!("tags = {{ {} }}", all.join(", ")))
    };
    assert!(tags(150).is_ok());
    assert!(tags(190).unwrap_err().contains("`tags` are too long"));
}
