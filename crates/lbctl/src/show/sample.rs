//! What tests show, and on what.

use soe503_api::{FailureRecord, Pools, Timestamp};

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
