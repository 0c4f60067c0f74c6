//! Keys of `[routes.pages]` and `[routes.fallback]`.

use soe503::explain::Class;
use soe503_core::{Category, Cause};

use super::{
    FileName,
    values::{FieldValue, Words},
};
use crate::config::{
    instead::class_id,
    wire::{Defaulted, Fault, List, Optional, Required, Text, nearest, section},
};

section! {
    /// Pages for people (clients that ask for HTML) in the place of the proxy's own: HTML files, read
    /// with the config. Status and header fields stay the proxy's, and programs still get their document.
    struct PageKeys {
        /// For every failure that has no page of its own.
        any: Optional<FileName>, absent("the proxy's own page"), like("\"sorry.html\"");
        /// For planned interruptions and backends that operators have switched off.
        maintenance: Optional<FileName>, absent("`any`"), like("\"maintenance.html\"");
        /// For too many requests.
        overload: Optional<FileName>, absent("`any`"), like("\"busy.html\"");
        /// For open circuits.
        circuit_open: Optional<FileName>, absent("`any`"), like("\"sorry.html\"");
        /// For failures of backends and of what they need.
        dependency_failure: Optional<FileName>, absent("`any`"), like("\"sorry.html\"");
        /// For what this machine lacks.
        resource_exhaustion: Optional<FileName>, absent("`any`"), like("\"sorry.html\"");
        /// For what is set up wrongly.
        misconfiguration: Optional<FileName>, absent("`any`"), like("\"sorry.html\"");
    }
}

section! {
    /// A static answer to `GET` and `HEAD` instead of the proxy's own about a failure, marked by
    /// `X-SOE-Degraded: static`. Counted as prevented. A backend's own 5xx is passed on.
    struct FallbackKeys {
        /// The failures: categories such as `dependency_failure`, causes such as
        /// `circuit_open/all_ejected`, or `any`. `overload/rate_limited` is among them only if it is named.
        on: Required<List<Class>>, like("[\"circuit_open\", \"dependency_failure\"]");
        /// Its status.
        status: Defaulted<u16>, default(200), range(200, 599);
        /// Its `Content-Type`.
        content_type: Defaulted<FieldValue>, default(FieldValue::of("application/json"));
        /// Its body.
        body: Optional<Words>, absent("empty"), like("\"[]\"");
        /// A file that holds its body, read with the config.
        file: Optional<FileName>, absent("the body is `body`"), like("\"fallback.json\"");
    }
}

impl Text for Class {
    const KIND: &'static str = "a category or a cause";
    const LIKE: &'static str = "\"dependency_failure\" or \"circuit_open/all_ejected\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        if text == "any" {
            return Ok(Self::Any);
        }
        if let Some(cause) = Cause::from_id(text) {
            return Ok(Self::Cause(cause));
        }
        let categories = || Category::ALL.iter().copied();
        if let Some(category) = categories().find(|category| category.id() == text) {
            return Ok(Self::Category(category));
        }
        let known = categories().map(Category::id);
        let near = nearest(text, known.chain(Cause::ALL.iter().map(|cause| cause.id())));
        let fault = Fault::new("no such category or cause");
        Err(match near {
            Some(near) => fault.help(format!("did you mean \"{near}\"?")),
            None => fault.help(format!("write it such as {}", Self::LIKE)),
        })
    }

    fn text(&self) -> String {
        class_id(*self).to_owned()
    }
}
