//! What goes when it is old, or when there is no room.

use redb::ReadableTable;

use super::entry::{self, Kind};
use super::store::{Books, Tables};

/// Bytes of pages per byte of cost, before it was measured: a leaf is three quarters full, and what is larger than
/// half a page has one of its own.
pub(super) const RATIO: f64 = 1.6;

/// The most entries that one commit removes because they are old: the rest can wait for the next.
const MOST: u64 = 8192;

/// What may be in the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// What was before this goes, in milliseconds since 1970.
    pub(super) horizon: u64,
    /// Bytes that all pages may take.
    pub(super) capacity: u64,
}

/// What went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Removed {
    /// Because it was old.
    pub(super) aged: u64,
    /// Because there was no room.
    pub(super) squeezed: u64,
}

/// Removes what is too old, and then the oldest until the rest has room.
pub(super) fn make(
    tables: &mut Tables<'_>,
    books: &mut Books,
    room: &Room,
) -> Result<Removed, redb::Error> {
    let mut removed = Removed::default();
    for kind in Kind::ALL {
        while removed.aged < MOST && oldest(tables, kind)?.is_some_and(|at| at < room.horizon) {
            drop_oldest(tables, books, kind)?;
            removed.aged += 1;
        }
    }
    measure(tables, books, room)?;
    while books.pages() > room.capacity
        && let Some(kind) = greediest(books)
    {
        drop_oldest(tables, books, kind)?;
        removed.squeezed += 1;
    }
    Ok(removed)
}

/// Looks how many bytes of pages a byte costs, when that may have changed: it reads all pages.
fn measure(tables: &Tables<'_>, books: &mut Books, room: &Room) -> Result<(), redb::Error> {
    let cost = books.cost();
    if cost.abs_diff(books.measured) <= room.capacity / 16 {
        return Ok(());
    }
    books.ratio = (tables.pages()? as f64 / cost.max(1) as f64).clamp(1.0, 8.0);
    books.measured = cost;
    Ok(())
}

/// The kind that has the most of what it may keep while others want it.
fn greediest(books: &Books) -> Option<Kind> {
    let some = Kind::ALL
        .into_iter()
        .filter(|kind| books.kinds[kind.index()].entries > 0);
    some.max_by_key(|kind| books.kinds[kind.index()].cost * 24 / kind.eighths())
}

fn oldest(tables: &Tables<'_>, kind: Kind) -> Result<Option<u64>, redb::Error> {
    let first = tables.times[kind.index()].first()?;
    Ok(first.map(|(place, _)| place.value().0))
}

fn drop_oldest(tables: &mut Tables<'_>, books: &mut Books, kind: Kind) -> Result<(), redb::Error> {
    let tally = &mut books.kinds[kind.index()];
    let Some((_, value)) = tables.times[kind.index()].pop_first()? else {
        // Nobody is there who could be counted.
        *tally = Default::default();
        return Ok(());
    };
    tally.remove(value.value());
    // An entry that was written again has another place, and its older value is gone with that.
    if let Some((_, id, _)) = entry::decode(value.value()) {
        tables.ids[kind.index()].remove(id)?;
    }
    Ok(())
}

// === impl Books ===

impl Books {
    /// The bytes that all pages take, by what was measured.
    fn pages(&self) -> u64 {
        (self.cost() as f64 * self.ratio) as u64
    }
}
