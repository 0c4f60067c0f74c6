use http::StatusCode;

/// A set of statuses from 400 to 599.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusSet {
    bits: [u64; 4],
}

impl StatusSet {
    const FIRST: u16 = 400;
    const LAST: u16 = 599;

    /// No status.
    pub const EMPTY: Self = Self { bits: [0; 4] };

    /// 500, 502, 503 and 504: the failures of a server that another server need not share.
    pub const SERVER_FAILURES: Self = Self::EMPTY.with(500).with(502).with(503).with(504);

    /// This set and `status`. A status outside of 400 to 599 is no failure and is not added.
    #[must_use]
    pub const fn with(mut self, status: u16) -> Self {
        if let Some((word, bit)) = Self::place(status) {
            self.bits[word] |= bit;
        }
        self
    }

    /// This set without `status`.
    #[must_use]
    pub const fn without(mut self, status: u16) -> Self {
        if let Some((word, bit)) = Self::place(status) {
            self.bits[word] &= !bit;
        }
        self
    }

    /// Whether `status` is in the set.
    pub const fn contains(&self, status: StatusCode) -> bool {
        match Self::place(status.as_u16()) {
            Some((word, bit)) => self.bits[word] & bit != 0,
            None => false,
        }
    }

    const fn place(status: u16) -> Option<(usize, u64)> {
        if status < Self::FIRST || status > Self::LAST {
            return None;
        }
        let index = (status - Self::FIRST) as usize;
        Some((index / 64, 1 << (index % 64)))
    }
}

impl Default for StatusSet {
    fn default() -> Self {
        Self::SERVER_FAILURES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_was_put_in() {
        let set = StatusSet::default()
            .with(429)
            .with(599)
            .without(500)
            .with(200)
            .with(600);
        let held: Vec<u16> = (100..1000)
            .filter(|&code| set.contains(StatusCode::from_u16(code).unwrap()))
            .collect();
        assert_eq!(held, [429, 502, 503, 504, 599]);
    }
}
