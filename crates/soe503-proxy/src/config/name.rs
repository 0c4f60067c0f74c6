//! Small types that make wrong values impossible to hold.

use std::{fmt, ops::Deref, sync::Arc};

/// A name that is safe in a header, a URL path, a log line and a metric label.
///
/// 1 to 253 characters out of `A-Z a-z 0-9 . _ : [ ] -`, so it is never quoted or escaped.
/// Servers, pools and backends have one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

/// One or more of something, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NonEmpty<T>(Vec<T>);

// === impl Name ===

impl Name {
    /// The longest name: that of a DNS name.
    pub const MAX_LEN: usize = 253;

    /// `text` as a name.
    ///
    /// # Errors
    ///
    /// A sentence that says which rule `text` breaks.
    pub fn new(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("a name cannot be empty".into());
        }
        if text.len() > Self::MAX_LEN {
            let max = Self::MAX_LEN;
            return Err(format!("a name has at most {max} characters"));
        }
        match text.chars().find(|&c| !Self::allows(c)) {
            Some(c) => Err(format!(
                "a name consists of letters, digits and `.` `_` `-` `:` `[` `]`; it cannot contain {c:?}"
            )),
            None => Ok(Self(text.into())),
        }
    }

    /// `text` without the characters that a name cannot have; `or` if nothing is left.
    pub(crate) fn lossy(text: &str, or: &'static str) -> Self {
        let kept: String = text
            .chars()
            .filter(|&c| Self::allows(c))
            .take(Self::MAX_LEN)
            .collect();
        Self(if kept.is_empty() {
            or.into()
        } else {
            kept.into()
        })
    }

    /// The name as a shared string.
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }

    fn allows(c: char) -> bool {
        c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ':' | '[' | ']')
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

// === impl NonEmpty ===

impl<T> NonEmpty<T> {
    /// `items`, or `None` if there are none.
    pub fn new(items: Vec<T>) -> Option<Self> {
        (!items.is_empty()).then_some(Self(items))
    }
}

impl<T> Deref for NonEmpty<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<'a, T> IntoIterator for &'a NonEmpty<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}
