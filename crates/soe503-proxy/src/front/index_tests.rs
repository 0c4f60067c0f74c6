//! The index against a look at all routes.

use http::Method;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// Few different parts, so that routes overlap and requests meet them.
fn host_text() -> impl Strategy<Value = String> {
    let labels = prop::collection::vec(select(vec!["a", "b", "shop", "x-1"]), 1..5);
    labels.prop_map(|labels| labels.join("."))
}

fn path_text() -> impl Strategy<Value = String> {
    let segment = select(vec!["", "a", "b", "api", "apix", "%2F"]);
    prop::collection::vec(segment, 0..5).prop_map(|segments| {
        let slashed = segments.into_iter().map(|segment| format!("/{segment}"));
        slashed.collect()
    })
}

fn method() -> impl Strategy<Value = Method> {
    select(vec![Method::GET, Method::POST, Method::PUT])
}

fn a_match() -> impl Strategy<Value = Match> {
    let host = prop_oneof![
        Just(Host::Any),
        host_text().prop_map(|host| Host::Exact(host.into())),
        host_text().prop_map(|host| Host::Under(host.into())),
    ];
    let prefix = path_text().prop_map(|path| path.trim_end_matches('/').to_owned());
    let methods = prop::collection::vec(method(), 0..3);
    (host, prefix, methods).prop_map(|(host, prefix, methods)| Match {
        host,
        path_prefix: prefix.into(),
        methods,
        ..Match::default()
    })
}

/// As a client may write it.
fn asked_host() -> impl Strategy<Value = Option<String>> {
    let odd = select(vec!["", ".", "..", ".a", "a.", "[::1]:80", ":80", "a..b"]);
    let dressed = (
        host_text(),
        any::<bool>(),
        select(vec!["", ".", ":8080", ".:80"]),
    );
    prop_oneof![
        1 => Just(None),
        1 => odd.prop_map(|odd| Some(odd.to_owned())),
        8 => dressed.prop_map(|(host, upper, end)| {
            let host = if upper { host.to_uppercase() } else { host };
            Some(host + end)
        }),
    ]
}

fn asked_path() -> impl Strategy<Value = String> {
    prop_oneof![
        1 => select(vec!["", "*", "a", "a/b"]).prop_map(str::to_owned),
        9 => path_text(),
    ]
}

/// In the order of the config.
fn sorted(mut all: Vec<Match>) -> Vec<Match> {
    all.sort_by_key(|matches| std::cmp::Reverse(matches.precedence()));
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn finds_what_a_look_at_all_routes_finds(
        all in prop::collection::vec(a_match(), 0..60),
        requests in prop::collection::vec((asked_host(), asked_path(), method()), 1..30),
    ) {
        let all = sorted(all);
        let index = Index::new(&all);
        for (host, path, method) in requests {
            let host = host.as_deref();
            let expected = all.iter().position(|m| m.accepts(host, &path, &method));
            let found = index.find(host, &path, |route| all[route].accepts_method(&method));
            prop_assert_eq!(found, expected, "{:?} {}", host, path);
        }
    }
}

#[test]
fn more_suffixes_than_fit_are_all_tried() {
    // Only the shortest accepts the path, and eleven longer ones come first.
    let name = |labels: usize| vec!["a"; labels].join(".");
    let under = |labels: usize, path: &str| Match {
        host: Host::Under(name(labels).into()),
        path_prefix: path.into(),
        ..Match::default()
    };
    let mut all: Vec<_> = (2..=12).map(|labels| under(labels, "/no")).collect();
    all.push(under(1, "/yes"));
    let all = sorted(all);
    let index = Index::new(&all);
    let found = index.find(Some(&name(14)), "/yes", |_| true);
    assert_eq!(found.map(|route| &*all[route].path_prefix), Some("/yes"));
}
