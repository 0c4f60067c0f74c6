//! How many backends are in which state, as far as choosing needs it.

use super::word::Flags;
use crate::Ratio;

/// A count of the backends that no operator took out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Census {
    /// In rotation.
    pub(super) rotation: u32,
    /// Of those, the ones whose check fails and is overruled.
    pub(super) overruled: u32,
    /// Condemned by checks alone.
    pub(super) down: u32,
    /// Of those, the ones whose check leaves a doubt.
    pub(super) doubted: u32,
    /// Not checked yet, and nothing against them.
    pub(super) starting: u32,
    /// Ejected, and not down.
    pub(super) ejected: u32,
    /// Ejected and down.
    pub(super) ejected_down: u32,
}

/// Which backends may be picked, in the order of preference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admit {
    /// Those in rotation.
    Rotation,
    /// Checks are known to be broken: those in rotation and those whose check leaves a doubt.
    Doubted,
    /// Checks are not believed: those in rotation and those that only checks condemn.
    Unchecked,
    /// Nothing else is left: those still waiting for their first check.
    Starting,
    /// Nothing else is left: ejected ones that checks have nothing against.
    Ejected,
    /// Nothing else is left: ejected ones that checks condemn too.
    Anything,
}

// === impl Census ===

impl Census {
    /// Backends that no operator took out.
    pub(super) const fn enabled(&self) -> u32 {
        self.trusted() + self.ejected + self.ejected_down
    }

    /// Backends that traffic has nothing against.
    const fn trusted(&self) -> u32 {
        self.rotation + self.down + self.starting
    }

    /// Checks condemn so many of the backends that traffic trusts that the checks are the likelier
    /// fault. Ejected backends do not count: there, traffic has confirmed them.
    pub(super) fn panic(&self, threshold: Option<Ratio>) -> bool {
        self.exceeds(self.down, threshold)
    }

    /// Checks that leave a doubt condemn so many, and requests overrule them for some: the others
    /// are not to suffer for want of requests that prove them.
    pub(super) fn distrust(&self, threshold: Option<Ratio>) -> bool {
        let both = self.doubted > 0 && self.overruled > 0;
        both && self.exceeds(self.doubted + self.overruled, threshold)
    }

    fn exceeds(&self, condemned: u32, threshold: Option<Ratio>) -> bool {
        threshold.is_some_and(|threshold| {
            let limit = u64::from(self.trusted()) * u64::from(threshold.parts_per_million());
            u64::from(condemned) * 1_000_000 > limit
        })
    }

    /// Who may be picked; `None`: nobody.
    pub(super) fn admit(&self, threshold: Option<Ratio>) -> Option<Admit> {
        let lenient = threshold.is_some();
        if self.panic(threshold) {
            Some(Admit::Unchecked)
        } else if self.distrust(threshold) {
            Some(Admit::Doubted)
        } else if self.rotation > 0 {
            Some(Admit::Rotation)
        } else if self.starting > 0 && lenient {
            Some(Admit::Starting)
        } else if self.ejected > 0 {
            Some(Admit::Ejected)
        } else if self.down > 0 && lenient {
            Some(Admit::Unchecked)
        } else if self.ejected_down > 0 && lenient {
            Some(Admit::Anything)
        } else {
            None
        }
    }
}

// === impl Admit ===

impl Admit {
    /// In the order of their discriminants.
    pub(super) const ALL: [Self; 6] = [
        Self::Rotation,
        Self::Doubted,
        Self::Unchecked,
        Self::Starting,
        Self::Ejected,
        Self::Anything,
    ];

    pub(super) const fn allows(self, flags: Flags) -> bool {
        if flags.has(Flags::ADMIN) {
            return false;
        }
        match self {
            Self::Rotation => flags.in_rotation(),
            Self::Doubted => {
                let traffic = !flags.has(Flags::EJECTED | Flags::STARTING);
                traffic && (!flags.has(Flags::DOWN) || flags.has(Flags::QUESTIONED))
            }
            Self::Unchecked => !flags.has(Flags::EJECTED | Flags::STARTING),
            Self::Starting => !flags.has(Flags::EJECTED | Flags::DOWN),
            Self::Ejected => !flags.has(Flags::DOWN),
            Self::Anything => true,
        }
    }
}

#[cfg(test)]
#[path = "census_tests.rs"]
mod tests;
