//! What the kernel says about our processor time: `cpu.stat` of our control group, of either version, and
//! the machine's pressure (PSI). Each is a file of a few lines that the kernel makes up when it is read.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The bandwidth counters of a control group (`cpu.stat`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuStat {
    /// Periods of the quota in which somebody of the group ran.
    pub periods: u64,
    /// Those in which the group was stopped.
    pub throttled: u64,
    /// How long it was stopped, all of its processors' times added.
    pub stopped: Duration,
}

/// Where our group's `cpu.stat` is: followed, because whoever starts a process may put it into its group afterwards.
#[derive(Debug)]
pub(in crate::control) struct Source {
    root: PathBuf,
    /// What `/proc/self/cgroup` said when it was last looked at.
    groups: String,
    /// `None`: there is no quota.
    file: Option<PathBuf>,
}

impl Source {
    /// The file of our own group, as it is seen from here: in a container the group's own directory is the
    /// root of what is mounted.
    pub(in crate::control) fn find() -> Self {
        let mut source = Self::under("/sys/fs/cgroup");
        source.follow(&own_groups());
        source
    }

    fn under(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            groups: String::new(),
            file: None,
        }
    }

    /// What the kernel counts for our group, and whether that is another one than the last time: then nothing
    /// follows from a difference.
    pub(in crate::control) fn read(&mut self) -> (Option<CpuStat>, bool) {
        let moved = self.follow(&own_groups());
        (self.stat(), moved)
    }

    /// Looks for the file if the groups are others; whether it is another one now.
    fn follow(&mut self, groups: &str) -> bool {
        if groups == self.groups {
            return false;
        }
        groups.clone_into(&mut self.groups);
        let readable = |path: &PathBuf| stat(path).is_some();
        let file = candidates(&self.root, groups).into_iter().find(readable);
        let moved = file != self.file;
        self.file = file;
        moved
    }

    fn stat(&self) -> Option<CpuStat> {
        stat(self.file.as_ref()?)
    }
}

/// Empty where the kernel does not say.
fn own_groups() -> String {
    fs::read_to_string("/proc/self/cgroup").unwrap_or_default()
}

fn stat(path: &PathBuf) -> Option<CpuStat> {
    parse(&fs::read_to_string(path).ok()?)
}

/// `cpu.stat` of the groups in `/proc/self/cgroup`, whose lines are `id:controllers:path`; version 2 has the
/// id 0 and no controllers.
fn candidates(root: &Path, groups: &str) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let path = path.trim_start_matches('/');
        let bases: &[&str] = match controllers {
            "" => &["", "unified"],
            names if names.split(',').any(|name| name == "cpu") => &["cpu", "cpu,cpuacct"],
            _ => continue,
        };
        for base in bases {
            let base = root.join(base);
            all.push(base.join(path).join("cpu.stat"));
            all.push(base.join("cpu.stat"));
        }
    }
    all
}

/// `None`: the group has no quota, or this is another file.
fn parse(text: &str) -> Option<CpuStat> {
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().parse().ok()
    };
    Some(CpuStat {
        periods: value("nr_periods ")?,
        throttled: value("nr_throttled ")?,
        // Version 2 counts in microseconds, version 1 in nanoseconds.
        stopped: value("throttled_usec ")
            .map(Duration::from_micros)
            .or_else(|| value("throttled_time ").map(Duration::from_nanos))
            .unwrap_or_default(),
    })
}

/// Microseconds for which somebody on this machine has waited for a processor, ever.
pub(super) fn pressure() -> Option<u64> {
    some(&fs::read_to_string("/proc/pressure/cpu").ok()?)
}

/// `some avg10=0.00 avg60=0.00 avg300=0.00 total=12345`
fn some(text: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.starts_with("some "))?;
    line.split_once("total=")?.1.trim().parse().ok()
}

/// This process runs behind others by its own choice: nice, or of the classes `batch` and `idle`. Then that
/// it waits for a processor is wanted so.
pub(super) fn gives_way() -> bool {
    fs::read_to_string("/proc/self/stat").is_ok_and(|text| is_behind(&text))
}

/// `proc_pid_stat(5)`: `nice` is field 19 and `policy` field 41; the second one, in parentheses, may hold
/// anything.
fn is_behind(text: &str) -> bool {
    const SCHED_BATCH: i64 = 3;
    const SCHED_IDLE: i64 = 5;
    let Some((_, rest)) = text.rsplit_once(')') else {
        return false;
    };
    let field = |number: usize| {
        let text = rest.split_whitespace().nth(number - 3)?;
        text.parse::<i64>().ok()
    };
    field(19).is_some_and(|nice| nice > 0) || matches!(field(41), Some(SCHED_BATCH | SCHED_IDLE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_of_cpu_stat() {
        let v1 = "nr_periods 40\nnr_throttled 12\nthrottled_time 8123000\n";
        let v2 = "usage_usec 1\nuser_usec 1\nsystem_usec 0\nnr_periods 40\nnr_throttled 12\nthrottled_usec 8123\n";
        let told = CpuStat {
            periods: 40,
            throttled: 12,
            stopped: Duration::from_micros(8_123),
        };
        assert_eq!((parse(v1), parse(v2)), (Some(told), Some(told)));
        // A group of version 2 without a quota, as the root is.
        assert_eq!(parse("usage_usec 1\nuser_usec 1\n"), None);
    }

    #[test]
    fn pressure_of_the_machine() {
        let text = "some avg10=1.20 avg60=0.00 avg300=0.00 total=98765\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=5\n";
        assert_eq!(some(text), Some(98_765));
        assert_eq!(some("nothing"), None);
    }

    #[test]
    fn who_gives_way_is_not_starved() {
        let stat = |nice: i32, policy: i32| {
            let middle = "0 ".repeat(41 - 20);
            format!(
                "7 (a) b) S {}{nice} {middle}{policy} 0 0\n",
                "0 ".repeat(19 - 4)
            )
        };
        let rows = [
            (0, 0, false),
            (10, 0, true),
            (-5, 0, false),
            (0, 5, true),
            (0, 3, true),
            (0, 1, false),
        ];
        for (nice, policy, behind) in rows {
            assert_eq!(is_behind(&stat(nice, policy)), behind, "{nice} {policy}");
        }
        assert!(!is_behind("nothing"));
    }

    #[test]
    fn the_group_is_found_in_either_hierarchy() {
        let stat = "nr_periods 7\nnr_throttled 3\n";
        let rows = [
            ("0::/pod/web\n", "pod/web/cpu.stat"),
            ("0::/seen/from/outside\n", "cpu.stat"),
            (
                "3:cpu,cpuacct:/pod/web\n1:name=systemd:/\n",
                "cpu,cpuacct/pod/web/cpu.stat",
            ),
            ("4:cpuset:/x\n2:cpu:/y\n", "cpu/y/cpu.stat"),
        ];
        for (groups, file) in rows {
            let root = tempfile::tempdir().unwrap();
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, stat).unwrap();
            let mut found = Source::under(root.path());
            assert!(found.follow(groups) && !found.follow(groups));
            assert_eq!(
                found.stat(),
                Some(CpuStat {
                    periods: 7,
                    throttled: 3,
                    stopped: Duration::ZERO,
                }),
                "{groups}"
            );
        }
        let empty = tempfile::tempdir().unwrap();
        let mut nothing = Source::under(empty.path());
        assert!(!nothing.follow("0::/x\n") && nothing.stat().is_none());
    }

    #[test]
    fn a_process_that_is_moved_is_followed() {
        let root = tempfile::tempdir().unwrap();
        for (group, periods) in [("", 0), ("web", 9)] {
            fs::create_dir_all(root.path().join(group)).unwrap();
            let stat = format!("nr_periods {periods}\nnr_throttled 0\n");
            fs::write(root.path().join(group).join("cpu.stat"), stat).unwrap();
        }
        let mut source = Source::under(root.path());
        let periods = |source: &Source| source.stat().map(|stat| stat.periods);
        assert!(source.follow("0::/\n"));
        assert_eq!(periods(&source), Some(0));
        assert!(source.follow("0::/web\n"), "that is another file");
        assert_eq!(periods(&source), Some(9));
        assert!(
            !source.follow("1:name=systemd:/x\n0::/web\n"),
            "the same file by other words"
        );
    }
}
