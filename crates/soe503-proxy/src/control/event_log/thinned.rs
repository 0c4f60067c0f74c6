//! What is not written, because there is too much of its kind.

use std::collections::HashMap;

use soe503_core::Tick;
use soe503_core::rate::Repeats;
use tracing::Metadata;
use tracing::callsite::Identifier;

/// Lines that have a quota together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Kind {
    pub(super) site: Identifier,
    pub(super) cause: Option<String>,
}

/// What was let through of each kind, and what was not.
#[derive(Debug)]
pub(super) struct Thinned {
    pub(super) budget: Repeats<Kind>,
    withheld: HashMap<Kind, Like>,
    pub(super) told: Tick,
}

/// The first line of its kind that was not written.
#[derive(Debug)]
pub(super) struct Like {
    pub(super) metadata: &'static Metadata<'static>,
    pub(super) message: String,
}

// === impl Thinned ===

impl Thinned {
    /// Whether nobody has kept yet what a line of this kind looks like.
    pub(super) fn is_new(&self, kind: &Kind) -> bool {
        !self.withheld.contains_key(kind)
    }

    /// A line of this kind looks like this.
    pub(super) fn keep(
        &mut self,
        kind: Kind,
        metadata: &'static Metadata<'static>,
        message: String,
    ) {
        let like = Like { metadata, message };
        self.withheld.insert(kind, like);
    }

    /// What was withheld since this was last asked: of which kind, what it looked like, how many.
    pub(super) fn take(&mut self) -> Vec<(Option<Kind>, Option<Like>, u64)> {
        let mut likes = std::mem::take(&mut self.withheld);
        let withheld = self.budget.withheld().into_iter();
        withheld
            .map(|(kind, count)| {
                let like = kind.as_ref().and_then(|kind| likes.remove(kind));
                (kind, like, count)
            })
            .collect()
    }
}

impl Default for Thinned {
    fn default() -> Self {
        Self {
            budget: Repeats::new(None),
            withheld: HashMap::new(),
            told: Tick::ZERO,
        }
    }
}

/// `1,234,567`.
pub(super) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_have_commas() {
        for (count, text) in [
            (0, "0"),
            (999, "999"),
            (1234, "1,234"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(count), text);
        }
    }
}
