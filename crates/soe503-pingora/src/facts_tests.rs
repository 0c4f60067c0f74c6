use std::io;

use pingora::{Error, ErrorType};
use soe503_core::Cause;
use soe503_core::Tick;
use soe503_core::diagnosis::mechanical;
use soe503_core::ledger::Attempt;

use super::*;

/// The attempt that ends in `error`, and what it is called.
fn read(error: &Error, until: Until) -> (Phase, Fault, Option<Cause>) {
    let (phase, fault) = of(error, until, TimeoutKind::Attempt);
    let attempt = Attempt {
        phase,
        fault: Some(fault.clone()),
        accepted_before: true,
        ..Attempt::begin(1, Tick::from_secs(1))
    };
    (phase, fault, mechanical(&attempt))
}

fn errno(number: i32) -> io::Error {
    io::Error::from_raw_os_error(number)
}

#[test]
fn of_connects() {
    use ErrorType as E;
    let rows: [(E, Option<i32>, Fault, Cause); 9] = [
        (
            E::ConnectRefused,
            Some(111),
            Fault::Errno(111),
            Cause::DependencyConnectRefused,
        ),
        (
            E::ConnectRefused,
            None,
            Fault::Errno(111),
            Cause::DependencyConnectRefused,
        ),
        (
            E::ConnectTimedout,
            Some(110),
            Fault::Timeout(TimeoutKind::Connect),
            Cause::DependencyConnectTimeout,
        ),
        (
            E::ConnectTimedout,
            None,
            Fault::Timeout(TimeoutKind::Connect),
            Cause::DependencyConnectTimeout,
        ),
        (
            E::ConnectNoRoute,
            Some(101),
            Fault::Errno(101),
            Cause::DependencyHostUnreachable,
        ),
        (
            E::BindError,
            Some(99),
            Fault::Errno(99),
            Cause::ResourceEphemeralPorts,
        ),
        (
            E::SocketError,
            Some(24),
            Fault::Errno(24),
            Cause::ResourceFdLimit,
        ),
        (
            E::ConnectError,
            Some(104),
            Fault::Errno(104),
            Cause::DependencyResetBeforeResponse,
        ),
        (
            E::ConnectProxyFailure,
            None,
            Fault::Opaque,
            Cause::Unclassified,
        ),
    ];
    for (kind, number, fault, cause) in rows {
        let error = match number {
            Some(number) => Error::because(kind.clone(), "connecting", errno(number)),
            None => Error::explain(kind.clone(), "connecting"),
        };
        let found = read(&error, Until::Connected);
        assert_eq!(found, (Phase::Connect, fault, Some(cause)), "{kind:?}");
    }
}

#[test]
fn of_what_is_wrapped() {
    // As Pingora does where it adds a context, and where binding fails.
    let bind = Error::because(ErrorType::BindError, "bind", errno(99));
    let wrapped = Error::because(ErrorType::InternalError, "Fail to connect to", bind);
    let again = wrapped.more_context("peer");
    let (phase, fault, cause) = read(&again, Until::Connected);
    assert_eq!((phase, fault), (Phase::Connect, Fault::Errno(99)));
    assert_eq!(cause, Some(Cause::ResourceEphemeralPorts));
}

#[test]
fn of_handshakes() {
    let late = Error::new(ErrorType::TLSHandshakeTimedout);
    let (phase, fault, cause) = read(&late, Until::Connected);
    assert_eq!(
        (phase, fault),
        (Phase::Tls, Fault::Timeout(TimeoutKind::Handshake))
    );
    assert_eq!(cause, Some(Cause::DependencyConnectTimeout));

    let reset = Error::because(ErrorType::TLSHandshakeFailure, "tls", errno(104));
    assert_eq!(read(&reset, Until::Connected).1, Fault::Errno(104));

    let untold = Error::explain(ErrorType::TLSHandshakeFailure, "tls");
    assert_eq!(
        read(&untold, Until::Connected).1,
        Fault::Tls(TlsFault::Protocol)
    );

    let certificate = Error::explain(ErrorType::InvalidCert, "tls");
    let (phase, _, cause) = read(&certificate, Until::Connected);
    assert_eq!(
        (phase, cause),
        (Phase::Tls, Some(Cause::ConfigTlsUntrusted))
    );
}

#[cfg(feature = "rustls")]
#[test]
fn of_what_rustls_says() {
    use rustls::CertificateError as C;
    use rustls::pki_types::{ServerName, UnixTime};
    use rustls::{AlertDescription, Error as E};
    let at = |seconds| UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
    let name = "app.example";
    let other_name = C::NotValidForNameContext {
        expected: ServerName::try_from(name).unwrap(),
        presented: vec!["DnsName(\"other.example\")".to_owned()],
    };
    let rows = [
        (
            E::InvalidCertificate(C::UnknownIssuer),
            TlsFault::Untrusted,
            Cause::ConfigTlsUntrusted,
        ),
        (
            E::InvalidCertificate(other_name),
            TlsFault::NameMismatch {
                expected: name.to_owned(),
                presented: vec!["DnsName(\"other.example\")".to_owned()],
            },
            Cause::ConfigTlsNameMismatch,
        ),
        (
            E::InvalidCertificate(C::ExpiredContext {
                time: at(200),
                not_after: at(100),
            }),
            TlsFault::Expired { not_after: 100 },
            Cause::ConfigTlsCertExpired,
        ),
        (
            E::InvalidCertificate(C::NotValidYetContext {
                time: at(100),
                not_before: at(200),
            }),
            TlsFault::NotYetValid { not_before: 200 },
            Cause::ConfigTlsCertExpired,
        ),
        (
            E::AlertReceived(AlertDescription::CertificateRequired),
            TlsFault::Alert(116),
            Cause::ConfigTlsUntrusted,
        ),
        (
            E::DecryptError,
            TlsFault::Protocol,
            Cause::DependencyInvalidResponse,
        ),
    ];
    for (said, fault, cause) in rows {
        // As it comes: below an error of I/O, which hides it.
        let hidden = io::Error::new(io::ErrorKind::InvalidData, said);
        let error = Error::because(ErrorType::TLSHandshakeFailure, "tls connect error", hidden);
        assert_eq!(
            read(&error, Until::Connected),
            (Phase::Tls, Fault::Tls(fault), Some(cause))
        );
    }
}

#[test]
fn of_exchanges() {
    use ErrorType as E;
    let closed = Fault::Closed;
    let not_http = Fault::Parse(ParseFault::NotHttp);
    let late = Fault::Timeout(TimeoutKind::Attempt);
    let rows = [
        (
            E::ConnectionClosed,
            None,
            Phase::WaitHeaders,
            closed,
            Cause::DependencyResetBeforeResponse,
        ),
        (
            E::ReadError,
            Some(104),
            Phase::WaitHeaders,
            Fault::Errno(104),
            Cause::DependencyResetBeforeResponse,
        ),
        (
            E::WriteError,
            Some(32),
            Phase::Write,
            Fault::Errno(32),
            Cause::DependencyResetBeforeResponse,
        ),
        (
            E::ReadTimedout,
            None,
            Phase::WaitHeaders,
            late.clone(),
            Cause::DependencyResponseTimeout,
        ),
        (
            E::WriteTimedout,
            None,
            Phase::Write,
            late,
            Cause::DependencyResponseTimeout,
        ),
        (
            E::InvalidHTTPHeader,
            None,
            Phase::WaitHeaders,
            not_http,
            Cause::DependencyInvalidResponse,
        ),
        (
            E::HTTPStatus(503),
            None,
            Phase::Done,
            Fault::Status(503),
            Cause::DependencyUpstream503,
        ),
        (
            E::UnknownError,
            None,
            Phase::WaitHeaders,
            Fault::Opaque,
            Cause::Unclassified,
        ),
    ];
    for (kind, number, phase, fault, cause) in rows {
        let error = match number {
            Some(number) => Error::because(kind.clone(), "reading", errno(number)),
            None => Error::explain(kind.clone(), "reading"),
        };
        let found = read(&error, Until::Answered);
        assert_eq!(found, (phase, fault, Some(cause)), "{kind:?}");
    }
}

#[test]
fn of_bodies() {
    use ErrorType as E;
    for (kind, number) in [
        (E::ConnectionClosed, None),
        (E::ReadError, Some(104)),
        (E::ReadTimedout, None),
        (E::InvalidHTTPHeader, None),
    ] {
        let error = match number {
            Some(number) => Error::because(kind.clone(), "reading", errno(number)),
            None => Error::explain(kind.clone(), "reading"),
        };
        let (phase, _, cause) = read(&error, Until::Ended);
        assert_eq!(phase, Phase::Body, "{kind:?}");
        assert_eq!(cause, Some(Cause::DependencyResponseTruncated), "{kind:?}");
    }
}

#[test]
fn of_http2() {
    let reset = h2::Error::from(h2::Reason::REFUSED_STREAM);
    let error = Error::because(ErrorType::H2Error, "reading", reset);
    let Fault::Http2(fault) = read(&error, Until::Answered).1 else {
        panic!("{error}");
    };
    // Made here and not received, so it is our own word: nobody has refused anything.
    assert_eq!(fault, Http2Fault::Violation(7));
    assert!(!fault.unprocessed());

    let io = Error::because(ErrorType::H2Error, "reading", errno(104));
    assert_eq!(read(&io, Until::Answered).1, Fault::Errno(104));
    let untold = Error::explain(ErrorType::InvalidH2, "reading");
    assert_eq!(
        read(&untold, Until::Answered).1,
        Fault::Parse(ParseFault::Http2)
    );
}

#[test]
fn a_timeout_is_whose_it_is() {
    let error = Error::new(ErrorType::ReadTimedout);
    let (_, fault) = of(&error, Until::Answered, TimeoutKind::Total);
    assert_eq!(fault, Fault::Timeout(TimeoutKind::Total));
}
