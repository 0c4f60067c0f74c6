//! A thread for work that needs much memory for a moment: reading the config again.
//!
//! Reading one, and building what it says, needs about as much memory for a moment as what is built. What a thread has freed, the
//! allocator keeps for it until the thread ends; and where it ends at once, what stays in force lies scattered over what it leaves
//! behind. On whatever thread is free just then a process would grow by each of them, as often as it is asked. So there is one for
//! all of it, and it ends when it has had nothing to do for a while.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

/// For how long it waits for more to do.
const KEPT: Duration = Duration::from_secs(10);

type Work = Box<dyn FnOnce() + Send>;

/// A handle on the thread, whether there is one just now or not.
#[derive(Debug)]
pub(crate) struct Aside {
    kept: Duration,
    work: Arc<Mutex<Option<Sender<Work>>>>,
}

/// The work has panicked; the hook has told how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Panicked;

// === impl Aside ===

impl Default for Aside {
    fn default() -> Self {
        Self {
            kept: KEPT,
            work: Arc::default(),
        }
    }
}

impl Aside {
    /// Begins `work` there, after what was asked before, whether anybody waits for it or not. Where no thread can be started, it
    /// is done here.
    pub(crate) fn run<T, W>(&self, work: W) -> impl Future<Output = Result<T, Panicked>> + use<T, W>
    where
        T: Send + 'static,
        W: FnOnce() -> T + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let work: Work = Box::new(move || {
            if let Ok(done) = catch_unwind(AssertUnwindSafe(work)) {
                // Whoever has asked may have gone.
                let _ = tell.send(done);
            }
        });
        if let Err(work) = self.hand_over(work) {
            work();
        }
        async { told.await.map_err(|_nothing| Panicked) }
    }

    /// Gives `work` to the thread, and starts one if there is none; gives it back if that cannot be done.
    fn hand_over(&self, work: Work) -> Result<(), Work> {
        let mut open = lock(&self.work);
        let work = match &*open {
            Some(thread) => match thread.send(work) {
                Ok(()) => return Ok(()),
                Err(back) => back.0,
            },
            None => work,
        };
        let (sender, receiver) = channel();
        let (again, kept) = (Arc::clone(&self.work), self.kept);
        let thread = std::thread::Builder::new().name("soe503-aside".into());
        if thread
            .spawn(move || serve(&receiver, &again, kept))
            .is_err()
        {
            return Err(work);
        }
        match sender.send(work) {
            Ok(()) => {
                *open = Some(sender);
                Ok(())
            }
            Err(back) => Err(back.0),
        }
    }
}

/// Does what comes, and ends when nothing comes.
fn serve(work: &Receiver<Work>, open: &Mutex<Option<Sender<Work>>>, kept: Duration) {
    loop {
        match work.recv_timeout(kept) {
            Ok(work) => work(),
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                // Nobody hands anything over meanwhile, and what was handed over just now is seen.
                let mut open = lock(open);
                match work.try_recv() {
                    Ok(work) => {
                        drop(open);
                        work();
                    }
                    Err(_nothing) => {
                        *open = None;
                        return;
                    }
                }
            }
        }
    }
}

fn lock(open: &Mutex<Option<Sender<Work>>>) -> MutexGuard<'_, Option<Sender<Work>>> {
    // It is set as a whole.
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::panic::resume_unwind;
    use std::thread::{ThreadId, current};

    use super::*;

    async fn thread_of(aside: &Aside) -> ThreadId {
        aside.run(|| current().id()).await.unwrap()
    }

    #[tokio::test]
    async fn all_of_it_is_done_on_one_thread_and_not_here_in_the_order_in_which_it_was_asked() {
        let aside = Aside::default();
        let there = thread_of(&aside).await;
        assert_ne!(there, current().id());
        let name = aside.run(|| current().name().map(str::to_owned)).await;
        assert_eq!(name.unwrap().as_deref(), Some("soe503-aside"));
        let done = Arc::new(Mutex::new(Vec::new()));
        for number in 0..8 {
            let done = Arc::clone(&done);
            // Nobody waits for these.
            drop(aside.run(move || done.lock().unwrap().push((number, current().id()))));
        }
        assert_eq!(thread_of(&aside).await, there);
        let wanted: Vec<_> = (0..8).map(|number| (number, there)).collect();
        assert_eq!(*done.lock().unwrap(), wanted);
    }

    #[tokio::test]
    async fn a_panic_is_told_and_the_thread_serves_on() {
        let aside = Aside::default();
        let there = thread_of(&aside).await;
        // Without the noise of a hook.
        let asked = aside.run(|| resume_unwind(Box::new("as it should")));
        let told: Result<(), Panicked> = asked.await;
        assert_eq!(told, Err(Panicked));
        assert_eq!(thread_of(&aside).await, there);
    }

    #[tokio::test]
    async fn one_that_has_had_nothing_to_do_has_ended_and_another_does_the_rest() {
        let aside = Aside {
            kept: Duration::ZERO,
            ..Aside::default()
        };
        let mut threads = Vec::new();
        // Some are asked while the last one ends, some after it.
        for _ in 0..200 {
            threads.push(thread_of(&aside).await);
        }
        while lock(&aside.work).is_some() {
            std::thread::yield_now();
        }
        assert!(!threads.contains(&thread_of(&aside).await), "it has ended");
    }
}
