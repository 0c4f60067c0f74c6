//! What is answered, and what is refused.

use std::sync::Arc;

use super::super::router::Admin;
use super::*;
use crate::config::from_str;
use crate::control::access_log::AccessLog;
use crate::control::recorder::Recorder;
use crate::state::Proxy;

const CONFIG: &str = "\
[[listeners]]
address = \"127.0.0.1:8080\"
[[routes]]
pool = \"app\"
[pools.app]
backends = [\"http://10.0.0.1:80\", \"http://10.0.0.2:80\"]
";

fn shared(file: Option<&Path>) -> Shared {
    let parsed = || from_str("test", CONFIG).unwrap_or_else(|report| panic!("{report}"));
    let mut proxy = Proxy::new(parsed(), Recorder::default(), AccessLog::off());
    proxy.config_file = file.map(Path::to_owned);
    let address = "127.0.0.1:9503".parse().unwrap();
    Admin::new(Arc::new(proxy), address, Box::new(|| Ok(()))).shared
}

async fn of(body: &str) -> Result<api::ConfigDiff, Problem> {
    let body = Whole(axum::body::Bytes::from(body.to_owned()));
    match of_text(State(shared(None)), Extension(Deed::default()), body).await {
        Ok(Json(diff)) => Ok(diff),
        Err(Refusal(problem)) => Err(problem),
    }
}

fn body(text: &str) -> String {
    let body = ConfigText {
        text: text.to_owned(),
        name: "new\x1b.toml".to_owned(),
    };
    serde_json::to_string(&body).unwrap()
}

#[tokio::test]
async fn a_text_is_compared_and_called_by_its_name() {
    let diff = of(&body(&format!("{CONFIG}connect_timeout = \"1s\"\n"))).await;
    let diff = diff.unwrap();
    assert_eq!(diff.of, "new.toml");
    assert_eq!(diff.changes[0].key, "pools.app.connect_timeout");
    assert!(of(&body(CONFIG)).await.unwrap().changes.is_empty());
}

#[tokio::test]
async fn what_is_no_configuration_is_refused() {
    assert_eq!(of("{").await.unwrap_err().status, 400);
    let wrong = of(&body(&format!("{CONFIG}conect_timeout = \"1s\"\n"))).await;
    let problem = wrong.unwrap_err();
    assert_eq!(problem.status, 422);
    assert!(
        problem.detail.contains("new.toml:7:1"),
        "{}",
        problem.detail
    );
}

#[tokio::test]
async fn the_file_is_that_of_a_reload_and_there_may_be_none() {
    let Err(Refusal(problem)) = of_file(State(shared(None))).await else {
        panic!("there is no file");
    };
    assert_eq!(problem.status, 404);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("soe503.toml");
    std::fs::write(&file, format!("{CONFIG}max_waiting = 7\n")).unwrap();
    let Ok(Json(diff)) = of_file(State(shared(Some(&file)))).await else {
        panic!("it is valid");
    };
    assert_eq!(diff.of, file.display().to_string());
    assert_eq!(diff.changes[0].key, "pools.app.max_waiting");
}
