//! Finding the admin API, and telling what is wrong with a question it refused.

use std::{fs, path::PathBuf};

use clap::Args;
use soe503_api::{
    Pools,
    client::{Client, ClientError, Token},
};

use crate::{
    exit::Failure,
    show::quoted,
    tls::{self, TlsArgs},
};

/// Names further away than this are not what was meant.
const NEAR: f64 = 0.6;

/// Where the admin API is, and who asks.
#[derive(Debug, Args)]
#[command(next_help_heading = "Admin API")]
pub(crate) struct AdminArgs {
    /// Where the admin API listens (http:// or https://)
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "LBCTL_ADMIN",
        default_value = "http://127.0.0.1:9503"
    )]
    admin: String,
    /// File that holds the token (otherwise: the variable LBCTL_TOKEN)
    #[arg(long, global = true, value_name = "FILE")]
    token_file: Option<PathBuf>,
    #[command(flatten)]
    tls: TlsArgs,
}

impl AdminArgs {
    /// The client that these arguments describe. Nothing is connected yet.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        let client = Client::new(&self.admin)
            .map_err(|e| Failure::usage(format!("--admin (or LBCTL_ADMIN): {e}")))?;
        let tls = match client.address().is_tls() {
            true => Some(self.tls.tls()?),
            false => None,
        };
        Ok(client.with_token(self.token()?).with_tls(tls))
    }

    fn token(&self) -> Result<Option<Token>, Failure> {
        let (text, place) = if let Some(file) = &self.token_file {
            let place = format!("--token-file {}", file.display());
            let text =
                fs::read_to_string(file).map_err(|e| Failure::usage(format!("{place}: {e}")))?;
            (text, place)
        } else {
            match std::env::var("LBCTL_TOKEN") {
                Ok(text) if !text.is_empty() => (text, "LBCTL_TOKEN".to_owned()),
                _ => return Ok(None),
            }
        };
        Token::new(&text)
            .map(Some)
            .map_err(|e| Failure::usage(format!("{place}: {e}")))
    }
}

/// A failed call, as the person should read it.
pub(crate) fn explain(client: &Client, error: ClientError) -> Failure {
    let (status, problem) = match error {
        ClientError::Refused {
            status, problem, ..
        } => (status, problem),
        other => return unreachable(client, &other),
    };
    let at = client.address();
    let failure = Failure::usage(format!("{} (admin API at {at})", problem.detail));
    match status {
        401 => {
            let failure = failure.hint(
                "give the token of the proxy's [admin] section with --token-file or LBCTL_TOKEN",
            );
            match at.is_tls() {
                true => failure.hint("or a certificate with --certificate and --key"),
                false => failure,
            }
        }
        // What was shown was right, and may only look, or nothing.
        403 if client.has_token() => failure.hint(
            "give the operator's token (token_file of the proxy's [admin] section) with --token-file or LBCTL_TOKEN",
        ),
        403 if client.has_certificate() => failure.hint(
            "show a certificate with a name that has the role (operators or readers of the proxy's [admin.tls.client_auth] section) with --certificate and --key",
        ),
        403 => failure.hint(
            "without a token only this machine is served: set token_file in the proxy's [admin] section, and give it with --token-file or LBCTL_TOKEN",
        ),
        500.. => Failure::unreachable(format!("the admin API at {at} failed: {}", problem.detail)),
        _ if problem.valid.is_empty() => failure,
        _ => failure.hint(format!("expected one of: {}", problem.valid.join(", "))),
    }
}

fn unreachable(client: &Client, error: &ClientError) -> Failure {
    let failure = Failure::unreachable(error.to_string());
    match error {
        ClientError::Unreachable { .. } => failure
            .hint("is soe503 running there? its address is [admin] address in the configuration")
            .hint("another address: --admin URL or LBCTL_ADMIN"),
        ClientError::Tls { fault, .. } => tls::hints(failure, fault, client.address()),
        ClientError::TimedOut { .. } => failure.hint(format!(
            "something holds {} and does not answer",
            client.address()
        )),
        _ => failure.hint("another address: --admin URL or LBCTL_ADMIN"),
    }
}

/// A call that named a pool, and maybe a backend, failed: if there is no such thing, says so with
/// the nearest one that there is.
pub(crate) async fn explain_name(
    client: &Client,
    pool: &str,
    backend: Option<&str>,
    error: ClientError,
) -> Failure {
    if !matches!(error, ClientError::Refused { status: 404, .. }) {
        return explain(client, error);
    }
    match client.pools().await {
        Ok(all) => unknown_name(client, &all.value, pool, backend)
            .unwrap_or_else(|| explain(client, error)),
        Err(_) => explain(client, error),
    }
}

fn unknown_name(
    client: &Client,
    all: &Pools,
    pool: &str,
    backend: Option<&str>,
) -> Option<Failure> {
    let at = client.address();
    let Some(found) = all.pools.iter().find(|p| p.name == pool) else {
        let failure = Failure::usage(format!("no pool is named {} at {at}", quoted(pool)));
        let names: Vec<_> = all.pools.iter().map(|p| p.name.as_str()).collect();
        return Some(with_nearest(failure, pool, &names, "pools"));
    };
    let wanted = backend?;
    if found.backends.iter().any(|b| b.name == wanted) {
        return None;
    }
    let failure = Failure::usage(format!(
        "pool {} has no backend named {} at {at}",
        quoted(pool),
        quoted(wanted)
    ));
    if let Some(b) = found.backends.iter().find(|b| b.address == wanted) {
        return Some(failure.hint(format!("{wanted} is the address of {}", quoted(&b.name))));
    }
    let names: Vec<_> = found.backends.iter().map(|b| b.name.as_str()).collect();
    Some(with_nearest(failure, wanted, &names, "backends"))
}

fn with_nearest(failure: Failure, wanted: &str, names: &[&str], kind: &str) -> Failure {
    if names.is_empty() {
        return failure.hint(format!("there are no {kind} at all"));
    }
    let failure = match nearest(wanted, names) {
        Some(name) => failure.hint(format!("did you mean {}?", quoted(name))),
        None => failure,
    };
    failure.hint(format!("{kind}: {}", names.join(", ")))
}

/// The name most like `wanted`, if one is like it.
pub(crate) fn nearest<'a>(wanted: &str, names: &[&'a str]) -> Option<&'a str> {
    let wanted = wanted.to_lowercase();
    let near = |name: &&'a str| (strsim::jaro_winkler(&wanted, &name.to_lowercase()), *name);
    let best = names.iter().map(near).max_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(likeness, _)| *likeness >= NEAR)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_near() {
        let names = ["app", "search", "orders"];
        assert_eq!(nearest("ap", &names), Some("app"));
        assert_eq!(nearest("SERACH", &names), Some("search"));
        assert_eq!(nearest("zzz", &names), None);
        assert_eq!(nearest("app", &[]), None);
    }
}
