//! Two sessions that talk to each other: every body arrives, and no window is exceeded (the receiver would end the connection).

use std::collections::VecDeque;

use bytes::Bytes;
use http::StatusCode;
use proptest::prelude::*;

use super::super::StreamId;
use super::*;

/// A request of the client's.
#[derive(Clone, Debug)]
struct Plan {
    body: usize,
    trailers: bool,
    /// Given up when so many bytes came back.
    give_up: Option<usize>,
}

/// What the client keeps.
struct Asked {
    plan: Plan,
    rest: Bytes,
    blocked: bool,
    got: Vec<u8>,
}

/// What the echo keeps.
#[derive(Default)]
struct Echo {
    waiting: VecDeque<(Bytes, u32)>,
    ended: Option<bool>,
}

fn body(len: usize, seed: u32) -> Bytes {
    (0..len)
        .map(|n| (n as u32).wrapping_mul(31).wrapping_add(seed) as u8)
        .collect()
}

fn ask(client: &mut Session<Asked>, id: StreamId) {
    let Some(asked) = client.get_mut(id) else {
        return;
    };
    let (mut rest, trailers) = (asked.rest.clone(), asked.plan.trailers);
    let all = client.send_data(id, &mut rest, !trailers);
    if all && trailers {
        client.send_trailers(id, &HeaderMap::new());
    }
    if let Some(asked) = client.get_mut(id) {
        asked.rest = rest;
        asked.blocked = !all;
    }
}

fn at_client(client: &mut Session<Asked>, done: &mut usize) {
    while let Some(event) = client.next_event() {
        match event {
            Event::Writable { stream } => ask(client, stream),
            Event::Response { head, .. } => assert_eq!(head.parts.status, 200),
            Event::Data {
                stream,
                data,
                flow,
                end,
            } => {
                let Some(asked) = client.get_mut(stream) else {
                    continue;
                };
                asked.got.extend_from_slice(&data);
                if asked.plan.give_up.is_some_and(|at| asked.got.len() >= at) {
                    client.reset(stream, Code::CANCEL);
                    *done += 1;
                    continue;
                }
                client.release(stream, flow);
                if end {
                    finish(client, stream, done);
                }
            }
            Event::Trailers { stream, .. } => finish(client, stream, done),
            Event::Streams => {}
            other => panic!("{other:?}"),
        }
    }
}

fn finish(client: &mut Session<Asked>, id: StreamId, done: &mut usize) {
    if let Some(asked) = client.forget(id) {
        assert_eq!(asked.got, body(asked.plan.body, id.get()));
        *done += 1;
    }
}

fn at_server(server: &mut Session<Echo>) {
    while let Some(event) = server.next_event() {
        match event {
            Event::Request { stream, end, .. } => {
                let ended = end.then_some(false);
                server.insert(
                    stream,
                    Echo {
                        ended,
                        ..Echo::default()
                    },
                );
                assert!(server.respond(stream, StatusCode::OK, &HeaderMap::new(), None, false));
                echo(server, stream);
            }
            Event::Data {
                stream,
                data,
                flow,
                end,
            } => {
                if let Some(kept) = server.get_mut(stream) {
                    kept.waiting.push_back((data, flow));
                    kept.ended = end.then_some(false);
                }
                echo(server, stream);
            }
            Event::Trailers { stream, .. } => {
                if let Some(kept) = server.get_mut(stream) {
                    kept.ended = Some(true);
                }
                echo(server, stream);
            }
            Event::Writable { stream } => echo(server, stream),
            Event::Reset {
                stream,
                by: By::Peer,
                ..
            } => drop(server.forget(stream)),
            other => panic!("{other:?}"),
        }
    }
}

fn echo(server: &mut Session<Echo>, id: StreamId) {
    while let Some(kept) = server.get_mut(id) {
        let Some((mut data, flow)) = kept.waiting.pop_front() else {
            match kept.ended {
                Some(true) => server.send_trailers(id, &HeaderMap::new()),
                Some(false) => drop(server.send_data(id, &mut Bytes::new(), true)),
                None => return,
            }
            server.forget(id);
            return;
        };
        if server.send_data(id, &mut data, false) {
            server.release(id, flow);
        } else {
            if let Some(kept) = server.get_mut(id) {
                kept.waiting.push_front((data, flow));
            }
            return;
        }
    }
}

fn carry<A, B>(from: &mut Session<A>, to: &mut Session<B>, most: usize) {
    let len = most.min(from.queued().len());
    to.receive(&from.queued()[..len])
        .expect("both keep to the rules");
    from.sent(len);
}

fn any_plan() -> impl Strategy<Value = Plan> {
    let len = || {
        prop_oneof![
            Just(0),
            1..100_usize,
            1..40_000_usize,
            60_000..200_000_usize
        ]
    };
    (len(), any::<bool>(), prop::option::weighted(0.2, len())).prop_map(
        |(body, trailers, give_up)| Plan {
            body,
            trailers,
            give_up,
        },
    )
}

fn any_options() -> impl Strategy<Value = Options> {
    let window = || prop_oneof![1..100_u32, 1_000..70_000_u32, 65_535..1_000_000_u32];
    (window(), window(), 1..20_u32).prop_map(|(stream_window, connection_window, max_streams)| {
        Options {
            stream_window,
            connection_window,
            max_streams,
            ..Options::default()
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn every_body_arrives(
        plans in prop::collection::vec(any_plan(), 1..12),
        options in (any_options(), any_options()),
        steps in prop::collection::vec((any::<bool>(), 1..30_000_usize), 0..60),
    ) {
        let mut client = Session::<Asked>::client(&Options { assumed_streams: 1, ..options.0 });
        let mut server = Session::<Echo>::server(&options.1);
        let (total, mut done) = (plans.len(), 0);
        let mut plans = VecDeque::from(plans);
        let mut steps = steps.into_iter();
        let mut turns = 0;
        while done < total {
            turns += 1;
            prop_assert!(turns < 200_000, "{client:?} {server:?}");
            if let Some(plan) = plans.pop_front() {
                // A body of a window of one byte would take for ever.
                let most = 1_000 * options.0.stream_window.min(options.1.stream_window) as usize;
                let plan = Plan { body: plan.body.min(most), give_up: plan.give_up.filter(|at| (1..plan.body.min(most)).contains(at)), ..plan };
                let id = StreamId(client.last.saturating_add(if client.last == 0 { 1 } else { 2 }));
                let rest = body(plan.body, id.get());
                let fields = HeaderMap::new();
                let asked = Asked { plan: plan.clone(), rest, blocked: false, got: Vec::new() };
                match client.open(&request(&Method::POST, &fields), false, asked) {
                    Ok(opened) => {
                        prop_assert_eq!(opened, id);
                        ask(&mut client, id);
                    }
                    Err(_) => plans.push_front(plan),
                }
            }
            match steps.next() {
                Some((true, most)) => carry(&mut client, &mut server, most),
                Some((false, most)) => carry(&mut server, &mut client, most),
                None => {
                    carry(&mut client, &mut server, usize::MAX);
                    at_server(&mut server);
                    carry(&mut server, &mut client, usize::MAX);
                }
            }
            at_server(&mut server);
            at_client(&mut client, &mut done);
        }
        carry(&mut client, &mut server, usize::MAX);
        at_server(&mut server);
        prop_assert_eq!((client.streams.len(), server.streams.len()), (0, 0));
        prop_assert_eq!((client.ring.len(), server.ring.len()), (0, 0));
    }
}
