//! Why a change is not the cause, in words.

use std::time::Duration;

use soe503_core::change::{Change, WhyNot};

/// What speaks against `change`.
pub(super) fn why_not(change: &Change, why: &WhyNot) -> String {
    match why {
        WhyNot::Later(ms) => format!("the failures began {} before it", span(*ms)),
        WhyNot::TooEarly(ms) => format!(
            "{} before the first failure; a {} shows within {}",
            span(*ms),
            change.kind,
            span(change.kind.window().as_millis() as i64)
        ),
        WhyNot::Elsewhere => "it concerns something else".to_owned(),
        WhyNot::ReachUnknown => "nobody said what it concerns".to_owned(),
        WhyNot::Frequent(ratio) => format!(
            "such changes are frequent here: it is only {ratio:.1} times as likely the cause as there by chance"
        ),
        WhyNot::LessLikely(ratio) => {
            format!("another change is more likely (this one {ratio:.0} times as likely as chance)")
        }
        _ => "a rule speaks against it".to_owned(),
    }
}

fn span(ms: i64) -> String {
    let ms = ms.unsigned_abs();
    let whole = match ms {
        0..1_000 => Duration::from_millis(ms),
        _ => Duration::from_secs(ms / 1_000),
    };
    humantime::format_duration(whole).to_string()
}
