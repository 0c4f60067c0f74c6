//! The process: names, connections, TLS, what it was told.

use super::{Family, Kind, Read};

pub(super) const ROWS: &[Family] = &[
    Family {
        name: "soe503_dns_failing",
        kind: Kind::Gauge,
        unit: "1",
        labels: &["pool", "host", "cause"],
        help: "1 for each name whose latest lookup failed; its last good addresses, if it ever had any, stay in use.",
        read: Read::Pool(|pool, out| {
            for (host, cause) in &pool.dns_failing {
                out.push(&[&pool.name, host, cause], 1);
            }
        }),
    },
    Family {
        name: "soe503_connections_open",
        kind: Kind::Gauge,
        unit: "connections",
        labels: &[],
        help: "Client connections that are open.",
        read: Read::Process(|scrape, out| out.push(&[], scrape.connections)),
    },
    Family {
        name: "soe503_connections_total",
        kind: Kind::Counter,
        unit: "connections",
        labels: &[],
        help: "Client connections accepted.",
        read: Read::Process(|scrape, out| out.push(&[], scrape.connections_total)),
    },
    Family {
        name: "soe503_tls_handshakes_total",
        kind: Kind::Counter,
        unit: "handshakes",
        labels: &["listener", "version"],
        help: "TLS handshakes with clients that succeeded, by version. `listener` may be the admin address, here and below.",
        read: Read::Process(|scrape, out| {
            for tls in &scrape.tls {
                for (version, count) in &tls.handshakes {
                    out.push(&[&tls.listener, &version.id()], *count);
                }
            }
        }),
    },
    Family {
        name: "soe503_tls_resumed_total",
        kind: Kind::Counter,
        unit: "handshakes",
        labels: &["listener"],
        help: "TLS handshakes with clients that continued an earlier session, which costs a fraction of a new one.",
        read: Read::Process(|scrape, out| {
            for tls in &scrape.tls {
                out.push(&[&tls.listener], tls.resumed);
            }
        }),
    },
    Family {
        name: "soe503_tls_handshake_failures_total",
        kind: Kind::Counter,
        unit: "handshakes",
        labels: &["listener", "reason"],
        help: "TLS handshakes with clients that failed. `client_alert`: the client refused, mostly our certificate; `plain_http`: it did not speak TLS and was told so.",
        read: Read::Process(|scrape, out| {
            for tls in &scrape.tls {
                for (reason, count) in &tls.failed {
                    out.push(&[&tls.listener, &reason.id()], *count);
                }
            }
        }),
    },
    Family {
        name: "soe503_tls_certificate_expires_seconds",
        kind: Kind::Gauge,
        unit: "seconds",
        labels: &["listener", "certificate"],
        help: "When each certificate that a listener presents ends, in seconds since 1970; `certificate` is its first name.",
        read: Read::Process(|scrape, out| {
            for tls in &scrape.tls {
                for (name, end) in &tls.certificates {
                    out.push(&[&tls.listener, name], *end);
                }
            }
        }),
    },
    Family {
        name: "soe503_tls_certificate_reloads_total",
        kind: Kind::Counter,
        unit: "reloads",
        labels: &["result"],
        help: "Certificates, keys and authorities that changed on disk: applied, or refused because they cannot be used; then the old ones stay in force.",
        read: Read::Process(|scrape, out| {
            out.push(&[&"applied"], scrape.certificate_reloads);
            out.push(&[&"refused"], scrape.certificate_reloads_refused);
        }),
    },
    Family {
        name: "soe503_admin_token_reloads_total",
        kind: Kind::Counter,
        unit: "reloads",
        labels: &["result"],
        help: "Token files of the admin API that changed on disk: applied, or refused because they cannot be used; then the last good token stays in force.",
        read: Read::Process(|scrape, out| {
            let (applied, refused) = scrape.admin_tokens;
            out.push(&[&"applied"], applied);
            out.push(&[&"refused"], refused);
        }),
    },
    Family {
        name: "soe503_admin_refused_total",
        kind: Kind::Counter,
        unit: "requests",
        labels: &["reason"],
        help: "Requests that the admin API turned away. `unauthorized`: neither token nor certificate, or a wrong token; `not_named`: a certificate whose names have no role; `read_only`: an act by somebody who may only look; `not_local`, `foreign_host`: without a token, from elsewhere or to another name; `cross_site`: made by a page of another site; `too_many_guesses`: from an address from which too many wrong tokens or certificates came; `too_many_acts`: an act, from an address from which too many came; `slow_body`: the body did not come within ten seconds.",
        read: Read::Process(|scrape, out| {
            for (reason, count) in &scrape.admin_refused {
                out.push(&[reason], *count);
            }
        }),
    },
    Family {
        name: "soe503_admin_connections_refused_total",
        kind: Kind::Counter,
        unit: "connections",
        labels: &[],
        help: "Connections to the admin API that were closed at once, because 256 were open.",
        read: Read::Process(|scrape, out| out.push(&[], scrape.admin_connections_refused)),
    },
    Family {
        name: "soe503_debug_tokens_total",
        kind: Kind::Counter,
        unit: "requests",
        labels: &["result"],
        help: "Requests with a debug token: accepted, so that their failures are told in full, or why the token counts for nothing (malformed, forged, expired, elsewhere). Nothing is counted without `debug_key_file`.",
        read: Read::Process(|scrape, out| {
            for (result, count) in &scrape.debug_tokens {
                out.push(&[result], *count);
            }
        }),
    },
    Family {
        name: "soe503_connections_refused_total",
        kind: Kind::Counter,
        unit: "connections",
        labels: &["reason"],
        help: "Client connections closed before their first request. `proxy_protocol`: no valid header, or from somebody who may not send one. `per_client`: the client has `max_connections_per_client`.",
        read: Read::Process(|scrape, out| {
            out.push(&[&"proxy_protocol"], scrape.refused_for_header);
            out.push(&[&"per_client"], scrape.refused_per_client);
        }),
    },
    Family {
        name: "soe503_draining",
        kind: Kind::Gauge,
        unit: "0 or 1",
        labels: &[],
        help: "1 from when the process is told to end: `/readyz` is 503, and after `drain_delay` it accepts nothing new and finishes what it has.",
        read: Read::Process(|scrape, out| out.push(&[], u8::from(scrape.draining))),
    },
    Family {
        name: "soe503_config_reloads_total",
        kind: Kind::Counter,
        unit: "reloads",
        labels: &["result"],
        help: "Reloads of the configuration that were asked for: applied, or refused because the file has a mistake.",
        read: Read::Process(|scrape, out| {
            out.push(&[&"applied"], scrape.reloads_applied);
            out.push(&[&"refused"], scrape.reloads_failed);
        }),
    },
    Family {
        name: "soe503_recorder_dropped_total",
        kind: Kind::Counter,
        unit: "records",
        labels: &[],
        help: "Failure records lost because the recorder did not keep up; the requests themselves were answered.",
        read: Read::Process(|scrape, out| out.push(&[], scrape.recorder_dropped)),
    },
    Family {
        name: "soe503_diagnoses_total",
        kind: Kind::Counter,
        unit: "diagnoses",
        labels: &[],
        help: "Diagnoses that were made: one for each answer of ours about a failure, and for each 5xx of a backend that is passed on.",
        read: Read::Process(|scrape, out| out.push(&[], scrape.diagnoses.0)),
    },
    Family {
        name: "soe503_diagnosis_seconds_total",
        kind: Kind::Counter,
        unit: "seconds",
        labels: &[],
        help: "Time that they took on the threads that answer: gathering what is known, and judging it. Divided by their number it should stay below 20 microseconds.",
        read: Read::Process(|scrape, out| out.push(&[], scrape.diagnoses.1.as_secs_f64())),
    },
    Family {
        name: "soe503_log_lines_total",
        kind: Kind::Counter,
        unit: "lines",
        labels: &["level"],
        help: "Event log lines written.",
        read: Read::Process(|scrape, out| {
            let levels = ["error", "warn", "info", "debug", "trace"];
            for (level, count) in levels.iter().zip(scrape.log.written) {
                out.push(&[level], count);
            }
        }),
    },
    Family {
        name: "soe503_log_suppressed_total",
        kind: Kind::Counter,
        unit: "lines",
        labels: &[],
        help: "Event log lines that were told as a number, because there were too many of their kind (`lines_per_second` of `[log]`).",
        read: Read::Process(|scrape, out| out.push(&[], scrape.log.suppressed)),
    },
    Family {
        name: "soe503_log_dropped_total",
        kind: Kind::Counter,
        unit: "lines",
        labels: &[],
        help: "Event log lines lost because they could not be written, or not fast enough.",
        read: Read::Process(|scrape, out| out.push(&[], scrape.log.dropped)),
    },
    Family {
        name: "soe503_access_log_lines_total",
        kind: Kind::Counter,
        unit: "lines",
        labels: &[],
        help: "Access log lines written.",
        read: Read::Process(|scrape, out| out.push(&[], scrape.access_log_written)),
    },
    Family {
        name: "soe503_access_log_dropped_total",
        kind: Kind::Counter,
        unit: "lines",
        labels: &[],
        help: "Access log lines lost because the writer did not keep up or could not write.",
        read: Read::Process(|scrape, out| out.push(&[], scrape.access_log_dropped)),
    },
    Family {
        name: "soe503_build_info",
        kind: Kind::Gauge,
        unit: "1",
        labels: &["version", "server"],
        help: "Always 1; the labels say which version runs, and under which name.",
        read: Read::Process(|scrape, out| out.push(&[&scrape.version, &scrape.server], 1)),
    },
];
