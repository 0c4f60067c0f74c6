//! What can be done, in words: what somebody is asked before it is done, and told after it.
//!
//! The dashboard and `lbctl top` have both from here.

use crate::{BackendAction, BreakerAction, MaintenanceAction};

/// An act on something, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Words {
    /// The question, without its question mark: `Drain backend b1 of pool app`.
    pub title: String,
    /// What it does: a sentence.
    pub effect: &'static str,
    /// What is said when it is done: a sentence.
    pub done: String,
    /// What is written on a button that does it: `Hold open`.
    pub button: &'static str,
}

impl BackendAction {
    /// The act on `backend` of `pool`, in words.
    pub fn words(self, backend: &str, pool: &str) -> Words {
        let of = format!("backend {backend} of pool {pool}");
        let words = |button, doing, effect| Words {
            title: format!("{button} {of}"),
            effect,
            done: format!("{doing} {of}."),
            button,
        };
        match self {
            Self::Drain => words(
                "Drain",
                "Draining",
                "It finishes the requests that it has and gets no new ones.",
            ),
            Self::Disable => words(
                "Disable",
                "Disabled",
                "It is out of rotation at once; what runs on it may finish.",
            ),
            Self::Enable => words(
                "Enable",
                "Enabled",
                "It comes back into rotation, if its checks and its requests agree.",
            ),
        }
    }
}

impl BreakerAction {
    /// The act on the circuit of `pool`, in words.
    pub fn words(self, pool: &str) -> Words {
        let of = format!("the circuit of pool {pool}");
        let held = |state, button, effect| Words {
            title: format!("Hold {of} {state}"),
            effect,
            done: format!("Holding {of} {state}."),
            button,
        };
        match self {
            Self::Reset => Words {
                title: format!("Reset {of}"),
                effect: "It closes, forgets what it has counted, and decides for itself again.",
                done: format!("Reset {of}."),
                button: "Reset",
            },
            Self::Open => held(
                "open",
                "Hold open",
                "Every request of this pool fails at once, until it is reset.",
            ),
            Self::Close => held(
                "closed",
                "Hold closed",
                "Every request is let through, whatever happens, until it is reset.",
            ),
        }
    }
}

impl MaintenanceAction {
    /// The act on `target` (`app`, or `pool app` where that does not say what it is), in words.
    pub fn words(self, target: &str) -> Words {
        match self {
            Self::Start => Words {
                title: format!("Begin maintenance of {target}"),
                effect: "Its requests are answered with 503, the reason and, if there is an end, Retry-After.",
                done: format!("Maintenance of {target} has begun."),
                button: "Begin",
            },
            Self::End => Words {
                title: format!("End maintenance of {target}"),
                effect: "Its requests are served again.",
                done: format!("Maintenance of {target} is over."),
                button: "End",
            },
        }
    }
}

impl Words {
    /// `POST /api/v1/config/reload`, in words.
    pub fn of_reload() -> Self {
        Self {
            title: "Reload the configuration".to_owned(),
            effect: "The file is read again and put in force if it is valid; otherwise nothing changes.",
            done: "The configuration was read again and is in force.".to_owned(),
            button: "Reload",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each names what it is done to, and says what it does in sentences.
    #[test]
    fn every_act_says_what_it_does() {
        let backends = BackendAction::ALL.map(|action| action.words("b1", "app"));
        let circuits = BreakerAction::ALL.map(|action| action.words("app"));
        let maintenance = MaintenanceAction::ALL.map(|action| action.words("pool app"));
        for words in backends.iter().chain(&circuits).chain(&maintenance) {
            assert!(words.title.contains("pool app"), "{words:?}");
            assert!(words.done.contains("pool app"), "{words:?}");
        }
        let reload = [Words::of_reload()];
        let all = backends.iter().chain(&circuits).chain(&maintenance);
        for words in all.chain(&reload) {
            let verb = words.button.split(' ').next().unwrap();
            assert!(words.title.starts_with(verb), "{words:?}");
            assert!(words.effect.ends_with('.') && words.done.ends_with('.'));
        }
    }
}
