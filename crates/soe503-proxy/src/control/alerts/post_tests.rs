//! Sending, over real sockets: what is read of an answer, and what is not.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use http::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};

use super::*;
use crate::config::from_str;
use crate::control::dns::{self, DnsError};

/// Any name is at these addresses.
struct Names(Vec<IpAddr>);

impl Resolve for Names {
    async fn resolve(&self, _: &str) -> Result<dns::Answer, DnsError> {
        Ok(dns::Answer {
            addresses: self.0.clone(),
            services: Vec::new(),
            missing: Vec::new(),
            ttl: Duration::from_secs(1),
        })
    }
}

/// A server that reads a message and then says `first`, and `again` for as long as somebody listens.
struct Server {
    address: SocketAddr,
    /// Connections.
    asked: Arc<AtomicUsize>,
    /// Bytes of messages that came.
    read: Arc<AtomicUsize>,
    /// Bytes that somebody took, the kernel included.
    said: Arc<AtomicUsize>,
}

async fn server(first: &'static str, again: &'static str) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server {
        address: listener.local_addr().unwrap(),
        asked: Arc::default(),
        read: Arc::default(),
        said: Arc::default(),
    };
    let (asked, read, said) = (
        Arc::clone(&server.asked),
        Arc::clone(&server.read),
        Arc::clone(&server.said),
    );
    tokio::spawn(async move {
        let again = again.repeat(64 * 1024 / again.len().max(1));
        while let Ok((mut stream, _)) = listener.accept().await {
            asked.fetch_add(1, SeqCst);
            let mut piece = vec![0; 64 * 1024];
            // Messages of these tests end with this.
            while !piece.starts_with(b"END") {
                let Ok(length @ 1..) = stream.read(&mut piece[3..]).await else {
                    break;
                };
                read.fetch_add(length, SeqCst);
                piece.copy_within(length..length + 3, 0);
            }
            if stream.write_all(first.as_bytes()).await.is_err() {
                continue;
            }
            while !again.is_empty() {
                match stream.write(again.as_bytes()).await {
                    Ok(length @ 1..) => said.fetch_add(length, SeqCst),
                    _ => break,
                };
            }
            // Says no more, and does not close either.
            let _closed = stream.read(&mut piece).await;
        }
    });
    server
}

fn url(text: &str) -> AlertUrl {
    let text = format!(
        "[[listeners]]\naddress = \"127.0.0.1:80\"\n[[routes]]\npool = \"app\"\n[pools.app]\nbackends = [\"http://127.0.0.1:81\"]\n\
         [alerts.a]\nkind = \"webhook\"\nurl = \"{text}\"\n"
    );
    let config =
        from_str("test", &text).unwrap_or_else(|report| panic!("{}", report.render(false)));
    config.alerts[0].address.url().clone()
}

fn parcel(body: Vec<u8>) -> Parcel {
    Parcel {
        method: Method::POST,
        path: "",
        fields: Vec::new(),
        body,
    }
}

async fn sent(to: SocketAddr, body: &[u8]) -> Result<Answer, String> {
    let to = url(&format!("http://{to}/hook"));
    let network = Network(Arc::new(Names(Vec::new())));
    let sending = network.post(&to, None, parcel(body.to_vec()));
    let sent = tokio::time::timeout(Duration::from_secs(60), sending).await;
    sent.expect("the end of an answer is not waited for")
}

#[tokio::test]
async fn what_matters_of_an_answer_is_read() {
    let says = "HTTP/1.1 429 Slow down\r\nRetry-After: 7\r\nContent-Length: 17\r\n\r\ntry\r\n\x1b[31m later \n";
    let server = server(says, "").await;
    let answer = sent(server.address, b"END").await.unwrap();
    assert_eq!(answer.status, 429);
    assert_eq!(answer.retry_after, Some(Duration::from_secs(7)));
    assert_eq!(answer.text, "try   [31m later");
}

/// The status has decided. What comes behind it costs neither memory nor time.
#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    const KERNEL: usize = 16 << 20;
    for (first, again) in [
        ("HTTP/1.1 202 Accepted\r\n\r\n", "and so on "),
        (
            "HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n",
            "4\r\nmore\r\n",
        ),
        (
            "HTTP/1.1 202 Accepted\r\nContent-Length: 99999999999\r\n\r\n",
            "and so on ",
        ),
        (
            "HTTP/1.1 202 Accepted\r\nContent-Length: 100\r\n\r\nsilence",
            "",
        ),
    ] {
        let server = server(first, again).await;
        let answer = sent(server.address, b"END").await;
        assert_eq!(answer.unwrap().status, 202, "{first}");
        let said = server.said.load(SeqCst);
        assert!(said < KERNEL, "{first}: {said}");
    }
}

#[tokio::test]
async fn what_is_no_answer_is_none_and_has_a_bound() {
    for (first, again) in [
        ("HTTP/1.1 200 OK\r\n", "X-More: and more\r\n"),
        ("HTTP/1.1 200 ", "OK"),
        ("SSH-2.0-OpenSSH_9.2p1\r\n\r\n", ""),
        ("\0\u{1}\u{2}", "\0"),
    ] {
        let server = server(first, again).await;
        let trouble = sent(server.address, b"END").await.unwrap_err();
        assert!(!trouble.is_empty() && trouble.len() < 300, "{trouble}");
        assert!(server.said.load(SeqCst) < 16 << 20, "{first}");
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let elsewhere = server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "").await;
    let to = format!(
        "HTTP/1.1 307 Elsewhere\r\nLocation: http://{}/\r\nContent-Length: 0\r\n\r\n",
        elsewhere.address
    );
    let server = server(to.leak(), "").await;
    assert_eq!(sent(server.address, b"END").await.unwrap().status, 307);
    assert_eq!(elsewhere.asked.load(SeqCst), 0);
}

#[tokio::test]
async fn a_message_of_megabytes_arrives() {
    let server = server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "").await;
    let mut body = vec![b'x'; 3 << 20];
    body.extend_from_slice(b"END");
    assert_eq!(sent(server.address, &body).await.unwrap().status, 200);
    assert!(server.read.load(SeqCst) > body.len());
}

/// A name with two addresses, at the first of which nobody answers: there is time for the second.
#[tokio::test]
async fn an_address_where_nobody_answers_leaves_time_for_the_next() {
    let good = server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "").await;
    let port = good.address.port();
    let silent = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
    // Nobody accepts, and there is no room for more who wait.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(silent, port)).unwrap();
    let _listener = socket.listen(1).unwrap();
    let mut waiting = Vec::new();
    loop {
        let connecting = TcpStream::connect(SocketAddr::new(silent, port));
        match tokio::time::timeout(Duration::from_millis(300), connecting).await {
            Ok(stream) => waiting.push(stream.unwrap()),
            Err(_) => break,
        }
        assert!(waiting.len() < 100, "somebody accepts");
    }
    let network = Network(Arc::new(Names(vec![silent, good.address.ip()])));
    let to = url(&format!("http://two.example:{port}/hook"));
    let sending = network.post(&to, None, parcel(b"END".to_vec()));
    let sent = tokio::time::timeout(Duration::from_secs(60), sending).await;
    assert_eq!(sent.unwrap().unwrap().status, 200);
}

#[test]
fn the_path_of_an_api_is_added_once() {
    for (base, path, whole) in [
        ("/", "", "/"),
        ("/services/T/B", "", "/services/T/B"),
        ("/", "/api/v2/alerts", "/api/v2/alerts"),
        ("/am/", "/api/v2/alerts", "/am/api/v2/alerts"),
        ("/am?x=1", "/api/v2/alerts", "/am/api/v2/alerts?x=1"),
        ("/am/api/v2/alerts", "/api/v2/alerts", "/am/api/v2/alerts"),
    ] {
        assert_eq!(joined(base, path), whole, "{base} {path}");
    }
}

#[test]
fn both_forms_of_retry_after_are_read() {
    let read = |value: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, value.parse().unwrap());
        retry_after(&headers)
    };
    assert_eq!(read("30"), Some(Duration::from_secs(30)));
    assert_eq!(read("Thu, 01 Jan 1970 00:00:00 GMT"), Some(Duration::ZERO));
    let far = read("Fri, 31 Dec 9999 23:59:59 GMT");
    assert!(far > Some(Duration::from_secs(1_000_000)));
    assert_eq!(read("soon"), None);
    assert_eq!(retry_after(&HeaderMap::new()), None);
}
