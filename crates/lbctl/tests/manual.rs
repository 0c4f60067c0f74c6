//! What shells and `man` are given: tried with a real bash, and with groff where there is one.

mod support;

use std::{fs, process::Command};

use support::{lbctl, said};

/// The commands that `lbctl --help` lists.
fn commands() -> Vec<String> {
    let help = said(lbctl().arg("--help")).out;
    let (_, list) = help.split_once("Commands:\n").unwrap();
    let lines = list.lines().take_while(|line| !line.is_empty());
    // What goes on over a second line is indented further.
    let names = lines.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let names = names.filter(|name| !name.is_empty() && *name != "help");
    let names: Vec<_> = names.map(str::to_owned).collect();
    assert!(names.len() > 15, "{names:?}");
    names
}

fn completions(shell: &str) -> String {
    let output = lbctl().args(["completions", shell]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{shell}");
    String::from_utf8(output.stdout).unwrap()
}

/// What bash offers for the last of `words`.
fn offered(words: &[&str]) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("lbctl.bash");
    fs::write(&script, completions("bash")).unwrap();
    // What readline does on a tab, by hand: the function that `complete` has set, and its answer.
    let tab = r#"
        source "$1" || exit 3
        shift
        [[ "$(complete -p lbctl)" =~ -F\ ([^ ]+) ]] || exit 4
        COMP_WORDS=("$@")
        COMP_CWORD=$(($# - 1))
        "${BASH_REMATCH[1]}" lbctl "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let mut bash = Command::new("bash");
    let bash = bash.args(["--norc", "--noprofile", "-c", tab, "bash"]);
    let output = bash.arg(&script).args(words).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && complaint.is_empty(),
        "{complaint}"
    );
    let out = String::from_utf8(output.stdout).unwrap();
    out.lines().map(str::to_owned).collect()
}

#[test]
fn help_tells_what_there_is() {
    let help = said(lbctl().arg("--help").env_remove("COLUMNS")).out;
    insta::assert_snapshot!(help);
}

#[test]
fn bash_completes_commands_options_and_values() {
    assert_eq!(offered(&["lbctl", "po"]), ["pool"]);
    assert_eq!(offered(&["lbctl", "pool", "st"]), ["status"]);
    assert_eq!(offered(&["lbctl", "pool", "status", "--wa"]), ["--watch"]);
    let shapes = offered(&["lbctl", "pool", "status", "-o", ""]);
    assert_eq!(shapes, ["table", "wide", "json"]);
    let all = offered(&["lbctl", ""]);
    for command in commands() {
        assert!(all.contains(&command), "{command}: {all:?}");
    }
}

#[test]
fn each_shell_is_told_of_each_command() {
    let further = ["drain", "status", "--token-file"].map(str::to_owned);
    let words: Vec<_> = commands().into_iter().chain(further).collect();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = completions(shell);
        for command in &words {
            // Fish writes long options without their dashes.
            let word = command.trim_start_matches("--");
            assert!(script.contains(word), "{shell}: {command}");
        }
    }
}

#[test]
fn an_unknown_shell_is_refused_with_those_that_there_are() {
    let said = said(lbctl().args(["completions", "tcsh"]));
    assert_eq!(said.code, 2);
    assert!(said.err.contains("powershell"), "{}", said.err);
}

#[test]
fn there_is_a_page_for_each_command() {
    let dir = tempfile::tempdir().unwrap();
    let pages = dir.path().join("share/man/man1");
    let said = said(lbctl().arg("man").arg(&pages));
    assert_eq!((said.code, &*said.out), (0, ""), "{}", said.err);
    let page = |name: &str| fs::read_to_string(pages.join(format!("{name}.1"))).unwrap();
    let main = page("lbctl");
    for command in commands() {
        let name = format!("lbctl-{command}");
        let listed = name.replace('-', "\\-");
        assert!(main.contains(&listed), "{listed}");
        assert!(page(&name).contains(".SH SYNOPSIS"), "{name}");
    }
    assert!(page("lbctl-pool-status").contains("watch"));
    for file in fs::read_dir(&pages).unwrap() {
        renders(&file.unwrap().path());
    }
}

#[test]
fn the_main_page_goes_to_standard_output() {
    let said = said(lbctl().arg("man"));
    assert_eq!(said.code, 0);
    assert!(said.out.contains(".TH lbctl 1"), "{}", said.out);
    assert!(said.out.contains("LBCTL_ADMIN") && said.out.contains("Exit codes"));
}

#[test]
fn a_directory_that_cannot_be_made_is_told() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let said = said(lbctl().arg("man").arg(file.path()));
    assert_eq!(said.code, 2);
    assert!(said.err.contains("cannot write"), "{}", said.err);
}

/// Has groff render `page`, and say everything that it could complain about.
fn renders(page: &std::path::Path) {
    let mut groff = Command::new("groff");
    let groff = groff.args(["-man", "-ww", "-Tascii", "-P-cbu"]).arg(page);
    let output = match groff.output() {
        Ok(output) => output,
        Err(error) => {
            eprintln!("not rendered, as there is no groff here: {error}");
            return;
        }
    };
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.is_empty(), "{}: {complaint}", page.display());
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("SYNOPSIS"), "{}", page.display());
}
