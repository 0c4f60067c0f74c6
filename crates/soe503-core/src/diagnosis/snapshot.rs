//! What a diagnosis was made from, to be made again.

use serde::{Deserialize, Serialize};

use super::{Context, Diagnosis, diagnose};
use crate::ledger::Ledger;

/// All that [`diagnose`] was given. The same snapshot gives the same diagnosis, on any machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The form of what follows: [`Snapshot::FORMAT`].
    pub format: u32,
    /// The request's attempts.
    pub ledger: Ledger,
    /// The world around them.
    pub context: Context,
}

impl Snapshot {
    /// The form that this version writes and reads.
    pub const FORMAT: u32 = 1;

    /// What was known about one failed request.
    pub const fn new(ledger: Ledger, context: Context) -> Self {
        Self {
            format: Self::FORMAT,
            ledger,
            context,
        }
    }

    /// The diagnosis, once more.
    pub fn diagnose(&self) -> Diagnosis {
        diagnose(&self.ledger, &self.context)
    }
}
