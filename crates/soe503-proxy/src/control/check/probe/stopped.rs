//! A check that did not pass.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use soe503_core::Tick;
use soe503_core::health::{CheckResult, Hints};
use soe503_core::ledger::{Attempt, Fault, ParseFault, Phase, TimeoutKind, TlsFault};

use crate::tls::alert_in;

/// How far a check came, and why no further.
#[derive(Debug)]
pub(super) struct Stopped {
    phase: Phase,
    fault: Fault,
    text: String,
    hints: Option<Arc<Hints>>,
    /// Others had been waiting for a connection before.
    joined: bool,
}

// === impl Stopped ===

impl Stopped {
    const fn new(phase: Phase, fault: Fault, text: String) -> Self {
        Self {
            phase,
            fault,
            text,
            hints: None,
            joined: false,
        }
    }

    pub(super) fn io(phase: Phase, error: &io::Error) -> Self {
        let what = if phase == Phase::Connect {
            "connect"
        } else {
            "read"
        };
        let fault = error.raw_os_error().map_or(Fault::Opaque, Fault::Errno);
        Self::new(phase, fault, format!("{what}: {}", plain(error)))
    }

    /// What it was, in words.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// No connection came about; perhaps in the end of what others had waited for.
    pub(super) fn connect(error: &io::Error, joined: bool) -> Self {
        Self {
            joined,
            ..Self::io(Phase::Connect, error)
        }
    }

    pub(super) fn tls(fault: Fault) -> Self {
        let mut attempt = Attempt::begin(1, Tick::ZERO);
        attempt.phase = Phase::Tls;
        attempt.fault = Some(fault.clone());
        let text = format!("TLS: {}", soe503_core::explain::in_words(&attempt));
        Self::new(Phase::Tls, fault, text)
    }

    pub(super) fn http(error: &hyper::Error) -> Self {
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            if let Some(io) = cause.downcast_ref::<io::Error>() {
                return Self::read(io);
            }
            source = cause.source();
        }
        if error.is_incomplete_message() || error.is_canceled() {
            return Self::closed();
        }
        Self::invalid(format!("not an HTTP answer: {error}"))
    }

    /// Reading failed: by the system's word, by the other side's alert, or by what was read.
    fn read(error: &io::Error) -> Self {
        if let Some(alert) = alert_in(error) {
            return Self::tls(Fault::Tls(TlsFault::Alert(alert)));
        }
        match (error.raw_os_error(), error.kind()) {
            (Some(_), _) => Self::io(Phase::WaitHeaders, error),
            (None, io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe) => Self::closed(),
            (None, _) => Self::invalid(format!("not an HTTP answer: {error}")),
        }
    }

    fn closed() -> Self {
        let text = "closed the connection without an answer".to_owned();
        Self::new(Phase::WaitHeaders, Fault::Closed, text)
    }

    pub(super) const fn invalid(text: String) -> Self {
        let fault = Fault::Parse(ParseFault::NotHttp);
        Self::new(Phase::WaitHeaders, fault, text)
    }

    pub(super) fn late(phase: Phase, timeout: Duration) -> Self {
        let (what, kind) = match phase {
            Phase::Connect => ("connection", TimeoutKind::Connect),
            Phase::Tls => ("answer to the TLS handshake", TimeoutKind::Handshake),
            _ => ("answer", TimeoutKind::Attempt),
        };
        let text = format!("no {what} within {timeout:?}");
        Self::new(phase, Fault::Timeout(kind), text)
    }

    /// An answer with a status that was not expected.
    pub(super) fn status(path: &str, status: u16, hints: Option<Arc<Hints>>) -> Self {
        let mut text = format!("GET {path} answered {status}");
        if let Some(hints) = &hints {
            text += &format!(": {}", hints.text());
        }
        Self {
            hints,
            ..Self::new(Phase::Done, Fault::Status(status), text)
        }
    }

    /// A complete answer that says no, as this `grpc-status` would.
    pub(super) const fn grpc(code: u32, text: String) -> Self {
        Self::new(Phase::Done, Fault::Grpc(code), text)
    }

    /// An HTTP status where gRPC was expected.
    pub(super) const fn not_grpc(status: u16, text: String) -> Self {
        Self::new(Phase::Done, Fault::Status(status), text)
    }

    /// What the core makes of it.
    pub(super) fn result(self, elapsed: Duration, allowed: Duration) -> CheckResult {
        let mut attempt = Attempt::begin(1, Tick::ZERO);
        attempt.elapsed = elapsed;
        attempt.phase = self.phase;
        attempt.accepted_before = true;
        attempt.joined = self.joined;
        if let Fault::Status(status) = self.fault {
            attempt.status = Some(status);
        }
        attempt.fault = Some(self.fault);
        CheckResult::failed(&attempt, allowed, self.text.into(), self.hints)
    }
}

/// The system's words without the number that `io::Error` appends.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_lowercase(),
        None => text,
    }
}
