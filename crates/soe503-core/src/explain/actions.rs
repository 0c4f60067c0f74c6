//! What to do, with the real names.

use super::Telling;
use super::clean::identifier;
use super::headers::LONGEST_ID;
use super::names::Names;
use super::problem::ToldActions;
use crate::cause::{Cause, CauseInfo};
use crate::diagnosis::Evidence;

/// The remedies of the root, if there is one, with the real names in place of the stand-ins.
pub(super) fn actions(telling: &Telling<'_>, names: &Names<'_>) -> ToldActions {
    let diagnosis = telling.diagnosis;
    let info = diagnosis.primary.info();
    let root = diagnosis
        .root
        .filter(|root| *root != Cause::Unclassified)
        .map(Cause::info);
    let fill = |text: &str| stand_ins(text, telling, names);
    let both = |of: fn(&CauseInfo) -> &'static str| {
        root.into_iter().chain([info]).map(of).map(fill).collect()
    };
    ToldActions {
        quick: both(|info| info.quick_fix),
        long_term: root
            .into_iter()
            .chain([info])
            .take(1)
            .map(|i| fill(i.long_term_fix))
            .collect(),
        verify: both(|info| info.verify),
    }
}

/// `text` with POOL, ID and HOST:PORT filled in, as far as the reader may know them.
fn stand_ins(text: &str, telling: &Telling<'_>, names: &Names<'_>) -> String {
    let mut out = text.to_owned();
    if let Some(pool) = telling.diagnosis.scope.pool.as_deref() {
        out = word(&out, "POOL", &shell(pool));
    }
    out = word(&out, "ID", &identifier(telling.reference(), LONGEST_ID));
    if let Some(address) = address(telling).and_then(|address| names.address(Some(address))) {
        out = out.replace("HOST:PORT", &shell(&address));
    }
    out
}

/// The backend to look at: the last one tried, else the first one that is out of rotation.
fn address<'a>(telling: &Telling<'a>) -> Option<&'a str> {
    let attempts = telling.attempts.attempts.iter().rev();
    let tried = attempts
        .filter_map(|attempt| attempt.address.as_deref())
        .next();
    let out = telling.diagnosis.evidence.iter().find_map(|e| match e {
        Evidence::Backend { address, .. } => address.as_deref(),
        _ => None,
    });
    tried.or(out)
}

/// `text` with every whole word `stand_in` replaced.
fn word(text: &str, stand_in: &str, by: &str) -> String {
    let boundary = |c: Option<char>| !c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
    let mut out = String::with_capacity(text.len() + by.len());
    let mut rest = text;
    while let Some(at) = rest.find(stand_in) {
        let after = &rest[at + stand_in.len()..];
        let whole = boundary(rest[..at].chars().next_back()) && boundary(after.chars().next());
        out.push_str(&rest[..at]);
        out.push_str(if whole { by } else { stand_in });
        rest = after;
    }
    out + rest
}

/// `text` as one harmless word in a command that somebody may paste into a shell.
fn shell(text: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "-._:/[]@".contains(c);
    text.chars()
        .take(48)
        .map(|c| if harmless(c) { c } else { '_' })
        .collect()
}
