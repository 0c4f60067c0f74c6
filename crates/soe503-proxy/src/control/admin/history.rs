//! `GET /api/v1/history`.

use axum::Json;
use axum::extract::State;
use soe503_api as api;

use super::router::Shared;
use crate::control::history::{STEP, STEPS, Step};

pub(super) async fn all(State(shared): State<Shared>) -> Json<api::History> {
    Json(view(&shared.proxy.history.shown().all))
}

fn view(steps: &[Step]) -> api::History {
    api::History {
        step_ms: u64::try_from(STEP.as_millis()).unwrap_or(u64::MAX),
        most_steps: STEPS as u64,
        steps: steps.iter().map(step).collect(),
    }
}

fn step(step: &Step) -> api::HistoryStep {
    let causes = step.causes.iter();
    api::HistoryStep {
        at: step.at,
        requests: step.counts.requests.into(),
        failed: step.counts.failed.into(),
        saved: step.counts.saved.into(),
        causes: causes
            .map(|(cause, count)| (cause.id().to_owned(), u64::from(*count)))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use soe503_core::Cause;

    use super::*;
    use crate::control::history::Counts;

    #[test]
    fn steps_are_told_as_they_are() {
        let counts = Counts {
            requests: 70,
            failed: 5,
            saved: 2,
        };
        let told = view(&[Step {
            at: api::Timestamp::default(),
            counts,
            causes: vec![
                (Cause::OverloadQueueFull, 4),
                (Cause::DependencyConnectRefused, 1),
            ],
        }]);
        assert_eq!((told.step_ms, told.most_steps), (5_000, 180));
        let [step] = &told.steps[..] else {
            panic!("{told:?}");
        };
        assert_eq!((step.requests, step.failed, step.saved), (70, 5, 2));
        let causes: Vec<_> = step.causes.iter().map(|(c, n)| (&**c, *n)).collect();
        let expected = [
            ("dependency_failure/connect_refused", 1),
            ("overload/queue_full", 4),
        ];
        assert_eq!(causes, expected);
    }
}
