//! One request on one stream, and what is known when it fails.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use ::h2::RecvStream;
use ::h2::client::ResponseFuture;
use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response, header};
use http_body::Body;
use soe503::BoxError;
use soe503_core::ledger::{Fault, Http2Fault, Phase};

use super::checkout::{checkout, knock};
use super::session::Lent;
use super::source::Source;
use super::upload::{Sent, Upload};
use super::{H2Body, H2Options, fault, head};
use crate::front::hop;
use crate::upstream::trial::{Trial, is_break};
use crate::upstream::{Upstream, UpstreamBody, split};

/// How often a request that nobody has looked at is sent to the same backend again.
const ROUNDS: u8 = 4;
/// The frame header of HEADERS. How long the block is, only its compressor knows.
const HEADERS: u64 = 9;

/// A stream that was answered: the answer, and the upload, which may go on.
type Answered<B> = (Response<RecvStream>, Upload<B>, Lent);

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
    let (parts, body) = split(request);
    let mut source = Source::new(body);
    let mut rounds = 0;
    loop {
        rounds += 1;
        let lent = match checkout(&mut trial, &options).await {
            Ok(lent) => lent,
            Err(fault) => return Err(trial.failed(fault)),
        };
        let fault = match exchange(&mut trial, &parts, source, lent).await {
            Ok(stream) => return Ok(answered(trial, stream)),
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
    mut lent: Lent,
) -> Result<Answered<B>, Unanswered<B>>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    let connection = std::sync::Arc::clone(lent.stream.connection());
    let written = connection.line.written();
    let head = head::of(parts, &trial.upstream);
    let empty = source.is_end();
    trial.attempt.phase = Phase::Write;
    trial.attempt.bytes_sent = Some(0);
    trial.attempt.bytes_received = Some(0);
    let (mut response, mut upload) = match lent.sender.send_request(head, empty) {
        Ok((response, stream)) => (response, Upload::new(stream, source, empty)),
        // Since the checkout the connection broke, or the peer said that it goes.
        Err(error) if error.is_io() || error.is_go_away() => {
            return Err(Unanswered {
                fault: fault::of_stream(&error, &connection),
                again: Some(source),
            });
        }
        // A head that cannot be expressed in HTTP/2.
        Err(_) => return Err(Fault::Opaque.into()),
    };
    let waited = trial
        .within_deadline(head_of(&mut response, &mut upload))
        .await;
    // Queued behind others, a request that never left was never seen.
    let left = connection.line.written() != written;
    if left {
        trial.attempt.phase = Phase::WaitHeaders;
        trial.attempt.bytes_sent = Some(HEADERS + upload.sent());
    }
    let fault = match waited {
        Some(Ok(response)) => return Ok((response, upload, lent)),
        // Dropping the stream resets it.
        None => return Err(trial.timeout().into()),
        Some(Err(Broken::Client(error))) => {
            return Err(soe503::facts::from_error(&*error).into());
        }
        Some(Err(Broken::Stream(error))) => fault::of_stream(&error, &connection),
    };
    let again = match fault {
        Fault::Http2(ended) => {
            if ended.unprocessed() {
                trial.attempt.bytes_sent = Some(0);
            }
            goes_again(ended, &lent)
        }
        // It had been idle and was closed before anything of ours went out.
        _ => !left && lent.stream.is_reused() && is_break(&fault),
    };
    let mut source = upload.into_source();
    let again = (again && source.rewind()).then_some(source);
    Err(Unanswered { fault, again })
}

impl<B> From<Fault> for Unanswered<B> {
    fn from(fault: Fault) -> Self {
        Self { fault, again: None }
    }
}

/// Whether the same backend is asked once more, at once: it is about to go, or it has allowed fewer
/// streams than we assumed.
fn goes_again(ended: Http2Fault, lent: &Lent) -> bool {
    match ended {
        Http2Fault::GoAway(_) => !ended.sheds(),
        Http2Fault::Reset(Http2Fault::REFUSED_STREAM) => {
            lent.streams > lent.sender.current_max_send_streams()
        }
        _ => false,
    }
}

/// Why there is no head.
enum Broken {
    Stream(::h2::Error),
    Client(BoxError),
}

/// The head of the answer, while the body of the request goes up.
async fn head_of<B>(
    response: &mut ResponseFuture,
    upload: &mut Upload<B>,
) -> Result<Response<RecvStream>, Broken>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    poll_fn(|cx| {
        if let Poll::Ready(answer) = Pin::new(&mut *response).poll(cx) {
            return Poll::Ready(answer.map_err(Broken::Stream));
        }
        if !upload.is_over()
            && let Poll::Ready(Sent::Broken(error)) = Pin::new(&mut *upload).poll(cx)
        {
            return Poll::Ready(Err(Broken::Client(error)));
        }
        Poll::Pending
    })
    .await
}

/// The answer, whose body goes on alone.
fn answered<B>(trial: Trial, (response, mut upload, lent): Answered<B>) -> Response<UpstreamBody>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<BoxError>,
{
    lent.stream.answered();
    // A task of its own: the answer may be waiting for its reader while the request is not.
    let lease = lent.stream.clone();
    let upload = (!upload.is_over()).then(|| {
        upload.forget();
        let upload = async move {
            let _sent = upload.await;
            drop(lease);
        };
        tokio::spawn(upload).abort_handle()
    });
    let length = response
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    let attempt = &trial.attempt;
    let mut response = response
        .map(|stream| UpstreamBody::H2(H2Body::new(stream, length, lent.stream, upload, attempt)));
    hop::strip(response.headers_mut());
    trial.keep_facts(response)
}
