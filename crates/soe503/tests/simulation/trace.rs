//! What happened, as one number, and in words for whoever has to find out why.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use soe503_core::breaker::State;
use soe503_core::pool::BackendState;

/// Everything that happened in a run, in order.
#[derive(Debug)]
pub(crate) struct Trace {
    hasher: DefaultHasher,
    events: u64,
    /// Only when somebody will read it.
    kept: Option<Vec<(u32, Event)>>,
}

/// Something that happened. `id` is a request's number, `machine` a backend's.
#[derive(Clone, Debug, Hash)]
pub(crate) enum Event {
    Asked {
        id: usize,
        method: &'static str,
        body: usize,
        twice: bool,
    },
    Attempt {
        id: usize,
        number: u8,
        hedge: bool,
        machine: usize,
        wrong: &'static str,
        reused: bool,
    },
    Broke {
        id: usize,
        machine: usize,
        how: &'static str,
        handed: usize,
    },
    Answered {
        id: usize,
        machine: usize,
        status: u16,
    },
    Released {
        id: usize,
        machine: usize,
    },
    Told {
        id: usize,
        status: u16,
        cause: &'static str,
    },
    Ended {
        id: usize,
        how: &'static str,
    },
    Backend {
        machine: usize,
        from: &'static str,
        to: &'static str,
    },
    Circuit {
        from: &'static str,
        to: &'static str,
    },
    Operator {
        what: &'static str,
        machine: usize,
    },
    Died {
        machine: usize,
    },
    Checked {
        machine: usize,
        passed: bool,
    },
    Knocked {
        machine: usize,
        open: bool,
    },
    Phase(&'static str),
}

// === impl Trace ===

impl Trace {
    pub(crate) fn new(keep: bool) -> Self {
        Self {
            hasher: DefaultHasher::new(),
            events: 0,
            kept: keep.then(Vec::new),
        }
    }

    pub(crate) fn note(&mut self, at: u32, event: Event) {
        (at, &event).hash(&mut self.hasher);
        self.events += 1;
        if let Some(kept) = &mut self.kept {
            kept.push((at, event));
        }
    }

    /// A number that two runs share only if the same happened in them at the same times.
    pub(crate) fn hash(&self) -> u64 {
        self.hasher.finish()
    }

    pub(crate) const fn events(&self) -> u64 {
        self.events
    }

    /// The last `count` events until `at`, a line each.
    pub(crate) fn lines(&self, at: u32, count: usize) -> Vec<String> {
        let kept = self.kept.as_deref().unwrap_or_default();
        let end = kept.partition_point(|(when, _)| *when <= at);
        let shown = &kept[end.saturating_sub(count)..end];
        shown
            .iter()
            .map(|(when, event)| format!("{when:>7} ms  {event}"))
            .collect()
    }
}

// === impl Event ===

impl Event {
    pub(crate) fn backend(machine: usize, from: BackendState, to: BackendState) -> Self {
        Self::Backend {
            machine,
            from: from.as_str(),
            to: to.as_str(),
        }
    }

    pub(crate) fn circuit(from: State, to: State) -> Self {
        Self::Circuit {
            from: from.as_str(),
            to: to.as_str(),
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked {
                id,
                method,
                body,
                twice,
            } => {
                let twice = if *twice {
                    "may run twice"
                } else {
                    "must not run twice"
                };
                write!(f, "#{id}: {method} with {body} bytes, {twice}")
            }
            Self::Attempt {
                id,
                number,
                hedge,
                machine,
                wrong,
                reused,
            } => {
                let hedge = if *hedge { " (a hedge)" } else { "" };
                let on = if *reused { "a used" } else { "a new" };
                write!(
                    f,
                    "#{id}: attempt {number}{hedge} on b{machine}, {on} connection ({wrong})"
                )
            }
            Self::Broke {
                id,
                machine,
                how,
                handed,
            } => {
                write!(f, "#{id}: b{machine}: {how}, {handed} bytes had gone out")
            }
            Self::Answered {
                id,
                machine,
                status,
            } => write!(f, "#{id}: b{machine} answers {status}"),
            Self::Released { id, machine } => write!(f, "#{id}: done with b{machine}"),
            Self::Told { id, status, cause } => {
                write!(f, "#{id}: the client is told {status} {cause}")
            }
            Self::Ended { id, how } => write!(f, "#{id}: {how}"),
            Self::Backend { machine, from, to } => write!(f, "b{machine}: {from} → {to}"),
            Self::Circuit { from, to } => write!(f, "circuit: {from} → {to}"),
            Self::Operator { what, machine } => write!(f, "operator: {what} b{machine}"),
            Self::Died { machine } => write!(f, "b{machine} dies"),
            Self::Checked { machine, passed } => {
                write!(
                    f,
                    "check of b{machine}: {}",
                    if *passed { "passed" } else { "failed" }
                )
            }
            Self::Knocked { machine, open } => {
                write!(
                    f,
                    "knock at b{machine}: {}",
                    if *open { "opens" } else { "does not open" }
                )
            }
            Self::Phase(phase) => write!(f, "=== {phase}"),
        }
    }
}
