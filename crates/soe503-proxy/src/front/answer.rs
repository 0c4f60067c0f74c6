//! One request, from its parsed head to the head of its answer.

use std::sync::Arc;

use http::header::{HOST, USER_AGENT};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Version};
use http_body::Body;
use soe503::explain::{Again, Degraded, Explained, Exposure};
use soe503::{BoxError, Component, Rejected, RequestContext, Served};
use soe503_core::hops::{Allowance, Handed};
use soe503_core::ledger::{Ledger, Refusal};
use soe503_core::{Cause, Tick};

use super::actions::Actions;
use super::answering::{Answering, Waiting};
use super::capped::{Capped, Exceeded};
use super::client::Client;
use super::finish::{FrontBody, InFlight, Log};
use super::forwarded::Seen;
use super::trace::Tracing;
use super::{ClientBody, Front, again, checks, hop, refuse, request_id, target, trace, via};
use crate::control::access_log::Entry;
use crate::state::Origin;

/// Fields that a request gets on its way: id, client, scheme, via.
const ADDED: usize = 4;

/// Never used: `request_id::ensure` has been there.
static NO_ID: HeaderValue = HeaderValue::from_static("-");

const TOO_LARGE: &str = "The request's body is larger than this route accepts.";
const TOO_SLOW: &str = "The request's body did not arrive in time.";
const BROKEN: &str = "The request's body could not be read.";

/// Answers `request`: never fails, whatever happens behind it.
pub(crate) fn answer(
    front: &Arc<Front>,
    client: &Arc<Client>,
    mut request: Request<ClientBody>,
) -> Answering {
    // Room for what is added below and in `forwarded`: the map grows once at most.
    request.headers_mut().reserve(ADDED);
    request_id::ensure(request.headers_mut());
    let log = front.access_log().map(|to| {
        Box::new(Log {
            to: to.clone(),
            entry: entry(client, &request, soe503::clock::now()),
        })
    });
    let tracing = Tracing::begin(front, &request);
    let mut in_flight = InFlight::begin(Arc::clone(client), log, tracing);

    if let Err(unacceptable) = checks::check(&request, front.max_target) {
        let (status, detail) = (unacceptable.status(), unacceptable.detail());
        let headers = request.headers();
        return Answering::ready(refuse(front, in_flight, headers, status, detail));
    }
    target::to_origin_form(&mut request);
    // HTTP/1 connections have done it already, while they parsed; HTTP/2 knows no `Connection`,
    // but the fields that always belong to one hop.
    if request.version() == Version::HTTP_2 {
        hop::strip(request.headers_mut());
    }

    let routes = front.routes();
    let host = request
        .headers()
        .get(HOST)
        .and_then(|host| host.to_str().ok());
    let Some(route) = routes.find(host, request.uri().path(), request.method()) else {
        let (status, headers) = (StatusCode::NOT_FOUND, request.headers());
        return Answering::ready(refuse(front, in_flight, headers, status, refuse::NO_ROUTE));
    };
    in_flight.routed(route);
    let seen = Seen::of(request.headers());
    let told = match seen.debug && token(front, &mut request) {
        true => Some(Exposure::Full),
        false => client.told(),
    };
    if let Some(told) = told {
        request.extensions_mut().insert(told);
    }
    if seen.via && via::hops(request.headers()) > front.max_hops {
        // Who asked is a proxy, which hands the answer on to whom it likes: nobody on the way is told more than the public.
        request.extensions_mut().insert(Exposure::Public);
        let response = route.refuse(&request, &looped());
        keep(&mut in_flight, &request);
        note(&mut in_flight, &response);
        return Answering::ready(response.map(|text| in_flight.text(text)));
    }
    let gate = route.gate();
    let address = client.address().ip();
    let rates = match gate.admit(&request, address, &front.forwarded) {
        Ok(fields) => (!fields.is_empty()).then(|| Box::new(fields)),
        Err(refused) => {
            let mut response = route.refuse(&request, &refused);
            keep(&mut in_flight, &request);
            note(&mut in_flight, &response);
            if let Some(actions) = route.actions() {
                actions.on_response(response.headers_mut(), true);
            }
            return Answering::ready(response.map(|text| in_flight.text(text)));
        }
    };
    gate.hide(request.headers_mut());
    let late = request.body().late();
    let mut exceeded = None;
    if let Some(max) = route.actions().and_then(|actions| actions.max_body) {
        let size = request.body().size_hint();
        if size.lower() > max {
            let (status, headers) = (StatusCode::PAYLOAD_TOO_LARGE, request.headers());
            return Answering::ready(refuse(front, in_flight, headers, status, TOO_LARGE));
        }
        exceeded = size.exact().is_none().then(|| cap(request.body_mut(), max));
    }
    // HTTP/2 needs the fields one by one.
    let http1 = request.version() != Version::HTTP_2;
    let belonging = route.belonging();
    let sticking = belonging.and_then(|belonging| belonging.note(&mut request, client));
    if route.actions().is_some() {
        // What they make of it is not what the client asked for.
        keep(&mut in_flight, &request);
    }
    let tracing = in_flight.trace_mut();
    prepare(&mut request, route.actions(), seen, client, front, tracing);
    if front.trace_context
        && let Some(entry) = in_flight.entry_mut()
        && entry.trace.is_none()
    {
        // It has begun here.
        entry.trace = trace::named(request.headers());
    }
    let handed = match seen.attempts {
        true => {
            // The fields go; that they said so is told if the request fails.
            if Again::is_said(request.headers()) {
                request.extensions_mut().insert(Again);
            }
            let headers = request.headers_mut();
            client.forwarder().handed(headers, route.attempts())
        }
        false => Handed::default(),
    };
    let request = shared(request, handed, &mut in_flight);
    if let Some(mut response) = again::offered(route, &request) {
        let finish = in_flight.finish_mut();
        finish.status = Some(response.status().as_u16());
        finish.origin = Origin::Upstream;
        if let Some(actions) = route.actions() {
            actions.on_response(response.headers_mut(), false);
        }
        return Answering::ready(response.map(|text| in_flight.text(text)));
    }
    let changes = route.actions().filter(|actions| actions.change_answers());
    let waiting = Waiting {
        front: Arc::clone(front),
        in_flight,
        // A store wants to see them too.
        plain: http1 && changes.is_none() && rates.is_none() && !route.reads_answers(),
        changes: changes.cloned(),
        sticking,
        exceeded,
        late,
        throttle: gate.throttle().cloned(),
        rates,
    };
    Answering::stack(route.call(request), waiting)
}

/// The same request, with a head that the layers share instead of copying it, and with what the proxy
/// before us hands on.
fn shared(
    request: Request<ClientBody>,
    handed: Handed,
    in_flight: &mut InFlight,
) -> Request<ClientBody> {
    let (head, body) = request.into_parts();
    let (body, upload) = body.telling();
    let mut request = Request::new(body);
    request.method_mut().clone_from(&head.method);
    let idempotent = head.method.is_idempotent();
    let now = soe503::clock::now();
    let head = Arc::new(head);
    if let Some(tracing) = in_flight.trace_mut() {
        tracing.shared(&head);
    }
    let mut context = RequestContext::new(now, idempotent).with_head(head);
    context.upload = upload;
    context.deadline = handed.timeout.map(|timeout| now.after(timeout));
    if let Some(attempts) = handed.attempts {
        context.allowance = Allowance::handed(attempts);
    }
    context.put(&mut request);
    request
}

/// What a client is told whose body ended the request: it was too long, came too slowly, or was
/// none.
pub(super) fn mistake(too_long: bool, too_slow: bool) -> (StatusCode, &'static str) {
    match (too_long, too_slow) {
        (true, _) => (StatusCode::PAYLOAD_TOO_LARGE, TOO_LARGE),
        (false, true) => (StatusCode::REQUEST_TIMEOUT, TOO_SLOW),
        (false, false) => (StatusCode::BAD_REQUEST, BROKEN),
    }
}

/// Takes the debug token out. Whether it is good for this request.
#[cold]
fn token(front: &Front, request: &mut Request<ClientBody>) -> bool {
    let host = request.headers().get(HOST).cloned();
    let host = host.as_ref().and_then(|host| host.to_str().ok());
    let path = request.uri().path().to_owned();
    let now = u64::try_from(soe503::clock::unix_seconds()).unwrap_or_default();
    let tokens = &front.proxy.debug_tokens;
    tokens.admit(request.headers_mut(), host, &path, now)
}

/// Everything that is done to a request before it goes to the stack.
fn prepare(
    request: &mut Request<ClientBody>,
    actions: Option<&Arc<Actions>>,
    seen: Seen,
    client: &Client,
    front: &Front,
    tracing: Option<&mut Tracing>,
) {
    let received = request.version();
    *request.version_mut() = Version::HTTP_11;
    let asked = actions.and_then(|actions| actions.redirect(request));
    let headers = request.headers_mut();
    client.forwarder().apply(headers, seen, asked.as_ref());
    via::add(headers, received);
    match tracing {
        Some(tracing) => tracing.inject(request),
        None if front.trace_context => trace::extend(headers),
        None => {}
    }
    let headers = request.headers_mut();
    if let Some(actions) = actions {
        actions.on_request(headers);
    }
}

/// Counts `body`, which fails above `max` bytes.
fn cap(body: &mut ClientBody, max: u64) -> Exceeded {
    let whole = std::mem::replace(body, ClientBody::Empty);
    let (capped, exceeded) = Capped::new(whole, max);
    *body = ClientBody::Capped(Box::new(capped));
    exceeded
}

/// Why a request that has been here too often is refused.
fn looped() -> BoxError {
    let refusal = Refusal::Policy(Cause::ConfigLoopDetected);
    Rejected::new(Component::Policy, "max_hops", refusal).into()
}

/// An answer without a stack: the request is the client's own mistake. Its `headers`, or those of an
/// answer to it, say how it is called, and whether it is gRPC's.
pub(super) fn refuse(
    front: &Front,
    mut in_flight: InFlight,
    headers: &HeaderMap,
    status: StatusCode,
    detail: &str,
) -> Response<FrontBody> {
    let refusal = if soe503::grpc::is_grpc(headers) {
        refuse::grpc
    } else {
        refuse::with
    };
    let id = headers.get(&request_id::X_REQUEST_ID).unwrap_or(&NO_ID);
    let reply = refusal(status, detail, id, front.refused());
    in_flight.finish_mut().status = Some(reply.status().as_u16());
    reply.map(|text| in_flight.text(text))
}

/// An answer to bytes that were no request: there is no head to go by.
pub(crate) fn unparsed(
    front: &Arc<Front>,
    client: &Arc<Client>,
    status: StatusCode,
    detail: &str,
) -> Response<FrontBody> {
    let mut request = Request::new(());
    request_id::ensure(request.headers_mut());
    let log = front.access_log().map(|to| {
        let mut entry = entry(client, &request, soe503::clock::now());
        entry.target = None;
        Box::new(Log {
            to: to.clone(),
            entry,
        })
    });
    // There is no trace of what was no request.
    let in_flight = InFlight::begin(Arc::clone(client), log, None);
    refuse(front, in_flight, request.headers(), status, detail)
}

/// Has a trace remember `request`, which will not be seen any more as it is now.
fn keep(in_flight: &mut InFlight, request: &Request<ClientBody>) {
    if let Some(tracing) = in_flight.trace_mut() {
        tracing.keep(request);
    }
}

/// Takes over what the layers know about the answer.
pub(super) fn note<B>(in_flight: &mut InFlight, response: &Response<B>) {
    let explained = response.extensions().get::<Explained>();
    let served = response.extensions().get::<Served>();
    if let Some(tracing) = in_flight.trace_mut() {
        tracing.note(response);
    }
    let finish = in_flight.finish_mut();
    let failed = response.status().is_server_error();
    let degraded = response.extensions().get::<Degraded>().copied();
    // A failure that another pool has given prevented nothing.
    finish.degraded = degraded.filter(|degraded| !failed || *degraded != Degraded::Failover);
    finish.status = Some(response.status().as_u16());
    if let Some(explained) = explained {
        finish.origin = Origin::Generated;
        finish.cause = Some(explained.cause);
        finish.attempts = u8::try_from(explained.attempts).unwrap_or(u8::MAX);
        finish.degraded = finish.degraded.or(explained.degraded);
    } else if let Some(served) = served {
        finish.origin = Origin::Upstream;
        finish.attempts = served.attempts;
        if served.attempts > 1 && !failed && degraded.is_none() {
            // A hedge that was only faster has prevented nothing.
            let ledger = served.ledger.as_deref();
            finish.prevented = ledger.is_none_or(Ledger::any_failed);
            finish.hedged = ledger.and_then(Ledger::last).is_some_and(|last| last.hedge);
        }
    } else {
        // A quiet success: see `stack`.
        finish.origin = Origin::Upstream;
        finish.attempts = 1;
    }
    if let Some(entry) = in_flight.entry_mut() {
        let last = served.and_then(|served| served.ledger.as_ref()?.last());
        entry.backend = match (explained, served) {
            (Some(explained), _) => explained.backend.clone(),
            (None, Some(served)) => served.backend.clone(),
            (None, None) => None,
        };
        entry.retry = match explained {
            Some(explained) => explained.retry,
            None => last.and_then(|last| last.retry),
        };
    }
}

/// What the access log will say about the request.
fn entry<B>(client: &Client, request: &Request<B>, now: Tick) -> Entry {
    let headers = request.headers();
    let id = headers
        .get(&request_id::X_REQUEST_ID)
        .and_then(|id| id.to_str().ok());
    Entry {
        started: now,
        duration: std::time::Duration::ZERO,
        request_id: id.unwrap_or_default().into(),
        trace: trace::named(headers),
        client: client.address().ip(),
        method: request.method().clone(),
        host: headers.get(HOST).cloned(),
        target: request.uri().path_and_query().cloned(),
        protocol: request.version(),
        status: None,
        bytes: 0,
        route: None,
        pool: None,
        backend: None,
        attempts: 0,
        cause: None,
        origin: None,
        retry: None,
        user_agent: headers.get(USER_AGENT).cloned(),
    }
}
