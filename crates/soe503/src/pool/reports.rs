//! What backends say about their load, in headers and trailers (ORCA).

use std::sync::Arc;

use http::{HeaderMap, HeaderName};
use http_body::Frame;
use soe503_core::orca::LoadReport;
use soe503_core::pool::Backend;

use crate::clock;

static HEADER: HeaderName = HeaderName::from_static(LoadReport::HEADER);
static TRAILER: HeaderName = HeaderName::from_static(LoadReport::TRAILER);

/// What is done with load reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoadReports {
    /// They are passed on like any other field.
    #[default]
    Ignored,
    /// They are told to the pool, and taken out of the answer.
    Taken,
    /// They are told to the pool, and passed on.
    PassedOn,
}

/// A backend whose trailers may bring a report.
#[derive(Debug)]
pub(super) struct Reporter<S> {
    backend: Arc<Backend<S>>,
    pass_on: bool,
}

impl LoadReports {
    /// Tells `backend` what `headers`, of its answer, say. Returns who waits for the trailers.
    pub(super) fn of_head<S>(
        self,
        headers: &mut HeaderMap,
        backend: Option<&Arc<Backend<S>>>,
    ) -> Option<Box<Reporter<S>>> {
        if self == Self::Ignored {
            return None;
        }
        let reporter = Reporter {
            backend: Arc::clone(backend?),
            pass_on: self == Self::PassedOn,
        };
        reporter.take(headers);
        Some(Box::new(reporter))
    }
}

impl<S> Reporter<S> {
    /// The same for a frame of its body.
    pub(super) fn see<D>(&self, frame: Frame<D>) -> Frame<D> {
        match frame.into_trailers() {
            Ok(mut trailers) => {
                self.take(&mut trailers);
                Frame::trailers(trailers)
            }
            Err(data) => data,
        }
    }

    fn take(&self, fields: &mut HeaderMap) {
        let header = fields.get(&HEADER);
        let report = header.and_then(|value| LoadReport::of_header(value.as_bytes()));
        let trailer = || LoadReport::of_trailer(fields.get(&TRAILER)?.as_bytes());
        if let Some(report) = report.or_else(trailer) {
            self.backend.report(clock::now(), &report);
        }
        if !self.pass_on {
            fields.remove(&HEADER);
            fields.remove(&TRAILER);
        }
    }
}
