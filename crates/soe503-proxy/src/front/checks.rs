//! What a request must look like before anything is done for it.

use http::header::HOST;
use http::{Method, Request, Version};

/// Why a request is refused outright.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unacceptable {
    /// HTTP/1.1 without `Host`, or with several (RFC 9112 §3.2).
    Host,
    /// `CONNECT`: this is not a forward proxy.
    Connect,
}

impl Unacceptable {
    /// The status that says so.
    pub(crate) fn status(self) -> http::StatusCode {
        match self {
            Self::Host => http::StatusCode::BAD_REQUEST,
            Self::Connect => http::StatusCode::METHOD_NOT_ALLOWED,
        }
    }

    /// One sentence for the client.
    pub(crate) fn detail(self) -> &'static str {
        match self {
            Self::Host => "An HTTP/1.1 request carries exactly one Host header.",
            Self::Connect => "CONNECT is not available here: this is a reverse proxy.",
        }
    }
}

/// Refuses what no backend should have to make sense of.
pub(crate) fn check<B>(request: &Request<B>) -> Result<(), Unacceptable> {
    if request.method() == Method::CONNECT {
        return Err(Unacceptable::Connect);
    }
    if request.version() == Version::HTTP_11 {
        let mut hosts = request.headers().get_all(HOST).iter();
        if hosts.next().is_none() || hosts.next().is_some() {
            return Err(Unacceptable::Host);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_host_and_no_connect() {
        let cases = [
            (Method::GET, Version::HTTP_11, 1, Ok(())),
            (Method::GET, Version::HTTP_11, 0, Err(Unacceptable::Host)),
            (Method::GET, Version::HTTP_11, 2, Err(Unacceptable::Host)),
            (Method::GET, Version::HTTP_10, 0, Ok(())),
            (Method::GET, Version::HTTP_2, 0, Ok(())),
            (
                Method::CONNECT,
                Version::HTTP_11,
                1,
                Err(Unacceptable::Connect),
            ),
        ];
        for (method, version, hosts, expected) in cases {
            let mut request = Request::builder()
                .method(&method)
                .version(version)
                .uri("/")
                .body(())
                .unwrap();
            for _ in 0..hosts {
                request
                    .headers_mut()
                    .append(HOST, http::HeaderValue::from_static("a"));
            }
            assert_eq!(
                check(&request),
                expected,
                "{method} {version:?} {hosts} hosts"
            );
        }
    }
}
