//! Tokens that have one request's failure told in full.

use proptest::prelude::*;
use soe503_core::explain::debug_token::{BadToken, DebugToken, LONGEST, keys, signed, unsigned};

const NOW: u64 = 1_795_369_268;
const HOUR: u64 = 3600;

fn token(expires: u64, host: Option<&str>, path: Option<&str>) -> String {
    signed(&unsigned(expires, host, path).unwrap(), &[7; 32])
}

#[test]
fn what_is_signed_is_what_is_read() {
    let text = token(NOW + 60, Some("shop.example"), Some("/cart"));
    assert!(
        text.starts_with("1.1795369328.shop.example/cart."),
        "{text}"
    );
    let token = DebugToken::parse(&text).unwrap();
    assert_eq!(token.signed, "1.1795369328.shop.example/cart");
    assert_eq!(token.signature, [7; 32]);
}

#[test]
fn when_and_where_it_is_good() {
    const SHOP: Option<&str> = Some("shop.example");
    let ok = Ok(());
    let (expired, elsewhere) = (Err(BadToken::Expired), Err(BadToken::Elsewhere));
    #[rustfmt::skip]
    let rows = [
        // expires, for host, for path, asked host, asked path
        (NOW + 60, None, None, None, "/", ok),
        (NOW + 1, None, None, SHOP, "/a", ok),
        (NOW, None, None, SHOP, "/a", expired),
        (NOW - 1, None, None, SHOP, "/a", expired),
        (NOW + 24 * HOUR + 60, None, None, SHOP, "/a", ok),
        (NOW + 24 * HOUR + 61, None, None, SHOP, "/a", expired),
        (u64::MAX, None, None, SHOP, "/a", expired),
        (NOW + 60, SHOP, None, SHOP, "/a", ok),
        (NOW + 60, SHOP, None, Some("SHOP.example:8443"), "/a", ok),
        (NOW + 60, SHOP, None, Some("a.shop.example"), "/a", elsewhere),
        (NOW + 60, SHOP, None, Some("shop.example.org"), "/a", elsewhere),
        (NOW + 60, SHOP, None, None, "/a", elsewhere),
        (NOW + 60, SHOP, None, Some("shop.example:http"), "/a", elsewhere),
        (NOW + 60, Some("[::1]"), None, Some("[::1]:80"), "/a", ok),
        (NOW + 60, Some("[::1]"), None, Some("[::1]"), "/a", ok),
        (NOW + 60, None, Some("/cart"), SHOP, "/cart", ok),
        (NOW + 60, None, Some("/cart"), SHOP, "/cart/7", ok),
        (NOW + 60, None, Some("/cart"), SHOP, "/cartoon", elsewhere),
        (NOW + 60, None, Some("/cart/"), SHOP, "/cart/7", ok),
        (NOW + 60, None, Some("/cart/"), SHOP, "/cart", elsewhere),
        (NOW + 60, None, Some("/"), SHOP, "/cart", ok),
        (NOW + 60, SHOP, Some("/a.b"), SHOP, "/a.b/c", ok),
        (NOW + 60, SHOP, Some("/cart"), Some("pay.example"), "/cart", elsewhere),
    ];
    for (expires, host, path, asked, at, expected) in rows {
        let text = token(expires, host, path);
        let found = DebugToken::parse(&text).unwrap().admits(NOW, asked, at);
        assert_eq!(found, expected, "{text} for {asked:?} {at}");
    }
}

#[test]
fn what_is_no_token() {
    let good = token(NOW + 60, None, None);
    let long = token(
        NOW + 60,
        None,
        Some(&format!("/{}", "a".repeat(LONGEST - 60))),
    );
    assert!(DebugToken::parse(&long).is_ok() && long.len() <= LONGEST);
    let padded = format!("{good}=");
    let longer = format!("1.1.{}{}", "a".repeat(LONGEST), &good);
    let other = good.replacen('1', "2", 1);
    let signs = good.replacen(".1", ".+1", 1);
    let cut = &good[..good.len() - 1];
    for text in [
        "", ".", "..", "...", "1.2.3", &*padded, &longer, &other, &signs, cut, "1..x.y",
    ] {
        assert_eq!(DebugToken::parse(text), Err(BadToken::Malformed), "{text}");
    }
}

#[test]
fn what_a_token_cannot_be_bound_to() {
    for (host, path) in [
        (Some("a/b"), None),
        (Some("a:80"), None),
        (Some("a b"), None),
        (None, Some("cart")),
        (None, Some("/a?b")),
        (None, Some("/a\nb")),
        (None, Some(&*format!("/{}", "a".repeat(LONGEST)))),
    ] {
        assert!(unsigned(NOW, host, path).is_err(), "{host:?} {path:?}");
    }
}

/// With a signature in whole groups of base64.
#[test]
fn how_long_what_is_signed_may_be() {
    let head = unsigned(NOW, None, None).unwrap().len();
    let longest = LONGEST - 1 - 44 - head;
    for (length, fits) in [(longest, true), (longest + 1, false)] {
        let path = format!("/{}", "a".repeat(length - 1));
        assert_eq!(unsigned(NOW, None, Some(&path)).is_ok(), fits, "{length}");
    }
    let path = format!("/{}", "a".repeat(longest - 1));
    assert!(DebugToken::parse(&token(NOW, None, Some(&path))).is_ok());
}

#[test]
fn what_is_a_key_file() {
    let key = "k".repeat(32);
    assert_eq!(keys(&format!("{key}\n")), Ok(vec![&*key]));
    let two = format!("# the new one\n  {key}  \n\n{}\n", "o".repeat(64));
    assert_eq!(keys(&two).unwrap().len(), 2);
    for bad in [
        "",
        "\n# none\n",
        &"k".repeat(31),
        &"k".repeat(513),
        &format!("{key}\n").repeat(5),
    ] {
        assert!(keys(bad).is_err(), "{bad}");
    }
}

proptest! {
    /// Whatever comes, nothing panics, and what is read is what was sent.
    #[test]
    fn any_text(text in "[ -~]{0,80}", now: u64, path in "/[ -~]{0,20}") {
        if let Ok(token) = DebugToken::parse(&text) {
            prop_assert!(text.starts_with(token.signed));
            let _ = token.admits(now, Some("a"), &path);
        }
    }

    /// A token that is bound to a path is good for that path and what is below it.
    #[test]
    fn bound(path in "/[a-z./]{0,20}", more in "[a-z]{0,5}") {
        let text = token(NOW + 1, None, Some(&path));
        let token = DebugToken::parse(&text).unwrap();
        prop_assert_eq!(token.admits(NOW, None, &path), Ok(()));
        prop_assert_eq!(token.admits(NOW, None, &format!("{path}/{more}")), Ok(()));
    }
}

#[test]
fn what_is_wrong_with_keys_is_said() {
    for (file, text) in [
        ("# no key\n".to_owned(), "there is no key in it"),
        ("short\n".to_owned(), "a key has at least 32 characters"),
        ("k".repeat(513), "a key has at most 512 characters"),
        (
            format!("{}\n", "k".repeat(32)).repeat(5),
            "there are more than four keys in it",
        ),
    ] {
        assert_eq!(keys(&file).unwrap_err().to_string(), text);
    }
    assert_eq!(keys(&"k".repeat(512)).unwrap().len(), 1);
    let four = format!("{}\n", "k".repeat(32)).repeat(4);
    assert_eq!(keys(&four).unwrap().len(), 4);
    for (host, path, text) in [
        (
            Some("a b"),
            None,
            "\"a b\" is no host; expected a name or an address, without a port",
        ),
        (
            None,
            Some("cart"),
            "\"cart\" is no path; expected /PATH, without a query",
        ),
    ] {
        let bad = unsigned(NOW, host, path).unwrap_err();
        assert_eq!(bad.to_string(), text);
    }
}
