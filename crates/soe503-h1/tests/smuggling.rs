//! Requests that were smuggled past one server or another, and their harmless neighbours: each with
//! what becomes of it. What decides where a message ends is either certain or refused.

mod common;

use soe503_h1::{BodyLength, Refusal};

/// What becomes of a request.
#[derive(Debug, PartialEq)]
enum Verdict {
    /// It is taken, its body ends so, and these bytes follow the head.
    Taken(BodyLength, &'static str),
    Refused(Refusal),
}

use BodyLength::{Chunked, Length, None as NoBody};
use Refusal as R;
use Verdict::{Refused, Taken};

type Row = (&'static str, &'static [u8], Verdict);

#[rustfmt::skip]
const CORPUS: &[Row] = &[
    // Content-Length and Transfer-Encoding: RFC 9112 §6.1, §6.3
    ("CL.TE", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG", Refused(R::LengthAndCoding)),
    ("TE.CL", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n8\r\nSMUGGLED\r\n0\r\n\r\n", Refused(R::LengthAndCoding)),
    ("CL.TE with length 0", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n", Refused(R::LengthAndCoding)),
    ("TE.TE, the second is nonsense", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n", Refused(R::CodingRepeated)),
    ("TE.TE, the first is nonsense", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n\r\n", Refused(R::Coding)),
    ("TE.TE, both chunked", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", Refused(R::CodingRepeated)),
    ("TE on 1.0", b"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", Refused(R::CodingOnHttp10)),
    ("TE on 1.0, kept alive", b"POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Refused(R::CodingOnHttp10)),
    ("TE chunked twice in a list", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", Refused(R::Coding)),
    ("TE chunked not last", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", Refused(R::Coding)),
    ("TE gzip before chunked", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", Refused(R::CodingUnsupported)),
    ("TE identity", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", Refused(R::Coding)),
    ("TE identity beside CL", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: identity\r\n\r\nabc", Refused(R::Coding)),
    ("TE empty", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n", Refused(R::Coding)),
    ("TE with an empty element before", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: , chunked\r\n\r\n", Refused(R::Coding)),
    ("TE with an empty element after", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked,\r\n\r\n", Refused(R::Coding)),
    ("TE with a parameter", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked;q=1\r\n\r\n", Refused(R::Coding)),
    ("TE xchunked", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", Refused(R::Coding)),
    ("TE chunkedx", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunkedx\r\n\r\n", Refused(R::Coding)),
    ("TE in quotes", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \"chunked\"\r\n\r\n", Refused(R::Coding)),
    ("TE with a vertical tab after", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\x0b\r\n\r\n", Refused(R::Coding)),
    ("TE with a vertical tab before", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\x0bchunked\r\n\r\n", Refused(R::Coding)),
    ("TE with a form feed", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0cchunked\r\n\r\n", Refused(R::Coding)),
    ("TE with a no-break space", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \xa0chunked\r\n\r\n", Refused(R::Coding)),
    ("TE with NUL", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\0\r\n\r\n", Refused(R::Coding)),
    ("TE with a bare CR", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\r\n\r\n", Refused(R::Coding)),
    ("TE in capitals", b"POST / HTTP/1.1\r\nHost: a\r\nTRANSFER-ENCODING: ChUnKeD\r\n\r\n0\r\n\r\n", Taken(Chunked, "0\r\n\r\n")),
    ("TE between tabs", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\tchunked\t\r\n\r\n0\r\n\r\n", Taken(Chunked, "0\r\n\r\n")),
    // the names: RFC 9112 §5.1
    ("TE with a space before the colon", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n", Refused(R::HeaderName)),
    ("TE with a tab before the colon", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding\t: chunked\r\n\r\n", Refused(R::HeaderName)),
    ("CL with a space before the colon", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\nabcde", Refused(R::HeaderName)),
    ("TE with a vertical tab in the name", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding\x0b: chunked\r\n\r\n", Refused(R::HeaderName)),
    ("CR in place of the hyphen", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer\rEncoding: chunked\r\n\r\n", Refused(R::HeaderName)),
    ("NUL in a name", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-\0Encoding: chunked\r\n\r\n", Refused(R::HeaderName)),
    ("underscore is another name", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer_Encoding: chunked\r\n\r\nx", Taken(NoBody, "x")),
    ("a longer name is another name", b"POST / HTTP/1.1\r\nHost: a\r\nX-Transfer-Encoding: chunked\r\n\r\nx", Taken(NoBody, "x")),
    ("a name without a colon", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding\r\n\r\n", Refused(R::HeaderName)),
    ("an empty name", b"POST / HTTP/1.1\r\nHost: a\r\n: chunked\r\n\r\n", Refused(R::HeaderName)),
    ("a name with a byte above ASCII", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Enc\xf6ding: chunked\r\n\r\n", Refused(R::HeaderName)),
    // folded lines: RFC 9112 §5.2, §2.2
    ("TE on a folded line", b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n", Refused(R::Coding)),
    ("TE hidden behind a fold", b"POST / HTTP/1.1\r\nHost: a\r\nX: y\r\n Transfer-Encoding: chunked\r\n\r\n", Refused(R::ObsFold)),
    ("CL hidden behind a fold with a tab", b"POST / HTTP/1.1\r\nHost: a\r\nX: y\r\n\tContent-Length: 5\r\n\r\n", Refused(R::ObsFold)),
    ("white space before the first field", b"POST / HTTP/1.1\r\n Host: a\r\nContent-Length: 5\r\n\r\n", Refused(R::ObsFold)),
    ("a line of white space", b"POST / HTTP/1.1\r\nHost: a\r\n \r\nContent-Length: 5\r\n\r\n", Refused(R::ObsFold)),
    // Content-Length: RFC 9112 §6.3, RFC 9110 §8.6
    ("CL twice, different", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", Refused(R::ContentLengthRepeated)),
    ("CL twice, equal", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", Refused(R::ContentLengthRepeated)),
    ("CL in a list, equal", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n", Refused(R::ContentLengthRepeated)),
    ("CL in a list, different", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 6\r\n\r\n", Refused(R::ContentLengthRepeated)),
    ("CL with a plus", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nabcde", Refused(R::ContentLength)),
    ("CL negative", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", Refused(R::ContentLength)),
    ("CL negative zero", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -0\r\n\r\n", Refused(R::ContentLength)),
    ("CL hexadecimal", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\nabcde", Refused(R::ContentLength)),
    ("CL with a decimal point", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5.0\r\n\r\nabcde", Refused(R::ContentLength)),
    ("CL with an exponent", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1e1\r\n\r\n", Refused(R::ContentLength)),
    ("CL with an underscore", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1_0\r\n\r\n", Refused(R::ContentLength)),
    ("CL with a space inside", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1 0\r\n\r\n", Refused(R::ContentLength)),
    ("CL with a vertical tab before", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \x0b5\r\n\r\nabcde", Refused(R::ContentLength)),
    ("CL with NUL after", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\0\r\n\r\nabcde", Refused(R::ContentLength)),
    ("CL in full-width digits", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \xef\xbc\x95\r\n\r\nabcde", Refused(R::ContentLength)),
    ("CL empty", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", Refused(R::ContentLength)),
    ("CL that 64 bits do not hold", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551617\r\n\r\n", Refused(R::ContentLength)),
    ("CL that 63 bits do not hold", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775808\r\n\r\n", Refused(R::ContentLength)),
    ("CL that 32 bits do not hold", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4294967301\r\n\r\n", Taken(Length(4_294_967_301), "")),
    ("CL with zeros before", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0005\r\n\r\nabcde", Taken(Length(5), "abcde")),
    ("CL with zeros without end", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 00000000000000000005\r\n\r\nabcde", Refused(R::ContentLength)),
    ("CL between white space", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \t 5 \t\r\n\r\nabcde", Taken(Length(5), "abcde")),
    ("CL without white space", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length:5\r\n\r\nabcde", Taken(Length(5), "abcde")),
    ("CL on GET", b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde", Taken(Length(5), "abcde")),
    ("CL and what Connection names", b"POST / HTTP/1.1\r\nHost: a\r\nConnection: Content-Length\r\nContent-Length: 5\r\n\r\nabcde", Taken(Length(5), "abcde")),
    // line ends and control characters: RFC 9112 §2.2, RFC 9110 §5.5
    ("a bare CR in a value", b"GET / HTTP/1.1\r\nHost: a\r\nX: y\rContent-Length: 5\r\n\r\n", Refused(R::HeaderValue)),
    ("a bare CR at a value's end", b"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\r\n\r\n", Refused(R::HeaderValue)),
    ("NUL in a value", b"GET / HTTP/1.1\r\nHost: a\r\nX: y\0z\r\n\r\n", Refused(R::HeaderValue)),
    ("DEL in a value", b"GET / HTTP/1.1\r\nHost: a\r\nX: y\x7fz\r\n\r\n", Refused(R::HeaderValue)),
    ("NUL in Connection", b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\0\r\n\r\n", Refused(R::HeaderValue)),
    ("a bare CR in Connection", b"GET / HTTP/1.1\r\nHost: a\r\nConnection: x\ry\r\n\r\n", Refused(R::HeaderValue)),
    ("a CR before the head's end", b"GET / HTTP/1.1\r\nHost: a\r\n\r\r\n\r\n", Refused(R::HeaderName)),
    ("lines that end in LF", b"POST / HTTP/1.1\nHost: a\nContent-Length: 5\n\nabcde", Taken(Length(5), "abcde")),
    ("one line that ends in LF", b"POST / HTTP/1.1\r\nHost: a\nContent-Length: 5\r\n\r\nabcde", Taken(Length(5), "abcde")),
    ("a head that ends in LF LF", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\n\nabcde", Taken(Length(5), "abcde")),
    ("a bare CR after the request line", b"GET / HTTP/1.1\rHost: a\r\n\r\n", Refused(R::RequestLine)),
    // the request line: RFC 9112 §3
    ("two spaces before the target", b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", Refused(R::RequestLine)),
    ("two spaces before the version", b"GET /  HTTP/1.1\r\nHost: a\r\n\r\n", Refused(R::RequestLine)),
    ("a tab before the target", b"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", Refused(R::Method)),
    ("a space after the version", b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", Refused(R::RequestLine)),
    ("a space in the target", b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", Refused(R::RequestLine)),
    ("a second version in the target", b"GET / HTTP/1.1 HTTP/1.1\r\nHost: a\r\n\r\n", Refused(R::RequestLine)),
    ("a space before the method", b" GET / HTTP/1.1\r\nHost: a\r\n\r\n", Refused(R::RequestLine)),
    ("a form feed before the method", b"\x0cGET / HTTP/1.1\r\nHost: a\r\n\r\n", Refused(R::Method)),
    ("a bare CR before the method", b"\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", Refused(R::RequestLine)),
    ("an empty line before", b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", Taken(NoBody, "")),
    ("NUL in the target", b"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", Refused(R::Target)),
    ("a bare CR in the target", b"GET /\rx HTTP/1.1\r\nHost: a\r\n\r\n", Refused(R::Target)),
    ("HTTP/0.9", b"GET /\r\nHost: a\r\n\r\n", Refused(R::Version)),
    ("the version in small letters", b"GET / http/1.1\r\nHost: a\r\n\r\n", Refused(R::RequestLine)),
    ("a version with zeros before", b"GET / HTTP/01.1\r\nHost: a\r\n\r\n", Refused(R::RequestLine)),
    // Host: RFC 9112 §3.2
    ("Host twice", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", Refused(R::HostRepeated)),
    ("Host twice, equal", b"GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", Refused(R::HostRepeated)),
    ("Host in a list", b"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", Refused(R::Host)),
    ("Host with a path", b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", Refused(R::Host)),
    ("Host with a user", b"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", Refused(R::Host)),
    ("Host with a space", b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", Refused(R::Host)),
    ("Host behind a fold", b"GET / HTTP/1.1\r\nHost: a\r\n Host: b\r\n\r\n", Refused(R::ObsFold)),
    ("Host behind a space before the colon", b"GET / HTTP/1.1\r\nHost: a\r\nHost : b\r\n\r\n", Refused(R::HeaderName)),
    ("another Host than the target's: the target wins", b"GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", Taken(NoBody, "")),
    ("a user in the target", b"GET http://a@b/ HTTP/1.1\r\nHost: a\r\n\r\n", Refused(R::Target)),
    // what follows: RFC 9112 §9.3.2
    ("two requests", b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n", Taken(NoBody, "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n")),
    ("a body that looks like a request", b"POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nGET /2 HTTP/1.1\r\n\r\n", Taken(Length(9), "GET /2 HTTP/1.1\r\n\r\n")),
    ("bytes after a request without length", b"POST /1 HTTP/1.1\r\nHost: a\r\n\r\nabc", Taken(NoBody, "abc")),
];

#[test]
fn each_is_taken_or_refused_as_said() {
    assert!(CORPUS.len() >= 60);
    let mut wrong = Vec::new();
    for (name, bytes, expected) in CORPUS {
        let verdict = match common::request(bytes) {
            Ok((head, rest)) => Taken(head.body, str::from_utf8(rest).unwrap()),
            Err(refusal) => Refused(refusal),
        };
        if verdict != *expected {
            wrong.push(format!("{name}: {verdict:?}, not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_verdict_does_not_depend_on_where_the_bytes_were_cut() {
    for (name, bytes, _) in CORPUS {
        let whole = common::request_in_pieces(bytes, [], &common::LIMITS);
        for cut in 0..bytes.len() {
            let pieces = common::request_in_pieces(bytes, [cut], &common::LIMITS);
            // An outcome may come before the rest of the bytes do, which changes nothing in it.
            assert_eq!(pieces, whole, "{name}, cut at {cut}");
        }
        let single = common::request_in_pieces(bytes, 0..bytes.len(), &common::LIMITS);
        assert_eq!(single, whole, "{name}, byte by byte");
    }
}

/// A name that is refused today must not come to be taken because the table of names grew.
#[test]
fn no_field_that_frames_a_message_stays_among_the_headers() {
    for (name, bytes, _) in CORPUS {
        let Ok((head, _)) = common::request(bytes) else {
            continue;
        };
        let headers = &head.parts.headers;
        assert!(!headers.contains_key("transfer-encoding"), "{name}");
        assert!(!headers.contains_key("connection"), "{name}");
        let lengths = headers.get_all("content-length").iter().count();
        assert_eq!(
            lengths,
            usize::from(matches!(head.body, Length(_))),
            "{name}"
        );
    }
}
