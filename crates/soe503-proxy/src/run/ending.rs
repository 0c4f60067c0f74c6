//! The end of a process: it is announced, then the listeners close, then what is in flight is finished.
//!
//! Between the first two lies `drain_delay`. Nobody stops to send requests here before he has asked `/readyz` again, and
//! until then he must be let in: an address that is closed already is a refused connection, which is his 502.
//!
//! **What clients are told meanwhile: nothing.** `Connection: close` and GOAWAY send them away to connect anew, and as long as the
//! balancer has not noticed, that is to here: each request would cost a handshake, all of them at once, on a process that has the
//! least reason for it. When the delay is over new connections come out elsewhere, and those that were kept are told then, with time to
//! hear it (`shutdown_grace`).

use std::time::Duration;

use super::Running;
use crate::control::clock::Anchor;
use crate::handover::Entrance;

/// For what comes after the last request: the journal, the last spans, the logs.
const AFTERWARDS: Duration = Duration::from_secs(10);

impl Running {
    /// Says that the process is about to end: `/readyz` is 503 from now on, and all is served as before. Returns for how long it is
    /// to stay so before [`Running::shutdown`]: `drain_delay`, or no time where another process has taken over, which serves at the same
    /// addresses and answers `/readyz`.
    ///
    /// From now on no other process can take over. It may block for a moment.
    pub fn announce_end(&mut self) -> Duration {
        self.close_entrance();
        let proxy = &self.shared.proxy;
        let delay = match proxy.is_replaced() {
            true => Duration::ZERO,
            false => proxy.config().server.drain_delay,
        };
        proxy.announce_end(soe503::clock::now().after(delay));
        delay
    }

    /// Stops accepting, finishes what is in flight, and ends all threads. Where another process has taken over, the
    /// sockets stay open, and the admin API is that one's. Whoever asks `/readyz` is given no time to notice: see
    /// [`Running::announce_end`].
    pub fn shutdown(mut self) {
        self.close_entrance();
        self.shared.proxy.start_draining();
        self.drain.begin();
        for worker in self.workers {
            match worker.join() {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(%error, "a worker failed"),
                Err(_panicked) => tracing::error!("a worker panicked"),
            }
        }
        self.control.stop();
        let proxy = &self.shared.proxy;
        proxy.incidents.finish(proxy, Anchor::now());
        proxy.journal.stop();
        proxy.traces.stop();
        drop(self.access_log);
    }

    /// From now on no other process takes over; one that has is the one to be asked.
    fn close_entrance(&mut self) {
        if self.entrance.take().is_some_and(Entrance::close) {
            self.shared.proxy.set_replaced();
            self.control.leave_admin();
        }
    }

    /// What the end may take from when it is told to, with some time for what comes after the last request.
    pub(crate) fn takes_to_end(&self) -> Duration {
        let config = self.shared.proxy.config();
        let (delay, grace) = (config.server.drain_delay, config.server.shutdown_grace);
        delay.saturating_add(grace).saturating_add(AFTERWARDS)
    }
}
