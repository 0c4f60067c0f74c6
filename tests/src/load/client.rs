//! Sends the schedule.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc;
use tokio::task::{JoinSet, LocalSet};

use super::record::Times;
use super::{Plan, Record, Shot};
use crate::http::{Answer, AnswerError, Connection};

/// Idle connections to one server, the last used first.
#[derive(Debug)]
struct Idle {
    target: SocketAddr,
    connections: std::cell::RefCell<Vec<Connection>>,
}

/// Sends the whole schedule and returns every result, in order of completion. `started` is called
/// at the schedule's time 0.
pub async fn run(plan: Plan, started: impl FnOnce()) -> Vec<Record> {
    let idle = Rc::new(Idle {
        target: plan.target,
        connections: std::cell::RefCell::default(),
    });
    let plan = Arc::new(plan);
    let (due, mut shots) = mpsc::unbounded_channel();
    let start = now();
    started();
    let schedule = plan.shots();
    std::thread::spawn(move || dispatch(&schedule, start, &due));
    let mut records = Vec::new();
    LocalSet::new()
        .run_until(async {
            let mut running = JoinSet::new();
            loop {
                tokio::select! {
                    shot = shots.recv() => match shot {
                        Some(shot) => {
                            running.spawn_local(fire(plan.clone(), shot, start, idle.clone()));
                        }
                        None => break,
                    },
                    Some(done) = running.join_next() => records.extend(done.ok()),
                }
            }
            while let Some(done) = running.join_next().await {
                records.extend(done.ok());
            }
        })
        .await;
    records
}

/// A thread of its own: the runtime's timer has a resolution of a millisecond, the system's clock
/// of some ten microseconds.
#[expect(
    clippy::disallowed_methods,
    reason = "a load generator keeps real time"
)]
fn dispatch(schedule: &[Shot], start: Instant, due: &mpsc::UnboundedSender<Shot>) {
    for &shot in schedule {
        std::thread::sleep((start + shot.at).saturating_duration_since(now()));
        if due.send(shot).is_err() {
            return;
        }
    }
}

async fn fire(plan: Arc<Plan>, shot: Shot, start: Instant, idle: Rc<Idle>) -> Record {
    let left = now() - start;
    let kept = idle.take();
    let reused = kept.is_some();
    let result = exchange(kept, &plan.request(shot), &idle).await;
    let times = Times {
        due: shot.at,
        left,
        ended: now() - start,
    };
    Record::new(plan.id(shot), shot.post, reused, times, result)
}

async fn exchange(
    kept: Option<Connection>,
    request: &str,
    idle: &Idle,
) -> Result<Answer, AnswerError> {
    let mut connection = match kept {
        Some(connection) => connection,
        None => Connection::open(idle.target).await?,
    };
    connection.send(request.as_bytes()).await?;
    let answer = connection.answer(false).await?;
    if answer.reusable {
        idle.connections.borrow_mut().push(connection);
    }
    Ok(answer)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a load generator keeps real time"
)]
fn now() -> Instant {
    Instant::now()
}

// === impl Idle ===

impl Idle {
    /// A connection that the server has not closed meanwhile.
    fn take(&self) -> Option<Connection> {
        let mut connections = self.connections.borrow_mut();
        while let Some(connection) = connections.pop() {
            if !connection.is_stale() {
                return Some(connection);
            }
        }
        None
    }
}
