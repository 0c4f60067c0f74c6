//! What the table says is what the router does: each row is served, with its method and no other, for its role and no lesser one.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use tower_service::Service;

use super::super::operation::Needs;
use super::super::router::{Admin, router};
use super::*;
use crate::config::{AdminAccess, AdminToken, AdminTokens, TokenFile, from_str};
use crate::control::access_log::AccessLog;
use crate::control::recorder::Recorder;
use crate::state::Proxy;

const CONFIG: &str = r#"
[[listeners]]
address = "127.0.0.1:8080"
[[routes]]
pool = "app"
[pools.app]
backends = ["http://10.0.0.1:80", "http://10.0.0.2:80"]
"#;
const OPERATOR: &str = "the-token-of-an-operator";
const READER: &str = "the-token-of-a-reader";

fn served() -> axum::Router {
    let mut config = from_str("test", CONFIG).unwrap_or_else(|report| panic!("{report}"));
    let file = |token| TokenFile::new("token".into(), AdminToken::new(token).unwrap());
    let tokens = AdminTokens::new(Some(file(OPERATOR)), Some(file(READER))).unwrap();
    let settings = config.admin.as_mut().unwrap();
    settings.access = AdminAccess::by_tokens(tokens);
    let address = settings.address;
    let proxy = Proxy::new(config, Recorder::default(), AccessLog::off());
    router(Admin::new(Arc::new(proxy), address, Box::new(|| Ok(()))))
}

/// A path of this template, of things that do not exist.
fn filled(template: &str) -> String {
    let segments = template.split('/').map(|segment| match segment {
        name if name.starts_with('{') => "nothing",
        name => name,
    });
    segments.collect::<Vec<_>>().join("/")
}

async fn ask(router: &axum::Router, method: &str, path: &str, token: Option<&str>) -> Response {
    send(router, method, path, token, Body::empty()).await
}

async fn send(
    router: &axum::Router,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: Body,
) -> Response {
    let mut request = Request::builder().method(method).uri(path);
    request = request.header("host", "127.0.0.1:9503");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let mut request = request.body(body).unwrap();
    let peer: SocketAddr = "127.0.0.1:40000".parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(peer));
    router.clone().call(request).await.unwrap()
}

#[tokio::test]
async fn each_row_is_served_for_its_role() {
    let router = served();
    for one in TABLE {
        let path = filled(one.path);
        let status = async |token| ask(&router, one.method(), &path, token).await.status();
        let (nobody, reader) = (status(None).await, status(Some(READER)).await);
        let kept_out = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN];
        assert_eq!(
            nobody == StatusCode::UNAUTHORIZED,
            one.needs != Needs::Nothing,
            "{}: {nobody}",
            one.id
        );
        assert_eq!(
            kept_out.contains(&reader),
            one.needs == Needs::Operator,
            "{}: {reader}",
            one.id
        );
        let answer = ask(&router, one.method(), &path, Some(OPERATOR)).await;
        let status = answer.status();
        assert!(!kept_out.contains(&status), "{}: {status}", one.id);
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&body);
        assert!(!text.contains("Unknown path"), "{}: {text}", one.id);
    }
}

#[tokio::test]
async fn the_document_is_where_tools_look_for_it_too() {
    let router = served();
    let mut read = Vec::new();
    for path in ["/api/v1/openapi.json", "/openapi.json"] {
        let answer = ask(&router, "GET", path, Some(READER)).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        assert_eq!(answer.headers()["content-type"], "application/json");
        read.push(answer.into_body().collect().await.unwrap().to_bytes());
    }
    assert_eq!(read[0], read[1]);
    let document: Value = serde_json::from_slice(&read[0]).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
}

#[tokio::test]
async fn each_path_has_the_methods_of_its_rows_and_no_other() {
    let router = served();
    for path in paths() {
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH"] {
            let rows = TABLE.iter().filter(|one| one.path == path);
            let known = rows.map(Operation::method).any(|known| known == method);
            let answer = ask(&router, method, &filled(path), Some(OPERATOR)).await;
            let refused = answer.status() == StatusCode::METHOD_NOT_ALLOWED;
            assert_eq!(refused, !known, "{method} {path}: {}", answer.status());
        }
    }
}

/// A configuration, and what GitHub tells, are longer than anything else that is sent.
#[tokio::test]
async fn each_row_takes_a_body_as_long_as_it_may_be_and_no_longer() {
    let router = served();
    for one in TABLE.iter().filter(|one| one.body.is_some()) {
        let most = match one.id {
            "config_diff_of" => config_diff::MAX_BODY,
            "change_from" => change_hooks::MAX_BODY,
            _ => 64 * 1024,
        };
        let path = match one.id {
            "change_from" => path::changes_from("argocd"),
            _ => filled(one.path),
        };
        for (length, fits) in [(most, true), (most + 1, false)] {
            let body = Body::from(vec![b' '; length]);
            let answer = send(&router, one.method(), &path, Some(OPERATOR), body).await;
            let refused = answer.status() == StatusCode::PAYLOAD_TOO_LARGE;
            assert_eq!(refused, !fits, "{}: {length}: {}", one.id, answer.status());
        }
    }
}
