//! Sends the schedule.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::timeout;

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
    let mut nth = 1;
    loop {
        let id = plan.id_of(shot, nth);
        let kept = idle.take();
        let reused = kept.is_some();
        let result = in_time(&plan, exchange(kept, &plan.request(shot, &id), &idle)).await;
        if nth <= plan.repeats && !matches!(&result, Ok(answer) if answer.status < 500) {
            nth += 1;
            continue;
        }
        let times = Times {
            due: shot.at,
            left,
            ended: now() - start,
        };
        let kind = plan.kind_of(shot).map(|kind| kind.name.clone());
        return Record::new(id, shot.post, kind, nth, reused, times, result);
    }
}

/// A client that gives up closes the connection: nobody can tell what is still to come on it.
async fn in_time(
    plan: &Plan,
    exchange: impl Future<Output = Result<Answer, AnswerError>>,
) -> Result<Answer, AnswerError> {
    match plan.give_up_ms {
        None => exchange.await,
        Some(milliseconds) => timeout(Duration::from_millis(milliseconds), exchange)
            .await
            .unwrap_or(Err(AnswerError::TooLate)),
    }
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
