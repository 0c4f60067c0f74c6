//! No input makes the reader panic, and every refusal can be told.

use proptest::{collection::vec, prelude::*, sample::select};
use soe503_proxy::config::{from_str, full_example};

/// Reads `text`; a refusal is rendered, and its places are in the text.
fn read(text: &str) {
    if let Err(report) = from_str("fuzz", text) {
        assert!(!report.problems().is_empty());
        let lines = text.lines().count() + 1;
        for problem in report.problems() {
            assert!(
                !problem.title().is_empty() && !problem.title().contains('\n'),
                "{problem:?}"
            );
            if let Some((line, column)) = report.position(problem) {
                assert!((1..=lines).contains(&line) && column >= 1, "{problem:?}");
            }
        }
        assert!(report.render(false).len() > 10);
        assert!(report.render(true).contains('\u{1b}'));
    }
}

/// Pieces of TOML and of configs, right and wrong.
const PIECES: &[&str] = &[
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "=",
    ",",
    ".",
    "\"",
    "'",
    "\"\"\"",
    "'''",
    "\n",
    "\r\n",
    " ",
    "#",
    "\\",
    "\\u0000",
    "\u{0}",
    "\u{1b}",
    "\u{feff}",
    "\u{1F980}",
    "\u{301}",
    "0",
    "-1",
    "1e999",
    "nan",
    "inf",
    "0x7fffffffffffffffffff",
    "99999999999999999999",
    "1979-05-27",
    "true",
    "server",
    "listeners",
    "routes",
    "pools",
    "match",
    "\"15s\"",
    "\"999999999999999999h\"",
    "\"64KiB\"",
    "\"99999999999999999999GiB\"",
    "\"http://\"",
    "\"http://[\"",
    "\"http://[::1]:1\"",
    "\"*.\"",
    "\"[::1]\"",
    "\"-\"",
    "\"200-\"",
    "[pools.a]\n",
    "[[routes]]\n",
    "pool = \"a\"\n",
    "backends = ",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn noise(text in ".{0,200}") {
        read(&text);
    }

    #[test]
    fn pieces(pieces in vec(select(PIECES), 0..40)) {
        read(&pieces.concat());
    }

    #[test]
    fn a_damaged_config(edits in vec((any::<prop::sample::Index>(), 0..12_usize, select(PIECES)), 1..6)) {
        let mut text = full_example();
        for (index, length, piece) in edits {
            let start = text.floor_char_boundary(index.index(text.len() + 1));
            let end = text.ceil_char_boundary((start + length).min(text.len()));
            text.replace_range(start..end, piece);
        }
        read(&text);
    }

    #[test]
    fn every_value_replaced(index in any::<prop::sample::Index>(), piece in select(PIECES), text in ".{0,30}") {
        let full = full_example();
        let values: Vec<_> = full.match_indices(" = ").map(|(at, sign)| at + sign.len()).collect();
        let start = values[index.index(values.len())];
        let end = start + full[start..].find('\n').unwrap_or(full.len() - start);
        for value in [piece.to_owned(), format!("{text:?}"), format!("[{piece}]"), format!("{{ a = {piece} }}")] {
            let mut damaged = full.clone();
            damaged.replace_range(start..end, &value);
            read(&damaged);
        }
    }
}

#[test]
fn deep_nesting_is_refused() {
    for (open, close) in [("[", "]"), ("{a=", "}")] {
        read(&format!(
            "server = {}1{}",
            open.repeat(20_000),
            close.repeat(20_000)
        ));
        read(&format!("server = {}", open.repeat(20_000)));
    }
    read(&format!("{} = 1", vec!["a"; 20_000].join(".")));
    read(&format!("[{}]", vec!["a"; 20_000].join(".")));
}

#[test]
fn four_mebibytes_of_anything_are_read() {
    const SIZE: usize = 4 << 20;
    let repeated = |line: &str| line.repeat(SIZE / line.len());
    read(&repeated("[[routes]]\n"));
    read(&repeated("= "));
    read(&format!(
        "x = \"{}\"",
        repeated("a").trim_end_matches("aaaaaaaaaa")
    ));
    read(&format!("\"{}\" = 1", &repeated("a")[..SIZE - 6]));
    let many: String = (0..SIZE / 16).map(|i| format!("k{i:08} = 1\n")).collect();
    read(&many);
}
