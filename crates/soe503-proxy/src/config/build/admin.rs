//! The admin API.

use std::{ops::Range, path::Path};

use super::tls;
use crate::config::{
    Admin, AdminAccess, AdminCredentials, AdminTokens, TokenFile,
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
    let (operator, reader) = (keys.token_file, keys.read_token_file);
    let asked = keys
        .tls
        .0
        .as_ref()
        .and_then(|tls| tls.value.client_auth.0.as_ref());
    let named = asked.is_some_and(|asked| {
        let operators = &asked.value.operators;
        operators.wrong || !operators.value.0.is_empty()
    });
    let acts = operator.given.is_some() || operator.wrong || named;
    // Who shows neither is nobody, on this machine too.
    if !acts && (reader.given.is_some() || asked.is_some()) {
        let asked = asked.map(|asked| asked.at.clone());
        problems.push(nobody_acts(reader.given.map(|file| file.at), asked));
        return None;
    }
    // All that is wrong is told at once.
    let tls = keys.tls.0;
    let tls = tls.map(|keys| tls::admin(keys.value, base, problems));
    let tokens = match (&operator.given, &reader.given) {
        (None, None) => Some(None),
        (operator, reader) => tokens(operator.as_ref(), reader.as_ref(), base, problems).map(Some),
    };
    let (tls, certificates) = match tls {
        Some(tls) => {
            let (tls, certificates) = tls?;
            (Some(tls), certificates)
        }
        None => (None, None),
    };
    if operator.wrong || reader.wrong {
        return None;
    }
    let access = match (tokens?, certificates) {
        (None, None) if address.ip().is_loopback() => AdminAccess::Loopback,
        (None, None) => {
            let at = keys.address.at.unwrap_or_default();
            problems.push(
                Problem::new(
                    at,
                    "the admin API would be open to the network",
                    "not a loopback address, and neither a `token_file` nor `client_auth` of `tls`",
                )
                .help("add `token_file = \"admin.token\"` to `[admin]`, or listen on 127.0.0.1"),
            );
            return None;
        }
        (tokens, certificates) => AdminAccess::Shown(AdminCredentials {
            tokens,
            certificates,
        }),
    };
    Some(Some(Admin {
        address,
        access,
        tls,
    }))
}

/// There are readers, by a token or by certificates that are asked for here, and no operators.
fn nobody_acts(token: Option<Range<usize>>, asked: Option<Range<usize>>) -> Problem {
    match (token, asked) {
        (_, Some(at)) => Problem::new(
            at,
            "`client_auth` of `[admin]` without operators",
            "who has a certificate may look, and nobody may act",
        )
        .help("add `operators = [\"ops@example.org\"]`: names in the certificates of those who may act; or `token_file` to `[admin]`"),
        (token, None) => Problem::new(
            token.unwrap_or_default(),
            "`read_token_file` without `token_file`",
            "who has it may look, and nobody may act",
        )
        .help("add `token_file = \"admin.token\"` to `[admin]`: the operator's"),
    }
}

fn tokens(
    operator: Option<&At<FileName>>,
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
    let first = operator.map(|file| read("token_file", file, "admin.token"));
    let second = reader.map(|file| read("read_token_file", file, "reader.token"));
    // The outer one: it is in the file; the inner one: it can be used.
    let usable = |token: Option<Option<TokenFile>>| match token {
        Some(token) => token.map(Some),
        None => Some(None),
    };
    let tokens = AdminTokens::new(usable(first)?, usable(second)?);
    tokens
        .map_err(|why| {
            // Without a second one there are no two that are the same.
            let at = reader.or(operator).map(|file| file.at.clone());
            let title = "`read_token_file` cannot be used";
            problems.push(
                Problem::new(at.unwrap_or_default(), title, why)
                    .help("make another: head -c 24 /dev/urandom | base64 > reader.token"),
            );
        })
        .ok()
}
