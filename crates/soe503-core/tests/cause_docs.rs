//! The page `docs/causes.md` is what the table says.

use std::{env, fs, path::Path};

#[test]
fn the_page_is_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/causes.md");
    let page = soe503_core::cause::page();
    if env::var_os("SOE503_BLESS").is_some() {
        fs::write(&path, &page).expect("page written");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == page,
        "docs/causes.md is not what the table says; regenerate it with\n\
         SOE503_BLESS=1 cargo test -p soe503-core --test cause_docs"
    );
}
