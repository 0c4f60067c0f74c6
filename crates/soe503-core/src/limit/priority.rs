//! What a request says about its importance.

use sfv::{BareItem, Dictionary, ListEntry, Parser};

use super::Class;

impl Class {
    /// The class that the value of a `Priority` field asks for (RFC 9218 §4.1), as in `u=1, i`. `None`
    /// without a valid urgency.
    pub fn from_priority(value: &[u8]) -> Option<Self> {
        let members: Dictionary = Parser::new(value).parse().ok()?;
        let ListEntry::Item(item) = members.get("u")? else {
            return None;
        };
        let BareItem::Integer(urgency) = &item.bare_item else {
            return None;
        };
        Self::from_urgency(u8::try_from(i64::from(*urgency)).ok()?)
    }

    /// The class that a field of one's own names: `high`, `normal` or `low`, or an urgency from 0 to 7.
    pub fn from_value(value: &[u8]) -> Option<Self> {
        let text = core::str::from_utf8(value).ok()?.trim();
        Self::from_name(text).or_else(|| Self::from_urgency(text.parse().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_priority_field_says_what_is_urgent() {
        for (value, class) in [
            ("u=0", Some(Class::High)),
            ("u=2, i", Some(Class::High)),
            ("i, u=3", Some(Class::Normal)),
            ("u=4", Some(Class::Normal)),
            ("u=5;x=1", Some(Class::Low)),
            ("u=1, u=7", Some(Class::Low)),
            ("u=8", None),
            ("u=-1", None),
            ("u=1.5", None),
            ("u=(1)", None),
            ("u", None),
            ("i", None),
            ("U=1", None),
            ("u=", None),
            ("", None),
            ("high", None),
        ] {
            assert_eq!(Class::from_priority(value.as_bytes()), class, "{value}");
        }
    }

    #[test]
    fn a_field_of_ones_own_names_a_class() {
        for (value, class) in [
            ("high", Some(Class::High)),
            (" low ", Some(Class::Low)),
            ("normal", Some(Class::Normal)),
            ("0", Some(Class::High)),
            ("7", Some(Class::Low)),
            ("8", None),
            ("High", None),
            ("", None),
        ] {
            assert_eq!(Class::from_value(value.as_bytes()), class, "{value}");
        }
        assert_eq!(Class::from_value(b"\xff"), None);
    }

    #[test]
    fn names_and_order() {
        assert!(Class::Low < Class::Normal && Class::Normal < Class::High);
        for class in Class::ALL {
            assert_eq!(Class::from_name(class.as_str()), Some(class));
            assert_eq!(Class::ALL[class.index()], class);
        }
    }
}
