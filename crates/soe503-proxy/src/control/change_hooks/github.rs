//! GitHub's webhooks: `deployment` and `deployment_status`.

use serde_json::Value;
use soe503_api::ChangeRequest;

use super::{Read, date, short, text};

pub(super) fn read(event: Option<&str>, document: &Value) -> Result<Read, String> {
    let (state, at) = match event {
        Some("ping") => return Ok(Read::Nothing("a ping".into())),
        Some("deployment") => (None, "deployment.created_at"),
        Some("deployment_status") => {
            let state = text(document, "deployment_status.state")
                .ok_or("There is no `deployment_status.state`.")?;
            (Some(state), "deployment_status.created_at")
        }
        Some(other) => {
            let other: String = other.chars().take(40).collect();
            return Ok(Read::Nothing(format!(
                "`{other}` is no event about a deployment"
            )));
        }
        None => return Err("There is no X-GitHub-Event.".into()),
    };
    match state.as_deref() {
        // A deployment that failed may have changed something.
        None | Some("in_progress" | "success" | "failure" | "error") => {}
        Some(other) => return Ok(Read::Nothing(format!("a deployment that is `{other}`"))),
    }
    let service = text(document, "repository.name").ok_or("There is no `repository.name`.")?;
    let revision = text(document, "deployment.ref").or_else(|| text(document, "deployment.sha"));
    let environment = text(document, "deployment.environment");
    let task = text(document, "deployment.task");
    let note = [environment, state].into_iter().flatten();
    Ok(Read::Changes(vec![ChangeRequest {
        kind: match task.as_deref() {
            Some(task) if task.contains("rollback") => "rollback".into(),
            _ => "deploy".into(),
        },
        service: Some(service),
        version: revision.map(|revision| short(&revision)),
        at: date(document, at),
        by: text(document, "deployment.creator.login").or_else(|| text(document, "sender.login")),
        note: Some(note.collect::<Vec<_>>().join(", ")).filter(|note| !note.is_empty()),
        ..ChangeRequest::default()
    }]))
}
