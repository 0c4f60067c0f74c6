//! An event as a line, for people or for programs.

use std::fmt::{self, Write as _};

use serde::Serialize;
use soe503_api::Timestamp;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata};

use crate::config::LogFormat;

/// A longer text is cut off.
const LONGEST: usize = 32 * 1024;

/// What an event says.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) message: String,
    pub(super) fields: Vec<(&'static str, Value)>,
}

/// The value of a field.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Value {
    /// A text, which people read in quotation marks.
    Text(String),
    /// What was written to be read as it is.
    Shown(String),
    Count(u64),
    Number(i64),
    Real(f64),
    Truth(bool),
}

/// What a line is about, beside its fields.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head<'a> {
    pub(super) at: Timestamp,
    pub(super) level: Level,
    pub(super) target: &'a str,
}

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Style {
    pub(super) format: LogFormat,
    /// Somebody looks at it in a terminal.
    pub(super) colours: bool,
}

/// Members of a JSON line that no field replaces.
const OWN: [&str; 4] = ["ts", "level", "target", "message"];

/// Appends a line, with its line feed. No value can end it or begin another one.
pub(super) fn append(out: &mut Vec<u8>, style: Style, head: Head<'_>, told: &Told) {
    match style.format {
        LogFormat::Json => json(out, head, told),
        LogFormat::Text => out.extend_from_slice(text(style.colours, head, told).as_bytes()),
    }
    out.push(b'\n');
}

fn json(out: &mut Vec<u8>, head: Head<'_>, told: &Told) {
    let level = word(head.level);
    out.extend_from_slice(b"{");
    member(out, "ts", &head.at);
    out.push(b',');
    member(out, "level", level);
    out.push(b',');
    member(out, "target", head.target);
    out.push(b',');
    member(out, "message", &told.message);
    for (name, value) in &told.fields {
        out.push(b',');
        match OWN.contains(name) {
            true => member(out, &format!("field.{name}"), value),
            false => member(out, name, value),
        }
    }
    out.extend_from_slice(b"}");
}

fn member(out: &mut Vec<u8>, name: &str, value: &(impl Serialize + ?Sized)) {
    // Writing into memory does not fail, and each of these has a JSON form.
    let _ = serde_json::to_writer(&mut *out, name);
    out.push(b':');
    let before = out.len();
    if serde_json::to_writer(&mut *out, value).is_err() {
        out.truncate(before);
        out.extend_from_slice(b"null");
    }
}

fn text(colours: bool, head: Head<'_>, told: &Told) -> String {
    let (dim, bold, reset) = match colours {
        true => ("\x1b[2m", "\x1b[1m", "\x1b[0m"),
        false => ("", "", ""),
    };
    let (at, level) = (head.at, word(head.level).to_uppercase());
    let colour = if colours { colour(head.level) } else { "" };
    let mut line = format!("{dim}{at}{reset} {colour}{level:>5}{reset} ");
    // A report has several lines, and is ours.
    escape(&mut line, &told.message, true);
    for (name, value) in &told.fields {
        let _ = write!(line, " {bold}{name}{reset}{dim}={reset}");
        match value {
            Value::Text(text) => {
                let _ = write!(line, "{text:?}");
            }
            Value::Shown(text) => escape(&mut line, text, false),
            Value::Count(count) => {
                let _ = write!(line, "{count}");
            }
            Value::Number(number) => {
                let _ = write!(line, "{number}");
            }
            Value::Real(real) => {
                let _ = write!(line, "{real}");
            }
            Value::Truth(truth) => {
                let _ = write!(line, "{truth}");
            }
        }
    }
    line
}

/// Appends `text` without what would steer a terminal, and without line feeds unless they are `ours`.
fn escape(out: &mut String, text: &str, ours: bool) {
    for c in text.chars() {
        match c {
            '\n' if ours => out.push(c),
            c if c.is_control() => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
}

/// The word for a level.
pub(super) fn word(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

fn colour(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\x1b[31m",
        Level::WARN => "\x1b[33m",
        Level::INFO => "\x1b[32m",
        Level::DEBUG => "\x1b[34m",
        Level::TRACE => "\x1b[35m",
    }
}

// === impl Told ===

impl Told {
    pub(super) fn by(event: &Event<'_>) -> Self {
        let mut told = Self::default();
        event.record(&mut told);
        told
    }

    fn add(&mut self, field: &Field, value: Value) {
        let value = match value {
            Value::Text(text) => Value::Text(cut(text)),
            Value::Shown(text) => Value::Shown(cut(text)),
            other => other,
        };
        match (field.name(), value) {
            ("message", Value::Text(text) | Value::Shown(text)) => self.message = text,
            (name, value) => self.fields.push((name, value)),
        }
    }
}

impl Visit for Told {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, Value::Shown(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, Value::Text(value.to_owned()));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, Value::Count(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, Value::Number(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, Value::Real(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, Value::Truth(value));
    }
}

/// The cause that an event names, if it can name one.
pub(super) fn cause(event: &Event<'_>, metadata: &Metadata<'_>) -> Option<String> {
    struct Cause<'a>(&'a Field, Option<String>);
    impl Visit for Cause<'_> {
        fn record_debug(&mut self, _field: &Field, _value: &dyn fmt::Debug) {}
        fn record_str(&mut self, field: &Field, value: &str) {
            if field == self.0 {
                self.1 = Some(value.to_owned());
            }
        }
    }
    let field = metadata.fields().field("cause")?;
    let mut found = Cause(&field, None);
    event.record(&mut found);
    found.1
}

fn cut(mut text: String) -> String {
    if text.len() > LONGEST {
        text.truncate(text.floor_char_boundary(LONGEST));
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(format: LogFormat, colours: bool) -> String {
        let told = Told {
            message: "it is so".into(),
            fields: vec![
                ("pool", Value::Text("a \"b\"\n\x1b[31m".into())),
                ("why", Value::Shown("x\ny\x1b]0;z\x07".into())),
                ("count", Value::Count(3)),
                ("depth", Value::Number(-3)),
                ("share", Value::Real(0.5)),
                ("sound", Value::Truth(true)),
                ("target", Value::Text("chat".into())),
            ],
        };
        let head = Head {
            at: Timestamp::from_unix_millis(1_795_369_268_042),
            level: Level::WARN,
            target: "soe503_proxy::run",
        };
        let mut out = Vec::new();
        append(&mut out, Style { format, colours }, head, &told);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn for_people() {
        assert_eq!(
            line(LogFormat::Text, false),
            "2026-11-22T17:41:08.042Z  WARN it is so pool=\"a \\\"b\\\"\\n\\u{1b}[31m\" \
             why=x\\ny\\u{1b}]0;z\\u{7} count=3 depth=-3 share=0.5 sound=true target=\"chat\"\n"
        );
        let coloured = line(LogFormat::Text, true);
        assert!(
            coloured.contains("\x1b[33m WARN\x1b[0m it is so"),
            "{coloured:?}"
        );
    }

    #[test]
    fn for_programs() {
        let line = line(LogFormat::Json, true);
        assert_eq!(line.matches('\n').count(), 1);
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        let expected = serde_json::json!({
            "ts": "2026-11-22T17:41:08.042Z", "level": "warn", "target": "soe503_proxy::run", "message": "it is so",
            "pool": "a \"b\"\n\x1b[31m", "why": "x\ny\x1b]0;z\x07", "count": 3, "depth": -3, "share": 0.5,
            "sound": true, "field.target": "chat",
        });
        assert_eq!(value, expected);
    }

    #[test]
    fn what_is_too_long_is_cut_off_between_characters() {
        let long = cut("é".repeat(LONGEST));
        assert!(long.len() <= LONGEST + '…'.len_utf8() && long.ends_with("é…"));
    }
}
