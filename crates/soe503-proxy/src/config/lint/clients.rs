//! What clients of a listener meet.

use std::time::Duration;

use super::{
    KeyPath, Lint, Severity,
    hit::{Hit, Hits},
    look::Look,
    round,
};

/// Load balancers of clouds keep unused connections to what is behind them for so long.
const BALANCERS: Duration = Duration::from_secs(60);
/// Longer than that.
const LONGER: Duration = Duration::from_secs(75);

pub(super) const LINTS: &[Lint] = &[Lint {
    id: "client_idle_short",
    severity: Severity::Note,
    key: "listeners.limits.idle_timeout",
    wrong: "Unused connections of clients are closed sooner than load balancers give them up (60 s): their next request may \
            meet one that is just being closed, and fails there with a 502.",
    set: "longer than what is in front keeps them; `\"75s\"` if that is not known",
    look: client_idle_short,
}];

fn client_idle_short(look: &Look<'_>, hits: &mut Hits) {
    for (number, listener) in look.config.listeners.iter().enumerate() {
        let idle = listener.limits.idle_timeout;
        if idle >= BALANCERS {
            continue;
        }
        let said = format!(
            "unused connections of clients are closed after {}",
            round::told(idle)
        );
        hits.push(
            Hit::new(
                KeyPath::item("listeners", number, "limits.idle_timeout"),
                round::toml(idle),
                said,
            )
            .set("limits.idle_timeout", round::toml(LONGER))
            .advice("if clients come to it directly, this may be meant"),
        );
    }
}
