//! What the deciding parts of `soe503-core` are told.
//!
//! A config that was accepted is accepted by them too: their ranges contain the ranges of the
//! keys. Tests hold both against each other, and the defaults as well.

use soe503_core::{
    Ratio,
    breaker::{BreakerConfig, Window as BreakerWindow},
    health::{CheckConfig, Health},
    limit::LimitConfig,
    pool::{EjectionConfig, PoolConfig as PoolDecisions},
    retry::{Backoff, BudgetConfig, RetryPolicy},
    throttle::ThrottleConfig,
};

use super::{
    CircuitBreaker, HealthCheck, Hedge, Name, PoolConfig, Retry, RetryBudget, Throttle, Window,
};

impl PoolConfig {
    /// How backends are chosen and judged.
    pub fn decisions(&self) -> PoolDecisions {
        let usual = EjectionConfig::default();
        let ejection = match &self.ejection {
            Some(on) => EjectionConfig {
                consecutive_failures: on.consecutive_failures.get(),
                failure_rate: (on.failure_rate > Ratio::ZERO).then_some(on.failure_rate),
                minimum_requests: on.minimum_requests.get(),
                slow_ratio: (on.slow_ratio > 0).then_some(on.slow_ratio as f32),
                slow_by: on.slow_by,
                base: on.base,
                max: on.max,
                ..usual
            },
            None => EjectionConfig {
                consecutive_failures: 0,
                refused_at_once: false,
                failure_rate: None,
                slow_ratio: None,
                ..usual
            },
        };
        PoolDecisions {
            balance: self.balance.decisions(self.hash.as_ref()),
            zone: self.zone.as_ref().map(Name::shared),
            overprovisioning: self.overprovisioning.as_f64() as f32,
            load_reports: self.load_reports.map(|reports| reports.expire_after),
            hedge: self.hedge.as_ref().map(Hedge::decisions),
            ejection,
            slow_start: self.slow_start,
            max_waiting: self.queue.max_waiting,
            max_wait: self.queue.max_wait,
            initial_health: self
                .health_check
                .as_ref()
                .map_or(Health::Up, |check| check.initial),
            ..PoolDecisions::default()
        }
    }
}

impl PoolConfig {
    /// How many requests at once, and how the others wait.
    pub fn limit(&self) -> LimitConfig {
        LimitConfig {
            fixed: self.max_in_flight.get(),
            adaptive: self.adaptive_limit,
            max_waiting: self.queue.max_waiting,
            max_wait: self.queue.max_wait,
        }
    }
}

impl CircuitBreaker {
    /// The breaker's rules.
    pub fn decisions(&self) -> BreakerConfig {
        BreakerConfig {
            consecutive_failures: self.consecutive_failures.map(Into::into),
            max_consecutive_failures: self.max_consecutive_failures,
            failure_rate: self.failure_rate,
            slow_rate: self.slow_rate,
            slow_request: self.slow_request,
            window: match self.window {
                Window::Time(time) => BreakerWindow::Time(time),
                Window::Count(count) => BreakerWindow::Count(count.get()),
            },
            minimum_requests: self.minimum_requests.get(),
            probe_interval: self.probe_interval,
            open_for: self.open_for,
            max_open_for: self.max_open_for,
            probes: self.probes.get(),
            shadow: self.shadow,
            ..BreakerConfig::default()
        }
    }
}

impl RetryBudget {
    /// The budget's rules.
    pub fn decisions(&self) -> BudgetConfig {
        BudgetConfig {
            ratio: self.ratio,
            window: self.window,
            min_per_second: self.min_per_second,
        }
    }
}

impl Throttle {
    /// When to hold back.
    pub fn decisions(&self) -> ThrottleConfig {
        let mut config = ThrottleConfig::default();
        config.k = 1.0 / self.accept_rate.as_f64();
        config.ceiling = self.max_reject;
        config.window = self.window;
        config.min_requests = self.minimum_requests.get();
        config
    }
}

impl Retry {
    /// When and how to try again.
    pub fn decisions(&self) -> RetryPolicy {
        RetryPolicy {
            attempts: self.attempts.get(),
            attempt_timeout: Some(self.attempt_timeout),
            backoff: Backoff {
                base: self.backoff_base,
                max: self.backoff_max,
            },
        }
    }
}

impl HealthCheck {
    /// When to check and what results mean.
    pub fn decisions(&self) -> CheckConfig {
        CheckConfig {
            interval: self.interval,
            fast_interval: self.fast_interval,
            down_interval: self.down_interval,
            timeout: self.timeout,
            rise: self.rise.get(),
            fall: self.fall.get(),
            initial: self.initial,
            overruled_by_traffic: self.overruled_by_traffic,
            ..CheckConfig::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::from_str;

    const SMALLEST: &str = include_str!("../../../../config/smallest.toml");

    #[test]
    fn defaults_are_those_of_the_core() {
        let config = from_str("test", SMALLEST).unwrap();
        let pool = &config.pools[0];
        let breaker = pool.circuit_breaker.as_ref().unwrap();
        assert_eq!(breaker.decisions(), BreakerConfig::default());
        assert_eq!(pool.decisions(), PoolDecisions::default());
        assert_eq!(pool.retry_budget.decisions(), BudgetConfig::default());
        assert_eq!(config.routes[0].retry.decisions(), RetryPolicy::default());
    }

    #[test]
    fn a_check_that_is_configured_by_its_path_alone_has_the_defaults_of_the_core() {
        let text = format!("{SMALLEST}health_check = {{ path = \"/\" }}");
        let config = from_str("test", &text).unwrap();
        let check = config.pools[0].health_check.as_ref().unwrap();
        assert_eq!(check.decisions(), CheckConfig::default());
    }

    #[test]
    fn extreme_values_are_accepted_by_the_core() {
        for keys in [
            r#"circuit_breaker = { window = "10ms", failure_rate = 0.000001, probes = 1, open_for = "1ms", max_open_for = "1ms" }"#,
            r#"circuit_breaker = { window = 65536, slow_rate = 1, minimum_requests = 65536, open_for = "1h" }"#,
            r#"circuit_breaker = { max_consecutive_failures = 1, probe_interval = "0s" }"#,
            r#"circuit_breaker = { window = "24h", consecutive_failures = 100000, slow_request = "1ms" }"#,
            r#"circuit_breaker = { window = 1, consecutive_failures = 0, failure_rate = 1.0, minimum_requests = 1 }"#,
            r#"ejection = { base = "1ms", max = "1ms" }"#,
            r#"ejection = { enabled = false }"#,
            r#"ejection = { failure_rate = 0, minimum_requests = 1, slow_ratio = 0, slow_by = "1ms" }"#,
            r#"ejection = { failure_rate = 0.000001, minimum_requests = 1000000, slow_ratio = 1, slow_by = "1h" }"#,
            r#"ejection = { failure_rate = 0.9, slow_ratio = 1000 }"#,
            r#"retry_budget = { ratio = 0, window = "1s", min_per_second = 0 }"#,
            r#"health_check = { type = "tcp", interval = "10ms", timeout = "1ms", rise = 1, fall = 1 }"#,
            r#"health_check = { type = "tcp", fast_interval = "10ms", down_interval = "1h", initial = "down" }"#,
        ] {
            let config = from_str("test", &format!("{SMALLEST}{keys}"))
                .unwrap_or_else(|report| panic!("{keys}\n{report}"));
            let pool = &config.pools[0];
            if let Some(breaker) = &pool.circuit_breaker {
                breaker.decisions().validate().unwrap();
            }
            pool.retry_budget.decisions().validate().unwrap();
            pool.decisions().validate().unwrap();
            if let Some(check) = &pool.health_check {
                check.decisions().validate().unwrap();
            }
        }
    }
}
