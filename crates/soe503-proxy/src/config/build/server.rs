//! The process and its admin API.

use std::{fs, io::Read, num::NonZeroUsize, path::Path, thread};

use crate::config::{
    Admin, AdminAccess, AdminToken, Name, Server,
    keys::{AdminKeys, ServerKeys},
    problem::{Problem, Problems},
    wire::At,
};

/// As much of a token file is read, in bytes.
const MAX_TOKEN_FILE: u64 = 4096;

pub(super) fn server(keys: ServerKeys, base: &Path) -> Server {
    Server {
        name: keys.name.given.map_or_else(host_name, |name| name.value),
        workers: keys
            .workers
            .given
            .map_or_else(cores, |workers| workers.value),
        shutdown_grace: keys.shutdown_grace.value,
        status: keys.status.value,
        zone: keys.zone.given.map(|zone| zone.value),
        follow_config: keys.follow_config.value,
        upgrade_socket: keys
            .upgrade_socket
            .given
            .map(|file| base.join(&file.value.0)),
    }
}

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
    let access = match keys.token_file.given {
        Some(file) => {
            let path = base.join(&file.value.0);
            AdminAccess::Token(token(&path, &file, problems)?)
        }
        None if address.ip().is_loopback() => AdminAccess::Loopback,
        None if keys.token_file.wrong => return None,
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

/// What is in a file that holds a secret.
pub(crate) fn short_file(path: &Path) -> Result<String, String> {
    let mut contents = String::new();
    fs::File::open(path)
        // A token is short; a device has no end.
        .and_then(|file| file.take(MAX_TOKEN_FILE).read_to_string(&mut contents))
        .map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(contents)
}

fn token<T>(path: &Path, key: &At<T>, problems: &mut Problems) -> Option<AdminToken> {
    let result = short_file(path).and_then(|contents| AdminToken::new(&contents));
    result
        .map_err(|why| {
            problems.push(
                Problem::new(key.at.clone(), "`token_file` cannot be used", why)
                    .help("make one: head -c 24 /dev/urandom | base64 > admin.token"),
            );
        })
        .ok()
}

/// What the kernel calls this machine, or `soe503`.
fn host_name() -> Name {
    let kernel = fs::read_to_string("/proc/sys/kernel/hostname");
    let name = kernel.or_else(|_| fs::read_to_string("/etc/hostname"));
    Name::lossy(&name.unwrap_or_default(), "soe503")
}

fn cores() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}
