//! Both families of a name, broken in every way.

use std::time::Duration;

use tokio::time::Instant;

use super::*;

/// What connecting to an address comes to: after so many milliseconds, this.
#[derive(Clone, Copy)]
enum Fate {
    Answers(u64),
    Fails(u64, i32),
    Silent,
}
use Fate::{Answers, Fails, Silent};

fn v6() -> SocketAddr {
    "[2001:db8::1]:80".parse().unwrap()
}

fn v4() -> SocketAddr {
    "192.0.2.1:80".parse().unwrap()
}

async fn fate(fate: Fate) -> io::Result<()> {
    match fate {
        Answers(after) => {
            tokio::time::sleep(Duration::from_millis(after)).await;
            Ok(())
        }
        Fails(after, errno) => {
            tokio::time::sleep(Duration::from_millis(after)).await;
            Err(io::Error::from_raw_os_error(errno))
        }
        Silent => pending().await,
    }
}

/// Who won or why nobody did, and after how many milliseconds; `None`: still waiting after 2 s.
async fn run(first: Fate, second: Fate) -> Option<(Result<SocketAddr, i32>, u128)> {
    let begin = Instant::now();
    let connect = |address| fate(if address == v6() { first } else { second });
    let raced = tokio::time::timeout(Duration::from_secs(2), race(v6(), v4(), connect)).await;
    let result = raced.ok()?.map(|((), winner)| winner);
    let result = result.map_err(|error| error.raw_os_error().unwrap());
    Some((result, begin.elapsed().as_millis()))
}

#[tokio::test(start_paused = true)]
async fn who_answers_first_wins_and_a_head_start_is_the_whole_price() {
    let won = |winner, after| Some((Ok(winner), after));
    let lost = |errno, after| Some((Err(errno), after));
    for (case, first, second, expected) in [
        ("sound", Answers(1), Answers(1), won(v6(), 1)),
        (
            "slow, but sooner than both",
            Answers(240),
            Silent,
            won(v6(), 240),
        ),
        ("blackholed", Silent, Answers(1), won(v4(), 251)),
        (
            "slower than the other",
            Answers(900),
            Answers(30),
            won(v4(), 280),
        ),
        ("a little slow", Answers(260), Answers(30), won(v6(), 260)),
        (
            "no route",
            Fails(0, libc::ENETUNREACH),
            Answers(1),
            won(v4(), 1),
        ),
        (
            "unreachable later",
            Fails(400, libc::EHOSTUNREACH),
            Answers(500),
            won(v4(), 750),
        ),
        // An answer, if an unwelcome one.
        (
            "refused",
            Fails(1, libc::ECONNREFUSED),
            Answers(1),
            lost(libc::ECONNREFUSED, 1),
        ),
        (
            "refused late",
            Fails(300, libc::ECONNREFUSED),
            Silent,
            lost(libc::ECONNREFUSED, 300),
        ),
        (
            "neither",
            Fails(0, libc::ENETUNREACH),
            Fails(5, libc::ECONNREFUSED),
            lost(libc::ENETUNREACH, 5),
        ),
        (
            "the other fails",
            Answers(700),
            Fails(5, libc::ENETUNREACH),
            won(v6(), 700),
        ),
        ("silence", Silent, Silent, None),
        (
            "silence and a refusal",
            Silent,
            Fails(1, libc::ECONNREFUSED),
            None,
        ),
    ] {
        assert_eq!(run(first, second).await, expected, "{case}");
    }
}
