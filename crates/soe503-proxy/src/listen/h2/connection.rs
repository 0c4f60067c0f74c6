//! One HTTP/2 connection of a client, from its preface to its last answer.

use std::future::Future;
use std::ops::ControlFlow::{self, Break, Continue};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use http::{Method, Request, header};
use soe503_h2::{Code, Event, Options, RequestHead, Session, StreamId};
use tokio::io::AsyncWrite;

use super::body::Body;
use super::exchange::Exchange;
use super::intake::Intake;
use super::shared::{Open, Shared, State};
use super::timing::{Due, Timing};
use crate::front::{self, Client, ClientBody, Front};
use crate::listen::drain::{Drain, Graceful};
use crate::listen::linger;
use crate::listen::watch::{self, Patience, Watch};
use crate::net::{Stream, read_scratch};

/// Above so many bytes that the client has not taken, nothing more is read from it: what it sends
/// might have to be answered.
const ENOUGH: usize = 128 * 1024;

/// How often is read before other connections have their turn.
const TURN: usize = 4;

/// What asks whether the client is still there.
const PING: [u8; 8] = *b"soe503 ?";

/// How HTTP/2 is spoken on a listener.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) options: Options,
    pub(crate) patience: Patience,
    /// As for HTTP/1, of each body.
    pub(crate) min_body_rate: u64,
}

/// How a connection ended.
#[derive(Debug, PartialEq, Eq)]
enum Ended {
    /// The client has left, or has to.
    Cut,
    /// We have said all.
    Done,
}

/// Serves `stream`, of which `first` was read already, until it ends, breaks, or has drained.
pub(crate) async fn serve(
    stream: Stream,
    first: &[u8],
    client: Arc<Client>,
    front: Arc<Front>,
    settings: &Settings,
    drain: &Drain,
) {
    // The connection says itself what it waits for.
    client.watch().busy();
    let mut connection = Connection::new(stream, client, front, settings);
    connection.receive(first);
    let ended = drain.watch(&mut connection).await;
    let Connection {
        mut stream,
        exchanges,
        ..
    } = connection;
    drop(exchanges);
    if ended == Ended::Done {
        linger::close_whole(&mut stream).await;
    }
}

struct Connection {
    stream: Stream,
    shared: Shared,
    /// All requests in hand.
    exchanges: FuturesUnordered<Exchange>,
    client: Arc<Client>,
    front: Arc<Front>,
    watch: Arc<Watch>,
    timing: Timing,
    /// Bytes that we say before anything was heard.
    greeting: u64,
    /// The client has violated the protocol: nothing more is read.
    failed: bool,
    /// The task's waker is known to the watch.
    is_registered: bool,
}

impl Graceful for &mut Connection {
    fn finish(self: Pin<&mut Self>) {
        let this = self.get_mut();
        let now = watch::now();
        this.timing.draining = Some(now);
        this.shared.lock().session.shutdown();
        if let Some(quiet) = this.timing.quiet {
            this.watch.wake_by(this.timing.leave_at(quiet));
        }
    }
}

impl Future for Connection {
    type Output = Ended;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ended> {
        let this = self.get_mut();
        if !this.is_registered {
            // Spawned tasks keep their waker, so once is enough.
            this.is_registered = true;
            this.watch.wakes(cx.waker());
        }
        this.shared.lock().at_work = true;
        let polled = this.poll_all(cx);
        this.shared.lock().at_work = false;
        polled
    }
}

impl Connection {
    fn new(stream: Stream, client: Arc<Client>, front: Arc<Front>, settings: &Settings) -> Self {
        let now = watch::now();
        let watch = Arc::clone(client.watch());
        let session = Session::server(&settings.options);
        let greeting = session.offset();
        watch.wake_by(now.after(settings.patience.head));
        let shared = Shared::new(State {
            session,
            watch: Arc::clone(&watch),
            patience: settings.patience,
            min_body_rate: settings.min_body_rate,
            at_work: false,
            held: 0,
            // The other half may be released, and the client not told yet.
            roomy: u64::from(settings.options.connection_window / 2),
            progress: now,
            timed: Vec::new(),
        });
        Self {
            stream,
            shared,
            exchanges: FuturesUnordered::new(),
            client,
            front,
            watch,
            timing: Timing::new(settings.patience, now),
            greeting,
            failed: false,
            is_registered: false,
        }
    }

    fn poll_all(&mut self, cx: &mut Context<'_>) -> Poll<Ended> {
        if self.watch.has_rung() && self.look_at_clock().is_break() {
            return Poll::Ready(Ended::Cut);
        }
        for _ in 0..TURN {
            let is_full = self.is_full();
            let mut again = !is_full
                && match self.poll_read(cx) {
                    Continue(read) => read,
                    Break(()) => return Poll::Ready(Ended::Cut),
                };
            self.take_events();
            while let Poll::Ready(Some(())) = self.exchanges.poll_next_unpin(cx) {}
            let written = match self.poll_write(cx) {
                Continue(written) => written,
                Break(()) => return Poll::Ready(Ended::Cut),
            };
            again |= is_full && !self.is_full();
            // Room in the buffer is what some streams have waited for.
            again |= written && self.take_events();
            if self.is_done() {
                return Poll::Ready(Ended::Done);
            }
            if !again {
                self.note_quiet();
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// What may have to be answered has to wait.
    fn is_full(&self) -> bool {
        self.shared.lock().session.queued().len() > ENOUGH
    }

    /// Reads once. Whether anything came.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> ControlFlow<(), bool> {
        let Self { stream, shared, .. } = self;
        if self.failed {
            return Continue(false);
        }
        let read = read_scratch(stream, cx, |bytes| {
            (!bytes.is_empty()).then(|| shared.lock().session.receive(bytes))
        });
        match read {
            Poll::Ready(Ok(Some(received))) => {
                self.heard(received.is_ok());
                Continue(true)
            }
            // Whoever closes wants no answers any more.
            Poll::Ready(Ok(None) | Err(_)) => Break(()),
            Poll::Pending => Continue(false),
        }
    }

    /// Takes what was read before.
    fn receive(&mut self, first: &[u8]) {
        if !first.is_empty() {
            let received = self.shared.lock().session.receive(first);
            self.heard(received.is_ok());
        }
    }

    fn heard(&mut self, valid: bool) {
        // Settings come first, and are acknowledged.
        let is_known = self.shared.lock().session.offset() > self.greeting;
        self.timing.heard(watch::now(), is_known);
        if !valid {
            self.failed = true;
            // Their streams are gone.
            self.exchanges = FuturesUnordered::new();
        }
    }

    /// Acts upon what has come. Whether anything has.
    fn take_events(&mut self) -> bool {
        let mut any = false;
        loop {
            let mut state = self.shared.lock();
            let Some(event) = state.session.next_event() else {
                return any;
            };
            any = true;
            match event {
                Event::Request { stream, head, end } => {
                    drop(state);
                    self.begin(stream, *head, end);
                }
                Event::Data {
                    stream,
                    data,
                    flow,
                    end,
                } => state.data(stream, data, flow, end),
                Event::Trailers { stream, trailers } => state.trailers(stream, trailers),
                Event::Reset { stream, .. } => state.gone(stream),
                Event::Writable { stream } => state.writable(stream),
                // That it came is all that matters.
                _ => {}
            }
        }
    }

    /// Hands a request to the stack.
    fn begin(&mut self, stream: StreamId, head: RequestHead, end: bool) {
        let mut parts = head.parts;
        let method_is_head = parts.method == Method::HEAD;
        let mut open = Open::default();
        let body = if end {
            ClientBody::Empty
        } else {
            // Kept at this hop: the body is asked for when a backend is there to take it.
            let expect = parts.headers.remove(header::EXPECT);
            let invite = expect.is_some_and(|e| e.as_bytes().eq_ignore_ascii_case(b"100-continue"));
            open.intake = Some(Box::new(Intake::new(head.length, invite)));
            ClientBody::H2(Body::new(self.shared.clone(), stream))
        };
        self.shared.lock().session.insert(stream, open);
        self.timing.quiet = None;
        let request = Request::from_parts(parts, body);
        let answering = front::answer(&self.front, &self.client, request);
        let shared = self.shared.clone();
        self.exchanges
            .push(Exchange::new(answering, shared, stream, method_is_head));
    }

    /// Writes what is queued. Whether anything went.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> ControlFlow<(), bool> {
        let mut state = self.shared.lock();
        let mut written = false;
        let mut waits = false;
        while !state.session.queued().is_empty() {
            match Pin::new(&mut self.stream).poll_write(cx, state.session.queued()) {
                Poll::Ready(Ok(0) | Err(_)) => return Break(()),
                Poll::Ready(Ok(count)) => {
                    state.session.sent(count);
                    written = true;
                }
                Poll::Pending => {
                    waits = true;
                    break;
                }
            }
        }
        drop(state);
        if written || self.timing.is_writing() {
            // TLS holds back what the socket does not take.
            match Pin::new(&mut self.stream).poll_flush(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => return Break(()),
                Poll::Pending => waits = true,
            }
        }
        if let Some(due) = self.timing.wrote(written, waits, watch::now()) {
            self.watch.wake_by(due);
        }
        Continue(written)
    }

    /// Nothing is left to do, and nothing more will come.
    fn is_done(&self) -> bool {
        let state = self.shared.lock();
        state.session.is_over() && self.exchanges.is_empty() && state.session.queued().is_empty()
    }

    fn note_quiet(&mut self) {
        if self.timing.quiet.is_none() && self.exchanges.is_empty() {
            let now = watch::now();
            self.timing.quiet = Some(now);
            self.watch.wake_by(self.timing.leave_at(now));
        }
    }

    /// The time has come that was asked for.
    fn look_at_clock(&mut self) -> ControlFlow<()> {
        let now = watch::now();
        let mut state = self.shared.lock();
        let streams = state.look_at_streams(now);
        let next = match self.timing.due(now) {
            Due::Nothing(next) => next,
            Due::Ping(next) => {
                state.session.ping(PING);
                next
            }
            Due::Leave => {
                state.session.go_away(Code::NO_ERROR);
                now.after(state.patience.write)
            }
            Due::Cut => return Break(()),
        };
        self.watch.wake_by(streams.map_or(next, |at| at.min(next)));
        Continue(())
    }
}
