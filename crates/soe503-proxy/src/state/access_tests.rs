use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;
use crate::config::{AdminRole, load};

const FIRST: &str = "0123456789abcdef";
const SECOND: &str = "fedcba9876543210";

struct Files {
    directory: TempDir,
}

impl Files {
    fn new() -> Self {
        let files = Self {
            directory: TempDir::new().unwrap(),
        };
        files.write("admin.token", FIRST);
        files.write("reader.token", "a-reader-and-no-more");
        files.write(
            "edge.toml",
            "[admin]\ntoken_file = \"admin.token\"\nread_token_file = \"reader.token\"\n\
             [[listeners]]\naddress = \"127.0.0.1:80\"\n[[routes]]\npool = \"app\"\n\
             [pools.app]\nbackends = [\"http://127.0.0.1:81\"]\n",
        );
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, contents: &str) {
        fs::write(self.path(name), contents).unwrap();
    }

    fn config(&self) -> Config {
        load(&self.path("edge.toml")).unwrap_or_else(|report| panic!("{report}"))
    }
}

fn role(access: &Access, token: &str) -> Option<AdminRole> {
    let access = access.now();
    access.tokens().expect("it has tokens").role_of(token)
}

fn counts(access: &Access) -> (u64, u64) {
    (access.applied.load(Relaxed), access.refused.load(Relaxed))
}

/// So often that whatever is new has settled and was read.
fn look(access: &Access) {
    for _ in 0..3 {
        access.look();
    }
}

#[test]
fn a_token_that_changes_is_put_in_force_and_the_old_one_opens_nothing() {
    let files = Files::new();
    let access = Access::of(&files.config());
    look(&access);
    assert_eq!(counts(&access), (0, 0), "nothing is new");
    files.write("admin.token", SECOND);
    access.look();
    assert_eq!(
        role(&access, FIRST),
        Some(AdminRole::Operator),
        "it may still be written"
    );
    look(&access);
    assert_eq!(role(&access, FIRST), None);
    assert_eq!(role(&access, SECOND), Some(AdminRole::Operator));
    assert_eq!(
        role(&access, "a-reader-and-no-more"),
        Some(AdminRole::Reader)
    );
    assert_eq!(counts(&access), (1, 0));
}

#[test]
fn a_token_that_changed_between_reading_and_looking_is_not_missed() {
    let files = Files::new();
    let config = files.config();
    files.write("admin.token", SECOND);
    let access = Access::of(&config);
    look(&access);
    assert_eq!(role(&access, SECOND), Some(AdminRole::Operator));
    files.write("admin.token", "another-operator");
    access.follow(&config);
    look(&access);
    assert_eq!(role(&access, "another-operator"), Some(AdminRole::Operator));
}

#[test]
fn a_file_that_cannot_be_used_leaves_the_last_good_token_and_is_told_once() {
    let files = Files::new();
    let access = Access::of(&files.config());
    for (number, bad) in [(1, ""), (2, "short"), (3, "no word of sixteen")] {
        files.write("admin.token", bad);
        look(&access);
        look(&access);
        assert_eq!(role(&access, FIRST), Some(AdminRole::Operator), "{bad:?}");
        assert_eq!(counts(&access), (0, number), "{bad:?}");
    }
    fs::remove_file(files.path("admin.token")).unwrap();
    look(&access);
    assert_eq!(role(&access, FIRST), Some(AdminRole::Operator));
    assert_eq!(counts(&access), (0, 4));
    files.write("admin.token", SECOND);
    look(&access);
    assert_eq!(role(&access, SECOND), Some(AdminRole::Operator));
    assert_eq!(counts(&access), (1, 4));
}

#[test]
fn a_reload_changes_the_files_and_leaves_what_is_the_same() {
    let files = Files::new();
    let access = Access::of(&files.config());
    let before = access.now();
    access.follow(&files.config());
    assert!(Arc::ptr_eq(&before, &access.now()));
    files.write("other.token", SECOND);
    let text = fs::read_to_string(files.path("edge.toml")).unwrap();
    files.write(
        "edge.toml",
        &text.replace("\"admin.token\"", "\"other.token\""),
    );
    access.follow(&files.config());
    assert_eq!(role(&access, FIRST), None);
    assert_eq!(role(&access, SECOND), Some(AdminRole::Operator));
    files.write(
        "edge.toml",
        &text
            .replace("token_file", "# token_file")
            .replace("read_#", "#"),
    );
    access.follow(&files.config());
    assert_eq!(*access.now(), AdminAccess::Loopback);
}

#[test]
fn a_reload_while_files_are_read_again_has_the_last_word() {
    let files = Files::new();
    let access = Access::of(&files.config());
    let before = access.now();
    let tokens = before.tokens().expect("it has tokens");
    files.write("admin.token", "a-token-for-a-moment");
    let (after, troubles) = tokens.read_again();
    assert_eq!(troubles, [""; 0]);
    files.write("admin.token", SECOND);
    access.follow(&files.config());
    access.replace(&before, tokens, &after);
    assert_eq!(role(&access, "a-token-for-a-moment"), None);
    assert_eq!(role(&access, SECOND), Some(AdminRole::Operator));
    assert_eq!(counts(&access), (0, 0));
}

#[test]
fn who_has_to_come_again_is_told_and_the_rules_stay() {
    let files = Files::new();
    let access = Access::of(&files.config());
    let (before, mut renewals) = (access.now(), access.renewals());
    access.follow(&files.config());
    assert!(!renewals.has_changed().unwrap(), "nothing is new");
    access.renew();
    assert!(renewals.has_changed().unwrap());
    renewals.mark_unchanged();
    assert_eq!(access.now(), before);
    assert!(
        !Arc::ptr_eq(&access.now(), &before),
        "who watches would not notice"
    );
}

#[test]
fn tls_is_turned_on_replaced_and_turned_off_by_a_reload() {
    let files = Files::new();
    let authority = crate::tls::testing::authority();
    let write = |name: &str| {
        crate::tls::testing::write(files.directory.path(), "a", &[name], &authority);
    };
    write("a.example");
    let plain = fs::read_to_string(files.path("edge.toml")).unwrap();
    let with = |keys: &str| {
        let tls = "tls = { certificates = [{ cert = \"a.pem\", key = \"a.key\" }]";
        files.write(
            "edge.toml",
            &plain.replacen("token_file", &format!("{tls}{keys} }}\ntoken_file"), 1),
        );
        files.config()
    };
    let access = Access::of(&files.config());
    let mut renewals = access.renewals();
    assert!(access.tls().is_none());
    let mut reload = |config: &Config, renewed: bool| {
        access.follow(config);
        assert_eq!(renewals.has_changed().unwrap(), renewed);
        renewals.mark_unchanged();
        access.tls().map(|tls| tls.certificates())
    };
    let first = |shown: Option<Vec<(String, i64)>>| shown.map(|shown| shown[0].0.clone());
    assert_eq!(first(reload(&with(""), true)), Some("a.example".into()));
    assert_eq!(first(reload(&with(""), false)), Some("a.example".into()));
    write("b.example");
    assert_eq!(first(reload(&with(""), true)), Some("b.example".into()));
    reload(&with(", min_version = \"1.3\""), true);
    files.write("edge.toml", &plain);
    assert_eq!(reload(&files.config(), true), None);
}
