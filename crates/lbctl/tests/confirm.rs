//! `lbctl confirm`: every case, over real sockets.

mod support;

use std::net::TcpListener;

use socket2::{Domain, Socket, Type};
use support::{Said, Server, http, lbctl, nobody, said};

fn confirm(args: &[&str]) -> Said {
    said(lbctl().arg("confirm").args(args))
}

/// The verdict as scripts read it, from an asking of its own.
fn verdict(args: &[&str]) -> String {
    let said = confirm(&[args, &["-o", "json"]].concat());
    let json: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(json["is_503"], json["status"] == 503, "{json}");
    json["verdict"].as_str().unwrap().to_owned()
}

fn serve(answer: String) -> Server {
    Server::start(move |_| answer.clone().into_bytes())
}

#[test]
fn a_tagged_503() {
    let server = serve(http(
        "503 Service Unavailable",
        "X-Error-Code: SOE-503\r\n\
         Soe-Cause: circuit_open/consecutive_failures; root=dependency_failure/connect_refused; \
         inc=\"01KAPY7R\"; grade=proven; at=@1795369268\r\n\
         Proxy-Status: edge-eu1; error=destination_unavailable\r\n\
         Retry-After: 9\r\nX-Request-Id: 01KAPY88\r\nSoe-Attempts: 0\r\n",
        "",
    ));
    let said = confirm(&[&server.url("/cart")]);
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(
        said.out.starts_with(
            "503, made by soe503 \"edge-eu1\": circuit_open/consecutive_failures, \
             because of dependency_failure/connect_refused (proven)\n"
        ),
        "{}",
        said.out
    );
    for line in [
        "Cause       circuit_open/consecutive_failures",
        "Root        dependency_failure/connect_refused",
        "Grade       proven",
        "Retry after 9 s",
        "Request id  01KAPY88",
        "Next        the whole story: lbctl explain 01KAPY88",
    ] {
        assert!(said.out.contains(line), "{line} in {}", said.out);
    }
    assert_eq!(verdict(&[&server.url("/cart")]), "soe503");
    assert_eq!(server.asked()[0].line, "HEAD /cart");
}

#[test]
fn a_backends_own_503() {
    let server = serve(http(
        "503 Service Unavailable",
        "Proxy-Status: edge-eu1; received-status=503\r\nX-Request-Id: 01KAPY89\r\n",
        "",
    ));
    let said = confirm(&[&server.url("/")]);
    assert_eq!(said.code, 1);
    assert!(
        said.out.starts_with("503, the backend's own"),
        "{}",
        said.out
    );
    assert_eq!(verdict(&[&server.url("/")]), "backend_503");
}

#[test]
fn another_proxys_503() {
    let server = serve(http(
        "503 Service Unavailable",
        "Server: nginx/1.22.1\r\n",
        "",
    ));
    let said = confirm(&[&server.url("/")]);
    assert_eq!(said.code, 1);
    assert!(said.out.contains("Server: nginx/1.22.1"), "{}", said.out);
    assert_eq!(verdict(&[&server.url("/")]), "proxy_503");
}

#[test]
fn an_unsigned_503() {
    let server = serve(http("503 Service Unavailable", "", ""));
    assert_eq!(confirm(&[&server.url("/")]).code, 1);
    assert_eq!(verdict(&[&server.url("/")]), "unsigned_503");
}

#[test]
fn a_404_is_not_a_503() {
    let server = serve(http("404 Not Found", "", ""));
    let said = confirm(&[&server.url("/gone")]);
    assert_eq!(said.code, 0);
    assert!(
        said.out.starts_with("not a 503: 404 Not Found"),
        "{}",
        said.out
    );
    assert_eq!(verdict(&[&server.url("/gone")]), "client_error");
}

#[test]
fn success_and_other_failures_are_not_503s() {
    let rows = [
        ("200 OK", "fine"),
        ("301 Moved", "fine"),
        ("500 Oh", "server_error"),
        ("504 T", "server_error"),
    ];
    for (status, expected) in rows {
        let server = serve(http(status, "", ""));
        assert_eq!(confirm(&[&server.url("/")]).code, 0, "{status}");
        assert_eq!(verdict(&[&server.url("/")]), expected);
    }
}

#[test]
fn where_head_is_not_allowed_get_is_sent() {
    let server = Server::start(|asked| {
        let status = match asked.line.starts_with("HEAD") {
            true => "405 Method Not Allowed",
            false => "503 Service Unavailable",
        };
        http(status, "", "").into_bytes()
    });
    let said = confirm(&[&server.url("/x")]);
    assert_eq!(said.code, 1);
    assert!(said.out.contains("(HEAD is not allowed)"), "{}", said.out);
    let lines: Vec<_> = server.asked().into_iter().map(|a| a.line).collect();
    assert_eq!(lines, ["HEAD /x", "GET /x"]);
    // A method that was asked for is the only one.
    assert_eq!(confirm(&["-X", "HEAD", &server.url("/x")]).code, 0);
    assert_eq!(confirm(&["-X", "get", &server.url("/x")]).code, 1);
    assert_eq!(server.asked().len(), 4);
}

#[test]
fn connection_refused() {
    let nobody = nobody();
    let said = confirm(&[&nobody.url]);
    assert_eq!(said.code, 1);
    assert!(said.out.contains("(connection refused)"), "{}", said.out);
    assert!(
        said.out.contains("Next        is the process running"),
        "{}",
        said.out
    );
    assert_eq!(verdict(&[&nobody.url]), "connection_refused");
}

/// Whether the machine has a resolver that says no, or none at all, is not ours to know.
#[test]
fn a_name_that_does_not_resolve() {
    let said = confirm(&["http://name.invalid/"]);
    assert_eq!(said.code, 1);
    assert!(said.out.contains("name.invalid"), "{}", said.out);
    let verdict = verdict(&["http://name.invalid/"]);
    assert!(
        matches!(&*verdict, "dns_no_such_name" | "dns_failure"),
        "{verdict}"
    );
}

#[test]
fn a_server_that_never_answers() {
    // The kernel accepts; nobody ever reads.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let said = confirm(&["--timeout", "100ms", &url]);
    assert_eq!(said.code, 1);
    assert!(
        said.out
            .contains("accepts connections, and gave no answer within"),
        "{}",
        said.out
    );
    assert_eq!(verdict(&["--timeout", "100ms", &url]), "read_timeout");
}

#[cfg(target_os = "linux")]
#[test]
fn a_host_that_does_not_answer_a_connect() {
    // A full accept queue drops SYNs, as a firewall would.
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let any: std::net::SocketAddr = "127.0.0.1:0".parse().unwrap();
    socket.bind(&any.into()).unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap();
    let fill = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    fill.connect(&address).unwrap();
    let url = format!("http://{}/", address.as_socket().unwrap());
    let said = confirm(&["--connect-timeout", "100ms", &url]);
    assert_eq!(said.code, 1);
    assert!(
        said.out
            .contains("not a 503, no answer at all: no connection to"),
        "{}",
        said.out
    );
    assert_eq!(
        verdict(&["--connect-timeout", "100ms", &url]),
        "connect_timeout"
    );
}

#[test]
fn what_is_not_http() {
    let rows = [
        ("SSH-2.0-OpenSSH_9.2\r\n", "not_http", "it is an SSH server"),
        (
            "\x15\x03\x01\x00\x02\x02\x46",
            "not_http",
            "it speaks TLS: lbctl confirm https://",
        ),
        ("", "connection_closed", "look into the server's own log"),
        (
            "HTTP/1.1 503 Ser",
            "connection_closed",
            "look into the server's own log",
        ),
    ];
    for (bytes, expected, next) in rows {
        let server = serve(bytes.to_owned());
        let said = confirm(&[&server.url("/")]);
        assert_eq!(said.code, 1);
        assert!(said.out.contains(next), "{}", said.out);
        assert_eq!(verdict(&[&server.url("/")]), expected, "{bytes:?}");
    }
}

#[test]
fn a_server_cannot_paint_the_terminal() {
    let server = serve(http(
        "503 Service Unavailable",
        "Server: nginx\u{9b}31m\r\n",
        "",
    ));
    let said = confirm(&[&server.url("/")]);
    assert!(said.out.contains("Server: nginx?31m"), "{}", said.out);
}

#[test]
fn what_cannot_be_asked_is_usage() {
    for args in [
        &["shop.example"][..],
        &["ftp://a/"],
        &["-X", "POST", "http://a/"],
        &["http://a/", "--timeout", "x"],
    ] {
        let said = confirm(args);
        assert_eq!((said.code, &*said.out), (2, ""), "{args:?}");
    }
    let said = confirm(&["shop.example"]);
    assert!(
        said.err.contains("did you mean http://shop.example ?"),
        "{}",
        said.err
    );
}
