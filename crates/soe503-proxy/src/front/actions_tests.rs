use super::*;
use crate::config;

/// What a route with these keys does.
fn actions(keys: &str) -> Option<Actions> {
    let text = format!(
        "[[listeners]]\naddress = \"127.0.0.1:0\"\n[[routes]]\nmatch = {{ path_prefix = \"/api\" }}\n\
         pool = \"app\"\n{keys}\n[pools.app]\nbackends = [\"http://127.0.0.1:1\"]\n"
    );
    let config = config::from_str("test", &text);
    let config = config.unwrap_or_else(|report| panic!("{report}"));
    Actions::of(&config.routes[0])
}

fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
    let fields = fields.iter();
    fields
        .map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v)))
        .collect()
}

fn lines(headers: &HeaderMap) -> Vec<String> {
    let mut lines: Vec<_> = headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    lines.sort();
    lines
}

#[test]
fn a_route_without_rules_has_no_actions() {
    assert!(actions("").is_none());
    assert!(actions("host = \"preserve\"\nrequest_headers = {}").is_none());
    assert!(actions("max_body = \"1KiB\"").is_some());
}

#[test]
fn rules_remove_then_set_then_add() {
    let rules = "{ remove = [\"X-Gone\", \"x-again\"], set = { x-set = \"new\" }, \
                 add = { x-more = \"2\", x-again = \"only\" } }";
    let given = headers(&[
        ("x-gone", "1"),
        ("x-set", "old"),
        ("x-more", "1"),
        ("x-again", "1"),
        ("x-other", "1"),
    ]);
    let expected = [
        "x-again: only",
        "x-more: 1",
        "x-more: 2",
        "x-other: 1",
        "x-set: new",
    ];
    let mut request = given.clone();
    let on_requests = actions(&format!("request_headers = {rules}")).unwrap();
    on_requests.on_request(&mut request);
    assert_eq!(lines(&request), expected);
    let mut response = given.clone();
    on_requests.on_response(&mut response, false);
    assert_eq!(response, given, "rules for requests are not for answers");
    let on_answers = actions(&format!("response_headers = {rules}")).unwrap();
    let mut interim = given.clone();
    on_answers.on_interim(&mut interim);
    let left = ["x-more: 1", "x-other: 1", "x-set: old"];
    assert_eq!(lines(&interim), left, "only what is hidden stays so");
    on_answers.on_response(&mut response, false);
    assert_eq!(lines(&response), expected);
}

#[test]
fn an_answer_of_ours_keeps_what_it_says() {
    let actions = actions(
        "response_headers = { set = { cache-control = \"max-age=60\", content-encoding = \"br\", \
         strict-transport-security = \"max-age=1\" }, add = { retry-after = \"9\" }, \
         remove = [\"x-error-code\"] }",
    )
    .unwrap();
    let ours = [
        ("cache-control", "no-store"),
        ("x-error-code", "SOE-503"),
        ("retry-after", "2"),
    ];
    let mut answer = headers(&ours);
    actions.on_response(&mut answer, true);
    assert_eq!(
        lines(&answer),
        [
            "cache-control: no-store",
            "retry-after: 2",
            "strict-transport-security: max-age=1",
            "x-error-code: SOE-503",
        ]
    );
}

#[test]
fn the_host_and_the_path_that_a_backend_is_asked_for() {
    for (keys, host, path, asked, prefix) in [
        (
            "host = \"app:81\"",
            "app:81",
            "/api/x?q",
            Some("shop"),
            None,
        ),
        ("host = \"backend\"", "shop", "/api/x?q", Some("shop"), None),
        ("strip_prefix = true", "shop", "/x?q", None, Some("/api")),
        ("rewrite_prefix = \"/v2\"", "shop", "/v2/x?q", None, None),
        ("rewrite_prefix = \"/\"", "shop", "/x?q", None, Some("/api")),
    ] {
        let actions = actions(keys).unwrap();
        let mut request = Request::builder()
            .uri("/api/x?q")
            .header(HOST, "shop")
            .body(())
            .unwrap();
        let said = actions.redirect(&mut request);
        actions.on_request(request.headers_mut());
        assert_eq!(request.headers()[HOST], host, "{keys}");
        assert_eq!(request.uri(), path, "{keys}");
        assert_eq!(said.as_ref().map(|h| h.to_str().unwrap()), asked, "{keys}");
        let told = request.headers().get("x-forwarded-prefix");
        assert_eq!(told.map(|p| p.to_str().unwrap()), prefix, "{keys}");
        let marked = request.extensions().get::<BackendHost>().is_some();
        assert_eq!(marked, keys.contains("backend"), "{keys}");
    }
}
