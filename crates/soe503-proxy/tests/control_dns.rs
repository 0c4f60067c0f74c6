//! The resolver against a DNS server of the test's own, over UDP.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use soe503_core::Cause;
use soe503_proxy::control::dns::{Answer, Resolve, SystemResolver};
use tokio::net::UdpSocket;

/// What the server says about a name.
#[derive(Clone, Copy)]
enum Says {
    A(u32, &'static [[u8; 4]]),
    Aaaa(u32, [u8; 16]),
    /// Priority, weight, port and target of each; addresses that come with them.
    Srv(
        u32,
        &'static [(u16, u16, u16, &'static str)],
        &'static [(&'static str, [u8; 4])],
    ),
    Code(u8),
    Empty,
    Nothing,
}

const NAMES: &[(&str, Says)] = &[
    (
        "app.test",
        Says::A(30, &[[10, 0, 0, 2], [10, 0, 0, 1], [10, 0, 0, 2]]),
    ),
    (
        "six.test",
        Says::Aaaa(5, [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7]),
    ),
    (
        "_http._tcp.shop.test",
        Says::Srv(
            60,
            &[
                (20, 0, 8082, "six.test"),
                (10, 3, 8080, "app.test"),
                (10, 1, 8081, "near.test"),
            ],
            &[("near.test", [10, 0, 0, 9])],
        ),
    ),
    (
        "_half._tcp.shop.test",
        Says::Srv(
            60,
            &[(1, 1, 80, "app.test"), (1, 1, 80, "broken.test")],
            &[],
        ),
    ),
    (
        "_lost._tcp.shop.test",
        Says::Srv(60, &[(1, 1, 80, "gone.test")], &[]),
    ),
    ("_off._tcp.shop.test", Says::Srv(60, &[(0, 0, 0, "")], &[])),
    ("_none._tcp.shop.test", Says::Empty),
    ("_bad._tcp.shop.test", Says::Code(2)),
    ("gone.test", Says::Code(3)),
    ("broken.test", Says::Code(2)),
    ("refused.test", Says::Code(5)),
    ("empty.test", Says::Empty),
    ("silent.test", Says::Nothing),
];

/// Answers questions about [`NAMES`] until the test ends.
async fn serve(socket: UdpSocket) {
    let mut buffer = [0_u8; 512];
    while let Ok((len, peer)) = socket.recv_from(&mut buffer).await {
        if let Some(reply) = reply(&buffer[..len]) {
            socket.send_to(&reply, peer).await.unwrap();
        }
    }
}

/// RFC 1035 §4: the reply to one query, `None` for silence.
fn reply(query: &[u8]) -> Option<Vec<u8>> {
    let (mut at, mut labels) = (12, Vec::new());
    while query[at] != 0 {
        let len = usize::from(query[at]);
        labels.push(String::from_utf8(query[at + 1..=at + len].to_vec()).unwrap());
        at += len + 1;
    }
    let question = &query[12..at + 5];
    let kind = u16::from_be_bytes([query[at + 1], query[at + 2]]);
    let name = labels.join(".").to_ascii_lowercase();
    let says = NAMES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, says)| *says);
    let (rcode, ttl, records): (u8, u32, Vec<Vec<u8>>) = match (says.unwrap_or(Says::Code(3)), kind)
    {
        (Says::Nothing, _) => return None,
        (Says::Code(code), _) => (code, 0, Vec::new()),
        (Says::A(ttl, addresses), 1) => (0, ttl, addresses.iter().map(|a| a.to_vec()).collect()),
        (Says::Aaaa(ttl, address), 28) => (0, ttl, vec![address.to_vec()]),
        (Says::Srv(ttl, records, _), 33) => (0, ttl, records.iter().map(srv).collect()),
        _ => (0, 0, Vec::new()),
    };
    let told = match (says, kind) {
        (Some(Says::Srv(_, _, told)), 33) => told,
        _ => &[],
    };
    let mut out = query[..2].to_vec();
    let (answers, more) = (records.len() as u8, told.len() as u8);
    out.extend([0x81, 0x80 | rcode, 0, 1, 0, answers, 0, 0, 0, more]);
    out.extend(question);
    for data in records {
        out.extend([0xc0, 12]);
        out.extend(kind.to_be_bytes());
        out.extend([0, 1]);
        out.extend(ttl.to_be_bytes());
        out.extend((data.len() as u16).to_be_bytes());
        out.extend(data);
    }
    for (name, address) in told {
        out.extend(labels_of(name));
        out.extend([0, 1, 0, 1, 0, 0, 0, 7, 0, 4]);
        out.extend(address);
    }
    Some(out)
}

/// RFC 2782: the data of a record.
fn srv((priority, weight, port, target): &(u16, u16, u16, &str)) -> Vec<u8> {
    let numbers = [priority, weight, port].map(|number| number.to_be_bytes());
    let mut data = numbers.concat();
    data.extend(labels_of(target));
    data
}

/// A name as it is written in a message, without compression.
fn labels_of(name: &str) -> Vec<u8> {
    let labels = name.split('.').filter(|label| !label.is_empty());
    let mut out: Vec<u8> = labels
        .flat_map(|label| [&[label.len() as u8], label.as_bytes()].concat())
        .collect();
    out.push(0);
    out
}

async fn resolver() -> SystemResolver {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address: SocketAddr = socket.local_addr().unwrap();
    tokio::spawn(serve(socket));
    let mut connection = ConnectionConfig::udp();
    connection.port = address.port();
    let server = NameServerConfig::new(address.ip(), true, vec![connection]);
    let config = ResolverConfig::from_name_servers(vec![server]);
    SystemResolver::with_config(config, Duration::from_millis(300)).unwrap()
}

#[tokio::test]
async fn addresses_come_sorted_without_duplicates_and_with_their_ttl() {
    let resolver = resolver().await;
    assert_eq!(
        resolver.resolve("app.test").await.unwrap(),
        Answer {
            addresses: vec![
                IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)),
                IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)),
            ],
            ttl: Duration::from_secs(30),
            ..Answer::default()
        }
    );
    let six = resolver.resolve("six.test").await.unwrap();
    assert_eq!(six.addresses, ["2001:db8::7".parse::<Ipv6Addr>().unwrap()]);
    assert_eq!(six.ttl, Duration::from_secs(5));
}

#[tokio::test]
async fn each_kind_of_failure_keeps_its_name() {
    let resolver = resolver().await;
    for (name, rcode, cause, word) in [
        ("gone.test", Some(3), Cause::ConfigDnsNxdomain, "NXDOMAIN"),
        (
            "empty.test",
            Some(0),
            Cause::ConfigDnsNxdomain,
            "has no address",
        ),
        (
            "broken.test",
            Some(2),
            Cause::DependencyDnsFailure,
            "SERVFAIL",
        ),
        (
            "refused.test",
            Some(5),
            Cause::DependencyDnsFailure,
            "REFUSED",
        ),
        (
            "silent.test",
            None,
            Cause::DependencyDnsFailure,
            "silent.test",
        ),
    ] {
        let error = resolver.resolve(name).await.unwrap_err();
        assert_eq!(error.rcode, rcode, "{name}: {error}");
        assert_eq!(error.cause(), cause, "{name}");
        assert!(error.to_string().contains(word), "{name}: {error}");
        assert!(error.to_string().contains(name), "{name}: {error}");
    }
}

/// Addresses that come with the records are taken, the others are asked for; the smallest TTL of all counts.
#[tokio::test]
async fn a_service_is_where_its_records_say() {
    let resolver = resolver().await;
    let answer = resolver.resolve("_http._tcp.shop.test").await.unwrap();
    let found = answer.services.iter().map(|service| {
        let (priority, weight) = (service.priority, service.weight);
        (
            priority,
            weight,
            service.address.to_string(),
            &*service.target,
        )
    });
    assert_eq!(
        found.collect::<Vec<_>>(),
        [
            (10, 3, "10.0.0.1:8080".into(), "app.test"),
            (10, 3, "10.0.0.2:8080".into(), "app.test"),
            (10, 1, "10.0.0.9:8081".into(), "near.test"),
            (20, 0, "[2001:db8::7]:8082".into(), "six.test"),
        ]
    );
    assert_eq!(answer.addresses.len(), 4);
    assert_eq!(answer.missing, []);
    assert_eq!(answer.ttl, Duration::from_secs(5));
}

#[tokio::test]
async fn a_target_without_an_address_is_told_apart() {
    let resolver = resolver().await;
    let half = resolver.resolve("_half._tcp.shop.test").await.unwrap();
    assert_eq!(half.services.len(), 2);
    let [missing] = &*half.missing else {
        panic!("{half:?}")
    };
    assert_eq!(&*missing.target, "broken.test");
    assert_eq!(missing.why.cause(), Cause::DependencyDnsFailure);
}

#[tokio::test]
async fn a_service_that_is_nowhere_says_why() {
    let resolver = resolver().await;
    let (nowhere, broken) = (Cause::ConfigDnsNxdomain, Cause::DependencyDnsFailure);
    for (name, cause, words) in [
        ("_off._tcp.shop.test", nowhere, "not offered"),
        ("_none._tcp.shop.test", nowhere, "_none._tcp.shop.test"),
        ("_gone._tcp.shop.test", nowhere, "NXDOMAIN"),
        ("_lost._tcp.shop.test", nowhere, "gone.test"),
        ("_bad._tcp.shop.test", broken, "SERVFAIL"),
    ] {
        let error = resolver.resolve(name).await.unwrap_err();
        assert_eq!(error.cause(), cause, "{name}: {error}");
        assert!(error.to_string().contains(words), "{name}: {error}");
    }
}

#[tokio::test]
async fn localhost_needs_no_server() {
    let resolver = resolver().await;
    let found = resolver.resolve("localhost").await.unwrap();
    assert!(found.addresses.iter().all(IpAddr::is_loopback), "{found:?}");
    assert_eq!(found.addresses.len(), 1, "one family is enough: {found:?}");
}

#[tokio::test]
async fn the_hosts_file_of_the_system_is_honoured() {
    let found = SystemResolver::from_system()
        .unwrap()
        .resolve("localhost")
        .await
        .unwrap();
    assert!(found.addresses.iter().all(IpAddr::is_loopback), "{found:?}");
}

#[tokio::test]
async fn names_that_cannot_be_names_are_an_error_and_no_panic() {
    let resolver = resolver().await;
    for name in ["", "..", "a..b", &"x".repeat(300), "sp ace\0.test"] {
        let error = resolver.resolve(name).await.unwrap_err();
        assert!(!error.to_string().is_empty(), "{name:?}");
    }
}
