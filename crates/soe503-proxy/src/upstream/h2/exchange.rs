//! One request on one stream, and what is known when it fails.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use ::h2::RecvStream;
use ::h2::client::ResponseFuture;
use bytes::Bytes;
use http::request::Parts;
use http::uri::Scheme;
use http::{Request, Response, header};
use http_body::Body;
use soe503::BoxError;
use soe503_core::ledger::{Fault, Http2Fault, Phase};

use super::checkout::{checkout, knock};
use super::session::Lent;
use super::source::Source;
use super::upload::{Sent, Upload};
use super::{H2Body, H2Options, fault, head};
use crate::upstream::trial::{Trial, is_break};
use crate::upstream::{Upstream, UpstreamBody};

/// How often a request that nobody has looked at is sent to the same backend again.
const ROUNDS: u8 = 4;
/// The frame header of HEADERS. How long the block is, only its compressor knows.
const HEADERS: u64 = 9;

/// How one stream ended.
enum Ended<B> {
    /// With an answer; the upload may go on.
    Answered(Response<RecvStream>, Upload<B>, Lent),
    /// Without one, and nobody has looked at the request: it may go again, with this body.
    Unseen(Fault, Source<B>),
    /// Without one.
    Failed(Fault),
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
    let (parts, body) = request.into_parts();
    let mut source = Source::new(body);
    let mut rounds = 0;
    loop {
        rounds += 1;
        let lent = match checkout(&mut trial, &options).await {
            Ok(lent) => lent,
            Err(fault) => return Err(trial.failed(fault)),
        };
        let fault = match exchange(&mut trial, &parts, source, lent).await {
            Ended::Answered(response, upload, lent) => {
                return Ok(answered(trial, response, upload, lent));
            }
            Ended::Unseen(_, again) if rounds < ROUNDS => {
                source = again;
                continue;
            }
            Ended::Unseen(fault, _) | Ended::Failed(fault) => fault,
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
) -> Ended<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    let connection = std::sync::Arc::clone(lent.stream.connection());
    let written = connection.line.written();
    let head = head::of(parts, &Scheme::HTTP, trial.upstream.address());
    let empty = source.is_end();
    trial.attempt.phase = Phase::Write;
    trial.attempt.bytes_sent = Some(0);
    trial.attempt.bytes_received = Some(0);
    let (mut response, mut upload) = match lent.sender.send_request(head, empty) {
        Ok((response, stream)) => (response, Upload::new(stream, source, empty)),
        // Since the checkout the connection broke, or the peer said that it goes.
        Err(error) if error.is_io() || error.is_go_away() => {
            return Ended::Unseen(fault::of_stream(&error, &connection), source);
        }
        // A head that cannot be expressed in HTTP/2.
        Err(_) => return Ended::Failed(Fault::Opaque),
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
        Some(Ok(response)) => return Ended::Answered(response, upload, lent),
        // Dropping the stream resets it.
        None => return Ended::Failed(trial.timeout()),
        Some(Err(Broken::Client(error))) => {
            return Ended::Failed(soe503::facts::from_error(&*error));
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
    if again && source.rewind() {
        return Ended::Unseen(fault, source);
    }
    Ended::Failed(fault)
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
fn answered<B>(
    trial: Trial,
    response: Response<RecvStream>,
    mut upload: Upload<B>,
    lent: Lent,
) -> Response<UpstreamBody>
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
    let response = response
        .map(|stream| UpstreamBody::H2(H2Body::new(stream, length, lent.stream, upload, attempt)));
    trial.answered(response)
}
