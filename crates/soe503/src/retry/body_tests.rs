//! The replay body by itself: what it sends, what it keeps, and what it says about its length.

use std::collections::VecDeque;
use std::task::Waker;

use http::HeaderMap;
use http_body_util::{BodyExt, Empty, Full};

use super::body::{CanReplay, Replay};
use super::*;
use crate::error::{BoxError, RequestBodyError};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};

/// A body that does as it is told.
#[derive(Debug, Default)]
struct Script {
    frames: VecDeque<Result<Frame<Bytes>, &'static str>>,
    length: Option<u64>,
}

impl Script {
    fn data(frames: &[&'static str]) -> Self {
        Self {
            frames: frames
                .iter()
                .map(|text| Ok(Frame::data(Bytes::from(*text))))
                .collect(),
            length: None,
        }
    }

    fn then(mut self, frame: Result<Frame<Bytes>, &'static str>) -> Self {
        self.frames.push_back(frame);
        self
    }
}

impl Body for Script {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        let frame = self.frames.pop_front();
        if let (Some(Ok(frame)), Some(length)) = (&frame, self.length) {
            let sent = frame.data_ref().map_or(0, |data| data.len() as u64);
            self.length = Some(length - sent);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.frames.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}

fn taped(body: Script, cap: usize) -> (ReplayBody<Script>, Replay<Script>) {
    ReplayBody::taped(body, cap)
}

fn next<B>(body: &mut ReplayBody<B>) -> Option<Result<Frame<Bytes>, BoxError>>
where
    B: Body + Unpin,
    B::Error: Into<BoxError>,
{
    let mut cx = Context::from_waker(Waker::noop());
    match Pin::new(body).poll_frame(&mut cx) {
        Poll::Ready(frame) => frame,
        Poll::Pending => panic!("scripts are never pending"),
    }
}

fn text(frame: Option<Result<Frame<Bytes>, BoxError>>) -> String {
    let data = frame.unwrap().unwrap().into_data().unwrap();
    String::from_utf8(data.to_vec()).unwrap()
}

async fn all<B>(body: ReplayBody<B>) -> (Bytes, Option<HeaderMap>)
where
    B: Body + Unpin,
    B::Error: Into<BoxError>,
{
    let collected = body.collect().await.unwrap();
    let trailers = collected.trailers().cloned();
    (collected.to_bytes(), trailers)
}

fn trailers() -> HeaderMap {
    let mut map = HeaderMap::new();
    map.insert("checksum", "42".parse().unwrap());
    map
}

#[tokio::test]
async fn fm37_sends_all_again_with_trailers() {
    let body = Script::data(&["one ", "two ", "three"]).then(Ok(Frame::trailers(trailers())));
    let (mut body, replay) = taped(body, 64);
    for _ in 0..3 {
        let (data, seen) = all(body).await;
        assert_eq!(data, "one two three");
        assert_eq!(seen, Some(trailers()));
        assert_eq!(replay.can(), CanReplay::Yes);
        body = replay.next();
    }
}

#[tokio::test]
async fn goes_on_where_the_tape_ends() {
    let (mut first, replay) = taped(Script::data(&["a", "b", "c"]), 64);
    assert_eq!(text(next(&mut first)), "a");
    let mut second = replay.next();
    assert_eq!(text(next(&mut second)), "a", "from the tape");
    assert_eq!(text(next(&mut second)), "b", "from the original");
    let (data, _) = all(replay.next()).await;
    assert_eq!(data, "abc", "both");
}

#[test]
fn a_new_attempt_takes_the_body_away() {
    let (mut first, replay) = taped(Script::data(&["a", "b"]), 64);
    next(&mut first).unwrap().unwrap();
    let mut second = replay.next();
    let error = next(&mut first).unwrap().unwrap_err();
    assert_eq!(
        error.to_string(),
        "another attempt of this request has begun"
    );
    assert!(
        !error.is::<RequestBodyError>(),
        "that is no fault of the client"
    );
    assert_eq!(text(next(&mut second)), "a");
    assert_eq!(text(next(&mut second)), "b", "and nothing was stolen");
}

#[test]
fn above_the_cap_it_is_sent_but_not_kept() {
    let rows: [(&[&str], usize, CanReplay); 5] = [
        (&["1234", "5678"], 8, CanReplay::Yes),
        (&["1234", "56789"], 8, CanReplay::TooLarge),
        (&["123456789"], 8, CanReplay::TooLarge),
        (&["1"], 0, CanReplay::TooLarge),
        (&["", "", ""], 0, CanReplay::Yes),
    ];
    for (frames, cap, expected) in rows {
        let frames: Vec<&'static str> = frames.to_vec();
        let (mut first, replay) = taped(Script::data(&frames), cap);
        assert_eq!(replay.can(), CanReplay::Yes, "untouched, {frames:?}");
        let mut sent = String::new();
        while let Some(frame) = next(&mut first) {
            sent += &text(Some(frame));
        }
        assert_eq!(sent, frames.concat(), "all of it is sent");
        assert_eq!(replay.can(), expected, "{frames:?}");
    }
}

#[test]
fn the_cap_holds_across_replays() {
    let (mut first, replay) = taped(Script::data(&["1234", "5678", "9"]), 8);
    next(&mut first).unwrap().unwrap();
    let mut second = replay.next();
    for expected in ["1234", "5678"] {
        assert_eq!(text(next(&mut second)), expected);
        assert_eq!(replay.can(), CanReplay::Yes);
    }
    assert_eq!(text(next(&mut second)), "9");
    assert_eq!(replay.can(), CanReplay::TooLarge);
    assert!(next(&mut second).is_none());
}

#[test]
fn a_body_announced_above_the_cap_can_go_again_until_it_is_read() {
    let body = Script {
        length: Some(9),
        ..Script::data(&["1", "23456789"])
    };
    let (mut first, replay) = taped(body, 8);
    assert_eq!(first.size_hint().exact(), Some(9));
    assert_eq!(replay.can(), CanReplay::Yes);
    next(&mut first).unwrap().unwrap();
    assert_eq!(
        replay.can(),
        CanReplay::TooLarge,
        "though one byte was read only"
    );
}

#[test]
fn many_tiny_frames_count_as_too_large() {
    let (mut first, replay) = taped(Script::data(&["x"; 1100]), 64 * 1024);
    while next(&mut first).is_some() {}
    assert_eq!(replay.can(), CanReplay::TooLarge);
}

#[test]
fn a_broken_body_is_the_clients_fault_and_cannot_go_again() {
    let (mut first, replay) = taped(Script::data(&["a"]).then(Err("reset")), 64);
    next(&mut first).unwrap().unwrap();
    let error = next(&mut first).unwrap().unwrap_err();
    assert!(error.is::<RequestBodyError>());
    assert_eq!(replay.can(), CanReplay::Broken);
    assert!(next(&mut first).is_none(), "it ends after the error");
}

#[test]
fn framing_is_that_of_the_original() {
    let original = Full::new(Bytes::from("hello"));
    let (mut first, replay) = ReplayBody::taped(original, 64);
    assert_eq!(first.size_hint().exact(), Some(5));
    assert!(!first.is_end_stream());
    next(&mut first).unwrap().unwrap();
    assert!(
        first.is_end_stream(),
        "an exact length is over after its last byte"
    );
    assert_eq!(first.size_hint().exact(), Some(0));
    let mut second = replay.next();
    assert_eq!(
        second.size_hint().exact(),
        Some(5),
        "the replay has the whole length"
    );
    assert!(!second.is_end_stream());
    next(&mut second).unwrap().unwrap();
    assert!(second.is_end_stream());

    let chunked = ReplayBody::taped(Script::data(&["a"]), 64).0;
    assert_eq!(chunked.size_hint().exact(), None);
}

#[test]
fn trailers_are_part_of_the_stream() {
    let body = Script::data(&["a"]).then(Ok(Frame::trailers(trailers())));
    let (mut first, replay) = taped(body, 64);
    next(&mut first).unwrap().unwrap();
    assert!(!first.is_end_stream(), "the trailers are to come");
    next(&mut first).unwrap().unwrap();
    assert!(first.is_end_stream());
    let mut second = replay.next();
    next(&mut second).unwrap().unwrap();
    assert!(!second.is_end_stream(), "in the replay too");
    next(&mut second).unwrap().unwrap();
    assert!(second.is_end_stream());
}

#[test]
fn without_a_replay_nothing_is_kept() {
    let (mut first, replay) = taped(Script::data(&["a", "b", "c"]), 64);
    next(&mut first).unwrap().unwrap();
    drop(replay);
    assert_eq!(text(next(&mut first)), "b");
    assert_eq!(text(next(&mut first)), "c");
    assert!(next(&mut first).is_none());
    assert!(first.is_end_stream());

    let (mut first, replay) = taped(Script::data(&["a", "b"]), 64);
    next(&mut first).unwrap().unwrap();
    let mut second = replay.next();
    drop(replay);
    assert_eq!(
        text(next(&mut second)),
        "a",
        "a replay that has begun goes on"
    );
    assert_eq!(text(next(&mut second)), "b");
    assert!(next(&mut second).is_none());
}

#[test]
fn an_empty_body_is_not_shared() {
    let (first, replay) = ReplayBody::taped(Empty::<Bytes>::new(), 64);
    for body in [first, replay.next()] {
        assert!(body.is_end_stream());
        assert_eq!(body.size_hint().exact(), Some(0));
        assert!(format!("{body:?}").contains("Empty"), "no tape: {body:?}");
    }
    assert_eq!(replay.can(), CanReplay::Yes);
}

#[tokio::test]
async fn once_is_the_original() {
    let body: ReplayBody<Full<Bytes>> = ReplayBody::once(Full::from("hello"));
    assert_eq!(body.size_hint().exact(), Some(5));
    assert_eq!(all(body).await.0, "hello");
}
