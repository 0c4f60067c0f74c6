//! The pages as a service, and how each state looks.

mod acting;
mod looks;
mod pages;
mod refused;
mod roles;
mod watching;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use http::{Method, Request};
use http_body_util::BodyExt;
use tower_service::Service;

use super::super::connection::HangUp;
use super::super::router::{Admin, router};
use crate::config::{Config, from_str};
use crate::control::access_log::AccessLog;
use crate::control::clock::Anchor;
use crate::control::recorder::Recorder;
use crate::state::Proxy;

const ORIGIN: (&str, &str) = ("origin", "http://127.0.0.1:9503");

const CONFIG: &str = r#"
[server]
name = "edge-eu1"
[[listeners]]
address = "127.0.0.1:8080"
[[routes]]
pool = "app"
[pools.app]
backends = ["http://10.0.0.1:8081", { url = "http://10.0.0.3:8081", name = "third", weight = 2 }]
health_check = { path = "/healthz" }
"#;

struct Scene {
    proxy: Arc<Proxy>,
    router: Router,
    /// Sent with each request.
    token: Option<&'static str>,
}

fn scene() -> Scene {
    scene_of(CONFIG)
}

fn scene_of(config: &str) -> Scene {
    scene_by(config, Anchor::now)
}

/// A scene that asks `clock` what time it is.
fn scene_by(config: &str, clock: fn() -> Anchor) -> Scene {
    scene_for(parsed(config), clock)
}

fn parsed(config: &str) -> Config {
    from_str("test", config).unwrap_or_else(|report| panic!("{}", report.render(false)))
}

fn scene_for(config: Config, clock: fn() -> Anchor) -> Scene {
    let proxy = Proxy::new(config, Recorder::default(), AccessLog::off());
    let proxy = Arc::new(proxy);
    proxy.set_accepting();
    let address = "127.0.0.1:9503".parse().unwrap();
    let mut admin = Admin::new(Arc::clone(&proxy), address, Box::new(|| Ok(())));
    admin.shared.clock = clock;
    Scene {
        proxy,
        router: router(admin),
        token: None,
    }
}

/// A config with one pool of so many backends.
fn config_of(backends: usize) -> String {
    let urls: Vec<String> = (0..backends)
        .map(|at| format!("\"http://10.1.{}.{}:80\"", at / 250, at % 250 + 1))
        .collect();
    format!(
        "[[listeners]]\naddress = \"127.0.0.1:8080\"\n[[routes]]\npool = \"app\"\n[pools.app]\nbackends = [{}]\n",
        urls.join(", ")
    )
}

impl Scene {
    async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response {
        self.ask_on(&HangUp::default(), method, path, headers, body)
            .await
    }

    /// On the connection that `hang_up` closes.
    async fn ask_on(
        &self,
        hang_up: &HangUp,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "127.0.0.1:9503");
        if let Some(token) = self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::from(body.to_owned())).unwrap();
        let peer: SocketAddr = "127.0.0.1:40000".parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(hang_up.clone());
        self.router.clone().call(request).await.unwrap()
    }

    /// The page at `path`.
    async fn page(&self, path: &str) -> (u16, String) {
        let answer = self.ask(Method::GET, path, &[], "").await;
        (answer.status().as_u16(), text(answer).await)
    }

    /// Posts a form, as a page of ours does.
    async fn post(&self, form: &[(&str, &str)]) -> Response {
        let kind = ("content-type", "application/x-www-form-urlencoded");
        self.ask(Method::POST, "/act", &[ORIGIN, kind], &encoded(form))
            .await
    }
}

fn encoded(form: &[(&str, &str)]) -> String {
    let pairs = form.iter().map(|(name, value)| {
        let value: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
        format!("{name}={value}")
    });
    pairs.collect::<Vec<_>>().join("&")
}

async fn text(answer: Response) -> String {
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// What stands between `begin` and `end`.
fn between<'a>(text: &'a str, begin: &str, end: &str) -> &'a str {
    let from = text
        .find(begin)
        .unwrap_or_else(|| panic!("no {begin:?} in {text}"))
        + begin.len();
    let length = text[from..]
        .find(end)
        .unwrap_or_else(|| panic!("no {end:?} after {begin:?}"));
    &text[from..from + length]
}
