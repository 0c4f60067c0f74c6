//! The two sides of an upgrade, in one process.

use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use super::message::{self, Message};
use super::sockets::{Offered, Shared};
use super::{Entrance, Takeover};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(20);

struct Old {
    entrance: Entrance,
    path: PathBuf,
    addresses: Vec<SocketAddr>,
    shared: Vec<Shared>,
    _directory: TempDir,
}

/// A process with three sockets, the last of which is systemd's.
fn old() -> Old {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("upgrade.sock");
    let mut entrance = Entrance::prepare(&path).unwrap();
    let offered: Vec<Offered> = [false, false, true].map(offer).into();
    let addresses = offered.iter().map(|one| one.address).collect();
    let shared = offered.iter().map(|one| one.shared.clone()).collect();
    entrance.open(true, offered).unwrap();
    Old {
        entrance,
        path,
        addresses,
        shared,
        _directory: directory,
    }
}

fn offer(for_good: bool) -> Offered {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    Offered {
        address: socket.local_addr().unwrap(),
        socket,
        shared: Shared::new(for_good),
        for_good,
    }
}

impl Old {
    fn shared(&self) -> Vec<bool> {
        self.shared.iter().map(Shared::get).collect()
    }
}

#[tokio::test]
async fn the_new_process_gets_all_sockets_and_the_old_one_learns_when_it_serves() {
    let old = old();
    let mode = std::fs::metadata(&old.path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let (mut new, mut inherited) = Takeover::ask(&old.path).unwrap();
    assert_eq!(inherited.take(old.addresses[0]).sockets.len(), 1);
    let kept = inherited.take(old.addresses[2]);
    assert!(kept.for_good && kept.sockets.len() == 1);
    let mut looks = 0;
    let looked = new.wait(|| {
        looks += 1;
        if looks < 3 {
            Err("not yet".into())
        } else {
            Ok(())
        }
    });
    assert_eq!((looked, looks), (Ok(()), 3));
    // Until it is told to, the sockets are the old one's.
    assert_eq!(old.shared(), [false, false, true]);
    let unused = inherited.places();
    assert_eq!(unused, [1]);
    new.ready(unused).unwrap();
    assert_eq!(old.shared(), [true, false, true]);

    let replaced = old.entrance.replaced();
    new.serving();
    let process = tokio::time::timeout(PATIENCE, replaced).await.unwrap();
    assert_eq!(process, std::process::id());
    // It leaves the path alone, which is the new one's.
    assert!(old.entrance.close());
    assert!(old.path.exists());
}

#[test]
fn one_at_a_time_and_whoever_gives_up_makes_room() {
    let old = old();
    let (first, _) = Takeover::ask(&old.path).unwrap();
    let why = Takeover::ask(&old.path).unwrap_err();
    assert!(why.contains("another upgrade is under way"), "{why}");
    first.failed("for a reason");
    let next = (0..1000).find_map(|_| Takeover::ask(&old.path).ok());
    let (mut next, _) = next.expect("room again");
    next.ready(vec![]).unwrap();
    assert_eq!(old.shared(), [true; 3]);
    // It was told to accept and went away: what is systemd's stays shared.
    drop(next);
    let again = (0..1000).find_map(|_| Takeover::ask(&old.path).ok());
    assert!(again.is_some());
    assert_eq!(old.shared(), [false, false, true]);
    assert!(!old.entrance.close());
    assert!(!old.path.exists());
}

#[test]
fn who_was_told_to_accept_and_went_away_leaves_a_process_that_can_be_replaced() {
    let old = old();
    let (mut first, _) = Takeover::ask(&old.path).unwrap();
    first.ready(vec![]).unwrap();
    // What it would open itself is not at the path before it serves.
    let prepared = Entrance::prepare(&old.path).unwrap();
    drop((first, prepared));
    let next = (0..1000).find_map(|_| Takeover::ask(&old.path).ok());
    let (mut next, _) = next.expect("room again");
    next.ready(vec![]).unwrap();
    next.serving();
}

#[test]
fn an_old_process_that_ends_gives_nothing() {
    let old = old();
    let (mut new, _) = Takeover::ask(&old.path).unwrap();
    assert!(!old.entrance.close());
    let why = new.wait(|| Err("not yet".into())).unwrap_err();
    assert!(why.contains("has gone"), "{why}");
    assert!(new.ready(vec![]).is_err());
    let nobody = Takeover::ask(&old.path).unwrap_err();
    assert!(nobody.contains("start without --upgrade"), "{nobody}");
}

#[test]
fn an_old_process_that_ends_after_its_word_leaves_the_sockets_to_the_new_one() {
    let old = old();
    let (mut new, _) = Takeover::ask(&old.path).unwrap();
    new.ready(vec![1]).unwrap();
    assert!(old.entrance.close());
    assert_eq!(
        old.shared.iter().map(Shared::get).collect::<Vec<_>>(),
        [true, false, true]
    );
    assert!(old.path.exists());
    new.serving();
}

#[test]
fn another_protocol_is_refused() {
    let old = old();
    let stream = UnixStream::connect(&old.path).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let hello = Message::Hello {
        protocol: message::PROTOCOL + 1,
        version: "9.9.9".into(),
    };
    message::send(&stream, &hello).unwrap();
    let Message::Refused { why } = message::receive(&stream).unwrap() else {
        panic!("not refused");
    };
    assert!(why.contains("9.9.9"), "{why}");
    old.entrance.close();
}

#[test]
fn a_path_is_not_taken_from_whoever_answers_there_and_not_from_a_file() {
    let old = old();
    let mut second = Entrance::prepare(&old.path).unwrap();
    let error = second.open(true, vec![]).unwrap_err();
    assert!(error.to_string().contains("--upgrade"), "{error}");
    old.entrance.close();
    std::fs::write(&old.path, "mine").unwrap();
    let error = second.open(true, vec![]).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
    let entries = || {
        std::fs::read_dir(old.path.parent().unwrap())
            .unwrap()
            .count()
    };
    assert_eq!(entries(), 2);
    // A start that fails leaves nothing behind.
    drop(second);
    assert_eq!(entries(), 1);
    let mut second = Entrance::prepare(&old.path).unwrap();
    std::fs::remove_file(&old.path).unwrap();
    second.open(true, vec![]).unwrap();
    second.close();
}
