//! Planned interruptions: those of the configuration and those that operators begin.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use soe503_api::Timestamp;
use soe503_core::Tick;
use soe503_core::maintenance::{InForce, Notice, Plan, Span, Switch, When, due};

use crate::config::Config;
use crate::control::clock::Anchor;

/// Who wants it so, where the configuration does.
const CONFIGURATION: &str = "the configuration";

/// All plans, and the switch of each route. Only the control plane looks in here; requests ask the
/// switch of their route.
///
/// What operators began outlives a reload, not a restart.
#[derive(Debug, Default)]
pub struct Interruptions {
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    /// By label.
    routes: BTreeMap<Arc<str>, Interruptible>,
    plans: Vec<Planned>,
}

#[derive(Debug)]
struct Interruptible {
    pool: Arc<str>,
    switch: Switch,
}

/// A plan and what it is for.
#[derive(Clone, Debug)]
struct Planned {
    pools: Vec<Arc<str>>,
    routes: Vec<Arc<str>>,
    plan: Plan,
    manual: bool,
    /// Targets for which an operator ended what had begun by that second.
    ended: BTreeMap<Arc<str>, i64>,
}

/// A plan's current or next occurrence.
#[derive(Clone, Debug)]
pub struct Occurrence {
    /// The pools that it is for.
    pub pools: Vec<Arc<str>>,
    /// The routes that it is for.
    pub routes: Vec<Arc<str>>,
    /// Why, and who wants it so.
    pub plan: Plan,
    /// From when to when, in seconds since 1970.
    pub span: Span,
    /// It holds now.
    pub in_force: bool,
    /// An operator began it.
    pub manual: bool,
}

/// There is no such pool or route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownTarget {
    /// What there is: pools, then routes.
    pub known: Vec<Arc<str>>,
}

// === impl Interruptions ===

impl Interruptions {
    /// Takes over the routes and the plans of `config`. Routes keep their switches, plans that are
    /// the same what operators ended of them.
    pub fn follow(&self, config: &Config, anchor: Anchor) {
        let mut book = self.book();
        let mut before = std::mem::take(&mut book.routes);
        book.routes = config
            .routes
            .iter()
            .map(|route| {
                let label: Arc<str> = route.matches.to_string().into();
                let known = before.remove(&label);
                let switch = known.map_or_else(Switch::default, |known| known.switch);
                let pool = route.pool.name.shared();
                (label, Interruptible { pool, switch })
            })
            .collect();
        let old = std::mem::take(&mut book.plans);
        let configured = config.maintenance.iter().map(|plan| {
            let mut planned = Planned {
                pools: plan.pools.clone(),
                routes: plan.routes.clone(),
                plan: Plan {
                    when: plan.when,
                    reason: Arc::clone(&plan.reason),
                    by: CONFIGURATION.into(),
                    link: plan.status_page.clone(),
                    ended: None,
                },
                manual: false,
                ended: BTreeMap::new(),
            };
            let same = |old: &&Planned| !old.manual && old.plan == planned.plan;
            if let Some(known) = old.iter().find(same) {
                planned.ended.clone_from(&known.ended);
            }
            planned
        });
        book.plans = configured.collect();
        book.plans
            .extend(old.into_iter().filter(|plan| plan.manual));
        book.refresh(anchor);
    }

    /// The switch of the route called `label`.
    pub fn switch(&self, label: &str) -> Switch {
        let book = self.book();
        let known = book.routes.get(label);
        known.map(|known| known.switch.clone()).unwrap_or_default()
    }

    /// How many routes of each pool are interrupted; pools without any are left out.
    pub fn by_pool(&self, now: Tick) -> BTreeMap<Arc<str>, usize> {
        let mut counts = BTreeMap::new();
        for route in self.book().routes.values() {
            if route.switch.in_force(now).is_some() {
                *counts.entry(Arc::clone(&route.pool)).or_default() += 1;
            }
        }
        counts
    }

    /// Looks at the calendar: from here on the switches know what comes next.
    pub fn refresh(&self, anchor: Anchor) {
        let mut book = self.book();
        if !book.plans.is_empty() {
            book.refresh(anchor);
        }
    }

    /// Begins an interruption of `target`, a pool or a route, at once; one that was begun by hand
    /// before is replaced.
    ///
    /// # Errors
    /// [`UnknownTarget`].
    pub fn start(
        &self,
        target: &str,
        (reason, by, link): (Arc<str>, Arc<str>, Option<Arc<str>>),
        until: Option<Timestamp>,
        anchor: Anchor,
    ) -> Result<(), UnknownTarget> {
        let mut book = self.book();
        let (pool, route) = book.target(target)?;
        book.plans
            .retain(|plan| !plan.manual || !plan.names(target));
        let end = until.map(|until| {
            // To the next whole second: it is told in seconds.
            i64::try_from(until.unix_millis().div_ceil(1000)).unwrap_or(i64::MAX)
        });
        book.plans.push(Planned {
            pools: pool.into_iter().collect(),
            routes: route.into_iter().collect(),
            plan: Plan {
                when: When::Once(Span {
                    start: seconds(anchor),
                    end,
                }),
                reason,
                by,
                link,
                ended: None,
            },
            manual: true,
            ended: BTreeMap::new(),
        });
        book.refresh(anchor);
        Ok(())
    }

    /// Ends what interrupts `target` now: what was begun by hand for it, and this occurrence of what is
    /// planned. Says whether there was any.
    ///
    /// # Errors
    /// [`UnknownTarget`].
    pub fn end(&self, target: &str, anchor: Anchor) -> Result<bool, UnknownTarget> {
        let mut book = self.book();
        book.target(target)?;
        let now = seconds(anchor);
        let mut any = false;
        for plan in book.plans.iter_mut().filter(|plan| plan.names(target)) {
            let span = plan.for_target(target).next(now);
            if span.is_some_and(|span| span.holds(now)) {
                plan.ended.insert(target.into(), now);
                any = true;
            }
        }
        // What was begun by hand for this target has no next time.
        book.plans
            .retain(|plan| !plan.manual || !plan.names(target));
        book.refresh(anchor);
        Ok(any)
    }

    /// What is in force or comes next, of each plan.
    pub fn list(&self, anchor: Anchor) -> Vec<Occurrence> {
        let now = seconds(anchor);
        let book = self.book();
        book.plans
            .iter()
            .filter_map(|plan| plan.occurrence(now))
            .collect()
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Book ===

impl Book {
    fn refresh(&mut self, anchor: Anchor) {
        let now = seconds(anchor);
        // What is over for good is forgotten, if nobody would write it down again.
        self.plans
            .retain(|plan| !plan.manual || plan.plan.next(now).is_some());
        for (label, route) in &self.routes {
            let plans: Vec<(&str, Plan)> = self
                .plans
                .iter()
                .filter_map(|plan| {
                    let named = |name: &Arc<str>| plan.names(name);
                    let target = [label, &route.pool].into_iter().find(|name| named(name))?;
                    Some((&**target, plan.for_route(label, &route.pool)))
                })
                .collect();
            let next = due(plans.iter().map(|(_, plan)| plan), now);
            let next = next.map(|due| {
                let target = plans.iter().find(|(_, plan)| std::ptr::eq(plan, due.plan));
                in_force(
                    &due.plan.clone(),
                    due.span,
                    target.map_or("", |t| t.0),
                    anchor,
                )
            });
            if route.switch.planned().as_deref() != next.as_ref() {
                route.switch.set(next);
            }
        }
    }

    /// The pool or the route called `target`.
    #[expect(clippy::type_complexity, reason = "one of two, told apart by place")]
    fn target(&self, target: &str) -> Result<(Option<Arc<str>>, Option<Arc<str>>), UnknownTarget> {
        let pools = self.routes.values().map(|route| &route.pool);
        if let Some(pool) = pools.clone().find(|pool| ***pool == *target) {
            return Ok((Some(Arc::clone(pool)), None));
        }
        if let Some((label, _)) = self.routes.get_key_value(target) {
            return Ok((None, Some(Arc::clone(label))));
        }
        let mut known: Vec<Arc<str>> = pools.cloned().collect();
        known.sort();
        known.dedup();
        known.extend(self.routes.keys().cloned());
        Err(UnknownTarget { known })
    }
}

// === impl Planned ===

impl Planned {
    fn names(&self, target: &str) -> bool {
        self.pools
            .iter()
            .chain(&self.routes)
            .any(|n| **n == *target)
    }

    /// The plan as it holds for one of its targets.
    fn for_target(&self, target: &str) -> Plan {
        Plan {
            ended: self.ended.get(target).copied(),
            ..self.plan.clone()
        }
    }

    /// The plan as it holds for a route: what was ended for it or for its pool is over.
    fn for_route(&self, label: &str, pool: &str) -> Plan {
        let ended = [label, pool].into_iter();
        Plan {
            ended: ended.filter_map(|name| self.ended.get(name)).copied().max(),
            ..self.plan.clone()
        }
    }

    fn occurrence(&self, now: i64) -> Option<Occurrence> {
        let all = || self.pools.iter().chain(&self.routes);
        // The soonest among its targets, and those for which it is that one.
        let spans = all().filter_map(|name| self.for_target(name).next(now));
        let span = spans.min_by_key(|span| span.start)?;
        let concerned = |names: &[Arc<str>]| {
            let names = names.iter();
            let due = |name: &&Arc<str>| self.for_target(name).next(now) == Some(span);
            names.filter(due).cloned().collect::<Vec<_>>()
        };
        Some(Occurrence {
            pools: concerned(&self.pools),
            routes: concerned(&self.routes),
            plan: self.plan.clone(),
            span,
            in_force: span.holds(now),
            manual: self.manual,
        })
    }
}

fn in_force(plan: &Plan, span: Span, target: &str, anchor: Anchor) -> InForce {
    let tick = |unix: i64| {
        let unix = u64::try_from(unix).unwrap_or_default();
        anchor.tick_of(Timestamp::from_unix_secs(unix))
    };
    InForce {
        from: tick(span.start),
        until: span.end.map(tick),
        notice: Arc::new(Notice {
            target: target.into(),
            reason: Arc::clone(&plan.reason),
            by: Arc::clone(&plan.by),
            link: plan.link.clone(),
            start: span.start,
            end: span.end,
        }),
    }
}

/// Whole seconds since 1970.
fn seconds(anchor: Anchor) -> i64 {
    i64::try_from(anchor.unix(anchor.tick()).as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[path = "interruptions_tests.rs"]
mod tests;
