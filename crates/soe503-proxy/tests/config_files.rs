//! Files: the ones that are shipped, and the ones that cannot be read.
//!
//! `BLESS=1 cargo test -p soe503-proxy --test config_files` writes what is generated.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;
use soe503_proxy::config::{
    AdminRole, Config, MAX_FILE_SIZE, Probe, from_str, full_example, lints_page, load,
    reference_page, schema,
};
use tempfile::TempDir;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Fails unless the file at `path` contains `expected`; writes it there if `BLESS` is set.
fn holds(path: &Path, expected: &str) {
    if std::env::var_os("BLESS").is_some() {
        fs::write(path, expected).unwrap();
    }
    let found = fs::read_to_string(path).unwrap_or_default();
    assert!(
        found == expected,
        "{} is out of date: run again with BLESS=1",
        path.display()
    );
}

fn examples() -> Vec<(PathBuf, String)> {
    let entries = fs::read_dir(root().join("config")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut examples: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            (path, text)
        })
        .collect();
    examples.sort();
    assert!(examples.len() >= 3);
    examples
}

/// The full example with its commented keys switched on: of those that only one type of health check
/// has, these of `http` or those of `grpc`.
fn everything(check: &str) -> String {
    let others: &[&str] = match check {
        "grpc" => &["path", "expect"],
        _ => &["service"],
    };
    let is_key = |line: &str| {
        if line.starts_with('[') {
            return true;
        }
        let name = line.split(" = ").next().unwrap_or_default();
        line.contains(" = ") && name.chars().all(|c| c.is_ascii_lowercase() || c == '_')
    };
    let lines = full_example();
    let mut table = "";
    let lines = lines.lines().filter_map(|line| {
        let key = line.strip_prefix("# ").filter(|key| is_key(key));
        let line = key.unwrap_or(line);
        if line.starts_with('[') {
            table = line;
        }
        let name = line.split(" = ").next().unwrap_or_default();
        match (table, name) {
            ("[pools.app.health_check]", name) if others.contains(&name) => None,
            ("[pools.app.health_check]", "type") => Some(format!("type = \"{check}\"")),
            // A week's or once; a text or a file.
            ("[[maintenance]]", "weekly" | "duration") | ("[routes.fallback]", "file") => None,
            // A URL or a file with one; only of Alertmanager.
            ("[alerts.app]", "url_file" | "resend_every") => None,
            ("[pools.app]", "balance") => Some("balance = \"ring_hash\"".into()),
            ("[pools.app]", "protocol") if check == "grpc" => Some("protocol = \"h2\"".into()),
            _ => Some(line.to_owned()),
        }
    });
    // Somewhere to fail over to.
    let more = "[pools.app-west]\nbackends = [\"http://127.0.0.1:8090\"]\n";
    lines.collect::<Vec<_>>().join("\n") + "\n" + more
}

/// Checks `text` against the schema.
fn conforms(text: &str) -> Result<(), String> {
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    let schema: Value = serde_json::from_str(&schema()).unwrap();
    compiler.add_resource("soe503.json", schema).unwrap();
    let index = compiler.compile("soe503.json", &mut schemas).unwrap();
    let instance: Value = toml::from_str(text).unwrap();
    schemas
        .validate(&instance, index)
        .map_err(|error| error.to_string())
}

/// Writes every certificate and key that the examples speak of.
fn certificates(directory: &Path) {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(vec!["shop.example".into()]).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let certificate = params.self_signed(&key).unwrap().pem();
    for name in ["cert", "ca", "clients", "client", "shop", "staff", "www"] {
        fs::write(directory.join(name).with_extension("pem"), &certificate).unwrap();
    }
    for name in ["key", "client-key", "shop-key", "www-key"] {
        let path = directory.join(name).with_extension("pem");
        fs::write(path, key.serialize_pem()).unwrap();
    }
}

#[test]
fn generated_files_are_up_to_date() {
    let lints = root().join("crates/soe503-proxy/docs/lints.md");
    holds(&lints, &lints_page());
    holds(&root().join("config/full.toml"), &full_example());
    holds(
        &root().join("config/soe503.schema.json"),
        &format!("{}\n", schema()),
    );
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/config.md");
    holds(&page, &reference_page());
}

#[test]
fn shipped_examples_are_valid_and_conform_to_the_schema() {
    let directory = TempDir::new().unwrap();
    certificates(directory.path());
    for (path, text) in examples() {
        // Beside the files that it names, which nobody ships.
        let copy = directory.path().join(path.file_name().unwrap());
        fs::copy(&path, &copy).unwrap();
        let config = load(&copy).unwrap_or_else(|report| panic!("{report}"));
        assert!(config.warnings.is_none(), "{:?}", config.warnings);
        if let Some(report) = config.lints.report().filter(|_| config.lints.warns()) {
            panic!("an example sets a trap:\n{report}");
        }
        conforms(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

#[test]
fn the_full_example_has_the_defaults_of_the_smallest() {
    let small = load(&root().join("config/smallest.toml")).unwrap();
    let full = from_str("full", &full_example()).unwrap();
    let mut pool = (*full.pools[0]).clone();
    pool.backends = small.pools[0].backends.clone();
    pool.health_check = None;
    assert_eq!(pool, *small.pools[0]);
    assert_eq!(full.routes[0].matches, small.routes[0].matches);
    assert_eq!(full.routes[0].timeout, small.routes[0].timeout);
    assert_eq!(full.routes[0].retry, small.routes[0].retry);
    let Config {
        server,
        admin,
        access_log,
        listeners,
        ..
    } = full;
    assert_eq!(server, small.server);
    assert_eq!(admin, small.admin);
    assert_eq!(access_log, small.access_log);
    assert_eq!(listeners, small.listeners);
}

#[test]
fn every_key_can_be_set_at_once() {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("admin.token"), "0123456789abcdef\n").unwrap();
    fs::write(
        directory.path().join("reader.token"),
        "a-reader-and-no-more",
    )
    .unwrap();
    for page in ["sorry.html", "maintenance.html", "busy.html"] {
        fs::write(directory.path().join(page), "<p>sorry").unwrap();
    }
    fs::write(directory.path().join("sticky.key"), "fedcba9876543210\n").unwrap();
    fs::write(directory.path().join("debug.key"), "k".repeat(32)).unwrap();
    let key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n";
    fs::write(directory.path().join("webhook.key"), key).unwrap();
    fs::write(directory.path().join("github.secret"), "a secret\n").unwrap();
    fs::write(directory.path().join("otlp.headers"), "x-tenant: shop\n").unwrap();
    certificates(directory.path());
    let path = directory.path().join("edge.toml");
    let load = |check| {
        fs::write(&path, everything(check)).unwrap();
        conforms(&everything(check)).unwrap();
        load(&path).unwrap_or_else(|report| panic!("{report}"))
    };
    let grpc = load("grpc").pools[0].health_check.clone().unwrap();
    assert!(matches!(grpc.probe, Probe::Grpc { service, .. } if !service.is_empty()));
    let config = load("http");
    assert_eq!(&*config.server.name, "edge-eu1");
    assert_eq!(config.server.workers.get(), 2);
    let access = config.admin.unwrap().access;
    let (tokens, certificates) = (access.tokens().unwrap(), access.certificates().unwrap());
    assert_eq!(
        certificates.readers().unwrap(),
        ["spiffe://example.org/monitoring"]
    );
    assert_eq!(
        tokens.role_of("0123456789abcdef"),
        Some(AdminRole::Operator)
    );
    assert_eq!(
        tokens.role_of("a-reader-and-no-more"),
        Some(AdminRole::Reader)
    );
}

#[test]
fn the_schema_refuses_what_the_reader_refuses() {
    let valid = fs::read_to_string(root().join("config/smallest.toml")).unwrap();
    for (line, instead) in [
        ("pool = \"app\"", "poool = \"app\""),
        ("pool = \"app\"", ""),
        ("pool = \"app\"", "pool = \"app\"\ntimeout = 15"),
        ("pool = \"app\"", "pool = \"app\"\ntimeout = \"15\""),
        ("pool = \"app\"", "pool = \"app\"\nretry = { attempts = 0 }"),
        (
            "pool = \"app\"",
            "pool = \"app\"\nretry = { on_status = [404] }",
        ),
        ("\"127.0.0.1:8080\"", "\":8080\""),
        ("\"http://127.0.0.1:8082\"", "\"127.0.0.1:8082\""),
        ("\"http://127.0.0.1:8082\"", "\"http://127.0.0.1:8082/x\""),
        ("\"http://127.0.0.1:8082\"", "{ name = \"a\" }"),
        (
            "[pools.app]",
            "[pools.app.circuit_breaker]\nfailure_rate = 20\n[pools.app]",
        ),
    ] {
        let text = valid.replacen(line, instead, 1);
        assert_ne!(text, valid);
        assert!(from_str("test", &text).is_err(), "{text}");
        assert!(conforms(&text).is_err(), "{text}");
    }
}

#[test]
fn every_key_has_a_default_or_says_what_its_absence_means() {
    fn visit(schema: &Value, path: &str, seen: &mut usize) {
        let required = schema["required"].as_array();
        for (name, key) in schema["properties"].as_object().into_iter().flatten() {
            let path = format!("{path}.{name}");
            let text = key["description"].as_str().unwrap_or_default();
            assert!(text.len() > 8 && text.ends_with('.'), "{path}: {text:?}");
            let required = required.is_some_and(|r| r.iter().any(|r| r == name));
            let told = key.get("default").is_some_and(|default| !default.is_null());
            assert!(required || told || text.contains("Default: "), "{path}");
            *seen += 1;
            for inner in [key, &key["items"], &key["additionalProperties"]] {
                visit(inner, &path, seen);
            }
        }
    }
    let mut seen = 0;
    visit(&serde_json::from_str(&schema()).unwrap(), "", &mut seen);
    assert!(seen > 60, "{seen}");
}

#[test]
fn relative_paths_start_at_the_config_file() {
    let directory = TempDir::new().unwrap();
    let inside = directory.path().join("etc");
    fs::create_dir(&inside).unwrap();
    fs::write(inside.join("secret"), "0123456789abcdef").unwrap();
    let text = fs::read_to_string(root().join("config/smallest.toml")).unwrap();
    let text = format!(
        "access_log = {{ path = \"log/access.json\" }}\nadmin = {{ token_file = \"secret\" }}\n{text}"
    );
    fs::write(inside.join("edge.toml"), text).unwrap();
    let config = load(&inside.join("edge.toml")).unwrap_or_else(|report| panic!("{report}"));
    let log = soe503_proxy::config::AccessLog::File(inside.join("log/access.json"));
    assert_eq!(config.access_log, log);
}

#[test]
fn a_token_must_be_a_secret() {
    let directory = TempDir::new().unwrap();
    let text = fs::read_to_string(root().join("config/smallest.toml")).unwrap();
    let path = directory.path().join("edge.toml");
    for (token, said) in [
        ("short", "at least 16 characters"),
        ("sixteen words or more words", "one word"),
        ("", "at least 16 characters"),
    ] {
        fs::write(directory.path().join("secret"), token).unwrap();
        fs::write(&path, format!("[admin]\ntoken_file = \"secret\"\n{text}")).unwrap();
        let report = load(&path).unwrap_err();
        assert!(report.to_string().contains(said), "{report}");
    }
    fs::write(
        &path,
        format!("[admin]\ntoken_file = \"/dev/zero\"\n{text}"),
    )
    .unwrap();
    assert!(load(&path).is_err());
    // Each says what its bearer may do, so no two are the same.
    let both = format!("[admin]\ntoken_file = \"secret\"\nread_token_file = \"reader\"\n{text}");
    fs::write(&path, both).unwrap();
    fs::write(directory.path().join("secret"), "0123456789abcdef").unwrap();
    for (reader, said) in [
        (
            Some("0123456789abcdef\n"),
            "reader holds the operator's token",
        ),
        (Some("short"), "at least 16 characters"),
        (None, "reader: No such file"),
    ] {
        let file = directory.path().join("reader");
        match reader {
            Some(reader) => fs::write(file, reader).unwrap(),
            None => fs::remove_file(file).unwrap(),
        }
        let report = load(&path).unwrap_err().to_string();
        assert!(report.contains(said), "{report}");
        assert!(
            report.contains("`read_token_file` cannot be used"),
            "{report}"
        );
        assert!(!report.contains("0123456789abcdef"), "{report}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_the_reason() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("edge.toml");
    let said = || load(&path).unwrap_err().to_string();
    assert!(said().contains("edge.toml: No such file"), "{}", said());
    fs::write(&path, b"[server]\nname = \"\xff\"\n").unwrap();
    assert!(said().contains("line 2"), "{}", said());
    fs::write(&path, vec![b'#'; MAX_FILE_SIZE + 1]).unwrap();
    assert!(said().contains("larger than 4 MiB"), "{}", said());
    fs::write(&path, vec![b'#'; MAX_FILE_SIZE]).unwrap();
    assert!(said().contains("`listeners` is missing"), "{}", said());
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(said().contains("edge.toml: Is a directory"), "{}", said());
    let endless = load(Path::new("/dev/zero")).unwrap_err().to_string();
    assert!(endless.contains("larger than 4 MiB"), "{endless}");
}
