//! Which lines are written: a level, and others for single modules.

use std::fmt;
use std::str::FromStr;

use tracing::Level;
use tracing::level_filters::LevelFilter;

use super::modules::{AUDIT, is_at_or_below, is_known, nameable};

/// The words for levels, the quietest first.
const WORDS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// More of them than anybody types.
const MOST: usize = 64;

/// What these crates tell below this is of no use to who runs a proxy; who wants it names them.
const QUIET: [(&str, LevelFilter); 3] = [
    ("hickory_net", LevelFilter::ERROR),
    ("hickory_proto", LevelFilter::ERROR),
    ("hickory_resolver", LevelFilter::ERROR),
];

/// Levels: `info`, or `info,soe503_proxy::control=debug`. The longest name that a module begins with decides about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Levels {
    others: LevelFilter,
    /// Longer names first.
    named: Vec<(Box<str>, LevelFilter)>,
}

/// Why a text names no levels, and what would have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct LevelsError {
    /// What is wrong, in a sentence without its full stop.
    pub detail: String,
    /// What was probably meant in its place.
    pub nearest: Option<String>,
    /// What would have been accepted in its place.
    pub valid: Vec<String>,
}

// === impl Levels ===

impl Levels {
    /// Whether a line of this level is written, if `target` tells it.
    pub fn enables(&self, target: &str, level: Level) -> bool {
        // Nobody switches off what tells who did.
        if target == AUDIT {
            return level <= Level::INFO;
        }
        level <= self.of(target)
    }

    /// The most talkative of them.
    pub fn max(&self) -> LevelFilter {
        let named = self.named.iter().map(|(_, level)| *level);
        named.fold(self.others.max(LevelFilter::INFO), LevelFilter::max)
    }

    fn of(&self, target: &str) -> LevelFilter {
        let named = self
            .named
            .iter()
            .find(|(name, _)| is_at_or_below(target, name));
        if let Some((_, level)) = named {
            return *level;
        }
        let quiet = QUIET.iter().find(|(name, _)| is_at_or_below(target, name));
        quiet.map_or(self.others, |(_, level)| self.others.min(*level))
    }
}

impl Default for Levels {
    fn default() -> Self {
        Self {
            others: LevelFilter::INFO,
            named: Vec::new(),
        }
    }
}

impl FromStr for Levels {
    type Err = LevelsError;

    fn from_str(text: &str) -> Result<Self, LevelsError> {
        let mut levels = Self::default();
        let mut others = None;
        let mut directives = 0;
        for directive in text.split(',').map(str::trim).filter(|one| !one.is_empty()) {
            directives += 1;
            if directives > MOST {
                return Err(LevelsError::new(format!("more than {MOST} directives")));
            }
            match directive.split_once('=') {
                None => {
                    let word = level(directive, true)?;
                    if others.replace(word).is_some() {
                        let what = format!("{directive:?} is the second level for everything else");
                        return Err(LevelsError::new(what));
                    }
                }
                Some((target, word)) => {
                    let (target, word) = (target.trim(), word.trim());
                    if target == AUDIT {
                        audit(level(word, false)?)?;
                        continue;
                    }
                    let target = known(target)?;
                    let word = level(word, false)?;
                    if levels.named.iter().any(|(name, _)| **name == *target) {
                        return Err(LevelsError::new(format!("{target:?} is named twice")));
                    }
                    levels.named.push((target.into(), word));
                }
            }
        }
        if directives == 0 {
            let valid = WORDS.map(str::to_owned).to_vec();
            return Err(LevelsError::new("no level is named".into()).with(None, valid));
        }
        levels.others = others.unwrap_or(levels.others);
        levels
            .named
            .sort_by(|(a, _), (b, _)| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        Ok(levels)
    }
}

impl fmt::Display for Levels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.others)?;
        for (name, level) in self.named.iter().rev() {
            write!(f, ",{name}={level}")?;
        }
        Ok(())
    }
}

/// The level that `word` names. `alone`: it stands where a level for everything does.
fn level(word: &str, alone: bool) -> Result<LevelFilter, LevelsError> {
    let found = WORDS
        .iter()
        .position(|known| known.eq_ignore_ascii_case(word));
    let levels = [
        LevelFilter::OFF,
        LevelFilter::ERROR,
        LevelFilter::WARN,
        LevelFilter::INFO,
        LevelFilter::DEBUG,
        LevelFilter::TRACE,
    ];
    if let Some(level) = found.and_then(|at| levels.get(at)) {
        return Ok(*level);
    }
    let valid: Vec<String> = WORDS.map(str::to_owned).to_vec();
    if alone && is_known(word) {
        let detail = format!("{word:?} has no level");
        return Err(LevelsError::new(detail).with(Some(format!("{word}=debug")), valid));
    }
    let near = nearest(word, &valid);
    Err(LevelsError::new(format!("{word:?} is no level")).with(near, valid))
}

/// Whoever names the audit log must not mean to switch it off.
fn audit(level: LevelFilter) -> Result<(), LevelsError> {
    match level >= LevelFilter::INFO {
        true => Ok(()),
        false => Err(LevelsError::new("the audit log is always written".into())
            .with(Some("audit=info".into()), Vec::new())),
    }
}

/// `target`, if anything is told by it.
fn known(target: &str) -> Result<&str, LevelsError> {
    if is_known(target) {
        return Ok(target);
    }
    let valid = nameable();
    let near = nearest(target, &valid);
    Err(LevelsError::new(format!("no module is called {target:?}")).with(near, valid))
}

/// What `typed` was probably meant to be.
fn nearest(typed: &str, known: &[String]) -> Option<String> {
    if typed.len() > 256 {
        return None;
    }
    let lower = typed.to_lowercase();
    known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(&lower, name), name))
        .filter(|(distance, name)| *distance <= name.chars().count().div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name.clone())
}

// === impl LevelsError ===

impl LevelsError {
    const fn new(detail: String) -> Self {
        Self {
            detail,
            nearest: None,
            valid: Vec::new(),
        }
    }

    fn with(self, nearest: Option<String>, valid: Vec<String>) -> Self {
        Self {
            nearest,
            valid,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(text: &str) -> Levels {
        text.parse()
            .unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn the_longest_name_decides() {
        let levels = levels("warn, soe503_proxy::control=debug ,soe503_proxy::control::watch=off");
        for (target, level, written) in [
            ("soe503_proxy::run", Level::WARN, true),
            ("soe503_proxy::run", Level::INFO, false),
            ("soe503_proxy::control", Level::DEBUG, true),
            ("soe503_proxy::control::follow", Level::DEBUG, true),
            ("soe503_proxy::control::follow", Level::TRACE, false),
            ("soe503_proxy::controls", Level::DEBUG, false),
            ("soe503_proxy::control::watch", Level::ERROR, false),
            ("hickory_proto::udp", Level::WARN, false),
            ("hickory_proto::udp", Level::ERROR, true),
            ("audit", Level::INFO, true),
            ("audit", Level::DEBUG, false),
        ] {
            assert_eq!(levels.enables(target, level), written, "{target} {level}");
        }
        assert_eq!(levels.max(), LevelFilter::DEBUG);
        assert_eq!(
            levels.to_string(),
            "warn,soe503_proxy::control=debug,soe503_proxy::control::watch=off"
        );
        assert_eq!(self::levels(&levels.to_string()), levels);
    }

    #[test]
    fn what_is_named_is_no_longer_quiet_and_off_is_off() {
        let named = levels("off,hickory_proto=debug");
        assert!(named.enables("hickory_proto::udp", Level::DEBUG));
        assert!(!named.enables("hickory_resolver", Level::ERROR));
        assert!(!named.enables("soe503_proxy", Level::ERROR));
        assert!(
            named.enables("audit", Level::INFO),
            "nobody switches it off"
        );
        assert_eq!(levels("warn,audit=info"), levels("warn"));
    }

    #[test]
    fn what_is_wrong_is_told_with_the_nearest() {
        for (text, detail, near) in [
            ("", "no level is named", None),
            ("inof", "\"inof\" is no level", Some("info")),
            ("DEBUGG", "\"DEBUGG\" is no level", Some("debug")),
            ("5", "\"5\" is no level", None),
            (
                "info,warn",
                "\"warn\" is the second level for everything else",
                None,
            ),
            (
                "soe503_proxy",
                "\"soe503_proxy\" has no level",
                Some("soe503_proxy=debug"),
            ),
            (
                "soe503_proxy::contrl=debug",
                "no module is called \"soe503_proxy::contrl\"",
                Some("soe503_proxy::control"),
            ),
            ("failure=warm", "\"warm\" is no level", Some("warn")),
            (
                "failure=info,failure=off",
                "\"failure\" is named twice",
                None,
            ),
            (
                "audit=off",
                "the audit log is always written",
                Some("audit=info"),
            ),
        ] {
            let error = text.parse::<Levels>().unwrap_err();
            assert_eq!(
                (&*error.detail, error.nearest.as_deref()),
                (detail, near),
                "{text}"
            );
        }
    }
}
