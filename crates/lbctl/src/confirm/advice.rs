//! What to do next.

use super::{
    observation::{Answer, End, Observation},
    tags::Tags,
    tls::TlsFault,
    verdict::Kind,
};

/// The next steps for a verdict, most useful first; none if all is well.
pub(super) fn next(kind: Kind, seen: &Observation) -> Vec<String> {
    let (host, port) = (&seen.host, seen.port);
    let own = |text: &[&str]| text.iter().map(ToString::to_string).collect();
    match (kind, &seen.end) {
        (Kind::Soe503, End::Answer(answer)) => for_ours(&answer.tags),
        (Kind::ServerError, End::Answer(Answer { tags, .. })) if tags.ours().is_some() => {
            explain(tags).into_iter().collect()
        }
        (Kind::Backend503, End::Answer(answer)) => for_backend(&answer.tags),
        (Kind::Proxy503, _) => {
            own(&["look into the access log of that proxy: soe503 did not make this answer"])
        }
        (Kind::Unsigned503, _) => {
            own(&["look into the log of whatever listens there: soe503 did not make this answer"])
        }
        (Kind::ServerError, _) => own(&["look into the server's own log"]),
        (Kind::DnsNoSuchName, _) => vec![
            format!("is it spelt right? dig {host}"),
            "a new name takes as long as the negative answer is cached".to_owned(),
        ],
        (Kind::DnsFailure, _) => vec![format!(
            "does the resolver of this machine answer? dig {host}; cat /etc/resolv.conf"
        )],
        (Kind::ConnectionRefused, _) => vec![format!(
            "is the process running, and on this port? on the host: ss -ltnp 'sport = :{port}'"
        )],
        (Kind::ConnectTimeout | Kind::Unreachable, _) => vec![
            "a firewall, a route, or the host is down".to_owned(),
            format!("where does it end? traceroute -T -p {port} {host}"),
        ],
        (Kind::TlsFailure, End::Tls(fault)) => for_tls(fault, host, port),
        (Kind::ReadTimeout, _) => own(&[
            "the process is there and does not get to answer: look at its load and at what it waits for",
            "longer: --timeout 60s",
        ]),
        (Kind::ConnectionClosed, _) => {
            own(&["look into the server's own log at this second: it may have crashed"])
        }
        (Kind::NotHttp, End::NotHttp(head)) => for_other_protocol(head, seen),
        _ => Vec::new(),
    }
}

/// The command that tells the whole story of a request.
fn explain(tags: &Tags) -> Option<String> {
    let id = tags.request_id.as_ref().or(tags.incident.as_ref())?;
    // What is not an id is not put into a command to be copied.
    let is_id = !id.is_empty()
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    is_id.then(|| format!("the whole story: lbctl explain {id}"))
}

fn for_ours(tags: &Tags) -> Vec<String> {
    let mut next: Vec<_> = explain(tags).into_iter().collect();
    next.push("the pool now: lbctl pool status".to_owned());
    next.push(match (&tags.retry_after, tags.retry_after_secs()) {
        (_, Some(secs)) => format!("or try again in {secs} s, as Retry-After says"),
        (Some(date), None) => format!("or try again at {date}, as Retry-After says"),
        (None, None) => "waiting alone does not help: there is no Retry-After".to_owned(),
    });
    next
}

fn for_backend(tags: &Tags) -> Vec<String> {
    let log = match &tags.request_id {
        Some(id) => format!("look into the backend's own log, for request id {id}"),
        None => "look into the backend's own log".to_owned(),
    };
    vec![log, "which backends fail: lbctl pool status".to_owned()]
}

fn for_tls(fault: &TlsFault, host: &str, port: u16) -> Vec<String> {
    match fault {
        TlsFault::NotTls => vec![format!("plain HTTP? lbctl confirm http://{host}:{port}/")],
        TlsFault::NoRoots(_) => vec![
            "install the certificates of the authorities (package ca-certificates), or name a file: SSL_CERT_FILE".to_owned(),
        ],
        TlsFault::Untrusted => vec![
            format!("who signed it? openssl s_client -connect {host}:{port} -servername {host}"),
            "an authority of your own: SSL_CERT_FILE=ca.pem lbctl confirm URL".to_owned(),
        ],
        _ => vec![format!("see it: openssl s_client -connect {host}:{port} -servername {host}")],
    }
}

fn for_other_protocol(head: &[u8], seen: &Observation) -> Vec<String> {
    let (host, port) = (&seen.host, seen.port);
    let what = match head {
        // A TLS alert: record type 21, version 3.x.
        [0x15, 0x03, ..] => format!("it speaks TLS: lbctl confirm https://{host}:{port}/"),
        [b'S', b'S', b'H', b'-', ..] => "it is an SSH server: is this the right port?".to_owned(),
        // The frame that an HTTP/2 server begins with: SETTINGS.
        [0, _, _, 4, ..] => "it may speak HTTP/2 only: curl --http2-prior-knowledge".to_owned(),
        _ => "is this the right port?".to_owned(),
    };
    vec![what]
}
