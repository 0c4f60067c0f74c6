//! Files that cannot be used: the journal says so, and nothing of anybody else's is touched.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::super::{Journal, Kind, State, TroubleKind};
use super::*;

/// A journal with some entries, as bytes.
fn good(directory: &tempfile::TempDir) -> Vec<u8> {
    let journal = begun(&place(directory));
    for number in 0..200 {
        journal.put(failure(number));
    }
    journal.stop();
    fs::read(place(directory)).unwrap()
}

fn trouble(journal: &Journal) -> TroubleKind {
    let status = journal.status().unwrap();
    assert_eq!(status.state, State::Failing);
    status.trouble.unwrap().0.kind
}

/// It works on a new file, and what was there is beside it.
fn set_aside(path: &Path, what: &[u8]) {
    let journal = begun(path);
    let status = journal.status().unwrap();
    assert_eq!(status.state, State::Open, "{status:?}");
    let aside = status.set_aside.expect("it says where the old one is");
    assert!(
        aside
            .path
            .to_str()
            .unwrap()
            .ends_with("journal.redb.broken")
    );
    // The check may have marked the file before it gave up; nothing of it is lost.
    assert_eq!(fs::read(&aside.path).unwrap().len(), what.len());
    assert!(ids(&journal, Kind::Failure).is_empty());
    journal.put(failure(1));
    journal.stop();
    assert_eq!(ids(&begun(path), Kind::Failure), ["f1"]);
}

#[test]
fn broken_files_are_set_aside_and_a_new_one_begins() {
    let directory = tempfile::tempdir().unwrap();
    let path = place(&directory);
    let good = good(&directory);
    let mut noise = fastrand::Rng::with_seed(503);
    let random: Vec<u8> = std::iter::repeat_with(|| noise.u8(..)).take(9000).collect();
    let mut holed = good.clone();
    // Everything after the header: whatever is looked at is nothing.
    holed[4096..].fill(0xA5);
    let files: [(&str, Vec<u8>); 6] = [
        ("random", random),
        ("text", b"this is no journal\n".to_vec()),
        ("cut after the header", good[..4096].to_vec()),
        ("cut in the header", good[..100].to_vec()),
        ("cut in the middle", good[..good.len() / 2].to_vec()),
        ("overwritten", holed),
    ];
    for (name, bytes) in files {
        println!("{name}");
        fs::write(&path, &bytes).unwrap();
        set_aside(&path, &bytes);
    }
}

#[test]
fn a_bit_that_fell_over_is_noticed_or_does_not_matter() {
    let directory = tempfile::tempdir().unwrap();
    let path = place(&directory);
    let good = good(&directory);
    let mut noise = fastrand::Rng::with_seed(503);
    let mut noticed = 0;
    for _ in 0..60 {
        let mut bytes = good.clone();
        let at = noise.usize(..bytes.len());
        bytes[at] ^= 1 << noise.u8(..8);
        fs::write(&path, &bytes).unwrap();
        let journal = begun(&path);
        let status = journal.status().unwrap();
        assert_eq!(status.state, State::Open, "byte {at}: {status:?}");
        let kept = ids(&journal, Kind::Failure).len();
        match status.set_aside {
            Some(_) => noticed += 1,
            None => assert_eq!(kept, 200, "byte {at}"),
        }
    }
    assert!(noticed > 0);
}

#[test]
fn files_of_others_are_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let theirs = directory.path().join("passwd");
    fs::write(&theirs, "root:x:0:0\n").unwrap();
    let journal = begun(&theirs);
    assert_eq!(trouble(&journal), TroubleKind::Foreign);
    journal.stop();
    assert_eq!(fs::read_to_string(&theirs).unwrap(), "root:x:0:0\n");

    let database = directory.path().join("theirs.redb");
    let table = redb::TableDefinition::<u64, u64>::new("theirs");
    let other = redb::Database::create(&database).unwrap();
    let transaction = other.begin_write().unwrap();
    transaction.open_table(table).unwrap().insert(1, 2).unwrap();
    transaction.commit().unwrap();
    drop(other);
    assert_eq!(trouble(&begun(&database)), TroubleKind::Foreign);
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
}

#[test]
fn another_format_is_set_aside_under_a_name_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let path = place(&directory);
    good(&directory);
    let about = redb::TableDefinition::<&str, u64>::new("soe503.journal");
    let newer = redb::Database::create(&path).unwrap();
    let transaction = newer.begin_write().unwrap();
    let mut table = transaction.open_table(about).unwrap();
    table.insert("format", 2).unwrap();
    drop(table);
    transaction.commit().unwrap();
    drop(newer);
    let journal = begun(&path);
    let status = journal.status().unwrap();
    assert_eq!(status.state, State::Open);
    let aside = status.set_aside.unwrap();
    assert!(aside.path.to_str().unwrap().ends_with("redb.other-format"));
    assert_eq!(aside.why.kind, TroubleKind::Format);
    assert!(aside.why.to_string().contains("format 2"), "{}", aside.why);
}

#[test]
fn places_where_no_file_can_be_are_told_and_tried_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = place(&directory);
    fs::create_dir(&path).unwrap();
    let journal = begun(&path);
    assert_eq!(trouble(&journal), TroubleKind::NotAFile);
    journal.put(failure(1));
    journal.flush();
    assert_eq!(trouble(&journal), TroubleKind::NotAFile);
    let why = journal.get(Kind::Failure, "f1").unwrap_err();
    assert_eq!(why.kind, TroubleKind::NotAFile);
    // What waited is written as soon as it can be.
    fs::remove_dir(&path).unwrap();
    journal.flush();
    assert_eq!(journal.status().unwrap().state, State::Open);
    assert_eq!(journal.status().unwrap().trouble, None);
    assert_eq!(ids(&journal, Kind::Failure), ["f1"]);

    let missing = begun(&directory.path().join("none/journal.redb"));
    assert_eq!(trouble(&missing), TroubleKind::Missing);
    let (why, _) = missing.status().unwrap().trouble.unwrap();
    assert!(why.to_string().ends_with("none does not exist"), "{why}");
    let device = begun(Path::new("/dev/null"));
    assert_eq!(trouble(&device), TroubleKind::NotAFile);
}

#[test]
fn what_may_not_be_opened_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let path = place(&directory);
    good(&directory);
    let mode = path.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "hosts and paths are in it");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    if fs::OpenOptions::new().write(true).open(&path).is_ok() {
        // Nothing is forbidden to root: the harness `tests/journal` asks a kernel that does.
        return;
    }
    assert_eq!(trouble(&begun(&path)), TroubleKind::Denied);
}

#[test]
fn a_file_that_another_has_is_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let path = place(&directory);
    let first = begun(&path);
    first.put(failure(1));
    let second = begun(&path);
    assert_eq!(trouble(&second), TroubleKind::InUse);
    second.put(failure(2));
    first.stop();
    second.flush();
    assert_eq!(ids(&second, Kind::Failure), ["f2", "f1"]);
}

#[test]
fn a_file_that_is_taken_away_is_begun_anew() {
    let directory = tempfile::tempdir().unwrap();
    let path = place(&directory);
    let journal = begun(&path);
    journal.put(failure(1));
    journal.flush();
    fs::remove_file(&path).unwrap();
    journal.put(failure(2));
    journal.stop();
    assert_eq!(ids(&begun(&path), Kind::Failure), ["f2"]);
}
