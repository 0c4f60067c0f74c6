//! Which mutant is in force, and which are met. It is compiled into the copy of the crate (`branches.py`).

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};

/// Not looked up yet.
const UNKNOWN: u32 = u32::MAX;
/// None is in force.
const NONE: u32 = u32::MAX - 1;

static ACTIVE: AtomicU32 = AtomicU32::new(UNKNOWN);
static MET: [AtomicBool; COUNT] = [const { AtomicBool::new(false) }; COUNT];
static LOG: OnceLock<Option<Mutex<File>>> = OnceLock::new();

/// Whether this one is in force. What is worked out at compile time is as it is.
#[inline]
pub const fn on(number: u32) -> bool {
    core::intrinsics::const_eval_select((number,), fixed, running)
}

const fn fixed(_: u32) -> bool {
    false
}

fn running(number: u32) -> bool {
    let mut active = ACTIVE.load(Ordering::Relaxed);
    if active == UNKNOWN {
        active = look();
    }
    if active != NONE {
        return active == number;
    }
    let met = &MET[number as usize];
    if !met.load(Ordering::Relaxed) && !met.swap(true, Ordering::Relaxed) {
        if let Some(log) = LOG.get().and_then(Option::as_ref) {
            writeln!(log.lock().unwrap(), "{number}").unwrap();
        }
    }
    false
}

#[cold]
fn look() -> u32 {
    LOG.get_or_init(|| {
        let file = std::env::var_os("MUTANTS_MET")?;
        Some(Mutex::new(OpenOptions::new().append(true).create(true).open(file).unwrap()))
    });
    let number = std::env::var("MUTANT").ok().and_then(|text| text.parse().ok());
    let active = number.unwrap_or(NONE);
    ACTIVE.store(active, Ordering::Relaxed);
    active
}
