//! The keys of debug tokens.

use std::path::Path;

use soe503_core::explain::debug_token;

use crate::config::{
    DebugKeys, ExplainSettings,
    keys::ExplainKeys,
    problem::{Problem, Problems},
    secret::short_file,
};

/// Explanations; `None` after a problem was added.
pub(super) fn explain(
    keys: ExplainKeys,
    base: &Path,
    problems: &mut Problems,
) -> Option<ExplainSettings> {
    let Some(file) = keys.debug_key_file.given else {
        return Some(ExplainSettings::default());
    };
    let path = base.join(&file.value.0);
    let read = short_file(&path).and_then(|contents| {
        let keys =
            debug_token::keys(&contents).map_err(|why| format!("{}: {why}", path.display()))?;
        Ok(keys.into_iter().map(str::to_owned).collect())
    });
    match read {
        Ok(keys) => Some(ExplainSettings {
            debug_keys: Some(DebugKeys::new(path, keys)),
        }),
        Err(why) => {
            let title = "`debug_key_file` cannot be used";
            problems.push(
                Problem::new(file.at, title, why)
                    .help("make one: head -c 32 /dev/urandom | base64 > debug.key"),
            );
            None
        }
    }
}
