//! `lbctl` over TLS: what it does, and what it says when it cannot.

use soe503_tests::proxy::{Proxy, Said, lbctl_alone};

use super::scene::{OPS, scene};

const ROLES: &str = ", operators = [\"spiffe://example.org/ops\"]";

fn says(said: &Said, code: i32, words: &[&str]) {
    assert_eq!(said.code, Some(code), "{said:?}");
    for word in words {
        assert!(said.stderr.contains(word), "no {word} in {said:?}");
    }
}

#[tokio::test]
async fn commands_look_and_act_with_a_certificate() {
    let scene = scene(ROLES, "").await;
    let name = scene.backend.address().to_string();
    let drain = ["pool", "drain", "app", &name, "--reason", "new disks"];
    let seen = scene.lbctl("watch", &["pool", "status"]).await;
    says(&seen, 0, &[]);
    assert!(seen.stdout.contains("app"), "{seen:?}");
    let refused = scene.lbctl("watch", &drain).await;
    says(&refused, 2, &["`operators`", "--certificate and --key"]);
    says(&scene.lbctl("ops", &drain).await, 0, &[]);
    says(&scene.lbctl("ops", &["config", "reload"]).await, 0, &[]);
    let audit = scene.audited(3).await;
    assert_eq!(audit.len(), 3, "{audit:#?}");
    let proven = format!("certificate=\"{OPS}\" action=\"drain\"");
    assert!(audit[1].contains(&proven), "{audit:#?}");
}

#[tokio::test]
async fn each_way_in_which_it_cannot_is_named() {
    let scene = scene(ROLES, "").await;
    let status = ["pool", "status"];
    let nobody = scene.lbctl_bare(&status).await;
    says(
        &nobody,
        2,
        &["--token-file", "a certificate with --certificate"],
    );
    for (shows, word) in [
        ("foreign", "does not know its authority"),
        ("namesake", "does not know its authority"),
        ("expired", "our client certificate: it has expired"),
    ] {
        let said = scene.lbctl(shows, &status).await;
        says(&said, 3, &[word]);
    }
    let path = |name: &str| scene.files.path(name).display().to_string();
    let admin = format!("https://{}", scene.admin());
    let ca = path("servers.pem");
    // The authority of somebody else.
    let clients = path("clients.pem");
    let said = lbctl_alone(&[&["--admin", &admin, "--ca", &clients], &status[..]].concat()).await;
    says(&said, 3, &["ends in no authority", "--ca FILE or LBCTL_CA"]);
    // A name that is not in the certificate.
    let other = format!("https://localhost:{}", scene.admin().port());
    let said = lbctl_alone(&[&["--admin", &other, "--ca", &ca], &status[..]].concat()).await;
    says(
        &said,
        3,
        &["is for edge.example, 127.0.0.1, not for localhost"],
    );
    // Plain HTTP where TLS is, and the other way round.
    let plain = format!("http://{}", scene.admin());
    let said = lbctl_alone(&[&["--admin", &plain], &status[..]].concat()).await;
    says(&said, 3, &["it speaks TLS; ask https://"]);
    let plain = Proxy::before(&[scene.backend.address()], "").await;
    let other = format!("https://{}", plain.admin());
    let said = lbctl_alone(&[&["--admin", &other, "--ca", &ca], &status[..]].concat()).await;
    says(&said, 3, &["--admin http://"]);
    // Files.
    let key = path("watch.key");
    for (arguments, words) in [
        (
            ["--certificate", &*path("none.pem")],
            ["--certificate ", "No such file"],
        ),
        (
            ["--certificate", &*key],
            ["--certificate ", "no certificate in it"],
        ),
        (
            ["--certificate", &*clients],
            ["--key (not given", "no private key in it"],
        ),
        (["--key", &*key], ["--key", "the key of which certificate?"]),
    ] {
        let said = scene.lbctl_bare(&[&arguments, &status[..]].concat()).await;
        says(&said, 2, &words);
    }
    let mixed = ["--certificate", &*path("ops.pem"), "--key", &*key];
    let said = scene.lbctl_bare(&[&mixed, &status[..]].concat()).await;
    says(&said, 2, &["--key ", "not the key of the certificate"]);
    let said = lbctl_alone(&["--admin", &admin, "--ca", &key, "pool", "status"]).await;
    says(&said, 2, &["--ca ", "no certificate in it"]);
}

/// The answer to a client that learns only after its own part of the handshake that it is refused must not be lost.
#[tokio::test]
async fn where_one_is_required_that_is_what_is_said_each_time() {
    let scene = scene(&format!("{ROLES}, required = true"), "").await;
    for _ in 0..20 {
        let said = scene.lbctl_bare(&["pool", "status"]).await;
        says(
            &said,
            3,
            &["wants a client certificate", "LBCTL_CERTIFICATE"],
        );
    }
    says(&scene.lbctl("watch", &["pool", "status"]).await, 0, &[]);
}
