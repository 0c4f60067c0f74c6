//! Sending a message: one request, one connection.
//!
//! Messages are rare, and a connection that is not kept cannot be stale. What a target answers is read as far as it matters:
//! its status, `Retry-After`, and a line for people.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::letter::Parcel;
use crate::config::{AlertUrl, Scheme, Target};
use crate::control::check::{Driven, tls_trouble};
use crate::control::dns::Resolve;
use crate::net::{Stream, Tls};
use crate::tls::PoolTls;

/// What we call ourselves.
const AGENT: &str = concat!("soe503/", env!("CARGO_PKG_VERSION"));
/// The largest head of an answer that is read, in bytes.
const MAX_HEAD: usize = 16 * 1024;
/// As much of its body, in bytes.
const MAX_BODY: usize = 8 * 1024;
/// As many addresses of a name are tried, each for so long: one that nobody answers leaves time for the next.
const MAX_ADDRESSES: usize = 4;
const CONNECT: Duration = Duration::from_secs(2);

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// It wants to be left alone for so long.
    pub retry_after: Option<Duration>,
    /// Its body as one line, or the beginning of it.
    pub text: String,
}

/// Something that sends messages.
pub trait Post: Send + Sync + 'static {
    /// Sends `parcel` to `to`; the caller limits the time.
    fn post(
        &self,
        to: &AlertUrl,
        tls: Option<&PoolTls>,
        parcel: Parcel,
    ) -> impl Future<Output = Result<Answer, String>> + Send;
}

/// Over the network, to names that `R` resolves.
#[derive(Debug)]
pub struct Network<R>(pub Arc<R>);

impl<R: Resolve> Post for Network<R> {
    async fn post(
        &self,
        to: &AlertUrl,
        tls: Option<&PoolTls>,
        parcel: Parcel,
    ) -> Result<Answer, String> {
        let stream = self.connect(&to.target).await?;
        let stream = match (to.scheme, tls) {
            (Scheme::Http, _) => Stream::Tcp(stream),
            (Scheme::Https, None) => {
                return Err("the URL is `https` now and was `http` before: reload".into());
            }
            (Scheme::Https, Some(tls)) => {
                let tls = tls.to(&to.target.host());
                let tls = tls.ok_or("no certificate can be for this host")?;
                let shaken = tls.connect_anew(stream).await;
                let (stream, _) = shaken.map_err(tls_trouble)?;
                Stream::Tls(Tls::Client(Box::new(stream)))
            }
        };
        exchange(stream, to, parcel).await
    }
}

impl<R: Resolve> Network<R> {
    async fn connect(&self, target: &Target) -> Result<TcpStream, String> {
        let addresses: Vec<SocketAddr> = match target {
            Target::Address(address) => vec![*address],
            Target::Dns { host, port } => {
                let found = self.0.resolve(host).await.map_err(|e| e.to_string())?;
                let ips = found.addresses.into_iter();
                ips.map(|ip| SocketAddr::new(ip, port.get())).collect()
            }
            Target::Srv { name } => {
                let found = self.0.resolve(name).await.map_err(|e| e.to_string())?;
                found
                    .services
                    .iter()
                    .map(|service| service.address)
                    .collect()
            }
        };
        let mut failed = "no address".to_owned();
        for address in addresses.into_iter().take(MAX_ADDRESSES) {
            let connecting = tokio::time::timeout(CONNECT, TcpStream::connect(address));
            match connecting.await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => failed = format!("{address}: {error}"),
                Err(_) => {
                    failed = format!("{address}: no connection within {}s", CONNECT.as_secs());
                }
            }
        }
        Err(failed)
    }
}

async fn exchange(stream: Stream, to: &AlertUrl, parcel: Parcel) -> Result<Answer, String> {
    let path = joined(to.path(), parcel.path);
    let mut request = Request::builder()
        .method(parcel.method)
        .uri(path)
        .header(header::HOST, to.target.authority())
        .header(header::USER_AGENT, AGENT)
        .header(header::ACCEPT, "*/*")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONNECTION, "close")
        .body(Full::new(Bytes::from(parcel.body)))
        .map_err(|error| format!("cannot be asked for: {error}"))?;
    request.headers_mut().extend(parcel.fields);
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(MAX_HEAD)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| told(&error))?;
    let mut driven = Driven::new(connection);
    let sent = driven.run(sender.send_request(request)).await;
    let response = sent.map_err(|error| told(&error))?;
    let status = response.status().as_u16();
    let retry_after = retry_after(response.headers());
    // The status has decided: a body that does not come costs the text, not the message.
    let body = Limited::new(response.into_body(), MAX_BODY).collect();
    let body = tokio::time::timeout(Duration::from_secs(1), driven.run(body)).await;
    let text = match body {
        Ok(Ok(body)) => line(&String::from_utf8_lossy(&body.to_bytes())),
        _ => String::new(),
    };
    Ok(Answer {
        status,
        retry_after,
        text,
    })
}

/// `base` with `path` behind it, unless it ends so already.
fn joined(base: &str, path: &str) -> String {
    let (base, query) = match base.split_once('?') {
        Some((base, query)) => (base, format!("?{query}")),
        None => (base, String::new()),
    };
    let bare = base.trim_end_matches('/');
    match path.is_empty() {
        true => format!("{base}{query}"),
        false if bare.ends_with(path) => format!("{bare}{query}"),
        false => format!("{bare}{path}{query}"),
    }
}

/// In seconds or as a date (RFC 9110 §10.2.3).
fn retry_after(headers: &HeaderMap<HeaderValue>) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = httpdate::parse_http_date(value).ok()?;
    let at = at.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(at.saturating_sub(crate::control::clock::unix_now()))
}

/// What a server said, for people.
fn line(text: &str) -> String {
    let visible = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    visible.collect::<String>().trim().to_owned()
}

/// An error with what is behind it.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    line(&text)
}

#[cfg(test)]
#[path = "post_tests.rs"]
mod tests;
