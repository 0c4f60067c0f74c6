//! Lines are whole, whatever happens to the destination.

use std::sync::{Arc, Mutex};

use super::*;

/// Notes each piece that is written, and has room for so many bytes.
#[derive(Clone)]
struct Disk(Arc<Mutex<Held>>);

struct Held {
    pieces: Vec<Vec<u8>>,
    room: usize,
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut held = self.0.lock().unwrap();
        let fits = bytes.len().min(held.room);
        if fits == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        held.room -= fits;
        held.pieces.push(bytes[..fits].to_vec());
        Ok(fits)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Disk {
    fn with_room(room: usize) -> (Self, Open) {
        let pieces = Vec::new();
        let disk = Self(Arc::new(Mutex::new(Held { pieces, room })));
        let open = Open::new(Sink::Writer(Box::new(disk.clone()))).unwrap();
        (disk, open)
    }

    fn has_room(&self, room: usize) {
        self.0.lock().unwrap().room = room;
    }

    fn pieces(&self) -> Vec<String> {
        let held = self.0.lock().unwrap();
        let pieces = held.pieces.iter().cloned();
        pieces
            .map(|piece| String::from_utf8(piece).unwrap())
            .collect()
    }
}

#[test]
fn what_is_written_at_once_is_one_piece() {
    let (disk, mut open) = Disk::with_room(1000);
    open.write(b"one\ntwo\n").unwrap();
    open.write(b"three\n").unwrap();
    assert_eq!(disk.pieces(), ["one\ntwo\n", "three\n"]);
}

#[test]
fn after_half_a_line_the_next_begins_on_a_line_of_its_own() {
    let (disk, mut open) = Disk::with_room(4);
    assert!(open.write(b"lost line\n").is_err());
    assert!(open.write(b"lost too\n").is_err());
    disk.has_room(1000);
    open.write(b"whole\n").unwrap();
    open.write(b"next\n").unwrap();
    assert_eq!(disk.pieces().concat(), "lost\nwhole\nnext\n");
}

#[cfg(target_os = "linux")]
#[test]
fn a_new_file_begins_with_a_line_and_not_with_the_end_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    std::os::unix::fs::symlink("/dev/full", &path).unwrap();
    let mut open = Open::new(Sink::File(path.clone())).unwrap();
    assert!(open.write(b"no room\n").is_err());
    std::fs::remove_file(&path).unwrap();
    open.reopen().unwrap();
    open.write(b"whole\n").unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "whole\n");
}
