//! The reference page of the keys.

use std::fmt::Write;

use super::schema::text;
use crate::config::{
    keys::{self, FileKeys},
    wire::{Inner, Key, Presence, Shape, Table},
};

const HEAD: &str = "\
# Config

soe503 reads one TOML file. `soe503 check FILE` validates it, `soe503 check FILE --connect` tries every backend, and
`soe503 schema` prints a JSON Schema for editors. The smallest config is [smallest.toml](../../../config/smallest.toml); one
with every key is [full.toml](../../../config/full.toml).

Durations are strings with a unit (`\"500ms\"`, `\"2s\"`, `\"1m\"`), sizes likewise (`\"64KiB\"`, `\"1MB\"`), ratios are numbers from 0
to 1. An unknown key, a wrong type or a value out of range is an error, and a file with an error is not used at all. What is valid and
still a trap is told as a [lint](lints.md), with the value to set.

SIGHUP or `POST /api/v1/config/reload` puts a changed file in force as a whole; requests and connections that are under way go on as
they began. Only a restart changes `[server]`, `[admin]`, `[access_log]`, the number of listeners and of a listener `address`,
`proxy_protocol`, `trace_context`, `forwarded` and of its limits `max_target_bytes`, `max_connections`,
`max_connections_per_client` and `max_hops`: a reload that needs one says so and changes nothing.

## TLS

[tls.toml](../../../config/tls.toml) is an example of both ways. The names in the certificates say which one a client gets; an
exact name goes before `*.`, and the first certificate is for everybody else. Put an ECDSA and an RSA certificate for the same
name side by side if there are clients that know only one of them. Versions 1.2 and 1.3 are spoken, never with early data.

Certificates, keys and authorities are looked at once a second. What changed is used for the next connection, without a restart or
a signal, and open connections go on; SIGHUP does the same at once. What cannot be used is refused with a line in the log, and what
worked stays: watch `soe503_tls_certificate_expires_seconds` and `soe503_tls_certificate_reloads_total`. A reload turns TLS on and off
as well: open connections stay what they are.

A backend with an `https` URL must show a certificate for the URL's host (or `server_name`) from an authority in `ca`, else from
one that the system trusts. What is wrong with it is the cause of the failure: `misconfiguration/tls_name_mismatch`,
`tls_untrusted`, `tls_cert_expired` or `tls_plaintext_mismatch`, with the names, the date or the first bytes. Nothing of the request
has been sent then, so another backend is tried whatever the method. A certificate that is its own authority is not believed;
make an authority and sign with it.

## Limits and maintenance

[limits.toml](../../../config/limits.toml) is an example. A rate limit is GCRA: each caller has a debt that is paid at the rate of
the limit, and a request passes while the debt is smaller than the burst. Its table has a fixed size and never forgets a debt to make
room: whoever invents callers (addresses of an IPv6 network, values of a header) finds that new ones begin with the debts of others. Of
several limits of a route all must let a request through, and one that is refused costs nothing. A reload keeps all debts, also under
another quota; only another `max_keys` begins anew.

Maintenance that is planned here, and what `lbctl maintenance` begins, holds from the second at which it begins to that at which it
ends. `Retry-After` is the time that is left and up to a fifth of it more, at most a minute, so that not all clients return at once.
What operators begin outlives a reload, not a restart.

## Traces

[traces.md](traces.md) says what is recorded, what is sampled, how context travels, and what happens while the collector is away.

## DogStatsD

`[telemetry.dogstatsd]` sends all metrics to a Datadog agent, where it cannot scrape; [for Datadog](../../../config/datadog) says under which names,
with which tags, and what is lost while nobody listens.

This page is generated from the table of keys in `src/config/keys`.
";

/// The reference page of all keys, as Markdown.
pub fn reference_page() -> String {
    let mut out = String::from(HEAD);
    for key in &FileKeys::keys() {
        if let Some(inner) = &key.inner {
            section(
                &mut out,
                &keys::header("", key.name, inner.shape),
                key,
                inner,
            );
        }
    }
    out
}

fn section(out: &mut String, header: &str, key: &Key, inner: &Inner) {
    let item = match inner.shape {
        Shape::Item => ", an item as a table",
        _ => "",
    };
    let lone = match key.presence {
        Presence::Absent(meaning) if inner.shape != Shape::Item => {
            format!(" Without it: {meaning}.")
        }
        Presence::Required if inner.shape != Shape::Item => " At least one is required.".into(),
        _ => String::new(),
    };
    // Writing to a string cannot fail.
    let _ = write!(
        out,
        "\n## `{header}`{item}\n\n{}{lone}\n\n| key | type | default | meaning |\n| --- | --- | --- | --- |\n",
        text(if inner.shape == Shape::Item {
            inner.about
        } else {
            key.doc
        }),
    );
    for key in &inner.keys {
        if let Some(inner) = key.inner.as_ref().filter(|i| i.shape != Shape::Item) {
            let header = keys::header(header, key.name, inner.shape);
            row(out, key, &format!("[table](#{})", anchor(&header)));
        } else {
            row(out, key, &kind(key));
        }
    }
    for key in &inner.keys {
        if let Some(inner) = &key.inner {
            section(
                out,
                &keys::header(header, key.name, inner.shape),
                key,
                inner,
            );
        }
    }
}

fn row(out: &mut String, key: &Key, kind: &str) {
    let default = match &key.presence {
        Presence::Required => "required".into(),
        Presence::Default(default) => format!("`{default}`"),
        Presence::Absent(meaning) | Presence::Needed(meaning) => (*meaning).into(),
        Presence::Table => String::new(),
    };
    let example = match key.like {
        like if like.is_empty() || key.inner.is_some() => String::new(),
        like => format!(" Example: `{like}`."),
    };
    let cells = [
        format!("`{}`", key.name),
        kind.into(),
        default,
        format!("{}{example}", text(key.doc)),
    ];
    let cells = cells.map(|cell| cell.replace('|', "\\|"));
    let _ = writeln!(out, "| {} |", cells.join(" | "));
}

fn kind(key: &Key) -> String {
    match &key.range {
        Some((low, high)) => format!("{} from `{low}` to `{high}`", key.kind),
        None => key.kind.clone(),
    }
}

/// The anchor that Markdown renderers give to a heading.
fn anchor(header: &str) -> String {
    header
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '_')
        .flat_map(char::to_lowercase)
        .collect()
}
