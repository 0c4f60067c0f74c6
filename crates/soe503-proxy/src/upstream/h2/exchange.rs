//! One request on one stream, and what is known when it fails.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Request, Response};
use http_body::Body;
use soe503::BoxError;
use soe503_core::explain::is_ours;
use soe503_core::ledger::{Fault, Http2Fault, Phase};
use soe503_h2::ResponseHead;

use super::checkout::{checkout, knock};
use super::link::Link;
use super::source::Source;
use super::stream::{Place, Stream};
use super::upload::{Sent, Upload};
use super::{H2Body, H2Options, head};
use crate::front::hop;
use crate::upstream::hops::Telling;
use crate::upstream::trial::{Trial, is_break};
use crate::upstream::{Upstream, UpstreamBody, split};

/// How often a request that nobody has looked at is sent to the same backend again.
const ROUNDS: u8 = 4;

/// A stream that was answered: the answer, and the upload, which may go on.
struct Answered<B> {
    head: Box<ResponseHead>,
    /// The head is all of it.
    over: bool,
    stream: Stream,
    upload: Upload<B>,
}

/// A stream that was not answered.
struct Unanswered<B> {
    fault: Fault,
    /// Nobody has looked at the request: it may go to the same backend again, with this body.
    again: Option<Source<B>>,
}

/// Sends `request` to `upstream` and waits for the head of its answer.
pub(in crate::upstream) async fn run<B>(
    upstream: Upstream,
    options: H2Options,
    request: Request<B>,
) -> Result<Response<UpstreamBody>, BoxError>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<BoxError>,
{
    let mut trial = Trial::begin(upstream, request.extensions());
    let telling = Telling::to(&trial.upstream, request.extensions());
    let (mut parts, body) = split(request);
    if let Some(telling) = telling {
        telling.write(&mut parts);
    }
    if let Some(span) = &trial.span {
        span.write(&mut parts);
    }
    let mut source = Source::new(body);
    let mut rounds = 0;
    loop {
        rounds += 1;
        let link = match checkout(&mut trial, &options).await {
            Ok(link) => link,
            Err(fault) => return Err(trial.failed(fault)),
        };
        let fault = match exchange(&mut trial, &parts, source, &link).await {
            Ok(answer) => return Ok(answered(trial, answer)),
            Err(Unanswered {
                again: Some(again), ..
            }) if rounds < ROUNDS => {
                source = again;
                continue;
            }
            Err(Unanswered { fault, .. }) => fault,
        };
        if is_break(&fault) && trial.attempt.bytes_sent != Some(0) {
            Box::pin(knock(&mut trial, &options)).await;
        }
        return Err(trial.failed(fault));
    }
}

/// One stream, until its answer's head or its end.
async fn exchange<B>(
    trial: &mut Trial,
    parts: &Parts,
    source: Source<B>,
    link: &Arc<Link>,
) -> Result<Answered<B>, Unanswered<B>>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    trial.attempt.bytes_sent = Some(0);
    trial.attempt.bytes_received = Some(0);
    // It has no path (RFC 9113 §8.5), and the front refuses it.
    if parts.method == Method::CONNECT {
        return Err(Fault::Opaque.into());
    }
    let empty = source.is_end();
    let opened = head::with(parts, &trial.upstream, trial.caller_deadline, |head| {
        Stream::open(link, head, empty)
    });
    let Some((stream, place)) = opened else {
        return Err(Unanswered {
            fault: Fault::Closed,
            again: Some(source),
        });
    };
    let mut upload = Upload::new(source, place.end, empty);
    let waited = trial
        .within_deadline(poll_fn(|cx| poll_head(&stream, &mut upload, cx)))
        .await;
    // Queued behind others, a request that never left was never seen.
    let left = left(link, place, upload.sent());
    if left > 0 {
        trial.attempt.phase = Phase::WaitHeaders;
        trial.attempt.bytes_sent = Some(left);
    }
    let fault = match waited {
        Some(Ok((head, over))) => {
            return Ok(Answered {
                head,
                over,
                stream,
                upload,
            });
        }
        // Dropping the stream resets it.
        None => return Err(trial.timeout().into()),
        Some(Err(Broken::Client(error))) => {
            return Err(soe503::facts::from_error(&*error).into());
        }
        Some(Err(Broken::Stream(fault))) => fault,
    };
    let again = match fault {
        Fault::Http2(ended) => {
            if ended.unprocessed() {
                trial.attempt.bytes_sent = Some(0);
            }
            goes_again(ended, place, link)
        }
        // It had been idle and was closed before anything of ours went out.
        _ => left == 0 && trial.attempt.reused && is_break(&fault),
    };
    let mut source = upload.into_source();
    let again = (again && source.rewind()).then_some(source);
    Err(Unanswered { fault, again })
}

/// Bytes of a request that were handed to the socket: at least so many, and 0 only if it was none.
fn left(link: &Link, place: Place, (sent, end): (u64, u64)) -> u64 {
    let handed = link.lock().handed();
    let head = handed.min(place.end).saturating_sub(place.begin);
    // Of the body, what is not among the bytes that wait. Others' frames may be among them too.
    head + sent.saturating_sub(end.saturating_sub(handed))
}

impl<B> From<Fault> for Unanswered<B> {
    fn from(fault: Fault) -> Self {
        Self { fault, again: None }
    }
}

/// Whether the same backend is asked once more, at once: it is about to go, or it has allowed fewer
/// streams than we assumed.
fn goes_again(ended: Http2Fault, place: Place, link: &Link) -> bool {
    match ended {
        Http2Fault::GoAway(_) => !ended.sheds(),
        Http2Fault::Reset(Http2Fault::REFUSED_STREAM) => {
            place.streams > link.lock().h2.max_streams()
        }
        _ => false,
    }
}

/// Why there is no head.
enum Broken {
    Stream(Fault),
    Client(BoxError),
}

/// The head of the answer, while the body of the request goes up.
fn poll_head<B>(
    stream: &Stream,
    upload: &mut Upload<B>,
    cx: &mut Context<'_>,
) -> Poll<Result<(Box<ResponseHead>, bool), Broken>>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    if let Poll::Ready(answer) = stream.poll_head(cx) {
        return Poll::Ready(answer.map_err(Broken::Stream));
    }
    match upload.poll(stream, cx) {
        Poll::Ready(Sent::Broken(error)) => Poll::Ready(Err(Broken::Client(error))),
        _ => Poll::Pending,
    }
}

/// The answer, whose body goes on alone.
fn answered<B>(trial: Trial, answer: Answered<B>) -> Response<UpstreamBody>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<BoxError>,
{
    let Answered {
        head,
        over,
        stream,
        mut upload,
    } = answer;
    // A task of its own: the answer may be waiting for its reader while the request is not.
    let upload = (!upload.is_over()).then(|| {
        upload.forget();
        tokio::spawn(upload.finish(stream.share())).abort_handle()
    });
    let ResponseHead { mut parts, length } = *head;
    hop::strip(&mut parts.headers);
    let stream = (!over).then_some(stream);
    let body = H2Body::new(stream, length, upload, &trial.attempt);
    let explains = parts.headers.keys().any(|name| is_ours(name.as_str()));
    trial.keep_facts(
        Response::from_parts(parts, UpstreamBody::H2(body)),
        explains,
    )
}
