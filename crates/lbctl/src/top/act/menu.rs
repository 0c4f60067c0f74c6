//! Which acts there are for what is selected, as it is now.

use soe503_api::{
    Backend, BackendAction, BackendState, BreakerAction, CircuitState, MaintenanceAction,
    MaintenanceList, Pool,
};

use super::{
    super::{cursor::Cursor, page::Filter},
    Act,
};
use crate::{pool, show::clean};

/// A list to choose from.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Menu {
    /// Whose acts; none where no pool is selected.
    pub(in super::super) pool: Option<String>,
    /// That backend's alone.
    pub(in super::super) backend: Option<String>,
    pub(in super::super) cursor: Cursor,
    pub(in super::super) filter: Filter,
}

/// What Enter leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Target {
    /// Its form.
    Act(Act),
    /// The menu of a backend.
    Backend(String),
}

/// One line of a menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Entry {
    pub(in super::super) target: Target,
    /// What it is called; cleaned.
    pub(in super::super) label: String,
    /// How that is now.
    pub(in super::super) now: &'static str,
}

impl Menu {
    /// Whose it is, in words.
    pub(in super::super) fn title(&self) -> String {
        let pool = self.pool.as_deref().map(clean);
        match (pool, self.backend.as_deref().map(clean)) {
            (Some(pool), Some(backend)) => format!("Backend {backend} of pool {pool}"),
            (Some(pool), None) => format!("Pool {pool}"),
            (None, _) => "This proxy".to_owned(),
        }
    }

    /// What can be done, of `pools` as they are now; nothing about what is gone.
    pub(super) fn all(&self, pools: &[Pool], maintenance: Option<&MaintenanceList>) -> Vec<Entry> {
        let pool = self.pool.as_ref();
        let pool = pool.and_then(|name| pools.iter().find(|pool| pool.name == *name));
        match (pool, &self.backend) {
            (None, _) if self.pool.is_none() => vec![reload()],
            (None, _) => Vec::new(),
            (Some(pool), Some(name)) => {
                let backend = pool.backends.iter().find(|b| b.name == *name);
                backend.map_or_else(Vec::new, |backend| of_backend(pool, backend))
            }
            (Some(pool), None) => {
                let mut all = of_circuit(pool);
                all.extend(of_maintenance(pool, maintenance));
                all.push(reload());
                all.extend(pool.backends.iter().map(backend));
                all
            }
        }
    }

    /// Whether the filter lets it through.
    pub(super) fn lets(&self, entry: &Entry) -> bool {
        self.filter.lets(&[&entry.label, entry.now])
    }

    /// The list is this now.
    pub(super) fn settle(&mut self, entries: &[Entry]) {
        self.cursor.settle(&keys(entries));
    }

    /// So many lines down, or up.
    pub(super) fn by(&mut self, lines: isize, entries: &[Entry]) {
        self.cursor.by(lines, &keys(entries));
    }
}

fn keys(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| &*entry.label).collect()
}

fn act(act: Act, now: &'static str) -> Entry {
    Entry {
        label: act.asks().label.to_owned(),
        target: Target::Act(act),
        now,
    }
}

fn reload() -> Entry {
    act(Act::Reload, "")
}

fn backend(backend: &Backend) -> Entry {
    Entry {
        label: format!("Backend {}", clean(&backend.name)),
        target: Target::Backend(backend.name.clone()),
        now: pool::backend_word(backend.state),
    }
}

/// What makes sense in its state.
fn of_backend(pool: &Pool, backend: &Backend) -> Vec<Entry> {
    use BackendAction::{Disable, Drain, Enable};
    let actions: &[BackendAction] = match backend.state {
        BackendState::Draining => &[Enable, Disable],
        BackendState::Disabled => &[Enable],
        BackendState::Unknown => &[Drain, Disable, Enable],
        _ => &[Drain, Disable],
    };
    let entry = |action: &BackendAction| {
        let one = Act::Backend {
            pool: pool.name.clone(),
            backend: backend.name.clone(),
            action: *action,
        };
        act(one, pool::backend_word(backend.state))
    };
    actions.iter().map(entry).collect()
}

/// A circuit that is held is not held another way before it is reset.
fn of_circuit(pool: &Pool) -> Vec<Entry> {
    use BreakerAction::{Close, Open, Reset};
    let actions: &[BreakerAction] = match (pool.circuit.forced, pool.circuit.state) {
        (Some(_), _) => &[Reset],
        (None, CircuitState::Closed) => &[Open, Close],
        (None, _) => &[Reset, Open, Close],
    };
    let entry = |action: &BreakerAction| {
        let one = Act::Circuit {
            pool: pool.name.clone(),
            action: *action,
        };
        act(one, pool::circuit_word(&pool.circuit))
    };
    actions.iter().map(entry).collect()
}

/// What is in force can be ended, and what is not can begin; both where nobody knows.
fn of_maintenance(pool: &Pool, list: Option<&MaintenanceList>) -> Vec<Entry> {
    use MaintenanceAction::{End, Start};
    let in_force = list.map(|list| {
        let mut all = list.maintenance.iter();
        all.any(|one| one.in_force && one.pools.contains(&pool.name))
    });
    let (actions, now): (&[MaintenanceAction], _) = match in_force {
        Some(true) => (&[End], "in force"),
        Some(false) => (&[Start], "not in force"),
        None => (&[Start, End], ""),
    };
    let entry = |action: &MaintenanceAction| {
        let one = Act::Maintenance {
            pool: pool.name.clone(),
            action: *action,
        };
        act(one, now)
    };
    actions.iter().map(entry).collect()
}
