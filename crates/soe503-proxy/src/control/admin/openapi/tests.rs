use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use http::Method;
use serde_json::Value;

use super::super::guard::acts;
use super::super::operation::Needs;
use super::super::operations::{TABLE, paths};
use super::build::document;
use super::{build, page};

fn docs(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("docs")
        .join(name)
}

#[test]
fn what_is_committed_is_what_the_table_says() {
    for (name, text) in [("openapi.json", build::text()), ("api.md", page::text())] {
        if std::env::var_os("SOE503_WRITE_DOCS").is_some() {
            fs::write(docs(name), &text).unwrap();
        }
        let committed = fs::read_to_string(docs(name)).unwrap_or_default();
        assert!(
            committed == text,
            "docs/{name} is not what the table says: SOE503_WRITE_DOCS=1 cargo test -p soe503-proxy --lib openapi"
        );
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    match (name.as_str(), value) {
                        ("$ref", Value::String(reference)) => drop(found.insert(reference)),
                        (_, value) => references(value, found),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let document = document();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 50, "{}", found.len());
    for reference in found {
        let pointer = reference.strip_prefix('#').expect("it is in the document");
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[test]
fn each_operation_is_there_once_and_the_guard_agrees_about_it() {
    let document = document();
    let mut ids = BTreeSet::new();
    for one in TABLE {
        assert!(ids.insert(one.id), "{} is there twice", one.id);
        let described = &document["paths"][one.path][one.method().to_lowercase()];
        assert_eq!(described["operationId"], one.id);
        let method: Method = one.method().parse().unwrap();
        let acts = acts(&method, one.path);
        assert_eq!(acts, one.needs == Needs::Operator, "{}", one.id);
        assert_eq!(acts, one.acts, "{}", one.id);
    }
    assert_eq!(
        paths().count(),
        document["paths"].as_object().unwrap().len()
    );
}

#[test]
fn whoever_comes_too_often_is_told_when_to_come_again() {
    let document = document();
    let too_many = Value::from("#/components/responses/TooMany");
    for one in TABLE {
        let answers = &document["paths"][one.path][one.method().to_lowercase()]["responses"];
        let paced = answers.get("429").map(|answer| &answer["$ref"]);
        // Of what anybody may ask nobody counts how often they do.
        let wanted = (one.needs != Needs::Nothing).then_some(&too_many);
        assert_eq!(paced, wanted, "{}", one.id);
    }
    let header = &document["components"]["responses"]["TooMany"]["headers"]["Retry-After"];
    assert_eq!(header["required"], true);
    assert_eq!(header["schema"]["type"], "integer");
}

#[test]
fn what_is_sent_and_what_is_answered_have_names_of_their_own() {
    // A type in both directions would need two descriptions: members that may be left away are always answered.
    let document = document();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for (name, schema) in schemas.iter().filter(|(name, _)| name.ends_with("Request")) {
        assert_eq!(schema["additionalProperties"], false, "{name}");
    }
    let pool = &schemas["Pool"];
    let members = pool["properties"].as_object().unwrap().len();
    assert_eq!(
        pool["required"].as_array().unwrap().len(),
        members,
        "each member is always there"
    );
}
