//! Other proxies, by what they write into `Server`.

use super::tags::Tags;

/// How they begin, in lower case.
const PROXIES: [&str; 16] = [
    "akamaighost",
    "awselb",
    "caddy",
    "cloudflare",
    "cloudfront",
    "envoy",
    "gfe",
    "haproxy",
    "istio-envoy",
    "linkerd",
    "nginx",
    "openresty",
    "squid",
    "tengine",
    "traefik",
    "varnish",
];

/// What gives another proxy away, as it was written: `Server: nginx/1.22.1`. Many of them write
/// their own name over the one of the server behind, so it says who passed the answer on, and
/// leaves open who made it.
pub(super) fn signature(tags: &Tags) -> Option<String> {
    let server = tags.server.as_deref().filter(|server| {
        let server = server.to_ascii_lowercase();
        PROXIES.iter().any(|known| server.starts_with(known))
    });
    if let Some(server) = server {
        return Some(format!("Server: {server}"));
    }
    let (name, value) = tags.marks.first()?;
    Some(format!("{name}: {value}"))
}

/// Envoy says how long the server behind it took, when there was one that answered.
pub(super) fn answered_behind_envoy(tags: &Tags) -> bool {
    tags.marks
        .iter()
        .any(|(name, _)| name == "x-envoy-upstream-service-time")
}
