//! What rules look back on: a pool's last fifteen minutes, second by second.
//!
//! Nothing of it is on the path of a request. The control plane reads the counters and histograms
//! that exist once a second, and pushes what was added ([`History::push`]). A second in which nothing
//! happened takes no room. Of a pool with more than [`History::MOST_BACKENDS`] backends the first so
//! many are followed: enough to tell one from all.

mod backend;
mod pool;
mod usual;

pub use backend::{BackendHistory, BackendSecond, Label};
pub use pool::{History, Second};
pub use usual::Usual;
