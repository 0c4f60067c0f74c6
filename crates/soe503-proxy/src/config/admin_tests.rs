use std::fs;

use super::*;

const OPERATOR: &str = "0123456789abcdef";
const READER: &str = "fedcba9876543210";

fn file(path: &Path, contents: &str) -> TokenFile {
    fs::write(path, contents).unwrap();
    TokenFile::read(path).unwrap()
}

#[test]
fn a_token_matches_itself_alone_and_is_not_shown() {
    let token = AdminToken::new(" 0123456789abcdef\n").unwrap();
    assert!(token.matches(OPERATOR));
    for other in [
        "",
        "0123456789abcdeF",
        "0123456789abcde",
        "0123456789abcdef0",
        "1123456789abcdef",
        " 0123456789abcdef",
    ] {
        assert!(!token.matches(other), "{other}");
    }
    assert_eq!(format!("{token:?}"), "AdminToken(..)");
    assert!(token == AdminToken::new(OPERATOR).unwrap());
    assert!(token != AdminToken::new(READER).unwrap());
}

#[test]
fn short_and_unprintable_tokens_are_refused() {
    assert!(AdminToken::new("short").is_err());
    assert!(AdminToken::new("two words are not a token").is_err());
    assert!(AdminToken::new("").is_err());
}

#[test]
fn a_token_says_what_its_bearer_may_do() {
    let directory = tempfile::tempdir().unwrap();
    let operator = file(&directory.path().join("o"), OPERATOR);
    let reader = file(&directory.path().join("r"), READER);
    let both = AdminTokens::new(Some(operator.clone()), Some(reader.clone())).unwrap();
    assert_eq!(both.role_of(OPERATOR), Some(AdminRole::Operator));
    assert_eq!(both.role_of(READER), Some(AdminRole::Reader));
    for wrong in [
        "",
        "0123456789abcdeg",
        "fedcba987654321",
        "0123456789543210",
    ] {
        assert_eq!(both.role_of(wrong), None, "{wrong}");
    }
    let one = AdminTokens::new(Some(operator.clone()), None).unwrap();
    assert_eq!(one.role_of(OPERATOR), Some(AdminRole::Operator));
    assert_eq!(one.role_of(READER), None);
    let alone = AdminTokens::new(None, Some(reader)).unwrap();
    assert_eq!(alone.role_of(READER), Some(AdminRole::Reader));
    assert_eq!(alone.role_of(OPERATOR), None);
    let same = AdminTokens::new(Some(operator.clone()), Some(operator)).unwrap_err();
    assert!(same.contains("the operator's token"), "{same}");
    let shown = format!("{both:?}");
    assert!(
        !shown.contains(OPERATOR) && !shown.contains(READER),
        "{shown}"
    );
}

#[test]
fn each_file_keeps_its_last_good_token() {
    let directory = tempfile::tempdir().unwrap();
    let (o, r) = (directory.path().join("o"), directory.path().join("r"));
    let tokens = AdminTokens::new(Some(file(&o, OPERATOR)), Some(file(&r, READER))).unwrap();
    fs::write(&o, "").unwrap();
    fs::write(&r, "another-reader-it-is\n").unwrap();
    let (tokens, troubles) = tokens.read_again();
    assert_eq!(tokens.role_of(OPERATOR), Some(AdminRole::Operator));
    assert_eq!(tokens.role_of(READER), None);
    assert_eq!(
        tokens.role_of("another-reader-it-is"),
        Some(AdminRole::Reader)
    );
    assert_eq!(troubles.len(), 1, "{troubles:?}");
    assert!(troubles[0].contains("/o: a token has"), "{troubles:?}");
    fs::remove_file(&o).unwrap();
    let (same, troubles) = tokens.read_again();
    assert_eq!(same, tokens);
    assert!(troubles[0].contains("No such file"), "{troubles:?}");
    // A reader who would become an operator stays what they are, and so does everybody.
    for path in [&o, &r] {
        fs::write(path, "one-token-for-everybody").unwrap();
    }
    let (same, troubles) = tokens.read_again();
    assert_eq!(same, tokens);
    assert!(troubles[0].contains("the operator's token"), "{troubles:?}");
}
