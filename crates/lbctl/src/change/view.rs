//! Changes as a table, and what came of them.

use core::time::Duration;

use soe503_api::{
    Change, ChangeOrigin, ChangeReach, IncidentState, IncidentSummary, LinkedChange, Timestamp,
};

use crate::{
    explain::words::grade,
    show::{Canvas, Cell, Column, Grid, Mark, Row, age, style},
};

/// The changes as a table, each with those of `incidents` that come from it.
pub(crate) fn table(
    all: &[Change],
    incidents: &[IncidentSummary],
    now: Timestamp,
    canvas: Canvas,
) -> String {
    if all.is_empty() {
        return "no changes are known\n".to_owned();
    }
    let row = |one| row(one, &incidents_of(one, incidents), now, canvas);
    let grid = Grid {
        rows: all.iter().map(row).collect(),
        columns: vec![
            Column::left("ID"),
            Column::left("CHANGE"),
            Column::left("WHEN"),
            Column::left("CONCERNS"),
            Column::left("BY"),
        ],
        indent: 0,
    };
    let mut out = String::new();
    grid.render(canvas, &mut out);
    out
}

/// An incident, and how it hangs together with the change.
type Linked<'a> = (&'a IncidentSummary, &'a LinkedChange);

fn incidents_of<'a>(one: &Change, incidents: &'a [IncidentSummary]) -> Vec<Linked<'a>> {
    let linked = incidents.iter().filter_map(|incident| {
        let link = incident.change.as_ref()?;
        (link.change.id == one.id).then_some((incident, link))
    });
    linked.collect()
}

fn row(one: &Change, linked: &[Linked<'_>], now: Timestamp, canvas: Canvas) -> Row {
    let concerns = match one.reach {
        ChangeReach::Everything => "everything".to_owned(),
        ChangeReach::Pools if one.pools.is_empty() => "no pool".to_owned(),
        ChangeReach::Pools => one.pools.join(", "),
        ChangeReach::Backends => {
            format!("{} of {}", one.backends.join(", "), one.pools.join(", "))
        }
        _ => "nobody knows".to_owned(),
    };
    let by = match (&one.by, one.origin) {
        (Some(by), _) => by,
        (None, ChangeOrigin::Reload) => "the configuration",
        (None, ChangeOrigin::Release) => "the backends",
        (None, _) => "-",
    };
    let marks = linked.iter().map(|(incident, _)| mark(incident));
    // One that goes on is what matters.
    let worst = marks.max_by_key(|mark| *mark == Mark::Bad);
    let led_to =
        |&(incident, link): &Linked<'_>| Cell::new(led_to(incident, link), mark(incident).style());
    let notes = (!one.notes.is_empty()).then(|| Cell::plain(one.notes.join("; ")));
    Row {
        mark: worst.map_or((" ", style::PLAIN), |m| (canvas.symbol(m), m.style())),
        cells: vec![
            Cell::plain(&one.id),
            Cell::new(&one.title, style::STRONG),
            Cell::plain(format!("{} ago", age(now.since(one.at)))),
            Cell::plain(concerns),
            Cell::plain(by),
        ],
        notes: notes.into_iter().chain(linked.iter().map(led_to)).collect(),
    }
}

/// `8s later: incident 01KAPX3Q (open, inferred), dependency_failure/connect_refused, pool cart, 3/3 backends`.
fn led_to(incident: &IncidentSummary, link: &LinkedChange) -> String {
    let apart = age(Duration::from_millis(link.before_ms.unsigned_abs()));
    // Two clocks may differ.
    let order = match link.before_ms {
        ..0 => "earlier",
        _ => "later",
    };
    let state = match incident.state {
        IncidentState::Open => "open",
        IncidentState::Closed => "over",
        _ => "in an unknown state",
    };
    format!(
        "{apart} {order}: incident {} ({state}, {}), {}, {}",
        incident.id,
        grade(link.grade),
        incident.cause,
        incident.place
    )
}

const fn mark(incident: &IncidentSummary) -> Mark {
    match incident.state {
        IncidentState::Closed => Mark::Partly,
        _ => Mark::Bad,
    }
}
