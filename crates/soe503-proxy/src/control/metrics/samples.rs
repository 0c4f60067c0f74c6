//! What rows of the table put, and who takes it: a text for those who scrape, packets for those who are told.

use std::fmt::{self, Display};

use super::scrape::Example;
use super::table::Family;
use crate::state::DurationsSnapshot;

/// The value of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::control) enum Value {
    /// How many.
    Natural(u64),
    /// A whole number that may be negative.
    Whole(i64),
    /// A number with a fraction.
    Real(f64),
}

/// Something that takes the samples of all families, one family after the other.
pub(in crate::control) trait Sink {
    /// One value; `labels` in the order of the family's. `example`: of what was counted.
    fn value(
        &mut self,
        family: &Family,
        labels: &[&dyn Display],
        value: Value,
        example: Option<&Example>,
    );

    /// The values of a histogram.
    fn histogram(&mut self, family: &Family, labels: &[&dyn Display], of: &DurationsSnapshot);
}

/// Where a row of the table puts its values.
pub(super) struct Samples<'a> {
    pub(super) family: &'a Family,
    pub(super) sink: &'a mut dyn Sink,
}

// === impl Samples ===

impl Samples<'_> {
    /// One value; `labels` in the order of the row's.
    pub(super) fn push(&mut self, labels: &[&dyn Display], value: impl Into<Value>) {
        self.push_with(labels, value, None);
    }

    /// The same, with an example of what was counted.
    pub(super) fn push_with(
        &mut self,
        labels: &[&dyn Display],
        value: impl Into<Value>,
        example: Option<&Example>,
    ) {
        self.fits(labels);
        self.sink.value(self.family, labels, value.into(), example);
    }

    /// The values of a histogram.
    pub(super) fn push_histogram(&mut self, labels: &[&dyn Display], of: &DurationsSnapshot) {
        self.fits(labels);
        self.sink.histogram(self.family, labels, of);
    }

    fn fits(&self, labels: &[&dyn Display]) {
        let Family {
            name,
            labels: names,
            ..
        } = self.family;
        debug_assert_eq!(labels.len(), names.len(), "{name}");
    }
}

// === impl Value ===

impl Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Natural(value) => value.fmt(f),
            Self::Whole(value) => value.fmt(f),
            Self::Real(value) => value.fmt(f),
        }
    }
}

impl From<u8> for Value {
    fn from(value: u8) -> Self {
        Self::Natural(value.into())
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Natural(value.into())
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Natural(value)
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        Self::Natural(u64::try_from(value).unwrap_or(u64::MAX))
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Self::Whole(value.into())
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Whole(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}
