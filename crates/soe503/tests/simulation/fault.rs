//! What can be wrong with a backend, or be done to it.

use std::fmt;

use fastrand::Rng;

use crate::schedule::{SLOWEST, pick};

/// Something that is wrong from one moment to another, in milliseconds.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    pub(crate) from: u32,
    pub(crate) until: u32,
    /// With which backends, a bit each.
    pub(crate) machines: u32,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The process is dead: connections break, the port refuses.
    Dead,
    /// Dead for half of each so many milliseconds.
    Flapping(u32),
    /// Nothing answers, not even the system: connects time out, and so do requests.
    Blackhole,
    /// It accepts, reads, and never answers.
    Hung,
    /// The connection breaks off once this many bytes of the request have been taken.
    Reset(usize),
    /// The request is read, and the connection closed without an answer.
    Closes,
    /// So many of a hundred requests are answered with a 500.
    Errors(u32),
    /// It sheds: 503 with `Retry-After` in seconds.
    Sheds(u32),
    /// It does not take requests for this host: 421, and nothing was done.
    Misdirected,
    /// Answers take so many milliseconds more.
    Slow(u32),
    /// The answer's body breaks off after so many frames.
    Truncates(u32),
    /// Requests are served, and checks answered with a 404.
    NoHealthPath,
    /// An operator lets it drain.
    Drained,
    /// An operator disables it.
    Disabled,
    /// It is taken out of the pool's set, and comes back as a new one.
    Removed,
    /// An operator opens the circuit.
    Forced,
}

// === impl Fault ===

impl Fault {
    /// A fault of a pool of `size`, some time within `length`.
    pub(crate) fn random(rng: &mut Rng, size: usize, length: u32, checked: bool) -> Self {
        let all = (1_u32 << size) - 1;
        let machines = match rng.u8(0..4) {
            0 => all,
            1 => (rng.u32(..) & all).max(1),
            _ => 1 << rng.usize(..size),
        };
        let from = rng.u32(..length * 3 / 4);
        let longest = length - from;
        Self {
            kind: Kind::random(rng, checked),
            from,
            until: from + rng.u32(longest / 8..=longest).max(1),
            machines,
        }
    }

    /// Whether it concerns `machine`.
    pub(crate) const fn concerns(&self, machine: usize) -> bool {
        self.machines & (1 << machine) != 0
    }

    /// Whether `machine` suffers from it at `now`.
    pub(crate) fn is_on(&self, machine: usize, now: u32) -> bool {
        let within = self.concerns(machine) && (self.from..self.until).contains(&now);
        match self.kind {
            Kind::Flapping(period) => {
                within && ((now - self.from) / (period / 2)).is_multiple_of(2)
            }
            _ => within,
        }
    }

    /// When the process dies of it.
    pub(crate) fn deaths(&self) -> Vec<u32> {
        match self.kind {
            Kind::Dead => vec![self.from],
            Kind::Flapping(period) => (self.from..self.until).step_by(period as usize).collect(),
            _ => Vec::new(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let machines: Vec<usize> = (0..32).filter(|m| self.concerns(*m)).collect();
        let Self { from, until, .. } = self;
        write!(f, "{from} to {until} ms: {} at {machines:?}", self.kind)
    }
}

// === impl Kind ===

impl Kind {
    fn random(rng: &mut Rng, checked: bool) -> Self {
        match rng.u8(0..20) {
            0..=2 => Self::Dead,
            3..=4 => Self::Flapping(rng.u32(50..=1_500) * 2),
            5 => Self::Blackhole,
            6 => Self::Hung,
            7..=8 => Self::Reset(*pick(rng, &[0, 0, 1, 50, 150, 400])),
            9 => Self::Closes,
            10..=11 => Self::Errors(*pick(rng, &[10, 50, 90, 100])),
            12 => Self::Sheds(rng.u32(0..=2)),
            13 => Self::Misdirected,
            14 => Self::Slow(rng.u32(50..=SLOWEST)),
            15 => Self::Truncates(rng.u32(0..=2)),
            16 if checked => Self::NoHealthPath,
            16 => Self::Dead,
            17 => *pick(rng, &[Self::Drained, Self::Disabled]),
            18 => Self::Removed,
            _ if rng.u8(0..4) == 0 => Self::Forced,
            _ => Self::Errors(100),
        }
    }

    /// Whether it is the machine's own, and not somebody's decision about it.
    pub(crate) const fn is_of_machine(self) -> bool {
        !matches!(
            self,
            Self::NoHealthPath | Self::Drained | Self::Disabled | Self::Removed | Self::Forced
        )
    }

    /// What happens then, in a word.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Dead | Self::Flapping(_) => "dead",
            Self::Blackhole => "blackhole",
            Self::Hung => "hung",
            Self::Reset(_) => "resets",
            Self::Closes => "closes",
            Self::Errors(_) => "errors",
            Self::Sheds(_) => "sheds",
            Self::Misdirected => "misdirected",
            Self::Slow(_) => "slow",
            Self::Truncates(_) => "truncates",
            Self::NoHealthPath => "no health path",
            Self::Drained => "drain",
            Self::Disabled => "disable",
            Self::Removed => "remove",
            Self::Forced => "force open",
        }
    }

    /// Whether the port refuses.
    pub(crate) const fn refuses(self) -> bool {
        matches!(self, Self::Dead | Self::Flapping(_))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dead => f.write_str("dead, the port refuses"),
            Self::Flapping(period) => write!(f, "dead for half of each {period} ms"),
            Self::Blackhole => f.write_str("packets are swallowed"),
            Self::Hung => f.write_str("accepts and never answers"),
            Self::Reset(bytes) => write!(f, "resets after {bytes} bytes"),
            Self::Closes => f.write_str("closes without an answer"),
            Self::Errors(percent) => write!(f, "answers {percent} % with a 500"),
            Self::Sheds(after) => write!(f, "sheds with a 503 and Retry-After: {after}"),
            Self::Misdirected => f.write_str("answers 421"),
            Self::Slow(millis) => write!(f, "{millis} ms slower"),
            Self::Truncates(frames) => write!(f, "breaks bodies off after {frames} frames"),
            Self::NoHealthPath => f.write_str("checks get a 404"),
            Self::Drained => f.write_str("drained by an operator"),
            Self::Disabled => f.write_str("disabled by an operator"),
            Self::Removed => f.write_str("not in the set of backends"),
            Self::Forced => f.write_str("circuit forced open by an operator"),
        }
    }
}
