//! While this process is not in time itself, a timeout blames nobody.

use std::time::Duration;

use http::Response;
use soe503::classify::{Classify, Head};
use soe503::{clock, own_time};
use soe503_core::Verdict;
use soe503_core::ledger::{Attempt, Fault, Phase, TimeoutKind};

struct Usual;

impl Classify for Usual {
    fn head<B>(&self, _: &Response<B>) -> Head {
        Head::Judge
    }
}

fn ended(fault: Fault) -> Attempt {
    Attempt {
        phase: Phase::WaitHeaders,
        fault: Some(fault),
        ..Attempt::begin(1, clock::now())
    }
}

#[tokio::test(start_paused = true)]
async fn timeouts_blame_nobody_until_it_is_over() {
    let late = ended(Fault::Timeout(TimeoutKind::Attempt));
    let broken = ended(Fault::Errno(104));
    assert_eq!(Usual.attempt(&late).verdict, Verdict::Failure);
    own_time::distrust(clock::now().after(Duration::from_secs(1)));
    assert_eq!(Usual.attempt(&late).verdict, Verdict::Ignore);
    assert_eq!(
        Usual.attempt(&broken).verdict,
        Verdict::Failure,
        "a reset is not ours"
    );
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(Usual.attempt(&late).verdict, Verdict::Failure);
}
