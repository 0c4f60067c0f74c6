//! Answers of ours, written to the client.

use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use pingora::Result;
use pingora::http::ResponseHeader;
use pingora::proxy::Session;

use crate::trip::StackBody;

/// Gathers the body of an answer that a layer has made. What is not there at once never will be: those of ours are, and a
/// backend's that was given up for another attempt is not.
pub(crate) fn gather(response: Response<StackBody>) -> Response<Bytes> {
    let (mut parts, mut body) = response.into_parts();
    let mut cx = Context::from_waker(Waker::noop());
    let mut gathered = BytesMut::new();
    let whole = loop {
        match body.as_mut().poll_frame(&mut cx) {
            Poll::Ready(Some(Ok(frame))) => {
                if let Ok(data) = frame.into_data() {
                    gathered.extend_from_slice(&data);
                }
            }
            Poll::Ready(None) => break true,
            Poll::Ready(Some(Err(_))) | Poll::Pending => break false,
        }
    };
    if !whole {
        gathered.clear();
        without_body(&mut parts.headers);
    }
    Response::from_parts(parts, gathered.freeze())
}

/// Takes out of the head of an answer what describes a body that is not there.
fn without_body(headers: &mut HeaderMap) {
    let of_body = |name: &str| {
        name.starts_with("content-")
            || matches!(
                name,
                "etag" | "last-modified" | "accept-ranges" | "digest" | "repr-digest" | "trailer"
            )
    };
    let names: Vec<_> = headers
        .keys()
        .filter(|name| of_body(name.as_str()))
        .cloned()
        .collect();
    for name in names {
        headers.remove(name);
    }
}

/// Writes an answer; returns its status. `keep`: the client's connection may go on.
pub(crate) async fn write(
    session: &mut Session,
    response: Response<Bytes>,
    keep: bool,
) -> Result<u16> {
    let (parts, body) = response.into_parts();
    let head_only = session.req_header().method == Method::HEAD;
    let mut head = ResponseHeader::build(parts.status, Some(parts.headers.len() + 1))?;
    for (name, value) in &parts.headers {
        // How it is framed, and whether the connection goes on, is for this side of the proxy to say.
        if *name != TRANSFER_ENCODING
            && *name != CONNECTION
            && (head_only || *name != CONTENT_LENGTH)
        {
            head.append_header(name.clone(), value.clone())?;
        }
    }
    if !head_only {
        head.set_content_length(body.len())?;
    }
    if !keep {
        session.as_downstream_mut().set_keepalive(None);
    }
    let bodiless = head_only || body.is_empty();
    session
        .write_response_header(Box::new(head), bodiless)
        .await?;
    if bodiless {
        session.as_downstream_mut().finish_body().await?;
    } else {
        session.write_response_body(Some(body), true).await?;
    }
    Ok(parts.status.as_u16())
}

/// The answer to a request that is its client's own mistake: no cause, no tag, no backend involved.
pub(crate) fn refusal(status: StatusCode, detail: &str) -> Response<Bytes> {
    let problem = serde_json::json!({
        "title": status.canonical_reason().unwrap_or("Error"),
        "status": status.as_u16(),
        "detail": detail,
        "request_id": soe503::explain::request_id(),
    });
    let mut response = Response::new(Bytes::from(problem.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Makes `to` say what the layers have made of `from`, of which it was a copy.
pub(crate) fn carry_over(from: &HeaderMap, to: &mut ResponseHeader) -> Result<()> {
    if *from == to.headers {
        return Ok(());
    }
    let gone: Vec<_> = to
        .headers
        .keys()
        .filter(|name| !from.contains_key(*name))
        .cloned()
        .collect();
    for name in gone {
        to.remove_header(&name);
    }
    let changed: Vec<_> = from
        .keys()
        .filter(|name| {
            !from
                .get_all(*name)
                .iter()
                .eq(to.headers.get_all(*name).iter())
        })
        .cloned()
        .collect();
    for name in changed {
        to.remove_header(&name);
        for value in from.get_all(&name) {
            to.append_header(name.clone(), value.clone())?;
        }
    }
    Ok(())
}
