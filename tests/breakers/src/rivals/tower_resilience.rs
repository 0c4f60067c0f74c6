//! tower-resilience's circuit breaker.

use std::future::Future;
use std::task::{Context, Poll, Waker};

use tower_layer::Layer;
use tower_resilience_circuitbreaker::{
    CircuitBreakerError, CircuitBreakerHandle, CircuitBreakerLayer, CircuitState, SlidingWindowType,
};
use tower_service::Service;

use super::{Admitted, Answer, Request, Rival, Why, scaled, serve};
use crate::rows::{Rules, State, Window};

/// Its service and its handle.
pub struct TowerResilience {
    call: Box<dyn FnMut(Request) -> Answer>,
    state: Box<dyn Fn() -> CircuitState>,
    holds: Box<dyn Fn() -> (u32, u32)>,
}

/// `tower`'s `service_fn`, without `tower`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Served;

impl Service<Request> for Served {
    type Response = ();
    type Error = Why;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<(), Why>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Why>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, end: Request) -> Self::Future {
        Box::pin(serve(end))
    }
}

impl TowerResilience {
    /// With these rules, at this scale.
    ///
    /// # Errors
    /// What of them it cannot be told.
    pub fn new(rules: &Rules, scale: f64) -> Result<Self, &'static str> {
        if rules.max_open_ms != rules.open_ms {
            return Err("the open time does not grow");
        }
        if rules.consecutive.is_some() && rules.failed.is_some() {
            return Err("one failure rule at a time");
        }
        let failed = rules.failed.unwrap_or(100);
        let mut builder = CircuitBreakerLayer::builder()
            .failure_rate_threshold(f64::from(failed) / 100.0)
            .minimum_number_of_calls(rules.minimum as usize)
            .wait_duration_in_open(scaled(rules.open_ms, scale))
            .permitted_calls_in_half_open(rules.probes as usize);
        builder = match rules.window {
            Window::Count(size) => builder.sliding_window_size(size as usize),
            Window::Time(time) => builder
                .sliding_window_type(SlidingWindowType::TimeBased)
                .sliding_window_duration(scaled(time, scale)),
        };
        if let Some(failures) = rules.consecutive {
            builder = builder.consecutive_failures(failures as usize);
        }
        if let Some(slow) = rules.slow {
            builder = builder
                .slow_call_duration_threshold(scaled(rules.slow_ms, scale))
                .slow_call_rate_threshold(f64::from(slow) / 100.0);
        }
        let (layer, handle) = builder
            .failure_classifier(|result: &Result<(), Why>| *result == Err(Why::Failure))
            .build_with_handle()
            .expect("valid rules");
        let service = layer.layer(Served);
        let shown = handle.clone();
        Ok(Self {
            call: Box::new(move |end| Box::pin(send(service.clone(), end))),
            state: Box::new(move || shown.state()),
            holds: Box::new(move || holds(&handle)),
        })
    }
}

async fn send<S>(mut service: S, end: Request) -> Admitted
where
    S: Service<Request, Error = CircuitBreakerError<Why>>,
{
    std::future::poll_fn(|cx| service.poll_ready(cx))
        .await
        .expect("the service behind is ready");
    let refused = matches!(
        service.call(end).await,
        Err(CircuitBreakerError::OpenCircuit)
    );
    Admitted(!refused)
}

fn holds<C>(handle: &CircuitBreakerHandle<C>) -> (u32, u32) {
    let mut metrics = std::pin::pin!(handle.metrics());
    let Poll::Ready(metrics) = metrics
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    else {
        panic!("nobody else holds the lock");
    };
    (metrics.total_calls as u32, metrics.failure_count as u32)
}

impl Rival for TowerResilience {
    fn call(&mut self, end: Request) -> Answer {
        (self.call)(end)
    }

    fn state(&self) -> State {
        match (self.state)() {
            CircuitState::Closed => State::Closed,
            CircuitState::Open => State::Open,
            CircuitState::HalfOpen => State::HalfOpen,
        }
    }

    fn holds(&self) -> Option<(u32, u32)> {
        Some((self.holds)())
    }
}

impl std::fmt::Debug for TowerResilience {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TowerResilience").finish_non_exhaustive()
    }
}
