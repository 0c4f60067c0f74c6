//! `lbctl confirm https://…`: every way in which TLS does not come about, and the one in which it does.

mod support;

use std::{
    io::{Read, Write},
    net::TcpListener,
    path::PathBuf,
    sync::Arc,
    thread,
};

use rustls::{
    ServerConfig, ServerConnection, Stream,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use support::{Said, http, lbctl, said};

fn data(file: &str) -> PathBuf {
    let tests = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/tls");
    PathBuf::from(tests).join(file)
}

/// Serves 503s over TLS with a certificate from `tests/data/tls`, both of them for `localhost`.
/// Its port.
fn serve(name: &str) -> u16 {
    let certificate = CertificateDer::from_pem_file(data(&format!("{name}.pem"))).unwrap();
    let key = PrivateKeyDer::from_pem_file(data(&format!("{name}.key"))).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for mut tcp in listener.incoming().flatten() {
            let mut tls = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = Stream::new(&mut tls, &mut tcp);
            // A client that does not like the certificate ends it here.
            if stream.read(&mut [0; 4096]).is_ok() {
                let answer = http("503 Service Unavailable", "X-Error-Code: SOE-503\r\n", "");
                let _ = stream.write_all(answer.as_bytes());
            }
        }
    });
    port
}

/// Asks `host`, trusting the certificate `trusted` and no other.
fn confirm(trusted: &str, host: &str, port: u16) -> Said {
    said(
        lbctl()
            .env("SSL_CERT_FILE", data(trusted))
            .args(["confirm", &format!("https://{host}:{port}/")]),
    )
}

#[test]
fn a_503_behind_tls() {
    let said = confirm("localhost.pem", "localhost", serve("localhost"));
    assert_eq!(said.code, 1);
    assert!(said.out.starts_with("503, made by soe503"), "{}", said.out);
    assert!(said.out.contains("tls "), "{}", said.out);
}

#[test]
fn certificates_that_are_not_good_enough() {
    let fine = serve("localhost");
    let rows = [
        ("expired.pem", "localhost", fine, "ends in no authority"),
        ("localhost.pem", "127.0.0.1", fine, "not for 127.0.0.1"),
        ("expired.pem", "localhost", serve("expired"), "has expired"),
    ];
    for (trusted, host, port, expected) in rows {
        let said = confirm(trusted, host, port);
        assert_eq!(said.code, 1, "{expected}");
        assert!(
            said.out.starts_with("not a 503, no answer at all"),
            "{}",
            said.out
        );
        assert!(said.out.contains(expected), "{expected} in {}", said.out);
        assert!(said.out.contains("openssl s_client"), "{}", said.out);
    }
}

#[test]
fn a_machine_that_trusts_nobody_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let empty = dir.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    let said = confirm(empty.to_str().unwrap(), "localhost", serve("localhost"));
    assert_eq!(said.code, 1);
    assert!(said.out.contains("no trusted certificates"), "{}", said.out);
}

#[test]
fn plain_http_where_tls_is_expected() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(http("400 Bad Request", "", "").as_bytes());
        }
    });
    let said = confirm("localhost.pem", "127.0.0.1", port);
    assert_eq!(said.code, 1);
    let next = format!("plain HTTP? lbctl confirm http://127.0.0.1:{port}/");
    assert!(said.out.contains(&next), "{}", said.out);
}
