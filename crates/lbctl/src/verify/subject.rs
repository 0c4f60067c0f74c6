//! Which request is asked again.

use soe503_api::{
    FailureRecord, Incident,
    client::{Client, ClientError},
};

use super::args::VerifyArgs;
use crate::{admin, exit::Failure};

/// A request that had failed, and the incident that it belongs to.
pub(super) struct Subject {
    pub(super) record: FailureRecord,
    pub(super) incident: Option<String>,
}

/// What an id stands for.
pub(super) enum Found {
    Request(Box<Subject>),
    /// An incident of which no request failed.
    Condition(Box<Incident>),
}

/// The request with this id; of an incident the latest that may be asked again.
pub(super) async fn find(client: &Client, args: &VerifyArgs) -> Result<Found, Failure> {
    let id = args.id.trim();
    match client.failure(id).await {
        Ok(reply) => {
            let record = reply.value;
            let incident = record.incident.clone();
            return Ok(Found::Request(Box::new(Subject { record, incident })));
        }
        Err(error) if missing(&error) => {}
        Err(error) => return Err(admin::explain(client, error)),
    }
    let reply = client.incident(id).await.map_err(|error| {
        let missing = missing(&error);
        let failure = admin::explain(client, error);
        match missing {
            true => failure
                .hint("no request is known by that id either: records are kept for failed requests only, the latest ones")
                .hint("lbctl incidents lists the incidents"),
            false => failure,
        }
    })?;
    let incident = reply.value;
    if incident.exemplars.is_empty() && incident.summary.condition.is_some() {
        return Ok(Found::Condition(Box::new(incident)));
    }
    let mut other = None;
    for request in incident.exemplars.iter().rev() {
        let record = match client.failure(request).await {
            Ok(reply) => reply.value,
            Err(error) if missing(&error) => continue,
            Err(error) => return Err(admin::explain(client, error)),
        };
        if args.method(&record).is_ok() {
            return Ok(Found::Request(Box::new(Subject {
                record,
                incident: Some(incident.summary.id),
            })));
        }
        other.get_or_insert(record);
    }
    match other {
        // Says why.
        Some(record) => Err(args.method(&record).err().unwrap_or_else(|| nothing(id))),
        None => Err(nothing(id)),
    }
}

fn nothing(incident: &str) -> Failure {
    Failure::usage(format!(
        "of the requests that failed in incident {incident} none is kept any more"
    ))
    .hint("lbctl confirm URL asks a URL that you know")
}

fn missing(error: &ClientError) -> bool {
    matches!(error, ClientError::Refused { status: 404, .. })
}
