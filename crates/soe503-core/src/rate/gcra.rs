//! The decision about one request of one key.

/// What a request costs a key whose debt is paid at `paid_at`, if it is let through: the new
/// `paid_at`. Otherwise how long it has to wait for it. All in nanoseconds.
///
/// A request is let through with at most `tolerance` of debt and adds `interval` to it.
pub(super) fn take(paid_at: u64, now: u64, interval: u64, tolerance: u64) -> Result<u64, u64> {
    let debt = paid_at.saturating_sub(now);
    if debt <= tolerance {
        Ok(paid_at.max(now).saturating_add(interval))
    } else {
        Err(debt - tolerance)
    }
}

/// How many requests more would be let through.
pub(super) fn left(paid_at: u64, now: u64, interval: u64, tolerance: u64) -> u64 {
    match tolerance.checked_sub(paid_at.saturating_sub(now)) {
        Some(room) => room / interval + 1,
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A bucket of `burst` tokens that gets one each `interval`, in the words of a schoolbook; the
    /// time is counted in nanoseconds towards the next token, so nothing is rounded.
    struct Bucket {
        burst: u64,
        interval: u64,
        /// Nanoseconds' worth of tokens.
        worth: u64,
        at: u64,
    }

    impl Bucket {
        fn take(&mut self, now: u64) -> bool {
            self.worth = (self.worth + (now - self.at)).min(self.burst * self.interval);
            self.at = now;
            let enough = self.worth >= self.interval;
            if enough {
                self.worth -= self.interval;
            }
            enough
        }
    }

    proptest! {
        #[test]
        fn decides_as_a_token_bucket_does(
            burst in 1_u64..8,
            interval in 1_u64..50,
            pauses in prop::collection::vec(0_u64..60, 1..200),
        ) {
            let tolerance = interval * (burst - 1);
            let mut bucket = Bucket { burst, interval, worth: burst * interval, at: 0 };
            let (mut paid_at, mut now) = (0, 0);
            for pause in pauses {
                now += pause;
                let left = left(paid_at, now, interval, tolerance);
                let expected = bucket.take(now);
                prop_assert_eq!(left > 0, expected);
                match take(paid_at, now, interval, tolerance) {
                    Ok(then) => {
                        prop_assert!(expected);
                        paid_at = then;
                        prop_assert_eq!(super::left(paid_at, now, interval, tolerance), left - 1);
                    }
                    Err(wait) => {
                        prop_assert!(!expected);
                        // The wait is exact: a nanosecond earlier is too early.
                        prop_assert!(take(paid_at, now + wait, interval, tolerance).is_ok());
                        prop_assert!(take(paid_at, now + wait - 1, interval, tolerance).is_err());
                    }
                }
            }
        }
    }

    #[test]
    fn ends_of_the_scale_do_not_wrap() {
        assert_eq!(take(u64::MAX, 0, 1, 0), Err(u64::MAX));
        assert_eq!(take(0, u64::MAX, u64::MAX, u64::MAX), Ok(u64::MAX));
        assert_eq!(left(u64::MAX, 0, 1, 0), 0);
    }
}
