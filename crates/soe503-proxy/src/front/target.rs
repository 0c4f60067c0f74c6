//! What a backend is asked for.

use http::header::HOST;
use http::uri::{PathAndQuery, Uri};
use http::{HeaderValue, Request};

/// Puts the request in the form a backend expects: `Host` set, target in origin-form.
///
/// Absolute-form requests carry the authority in the URI; RFC 9112 §3.2.2 lets it override a `Host`
/// field. HTTP/2 requests have this form already.
pub(super) fn to_origin_form<B>(request: &mut Request<B>) {
    if let Some(authority) = request.uri().authority() {
        if let Ok(host) = HeaderValue::try_from(authority.as_str()) {
            request.headers_mut().insert(HOST, host);
        }
        let path = request
            .uri()
            .path_and_query()
            .cloned()
            .unwrap_or(PathAndQuery::from_static("/"));
        *request.uri_mut() = Uri::from(path);
    }
}

/// `uri` with `instead` in place of the first `prefix` bytes of its path; `None` if that is no path,
/// as with `OPTIONS *`.
///
/// Neither the prefix nor what takes its place ends in a slash, so the path that is left begins
/// with one or is empty.
pub(super) fn rewrite(uri: &Uri, prefix: usize, instead: &str) -> Option<Uri> {
    let rest = uri.path().get(prefix..)?;
    if !(rest.is_empty() || rest.starts_with('/')) {
        return None;
    }
    let query = uri.query();
    let mut target =
        String::with_capacity(instead.len() + 1 + rest.len() + query.map_or(0, |q| q.len() + 1));
    target.push_str(instead);
    target.push_str(rest);
    if target.is_empty() {
        target.push('/');
    }
    if let Some(query) = query {
        target.push('?');
        target.push_str(query);
    }
    PathAndQuery::try_from(target).ok().map(Uri::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origin_form_and_host() {
        let cases = [
            (
                "http://shop.example/a?b=1",
                Some("other"),
                "/a?b=1",
                Some("shop.example"),
            ),
            ("http://shop.example", None, "/", Some("shop.example")),
            ("/x?y", Some("h"), "/x?y", Some("h")),
            ("*", Some("h"), "*", Some("h")),
        ];
        for (uri, host, target, expected) in cases {
            let mut request = Request::builder().uri(uri).body(()).unwrap();
            if let Some(host) = host {
                request
                    .headers_mut()
                    .insert(HOST, HeaderValue::from_static(host));
            }
            to_origin_form(&mut request);
            assert_eq!(request.uri().to_string(), target);
            assert_eq!(
                request.headers().get(HOST).map(|h| h.to_str().unwrap()),
                expected
            );
        }
    }

    #[test]
    fn prefixes_are_replaced() {
        for (uri, prefix, instead, expected) in [
            ("/api/x?q=1", "/api", "", Some("/x?q=1")),
            ("/api", "/api", "", Some("/")),
            ("/api?q", "/api", "", Some("/?q")),
            ("/api/", "/api", "", Some("/")),
            ("/api//x", "/api", "", Some("//x")),
            ("/api/x", "/api", "/v2", Some("/v2/x")),
            ("/api", "/api", "/v2", Some("/v2")),
            ("/x", "", "/v2", Some("/v2/x")),
            ("/", "", "/v2", Some("/v2/")),
            ("/api/%2e%2e/x", "/api", "", Some("/%2e%2e/x")),
            ("*", "", "/v2", None),
        ] {
            let rewritten = rewrite(&uri.parse().unwrap(), prefix.len(), instead);
            let rewritten = rewritten.map(|uri| uri.to_string());
            assert_eq!(rewritten.as_deref(), expected, "{uri} {prefix} {instead}");
        }
    }
}
