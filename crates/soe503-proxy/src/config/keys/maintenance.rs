//! Keys of `[[maintenance]]` and `[routes.maintenance_bypass]`.

use std::time::Duration;

use ipnet::IpNet;

use super::{
    headers::FieldName,
    moments::{Moment, WeekTime},
    values::{FieldValue, PageUrl, Words},
};
use crate::config::wire::{Defaulted, List, Optional, Required, section};

section! {
    /// A planned interruption: its routes answer 503 `maintenance/window` with `Retry-After` to its end.
    /// `lbctl maintenance start` begins one by hand.
    struct MaintenanceKeys {
        /// The pools all of whose routes are interrupted.
        pools: Optional<List<String>>, absent("none"), like("[\"app\"]");
        /// The routes that are interrupted, as the access log calls them: methods, host or `*`, path.
        routes: Optional<List<String>>, absent("none"), like("[\"GET,POST shop.example/api/\"]");
        /// When it begins (RFC 3339).
        start: Optional<Moment>, needed("required, unless `weekly` is there"),
            like("\"2026-12-24T22:00:00Z\"");
        /// When it ends (RFC 3339).
        end: Optional<Moment>, absent("it is ended by hand"), like("\"2026-12-25T04:00:00+01:00\"");
        /// The day and the time at which it begins every week, in UTC or with an offset. There is no
        /// daylight saving.
        weekly: Optional<WeekTime>, absent("it takes place once"), like("\"sunday 02:00+01:00\"");
        /// How long it takes each week.
        duration: Optional<Duration>, needed("required with `weekly`, not allowed without it"),
            like("\"2h\""), range(Duration::from_secs(1), Duration::from_secs(7 * 86_400));
        /// Why, for everybody to read.
        reason: Required<Words>, like("\"The database moves to new disks\"");
        /// Where its progress is told, for everybody.
        status_page: Optional<PageUrl>, absent("none is told"), like("\"https://status.example/\"");
    }
}

section! {
    /// Who is let through while the route is interrupted, as testers.
    struct BypassKeys {
        /// Requests with this field and `value` are let through. Backends do not see it.
        header: Optional<FieldName>, absent("nobody is let through by a header"),
            like("\"x-maintenance-key\"");
        /// The value of `header`: a secret.
        value: Optional<FieldValue>, needed("required with `header`"), like("\"change-me\"");
        /// Clients of these networks are let through; addresses as for `by = "client"` of limits.
        networks: Defaulted<List<IpNet>>, default(List::of([])), like("[\"10.0.0.0/8\"]");
    }
}
