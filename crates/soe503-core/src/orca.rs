//! Load reports of backends: ORCA, the Open Request Cost Aggregation of xDS.
//!
//! A backend that knows how busy it is can say so with its answers: in the header
//! `endpoint-load-metrics` of an HTTP response as `TEXT cpu_utilization=0.7,rps_fractional=120`,
//! `JSON {"cpu_utilization":0.7}` or `BIN ` and base64 of an `xds.data.orca.v3.OrcaLoadReport`; in the
//! gRPC trailer `endpoint-load-metrics-bin` as that base64 alone (gRFC A51, Envoy's
//! `orca_load_metrics`). What is done with it is up to the [`pool`](crate::pool).
//!
//! A report comes from outside: whatever is no finite number from 0 on, or not readable, counts as not
//! said, and a report that says nothing about load is none.

mod binary;

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;

/// What of a load report matters to balancing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct LoadReport {
    /// `cpu_utilization`: 1 is all of the processors; more is possible. 0: not said.
    pub cpu: f64,
    /// `application_utilization`: 1 is as much as it should have, by its own measure. 0: not said.
    pub application: f64,
    /// `rps_fractional`: requests per second that it answers, from everybody. 0: not said.
    pub rps: f64,
    /// `eps`: errors per second among them.
    pub eps: f64,
}

/// Base64 as senders write it, with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
/// A longer report is not read.
const LONGEST: usize = 4096;

// === impl LoadReport ===

impl LoadReport {
    /// The header in which a response over HTTP has it.
    pub const HEADER: &'static str = "endpoint-load-metrics";
    /// The trailer in which a response of gRPC has it.
    pub const TRAILER: &'static str = "endpoint-load-metrics-bin";

    /// The value of [`Self::HEADER`]; `None` if it is not one or says nothing about load.
    pub fn of_header(value: &[u8]) -> Option<Self> {
        let value = core::str::from_utf8(value).ok()?;
        if value.len() > LONGEST {
            return None;
        }
        let (form, report) = value.split_once(' ')?;
        match form {
            "TEXT" => Self::of_text(report),
            "JSON" => Self::of_json(report),
            "BIN" => Self::of_trailer(report.as_bytes()),
            _ => None,
        }
    }

    /// The value of [`Self::TRAILER`]; `None` if it is not one or says nothing about load.
    pub fn of_trailer(value: &[u8]) -> Option<Self> {
        if value.len() > LONGEST {
            return None;
        }
        binary::read(&BASE64.decode(value.trim_ascii()).ok()?)?.said()
    }

    /// What the backend is used to: its own measure, or its processors'. `None` if it does not say.
    pub fn utilization(&self) -> Option<f64> {
        let said = |part: f64| (part > 0.0).then_some(part);
        said(self.application).or_else(|| said(self.cpu))
    }

    fn of_text(text: &str) -> Option<Self> {
        let mut report = Self::default();
        for pair in text.split(',') {
            let (name, number) = pair.split_once('=')?;
            report.set(name.trim(), number.trim().parse().ok());
        }
        report.said()
    }

    fn of_json(text: &str) -> Option<Self> {
        let Ok(Value::Object(fields)) = serde_json::from_str(text) else {
            return None;
        };
        let mut report = Self::default();
        for (name, value) in &fields {
            report.set(name, value.as_f64());
        }
        report.said()
    }

    /// By the names of the message, as they are and as JSON has them.
    fn set(&mut self, name: &str, number: Option<f64>) {
        let place = match name {
            "cpu_utilization" | "cpuUtilization" => &mut self.cpu,
            "application_utilization" | "applicationUtilization" => &mut self.application,
            "rps_fractional" | "rpsFractional" => &mut self.rps,
            "eps" => &mut self.eps,
            _ => return,
        };
        *place = number.map_or(0.0, sane);
    }

    fn said(self) -> Option<Self> {
        self.utilization().map(|_| self)
    }
}

/// `number`, or 0 if that is no amount of anything.
fn sane(number: f64) -> f64 {
    if number.is_finite() && number > 0.0 {
        number.min(1e9)
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn headers() {
        let report = |cpu, application, rps, eps| {
            Some(LoadReport {
                cpu,
                application,
                rps,
                eps,
            })
        };
        let rows = [
            ("TEXT cpu_utilization=0.7", report(0.7, 0.0, 0.0, 0.0)),
            (
                "TEXT cpu_utilization=0.3,mem_utilization=0.9,named_metrics.foo=1, rps_fractional=12.5",
                report(0.3, 0.0, 12.5, 0.0),
            ),
            (
                "JSON {\"cpu_utilization\": 1.5, \"applicationUtilization\": 0.4, \"eps\": 2, \"x\": {}}",
                report(1.5, 0.4, 0.0, 2.0),
            ),
            ("TEXT rps_fractional=12", None),
            ("TEXT cpu_utilization=-1", None),
            ("TEXT cpu_utilization=NaN", None),
            ("TEXT cpu_utilization=inf", None),
            ("TEXT cpu_utilization", None),
            ("JSON [1]", None),
            ("BIN !", None),
            ("cpu_utilization=0.7", None),
            ("text cpu_utilization=0.7", None),
            ("", None),
        ];
        for (value, expected) in rows {
            assert_eq!(LoadReport::of_header(value.as_bytes()), expected, "{value}");
        }
    }

    #[test]
    fn binary_reports() {
        // cpu_utilization 0.5 (field 1), application_utilization 0.25 (field 9), rps_fractional 100
        // (field 6), eps 1 (field 7), rps 7 (field 3, varint), utilization {"a": 0.5} (field 5).
        let mut bytes = vec![0x09];
        bytes.extend(0.5_f64.to_le_bytes());
        bytes.extend([0x18, 7]);
        bytes.extend([0x2a, 12, 0x0a, 1, b'a', 0x11]);
        bytes.extend(0.5_f64.to_le_bytes());
        bytes.extend([0x31]);
        bytes.extend(100.0_f64.to_le_bytes());
        bytes.extend([0x39]);
        bytes.extend(1.0_f64.to_le_bytes());
        bytes.extend([0x49]);
        bytes.extend(0.25_f64.to_le_bytes());
        let text = BASE64.encode(&bytes);
        let report = LoadReport::of_trailer(text.trim_end_matches('=').as_bytes()).unwrap();
        assert_eq!(
            report,
            LoadReport::of_header(format!("BIN {text}").as_bytes()).unwrap()
        );
        assert_eq!((report.cpu, report.application), (0.5, 0.25));
        assert_eq!((report.rps, report.eps), (100.0, 1.0));
        assert_eq!(
            report.utilization(),
            Some(0.25),
            "its own measure goes first"
        );
        // Two that nobody knows yet: four bytes (wire type 5), and a text whose length takes two.
        let long = [&[0x7a, 0xc8, 1][..], &[b'~'; 200]].concat();
        let newer = [&[0x75, 1, 2, 3, 4][..], &long, &bytes].concat();
        let newer = LoadReport::of_trailer(BASE64.encode(newer).as_bytes());
        assert_eq!(newer, Some(report));
        bytes.pop();
        assert_eq!(
            LoadReport::of_trailer(BASE64.encode(bytes).as_bytes()),
            None,
            "cut off"
        );
    }

    proptest! {
        #[test]
        fn nothing_that_is_sent_does_harm(value in prop::collection::vec(any::<u8>(), 0..200), form in 0..4) {
            let form = ["TEXT ", "JSON ", "BIN ", ""][form as usize];
            let value = [form.as_bytes(), &value].concat();
            for report in [LoadReport::of_header(&value), LoadReport::of_trailer(&value)].into_iter().flatten() {
                prop_assert!(report.utilization().is_some_and(|u| u > 0.0 && u <= 1e9));
            }
        }
    }

    #[test]
    fn a_report_is_read_up_to_its_longest() {
        let report = |length: usize| format!("{:<length$}", "TEXT cpu_utilization=0.5");
        for (length, read) in [(LONGEST, true), (LONGEST + 1, false), (LONGEST + 2, false)] {
            assert_eq!(
                LoadReport::of_header(report(length).as_bytes()).is_some(),
                read
            );
            // cpu_utilization 0.5, and white space around it.
            let text = BASE64.encode([9, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f]);
            let trailer = LoadReport::of_trailer(format!("{text:<length$}").as_bytes());
            assert_eq!(trailer.is_some(), read, "{length}");
        }
    }
}
