//! "Did you mean …?"

/// Keys and names are short; anything longer is not a slip of the finger.
const LONGEST: usize = 64;

/// The one of `names` that `typed` was probably meant to be: the nearest by insertions, deletions,
/// substitutions and swaps, if at most a third of it is wrong.
pub(in crate::config) fn nearest<'a>(
    typed: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    if typed.len() > LONGEST {
        return None;
    }
    // `maxConnections` and `max-connections` are the same intention.
    let typed = plain(typed);
    names
        .into_iter()
        .filter(|name| name.len() <= LONGEST)
        .map(|name| (strsim::damerau_levenshtein(&typed, &plain(name)), name))
        .filter(|(distance, name)| *distance <= name.len() / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

fn plain(name: &str) -> String {
    name.chars()
        .filter(|c| !matches!(c, '_' | '-'))
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_strangers_are_not() {
        const NAMES: [&str; 4] = ["timeout", "connect_timeout", "backends", "pool"];
        for (typed, meant) in [
            ("timout", Some("timeout")),
            ("tiemout", Some("timeout")),
            ("connectTimeout", Some("connect_timeout")),
            ("connect-timeout", Some("connect_timeout")),
            ("backend", Some("backends")),
            ("poll", Some("pool")),
            ("banana", None),
            ("pol", Some("pool")),
            ("", None),
        ] {
            assert_eq!(nearest(typed, NAMES), meant, "{typed}");
        }
        assert_eq!(nearest(&"t".repeat(100_000), NAMES), None);
    }
}
