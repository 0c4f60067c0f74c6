//! What a connection has only while it answers.
//!
//! The future of a request is several times as large as all that a connection has between two of
//! them. It lives in a box that is the worker's: taken for a request, given back with its answer,
//! so neither ten thousand idle connections nor a request after another allocate anything for it.

use std::cell::RefCell;
use std::pin::Pin;

use pin_project_lite::pin_project;

use super::answer::Answer;
use crate::front::{Answering, FrontBody};

/// How many boxes wait for their next use, per worker.
const SPARE: usize = 64;

thread_local! {
    static STAGES: RefCell<Vec<Pin<Box<Stage>>>> = const { RefCell::new(Vec::new()) };
}

pin_project! {
    /// How far a request is.
    #[project = StageProj]
    pub(super) enum Stage {
        // There is none.
        Idle,
        Answering {
            #[pin]
            answering: Answering,
        },
        Writing {
            answer: Answer,
            #[pin]
            body: FrontBody,
        },
    }
}

/// A box with nothing in it.
pub(super) fn lend() -> Pin<Box<Stage>> {
    let spare = STAGES.with_borrow_mut(Vec::pop);
    spare.unwrap_or_else(|| Box::pin(Stage::Idle))
}

/// Ends what is in it and keeps the box for the next request.
///
/// Not a drop: a connection that is called off while it answers just frees it.
pub(super) fn give_back(mut stage: Pin<Box<Stage>>) {
    stage.set(Stage::Idle);
    STAGES.with_borrow_mut(|stages| {
        if stages.len() < SPARE {
            stages.push(stage);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_is_used_again_and_not_all_are_kept() {
        let place = |stage: &Pin<Box<Stage>>| std::ptr::from_ref::<Stage>(stage);
        let first = lend();
        let at = place(&first);
        give_back(first);
        let lent: Vec<_> = (0..2 * SPARE).map(|_| lend()).collect();
        assert_eq!(place(&lent[0]), at);
        lent.into_iter().for_each(give_back);
        assert_eq!(STAGES.with_borrow(Vec::len), SPARE);
    }
}
