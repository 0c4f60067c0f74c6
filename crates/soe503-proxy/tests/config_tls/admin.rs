//! The same for `[admin.tls]`, and who may use the admin API by it.

use super::*;

const SERVED: &str = "certificates = [{ cert = \"cert.pem\", key = \"key.pem\" }]";

impl Scene {
    /// The config with these lines in `[admin]`, which is the second line of the file.
    fn admin(&self, lines: &str) -> Result<Config, Report> {
        let text = format!(
            "# Who may do what.\n[admin]\n{lines}\n[[listeners]]\naddress = \"127.0.0.1:8443\"\n\
             [[routes]]\npool = \"app\"\n[pools.app]\nbackends = [\"http://127.0.0.1:9\"]\n"
        );
        self.write("soe503.toml", text);
        load(&self.path().join("soe503.toml"))
    }

    /// The one problem of that: its line, its title, and the whole report.
    fn admin_problem(&self, lines: &str) -> (usize, String, String) {
        let report = self.admin(lines).unwrap_err();
        let [problem] = report.problems() else {
            panic!("{report}");
        };
        let (line, _) = report.position(problem).unwrap();
        (line, problem.title().to_owned(), report.to_string())
    }
}

fn scene() -> Scene {
    let scene = Scene::new();
    let (ca, _) = made(|_| {});
    scene.write("ca.pem", ca);
    scene.write("empty.pem", "");
    scene.write("admin.token", "correct-horse-battery");
    scene.write("reader.token", "a-reader-and-no-more");
    scene
}

#[test]
fn each_mistake_in_it_is_told_at_its_line() {
    let scene = scene();
    let asks = |keys: &str| format!("[admin.tls]\n{SERVED}\nclient_auth = {{ {keys} }}");
    let operators = "operators = [\"ops.example\"]";
    for (lines, line, title, said) in [
        (
            "tls = {}".to_owned(),
            3,
            "`certificates` is missing",
            "cert.pem",
        ),
        (
            "tls = { certificates = [] }".into(),
            3,
            "`certificates` is empty",
            "at least one",
        ),
        (
            "[admin.tls]\ncertificates = [{ cert = \"cert.pem\" }]".into(),
            4,
            "`key` is missing",
            "key.pem",
        ),
        (
            "[admin.tls]\ncertificates = [{ cert = \"none.pem\", key = \"key.pem\" }]".into(),
            4,
            "`cert` cannot be used",
            "none.pem: No such file",
        ),
        (
            "[admin.tls]\ncertificates = [{ cert = \"cert.pem\", key = \"ca.pem\" }]".into(),
            4,
            "`key` cannot be used",
            "found a certificate",
        ),
        (asks(operators), 5, "`ca` is missing", "clients.pem"),
        (
            asks(&format!("ca = \"none.pem\", {operators}")),
            5,
            "`ca` cannot be used",
            "none.pem: No such file",
        ),
        (
            asks(&format!("ca = \"empty.pem\", {operators}")),
            5,
            "`ca` cannot be used",
            "no certificate in this file",
        ),
        (
            asks("ca = \"ca.pem\", operators = [\"Ada Lovelace\"]"),
            5,
            "`operators`: expected the name in a certificate",
            "\"CN=Ada Lovelace\"",
        ),
        (
            asks(&format!(
                "ca = \"ca.pem\", {operators}, readers = [\"*.example\"]"
            )),
            5,
            "`readers`: expected the name in a certificate",
            "compared whole",
        ),
        (
            asks(&format!(
                "ca = \"ca.pem\", {operators}, readers = \"a.example\""
            )),
            5,
            "`readers`: expected a list",
            "[\"a.example\"]",
        ),
        (
            asks(&format!("ca = \"ca.pem\", operator = [], {operators}")),
            5,
            "unknown key `operator`",
            "operators",
        ),
    ] {
        let (found, found_title, report) = scene.admin_problem(&lines);
        assert_eq!(found, line, "{report}");
        assert!(found_title.starts_with(title), "{report}");
        assert!(report.contains(said), "no {said:?} in {report}");
    }
}

#[test]
fn somebody_has_to_be_able_to_act_and_the_network_is_not_let_in() {
    let scene = scene();
    let remote = "address = \"0.0.0.0:9503\"";
    let asks =
        |keys: &str| format!("tls = {{ {SERVED}, client_auth = {{ ca = \"ca.pem\"{keys} }} }}");
    let (token, reader) = (
        "token_file = \"admin.token\"",
        "read_token_file = \"reader.token\"",
    );
    let tls = format!("tls = {{ {SERVED} }}");
    let ops = asks(", operators = [\"ops.example\"]");
    for (lines, title) in [
        (
            vec![remote, &*tls],
            "the admin API would be open to the network",
        ),
        (vec![remote], "the admin API would be open to the network"),
        (
            vec![&*asks("")],
            "`client_auth` of `[admin]` without operators",
        ),
        (
            vec![&*asks(", operators = []"), reader],
            "`client_auth` of `[admin]` without operators",
        ),
        (
            vec![reader, &*tls],
            "`read_token_file` without `token_file`",
        ),
    ] {
        let (_, found, report) = scene.admin_problem(&lines.join("\n"));
        assert_eq!(found, title, "{report}");
    }
    for lines in [
        vec![&*tls],
        vec![remote, &*ops],
        vec![&*ops],
        vec![remote, &*ops, reader],
        vec![remote, &*asks(""), token],
        vec![remote, &*tls, token, reader],
    ] {
        let lines = lines.join("\n");
        let config = scene.admin(&lines);
        let config = config.unwrap_or_else(|report| panic!("{report}\n{lines}"));
        assert!(config.admin.unwrap().tls.is_some());
    }
    // All that is wrong is told at once.
    let none = asks(", operators = []").replace("ca.pem", "none.pem");
    let report = scene
        .admin(&format!("token_file = \"none.token\"\n{none}"))
        .unwrap_err();
    assert_eq!(report.problems().len(), 2, "{report}");
}
