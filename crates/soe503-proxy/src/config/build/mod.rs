//! Stage two: from what is written to what it means.
//!
//! Each function takes the keys of one table apart and yields the validated type, or `None` after
//! it has added a problem. A value that was already found to be wrong is passed over without
//! another word: one mistake, one problem.

mod admin;
mod alerts;
mod balance;
mod checks;
mod dogstatsd;
mod explain;
mod failover;
mod guards;
mod instead;
mod journal;
mod listeners;
mod maintenance;
mod pools;
mod rate;
mod routes;
mod rules;
mod server;
mod telemetry;
mod tls;

use std::{ops::Range, path::Path};

use super::{
    AccessLog, Config, IncidentSettings, Lints, Log, LogPath, NonEmpty,
    keys::{AccessLogKeys, FileKeys, LogKeys},
    problem::{Problem, Problems},
    wire::Defaulted,
};

/// What a file means, and the number in it, from 0, of each route. `base` is the directory where relative paths start.
/// `None` after a problem was added to `problems`, or if one was there before.
pub(super) fn config(
    file: FileKeys,
    base: &Path,
    problems: &mut Problems,
) -> Option<(Config, Vec<usize>)> {
    let server = server::server(file.server.0.value, base);
    listeners::addresses(&file.listeners.0, &file.admin.0.value, problems);
    let admin = admin::admin(file.admin.0.value, base, problems);
    let log = log(file.log.0.value, base);
    let access_log = access_log(file.access_log.0.value, base);
    let explain = explain::explain(file.explain.0.value, base, problems);
    let journal = file.journal.0;
    let journal = journal.and_then(|keys| journal::journal(keys.value, base));
    let telemetry = file.telemetry.0.value;
    let traces = telemetry::traces(telemetry.traces, base, problems);
    let dogstatsd = dogstatsd::dogstatsd(telemetry.dogstatsd, problems);
    let listeners: Vec<_> = file
        .listeners
        .0
        .into_iter()
        .filter_map(|listener| listeners::listener(listener.value, base, problems))
        .collect();
    routes::references(&file.routes.0, &file.pools.0, problems);
    let pools = pools::pools(file.pools.0, server.zone.as_ref(), base, problems);
    let rate_limits = rate::rate_limits(file.rate_limits.0, problems);
    let (numbers, routes): (Vec<_>, Vec<_>) =
        routes::routes(file.routes.0, &pools, &rate_limits, base, problems)
            .into_iter()
            .unzip();
    let maintenance = maintenance::maintenance(file.maintenance.0, &pools, &routes, problems);
    let alerts = alerts::alerts(file.alerts.0, &pools, base, problems);
    let changes = alerts::changes(file.changes.0.value, base, problems);
    if !problems.is_empty() {
        return None;
    }
    let incidents = file.incidents.0.value;
    let config = Config {
        server,
        admin: admin?,
        log,
        access_log,
        incidents: IncidentSettings {
            close_after: incidents.close_after.value,
            backend_out_after: incidents.backend_out_after.value,
            external_url: incidents
                .external_url
                .given
                .map(|url| url.value.0.trim_end_matches('/').into()),
        },
        explain: explain?,
        journal,
        traces: traces?,
        dogstatsd: dogstatsd?,
        listeners: NonEmpty::new(listeners)?,
        routes: NonEmpty::new(routes)?,
        pools: NonEmpty::new(pools)?,
        rate_limits,
        maintenance,
        alerts,
        changes: changes?,
        warnings: None,
        lints: Lints::default(),
    };
    Some((config, numbers))
}

fn log(keys: LogKeys, base: &Path) -> Log {
    Log {
        level: keys.level.value,
        format: keys.format.value,
        path: match keys.path.value {
            LogPath::File(path) => LogPath::File(base.join(path)),
            other => other,
        },
        lines_per_second: keys.lines_per_second.value,
    }
}

fn access_log(keys: AccessLogKeys, base: &Path) -> AccessLog {
    match keys.path.value {
        AccessLog::File(path) => AccessLog::File(base.join(path)),
        other => other,
    }
}

/// The greater of two values that belong in this order. A default gives way to what is written;
/// two written values in the wrong order are a problem.
fn at_least<T: PartialOrd + Copy>(
    (low_name, low): (&str, &Defaulted<T>),
    (high_name, high): (&str, &Defaulted<T>),
    problems: &mut Problems,
) -> T {
    if let (Some(low_at), Some(high_at)) = (&low.at, &high.at)
        && high.value < low.value
    {
        let title = format!("`{high_name}` is less than `{low_name}`");
        problems.push(
            Problem::new(high_at.clone(), title, "this is the upper limit")
                .also(low_at.clone(), "of this"),
        );
    }
    if high.value < low.value {
        low.value
    } else {
        high.value
    }
}

/// A key that only means something if another one says so.
fn not_here(key: Option<Range<usize>>, name: &str, why: &str, problems: &mut Problems) {
    if let Some(at) = key {
        let title = format!("`{name}` does nothing here");
        problems.push(Problem::new(at, title, why));
    }
}
