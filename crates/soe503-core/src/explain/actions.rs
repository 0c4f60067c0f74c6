//! What to do, with the real names.

use std::borrow::Cow;
use std::sync::OnceLock;

use super::Telling;
use super::clean::identifier;
use super::headers::LONGEST_ID;
use super::names::Names;
use super::problem::ToldActions;
use crate::cause::Cause;
use crate::diagnosis::Evidence;

/// Most remedies are shorter.
const USUAL: usize = 192;

/// What stands in for names of the reader's own in the table of causes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Text(&'static str),
    /// `POOL`
    Pool,
    /// `ID`
    Id,
    /// `HOST:PORT`
    Address,
}

/// The remedies of one cause, cut where names go in.
#[derive(Debug)]
struct Remedies {
    quick: Box<[Part]>,
    long_term: Box<[Part]>,
    verify: Box<[Part]>,
}

/// The names that go in, as far as the reader may know them.
struct Real<'a> {
    pool: Option<String>,
    id: Cow<'a, str>,
    address: Option<String>,
}

/// The remedies of the root, if there is one, with the real names in place of the stand-ins.
pub(super) fn actions(telling: &Telling<'_>, names: &Names<'_>) -> ToldActions {
    let diagnosis = telling.diagnosis;
    let primary = Remedies::of(diagnosis.primary);
    let root = diagnosis
        .root
        .filter(|root| *root != Cause::Unclassified)
        .map(Remedies::of);
    let address = address(telling).and_then(|address| names.address(Some(address)));
    let real = Real {
        pool: diagnosis.scope.pool.as_deref().map(shell),
        id: identifier(telling.reference(), LONGEST_ID),
        address: address.as_deref().map(shell),
    };
    let both = |of: fn(&Remedies) -> &[Part]| {
        let all = root.into_iter().chain([primary]);
        all.map(|one| real.fill(of(one))).collect()
    };
    ToldActions {
        quick: both(|one| &one.quick),
        long_term: vec![real.fill(&root.unwrap_or(primary).long_term)],
        verify: both(|one| &one.verify),
    }
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

// === impl Remedies ===

impl Remedies {
    /// Those of `cause`, cut when they are asked for first.
    fn of(cause: Cause) -> &'static Self {
        static ALL: [OnceLock<Remedies>; Cause::ALL.len()] =
            [const { OnceLock::new() }; Cause::ALL.len()];
        ALL[cause as usize].get_or_init(|| {
            let info = cause.info();
            Self {
                quick: cut(info.quick_fix),
                long_term: cut(info.long_term_fix),
                verify: cut(info.verify),
            }
        })
    }
}

/// `text` in parts. `POOL` and `ID` are whole words.
fn cut(text: &'static str) -> Box<[Part]> {
    const STAND_INS: [(&str, Part); 3] = [
        ("POOL", Part::Pool),
        ("ID", Part::Id),
        ("HOST:PORT", Part::Address),
    ];
    let boundary = |c: Option<char>| !c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
    let mut parts = Vec::new();
    let (mut begin, mut at) = (0, 0);
    while at < text.len() {
        let (before, rest) = text.split_at(at);
        let found = STAND_INS.into_iter().find(|(word, part)| {
            let after = rest.strip_prefix(word);
            let whole = |after: &str| {
                boundary(before.chars().next_back()) && boundary(after.chars().next())
            };
            after.is_some_and(|after| *part == Part::Address || whole(after))
        });
        match found {
            Some((word, part)) => {
                parts.extend((begin < at).then(|| Part::Text(&text[begin..at])));
                parts.push(part);
                at += word.len();
                begin = at;
            }
            None => at += rest.chars().next().map_or(1, char::len_utf8),
        }
    }
    parts.extend((begin < at).then(|| Part::Text(&text[begin..])));
    parts.into()
}

// === impl Real ===

impl Real<'_> {
    fn fill(&self, parts: &[Part]) -> String {
        let mut out = String::with_capacity(USUAL);
        for part in parts {
            out.push_str(match part {
                Part::Text(text) => text,
                Part::Pool => self.pool.as_deref().unwrap_or("POOL"),
                Part::Id => &self.id,
                Part::Address => self.address.as_deref().unwrap_or("HOST:PORT"),
            });
        }
        out
    }
}

/// `text` as one harmless word in a command that somebody may paste into a shell.
fn shell(text: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "-._:/[]@".contains(c);
    text.chars()
        .take(48)
        .map(|c| if harmless(c) { c } else { '_' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stand_ins_are_whole_words() {
        let real = Real {
            pool: Some("web".to_owned()),
            id: "01K".into(),
            address: None,
        };
        for (text, filled) in [
            ("POOL", "web"),
            ("a POOL, POOLS and POOL", "a web, POOLS and web"),
            ("curl HOST:PORT/ID", "curl HOST:PORT/01K"),
            ("VALID ID_ é ID…", "VALID ID_ é 01K…"),
            ("", ""),
        ] {
            assert_eq!(real.fill(&cut(text)), filled);
        }
    }

    #[test]
    fn nothing_of_a_remedy_is_lost() {
        let none = Real {
            pool: None,
            id: "ID".into(),
            address: None,
        };
        for cause in Cause::ALL {
            let (cut, info) = (Remedies::of(*cause), cause.info());
            assert_eq!(none.fill(&cut.quick), info.quick_fix);
            assert_eq!(none.fill(&cut.long_term), info.long_term_fix);
            assert_eq!(none.fill(&cut.verify), info.verify);
        }
    }
}
