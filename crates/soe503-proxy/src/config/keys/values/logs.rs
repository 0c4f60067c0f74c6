//! Where logs go, and what is in them.

use serde_json::{Value, json};

use super::FileName;
use crate::config::{
    AccessLog, LogPath,
    wire::{Fault, Text, nearest, one_of},
};
use crate::control::event_log::Levels;

impl Text for AccessLog {
    const KIND: &'static str = "a file, \"stdout\", \"stderr\" or \"off\"";
    const LIKE: &'static str = "\"stdout\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        match text {
            "off" => Ok(Self::Off),
            "stdout" => Ok(Self::Stdout),
            "stderr" => Ok(Self::Stderr),
            _ => file(text, &["off", "stdout", "stderr"]).map(|file| Self::File(file.0)),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Off => "off".into(),
            Self::Stdout => "stdout".into(),
            Self::Stderr => "stderr".into(),
            Self::File(path) => path.display().to_string(),
        }
    }
}

impl Text for LogPath {
    const KIND: &'static str = "a file, \"stderr\" or \"stdout\"";
    const LIKE: &'static str = "\"stderr\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        match text {
            "stdout" => Ok(Self::Stdout),
            "stderr" => Ok(Self::Stderr),
            _ => file(text, &["stderr", "stdout"]).map(|file| Self::File(file.0)),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Stdout => "stdout".into(),
            Self::Stderr => "stderr".into(),
            Self::File(path) => path.display().to_string(),
        }
    }
}

impl Text for Levels {
    const KIND: &'static str = "levels";
    const LIKE: &'static str = "\"info,soe503_proxy::control=debug\"";

    fn parse(text: &str) -> Result<Self, Fault> {
        text.parse()
            .map_err(|error: crate::control::event_log::LevelsError| {
                let fault = Fault::new(&error.detail);
                match (error.nearest, error.valid) {
                    (Some(near), _) => fault.help(format!("did you mean \"{near}\"?")),
                    // Modules are many, levels are not.
                    (None, valid) if (1..10).contains(&valid.len()) => {
                        fault.help(format!("levels are {}", valid.join(", ")))
                    }
                    (None, _) => fault.help(format!("write it such as {}", Self::LIKE)),
                }
            })
    }

    fn text(&self) -> String {
        self.to_string()
    }

    fn constraints() -> Value {
        json!({ "minLength": 1 })
    }
}

/// A file of this name; a slip of the finger must not become one that is called `stdotu`.
fn file(text: &str, words: &[&'static str]) -> Result<FileName, Fault> {
    if text.contains(['/', '.']) {
        return FileName::parse(text);
    }
    let help = match nearest(text, words.iter().copied()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("for a file of that name write \"./{text}\""),
    };
    Err(one_of(text, words).help(help))
}
