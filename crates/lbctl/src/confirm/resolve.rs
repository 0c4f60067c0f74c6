//! From a name to addresses.

use core::time::Duration;
use std::{
    io,
    net::{IpAddr, SocketAddr},
};

use super::observation::DnsFault;

/// The addresses of `host`, with `port`, in the system's order of preference.
pub(super) async fn resolve(
    host: &str,
    port: u16,
    limit: Duration,
) -> Result<Vec<SocketAddr>, DnsFault> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    match tokio::time::timeout(limit, tokio::net::lookup_host((host, port))).await {
        Err(_) => Err(DnsFault::TimedOut(limit)),
        Ok(Err(error)) => Err(fault(&error)),
        Ok(Ok(addresses)) => {
            let addresses: Vec<_> = addresses.collect();
            if addresses.is_empty() {
                return Err(DnsFault::NoSuchName);
            }
            Ok(addresses)
        }
    }
}

/// What `getaddrinfo` says. The standard library hands its code on as text only, so the text of
/// the libraries in use has to do; what is not among it stays what it is, a failure.
fn fault(error: &io::Error) -> DnsFault {
    const NO_SUCH_NAME: [&str; 5] = [
        "Name or service not known",           // glibc, EAI_NONAME
        "No address associated with hostname", // glibc, EAI_NODATA
        "Name does not resolve",               // musl, EAI_NONAME
        "Name has no usable address",          // musl, EAI_NODATA
        "nodename nor servname provided",      // macOS, EAI_NONAME
    ];
    let text = error.to_string();
    if NO_SUCH_NAME.iter().any(|known| text.contains(known)) {
        return DnsFault::NoSuchName;
    }
    let short = text.rsplit(": ").next().unwrap_or(&text);
    DnsFault::Failed(short.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_such_name_is_told_from_no_answer() {
        let gai = |text: &str| {
            fault(&io::Error::other(format!(
                "failed to lookup address information: {text}"
            )))
        };
        assert_eq!(gai("Name or service not known"), DnsFault::NoSuchName);
        assert_eq!(gai("Name does not resolve"), DnsFault::NoSuchName);
        assert_eq!(
            gai("Temporary failure in name resolution"),
            DnsFault::Failed("Temporary failure in name resolution".into())
        );
    }
}
