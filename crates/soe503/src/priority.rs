//! Who goes first where requests wait.

use http::{HeaderMap, HeaderName};
use soe503_core::limit::Class;

/// RFC 9218 §5.
const PRIORITY: HeaderName = HeaderName::from_static("priority");

/// How important requests are: what somebody trustworthy says, else what is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Priority {
    class: Class,
    header: Option<HeaderName>,
}

impl Priority {
    /// All requests alike, in the middle.
    pub const NORMAL: Self = Self::fixed(Class::Normal);

    /// All requests of this class, whatever they say.
    pub const fn fixed(class: Class) -> Self {
        Self {
            class,
            header: None,
        }
    }

    /// Believes the `header` of requests, where it says something: `Priority` as in RFC 9218 (`u=0` to
    /// `u=2` is high, `u=5` to `u=7` low), any other one `high`, `normal`, `low` or an urgency from 0 to
    /// 7. For clients that are trusted with it: others would all be important.
    #[must_use]
    pub fn believe(mut self, header: HeaderName) -> Self {
        self.header = Some(header);
        self
    }

    /// The class of a request with these fields.
    pub fn of(&self, headers: &HeaderMap) -> Class {
        let said = self.header.as_ref().and_then(|name| {
            let value = headers.get(name)?.as_bytes();
            if *name == PRIORITY {
                Class::from_priority(value)
            } else {
                Class::from_value(value)
            }
        });
        said.unwrap_or(self.class)
    }
}

impl Default for Priority {
    fn default() -> Self {
        Self::NORMAL
    }
}
