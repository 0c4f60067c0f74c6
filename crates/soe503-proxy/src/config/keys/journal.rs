//! Keys of `[journal]`.

use std::time::Duration;

use super::values::FileName;
use crate::config::wire::{Defaulted, Required, Size, section};

section! {
    /// Incidents, change markers and a sample of failed requests, in a file that survives restarts. While it cannot be
    /// written, requests are served all the same: see `lbctl journal`.
    struct JournalKeys {
        /// The file, in a directory that exists; it is made if need be, for its owner alone. A broken one is set
        /// aside as `NAME.broken`, if its name ends in `.redb`. A relative path starts at the config file. No two
        /// processes can share one.
        path: Required<FileName>, like("\"/var/lib/soe503/journal.redb\"");
        /// The longest that the file may become. The oldest entries make room, failed requests before incidents.
        max_size: Defaulted<Size>, default(Size(64 << 20)), range(Size(1 << 20), Size(16 << 30));
        /// How old an entry may become.
        max_age: Defaulted<Duration>, default(Duration::from_secs(30 * 86_400)),
            range(Duration::from_secs(60), Duration::from_secs(3650 * 86_400));
        /// How many failed requests a second are kept, of each pool and cause: the first ones.
        sample: Defaulted<u32>, default(10), range(0, 1000);
    }
}
