//! Tables, commits and reads.
//!
//! Each kind has two tables: `failure` has the entries by time, `failure.ids` says where the one with an id is.

use redb::{
    Builder, Database, ReadableDatabase, ReadableTable, ReadableTableMetadata, StorageBackend,
    Table, TableDefinition, TableError, TableHandle, WriteTransaction,
};

use super::entry::{self, Entry, Kind, Stored};
use super::room::{self, Removed, Room};
use super::{Trouble, TroubleKind};

/// A place in the order of time: milliseconds since 1970, and a number, as several may share one.
pub(super) type Place = (u64, u64);
type Times = TableDefinition<'static, Place, &'static [u8]>;
type Ids = TableDefinition<'static, &'static str, Place>;

/// What the file as a whole is.
const ABOUT: TableDefinition<'_, &str, u64> = TableDefinition::new("soe503.journal");
/// Its key for the form of everything else.
const FORMAT: &str = "format";
/// The form that this version writes and reads.
const FORMAT_NOW: u64 = 1;

const TIMES: [Times; 3] = [
    TableDefinition::new("failure"),
    TableDefinition::new("incident"),
    TableDefinition::new("change"),
];
const IDS: [Ids; 3] = [
    TableDefinition::new("failure.ids"),
    TableDefinition::new("incident.ids"),
    TableDefinition::new("change.ids"),
];

/// Memory for pages of the file; what is left out is in the kernel's cache.
const CACHE: usize = 4 << 20;

/// What is in the file, as far as the next commit has to know.
#[derive(Clone, Debug, Default)]
pub(super) struct Books {
    /// By [`Kind::index`].
    pub(super) kinds: [Tally; 3],
    /// The time of the oldest entry.
    pub(super) oldest: Option<u64>,
    /// The number of the next place.
    next: u64,
    /// Bytes of pages per byte of cost.
    pub(super) ratio: f64,
    /// The cost at which that was measured.
    pub(super) measured: u64,
}

/// The entries of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) entries: u64,
    pub(super) cost: u64,
}

/// The tables of a transaction.
pub(super) struct Tables<'t> {
    pub(super) times: [Table<'t, Place, &'static [u8]>; 3],
    pub(super) ids: [Table<'t, &'static str, Place>; 3],
}

/// Opens what `backend` has, checks every page of it, and counts it.
pub(super) fn open(backend: impl StorageBackend) -> Result<(Database, Books), Trouble> {
    let database = Builder::new()
        .set_cache_size(CACHE)
        .set_check_integrity_on_open(true)
        .create_with_backend(backend)
        .map_err(redb::Error::from)?;
    begin(&database)?;
    let books = count(&database)?;
    Ok((database, books))
}

/// Makes the tables of a new file, and refuses those of others.
fn begin(database: &Database) -> Result<(), Trouble> {
    match format(database)? {
        Some(FORMAT_NOW) => Ok(()),
        Some(other) => Err(Trouble::new(
            TroubleKind::Format,
            format!("it has the format {other}, and this version knows {FORMAT_NOW}"),
        )),
        None if others(database)? => Err(Trouble::new(
            TroubleKind::Foreign,
            "it is a redb database, but none of soe503's, and is left as it is",
        )),
        None => Ok(make(database)?),
    }
}

fn format(database: &Database) -> Result<Option<u64>, redb::Error> {
    match database.begin_read()?.open_table(ABOUT) {
        Ok(about) => Ok(about.get(FORMAT)?.map(|format| format.value())),
        Err(TableError::TableDoesNotExist(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn others(database: &Database) -> Result<bool, redb::Error> {
    let transaction = database.begin_read()?;
    let mut tables = transaction.list_tables()?;
    Ok(tables.any(|table| table.name() != ABOUT.name()))
}

fn make(database: &Database) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    Tables::open(&transaction)?;
    transaction.open_table(ABOUT)?.insert(FORMAT, FORMAT_NOW)?;
    Ok(transaction.commit()?)
}

fn count(database: &Database) -> Result<Books, redb::Error> {
    let mut books = Books {
        ratio: room::RATIO,
        ..Books::default()
    };
    let transaction = database.begin_read()?;
    for kind in Kind::ALL {
        let tally = &mut books.kinds[kind.index()];
        for found in transaction.open_table(TIMES[kind.index()])?.iter()? {
            let (place, value) = found?;
            let (at, number) = place.value();
            tally.entries += 1;
            tally.cost += entry::cost_of(value.value());
            books.next = books.next.max(number + 1);
            books.oldest = Some(books.oldest.map_or(at, |oldest| oldest.min(at)));
        }
    }
    Ok(books)
}

/// Writes `batch`, makes room, and tells what the books say afterwards. On an error nothing of it was done, and the
/// file has to be opened again.
pub(super) fn commit<'e>(
    database: &Database,
    books: &Books,
    batch: impl Iterator<Item = &'e Entry>,
    room: &Room,
) -> Result<(Books, Removed), redb::Error> {
    let mut books = books.clone();
    let transaction = database.begin_write()?;
    let mut tables = Tables::open(&transaction)?;
    let mut value = Vec::new();
    for entry in batch {
        tables.put(entry, &mut books, &mut value)?;
    }
    let removed = room::make(&mut tables, &mut books, room)?;
    books.oldest = tables.oldest()?;
    drop(tables);
    transaction.commit()?;
    Ok((books, removed))
}

/// The entry of `kind` with this id.
pub(super) fn get(
    database: &Database,
    kind: Kind,
    id: &str,
) -> Result<Option<Stored>, redb::Error> {
    let transaction = database.begin_read()?;
    let ids = transaction.open_table(IDS[kind.index()])?;
    let Some(place) = ids.get(id)?.map(|place| place.value()) else {
        return Ok(None);
    };
    let times = transaction.open_table(TIMES[kind.index()])?;
    let found = times.get(place)?;
    Ok(found.and_then(|value| Stored::decode(place.0, value.value())))
}

/// The last `most` entries of `kind` that were before `before`, the latest first.
pub(super) fn latest(
    database: &Database,
    kind: Kind,
    before: u64,
    most: usize,
) -> Result<Vec<Stored>, redb::Error> {
    let times = database.begin_read()?.open_table(TIMES[kind.index()])?;
    let mut entries = Vec::new();
    for found in times.range(..(before, 0))?.rev().take(most) {
        let (place, value) = found?;
        entries.extend(Stored::decode(place.value().0, value.value()));
    }
    Ok(entries)
}

// === impl Books ===

impl Books {
    /// What all entries cost.
    pub(super) fn cost(&self) -> u64 {
        self.kinds.iter().map(|tally| tally.cost).sum()
    }
}

// === impl Tables ===

impl<'t> Tables<'t> {
    fn open(transaction: &'t WriteTransaction) -> Result<Self, redb::Error> {
        let [failures, incidents, changes] = TIMES;
        let [failure_ids, incident_ids, change_ids] = IDS;
        Ok(Self {
            times: [
                transaction.open_table(failures)?,
                transaction.open_table(incidents)?,
                transaction.open_table(changes)?,
            ],
            ids: [
                transaction.open_table(failure_ids)?,
                transaction.open_table(incident_ids)?,
                transaction.open_table(change_ids)?,
            ],
        })
    }

    fn put(
        &mut self,
        entry: &Entry,
        books: &mut Books,
        value: &mut Vec<u8>,
    ) -> Result<(), redb::Error> {
        let (times, ids) = (
            &mut self.times[entry.kind.index()],
            &mut self.ids[entry.kind.index()],
        );
        let tally = &mut books.kinds[entry.kind.index()];
        let place = (entry.at, books.next);
        books.next += 1;
        if let Some(before) = ids.insert(&*entry.id, place)?
            && let Some(old) = times.remove(before.value())?
        {
            tally.remove(old.value());
        }
        entry.encode(value);
        times.insert(place, value.as_slice())?;
        tally.entries += 1;
        tally.cost += entry.cost();
        Ok(())
    }

    fn oldest(&self) -> Result<Option<u64>, redb::Error> {
        let mut oldest: Option<u64> = None;
        for times in &self.times {
            let first = times.first()?.map(|(place, _)| place.value().0);
            oldest = match (oldest, first) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
        Ok(oldest)
    }

    /// The bytes of all pages of the tables.
    pub(super) fn pages(&self) -> Result<u64, redb::Error> {
        let mut bytes = 0;
        let times = self.times.iter().map(ReadableTableMetadata::stats);
        let ids = self.ids.iter().map(ReadableTableMetadata::stats);
        for stats in times.chain(ids) {
            let stats = stats?;
            bytes += stats.stored_bytes() + stats.metadata_bytes() + stats.fragmented_bytes();
        }
        Ok(bytes)
    }
}

// === impl Tally ===

impl Tally {
    /// An entry with this value is gone.
    pub(super) fn remove(&mut self, value: &[u8]) {
        self.entries = self.entries.saturating_sub(1);
        self.cost = self.cost.saturating_sub(entry::cost_of(value));
    }
}
