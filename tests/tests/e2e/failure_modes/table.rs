//! `tests/failure-modes.md` is checked against the source: each row is there, and so is each test that it
//! names.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const ROWS: u32 = 52;

/// One row: what its last column names in backticks, and all of that column.
struct Row {
    named: Vec<(String, String)>,
    text: String,
}

fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap().to_path_buf()
}

fn rows() -> BTreeMap<u32, Row> {
    let page = fs::read_to_string(workspace().join("tests/failure-modes.md")).unwrap();
    let mut rows = BTreeMap::new();
    for line in page.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let Ok(number) = cells[0].parse::<u32>() else {
            continue;
        };
        assert_eq!(cells.len(), 4, "row {number}");
        let named = cells[3].split('`').skip(1).step_by(2);
        let named = named.filter_map(|name| name.split_once("::"));
        let row = Row {
            named: named.map(|(a, b)| (a.to_owned(), b.to_owned())).collect(),
            text: cells[3].to_owned(),
        };
        assert!(
            rows.insert(number, row).is_none(),
            "{number} is there twice"
        );
    }
    rows
}

/// The functions of a Rust file that are tests named after a failure mode: `fm17_…`.
fn tests_in(source: &str) -> Vec<(u32, String)> {
    let mut found = Vec::new();
    let mut is_test = false;
    for line in source.lines().map(str::trim) {
        let name = line
            .split_once("fn fm")
            .filter(|(before, _)| ["", "async ", "pub ", "pub async "].contains(before))
            .and_then(|(_, rest)| rest.split_once('('));
        if let Some((name, _)) = name
            && name.starts_with(|first: char| first.is_ascii_digit())
        {
            let number = name.split_once('_').map(|(number, _)| number.parse());
            let Some(Ok(number)) = number else {
                panic!("fm{name} has no number");
            };
            assert!(is_test, "fm{name} is no test");
            found.push((number, format!("fm{name}")));
        }
        is_test = match line {
            "" => false,
            _ if line.starts_with("#[") => is_test || line.contains("test"),
            _ if line.starts_with("//") => is_test,
            _ => false,
        };
    }
    found
}

fn rust_files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_failure_mode_has_its_row_and_the_row_its_tests() {
    let (rows, workspace) = (rows(), workspace());
    let numbers: Vec<u32> = rows.keys().copied().collect();
    assert_eq!(numbers, (1..=ROWS).collect::<Vec<_>>());
    for (number, row) in rows {
        let after = format!("fm{number:02}_");
        let own = row
            .named
            .iter()
            .filter(|(_, name)| name.starts_with(&after));
        let excused = ["Does not apply: ", "Not yet: "];
        assert!(
            own.count() > 0 || excused.iter().any(|word| row.text.starts_with(word)),
            "row {number} has no test named {after}…, and no excuse"
        );
        for (file, name) in row.named {
            let source = fs::read_to_string(workspace.join(&file));
            let source = source.unwrap_or_else(|error| panic!("row {number}: {file}: {error}"));
            let there = match file.ends_with(".rs") {
                true => source.contains(&format!("fn {name}(")),
                // A case of a harness is known by its words.
                false => source.contains(&format!("\"{name}\"")),
            };
            assert!(there, "row {number}: {file} has no {name}");
        }
    }
}

#[test]
fn every_test_that_is_named_after_a_failure_mode_is_in_its_row() {
    let (rows, workspace) = (rows(), workspace());
    let mut files = Vec::new();
    rust_files(&workspace.join("crates"), &mut files);
    rust_files(&workspace.join("tests"), &mut files);
    let mut seen = BTreeSet::new();
    for path in files {
        let source = fs::read_to_string(&path).unwrap();
        let file = path.strip_prefix(&workspace).unwrap().to_str().unwrap();
        for (number, name) in tests_in(&source) {
            let listed = rows.get(&number).is_some_and(|row| {
                let named = (file.to_owned(), name.clone());
                row.named.contains(&named)
            });
            assert!(listed, "row {number} does not name `{file}::{name}`");
            assert!(seen.insert(name.clone()), "two tests are called {name}");
        }
    }
    assert!(
        seen.len() > 52,
        "the tests are looked for in the wrong place"
    );
}
