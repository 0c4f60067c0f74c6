//! The table of causes: one row each, one file per category.
//!
//! Everything else that speaks about causes (documentation page, statuses, headers, metrics'
//! labels) reads these rows.

mod circuit_open;
mod dependency_failure;
mod maintenance;
mod misconfiguration;
mod overload;
mod resource_exhaustion;
mod tls;
mod unknown;

use super::{Cause, CauseInfo};

/// All rows, by category.
const TABLE: [&[CauseInfo]; 8] = [
    overload::ROWS,
    maintenance::ROWS,
    dependency_failure::ROWS,
    misconfiguration::ROWS,
    tls::ROWS,
    resource_exhaustion::ROWS,
    circuit_open::ROWS,
    unknown::ROWS,
];

/// Where a cause's row is, computed at compile time; a missing row does not compile.
const INDEX: [&CauseInfo; Cause::ALL.len()] = index();

/// The row of `cause`.
pub(super) fn row(cause: Cause) -> &'static CauseInfo {
    INDEX[cause as usize]
}

/// All rows in the order in which they are written.
#[cfg(test)]
pub(super) fn rows() -> impl Iterator<Item = &'static CauseInfo> {
    TABLE.into_iter().flatten()
}

const fn index() -> [&'static CauseInfo; Cause::ALL.len()] {
    let mut index = [&unknown::ROWS[0]; Cause::ALL.len()];
    let mut filled = [false; Cause::ALL.len()];
    let mut part = 0;
    while part < TABLE.len() {
        let mut at = 0;
        while at < TABLE[part].len() {
            let row = &TABLE[part][at];
            assert!(!filled[row.cause as usize], "two rows for one cause");
            index[row.cause as usize] = row;
            filled[row.cause as usize] = true;
            at += 1;
        }
        part += 1;
    }
    let mut at = 0;
    while at < filled.len() {
        assert!(filled[at], "a cause without a row");
        at += 1;
    }
    index
}
