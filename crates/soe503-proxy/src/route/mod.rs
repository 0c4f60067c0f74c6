//! Which pool answers a request: host, then path, then method.
//!
//! The most specific route wins, whatever the order in the file: an exact host before a
//! `*.suffix` before any host, then the longest path prefix, then a route that names methods
//! before one that does not. Two routes that are equally specific keep the file's order.

use http::Method;

/// What a route asks of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteMatch {
    /// Which hosts.
    pub host: HostMatch,
    /// The path begins with these segments; `/` matches every path.
    pub path_prefix: String,
    /// Only these methods; empty for all.
    pub methods: Vec<Method>,
}

/// Which hosts a route serves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum HostMatch {
    /// Every host.
    #[default]
    Any,
    /// Exactly this one, in lower case.
    Exact(String),
    /// Every name that ends in this suffix, which begins with a dot, in lower case.
    Suffix(String),
}

/// Routes with what they lead to, most specific first.
#[derive(Debug)]
pub struct RouteTable<T> {
    entries: Vec<(RouteMatch, T)>,
}

impl<T> RouteTable<T> {
    /// Sorts `routes` by how specific they are.
    pub fn new(mut routes: Vec<(RouteMatch, T)>) -> Self {
        routes.sort_by_key(|(route, _)| std::cmp::Reverse(route.specificity()));
        Self { entries: routes }
    }

    /// The route for a request, or `None` if no route matches.
    ///
    /// `host` may carry a port, which is ignored; case does not matter.
    pub fn find(&self, host: &str, path: &str, method: &Method) -> Option<&T> {
        // The smallest config has one route for everything: nothing to compare.
        if let [(only, target)] = self.entries.as_slice()
            && only.matches_everything()
        {
            return Some(target);
        }
        let host = without_port(host);
        self.entries.iter().find(|(route, _)| route.matches(host, path, method)).map(|(_, target)| target)
    }
}

impl RouteMatch {
    fn matches(&self, host: &str, path: &str, method: &Method) -> bool {
        self.host.matches(host)
            && prefix_matches(&self.path_prefix, path)
            && (self.methods.is_empty() || self.methods.contains(method))
    }

    fn matches_everything(&self) -> bool {
        self.host == HostMatch::Any && matches!(self.path_prefix.as_str(), "" | "/") && self.methods.is_empty()
    }

    fn specificity(&self) -> (u8, usize, usize, bool) {
        let (kind, length) = match &self.host {
            HostMatch::Exact(host) => (2, host.len()),
            HostMatch::Suffix(suffix) => (1, suffix.len()),
            HostMatch::Any => (0, 0),
        };
        (kind, length, self.path_prefix.trim_end_matches('/').len(), !self.methods.is_empty())
    }
}

impl HostMatch {
    fn matches(&self, host: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(name) => name.eq_ignore_ascii_case(host),
            Self::Suffix(suffix) => {
                host.len() > suffix.len()
                    && host
                        .get(host.len() - suffix.len()..)
                        .is_some_and(|end| end.eq_ignore_ascii_case(suffix))
            }
        }
    }
}

/// A prefix matches whole segments: `/api` matches `/api` and `/api/x`, not `/apix`.
fn prefix_matches(prefix: &str, path: &str) -> bool {
    let prefix = prefix.trim_end_matches('/');
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        || (prefix.is_empty() && path == "*")
}

/// The host without its port; an IPv6 literal keeps its brackets.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && (!name.contains(':') || name.ends_with(']')) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(host: HostMatch, path: &str, methods: &[Method]) -> RouteMatch {
        RouteMatch { host, path_prefix: path.to_owned(), methods: methods.to_vec() }
    }

    #[test]
    fn the_most_specific_route_wins() {
        let exact = || HostMatch::Exact("shop.example".to_owned());
        let table = RouteTable::new(vec![
            (route(HostMatch::Any, "/", &[]), "any"),
            (route(HostMatch::Suffix(".example".to_owned()), "/", &[]), "suffix"),
            (route(exact(), "/", &[]), "shop"),
            (route(exact(), "/api", &[]), "api"),
            (route(exact(), "/api", &[Method::POST]), "api-post"),
            (route(exact(), "/api/v2/", &[]), "v2"),
        ]);
        let cases = [
            ("other", "/", Method::GET, "any"),
            ("Shop.Example:8080", "/", Method::GET, "shop"),
            ("shop.example", "/api", Method::GET, "api"),
            ("shop.example", "/apix", Method::GET, "shop"),
            ("shop.example", "/api/x", Method::POST, "api-post"),
            ("shop.example", "/api/v2", Method::GET, "v2"),
            ("shop.example", "/api/v2/x", Method::POST, "v2"),
            ("a.example", "/api", Method::GET, "suffix"),
            (".example", "/", Method::GET, "any"),
            ("[::1]:80", "/", Method::GET, "any"),
        ];
        for (host, path, method, expected) in cases {
            assert_eq!(table.find(host, path, &method), Some(&expected), "{method} {host}{path}");
        }
    }

    #[test]
    fn no_route_is_none() {
        let table = RouteTable::new(vec![(route(HostMatch::Exact("a".into()), "/x", &[]), ())]);
        assert_eq!(table.find("a", "/y", &Method::GET), None);
        assert_eq!(table.find("b", "/x", &Method::GET), None);
    }

    #[test]
    fn ports_and_literals() {
        for (given, expected) in [("a:80", "a"), ("a", "a"), ("[::1]:80", "[::1]"), ("[::1]", "[::1]"), ("::1", "::1")] {
            assert_eq!(without_port(given), expected);
        }
    }
}
