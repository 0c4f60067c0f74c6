//! A thread for work that needs much memory for a moment: reading the config again.
//!
//! Reading one, and building what it says, needs about as much memory for a moment as what is built. What a thread has freed, the
//! allocator keeps for it until the thread ends; and where it ends at once, what stays in force lies scattered over what it leaves
//! behind. On whatever thread is free just then a process would grow by each of them, as often as it is asked. So there is one for
//! all of it, and it ends when it has had nothing to do for a while.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// For how long it waits for more to do.
const KEPT: Duration = Duration::from_secs(10);

type Work = Box<dyn FnOnce() + Send>;

/// A handle on the thread, whether there is one just now or not.
#[derive(Debug)]
pub(super) struct Aside {
    name: &'static str,
    kept: Duration,
    work: Arc<Mutex<Option<Sender<Work>>>>,
}

// === impl Aside ===

impl Aside {
    /// Of a thread that will be called `name`.
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            kept: KEPT,
            work: Arc::default(),
        }
    }

    /// Does `work` there, after what was asked before, and waits for it. A panic goes on here. Where no thread can be started, it
    /// is done here as well.
    pub(super) fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let (tell, told) = sync_channel::<Result<T, Box<dyn Any + Send>>>(1);
        let work: Work = Box::new(move || {
            // Whoever has asked waits below.
            let _ = tell.send(catch_unwind(AssertUnwindSafe(work)));
        });
        if let Err(work) = self.hand_over(work) {
            work();
        }
        match told.recv() {
            Ok(Ok(done)) => done,
            Ok(Err(panic)) => resume_unwind(panic),
            // Work that was handed over is done or panics.
            Err(gone) => resume_unwind(Box::new(gone)),
        }
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
        let thread = std::thread::Builder::new().name(self.name.into());
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
    use std::panic::catch_unwind;
    use std::thread::{ThreadId, current};

    use super::*;

    fn thread_of(aside: &Aside) -> ThreadId {
        aside.run(|| current().id())
    }

    #[test]
    fn all_of_it_is_done_on_one_thread_and_not_here() {
        let aside = Aside::new("aside");
        let there = thread_of(&aside);
        assert_ne!(there, current().id());
        assert_eq!(
            aside.run(|| current().name().map(str::to_owned)).as_deref(),
            Some("aside")
        );
        std::thread::scope(|scope| {
            let askers = [(); 8].map(|()| scope.spawn(|| thread_of(&aside)));
            for asker in askers {
                assert_eq!(asker.join().unwrap(), there);
            }
        });
    }

    #[test]
    fn a_panic_goes_on_where_it_was_asked_for_and_the_thread_serves_on() {
        let aside = Aside::new("aside");
        let there = thread_of(&aside);
        let asked = catch_unwind(AssertUnwindSafe(|| {
            aside.run(|| {
                // Without the noise of a hook.
                resume_unwind(Box::new("as it should"));
            });
        }));
        let panic = asked.unwrap_err();
        assert_eq!(*panic.downcast::<&str>().unwrap(), "as it should");
        assert_eq!(thread_of(&aside), there);
    }

    #[test]
    fn one_that_has_had_nothing_to_do_has_ended_and_another_does_the_rest() {
        let aside = Aside {
            kept: Duration::ZERO,
            ..Aside::new("aside")
        };
        let mut threads = Vec::new();
        for _ in 0..200 {
            let thread = thread_of(&aside);
            if !threads.contains(&thread) {
                threads.push(thread);
            }
            // Some are asked while the last one ends, some after it.
            std::thread::yield_now();
        }
        while lock(&aside.work).is_some() {
            std::thread::yield_now();
        }
        assert!(!threads.contains(&thread_of(&aside)), "it has ended");
    }
}
