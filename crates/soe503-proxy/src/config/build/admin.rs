//! The admin API.

use std::path::Path;

use crate::config::{
    Admin, AdminAccess, AdminTokens, TokenFile,
    keys::{AdminKeys, FileName},
    problem::{Problem, Problems},
    wire::At,
};

/// The admin API; the outer `None` after a problem was added.
pub(super) fn admin(
    keys: AdminKeys,
    base: &Path,
    problems: &mut Problems,
) -> Option<Option<Admin>> {
    if !keys.enabled.value {
        return Some(None);
    }
    let address = keys.address.value;
    let reader = keys.read_token_file;
    let access = match keys.token_file.given {
        Some(file) => AdminAccess::Token(tokens(&file, reader.given.as_ref(), base, problems)?),
        None if keys.token_file.wrong || reader.wrong => return None,
        None if address.ip().is_loopback() => match reader.given {
            None => AdminAccess::Loopback,
            Some(file) => {
                let title = "`read_token_file` without `token_file`";
                let problem =
                    Problem::new(file.at, title, "who has it may look, and nobody may act");
                problems.push(
                    problem.help("add `token_file = \"admin.token\"` to `[admin]`: the operator's"),
                );
                return None;
            }
        },
        None => {
            let at = keys.address.at.unwrap_or_default();
            problems.push(
                Problem::new(
                    at,
                    "the admin API would be open to the network",
                    "not a loopback address, and no `token_file`",
                )
                .help("add `token_file = \"admin.token\"` to `[admin]`, or listen on 127.0.0.1"),
            );
            return None;
        }
    };
    Some(Some(Admin { address, access }))
}

fn tokens(
    operator: &At<FileName>,
    reader: Option<&At<FileName>>,
    base: &Path,
    problems: &mut Problems,
) -> Option<AdminTokens> {
    let mut read = |key: &'static str, file: &At<FileName>, like: &str| {
        let token = TokenFile::read(&base.join(&file.value.0));
        token
            .map_err(|why| {
                let title = format!("`{key}` cannot be used");
                let help = format!("make one: head -c 24 /dev/urandom | base64 > {like}");
                problems.push(Problem::new(file.at.clone(), title, why).help(help));
            })
            .ok()
    };
    let first = read("token_file", operator, "admin.token");
    let second = reader.map(|file| read("read_token_file", file, "reader.token"));
    let second = match second {
        Some(second) => Some(second?),
        None => None,
    };
    let tokens = AdminTokens::new(first?, second);
    tokens
        .map_err(|why| {
            // Without a second one there are no two that are the same.
            let at = reader.unwrap_or(operator).at.clone();
            let title = "`read_token_file` cannot be used";
            problems.push(
                Problem::new(at, title, why)
                    .help("make another: head -c 24 /dev/urandom | base64 > reader.token"),
            );
        })
        .ok()
}
