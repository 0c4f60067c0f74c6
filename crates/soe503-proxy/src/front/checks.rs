//! What a request must look like before anything is done for it.

use http::header::HOST;
use http::{Method, Request, Version};
use soe503_h1::is_host;

/// Why a request is refused outright.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unacceptable {
    /// HTTP/1.1 without `Host`, or with several (RFC 9112 §3.2).
    Host,
    /// HTTP/2 without `:authority`, or with one that `Host` contradicts or that names a user.
    Authority,
    /// A target longer than the listener allows (RFC 9110 §15.5.15).
    Target,
    /// `CONNECT`: this is not a forward proxy.
    Connect,
}

impl Unacceptable {
    /// The status that says so.
    pub(crate) fn status(self) -> http::StatusCode {
        match self {
            Self::Host | Self::Authority => http::StatusCode::BAD_REQUEST,
            Self::Target => http::StatusCode::URI_TOO_LONG,
            Self::Connect => http::StatusCode::METHOD_NOT_ALLOWED,
        }
    }

    /// One sentence for the client.
    pub(crate) fn detail(self) -> &'static str {
        match self {
            Self::Host => "An HTTP/1.1 request carries exactly one Host header.",
            Self::Authority => {
                "An HTTP/2 request names one host, perhaps with a port, and no user."
            }
            Self::Target => "The request's target is longer than this server accepts.",
            Self::Connect => "CONNECT is not available here: this is a reverse proxy.",
        }
    }
}

/// Refuses what no backend should have to make sense of.
pub(crate) fn check<B>(request: &Request<B>, max_target: usize) -> Result<(), Unacceptable> {
    if request.method() == Method::CONNECT {
        return Err(Unacceptable::Connect);
    }
    let target = request.uri().path_and_query();
    if target.is_some_and(|target| target.as_str().len() > max_target) {
        return Err(Unacceptable::Target);
    }
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = hosts.next();
    if hosts.next().is_some() {
        return Err(match request.version() {
            // An `:authority` and a `Host` that says something else.
            Version::HTTP_2 => Unacceptable::Authority,
            _ => Unacceptable::Host,
        });
    }
    match request.version() {
        Version::HTTP_11 if host.is_none() => Err(Unacceptable::Host),
        // HTTP/2's `:authority` has become the host. HTTP/1's parser has looked already.
        Version::HTTP_2 if !host.is_some_and(|host| is_host(host.as_bytes())) => {
            Err(Unacceptable::Authority)
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_has_a_limit() {
        for (target, expected) in [
            ("/345678", Ok(())),
            ("/34567?", Ok(())),
            ("/345678?", Err(Unacceptable::Target)),
        ] {
            let request = Request::builder().version(Version::HTTP_10).uri(target);
            assert_eq!(check(&request.body(()).unwrap(), 7), expected, "{target}");
        }
    }

    #[test]
    fn fm40_one_host_and_no_connect() {
        let cases = [
            (Method::GET, Version::HTTP_11, 1, Ok(())),
            (Method::GET, Version::HTTP_11, 0, Err(Unacceptable::Host)),
            (Method::GET, Version::HTTP_11, 2, Err(Unacceptable::Host)),
            (Method::GET, Version::HTTP_10, 0, Ok(())),
            (
                Method::GET,
                Version::HTTP_2,
                0,
                Err(Unacceptable::Authority),
            ),
            (Method::GET, Version::HTTP_2, 1, Ok(())),
            (
                Method::GET,
                Version::HTTP_2,
                2,
                Err(Unacceptable::Authority),
            ),
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
                check(&request, 64),
                expected,
                "{method} {version:?} {hosts} hosts"
            );
        }
    }

    #[test]
    fn an_authority_of_http2_is_one_and_names_no_user() {
        let refused = [
            "",
            "me@a.example",
            "a, b",
            "a,b",
            "a b",
            "a/b",
            "a?",
            "a#",
            "a\\b",
            "a:b",
            "a:65536",
            "[::1",
            "[::1]x",
            ":80",
        ];
        let taken = ["a.example:80", "10.0.0.1", "[::1]:8080", "a_b", "a"];
        let expected = taken.map(|host| (host, Ok(())));
        for (host, expected) in expected
            .into_iter()
            .chain(refused.map(|host| (host, Err(Unacceptable::Authority))))
        {
            let request = Request::builder().version(Version::HTTP_2).uri("/");
            let request = request.header(HOST, host).body(()).unwrap();
            assert_eq!(check(&request, 64), expected, "{host}");
        }
    }
}
