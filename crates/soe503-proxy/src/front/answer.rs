//! One request, from its parsed head to the head of its answer.

use std::convert::Infallible;
use std::sync::Arc;

use http::header::{HOST, USER_AGENT};
use http::{HeaderValue, Request, Response, StatusCode, Version};
use hyper::body::Incoming;
use soe503::Served;
use soe503::explain::Explained;
use soe503_core::Tick;

use super::client::Client;
use super::finish::{FrontBody, InFlight, Log};
use super::stack::StackBody;
use super::{Front, checks, forwarded, hop, refuse, request_id};
use crate::control::access_log::Entry;
use crate::state::Origin;

/// Fields that a request gets on its way: id, client, scheme, via.
const ADDED: usize = 4;

/// Never used: `request_id::ensure` has been there.
static NO_ID: HeaderValue = HeaderValue::from_static("-");

/// Answers `request`: never fails, whatever happens behind it.
pub(crate) async fn answer(
    front: Arc<Front>,
    client: Arc<Client>,
    mut request: Request<Incoming>,
) -> Result<Response<FrontBody>, Infallible> {
    // Room for what is added below and in `forwarded`: the map grows once at most.
    request.headers_mut().reserve(ADDED);
    request_id::ensure(request.headers_mut());
    let log = front.access_log().map(|to| {
        Box::new(Log {
            to: to.clone(),
            entry: entry(&client, &request, soe503::clock::now()),
        })
    });
    let mut in_flight = InFlight::begin(Arc::clone(&client), log);

    if let Err(unacceptable) = checks::check(&request) {
        return Ok(refuse(
            &front,
            in_flight,
            &request,
            unacceptable.status(),
            unacceptable.detail(),
        ));
    }
    forwarded::to_origin_form(&mut request);
    hop::strip(request.headers_mut());

    let routes = front.routes();
    let host = request
        .headers()
        .get(HOST)
        .and_then(|host| host.to_str().ok());
    let Some(route) = routes.find(host, request.uri().path(), request.method()) else {
        return Ok(refuse(
            &front,
            in_flight,
            &request,
            StatusCode::NOT_FOUND,
            refuse::NO_ROUTE,
        ));
    };
    in_flight.routed(route);
    client.forwarder().apply(request.headers_mut());
    *request.version_mut() = Version::HTTP_11;
    let answering = route.call(request);
    drop(routes);

    let Ok(mut response) = answering.await;
    hop::strip(response.headers_mut());
    // A backend's HTTP/1.0 is not the client's version; hyper writes what the client speaks.
    *response.version_mut() = Version::HTTP_11;
    note(&mut in_flight, &response);
    Ok(response.map(|body| in_flight.body(body)))
}

/// An answer without a stack: the request is the client's own mistake.
fn refuse(
    front: &Front,
    mut in_flight: InFlight,
    request: &Request<Incoming>,
    status: StatusCode,
    detail: &str,
) -> Response<FrontBody> {
    let id = request.headers().get(&request_id::X_REQUEST_ID);
    let refusal = if soe503::grpc::is_grpc(request.headers()) {
        refuse::grpc
    } else {
        refuse::with
    };
    let reply = refusal(status, detail, id.unwrap_or(&NO_ID), front.refused());
    in_flight.finish_mut().status = Some(reply.status().as_u16());
    reply.map(|text| in_flight.text(text))
}

/// Takes over what the layers know about the answer.
fn note(in_flight: &mut InFlight, response: &Response<StackBody>) {
    let explained = response.extensions().get::<Explained>();
    let served = response.extensions().get::<Served>();
    let finish = in_flight.finish_mut();
    finish.status = Some(response.status().as_u16());
    if let Some(explained) = explained {
        finish.origin = Origin::Generated;
        finish.cause = Some(explained.cause);
        finish.attempts = u8::try_from(explained.attempts).unwrap_or(u8::MAX);
    } else if let Some(served) = served {
        finish.origin = Origin::Upstream;
        finish.attempts = served.attempts;
        finish.prevented = served.attempts > 1 && !response.status().is_server_error();
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
fn entry(client: &Client, request: &Request<Incoming>, now: Tick) -> Entry {
    let headers = request.headers();
    let id = headers
        .get(&request_id::X_REQUEST_ID)
        .and_then(|id| id.to_str().ok());
    Entry {
        started: now,
        duration: std::time::Duration::ZERO,
        request_id: id.unwrap_or_default().into(),
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
