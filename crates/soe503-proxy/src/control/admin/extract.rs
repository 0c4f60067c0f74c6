//! What handlers take of a request, with a problem document for what cannot be taken.

use std::collections::HashMap;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use http::request::Parts;
use serde::de::DeserializeOwned;
use soe503_api::Problem;

use super::problem::{Refusal, bad_request};

/// The whole body.
#[derive(Debug)]
pub(super) struct Whole(pub(super) Bytes);

/// The segments of the path that stand for something.
#[derive(Debug)]
pub(super) struct Segments<T>(pub(super) T);

/// The query.
#[derive(Debug)]
pub(super) struct Asked(pub(super) HashMap<String, String>);

/// What `body`, which should be a `what`, says.
///
/// # Errors
///
/// If it is something else. A list is not taken for the members of an object in their order, as serde would.
pub(super) fn read<T: DeserializeOwned>(body: &[u8], what: &str) -> Result<T, Refusal> {
    if body.trim_ascii_start().first() == Some(&b'[') {
        let detail = format!("The body is no {what}: it is a list, and should be an object.");
        return Err(bad_request(&detail));
    }
    serde_json::from_slice(body)
        .map_err(|error| bad_request(&format!("The body is no {what}: {error}.")))
}

impl<S: Send + Sync> FromRequest<S> for Whole {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        match Bytes::from_request(request, state).await {
            Ok(body) => Ok(Self(body)),
            Err(BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_))) => {
                let detail = "The body is larger than what is taken here.";
                Err(Refusal(Problem::new(413, "Too large", detail)))
            }
            Err(_) => Err(bad_request("The body could not be read.")),
        }
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Segments<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(segments)) => Ok(Self(segments)),
            Err(_) => Err(bad_request("The path is not UTF-8 once it is decoded.")),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let pairs: Query<Vec<(String, String)>> = Query::from_request_parts(parts, state)
            .await
            .map_err(|_| bad_request("The query cannot be read."))?;
        let mut asked = HashMap::new();
        for (name, value) in pairs.0 {
            if asked.insert(name.clone(), value).is_some() {
                return Err(bad_request(&format!("The query says {name:?} twice.")));
            }
        }
        Ok(Self(asked))
    }
}
