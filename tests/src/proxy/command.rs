//! Command lines, run to their end.

use std::process::Stdio;

use tokio::process::Command;
use tokio::time::timeout;

use super::Proxy;
use super::binaries::{lbctl as lbctl_binary, soe503};
use super::wait::PATIENCE;

/// What a command line said.
#[derive(Debug)]
pub struct Said {
    /// Its exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

/// Runs `lbctl` against this proxy.
pub async fn lbctl(proxy: &Proxy, arguments: &[&str]) -> Said {
    let admin = format!("http://{}", proxy.admin());
    let mut command = Command::new(lbctl_binary());
    command.arg("--admin").arg(admin).args(arguments);
    said(command).await
}

/// Runs `lbctl` as it is typed.
pub async fn lbctl_alone(arguments: &[&str]) -> Said {
    let mut command = Command::new(lbctl_binary());
    command.args(arguments);
    said(command).await
}

/// Runs `soe503` to its end.
pub async fn soe503_says(arguments: &[&str]) -> Said {
    let mut command = Command::new(soe503());
    command.args(arguments);
    said(command).await
}

async fn said(mut command: Command) -> Said {
    command
        .stdin(Stdio::null())
        .env_remove("LBCTL_ADMIN")
        .env_remove("LBCTL_TOKEN")
        .env_remove("LBCTL_CA")
        .env_remove("LBCTL_CERTIFICATE")
        .env_remove("LBCTL_KEY")
        .kill_on_drop(true);
    let output = timeout(PATIENCE, command.output())
        .await
        .unwrap_or_else(|_| panic!("{command:?} does not end"))
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    Said {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
