//! A running proxy.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};

use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::binaries::soe503;
use super::wait::{PATIENCE, eventually, free_address};
use crate::http;

/// A running proxy. Dropping it kills the process.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    admin: SocketAddr,
    directory: TempDir,
    child: Child,
}

// === impl Proxy ===

impl Proxy {
    /// Starts `soe503 run` with this config and waits until it is ready. `@listen@` and `@admin@`
    /// in the text become free addresses.
    pub async fn start(config: &str) -> Self {
        Self::spawn(config).0.ready().await
    }

    /// The same, and it may open no more than so many files and sockets at a time.
    pub async fn start_with_descriptors(config: &str, most: u32) -> Self {
        let mut command = Command::new("sh");
        let limited = "ulimit -n \"$0\" && exec \"$@\"";
        command
            .args(["-c", limited, &most.to_string()])
            .arg(soe503());
        Self::launch(command, config).0.ready().await
    }

    /// The same, and no file of its may become longer than so many half kibibytes: the disk is full.
    pub async fn start_with_file_limit(config: &str, most: u32) -> Self {
        let mut command = Command::new("sh");
        // The signal is ignored, so that writing fails with an error, as it does on a full disk.
        let limited = "trap '' XFSZ; ulimit -f \"$0\" && exec \"$@\"";
        command
            .args(["-c", limited, &most.to_string()])
            .arg(soe503());
        Self::launch(command, config).0.ready().await
    }

    /// Starts it for one pool, `app`, of these backends, which tells clients everything; `more` is
    /// added to the pool's table.
    pub async fn before(backends: &[SocketAddr], more: &str) -> Self {
        Self::start(&config(backends, more)).await
    }

    /// Starts it and waits for nothing. Returns the path of its config too.
    pub fn spawn(config: &str) -> (Self, PathBuf) {
        Self::launch(Command::new(soe503()), config)
    }

    fn launch(mut command: Command, config: &str) -> (Self, PathBuf) {
        let directory = TempDir::new().expect("a temporary directory");
        let (address, admin) = (free_address(), free_address());
        let path = directory.path().join("soe503.toml");
        let config = config
            .replace("@listen@", &address.to_string())
            .replace("@admin@", &admin.to_string());
        std::fs::write(&path, config).expect("the config is written");
        let log = std::fs::File::create(directory.path().join("log")).expect("the log is created");
        let child = command
            .arg("run")
            .arg("--config")
            .arg(&path)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .expect("soe503 starts");
        let proxy = Self {
            address,
            admin,
            directory,
            child,
        };
        (proxy, path)
    }

    /// Starts another process that takes over from this one, with the same config file.
    pub fn successor(&self) -> Child {
        let log = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(self.directory.path().join("successor.log"))
            .expect("the log is created");
        Command::new(soe503())
            .arg("run")
            .arg("--upgrade")
            .arg("--config")
            .arg(self.directory.path().join("soe503.toml"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .expect("soe503 starts")
    }

    async fn ready(self) -> Self {
        eventually("the proxy is ready", async || {
            let answer = http::get(self.admin, "/readyz").await;
            answer.is_ok_and(|answer| answer.status == 200)
        })
        .await;
        self
    }

    /// Where clients connect.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the admin API listens.
    pub const fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// What it wrote to standard output and standard error so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    /// Replaces the text of its config file, without telling it. Addresses as in [`Self::start`].
    pub fn rewrite(&self, config: &str) {
        let config = config
            .replace("@listen@", &self.address.to_string())
            .replace("@admin@", &self.admin.to_string());
        let path = self.directory.path().join("soe503.toml");
        std::fs::write(path, config).expect("the config is written");
    }

    /// What `GET /api/v1/pools` says about the pool `app`.
    pub async fn pool(&self) -> serde_json::Value {
        let answer = http::get(self.admin, "/api/v1/pools").await.expect("pools");
        let pools = answer.json();
        let pools = pools["pools"].as_array().expect("a list of pools");
        let app = pools.iter().find(|pool| pool["name"] == "app");
        app.cloned().expect("the pool app")
    }

    /// Sends a signal, by name (`TERM`, `HUP`).
    pub async fn signal(&self, name: &str) {
        let id = self.child.id().expect("it still runs").to_string();
        let done = Command::new("sh")
            .args(["-c", "kill -\"$0\" \"$1\"", name, &id])
            .status()
            .await;
        assert!(done.is_ok_and(|status| status.success()), "kill -{name}");
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> ExitStatus {
        let waited = timeout(PATIENCE, self.child.wait()).await;
        waited
            .unwrap_or_else(|_| panic!("soe503 goes on:\n{}", self.log()))
            .expect("its status is known")
    }
}

/// The smallest config, for these backends, with `more` in the pool's table. Clients are told
/// everything.
pub fn config(backends: &[SocketAddr], more: &str) -> String {
    let urls: Vec<String> = backends
        .iter()
        .map(|address| format!("\"http://{address}\""))
        .collect();
    format!(
        r#"
[server]
name = "edge-test"
workers = 1
[admin]
address = "@admin@"
[[listeners]]
address = "@listen@"
explain = "full"
[[routes]]
pool = "app"
[pools.app]
backends = [{}]
{more}
"#,
        urls.join(", ")
    )
}
