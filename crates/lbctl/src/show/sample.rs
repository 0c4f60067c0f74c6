//! What tests show, and on what.

use soe503_api::{Changes, FailureRecord, Incident, Incidents, Pools, Timestamp};

use super::Canvas;

/// The moment at which the samples were taken.
pub(crate) const NOW: Timestamp = Timestamp::from_unix_secs(1_795_369_268);

/// Pools in every state.
pub(crate) fn pools() -> Pools {
    serde_json::from_str(include_str!("../../tests/data/pools.json")).unwrap()
}

/// A request that failed after two attempts.
pub(crate) fn failure() -> FailureRecord {
    serde_json::from_str(include_str!("../../tests/data/failure.json")).unwrap()
}

/// A pool that is down after a deploy.
pub(crate) fn incident() -> Incident {
    serde_json::from_str(include_str!("../../tests/data/incident.json")).unwrap()
}

/// That one, and one that is over.
pub(crate) fn incidents() -> Incidents {
    serde_json::from_str(include_str!("../../tests/data/incidents.json")).unwrap()
}

/// A health check whose path was removed: no request fails.
pub(crate) fn condition() -> Incident {
    serde_json::from_str(include_str!("../../tests/data/condition.json")).unwrap()
}

/// A deploy and a reload.
pub(crate) fn changes() -> Changes {
    serde_json::from_str(include_str!("../../tests/data/changes.json")).unwrap()
}

/// A pipe.
pub(crate) const PIPE: Canvas = Canvas {
    width: None,
    height: None,
    unicode: false,
};

/// A terminal of this width.
pub(crate) const fn terminal(width: usize) -> Canvas {
    Canvas {
        width: Some(width),
        height: Some(24),
        unicode: true,
    }
}

/// `styled` without its colours, after a look at its width.
pub(crate) fn plain(styled: &str, canvas: Canvas) -> String {
    let text = anstream::adapter::strip_str(styled).to_string();
    for line in text.lines() {
        let width = super::text::width(line);
        assert!(
            canvas.width.is_none_or(|limit| width <= limit),
            "{width}: {line}"
        );
        assert_eq!(line.trim_end(), line, "spaces at the end");
        assert!(canvas.unicode || line.is_ascii(), "not ASCII: {line}");
    }
    text
}
