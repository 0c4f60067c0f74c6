//! What had failed, asked again.

use serde_json::Value;
use soe503_tests::faulty::{Behaviour, Door, Fault, FaultyBackend};
use soe503_tests::proxy::{Proxy, eventually, lbctl};

use super::scene::{QUICK, REFUSED, ask, contains, incident, incidents, kinds, opened, scene};

async fn verdict(proxy: &Proxy, id: &str, code: i32) -> Value {
    let said = lbctl(proxy, &["verify", id, "--by", "alice", "-o", "json"]).await;
    assert_eq!(said.code, Some(code), "{said:?}");
    serde_json::from_str(&said.stdout).unwrap()
}

#[tokio::test]
async fn a_cure_is_verified_and_stays_in_the_timeline() {
    let (backend, proxy) = scene().await;
    backend.set_door(Door::Killed).await;
    let summary = opened(&proxy).await;
    assert_eq!(summary["verified"], Value::Null);
    let id = summary["id"].as_str().unwrap();
    let request = ask(&proxy).await.header("x-request-id").unwrap().to_owned();
    eventually("it is recorded", async || {
        lbctl(&proxy, &["explain", &request]).await.code == Some(0)
    })
    .await;

    let told = verdict(&proxy, &request, 1).await;
    assert_eq!(told["verdict"], "not_cured", "{told:#}");
    assert_eq!(
        (&told["request_id"], &told["incident"], &told["noted"]),
        (&request.into(), &id.into(), &true.into())
    );

    backend.set_door(Door::Open).await;
    eventually("it is answered", async || ask(&proxy).await.status == 200).await;
    let told = verdict(&proxy, id, 0).await;
    assert_eq!(told["verdict"], "cured", "{told:#}");
    assert_eq!(told["asked"]["times"], 3);

    let one = incident(&proxy, id).await;
    assert_eq!(one["verified"]["verdict"], "cured");
    assert_eq!(one["verified"]["by"], "alice");
    let lines: Vec<&Value> = one["timeline"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["kind"] == "verified")
        .collect();
    assert_eq!(lines.len(), 2, "{one:#}");
    let what = lines[0]["what"].as_str().unwrap();
    assert!(
        what.starts_with("not cured: GET /page fails with 503") && what.contains(REFUSED),
        "{what}"
    );
    let what = lines[1]["what"].as_str().unwrap();
    assert!(
        what.starts_with("cured: GET /page answers 200") && what.contains("alice"),
        "{what}"
    );

    let report = lbctl(&proxy, &["report", id]).await;
    contains(&report, &["cured: GET /page answers 200"]);
    eventually("it is closed", async || {
        ask(&proxy).await;
        incidents(&proxy).await[0]["state"] == "closed"
    })
    .await;
    let list = lbctl(&proxy, &["incidents"]).await;
    assert_eq!(list.code, Some(0), "{list:?}");
    contains(&list, &[id, "cured", "asked by alice"]);
    assert!(kinds(&incident(&proxy, id).await).contains(&"closed"));
}

#[tokio::test]
async fn another_cause_is_no_cure() {
    let backend = FaultyBackend::start(Behaviour::OK).await.unwrap();
    // The circuit would answer for the backend after a few of its errors.
    let open = "circuit_breaker = { enabled = false }\nejection = { enabled = false }";
    let proxy = Proxy::before(&[backend.address()], &format!("{open}\n{QUICK}")).await;
    for _ in 0..20 {
        assert_eq!(ask(&proxy).await.status, 200);
    }
    backend.set_door(Door::Killed).await;
    let summary = opened(&proxy).await;
    let id = summary["id"].as_str().unwrap();
    backend.set(Behaviour::traffic_only(Fault::Status(500)));
    backend.set_door(Door::Open).await;
    eventually("the backend answers", async || {
        ask(&proxy).await.status == 500
    })
    .await;
    let told = verdict(&proxy, id, 1).await;
    assert_eq!(told["verdict"], "different_cause", "{told:#}");
    assert_eq!(told["is"]["status"], 500);
    assert_eq!(told["asked"]["times"], 1, "one failure is enough");
}
