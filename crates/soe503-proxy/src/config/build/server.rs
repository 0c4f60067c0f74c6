//! The process.

use std::path::Path;
use std::{fs, num::NonZeroUsize, thread};

use crate::config::{Name, Server, keys::ServerKeys};

pub(super) fn server(keys: ServerKeys, base: &Path) -> Server {
    Server {
        name: keys.name.given.map_or_else(host_name, |name| name.value),
        workers: keys
            .workers
            .given
            .map_or_else(cores, |workers| workers.value),
        drain_delay: keys.drain_delay.value,
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

/// What the kernel calls this machine, or `soe503`.
fn host_name() -> Name {
    let kernel = fs::read_to_string("/proc/sys/kernel/hostname");
    let name = kernel.or_else(|_| fs::read_to_string("/etc/hostname"));
    Name::lossy(&name.unwrap_or_default(), "soe503")
}

fn cores() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}
