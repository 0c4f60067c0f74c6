//! What a pick needs of the pool before it chooses, and makes of what was chosen.

use core::sync::atomic::Ordering;
use std::sync::Arc;

use super::aperture::{Lane, SMALL};
use super::backend::Backend;
use super::census::Admit;
use super::handle::Shared;
use super::lease::{Lease, LeaseKind};
use super::members::Members;
use super::tried::Tried;
use super::word::Flags;
use crate::Tick;

// === impl Shared ===

impl<S> Shared<S> {
    /// The window of thread number `picker`, if `admit` is the rotation and that is large.
    pub(super) fn lane(&self, picker: u32, admit: Admit, members: &Members<S>) -> Option<&Lane> {
        let windowed = admit == Admit::Rotation
            && members.whole.is_uniform()
            && members.tiers.is_none()
            && members.whole.roster.range(admit).len() > SMALL;
        Some(self.aperture.get().filter(|_| windowed)?.lane(picker))
    }

    /// The backend of that badge, if it can be used, was not tried and has room.
    pub(super) fn belonging(&self, badge: u64, now: Tick, tried: &Tried) -> Option<Lease<S>> {
        let members = self.members.load();
        let admit = members.whole.roster.admit()?;
        let backend = members.find_badge(badge)?;
        let flags = backend.flags();
        let fits = admit.allows(flags) && !tried.contains(backend.id);
        let room = fits && self.limit_has_room(&members, backend, flags, now) && backend.enter();
        room.then(|| self.lease(backend, flags, false, now))
    }

    /// A lease of `backend`, which was found in the state of `flags`, and where a place was taken.
    #[inline]
    pub(super) fn lease(
        &self,
        backend: &Arc<Backend<S>>,
        flags: Flags,
        repeated: bool,
        now: Tick,
    ) -> Lease<S> {
        let kind = if flags.in_rotation() {
            LeaseKind::Normal
        } else {
            self.panic_picks.fetch_add(1, Ordering::Relaxed);
            LeaseKind::Panic
        };
        Lease::new(backend, kind, repeated, flags.generation(), now)
    }
}
