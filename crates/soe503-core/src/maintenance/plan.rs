//! Which of several plans it is.

use std::sync::Arc;

use super::{Span, When};

/// A planned interruption, whether or not it is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// When it takes place.
    pub when: When,
    /// Why.
    pub reason: Arc<str>,
    /// Who wants it so.
    pub by: Arc<str>,
    /// Where its progress is told.
    pub link: Option<Arc<str>>,
    /// Occurrences that have begun by this second were ended by hand.
    pub ended: Option<i64>,
}

/// An occurrence of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// From when to when.
    pub span: Span,
}

/// The plan that holds at `unix`, the one that lasts longest if there are several; else the next one.
pub fn due<'a>(plans: impl IntoIterator<Item = &'a Plan>, unix: i64) -> Option<Due<'a>> {
    let dues = plans.into_iter().filter_map(|plan| {
        let span = plan.next(unix)?;
        Some(Due { plan, span })
    });
    dues.min_by_key(|due| match due.span.holds(unix) {
        // The latest end first.
        true => (false, due.span.end.map_or(i64::MIN, i64::saturating_neg)),
        false => (true, due.span.start),
    })
}

impl Plan {
    /// The occurrence that holds at `unix` or comes next.
    pub fn next(&self, unix: i64) -> Option<Span> {
        let span = self.when.next(unix)?;
        match (self.ended, span.end) {
            (Some(ended), Some(end)) if span.start <= ended => self.when.next(end),
            (Some(ended), None) if span.start <= ended => None,
            _ => Some(span),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Weekday, Weekly};
    use super::*;

    fn once(start: i64, end: Option<i64>) -> Plan {
        plan(When::Once(Span { start, end }))
    }

    fn plan(when: When) -> Plan {
        Plan {
            when,
            reason: "new disks".into(),
            by: "configuration".into(),
            link: None,
            ended: None,
        }
    }

    fn span(plans: &[Plan], unix: i64) -> Option<(i64, Option<i64>)> {
        due(plans, unix).map(|due| (due.span.start, due.span.end))
    }

    #[test]
    fn what_holds_longest_or_comes_first() {
        let plans = [
            once(100, Some(200)),
            once(150, Some(300)),
            once(50, Some(60)),
        ];
        for (now, expected) in [
            (0, Some((50, Some(60)))),
            (55, Some((50, Some(60)))),
            (60, Some((100, Some(200)))),
            (120, Some((100, Some(200)))),
            (150, Some((150, Some(300)))),
            (250, Some((150, Some(300)))),
            (300, None),
        ] {
            assert_eq!(span(&plans, now), expected, "{now}");
        }
        let open = [once(100, Some(200)), once(120, None)];
        assert_eq!(span(&open, 130), Some((120, None)));
    }

    #[test]
    fn what_was_ended_by_hand_does_not_come_back_before_its_next_time() {
        let mut weekly = plan(When::Weekly(Weekly {
            day: Weekday::Monday,
            at: 0,
            seconds: 3_600,
        }));
        let monday = 4 * 86_400;
        let held = weekly.next(monday + 10).unwrap();
        assert!(held.holds(monday + 10));
        weekly.ended = Some(monday + 10);
        let next = weekly.next(monday + 11).unwrap();
        assert_eq!(next.start, monday + 7 * 86_400);
        assert!(weekly.next(next.start).unwrap().holds(next.start));
        for end in [None, Some(90)] {
            let mut manual = once(5, end);
            manual.ended = Some(6);
            assert_eq!(manual.next(7), None);
            // One that was planned after that takes place.
            manual.when = once(10, end).when;
            assert_eq!(manual.next(7), Some(Span { start: 10, end }));
        }
    }
}
