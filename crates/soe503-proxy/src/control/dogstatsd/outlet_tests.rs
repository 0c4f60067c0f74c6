use std::net::{IpAddr, Ipv4Addr};
use std::sync::Mutex;

use super::*;
use crate::control::dns::{Answer, DnsError};

/// Says these addresses for every name, and counts how often it is asked.
#[derive(Default)]
struct Names {
    addresses: Mutex<Vec<IpAddr>>,
    asked: Mutex<usize>,
}

impl Resolve for Names {
    async fn resolve(&self, host: &str) -> Result<Answer, DnsError> {
        *self.asked.lock().unwrap() += 1;
        let addresses = self.addresses.lock().unwrap().clone();
        if addresses.is_empty() {
            return Err(DnsError {
                rcode: Some(3),
                text: format!("there is no such name as {host}"),
            });
        }
        Ok(Answer {
            addresses,
            ..Answer::default()
        })
    }
}

fn outlet(address: StatsdAddress) -> (Outlet<Names>, Arc<Names>, Counts) {
    let names = Arc::new(Names::default());
    (
        Outlet::new(address, Arc::clone(&names)),
        names,
        Counts::default(),
    )
}

fn packets(count: usize) -> Vec<String> {
    (0..count).map(|at| format!("a:{at}|c")).collect()
}

/// What is sent has arrived within this, or does not arrive.
const PATIENCE: Duration = Duration::from_secs(30);

fn soon() -> Instant {
    Instant::now() + PATIENCE
}

async fn read(server: &UdpSocket) -> String {
    let mut room = [0; 2048];
    let read = timeout(PATIENCE, server.recv(&mut room)).await;
    let length = read.expect("it arrives").unwrap();
    String::from_utf8_lossy(&room[..length]).into_owned()
}

#[tokio::test]
async fn packets_arrive_in_their_order() {
    let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = StatsdAddress::Udp(server.local_addr().unwrap());
    let (mut outlet, _, counts) = outlet(address);
    outlet.send(&packets(3), &counts, soon()).await;
    for at in 0..3 {
        assert_eq!(read(&server).await, format!("a:{at}|c"));
    }
    assert_eq!((counts.sent(), counts.lost(Lost::Unreachable)), (3, 0));
}

#[tokio::test]
async fn where_nobody_listens_packets_are_lost_until_somebody_does() {
    let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().unwrap();
    drop(server);
    let (mut outlet, _, counts) = outlet(StatsdAddress::Udp(address));
    outlet.send(&packets(1), &counts, soon()).await;
    assert_eq!(counts.lost(Lost::Unreachable), 1);
    assert!(outlet.failing);
    outlet.send(&packets(5), &counts, soon()).await;
    assert!(counts.lost(Lost::Unreachable) >= 5, "{counts:?}");
    let server = UdpSocket::bind(address).await.unwrap();
    outlet.send(&packets(2), &counts, soon()).await;
    assert_eq!(read(&server).await, "a:0|c");
    assert_eq!(read(&server).await, "a:1|c");
    assert!(!outlet.failing);
}

#[tokio::test]
async fn a_name_is_looked_up_when_it_is_needed() {
    let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let port = server.local_addr().unwrap().port();
    let (mut outlet, names, counts) = outlet(StatsdAddress::Host("agent.internal".into(), port));
    outlet.send(&packets(2), &counts, soon()).await;
    assert_eq!(counts.lost(Lost::Unreachable), 2);
    *names.addresses.lock().unwrap() = vec![Ipv4Addr::LOCALHOST.into()];
    outlet.send(&packets(1), &counts, soon()).await;
    outlet.send(&packets(1), &counts, soon()).await;
    assert_eq!(read(&server).await, "a:0|c");
    assert_eq!(*names.asked.lock().unwrap(), 2, "not for every round");
    // A minute later the name is another host's, and then nobody's.
    let moved = UdpSocket::bind(("127.0.0.2", port)).await.unwrap();
    for answer in [vec![Ipv4Addr::new(127, 0, 0, 2).into()], vec![]] {
        *names.addresses.lock().unwrap() = answer;
        outlet.looked = None;
        outlet.send(&packets(1), &counts, soon()).await;
        assert_eq!(read(&moved).await, "a:0|c");
    }
    assert_eq!(counts.lost(Lost::Unreachable), 2);
}

#[tokio::test]
async fn a_server_that_is_started_again_at_the_same_path_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("dsd.socket");
    let (mut outlet, _, counts) = outlet(StatsdAddress::Unix(path.clone()));
    outlet.send(&packets(2), &counts, soon()).await;
    assert_eq!(counts.lost(Lost::Unreachable), 2);
    for _ in 0..2 {
        let server = UnixDatagram::bind(&path).unwrap();
        outlet.send(&packets(1), &counts, soon()).await;
        let mut room = [0; 64];
        let read = timeout(PATIENCE, server.recv(&mut room)).await;
        let length = read.expect("it arrives").unwrap();
        assert_eq!(&room[..length], b"a:0|c");
        drop(server);
        std::fs::remove_file(&path).unwrap();
    }
    assert_eq!(counts.lost(Lost::Unreachable), 2);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_read_is_waited_for_and_no_longer_than_allowed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("dsd.socket");
    let server = UnixDatagram::bind(&path).unwrap();
    let (mut outlet, _, counts) = outlet(StatsdAddress::Unix(path));
    let many = vec!["x".repeat(8000); 2000];
    outlet
        .send(&many, &counts, Instant::now() + Duration::from_secs(1))
        .await;
    let (sent, lost) = (counts.sent(), counts.lost(Lost::Full));
    assert!(sent > 0 && lost > 0, "{counts:?}");
    assert_eq!(sent + lost, 2000);
    drop(server);
}
