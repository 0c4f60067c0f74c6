//! Traces.

use std::path::Path;

use http::{HeaderName, HeaderValue};

use super::tls;
use crate::config::{
    Endpoint, Otlp, Propagators, Secret, Traces,
    keys::{FileName, Sampling, TracesKeys},
    problem::{Problem, Problems},
    wire::{At, Maybe, Optional},
};

/// Fields that an export has anyway.
const OURS: [&str; 2] = ["content-type", "user-agent"];
/// A longer file is no list of headers.
const LONGEST_FILE: u64 = 64 * 1024;

/// The outer `None` after a problem was added; the inner one: no traces.
pub(super) fn traces(
    keys: Maybe<TracesKeys>,
    base: &Path,
    problems: &mut Problems,
) -> Option<Option<Traces>> {
    let Some(At { value: keys, .. }) = keys.0 else {
        return Some(None);
    };
    of(keys, base, problems).map(Some)
}

fn of(keys: TracesKeys, base: &Path, problems: &mut Problems) -> Option<Traces> {
    let headers = headers(&keys, base, problems);
    let At {
        value: endpoint,
        at,
    } = keys.endpoint.0?;
    if keys.protocol.value == Otlp::Grpc && endpoint.has_path() {
        let problem = Problem::new(at, "`endpoint` has a path", "gRPC has its own");
        problems.push(problem.help(format!("did you mean {:?}?", endpoint.url(""))));
        return None;
    }
    let tls = security(keys.tls.0, &endpoint, at, base, problems)?;
    let all =
        |list: &crate::config::wire::List<_>| Propagators::new(list.0.iter().map(|one| one.value));
    Some(Traces {
        headers: headers?,
        tls,
        endpoint,
        protocol: keys.protocol.value,
        timeout: keys.timeout.value,
        by_parent: keys.sampler.value == Sampling::ParentBased,
        sample_ratio: keys.sample_ratio.value,
        failures: keys.failures.value,
        extract: all(&keys.extract.value),
        inject: all(&keys.inject.value),
        queue_size: keys.queue_size.value,
        batch_size: keys.batch_size.value,
        export_interval: keys.export_interval.value,
        service_name: keys.service_name.value.0,
        resource_attributes: {
            let pairs = keys.resource_attributes.value.0.iter();
            pairs
                .map(|(name, value)| (name.as_str().into(), value.as_str().into()))
                .collect()
        },
        user_agent: keys.user_agent.value,
    })
}

fn security(
    keys: Option<At<crate::config::keys::PoolTlsKeys>>,
    endpoint: &Endpoint,
    at: std::ops::Range<usize>,
    base: &Path,
    problems: &mut Problems,
) -> Option<Option<crate::config::BackendTls>> {
    if let (false, Some(At { at: tls, .. })) = (endpoint.is_secure(), &keys) {
        let problem = Problem::new(tls.clone(), "`tls` does nothing here", "without `https`");
        problems.warn(problem.also(at, "this is where spans go"));
        return Some(None);
    }
    if endpoint.is_secure() && !crate::tls::is_server_name(endpoint.host()) {
        let title = format!("`{}` cannot be the name in a certificate", endpoint.host());
        problems.push(Problem::new(at, title, "TLS needs one to check"));
        return None;
    }
    tls::pool(keys, Some(endpoint.is_secure()), at, base, problems)
}

/// Those of the key, then those of the file; `None` after a problem.
fn headers(
    keys: &TracesKeys,
    base: &Path,
    problems: &mut Problems,
) -> Option<Vec<(HeaderName, Secret)>> {
    let mut all = Vec::new();
    for (name, value) in &keys.headers.value.0 {
        if OURS.contains(&name.value.as_str()) {
            let title = format!("`headers`: `{}` is set by the exporter", name.value);
            problems.push(Problem::new(name.at.clone(), title, "leave this away"));
            return None;
        }
        all.push((name.value.clone(), Secret::new(value.clone())));
    }
    match &keys.headers_file {
        Optional {
            given: Some(At { value, at }),
            ..
        } => match file(value, base) {
            Ok(more) => all.extend(more),
            Err(why) => {
                // What is in it is not told.
                problems.push(Problem::new(
                    at.clone(),
                    "`headers_file` cannot be used",
                    why,
                ));
                return None;
            }
        },
        Optional { wrong, .. } if *wrong => return None,
        Optional { .. } => {}
    }
    Some(all)
}

fn file(name: &FileName, base: &Path) -> Result<Vec<(HeaderName, Secret)>, String> {
    let path = base.join(&name.0);
    let length = std::fs::metadata(&path)
        .map_err(|error| error.to_string())?
        .len();
    if length > LONGEST_FILE {
        return Err("it is longer than 64 KiB".into());
    }
    let text = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            let field = line.split_once(':').and_then(|(name, value)| {
                let name = HeaderName::from_bytes(name.trim().as_bytes()).ok()?;
                let value = HeaderValue::from_str(value.trim()).ok()?;
                (!OURS.contains(&name.as_str())).then_some((name, Secret::new(value)))
            });
            field.ok_or_else(|| format!("line {} is not `Name: value`", number + 1))
        })
        .collect()
}

#[cfg(test)]
#[path = "telemetry_tests.rs"]
mod tests;
