//! Numbers as text, for sentences and documents that are written by the thousand: without a formatter.

/// The longest number of 64 bits has twenty digits.
const MOST: usize = 20;

/// Appends `value` in decimal.
pub(super) fn number(out: &mut String, mut value: u64) {
    // Most have one digit.
    if value < 10 {
        return out.push(char::from(b'0' + value as u8));
    }
    let mut digits = [b'0'; MOST];
    let mut at = MOST;
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    // Digits only.
    out.push_str(core::str::from_utf8(&digits[at..]).unwrap_or_default());
}

/// Appends `tenths` of something, with one decimal: 15 is 1.5.
pub(super) fn tenths(out: &mut String, tenths: u64) {
    number(out, tenths / 10);
    out.push('.');
    number(out, tenths % 10);
}

/// Appends all of `parts`.
pub(super) fn join(out: &mut String, parts: &[&str]) {
    for part in parts {
        out.push_str(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_formatter() {
        for value in [0, 1, 9, 10, 99, 100, 12_345, u64::from(u32::MAX), u64::MAX] {
            let mut out = String::from("=");
            number(&mut out, value);
            assert_eq!(out, format!("={value}"));
        }
        let mut out = String::new();
        tenths(&mut out, 3);
        tenths(&mut out, 120);
        assert_eq!(out, "0.312.0");
    }
}
