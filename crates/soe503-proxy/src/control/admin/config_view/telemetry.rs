//! Traces, and metrics for DogStatsD.

use serde_json::{Map, Value, json};

use super::span;
use crate::config::{Dogstatsd, Propagator, Propagators, Traces};

pub(super) fn traces(traces: &Traces) -> Value {
    let headers = traces.headers.iter();
    let headers: Map<String, Value> = headers
        .map(|(name, _)| (name.to_string(), json!("(set, not shown)")))
        .collect();
    let attributes = traces.resource_attributes.iter();
    let attributes: Map<String, Value> = attributes
        .map(|(name, value)| (name.to_string(), json!(&**value)))
        .collect();
    let mut view = json!({
        "endpoint": traces.endpoint.to_string(),
        "protocol": traces.protocol.id(),
        "headers": headers,
        "timeout": span(traces.timeout),
        "sampler": match traces.by_parent {
            true => "parentbased_traceidratio",
            false => "traceidratio",
        },
        "sample_ratio": traces.sample_ratio.as_f64(),
        "failures": traces.failures,
        "extract": propagators(traces.extract),
        "inject": propagators(traces.inject),
        "queue_size": traces.queue_size,
        "batch_size": traces.batch_size,
        "export_interval": span(traces.export_interval),
        "service_name": &*traces.service_name,
        "resource_attributes": attributes,
        "user_agent": traces.user_agent,
    });
    if let Some(tls) = &traces.tls {
        view["tls"] = super::pool::backend_tls(tls);
    }
    view
}

pub(super) fn dogstatsd(dogstatsd: &Dogstatsd) -> Value {
    let tags = dogstatsd.tags.iter();
    let tags: Map<String, Value> = tags
        .map(|(name, value)| (name.to_string(), json!(&**value)))
        .collect();
    let mut view = json!({
        "namespace": &*dogstatsd.namespace,
        "tags": tags,
        "interval": span(dogstatsd.interval),
    });
    if let Some(address) = &dogstatsd.address {
        view["address"] = json!(address.to_string());
    }
    view
}

fn propagators(all: Propagators) -> Value {
    all.iter().map(Propagator::id).collect()
}
