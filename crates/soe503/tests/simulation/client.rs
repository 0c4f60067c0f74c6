//! Simulated clients: they ask, wait, read, and sometimes leave.

use std::rc::Rc;

use fastrand::Rng;
use http::{HeaderValue, Method, Request, Response};
use http_body::Body;
use http_body_util::BodyExt;
use soe503::BoxError;
use soe503::explain::Explained;
use soe503_core::Cause;
use tower::ServiceExt;

use crate::backend::{FROM, ID};
use crate::body::Upload;
use crate::clock::pass;
use crate::invariant::Invariant;
use crate::scene::Scene;
use crate::schedule::pick;
use crate::trace::Event;
use crate::world::{Asked, World};

/// What one client is going to do.
#[derive(Debug)]
pub(crate) struct Client {
    method: Method,
    keyed: bool,
    body: Upload,
    /// It leaves after so many milliseconds if it has no head by then.
    patience: Option<u32>,
    /// It leaves after so many frames of the answer.
    reads: Option<u32>,
}

/// Counts a client while it is there.
struct Presence(World);

/// How much later than its deadline an answer may be, in milliseconds: the timer's grid.
const LATE: u32 = 1;

// === impl Client ===

impl Client {
    /// One of the schedule's clients, while something is wrong.
    pub(crate) fn random(scene: &Scene, rng: &mut Rng) -> Self {
        Self::with(scene, &[0, 0, 0, 5, 40], true, rng)
    }

    /// One that does not upload slowly: that uses up an attempt's time, for which a backend is blamed.
    pub(crate) fn swift(scene: &Scene, rng: &mut Rng) -> Self {
        Self::with(scene, &[0, 5], true, rng)
    }

    /// One that stays for all of its answer, too.
    pub(crate) fn patient(scene: &Scene, rng: &mut Rng) -> Self {
        Self::with(scene, &[0, 5], false, rng)
    }

    fn with(scene: &Scene, pauses: &[u32], may_leave: bool, rng: &mut Rng) -> Self {
        let clients = &scene.world.schedule.clients;
        let idempotent = rng.u32(0..100) < clients.idempotent;
        let methods = match idempotent {
            true => [Method::GET, Method::PUT],
            false => [Method::POST, Method::PATCH],
        };
        let method = pick(rng, &methods).clone();
        let keyed = !idempotent && rng.u32(0..100) < clients.keyed;
        let frames = if method == Method::GET {
            0
        } else {
            rng.u32(0..=3)
        };
        let (size, pause) = (rng.usize(1..=150), *pick(rng, pauses));
        let leaves = may_leave && rng.u32(0..100) < clients.leaving;
        let (mut patience, mut reads, mut breaks_at) = (None, None, None);
        match rng.u8(0..4) {
            _ if !leaves => {}
            0..=1 => patience = Some(rng.u32(0..=scene.world.schedule.timeout)),
            2 => reads = Some(rng.u32(0..3)),
            _ => breaks_at = Some(rng.u32(0..=frames)),
        }
        Self {
            method,
            keyed,
            body: Upload::new(frames, size, pause, breaks_at),
            patience,
            reads,
        }
    }

    /// Asks, and does the rest in a task of its own.
    pub(crate) fn start(self, scene: &Rc<Scene>) {
        scene.world.spawn(self.act(Rc::clone(scene)));
    }

    async fn act(self, scene: Rc<Scene>) {
        let world = &scene.world;
        let presence = Presence::enter(world);
        let trusted = self.keyed && world.schedule.trust_key;
        let twice = self.method.is_idempotent() || trusted;
        let id = ask(world, &self, twice);
        let mut request = Request::new(self.body);
        *request.method_mut() = self.method;
        request.headers_mut().insert(ID, HeaderValue::from(id));
        if self.keyed {
            let key = HeaderValue::from(id);
            request.headers_mut().insert("idempotency-key", key);
        }
        let worker = &scene.stack.workers[id % scene.stack.workers.len()];
        let answer = worker.clone().oneshot(request);
        let response = match self.patience {
            None => Some(answer.await),
            Some(patience) => tokio::select! {
                biased;
                answer = answer => Some(answer),
                () = pass(patience) => None,
            },
        };
        match response {
            None => {
                world.with(|state| state.tally.left += 1);
                end(world, id, "the client leaves");
            }
            Some(response) => {
                let Ok(response) = response;
                told(world, id, &response);
                scene.look();
                read(&scene, id, response, self.reads).await;
            }
        }
        drop(presence);
        scene.look();
    }
}

/// Writes down that the request comes.
fn ask(world: &World, client: &Client, twice: bool) -> usize {
    let at = world.now();
    world.with(|state| {
        let id = state.requests.len();
        state.requests.push(Asked {
            at,
            twice,
            safe: client.method.is_safe(),
            under_way: Vec::new(),
            seen_by: None,
            attempts: 0,
            last_ended: at,
        });
        let method = match client.method {
            Method::GET => "GET",
            Method::PUT => "PUT",
            Method::POST => "POST",
            _ => "PATCH",
        };
        let body = client.body.bytes();
        let asked = Event::Asked {
            id,
            method,
            body,
            twice,
        };
        state.trace.note(at, asked);
        id
    })
}

/// The limit or the line in front of it turned the request away.
const fn is_shed(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::OverloadConcurrencyLimit | Cause::OverloadQueueFull | Cause::OverloadQueueTimeout
    )
}

/// Judges the head.
fn told<B>(world: &World, id: usize, response: &Response<B>) {
    let status = response.status().as_u16();
    let from_backend = response.headers().contains_key(FROM);
    let cause = response
        .extensions()
        .get::<Explained>()
        .map(|told| told.cause);
    world.note(Event::Told {
        id,
        status,
        cause: cause.map_or("", Cause::id),
    });
    let now = world.now();
    let (at, sound_since) = world.with(|state| {
        if cause.is_some_and(is_shed) {
            state.tally.shed += 1;
        }
        let asked = &state.requests[id];
        let seen = !asked.twice && asked.seen_by.is_some();
        state.tally.unsafe_failures += u64::from(seen && status >= 500);
        (state.requests[id].at, state.sound_since)
    });
    let timeout = world.schedule.timeout;
    if now - at > timeout + LATE {
        world.violated(Invariant::DeadlineKept, || {
            format!(
                "#{id} was answered after {} ms, {timeout} were allowed",
                now - at
            )
        });
    }
    let tagged = response.headers().contains_key("x-error-code");
    if from_backend == tagged || status == 500 && !from_backend {
        world.violated(Invariant::FailuresTold, || {
            format!("#{id} is told {status}; by a backend: {from_backend}, tagged: {tagged}")
        });
    }
    let sound = sound_since.is_some_and(|since| at >= since);
    if sound && !(from_backend && status == 200) {
        world.violated(Invariant::Recovers, || {
            format!("nothing is wrong, and #{id} is told {status} {cause:?}")
        });
    }
}

/// Reads the answer, or so many frames of it.
async fn read<B>(scene: &Scene, id: usize, response: Response<B>, frames: Option<u32>)
where
    B: Body + Unpin,
    B::Error: Into<BoxError>,
{
    let mut body = response.into_body();
    let mut left = frames.unwrap_or(u32::MAX);
    while left > 0 {
        match body.frame().await {
            Some(Ok(_)) => scene.look(),
            Some(Err(_)) => {
                let sound = scene.world.with(|state| {
                    let at = state.requests[id].at;
                    state.sound_since.is_some_and(|since| at >= since)
                });
                if sound {
                    scene.world.violated(Invariant::Recovers, || {
                        format!("nothing is wrong, and the answer to #{id} breaks off")
                    });
                }
                return end(&scene.world, id, "the answer broke off");
            }
            None => return end(&scene.world, id, "the answer was read"),
        }
        left -= 1;
    }
    end(&scene.world, id, "the client stops reading");
}

fn end(world: &World, id: usize, how: &'static str) {
    world.note(Event::Ended { id, how });
}

// === impl Presence ===

impl Presence {
    fn enter(world: &World) -> Self {
        world.with(|state| state.clients += 1);
        Self(world.clone())
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.0.with(|state| state.clients -= 1);
    }
}
