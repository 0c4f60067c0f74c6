//! Answers as many GETs as the first argument says, for counting instructions:
//! those of 20,000 less those of 10,000, by 10,000, are a request's.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use soe503_h2::{Event, Options, RequestOut, Session};

fn fields(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut fields = HeaderMap::new();
    for (name, value) in pairs {
        fields.insert(*name, HeaderValue::from_static(value));
    }
    fields
}

/// The beginning of a client's bytes, and a request's as they are once the tables are filled.
fn client() -> (Vec<u8>, Vec<u8>) {
    let fields = fields(&[
        (
            "user-agent",
            "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        ),
        (
            "accept",
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        ),
        ("accept-language", "en-US,en;q=0.5"),
        ("accept-encoding", "gzip, deflate, br, zstd"),
        ("x-forwarded-for", "192.0.2.1"),
        ("via", "2 proxy"),
    ]);
    let head = RequestOut {
        method: &Method::GET,
        https: false,
        authority: b"www.example.com",
        path: b"/a/page?with=query",
        headers: &fields,
        te_trailers: false,
        grpc_timeout: None,
    };
    let mut client = Session::<()>::client(&Options::default());
    assert!(client.open(&head, true, ()).is_ok());
    for _ in 0..7 {
        assert!(client.open(&head, true, ()).is_ok());
    }
    let beginning = client.queued().to_vec();
    client.sent(usize::MAX);
    assert!(client.open(&head, true, ()).is_ok());
    (beginning, client.queued().to_vec())
}

fn main() {
    let times = std::env::args()
        .nth(1)
        .and_then(|times| times.parse().ok())
        .unwrap_or(10_000_u32);
    let answer = {
        let mut answer = fields(&[
            ("content-type", "text/html; charset=utf-8"),
            ("server", "soe503"),
            ("content-length", "1024"),
            ("cache-control", "max-age=60"),
            ("etag", "\"0123456789abcdef\""),
        ]);
        answer.insert(header::VIA, HeaderValue::from_static("1.1 soe503"));
        answer
    };
    let body = Bytes::from_static(&[b'x'; 1024]);
    let mut server = Session::<u64>::server(&Options::default());
    let (beginning, mut request) = client();
    server.receive(&beginning).expect("a client's beginning");
    for n in 0..times {
        while let Some(event) = server.next_event() {
            let Event::Request { stream, .. } = event else {
                continue;
            };
            assert!(server.insert(stream, u64::from(n)).is_none());
            let date = Some(b"Wed, 25 Nov 2026 22:00:00 GMT".as_slice());
            assert!(server.respond(stream, StatusCode::OK, &answer, date, false));
            assert!(server.send_data(stream, &mut body.clone(), true));
            assert!(server.forget(stream).is_some());
        }
        if server.queued().len() > 1_000_000 {
            println!("nothing is read");
        }
        server.sent(usize::MAX);
        if let Some(id) = request.get_mut(5..9) {
            id.copy_from_slice(&(2 * n + 17).to_be_bytes());
        }
        // The connection's window lasts.
        server.receive(&request).expect("a request as it should be");
        server
            .receive(b"\0\0\x04\x08\0\0\0\0\0\0\0\x04\0")
            .expect("a window's update");
    }
    println!("{times} requests, {} bytes sent", server.offset());
}
