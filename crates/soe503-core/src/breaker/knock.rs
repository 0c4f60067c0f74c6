//! What knocking at the backends says about the root of an open circuit.
//!
//! A process that dies breaks its connections off before, or while, its port closes: the system may
//! still accept for it what nobody will ever serve. So five connections that break can open a
//! circuit whose backends refuse a moment later, and no request gets through to find out. Whoever
//! runs the circuit therefore knocks: it connects to the backends, off the request path, at once and
//! again with growing pauses for as long as the circuit is open. The rules are here.

use crate::Tick;
use crate::cause::Cause;

/// What knocking at the backends behind an open circuit found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Knocked {
    /// When.
    pub at: Tick,
    /// Why no connection came about, at most of the backends.
    pub cause: Cause,
}

impl Knocked {
    /// Knocks at `at` that failed for `cause`.
    #[must_use]
    pub const fn new(at: Tick, cause: Cause) -> Self {
        Self { at, cause }
    }
}

/// Whether knocking can tell more than `root`: a connection that was there and broke may have been
/// the last sign of a process, so that a connect says whether it still lives.
///
/// Any other root stands: a backend that answers badly or hangs has shown that it is there, and one that
/// could not be connected to has been knocked at.
pub const fn worth_knocking(root: Option<Cause>) -> bool {
    matches!(
        root,
        Some(
            Cause::DependencyResetBeforeResponse
                | Cause::DependencyResponseTruncated
                | Cause::ConfigKeepaliveMismatch
        )
    )
}

/// The root that knocks prove: the cause that more than half of the `asked` backends could not be
/// connected to for. `failed` holds a cause for each knock that failed so far; one that was accepted,
/// or is still out, speaks for the root that was there before.
pub fn root_of_knocks(asked: usize, failed: &[Cause]) -> Option<Cause> {
    let votes = |cause: &Cause| failed.iter().filter(|one| *one == cause).count();
    failed
        .iter()
        .copied()
        .find(|cause| votes(cause) > asked / 2)
}
