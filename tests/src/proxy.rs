//! The real binaries: built if need be, started, awaited and stopped.
//!
//! They are looked for where cargo puts them, beside the running test. `cargo test` of the whole
//! workspace has built them by then; a test that is run alone builds what is missing or older than
//! its source.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::http;

/// No start, stop or change takes longer on a machine that works.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a change is looked for.
const GLANCE: Duration = Duration::from_millis(10);

/// A running proxy. Dropping it kills the process.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    admin: SocketAddr,
    directory: TempDir,
    child: Child,
}

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

// === impl Proxy ===

impl Proxy {
    /// Starts `soe503 run` with this config and waits until it is ready. `@listen@` and `@admin@`
    /// in the text become free addresses.
    pub async fn start(config: &str) -> Self {
        let (proxy, _) = Self::spawn(config);
        eventually("the proxy is ready", async || {
            let answer = http::get(proxy.admin, "/readyz").await;
            answer.is_ok_and(|answer| answer.status == 200)
        })
        .await;
        proxy
    }

    /// Starts it for one pool, `app`, of these backends, which tells clients everything; `more` is
    /// added to the pool's table.
    pub async fn before(backends: &[SocketAddr], more: &str) -> Self {
        Self::start(&config(backends, more)).await
    }

    /// Starts it and waits for nothing. Returns the path of its config too.
    pub fn spawn(config: &str) -> (Self, PathBuf) {
        let directory = TempDir::new().expect("a temporary directory");
        let (address, admin) = (free_address(), free_address());
        let path = directory.path().join("soe503.toml");
        let config = config
            .replace("@listen@", &address.to_string())
            .replace("@admin@", &admin.to_string());
        std::fs::write(&path, config).expect("the config is written");
        let log = std::fs::File::create(directory.path().join("log")).expect("the log is created");
        let child = Command::new(soe503())
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

// === command lines ===

/// Runs `lbctl` against this proxy.
pub async fn lbctl(proxy: &Proxy, arguments: &[&str]) -> Said {
    let admin = format!("http://{}", proxy.admin);
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

// === helpers ===

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

/// Waits for something to become true.
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let mut glance = interval(GLANCE);
    glance.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let watched = async {
        while !holds().await {
            glance.tick().await;
        }
    };
    if timeout(PATIENCE, watched).await.is_err() {
        panic!("not within {} s: {what}", PATIENCE.as_secs());
    }
}

/// A loopback address that nobody uses.
///
/// Its port is below the range from which the kernel takes the local ports of outgoing
/// connections: what is closed there stays refused.
pub fn free_address() -> SocketAddr {
    loop {
        let address = SocketAddr::from(([127, 0, 0, 1], fastrand::u16(10_000..32_000)));
        match TcpListener::bind(address) {
            Ok(_) => return address,
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            Err(error) => panic!("{address}: {error}"),
        }
    }
}

/// The proxy's binary.
pub fn soe503() -> &'static Path {
    &binaries().0
}

fn lbctl_binary() -> &'static Path {
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
