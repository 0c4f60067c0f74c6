//! Whose levels can be set.

/// The audit log. Its lines are always written.
pub(super) const AUDIT: &str = "audit";
/// One line for a request that failed.
pub(super) const FAILURE: &str = "failure";

/// The crate whose modules those below are.
const OURS: &str = "soe503_proxy";

/// The modules that tell something. A test compares this with the source.
const MODULES: [&str; 51] = [
    "control::access_log::writer",
    "control::admin::actions",
    "control::admin::alerts",
    "control::admin::change_hooks",
    "control::admin::config_diff",
    "control::admin::doctor",
    "control::admin::page::live",
    "control::admin::page::routes",
    "control::admin::reload",
    "control::admin::router",
    "control::admin::serve",
    "control::alerts::deliver",
    "control::alerts::files",
    "control::alerts::run",
    "control::check::circuit",
    "control::check::patients",
    "control::check::run",
    "control::dns::resolver",
    "control::dogstatsd::outlet",
    "control::dogstatsd::run",
    "control::event_log::handle",
    "control::event_log::writer",
    "control::follow",
    "control::incidents::feed",
    "control::journal::failures",
    "control::start",
    "control::supervise",
    "control::trends::own",
    "control::watch",
    "demo::remote",
    "handover::entrance",
    "handover::exchange",
    "handover::notify",
    "handover::sockets",
    "handover::takeover",
    "journal::handle",
    "journal::writer",
    "listen::accept",
    "listen::admit",
    "listen::close",
    "listen::serve",
    "opening",
    "run",
    "run::ending",
    "signals",
    "state::access",
    "tls::follow",
    "tls::server",
    "tls::server::counts",
    "traces::exporter",
    "worker",
];

/// Crates that we use and that tell something.
const OTHERS: [&str; 4] = ["h2", "hickory_net", "hickory_proto", "hickory_resolver"];

/// Whether anything is told by `target`, or by something below it.
pub(super) fn is_known(target: &str) -> bool {
    target == FAILURE
        || target == OURS
        || OTHERS.iter().any(|other| is_at_or_below(target, other))
        || target
            .strip_prefix(OURS)
            .and_then(|rest| rest.strip_prefix("::"))
            .is_some_and(|module| MODULES.iter().any(|known| is_at_or_below(known, module)))
}

/// Everything that can be named, the outermost modules of ours without what is below them.
pub(super) fn nameable() -> Vec<String> {
    let mut all: Vec<String> = MODULES
        .iter()
        .flat_map(|module| {
            let ends = module.match_indices("::").map(|(at, _)| at);
            ends.chain([module.len()])
                .map(|end| format!("{OURS}::{}", &module[..end]))
        })
        .collect();
    all.extend([OURS, FAILURE].map(str::to_owned));
    all.extend(OTHERS.map(str::to_owned));
    all.sort_unstable();
    all.dedup();
    all
}

/// Whether `target` is `module`, or one of its own modules.
pub(super) fn is_at_or_below(target: &str, module: &str) -> bool {
    target
        .strip_prefix(module)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    /// The modules below `directory` with a line that is told under their name.
    fn tell(root: &Path, directory: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                tell(root, &path, found);
                continue;
            }
            let name = path.file_name().unwrap().to_str().unwrap();
            if !name.ends_with(".rs") || name.contains("tests") || path.ends_with("modules.rs") {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap().lines();
            let code: Vec<&str> = code.filter(|line| !line.starts_with("//")).collect();
            let code = code.join("\n");
            let macros = ["error", "warn", "info", "debug", "trace"];
            let told = macros.iter().any(|level| {
                code.split(&format!("tracing::{level}!("))
                    .skip(1)
                    .any(|rest| !rest.trim_start().starts_with("target: "))
            });
            if told {
                let below = path.strip_prefix(root).unwrap().with_extension("");
                let module = below.to_str().unwrap().replace('/', "::");
                let module = module.strip_suffix("::mod").unwrap_or(&module);
                found.insert(module.to_owned());
            }
        }
    }

    #[test]
    fn the_modules_that_tell_something_are_listed() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut found = BTreeSet::new();
        tell(&root, &root, &mut found);
        let listed: BTreeSet<String> = MODULES.iter().map(ToString::to_string).collect();
        assert_eq!(listed, found);
    }

    #[test]
    fn what_is_known() {
        for (target, known) in [
            ("soe503_proxy", true),
            ("soe503_proxy::control", true),
            ("soe503_proxy::control::alerts::deliver", true),
            ("soe503_proxy::contro", false),
            ("soe503_proxy::", false),
            ("soe503", false),
            ("hickory_resolver::name_server", true),
            ("hickory", false),
            (FAILURE, true),
        ] {
            assert_eq!(is_known(target), known, "{target}");
        }
        let nameable = nameable();
        assert!(nameable.iter().all(|name| is_known(name)), "{nameable:?}");
        assert!(nameable.iter().any(|name| name == "soe503_proxy::control"));
    }
}
