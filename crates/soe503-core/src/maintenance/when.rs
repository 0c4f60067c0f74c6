//! The calendar.

/// When something takes place. Times are seconds since 1970 (UTC).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum When {
    /// Once.
    Once(Span),
    /// Every week.
    Weekly(Weekly),
}

/// From a second until another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// The first second.
    pub start: i64,
    /// The first second after it; `None`: until somebody ends it.
    pub end: Option<i64>,
}

/// The same time of every week. UTC knows no daylight saving, so a local time moves by an hour twice a
/// year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Weekly {
    /// The day, in UTC.
    pub day: Weekday,
    /// Seconds of the day at which it begins, in UTC.
    pub at: u32,
    /// How many seconds it takes; more than a week is a week.
    pub seconds: u32,
}

/// A day of the week, Monday first (ISO 8601).
#[expect(missing_docs, reason = "their names say it all")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

const DAY: i64 = 86_400;
const WEEK: i64 = 7 * DAY;
/// 1970-01-05, the first Monday, in seconds.
const FIRST_MONDAY: i64 = 4 * DAY;

impl When {
    /// The occurrence that holds at `unix`, or the next one; `None` if there is none any more.
    pub fn next(&self, unix: i64) -> Option<Span> {
        match self {
            Self::Once(span) => Some(*span).filter(|span| !span.over(unix)),
            Self::Weekly(weekly) => Some(weekly.next(unix)),
        }
    }
}

impl Span {
    /// Whether it holds at `unix`.
    pub fn holds(&self, unix: i64) -> bool {
        self.start <= unix && !self.over(unix)
    }

    fn over(&self, unix: i64) -> bool {
        self.end.is_some_and(|end| end <= unix)
    }
}

impl Weekly {
    fn next(&self, unix: i64) -> Span {
        let seconds = i64::from(self.seconds).min(WEEK);
        let first = FIRST_MONDAY + self.day as i64 * DAY + i64::from(self.at);
        // The latest beginning that is not in the future.
        let mut start = unix - (unix - first).rem_euclid(WEEK);
        if start + seconds <= unix {
            start += WEEK;
        }
        Span {
            start,
            end: Some(start + seconds),
        }
    }
}

impl Weekday {
    /// All of them, Monday first.
    pub const ALL: [Self; 7] = [
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
        Self::Sunday,
    ];

    /// Its name, in small letters.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Monday => "monday",
            Self::Tuesday => "tuesday",
            Self::Wednesday => "wednesday",
            Self::Thursday => "thursday",
            Self::Friday => "friday",
            Self::Saturday => "saturday",
            Self::Sunday => "sunday",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22T00:00:00Z, a Sunday.
    const SUNDAY: i64 = 1_795_305_600;
    const HOUR: i64 = 3_600;

    #[test]
    fn every_week_at_the_same_time() {
        let weekly = |day, at: i64, hours: i64| {
            When::Weekly(Weekly {
                day,
                at: u32::try_from(at * HOUR).unwrap(),
                seconds: u32::try_from(hours * HOUR).unwrap(),
            })
        };
        let early = weekly(Weekday::Sunday, 2, 2);
        let over_midnight = weekly(Weekday::Saturday, 23, 4);
        let monday = weekly(Weekday::Monday, 0, 1);
        for (when, now, start, hours) in [
            (early, SUNDAY, SUNDAY + 2 * HOUR, 2),
            (early, SUNDAY + 2 * HOUR, SUNDAY + 2 * HOUR, 2),
            (early, SUNDAY + 4 * HOUR - 1, SUNDAY + 2 * HOUR, 2),
            (early, SUNDAY + 4 * HOUR, SUNDAY + WEEK + 2 * HOUR, 2),
            (over_midnight, SUNDAY + HOUR, SUNDAY - HOUR, 4),
            (over_midnight, SUNDAY + 3 * HOUR, SUNDAY + WEEK - HOUR, 4),
            (monday, SUNDAY, SUNDAY + DAY, 1),
            (monday, -1, 4 * DAY, 1),
        ] {
            let span = when.next(now).unwrap();
            let end = start + hours * HOUR;
            assert_eq!((span.start, span.end), (start, Some(end)), "{when:?} {now}");
        }
        // A week-long window always holds.
        let always = weekly(Weekday::Friday, 12, 24 * 7);
        for hour in 0..200 {
            let now = SUNDAY + hour * HOUR;
            assert!(always.next(now).unwrap().holds(now), "{hour}");
        }
    }

    #[test]
    fn once_and_no_more() {
        let once = When::Once(Span {
            start: 10,
            end: Some(20),
        });
        assert!(!once.next(9).unwrap().holds(9));
        assert!(once.next(10).unwrap().holds(10) && once.next(19).unwrap().holds(19));
        assert_eq!(once.next(20), None);
        let open = When::Once(Span {
            start: 10,
            end: None,
        });
        assert!(open.next(i64::MAX).unwrap().holds(i64::MAX));
    }
}
