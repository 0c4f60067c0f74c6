//! What is said about one operation of the admin API.

use axum::routing::MethodRouter;
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::router::Shared;

/// One method of one path.
#[derive(Clone, Copy)]
pub(super) struct Operation {
    /// What programs call it.
    pub(super) id: &'static str,
    /// The subject that it belongs to.
    pub(super) about: &'static str,
    /// A template, as axum takes it.
    pub(super) path: &'static str,
    /// Whether it changes something, or may: a `POST`.
    pub(super) acts: bool,
    pub(super) needs: Needs,
    /// In a few words.
    pub(super) summary: &'static str,
    pub(super) query: &'static [Parameter],
    pub(super) body: Option<Body>,
    pub(super) answer: Answer,
    /// Statuses with a problem document, beside those that whoever asks so may always get.
    pub(super) problems: &'static [u16],
    /// What answers.
    pub(super) route: fn() -> MethodRouter<Shared>,
}

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// Anybody.
    Nothing,
    /// A token of either role.
    Reader,
    /// The operator's token.
    Operator,
}

/// A schema, made when the document is.
pub(super) type Shape = fn(&mut SchemaGenerator) -> Schema;

/// A parameter of the query.
#[derive(Clone, Copy)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) shape: Shape,
}

/// What is sent.
#[derive(Clone, Copy)]
pub(super) struct Body {
    pub(super) shape: Shape,
    pub(super) required: bool,
}

/// What comes back if all is well.
#[derive(Clone, Copy)]
pub(super) enum Answer {
    Json(Shape),
    /// JSON whatever comes of it: 200, or 503.
    Verdict(Shape),
    /// Text, of one of these types.
    Text(&'static [&'static str]),
}

/// A `GET` that looks.
pub(super) const fn look(
    id: &'static str,
    about: &'static str,
    path: &'static str,
    summary: &'static str,
    answer: Answer,
    route: fn() -> MethodRouter<Shared>,
) -> Operation {
    Operation {
        id,
        about,
        path,
        acts: false,
        needs: Needs::Reader,
        summary,
        query: &[],
        body: None,
        answer,
        problems: &[],
        route,
    }
}

/// A `POST` that acts.
pub(super) const fn act(
    id: &'static str,
    about: &'static str,
    path: &'static str,
    summary: &'static str,
    answer: Answer,
    route: fn() -> MethodRouter<Shared>,
) -> Operation {
    Operation {
        acts: true,
        needs: Needs::Operator,
        ..look(id, about, path, summary, answer, route)
    }
}

/// Text, of one of these types.
pub(super) const fn text(types: &'static [&'static str]) -> Answer {
    Answer::Text(types)
}

/// JSON of this type.
pub(super) const fn json<T: JsonSchema>() -> Answer {
    Answer::Json(of::<T>)
}

/// A body of this type.
pub(super) const fn required<T: JsonSchema>() -> Body {
    Body {
        shape: of::<T>,
        required: true,
    }
}

/// A body of this type, or none.
pub(super) const fn optional<T: JsonSchema>() -> Body {
    Body {
        shape: of::<T>,
        required: false,
    }
}

/// The schema of `T`, where others refer to it.
pub(super) fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

// === impl Operation ===

impl Operation {
    /// Its method, in capitals.
    pub(super) const fn method(&self) -> &'static str {
        if self.acts { "POST" } else { "GET" }
    }

    /// Anybody may.
    pub(super) const fn open(self) -> Self {
        Self {
            needs: Needs::Nothing,
            ..self
        }
    }

    /// The query may say this.
    pub(super) const fn asked(self, query: &'static [Parameter]) -> Self {
        Self { query, ..self }
    }

    /// This is sent.
    pub(super) const fn with(self, body: Body) -> Self {
        Self {
            body: Some(body),
            ..self
        }
    }

    /// These problems may come back too.
    pub(super) const fn may(self, problems: &'static [u16]) -> Self {
        Self { problems, ..self }
    }
}
