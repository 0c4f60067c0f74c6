//! `lbctl debug-token`.

mod support;

use soe503_core::explain::debug_token::DebugToken;
use support::{lbctl, said};

fn key_file(contents: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), contents).unwrap();
    file
}

#[test]
fn a_token_is_one_word() {
    let file = key_file(&"k".repeat(44));
    let key = file.path().to_str().unwrap();
    let line = [
        "debug-token",
        "--key-file",
        key,
        "--host",
        "shop.example",
        "--path",
        "/cart",
    ];
    let said = said(lbctl().args(line));
    assert_eq!(said.code, 0, "{}", said.err);
    let token = said.out.strip_suffix('\n').unwrap();
    assert!(token.contains(".shop.example/cart."), "{token}");
    let token = DebugToken::parse(token).unwrap();
    assert!(
        token.admits(1, Some("shop.example"), "/cart").is_err(),
        "it is for now"
    );
}

#[test]
fn as_a_document() {
    let file = key_file(&"k".repeat(44));
    let key = file.path().to_str().unwrap();
    let said = said(lbctl().args(["debug-token", "--key-file", key, "-o", "json"]));
    let told: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(told["header"], "soe503-debug");
    assert_eq!(told["host"], serde_json::Value::Null);
    assert!(told["token"].as_str().unwrap().starts_with("1."));
}

#[test]
fn what_is_wrong_is_said() {
    let good = key_file(&"k".repeat(44));
    let short = key_file("short");
    let (good, short) = (
        good.path().to_str().unwrap(),
        short.path().to_str().unwrap(),
    );
    for (line, why) in [
        (&["--key-file", short][..], "32 characters"),
        (&["--key-file", "/nowhere/debug.key"], "/nowhere/debug.key"),
        (&["--key-file", good, "--for", "25h"], "24h"),
        (&["--key-file", good, "--path", "cart"], "/PATH"),
        (&["--key-file", good, "--host", "a:80"], "port"),
        (&[], "--key-file"),
    ] {
        let said = said(lbctl().arg("debug-token").args(line));
        assert_eq!(said.code, 2, "{line:?}");
        assert!(
            said.err.contains(why) && said.out.is_empty(),
            "{}",
            said.err
        );
    }
}
