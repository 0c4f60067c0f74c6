//! Argo CD's notifications. The template of a notification is the user's; ours is
//! `{"app": {{toJson .app}}}`, and the application alone will do.

use serde_json::Value;
use soe503_api::ChangeRequest;

use super::{Read, date, short, text};

pub(super) fn read(document: &Value) -> Result<Read, String> {
    let app = document.get("app").unwrap_or(document);
    let service = text(app, "metadata.name").ok_or(
        "There is no `app.metadata.name`: the body of the notification is `{\"app\": {{toJson .app}}}`.",
    )?;
    let phase = text(app, "status.operationState.phase")
        .ok_or("There is no `app.status.operationState.phase`: nothing was synchronised yet.")?;
    let at = match &*phase {
        "Running" => "status.operationState.startedAt",
        "Succeeded" | "Failed" | "Error" => "status.operationState.finishedAt",
        other => return Ok(Read::Nothing(format!("a sync that is `{other}`"))),
    };
    let revision = [
        "status.operationState.syncResult.revision",
        "status.sync.revision",
    ];
    let revision = revision.into_iter().find_map(|path| text(app, path));
    let by = text(app, "status.operationState.operation.initiatedBy.username");
    let at = date(app, at).or_else(|| date(app, "status.operationState.startedAt"));
    Ok(Read::Changes(vec![ChangeRequest {
        kind: "deploy".into(),
        service: Some(service),
        version: revision.map(|revision| short(&revision)),
        at,
        by: Some(by.unwrap_or_else(|| "argocd".into())),
        note: Some(format!("sync {}", phase.to_lowercase())),
        ..ChangeRequest::default()
    }]))
}
