//! From the table to the document.

use schemars::generate::{Contract, SchemaSettings};
use schemars::{SchemaGenerator, transform::RecursiveTransform};
use serde_json::{Map, Value, json};
use soe503_api::{self as api, path};
use soe503_core::change::Kind;

use super::super::operation::{Answer, Needs, Operation, of};
use super::super::operations::TABLE;
use crate::control::change_hooks::Source;

const ABOUT: &str = "\
What operators, programs and load balancers ask a soe503 process. Every answer that is not a success is a problem document \
(RFC 9457) that names what would have been right. Every member of an answer is always there, `null` where it does not apply; \
members may be added.";

/// Where types are described.
const TYPES: &str = "/components/schemas";

/// The document as it is served.
pub(super) fn text() -> String {
    // Maps of strings have a JSON form.
    let mut text = serde_json::to_string_pretty(&document()).unwrap_or_default();
    text.push('\n');
    text
}

/// The document.
pub(super) fn document() -> Value {
    // What is answered has every member; what is sent need not.
    let mut answers = generator(Contract::Serialize);
    let mut requests = generator(Contract::Deserialize);
    let problem = of::<api::Problem>(&mut answers);
    let mut paths = Map::new();
    for operation in TABLE {
        let described = describe(operation, &mut answers, &mut requests);
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method().to_lowercase()] = described;
    }
    let mut schemas = answers.take_definitions(true);
    for (name, schema) in requests.take_definitions(true) {
        schemas.entry(name).or_insert(schema);
    }
    if let Some(change) = schemas.get_mut("ChangeRequest") {
        // The core knows which kinds there are; the type takes what a newer one may know.
        change["properties"]["kind"] = json!({
            "description": "What was changed.", "type": "string", "enum": Kind::ALL.map(Kind::word),
        });
        change["required"] = json!(["kind"]);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "soe503 admin API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": {
                "Problem": {
                    "description": "It was not done; the document says why, and what would have been right.",
                    "content": { api::Problem::CONTENT_TYPE: { "schema": &problem } },
                },
                "TooMany": {
                    "description": "This address has shown too many wrong credentials, or acted too often. Nothing was done.",
                    "headers": { "Retry-After": {
                        "description": "After so many seconds it is worth trying again.",
                        "required": true,
                        "schema": { "type": "integer", "minimum": 1 },
                    } },
                    "content": { api::Problem::CONTENT_TYPE: { "schema": &problem } },
                },
            },
            "securitySchemes": {
                "bearer": {
                    "type": "http", "scheme": "bearer",
                    "description": "A token of `token_file` (operator) or `read_token_file` (reader). Where none is configured, only the own machine is served.",
                },
                "basic": {
                    "type": "http", "scheme": "basic",
                    "description": "The token as the password, with any name: for browsers.",
                },
            },
        },
    })
}

fn generator(contract: Contract) -> SchemaGenerator {
    let mut settings = SchemaSettings::draft2020_12();
    settings.contract = contract;
    settings.definitions_path = TYPES.into();
    settings.meta_schema = None;
    settings
        .with_transform(RecursiveTransform(plain))
        .into_generator()
}

/// Leaves away formats that only Rust knows, such as `uint64`.
fn plain(schema: &mut schemars::Schema) {
    let ours = |format: &Value| {
        let rust = ["uint", "int", "double", "float"];
        format
            .as_str()
            .is_some_and(|format| rust.iter().any(|word| format.starts_with(word)))
    };
    if schema.get("format").is_some_and(ours) {
        schema.remove("format");
    }
}

fn describe(
    operation: &Operation,
    answers: &mut SchemaGenerator,
    requests: &mut SchemaGenerator,
) -> Value {
    let mut described = json!({
        "operationId": operation.id,
        "tags": [operation.about],
        "summary": operation.summary,
        "responses": responses(operation, answers),
        "security": match operation.needs {
            Needs::Nothing => json!([]),
            Needs::Reader | Needs::Operator => json!([{ "bearer": [] }, { "basic": [] }]),
        },
    });
    if let Some(says) = needs(operation) {
        described["description"] = says.into();
    }
    let in_path = segments(operation.path).map(|name| {
        let (help, schema) = segment(operation.path, name);
        json!({ "name": name, "in": "path", "required": true, "description": help, "schema": schema })
    });
    let mut parameters: Vec<Value> = in_path.collect();
    parameters.extend(operation.query.iter().map(|one| {
        let schema = (one.shape)(requests);
        json!({ "name": one.name, "in": "query", "description": one.help, "schema": schema })
    }));
    if !parameters.is_empty() {
        described["parameters"] = parameters.into();
    }
    if let Some(body) = operation.body {
        described["requestBody"] = json!({
            "required": body.required,
            "content": { "application/json": { "schema": (body.shape)(requests) } },
        });
    }
    described
}

fn responses(operation: &Operation, answers: &mut SchemaGenerator) -> Map<String, Value> {
    let content = |schema: Value| json!({ "application/json": { "schema": schema } });
    let (ok, unwell) = match operation.answer {
        Answer::Json(shape) => (content(shape(answers).into()), None),
        Answer::Verdict(shape) => {
            let content = content(shape(answers).into());
            (content.clone(), Some(content))
        }
        Answer::Text(types) => {
            let text = types.iter().map(|kind| {
                let schema = json!({ "schema": { "type": "string" } });
                ((*kind).to_owned(), schema)
            });
            (text.collect::<Map<_, _>>().into(), None)
        }
    };
    let mut all = Map::new();
    all.insert(
        "200".into(),
        json!({ "description": "Done.", "content": ok }),
    );
    if let Some(content) = unwell {
        let no = json!({ "description": "No, and why.", "content": content });
        all.insert("503".into(), no);
    }
    let mut problems = operation.problems.to_vec();
    if operation.needs != Needs::Nothing {
        problems.extend([401, 403, 429]);
    }
    if operation.body.is_some() {
        problems.extend([400, 408, 413]);
    }
    if operation.path.contains('{') {
        // What is not UTF-8 once it is decoded.
        problems.push(400);
    }
    for status in problems {
        let kind = if status == 429 { "TooMany" } else { "Problem" };
        let problem = json!({ "$ref": format!("#/components/responses/{kind}") });
        all.insert(status.to_string(), problem);
    }
    all
}

/// Who may, in a sentence.
pub(super) fn needs(operation: &Operation) -> Option<&'static str> {
    match operation.needs {
        Needs::Nothing => None,
        Needs::Reader => Some("A look: a token of either role is enough."),
        Needs::Operator if operation.path == path::CHANGES_FROM => Some(
            "An act: needs the operator's token. What `github` sends needs a signature in its place, in `X-Hub-Signature-256`.",
        ),
        Needs::Operator => {
            Some("An act: needs the operator's token, and leaves a line in the audit log.")
        }
    }
}

/// The names in a template.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    let segments = path.split('/');
    segments.filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
}

/// What stands for `name` in the template `path`.
fn segment(path: &str, name: &str) -> (&'static str, Value) {
    let words = |words: &[&str]| json!({ "type": "string", "enum": words });
    let named = json!({ "type": "string", "minLength": 1 });
    match (name, path) {
        ("action", path::BACKEND_ACTION) => (
            "What is done to it.",
            words(&api::BackendAction::ALL.map(api::BackendAction::as_str)),
        ),
        ("action", path::BREAKER_ACTION) => (
            "What is done to it.",
            words(&api::BreakerAction::ALL.map(api::BreakerAction::as_str)),
        ),
        ("action", _) => (
            "What is done to it.",
            words(&api::MaintenanceAction::ALL.map(api::MaintenanceAction::as_str)),
        ),
        ("source", _) => (
            "The system that sends it.",
            words(&Source::ALL.map(Source::word)),
        ),
        ("pool", _) => ("The name of a pool.", named),
        ("backend", _) => ("The name of a backend.", named),
        ("request_id", _) => ("What `X-Request-Id` of the answer said.", named),
        ("target", path::ALERT_TEST) => ("The name of a target.", named),
        ("target", _) => ("A pool, or a route as the access log calls it.", named),
        _ => ("Its identifier.", named),
    }
}
