//! `[pools.NAME.hedge]`.

use serde_json::{Value, json};

use super::span;
use crate::config::Hedge;

pub(super) fn view(on: &Hedge) -> Value {
    json!({
        "enabled": true,
        "percentile": on.percentile.as_f64(),
        "min_delay": span(on.min_delay),
        "max": on.max,
        "minimum_requests": on.minimum_requests,
    })
}
