//! What is known of a request until the last byte of its answer: a head that was good may be all that comes.

use http::Response;
use http_body::Body;
use soe503_core::Tick;

use super::asked::{Asked, Parked};
use super::explainer::Explainer;
use super::passed;
use crate::error::BoxError;

/// A request under way.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) asked: Asked,
    pub(super) explainer: Explainer,
    pub(super) started: Tick,
}

/// An answer under way whose end somebody wants to hear of, should it not be a good one.
#[derive(Debug)]
pub(super) struct Until {
    asked: Parked,
    explainer: Explainer,
    started: Tick,
    status: u16,
}

// === impl Known ===

impl Known {
    pub(super) const fn new(asked: Asked, explainer: Explainer, started: Tick) -> Self {
        Self {
            asked,
            explainer,
            started,
        }
    }
}

// === impl Until ===

impl Until {
    /// `None`: nobody wants to hear of it, it is over, or it was told as a failure by its head. What another pool answered
    /// (`other`) is that pool's to tell.
    pub(super) fn of<B: Body>(
        known: &mut Option<Known>,
        response: &Response<B>,
        other: bool,
    ) -> Option<Self> {
        let status = response.status();
        if other || status.is_server_error() || response.body().is_end_stream() {
            return None;
        }
        // Whether this one is wanted is asked when it breaks off, which is rare.
        let known = known.take_if(|known| known.explainer.shared.record.is_some())?;
        Some(Self {
            asked: known.asked.park(),
            explainer: known.explainer,
            started: known.started,
            status: status.as_u16(),
        })
    }

    /// The answer broke off.
    #[cold]
    pub(super) fn broke(self, error: &BoxError) {
        let asked = self.asked.unpark();
        passed::broke_off(error, self.status, &self.explainer, &asked, self.started);
    }
}
