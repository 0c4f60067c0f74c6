//! The policies by which a backend is chosen.

use core::fmt;

/// How a pool chooses among the backends that can be used.
///
/// All policies respect the same things: ejection, checks, operators, slow start, weights, the
/// backends that a request has tried, and panic. They differ in which of those left they take.
///
/// # Default
/// [`Balance::P2c`]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Balance {
    /// The better of two random ones, by a failure-penalised latency estimate and its load.
    #[default]
    P2c,
    /// The one with the fewest requests in flight relative to its weight: of all in pools of up to
    /// sixteen, of two random ones (or of the thread's window) in larger pools. Failures count as load.
    LeastRequest,
    /// Each in turn, heavier ones more often and evenly spread.
    RoundRobin,
    /// A random one, by weight.
    Random,
    /// By the request's key, on a ring of points (Ketama; Karger et al., STOC 1997).
    RingHash(Hashing),
    /// By the request's key, in a table that is filled evenly (Maglev; Eisenbud et al., NSDI 2016).
    Maglev(Hashing),
}

/// What the policies with a key have in common. A request without a key is balanced as by
/// [`Balance::P2c`].
///
/// # Default
/// `bounded_load` none
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Hashing {
    /// No backend gets a request that would give it more than this factor times its share of all
    /// requests in flight; the next in the key's order gets it (Mirrokni, Thorup and Zadimoghaddam,
    /// SODA 2018). At least 1.01. `None`: keys go where they belong, however many there are.
    pub bounded_load: Option<f32>,
}

// === impl Balance ===

impl Balance {
    /// As it is called in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::P2c => "p2c",
            Self::LeastRequest => "least_request",
            Self::RoundRobin => "round_robin",
            Self::Random => "random",
            Self::RingHash(_) => "ring_hash",
            Self::Maglev(_) => "maglev",
        }
    }

    /// What is said about keys, if requests are balanced by one.
    pub const fn hashing(self) -> Option<Hashing> {
        match self {
            Self::RingHash(hashing) | Self::Maglev(hashing) => Some(hashing),
            _ => None,
        }
    }

    /// Whether loads are bounded relative to the pool's.
    pub(super) fn is_bounded(self) -> bool {
        self.hashing()
            .is_some_and(|hashing| hashing.bounded_load.is_some())
    }

    /// Whether a backend's cost decides, or only whose turn it is.
    pub(super) const fn compares(self) -> bool {
        !matches!(self, Self::RoundRobin | Self::Random)
    }
}

impl fmt::Display for Balance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

// === impl Hashing ===

impl Hashing {
    /// No bound.
    pub const DEFAULT: Self = Self { bounded_load: None };
    /// The smallest factor: with less, a backend's share of one request would round to nothing.
    pub const LEAST_BOUND: f32 = 1.01;

    /// With a bound on the load of each backend, at least [`Self::LEAST_BOUND`].
    #[must_use]
    pub const fn bounded(mut self, factor: f32) -> Self {
        // `max` leaves out what is not a number: no bound that anybody meant.
        self.bounded_load = Some(factor.max(Self::LEAST_BOUND));
        self
    }
}
