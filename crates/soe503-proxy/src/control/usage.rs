//! What this process uses, by the kernel's account. Read at scrape; nothing of it is on a request's way.
//!
//! Where `/proc` is not there (another system, a jail) nothing is told, rather than zeros.

use std::fs;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use super::trends::{CpuStat, CpuStatSource};

/// What the process uses now, and what it has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Processor time so far, in user mode and in the kernel.
    pub cpu: Option<Duration>,
    /// Memory that is there, in bytes.
    pub resident: Option<u64>,
    /// Address space, in bytes.
    pub address_space: Option<u64>,
    /// Threads.
    pub threads: Option<u64>,
    /// File descriptors that are open.
    pub open_fds: Option<u64>,
    /// How many may be (the soft limit). `None` also if there is no limit.
    pub max_fds: Option<u64>,
    /// The bandwidth counters of the control group; `None`: it has no quota.
    pub quota: Option<CpuStat>,
}

/// `USER_HZ`: what `/proc` counts in, whatever the kernel's own tick is.
const TICK: Duration = Duration::from_millis(10);

/// Scrapes share it.
static SOURCE: LazyLock<Mutex<CpuStatSource>> = LazyLock::new(|| Mutex::new(CpuStatSource::find()));

/// Reads everything once.
pub(super) fn read() -> Usage {
    let text = |name: &str| fs::read_to_string(format!("/proc/self/{name}")).ok();
    let status = text("status").unwrap_or_default();
    Usage {
        cpu: text("stat").as_deref().and_then(cpu),
        resident: kib(&status, "VmRSS:"),
        address_space: kib(&status, "VmSize:"),
        threads: field(&status, "Threads:"),
        open_fds: open_fds(),
        max_fds: text("limits").as_deref().and_then(max_fds),
        quota: SOURCE
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .read()
            .0,
    }
}

/// `proc_pid_stat(5)`: `utime` and `stime` are fields 14 and 15; the second one, in parentheses, may hold anything.
fn cpu(stat: &str) -> Option<Duration> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(14 - 3);
    let user: u32 = fields.next()?.parse().ok()?;
    let system: u32 = fields.next()?.parse().ok()?;
    Some(TICK * user + TICK * system)
}

fn kib(status: &str, name: &str) -> Option<u64> {
    Some(field(status, name)? * 1024)
}

/// The number behind `name`, at the begin of a line.
fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// `Max open files            1024                 524288               files`
fn max_fds(limits: &str) -> Option<u64> {
    field(limits, "Max open files")
}

/// Since Linux 6.2 the directory's size is their number; before, it has to be read.
fn open_fds() -> Option<u64> {
    let told = fs::metadata("/proc/self/fd").ok()?.len();
    if told > 0 {
        return Some(told);
    }
    let entries = fs::read_dir("/proc/self/fd").ok()?;
    // One of them is what reads the directory.
    u64::try_from(entries.count()).ok()?.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_proc_says() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 4 0 900 1000 25\n";
        assert_eq!(cpu(stat), Some(Duration::from_secs(3)));
        assert_eq!(cpu("nothing"), None);
        let status = "Name:\ta\nVmSize:\t   2048 kB\nVmRSS:\t     512 kB\nThreads:\t4\n";
        assert_eq!(kib(status, "VmRSS:"), Some(512 * 1024));
        assert_eq!(field(status, "Threads:"), Some(4));
        assert_eq!(field(status, "VmSwap:"), None);
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
                      Max open files            1024                 524288               files     \n";
        assert_eq!(max_fds(limits), Some(1024));
        let unlimited =
            "Max open files            unlimited            unlimited            files\n";
        assert_eq!(max_fds(unlimited), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_told() {
        let before = read();
        let held: Vec<fs::File> = (0..20)
            .map(|_| fs::File::open("/proc/self/stat").unwrap())
            .collect();
        let after = read();
        // Other tests open and close some meanwhile.
        let more = after.open_fds.unwrap() as i64 - before.open_fds.unwrap() as i64;
        assert!((5..=60).contains(&more), "{before:?} {after:?}");
        assert!(
            after
                .max_fds
                .is_none_or(|max| max > after.open_fds.unwrap())
        );
        assert!(after.resident.unwrap() > 100_000 && after.threads.unwrap() >= 1);
        assert!(after.address_space >= after.resident && after.cpu >= before.cpu);
        drop(held);
    }
}
