//! From errors to the core's facts, by type and number, never by text.

use std::error::Error;
use std::io;

use soe503::{BoxError, RequestBodyError};
use soe503_core::ledger::{Fault, ParseFault, TimeoutKind, TlsFault};
use soe503_h1::ResponseFault;

use super::connect::ConnectError;
use super::connection::HeadFault;
use crate::net::SendError;
use crate::tls;

/// What a failed connect shows.
pub(super) fn of_connect(error: &ConnectError) -> Fault {
    match error {
        ConnectError::Timeout => Fault::Timeout(TimeoutKind::Connect),
        ConnectError::Tls(_, fault) => fault.clone(),
        ConnectError::Io(error) => error.raw_os_error().map_or(Fault::Opaque, Fault::Errno),
    }
}

/// What a request shows that could not be sent whole.
pub(super) fn of_send(error: SendError<BoxError>) -> Fault {
    match error {
        SendError::Io(error) => of_io(&error),
        SendError::Body(error) => of_body(&*error),
        // Its client announced another length than it sent.
        SendError::Length => Fault::Client,
    }
}

/// What an answer shows whose head did not come.
pub(super) fn of_head(error: &HeadFault) -> Fault {
    match error {
        HeadFault::Io(error) => of_io(error),
        HeadFault::Closed => Fault::Closed,
        HeadFault::Http(fault) => Fault::Parse(match fault {
            ResponseFault::TlsRecord => ParseFault::TlsRecord,
            ResponseFault::HeadersTooLarge | ResponseFault::TooManyHeaders => {
                ParseFault::HeadersTooLarge
            }
            _ => ParseFault::NotHttp,
        }),
    }
}

/// A body fails through its client, unless another attempt took it over.
fn of_body(error: &(dyn Error + 'static)) -> Fault {
    let mut source = Some(error);
    while let Some(current) = source {
        if current.is::<RequestBodyError>() {
            return Fault::Client;
        }
        source = current.source();
    }
    Fault::Opaque
}

fn of_io(error: &io::Error) -> Fault {
    // A backend that does not like our certificate says so after its own part of the handshake is
    // over (RFC 8446 §4.4.2.4).
    if let Some(alert) = tls::alert_in(error) {
        return Fault::Tls(TlsFault::Alert(alert));
    }
    match (error.raw_os_error(), error.kind()) {
        (Some(errno), _) => Fault::Errno(errno),
        (None, io::ErrorKind::UnexpectedEof | io::ErrorKind::WriteZero) => Fault::Closed,
        (None, _) => Fault::Opaque,
    }
}
