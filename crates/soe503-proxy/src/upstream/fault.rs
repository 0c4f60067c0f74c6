//! From hyper's errors to the core's facts, by type and number, never by text.

use std::error::Error;
use std::io;

use soe503::RequestBodyError;
use soe503_core::ledger::{Fault, ParseFault, TimeoutKind, TlsFault};

use super::connection::ConnectError;
use crate::tls;

/// What a failed connect shows.
pub(crate) fn of_connect(error: &ConnectError) -> Fault {
    match error {
        ConnectError::Timeout => Fault::Timeout(TimeoutKind::Connect),
        ConnectError::Io(error) => error.raw_os_error().map_or(Fault::Opaque, Fault::Errno),
        ConnectError::Tls(_, fault) => fault.clone(),
        ConnectError::Handshake(error) => of_exchange(error),
    }
}

/// What a failed exchange on an open connection shows.
pub(crate) fn of_exchange(error: &hyper::Error) -> Fault {
    let mut source: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(current) = source {
        if current.is::<RequestBodyError>() {
            return Fault::Client;
        }
        if let Some(io) = current.downcast_ref::<io::Error>() {
            // A backend that does not like our certificate says so after its own part of the
            // handshake is over (RFC 8446 §4.4.2.4).
            if let Some(alert) = tls::alert_in(io) {
                return Fault::Tls(TlsFault::Alert(alert));
            }
            if let Some(errno) = io.raw_os_error() {
                return Fault::Errno(errno);
            }
            if matches!(
                io.kind(),
                io::ErrorKind::UnexpectedEof | io::ErrorKind::WriteZero
            ) {
                return Fault::Closed;
            }
        }
        source = current.source();
    }
    if error.is_parse_too_large() {
        Fault::Parse(ParseFault::HeadersTooLarge)
    } else if error.is_parse() {
        Fault::Parse(ParseFault::NotHttp)
    } else if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        Fault::Closed
    } else {
        Fault::Opaque
    }
}
