//! `lbctl verify`.

mod support;

use support::{FAILURE, INCIDENT, Server, ask, http, problem};

/// An admin API whose proxy is at `proxy`, with one failed request of `method`, and an incident.
fn admin(proxy: &Server, method: &'static str) -> Server {
    let config = format!(r#"{{"listeners":[{{"address":"{}"}}]}}"#, proxy.address);
    Server::start(move |asked| {
        let mut failure: serde_json::Value = serde_json::from_str(FAILURE).unwrap();
        failure["request"]["method"] = method.into();
        failure["request"]["path"] = "/cart".into();
        failure["request"]["host"] = "shop.example".into();
        failure["incident"] = "01KAPX3Q".into();
        let answer = match &*asked.line {
            "GET /api/v1/config" => http("200 OK", "", &config),
            "GET /api/v1/incidents/01KAPX3Q" | "POST /api/v1/incidents/01KAPX3Q/verifications" => {
                http("200 OK", "", INCIDENT)
            }
            line if line.starts_with("GET /api/v1/failures/01KAPX3R") => {
                http("200 OK", "", &failure.to_string())
            }
            _ => problem("404 Not Found", "there is no such thing here"),
        };
        answer.into_bytes()
    })
}

fn fine() -> Server {
    Server::start(|_| http("200 OK", "", "").into_bytes())
}

fn noted(admin: &Server) -> Vec<String> {
    let asked = admin.asked().into_iter();
    let posts = asked.filter(|asked| asked.line.starts_with("POST"));
    posts.map(|asked| asked.whole).collect()
}

#[test]
fn what_had_failed_is_asked_again_and_noted() {
    let proxy = fine();
    let admin = admin(&proxy, "GET");
    let line = [
        "verify",
        "01KAPX3Q",
        "--by",
        "alice",
        "-H",
        "Authorization: Bearer x",
    ];
    let said = ask(&admin.url(""), &line);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert!(
        said.out.starts_with("cured: GET /cart answers 200 OK\n"),
        "{}",
        said.out
    );
    let asked = proxy.asked();
    assert_eq!(asked.len(), 3, "three in a row");
    for one in &asked {
        assert_eq!(one.line, "GET /cart");
        let whole = one.whole.to_lowercase();
        assert!(whole.contains("\r\nhost: shop.example\r\n"), "{whole}");
        assert!(whole.contains("\r\nauthorization: bearer x\r\n"), "{whole}");
    }
    let noted = noted(&admin);
    let [note] = &noted[..] else {
        panic!("{noted:?}")
    };
    for part in [
        "\"verdict\":\"cured\"",
        "GET /cart answers 200 OK",
        "\"by\":\"alice\"",
    ] {
        assert!(note.contains(part), "{note}");
    }
}

#[test]
fn one_failure_is_enough() {
    let proxy = Server::start(|_| {
        let tags = "x-error-code: SOE-503\r\nsoe-cause: overload/queue_full;grade=proven\r\n";
        http("503 Service Unavailable", tags, "").into_bytes()
    });
    let admin = admin(&proxy, "GET");
    let said = ask(&admin.url(""), &["verify", "01KAPX3R1", "-o", "json"]);
    assert_eq!(said.code, 1, "{}", said.err);
    let told: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(told["verdict"], "different_cause");
    assert_eq!(told["is"]["cause"], "overload/queue_full");
    assert_eq!(
        (&told["asked"]["times"], &told["noted"]),
        (&1.into(), &true.into())
    );
    assert_eq!(proxy.asked().len(), 1);
}

#[test]
fn what_may_be_done_twice_is_not() {
    let proxy = fine();
    let admin = admin(&proxy, "POST");
    for id in ["01KAPX3R1", "01KAPX3Q"] {
        let said = ask(&admin.url(""), &["verify", id]);
        assert_eq!(said.code, 2, "{}", said.out);
        assert!(said.err.contains("--unsafe"), "{}", said.err);
    }
    assert!(proxy.asked().is_empty() && noted(&admin).is_empty());
    let said = ask(&admin.url(""), &["verify", "01KAPX3Q", "--unsafe"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(proxy.asked().len(), 1, "once");
    assert_eq!(proxy.asked()[0].line, "POST /cart");
}

#[test]
fn what_is_wrong_is_said() {
    let proxy = fine();
    let admin = admin(&proxy, "GET");
    let said = ask(&admin.url(""), &["verify", "nothing"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("lbctl incidents"), "{}", said.err);
    let said = ask(&admin.url(""), &["verify", "01KAPX3Q", "--path", "cart"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("/PATH"), "{}", said.err);
    let nobody = support::nobody();
    let said = ask(
        &admin.url(""),
        &["verify", "01KAPX3Q", "--through", &nobody.url],
    );
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(said.out.starts_with("no answer:"), "{}", said.out);
    assert!(noted(&admin).is_empty(), "that is no verdict");
    assert_eq!(ask(&nobody.url, &["verify", "01KAPX3Q"]).code, 3);
}
