//! The effective configuration of what lives in front of pools.

use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Map, Value, json};
use soe503_core::maintenance::When;

use super::config_view::{networks, span, text};
use crate::config::instead::class_id;
use crate::config::{Fallback, LimitBy, Maintenance, RateLimit, Route};

/// One `[rate_limits.NAME]`.
pub(super) fn rate_limit(limit: &RateLimit) -> Value {
    let decisions = &limit.decisions;
    let mut view = json!({
        "requests": decisions.quota.requests,
        "per": span(decisions.quota.per),
        "burst": decisions.quota.burst,
        "by": limit.by.to_string(),
        "max_keys": decisions.max_keys,
        "status": decisions.status,
        "shadow": decisions.shadow,
        "announce": decisions.announce,
    });
    if limit.by == LimitBy::Client {
        view["ipv4_prefix"] = json!(limit.prefix.v4());
        view["ipv6_prefix"] = json!(limit.prefix.v6());
    }
    view
}

/// One `[[maintenance]]`.
pub(super) fn maintenance(plan: &Maintenance) -> Value {
    let mut view = json!({ "reason": &*plan.reason });
    for (key, targets) in [("pools", &plan.pools), ("routes", &plan.routes)] {
        if !targets.is_empty() {
            view[key] = targets.iter().map(|target| json!(&**target)).collect();
        }
    }
    match &plan.when {
        When::Once(span) => {
            view["start"] = json!(date(span.start));
            if let Some(end) = span.end {
                view["end"] = json!(date(end));
            }
        }
        When::Weekly(weekly) => {
            let minutes = weekly.at / 60;
            let (day, hours) = (weekly.day.word(), minutes / 60);
            view["weekly"] = json!(format!("{day} {hours:02}:{:02}", minutes % 60));
            view["duration"] = json!(span(Duration::from_secs(weekly.seconds.into())));
        }
        _ => {}
    }
    if let Some(page) = &plan.status_page {
        view["status_page"] = json!(&**page);
    }
    view
}

/// The keys of a route that are about what is in front of its pool.
pub(super) fn route(route: &Route, view: &mut Value) {
    if !route.rate_limits.is_empty() {
        let names = route.rate_limits.iter().map(|limit| json!(&*limit.name));
        view["rate_limits"] = names.collect();
    }
    let bypass = &route.maintenance_bypass;
    if !bypass.is_empty() {
        view["maintenance_bypass"] = json!({ "networks": networks(&bypass.networks) });
        if let Some((name, _)) = &bypass.header {
            view["maintenance_bypass"]["header"] = json!(name.as_str());
            view["maintenance_bypass"]["value"] = json!("(set, not shown)");
        }
    }
    if !route.pages.is_empty() {
        let pages = route.pages.iter();
        let pages: Map<String, Value> = pages
            .map(|page| (class_id(page.class).to_owned(), json!(page.path)))
            .collect();
        view["pages"] = pages.into();
    }
    if let Some(failover) = &route.failover {
        let pools = failover.pools.iter().map(|pool| json!(&*pool.name));
        view["failover"] = json!({
            "pools": pools.collect::<Value>(),
            "on_overload": failover.on_overload,
        });
    }
    if let Some(fallback) = &route.fallback {
        view["fallback"] = static_answer(fallback);
    }
}

fn static_answer(fallback: &Fallback) -> Value {
    let on: Vec<_> = fallback.on.iter().map(|class| class_id(*class)).collect();
    let mut view = json!({
        "on": on,
        "status": fallback.status.as_u16(),
        "content_type": text(&fallback.content_type),
    });
    match &fallback.file {
        Some(file) => view["file"] = json!(file),
        None => view["body"] = json!(String::from_utf8_lossy(&fallback.body)),
    }
    view
}

/// RFC 3339.
fn date(unix: i64) -> String {
    let since = Duration::from_secs(u64::try_from(unix).unwrap_or_default());
    humantime::format_rfc3339(UNIX_EPOCH + since).to_string()
}
