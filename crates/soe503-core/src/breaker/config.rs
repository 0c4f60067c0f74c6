//! What a breaker is told to do.

use core::time::Duration;

use super::config_error::ConfigError;
use crate::Ratio;

/// When a circuit opens, for how long, and what closes it again.
///
/// The three trip rules are independent; any of them opens the circuit, and the reason is kept.
/// With all three off, the breaker is a manual switch.
///
/// # Defaults
/// `consecutive_failures` 5 · `max_consecutive_failures` 100 · `failure_rate` off · `slow_rate` off · `slow_request` 1 s · `window`
/// 10 s · `minimum_requests` 20 · `probe_interval` 30 ms · `open_for` 1 s · `max_open_for` 5 s · `jitter` 10 % · `probes` 3 ·
/// `half_open_timeout` 10 s · `ride_out` 5 s · `max_waiting` 4096 · `abandon_after` off (as `slow_request` when a slow rule is on) ·
/// `shadow` off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakerConfig {
    /// Open after this many failures without a success between them. `None`: rule off.
    ///
    /// Where failures have followed failures lately and then a success, a run has to be longer to
    /// count: so long that by what is known it is one in a million. Of a service that goes on failing
    /// half of its requests that is 20, of one that fails two thirds 34.
    pub consecutive_failures: Option<u32>,
    /// A run of this many opens whatever was before. The same as `consecutive_failures`, or less:
    /// every run of that length opens.
    pub max_consecutive_failures: u32,
    /// Open when this share of the window's results, or more, failed. `None`: rule off.
    pub failure_rate: Option<Ratio>,
    /// Open when this share of the window's results, or more, were slow. `None`: rule off.
    pub slow_rate: Option<Ratio>,
    /// A result that takes this long or longer is slow. Measured up to the response's head.
    pub slow_request: Duration,
    /// What the two rates are taken over.
    pub window: Window,
    /// The rates are not looked at before the window holds this many results.
    pub minimum_requests: u32,
    /// While open, one request is let through this often to see whether the service is back, if at
    /// least sixteen have come since the last one; with fewer, `open_for` has to pass. One that
    /// succeeds makes the circuit half-open. A pause grows by `jitter`, and to twice as much for each
    /// such probe that is still out. `None`: none before `open_for` has passed.
    pub probe_interval: Option<Duration>,
    /// How long the circuit stays open the first time; doubles each time the probes fail.
    pub open_for: Duration,
    /// The doubling stops here.
    pub max_open_for: Duration,
    /// Up to this share of the open time is added at random, also to `max_open_for`.
    pub jitter: Ratio,
    /// How many requests may try a half-open circuit, and how many results decide it. It closes
    /// when all are in, and opens again as soon as `failure_rate` of them, or half if that rule is
    /// off, have failed or were slow.
    pub probes: u32,
    /// With every probe out and no news from any of them for this long, the next request finds the
    /// circuit open again. `None`: wait for the probes for ever.
    pub half_open_timeout: Option<Duration>,
    /// For so long after the circuit has opened, whoever it refuses may wait for it instead
    /// ([`CircuitOpen::wait_until`](super::CircuitOpen::wait_until)), unless what is behind is plainly
    /// dead: several backends that refuse connections. Zero: nobody waits.
    pub ride_out: Duration,
    /// So many may wait.
    pub max_waiting: u32,
    /// A request that its caller gave up after this long or longer counts as a failure; earlier,
    /// it counts as nothing. `None`: `slow_request` when `slow_rate` is set, else never.
    pub abandon_after: Option<Duration>,
    /// Watch and report, and let every request through. A circuit that an operator forced open
    /// refuses all the same.
    pub shadow: bool,
}

/// The results that the rates are taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// The results of this much time, in ten slices: 10 ms to 24 h.
    Time(Duration),
    /// This many results: 1 to 65 536.
    Count(u32),
}

// === impl BreakerConfig ===

impl Default for BreakerConfig {
    fn default() -> Self {
        Self {
            consecutive_failures: Some(5),
            max_consecutive_failures: 100,
            failure_rate: None,
            slow_rate: None,
            slow_request: Duration::from_secs(1),
            window: Window::Time(Duration::from_secs(10)),
            minimum_requests: 20,
            probe_interval: Some(Duration::from_millis(30)),
            open_for: Duration::from_secs(1),
            max_open_for: Duration::from_secs(5),
            jitter: Ratio::percent(10),
            probes: 3,
            half_open_timeout: Some(Duration::from_secs(10)),
            ride_out: Duration::from_secs(5),
            max_waiting: 4096,
            abandon_after: None,
            shadow: false,
        }
    }
}

impl BreakerConfig {
    /// Checks each key, and the keys against each other.
    ///
    /// # Errors
    /// The first [`ConfigError`] found; its `key()` names the offending key.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let rated = self.failure_rate.is_some() || self.slow_rate.is_some();
        if self.consecutive_failures == Some(0) {
            return Err(ConfigError::Zero("consecutive_failures"));
        }
        if self.failure_rate == Some(Ratio::ZERO) {
            return Err(ConfigError::Zero("failure_rate"));
        }
        if self.slow_rate == Some(Ratio::ZERO) {
            return Err(ConfigError::Zero("slow_rate"));
        }
        for (key, duration) in [
            ("slow_request", Some(self.slow_request)),
            ("open_for", Some(self.open_for)),
            ("half_open_timeout", self.half_open_timeout),
            ("probe_interval", self.probe_interval),
            ("abandon_after", self.abandon_after),
        ] {
            if duration == Some(Duration::ZERO) {
                return Err(ConfigError::Zero(key));
            }
        }
        if self.max_open_for < self.open_for {
            return Err(ConfigError::MaxOpenBelowOpen {
                open_for: self.open_for,
                max_open_for: self.max_open_for,
            });
        }
        if self.probes == 0 {
            return Err(ConfigError::Zero("probes"));
        }
        if self.minimum_requests == 0 {
            return Err(ConfigError::Zero("minimum_requests"));
        }
        self.window.validate()?;
        match self.window {
            Window::Count(size) if rated && self.minimum_requests > size => {
                Err(ConfigError::MinimumAboveWindow {
                    minimum_requests: self.minimum_requests,
                    window: size,
                })
            }
            _ => Ok(()),
        }
    }

    /// This configuration with every key that [`validate`](Self::validate) would refuse moved to
    /// the nearest value that it accepts.
    #[must_use]
    pub fn clamped(mut self) -> Self {
        const TICK: Duration = Duration::from_nanos(1);
        let atom = Ratio::parts_per_million_of(1);
        self.consecutive_failures = self.consecutive_failures.map(|n| n.max(1));
        self.failure_rate = self.failure_rate.map(|rate| rate.max(atom));
        self.slow_rate = self.slow_rate.map(|rate| rate.max(atom));
        self.slow_request = self.slow_request.max(TICK);
        self.open_for = self.open_for.max(TICK);
        self.max_open_for = self.max_open_for.max(self.open_for);
        self.half_open_timeout = self.half_open_timeout.map(|t| t.max(TICK));
        self.probe_interval = self.probe_interval.map(|t| t.max(TICK));
        self.abandon_after = self.abandon_after.map(|t| t.max(TICK));
        self.probes = self.probes.max(1);
        self.window = self.window.clamped();
        self.minimum_requests = self.minimum_requests.max(1);
        if let Window::Count(size) = self.window
            && self.is_rated()
        {
            self.minimum_requests = self.minimum_requests.min(size);
        }
        self
    }

    /// From which age an abandoned request counts as a failure; `None`: never.
    pub(super) fn abandoned_is_failure_after(&self) -> Option<Duration> {
        self.abandon_after
            .or_else(|| self.slow_rate.map(|_| self.slow_request))
    }

    /// The share of failed probes that opens a half-open circuit again: the failure rate that
    /// would open a closed one, or half of them if that rule is off.
    pub(super) fn probe_failure_rate(&self) -> Ratio {
        self.failure_rate.unwrap_or(Ratio::percent(50))
    }

    /// The two rates need a window; without them none is kept.
    pub(super) fn is_rated(&self) -> bool {
        self.failure_rate.is_some() || self.slow_rate.is_some()
    }
}

// === impl Window ===

impl Window {
    const MIN_TIME: Duration = Duration::from_millis(10);
    const MAX_TIME: Duration = Duration::from_secs(24 * 60 * 60);
    const MAX_COUNT: u32 = 65_536;

    fn validate(self) -> Result<(), ConfigError> {
        if self == self.clamped() {
            Ok(())
        } else {
            Err(ConfigError::WindowOutOfRange(self))
        }
    }

    fn clamped(self) -> Self {
        match self {
            Self::Time(span) => Self::Time(span.clamp(Self::MIN_TIME, Self::MAX_TIME)),
            Self::Count(size) => Self::Count(size.clamp(1, Self::MAX_COUNT)),
        }
    }
}
