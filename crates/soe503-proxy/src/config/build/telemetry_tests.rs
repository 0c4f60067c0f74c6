use crate::config::{Config, Propagator, Traces, from_str, load};

const SMALLEST: &str = include_str!("../../../../../config/smallest.toml");

fn read(keys: &str) -> Result<Config, String> {
    let text = format!("{SMALLEST}\n[telemetry.traces]\n{keys}\n");
    from_str("test", &text).map_err(|report| report.render(false))
}

fn traces(keys: &str) -> Traces {
    let config = read(keys).unwrap_or_else(|report| panic!("{report}"));
    config.traces.unwrap()
}

#[test]
fn off_by_default_and_one_key_turns_them_on() {
    assert_eq!(from_str("test", SMALLEST).unwrap().traces, None);
    let empty = format!("{SMALLEST}\n[telemetry]\n");
    assert_eq!(from_str("test", &empty).unwrap().traces, None);
    let traces = traces("endpoint = \"http://127.0.0.1:4318\"");
    assert!(traces.by_parent && traces.failures && !traces.user_agent);
    assert!((traces.sample_ratio.as_f64() - 0.01).abs() < 1e-9);
    assert!(traces.extract.iter().eq([Propagator::TraceContext]));
}

#[test]
fn mistakes_are_told() {
    let endpoint = "endpoint = \"http://127.0.0.1:4318\"\n";
    for (keys, told) in [
        ("", "`endpoint`"),
        ("endpoint = \"127.0.0.1:4318\"", "the URL has no scheme"),
        ("endpoint = \"http://user@a:4318\"", "no user"),
        ("protocol = \"http/json\"", "not one of these"),
        ("sample_ratio = 1.5", "did you mean 0.015"),
        ("sampl_ratio = 0.5", "sample_ratio"),
        ("sampler = \"always_on\"", "not one of these"),
        ("extract = [\"w3c\"]", "\"tracecontext\""),
        ("queue_size = 0", "`queue_size`"),
        ("batch_size = 100_000", "from 1 to 8192"),
        ("timeout = 10", "did you mean \"10s\""),
        ("headers = { content-type = \"x\" }", "set by the exporter"),
        (
            "headers = { connection = \"x\" }",
            "belongs to the connection",
        ),
        ("headers = { x-a = 1 }", "write it in quotes"),
        (
            "headers_file = \"/nonexistent/headers\"",
            "`headers_file` cannot be used",
        ),
        ("resource_attributes = { team = 1 }", "write it such as"),
        (
            "resource_attributes = \"team=shop\"",
            "a table of names and texts",
        ),
    ] {
        let keys = match keys {
            "" => String::new(),
            keys if keys.starts_with("endpoint") => keys.to_owned(),
            keys => format!("{endpoint}{keys}"),
        };
        let Err(report) = read(&keys) else {
            panic!("accepted: {keys}")
        };
        assert!(report.contains(told), "{keys}\n{report}");
    }
    let report = read("endpoint = \"http://a:4317/v1/traces\"\nprotocol = \"grpc\"").unwrap_err();
    assert!(
        report.contains("did you mean \"http://a:4317\"?"),
        "{report}"
    );
    let config = read(&format!("{endpoint}tls = {{ verify = false }}")).unwrap();
    assert!(config.warnings.is_some() && config.traces.unwrap().tls.is_none());
}

#[test]
fn a_file_of_headers_is_read_and_its_contents_stay_secret() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("soe503.toml");
    let text = format!(
        "{SMALLEST}\n[telemetry.traces]\nendpoint = \"http://127.0.0.1:4318\"\nheaders_file = \"h\"\n"
    );
    std::fs::write(&path, text).unwrap();
    let read = |headers: &str| {
        std::fs::write(directory.path().join("h"), headers).unwrap();
        load(&path).map(|config| config.traces.unwrap().headers)
    };
    let headers = read("Authorization: Bearer correct-horse\n\nx-tenant:shop\n").unwrap();
    let told: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.reveal().to_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ("authorization", "Bearer correct-horse"),
            ("x-tenant", "shop")
        ]
    );
    for bad in [
        "correct-horse",
        "a b: correct-horse",
        "content-type: correct-horse",
    ] {
        let report = read(bad).unwrap_err().render(false);
        assert!(report.contains("line 1 is not"), "{report}");
        assert!(!report.contains("correct-horse"), "{report}");
    }
}
