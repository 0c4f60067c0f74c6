use super::*;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    (near, listener.accept().await.unwrap().0)
}

fn v2(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    let mut header = V2.to_vec();
    header.extend([command, family]);
    header.extend(u16::try_from(rest.len()).unwrap().to_be_bytes());
    header.extend(rest);
    header
}

/// 192.0.2.1:4660 to 198.51.100.2:443.
const ADDRESSES: [u8; 12] = [192, 0, 2, 1, 198, 51, 100, 2, 0x12, 0x34, 1, 0xbb];

fn with_tlv(kind: u8, value: &[u8]) -> Vec<u8> {
    let mut rest = ADDRESSES.to_vec();
    rest.push(kind);
    rest.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
    rest.extend(value);
    rest
}

/// The address and TLS that a header tells; `None`: refused.
type Expected = Option<(Option<&'static str>, bool)>;

fn cases() -> Vec<(Vec<u8>, Expected)> {
    let known = Some((Some("192.0.2.1:4660"), false));
    let v6 = [
        &[0x20, 1, 0xd, 0xb8][..],
        &[0; 11],
        &[1],
        &[0; 16],
        &[0x12, 0x34, 0, 80],
    ]
    .concat();
    vec![
        (
            b"PROXY TCP4 192.0.2.1 198.51.100.2 4660 443\r\n".into(),
            known,
        ),
        (
            b"PROXY TCP6 2001:db8::1 ::1 4660 443\r\n".into(),
            Some((Some("[2001:db8::1]:4660"), false)),
        ),
        (b"PROXY UNKNOWN\r\n".into(), Some((None, false))),
        (
            b"PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n".into(),
            Some((None, false)),
        ),
        (v2(0x21, 0x11, &ADDRESSES), known),
        (
            v2(0x21, 0x21, &v6),
            Some((Some("[2001:db8::1]:4660"), false)),
        ),
        (v2(0x21, 0x11, &with_tlv(4, &[0; 4000])), known),
        (
            v2(0x21, 0x11, &with_tlv(0x20, &[1, 0, 0, 0, 0])),
            Some((Some("192.0.2.1:4660"), true)),
        ),
        (v2(0x20, 0x00, &[]), Some((None, false))),
        (v2(0x20, 0x11, &[]), Some((None, false))),
        (v2(0x21, 0x00, &[]), Some((None, false))),
        (v2(0x21, 0x31, &[0; 216]), Some((None, false))),
        // Not a header, or not one that is allowed.
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".into(), None),
        (
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03....".into(),
            None,
        ),
        (b"PROXYTCP4 192.0.2.1 198.51.100.2 1 2\r\n".into(), None),
        (b"PROXY TCP4 192.0.2.1 198.51.100.2 1 2\n".into(), None),
        (
            b"PROXY TCP4 192.0.2.1 198.51.100.2 1 65536\r\n".into(),
            None,
        ),
        (b"PROXY TCP4 2001:db8::1 ::1 1 2\r\n".into(), None),
        (b"PROXY TCP5 192.0.2.1 198.51.100.2 1 2\r\n".into(), None),
        ([b"PROXY UNKNOWN ".as_slice(), &[b'x'; 200]].concat(), None),
        (v2(0x21, 0x11, &ADDRESSES[..8]), None),
        (v2(0x22, 0x11, &ADDRESSES), None),
        (v2(0x11, 0x11, &ADDRESSES), None),
        (v2(0x21, 0x11, &[0; MAX_V2 + 1]), None),
        (b"PROXY TCP4 192.0.2.1".into(), None),
        (Vec::new(), None),
    ]
}

#[tokio::test]
async fn headers_and_what_they_tell() {
    for (sent, expected) in cases() {
        let (mut client, mut server) = pair().await;
        client.write_all(&sent).await.unwrap();
        client.shutdown().await.unwrap();
        let told = read(&mut server).await.ok();
        let expected = expected.map(|(client, tls)| Told {
            client: client.map(|address| address.parse().unwrap()),
            tls,
        });
        assert_eq!(told, expected, "{}", sent.escape_ascii());
    }
}

#[tokio::test]
async fn nothing_behind_the_header_is_taken() {
    for (sent, expected) in cases() {
        if expected.is_none() {
            continue;
        }
        let (mut client, mut server) = pair().await;
        client.write_all(&sent).await.unwrap();
        client.write_all(b"\nGET / HTTP/1.1\r\n\n").await.unwrap();
        client.shutdown().await.unwrap();
        read(&mut server).await.unwrap();
        let mut rest = Vec::new();
        server.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, b"\nGET / HTTP/1.1\r\n\n", "{}", sent.escape_ascii());
    }
}

#[tokio::test]
async fn a_header_may_come_byte_by_byte() {
    for sent in [
        b"PROXY TCP4 192.0.2.1 198.51.100.2 4660 443\r\n".to_vec(),
        v2(0x21, 0x11, &ADDRESSES),
    ] {
        let (mut client, mut server) = pair().await;
        let reading = tokio::spawn(async move { read(&mut server).await });
        for byte in sent {
            client.write_all(&[byte]).await.unwrap();
            tokio::task::yield_now().await;
        }
        let told = reading.await.unwrap().unwrap();
        assert_eq!(told.client, Some("192.0.2.1:4660".parse().unwrap()));
    }
}

/// Whoever speaks something else is not waited for.
#[test]
fn the_first_wrong_byte_ends_it() {
    assert!(missing(b"G").is_err());
    assert!(missing(b"PROXY_").is_err());
    assert!(missing(b"\r\n\r\n\x00\r\nQUIT\r").is_err());
    assert!(matches!(missing(b"P"), Ok(Missing::Bytes(14))));
}
