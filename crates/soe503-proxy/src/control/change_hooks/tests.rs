//! What other systems send, as they document it.

use serde_json::{Value, json};
use soe503_api::ChangeRequest;

use super::{Read, Source, read};

fn changes(source: Source, event: Option<&str>, body: &Value) -> Vec<ChangeRequest> {
    match read(source, event, body.to_string().as_bytes()) {
        Ok(Read::Changes(changes)) => changes,
        other => panic!("{other:?}"),
    }
}

fn nothing(source: Source, event: Option<&str>, body: &Value) -> String {
    match read(source, event, body.to_string().as_bytes()) {
        Ok(Read::Nothing(why)) => why,
        other => panic!("{other:?}"),
    }
}

/// The parts of GitHub's example that are read, among others.
fn deployment(state: &str) -> Value {
    json!({
        "action": "created",
        "deployment_status": {
            "state": state, "environment": "production", "created_at": "2026-11-22T17:40:44Z",
        },
        "deployment": {
            "id": 145988746, "task": "deploy", "environment": "production", "ref": "v2.8.0",
            "sha": "f95f852bd8fca8fcc58a9a2d6c842781e32a215e", "created_at": "2026-11-22T18:40:40+01:00",
            "creator": { "login": "Codertocat" }, "payload": {},
        },
        "repository": { "name": "cart", "full_name": "shop/cart" },
        "sender": { "login": "github-actions" },
    })
}

#[test]
fn github_tells_of_deployments() {
    let status = changes(
        Source::GitHub,
        Some("deployment_status"),
        &deployment("in_progress"),
    );
    let expected = ChangeRequest {
        kind: "deploy".into(),
        service: Some("cart".into()),
        version: Some("v2.8.0".into()),
        at: Some("2026-11-22T17:40:44Z".parse().unwrap()),
        by: Some("Codertocat".into()),
        note: Some("production, in_progress".into()),
        ..ChangeRequest::default()
    };
    assert_eq!(status, [expected]);
    let mut body = deployment("success");
    body["deployment"]["ref"] = Value::Null;
    body["deployment"]["task"] = "rollback:canary".into();
    let created = changes(Source::GitHub, Some("deployment"), &body);
    assert_eq!(created[0].version.as_deref(), Some("f95f852"));
    assert_eq!(created[0].kind, "rollback");
    assert_eq!(created[0].at, Some("2026-11-22T17:40:40Z".parse().unwrap()));
    for state in ["success", "failure", "error"] {
        assert_eq!(
            changes(
                Source::GitHub,
                Some("deployment_status"),
                &deployment(state)
            )
            .len(),
            1
        );
    }
}

#[test]
fn what_of_github_is_no_change() {
    for (event, state) in [
        ("ping", "success"),
        ("push", "success"),
        ("deployment_status", "queued"),
        ("deployment_status", "pending"),
        ("deployment_status", "inactive"),
    ] {
        nothing(Source::GitHub, Some(event), &deployment(state));
    }
    assert!(read(Source::GitHub, None, b"{}").is_err());
    assert!(read(Source::GitHub, Some("deployment_status"), b"{}").is_err());
    assert!(read(Source::GitHub, Some("deployment"), b"payload=%7B%7D").is_err());
}

fn application(phase: &str) -> Value {
    json!({
        "metadata": { "name": "cart", "namespace": "argocd" },
        "status": {
            "sync": { "status": "Synced", "revision": "9f3c1e2a00000000000000000000000000000000" },
            "operationState": {
                "phase": phase,
                "startedAt": "2026-11-22T17:40:44Z",
                "finishedAt": "2026-11-22T17:41:02Z",
                "operation": { "initiatedBy": { "username": "alice" } },
                "syncResult": { "revision": "9f3c1e2a00000000000000000000000000000000" },
            },
        },
    })
}

#[test]
fn argo_cd_tells_of_syncs() {
    for (phase, at) in [
        ("Running", "2026-11-22T17:40:44Z"),
        ("Succeeded", "2026-11-22T17:41:02Z"),
        ("Failed", "2026-11-22T17:41:02Z"),
    ] {
        let wrapped = json!({ "app": application(phase) });
        for body in [application(phase), wrapped] {
            let told = changes(Source::ArgoCd, None, &body).remove(0);
            assert_eq!(told.service.as_deref(), Some("cart"));
            assert_eq!(told.version.as_deref(), Some("9f3c1e2"));
            assert_eq!(told.at, Some(at.parse().unwrap()), "{phase}");
            assert_eq!(told.by.as_deref(), Some("alice"));
        }
    }
    nothing(Source::ArgoCd, None, &application("Terminating"));
    assert!(
        read(Source::ArgoCd, None, b"{\"app\":{}}")
            .unwrap_err()
            .contains("toJson")
    );
}

fn firing(labels: &Value) -> Value {
    json!({
        "status": "firing", "labels": labels,
        "annotations": { "summary": "cart v2.8.0 is rolled out" },
        "startsAt": "2026-11-22T18:40:44.123456789+01:00", "endsAt": "0001-01-01T00:00:00Z",
    })
}

#[test]
fn alertmanager_tells_of_alerts() {
    let body = json!({ "version": "4", "status": "firing", "alerts": [
        firing(&json!({ "alertname": "Rollout", "change": "deploy", "service": "cart", "version": "v2.8.0" })),
        firing(&json!({ "alertname": "NodeReboots", "change": "no such kind", "job": "node" })),
        { "status": "resolved", "labels": { "alertname": "Rollout" } },
        firing(&json!({ "alertname": "Soe503Incident", "service": "cart" })),
        firing(&json!({ "alertname": "Soe503PoolDown", "service": "cart" })),
    ] });
    let told = changes(Source::Alertmanager, None, &body);
    assert_eq!(
        told.len(),
        2,
        "what we told ourselves is no cause: {told:?}"
    );
    assert_eq!(
        (&*told[0].kind, told[0].version.as_deref()),
        ("deploy", Some("v2.8.0"))
    );
    assert_eq!(
        told[0].note.as_deref(),
        Some("Rollout: cart v2.8.0 is rolled out")
    );
    assert_eq!(told[0].at.unwrap().to_string(), "2026-11-22T17:40:44.123Z");
    assert_eq!(
        (&*told[1].kind, told[1].service.as_deref()),
        ("other", Some("node"))
    );
    let over = json!({ "alerts": [{ "status": "resolved", "labels": {} }] });
    nothing(Source::Alertmanager, None, &over);
    assert!(read(Source::Alertmanager, None, b"{}").is_err());
}

#[test]
fn one_document_is_so_many_changes_and_texts_are_so_long() {
    let labels = json!({ "alertname": "ä".repeat(9_000), "service": "s".repeat(9_000) });
    let body = json!({ "alerts": vec![firing(&labels); 500] });
    let told = changes(Source::Alertmanager, None, &body);
    assert_eq!(told.len(), 32);
    for text in [&told[0].service, &told[0].note] {
        assert!(text.as_ref().unwrap().len() <= 500);
    }
}

#[test]
fn no_document_panics() {
    for source in Source::ALL {
        for body in [
            "",
            "null",
            "[]",
            "{}",
            "7",
            "{\"alerts\":[{}]}",
            "{\"alerts\":7}",
            "{\"app\":[]}",
            "\u{0}",
        ] {
            let _ = read(source, Some("deployment_status"), body.as_bytes());
        }
    }
    for date in [
        "ä0000-00-00T00:00:00+0ä:00",
        "+01:00",
        "2026-11-22T17:40:44+99999",
        "2026-11-22T17:40:44-01:00ä",
    ] {
        let alert = json!({ "status": "firing", "labels": {}, "startsAt": date });
        let _ = changes(Source::Alertmanager, None, &json!({ "alerts": [alert] }));
    }
}
