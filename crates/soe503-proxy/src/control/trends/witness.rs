//! Who says that this proxy is well, when all its pools fail at once (rule R6).
//!
//! Somebody who depends on no backend: a byte to ourselves over loopback, which takes what a request takes of us and of
//! the kernel (a descriptor, a port, time on a processor), and the timers of the threads that serve. The byte is
//! sent only while all pools fail, once a second; the timers are looked at anyway.

use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use soe503_core::Tick;
use soe503_core::diagnosis::rules::{self, Everywhere, Standing};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::state::Loops;

/// A byte that has not come back in this time does not come.
const PATIENCE: Duration = Duration::from_secs(1);
/// What was said longer ago is not about now.
const FRESH: Duration = Duration::from_secs(3);

/// A byte's way, or why it did not come: the error number, `None` if it did not come in time.
type Echo = Result<Duration, Option<i32>>;

/// Asks the witness, and remembers what it said.
#[derive(Debug, Default)]
pub(super) struct Witness {
    said: Arc<Mutex<Option<(Tick, Echo)>>>,
    asked: Option<Tick>,
}

impl Witness {
    /// Whether all pools fail, and what the witness says to that. The first time it is asked it has said nothing yet.
    pub(super) fn hear(
        &mut self,
        pools: &[Standing],
        workers: &Loops,
        now: Tick,
    ) -> Option<Everywhere> {
        let workers = workers.take(now);
        let said = *self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let echo = said.filter(|(at, _)| now.since(*at) <= FRESH);
        let witness = rules::Witness {
            echo: echo.map(|(_, echo)| echo),
            workers,
        };
        let everywhere = rules::everywhere(pools, &witness)?;
        self.ask(now);
        Some(everywhere)
    }

    /// Sends a byte to ourselves, unless one is on its way.
    fn ask(&mut self, now: Tick) {
        if self.asked.is_some_and(|at| now.since(at) < PATIENCE) {
            return;
        }
        self.asked = Some(now);
        let said = Arc::clone(&self.said);
        // A task of its own, as the round does not wait; it ends within its patience.
        tokio::spawn(async move {
            if let Some(echo) = echo().await {
                let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
                *said = Some((soe503::clock::now(), echo));
            }
        });
    }
}

/// A byte to ourselves and back. `None`: this machine has no loopback, so that says nothing.
async fn echo() -> Option<Echo> {
    let began = soe503::clock::exactly();
    match tokio::time::timeout(PATIENCE, round_trip()).await {
        Ok(Ok(())) => Some(Ok(soe503::clock::exactly().since(began))),
        Ok(Err(error)) => match error.raw_os_error() {
            Some(libc::EADDRNOTAVAIL | libc::EAFNOSUPPORT | libc::ENETUNREACH) | None => None,
            errno => Some(Err(errno)),
        },
        Err(_elapsed) => Some(Err(None)),
    }
}

async fn round_trip() -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let (here, there) = tokio::join!(
        TcpStream::connect(listener.local_addr()?),
        listener.accept()
    );
    let (mut here, (mut there, _)) = (here?, there?);
    here.write_all(b"?").await?;
    let mut byte = [0];
    there.read_exact(&mut byte).await?;
    there.write_all(&byte).await?;
    here.read_exact(&mut byte).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use soe503_core::Cause;
    use soe503_core::diagnosis::history::{History, Second};
    use soe503_core::diagnosis::rules::Verdict;

    use super::*;

    fn failing() -> Standing {
        let mut history = History::new(0);
        for at in 100..110 {
            let second = Second {
                at,
                offered: 20,
                failures: vec![(Cause::DependencyResponseTimeout, 20)],
                ..Second::default()
            };
            history.push(second, std::iter::empty());
        }
        Standing::of(&history)
    }

    fn well() -> Standing {
        let mut history = History::new(0);
        let second = Second {
            at: 109,
            offered: 20,
            good: 20,
            ..Second::default()
        };
        history.push(second, std::iter::empty());
        Standing::of(&history)
    }

    /// Polls until the byte is back, however busy the machine is.
    async fn heard(witness: &mut Witness, workers: &Loops) -> Everywhere {
        let pools = [failing(), failing()];
        loop {
            let now = soe503::clock::now();
            let everywhere = witness.hear(&pools, workers, now).unwrap();
            if everywhere.verdict != Verdict::Unknown {
                return everywhere;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    #[tokio::test]
    async fn it_is_asked_only_while_all_pools_fail_and_says_how_fast_it_is() {
        let (mut witness, workers) = (Witness::default(), Loops::default());
        let now = soe503::clock::now();
        assert_eq!(witness.hear(&[failing(), well()], &workers, now), None);
        assert_eq!(witness.asked, None);
        let first = witness.hear(&[failing(), failing()], &workers, now);
        assert_eq!(
            first.unwrap().verdict,
            Verdict::Unknown,
            "nobody was asked yet"
        );
        heard(&mut witness, &workers).await;
    }

    #[tokio::test]
    async fn workers_that_are_late_are_heard_as_well() {
        let (mut witness, workers) = (Witness::default(), Loops::default());
        let pools = [failing(), failing()];
        heard(&mut witness, &workers).await;
        let now = soe503::clock::now();
        let worker = workers.add_worker(0, Duration::from_millis(250), now);
        worker.looked(now, Duration::from_millis(900));
        let everywhere = witness.hear(&pools, &workers, now).unwrap();
        assert_eq!(everywhere.verdict, Verdict::Ill);
        assert_eq!(
            everywhere.finding().unwrap().cause,
            Cause::ResourceCpuThrottled
        );
    }
}
