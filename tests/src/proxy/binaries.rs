//! Finds the binaries under test where cargo puts them, beside the running test.
//!
//! `cargo test` of the whole workspace has built them by then; a test that is run alone builds what
//! is missing or older than its source.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The proxy's binary.
pub(super) fn soe503() -> &'static Path {
    &binaries().0
}

/// The operator's command line.
pub(super) fn lbctl() -> &'static Path {
    &binaries().1
}

fn binaries() -> &'static (PathBuf, PathBuf) {
    static BINARIES: OnceLock<(PathBuf, PathBuf)> = OnceLock::new();
    BINARIES.get_or_init(|| {
        let test = std::env::current_exe().expect("the path of this test");
        let profile = test.ancestors().nth(2).expect("target/PROFILE");
        let found = (profile.join("soe503"), profile.join("lbctl"));
        if !up_to_date(&found.0) || !up_to_date(&found.1) {
            build(profile);
        }
        found
    })
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace")
}

/// Younger than all its sources, which cargo lists beside it in a `.d` file.
fn up_to_date(binary: &Path) -> bool {
    let Ok(listed) = std::fs::read_to_string(binary.with_extension("d")) else {
        return false;
    };
    let changed = |path: &Path| std::fs::metadata(path).and_then(|found| found.modified());
    let Ok(built) = changed(binary) else {
        return false;
    };
    let sources = listed.split_once(": ").map_or("", |(_, sources)| sources);
    // A space inside a path is escaped; such a path is not found and so counts as changed.
    sources
        .split_ascii_whitespace()
        .all(|source| changed(Path::new(source)).is_ok_and(|changed| changed <= built))
}

fn build(profile: &Path) {
    let name = profile.file_name().and_then(|name| name.to_str());
    let profile_name = match name {
        Some("debug") | None => "dev",
        Some(other) => other,
    };
    let done = std::process::Command::new(env!("CARGO"))
        .current_dir(workspace())
        .args(["build", "--quiet", "--bins", "-p", "soe503-proxy"])
        .args(["-p", "lbctl", "--profile", profile_name])
        .arg("--target-dir")
        .arg(profile.parent().expect("target"))
        .status();
    assert!(
        done.is_ok_and(|status| status.success()),
        "soe503 and lbctl cannot be built"
    );
}
