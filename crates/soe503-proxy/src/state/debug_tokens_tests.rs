use aws_lc_rs::hmac::sign;
use soe503_core::explain::debug_token;

use super::*;

const NOW: u64 = 1_795_369_268;

fn tokens(keys: &[&str]) -> DebugTokens {
    let keys = keys.iter().map(|key| (*key).to_owned()).collect();
    let settings = ExplainSettings {
        debug_keys: Some(DebugKeys::new("debug.key".into(), keys)),
    };
    DebugTokens::new(&settings)
}

fn token(key: &str, path: Option<&str>) -> String {
    let unsigned = debug_token::unsigned(NOW + 60, None, path).unwrap();
    let key = Key::new(HMAC_SHA256, key.as_bytes());
    debug_token::signed(&unsigned, sign(&key, unsigned.as_bytes()).as_ref())
}

fn admitted(tokens: &DebugTokens, sent: &[&str]) -> bool {
    let mut headers = HeaderMap::new();
    headers.insert("host", "shop.example".parse().unwrap());
    for token in sent {
        headers.append(&FIELD, token.parse().unwrap());
    }
    let admitted = tokens.admit(&mut headers, Some("shop.example"), "/cart", NOW);
    assert_eq!(headers.len(), 1, "whatever it is worth, it goes no further");
    admitted
}

#[test]
fn good_ones_and_others() {
    let (old, new) = ("o".repeat(32), "n".repeat(32));
    let tokens = tokens(&[&new, &old]);
    let good = token(&new, None);
    assert!(admitted(&tokens, &[&good]));
    assert!(admitted(&tokens, &[&token(&old, Some("/cart"))]));
    // Who changes what was signed has signed something else.
    let longer = good.replacen("1.", "1.9", 1);
    let stranger = token(&"x".repeat(32), None);
    let admin = token(&new, Some("/admin"));
    for sent in [
        &["nonsense"][..],
        &[&*stranger],
        &[&*longer],
        &[&*admin],
        &[&*good, &*good],
        &[],
    ] {
        assert!(!admitted(&tokens, sent), "{sent:?}");
    }
    let counts: Vec<_> = tokens.counts().collect();
    assert_eq!(
        counts,
        [
            ("accepted", 2),
            ("malformed", 2),
            ("forged", 2),
            ("expired", 0),
            ("elsewhere", 1)
        ]
    );
}

#[test]
fn keys_are_replaced_and_without_any_nothing_counts() {
    let (old, new) = ("o".repeat(32), "n".repeat(32));
    let tokens = tokens(&[&old]);
    let good = token(&old, None);
    assert!(admitted(&tokens, &[&good]));
    tokens.follow(&ExplainSettings {
        debug_keys: Some(DebugKeys::new("debug.key".into(), vec![new])),
    });
    assert!(!admitted(&tokens, &[&good]));
    tokens.follow(&ExplainSettings::default());
    assert!(!admitted(&tokens, &[&good]));
    let refused: u64 = tokens.counts().skip(1).map(|(_, count)| count).sum();
    assert_eq!(refused, 1, "where tokens mean nothing none is refused");
}
