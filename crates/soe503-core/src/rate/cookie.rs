//! A cookie of a request.

/// The value of the cookie called `name` in a `Cookie` field (RFC 6265 §4.2.1, read as leniently as
/// servers do); the first if there are several.
pub fn cookie<'a>(field: &'a [u8], name: &str) -> Option<&'a [u8]> {
    field.split(|byte| *byte == b';').find_map(|pair| {
        let pair = pair.trim_ascii();
        let (found, value) = (pair.get(..name.len())?, pair.get(name.len()..)?);
        let value = value.strip_prefix(b"=")?.trim_ascii();
        (found == name.as_bytes()).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::cookie;

    #[test]
    fn values_are_found_by_their_whole_name() {
        let field = b"a=1; session=x=y ;sessionid=2;  b=;novalue";
        for (name, value) in [
            ("a", Some("1")),
            ("session", Some("x=y")),
            ("sessionid", Some("2")),
            ("b", Some("")),
            ("novalue", None),
            ("sess", None),
            ("A", None),
        ] {
            assert_eq!(cookie(field, name), value.map(str::as_bytes), "{name}");
        }
        assert_eq!(cookie(b"", "a"), None);
    }
}
