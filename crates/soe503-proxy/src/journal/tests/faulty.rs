//! A disk that is full, and one that fails at any moment.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use redb::StorageBackend;
use redb::backends::InMemoryBackend;

use super::super::disk::{Bounded, Ceiling};
use super::super::room::Room;
use super::super::store::{self, Books};
use super::super::{Kind, Trouble, TroubleKind};
use super::*;

/// A disk in memory that outlives who opened it, and does so many writes more.
#[derive(Clone, Debug)]
struct Disk {
    memory: Arc<InMemoryBackend>,
    writes: Arc<AtomicU64>,
}

impl Disk {
    fn new() -> Self {
        Self {
            memory: Arc::new(InMemoryBackend::new()),
            writes: Arc::new(AtomicU64::new(u64::MAX)),
        }
    }

    fn spend(&self) -> io::Result<()> {
        let left = self.writes.load(Relaxed);
        if left == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.writes.store(left - 1, Relaxed);
        Ok(())
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        self.memory.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.memory.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.spend()?;
        self.memory.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.spend()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.spend()?;
        self.memory.write(offset, data)
    }
}

const ROOM: Room = Room {
    horizon: 0,
    capacity: u64::MAX / 2,
};

fn put(database: &redb::Database, books: &Books, number: u64) -> Result<Books, Trouble> {
    let entry = failure(number);
    let (books, _) = store::commit(database, books, std::iter::once(&entry), &ROOM)?;
    Ok(books)
}

fn count(database: &redb::Database) -> usize {
    let entries = store::latest(database, Kind::Failure, u64::MAX, usize::MAX);
    entries.unwrap().len()
}

#[test]
fn a_disk_that_fills_up_at_any_write_costs_the_commit_and_nothing_before() {
    let mut survived = 0;
    for writes in 0..60 {
        let disk = Disk::new();
        let (database, mut books) = store::open(disk.clone()).unwrap();
        for number in 0..20 {
            books = put(&database, &books, number).unwrap();
        }
        disk.writes.store(writes, Relaxed);
        let mut written = 20;
        let failed = loop {
            match put(&database, &books, written) {
                Ok(after) => books = after,
                Err(trouble) => break trouble,
            }
            written += 1;
        };
        assert_eq!(failed.kind, TroubleKind::Full, "{failed}");
        // The kernel tells it once; then the database has to be opened again.
        let again = put(&database, &books, written).unwrap_err();
        assert_eq!(again.kind, TroubleKind::Io, "{again}");
        drop(database);
        disk.writes.store(u64::MAX, Relaxed);
        let (database, books) = store::open(disk).unwrap();
        let found = count(&database) as u64;
        // The last one may have been complete when its last sync failed.
        assert!(
            found == written || found == written + 1,
            "{found}, {written}"
        );
        assert_eq!(books.kinds[0].entries, found);
        survived += u64::from(written > 20);
        put(&database, &books, 99).unwrap();
    }
    assert!(survived > 0, "some got through before the disk was full");
}

#[test]
fn a_file_that_would_become_too_long_says_that_it_is_that() {
    let disk = Disk::new();
    let ceiling = Ceiling::new(200 * 1024);
    let bounded = Bounded::new(disk.clone(), ceiling.clone());
    let (database, mut books) = store::open(bounded).unwrap();
    let mut number = 0;
    let trouble = loop {
        match put(&database, &books, number) {
            Ok(after) => books = after,
            Err(trouble) => break trouble,
        }
        number += 1;
    };
    assert_eq!(trouble.kind, TroubleKind::OverLimit, "{trouble}");
    assert!(disk.memory.len().unwrap() <= 200 * 1024);
    drop(database);
    let (database, books) = store::open(Bounded::new(disk, ceiling)).unwrap();
    assert_eq!(count(&database) as u64, number);
    assert_eq!(books.kinds[0].entries, number);
}
