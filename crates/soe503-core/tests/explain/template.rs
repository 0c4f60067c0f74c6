//! An answer that is filled in is the answer that would have been told.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use soe503_core::Cause;
use soe503_core::diagnosis::rules::Missing;
use soe503_core::diagnosis::{Evidence, Grade};
use soe503_core::explain::{Exposure, Format, StatusPolicy, Telling, Template, tell};
use soe503_core::incident::{Course, Place};
use soe503_core::ledger::{Fault, Phase, Refusal, RetryVerdict};

use crate::situations::{
    AT, EXPOSURES, FORMATS, Situation, all_refused_and_open, hung, reset_post, with_secrets,
};

/// Everything that a telling is made of, from few values of each: so that two of them are often alike, but for one.
#[derive(Clone, Debug)]
struct Parts {
    situation: usize,
    refusal: Option<Refusal>,
    cause: Cause,
    root: Option<Cause>,
    grade: Grade,
    phase: Phase,
    answered: Option<u16>,
    course: Option<i64>,
    names: [usize; 4],
    trace: bool,
    at: i64,
    retry_after: Option<u32>,
    exposure: Exposure,
    policy: StatusPolicy,
    status: Option<u16>,
    format: Format,
    /// In microseconds: how long the request took and its attempt; of the circuit how long it is open, until the next
    /// probe, since the last one, since a knock; how long backends are out.
    times: [u64; 7],
    /// Which other part of the diagnosis is another one.
    detail: usize,
}

/// By name, whatever their order.
pub(crate) type Headers = BTreeMap<&'static str, String>;

const NAMES: [&str; 4] = ["edge-eu1", "01KAPX3Q7V", "a \"name\"\r\nü", ""];

fn parts() -> impl Strategy<Value = Parts> {
    let causes = vec![
        Cause::CircuitConsecutiveFailures,
        Cause::OverloadPoolSaturated,
        Cause::ConfigNoEndpoints,
        Cause::ResourceDiskFull,
        Cause::Unclassified,
    ];
    let cause = || prop::sample::select(causes.clone());
    let refusal = prop_oneof![
        Just(None),
        cause().prop_map(|rule| Some(Refusal::CircuitOpen { rule, root: None })),
        cause().prop_map(|cause| Some(Refusal::Policy(cause))),
        (cause(), 0_u64..3).prop_map(|(cause, in_use)| Some(Refusal::Limit {
            cause,
            limit: 2,
            in_use
        })),
    ];
    let grades = prop::sample::select(vec![Grade::Suspected, Grade::Inferred, Grade::Proven]);
    let phases = prop::sample::select(vec![Phase::Queue, Phase::Queue, Phase::Connect]);
    let policies = prop::sample::select(vec![StatusPolicy::Plain, StatusPolicy::Rfc9209]);
    let what = (
        0_usize..4,
        refusal,
        cause(),
        prop::option::of(cause()),
        grades,
        phases,
    );
    let around = (
        prop::option::of(500_u16..502),
        prop::option::of(0_i64..3),
        [0_usize..4, 0..4, 0..4, 0..5],
        any::<bool>(),
    );
    let how = (
        AT..AT + 2,
        prop::option::of(1_u32..3),
        prop::sample::select(EXPOSURES.to_vec()),
        policies,
        prop::option::of(500_u16..502),
        prop::sample::select(FORMATS.to_vec()),
        (
            0_u64..400,
            0_u64..120,
            [
                12_400_000_u64..12_600_000,
                0..200_000,
                9_900_000..10_100_000,
                0..2_000_000,
                5_000_000..5_100_000,
            ],
        ),
        0_usize..10,
    );
    (what, around, how).prop_map(|(what, around, how)| {
        let (situation, refusal, cause, root, grade, phase) = what;
        let (answered, course, names, trace) = around;
        let (at, retry_after, exposure, policy, status, format, times, detail) = how;
        let (took, attempt, [open, probe, probed, knocked, out]) = times;
        let times = [took, attempt, open, probe, probed, knocked, out];
        Parts {
            situation,
            refusal,
            cause,
            root,
            grade,
            phase,
            answered,
            course,
            names,
            trace,
            at,
            retry_after,
            exposure,
            policy,
            status,
            format,
            times,
            detail,
        }
    })
}

impl Parts {
    /// A refusal, which is what templates are for.
    fn refused(mut self) -> Self {
        self.situation = 0;
        self.format = Format::ProblemJson;
        self.phase = Phase::Queue;
        (self.answered, self.trace) = (None, false);
        self
    }

    /// `other` in the part with this number.
    fn with(mut self, at: usize, other: &Self) -> Self {
        match at {
            0 => self.situation = other.situation,
            1 => self.refusal.clone_from(&other.refusal),
            2 => self.cause = other.cause,
            3 => self.root = other.root,
            4 => self.grade = other.grade,
            5 => self.phase = other.phase,
            6 => self.answered = other.answered,
            7 => self.course = other.course,
            8..=11 => self.names[at - 8] = other.names[at - 8],
            12 => self.trace = other.trace,
            13 => self.at = other.at,
            14 => self.retry_after = other.retry_after,
            15 => self.exposure = other.exposure,
            16 => self.policy = other.policy,
            17 => self.status = other.status,
            18 => self.format = other.format,
            19 => self.detail = other.detail,
            _ => self.times[at - 20] = other.times[at - 20],
        }
        self
    }

    fn situation(&self) -> Situation {
        let mut situation = match self.situation {
            0 => all_refused_and_open(),
            1 => hung(),
            2 => reset_post(),
            _ => with_secrets(self.cause),
        };
        let last = situation.ledger.attempts.last_mut().unwrap();
        last.status = self.answered;
        if self.situation == 0 {
            last.phase = self.phase;
            last.elapsed = Duration::from_micros(self.times[1]);
            let diagnosis = &mut situation.diagnosis;
            diagnosis.primary = self.cause;
            diagnosis.root = self.root;
            diagnosis.grade = self.grade;
            diagnosis.fault = self.refusal.clone().map(Fault::Refused);
            match self.detail {
                0 => diagnosis.scope.backends_affected = Some(2),
                1 => diagnosis.scope.pool = Some("other".into()),
                2 => diagnosis.ruled_out.clear(),
                3 => diagnosis.contributing.push(self.cause),
                4 => diagnosis.shares.push((self.cause, 0.5)),
                5 => diagnosis.retry = Some(RetryVerdict::BudgetEmpty),
                6 => diagnosis.evidence.truncate(1),
                7 => diagnosis.evidence.reverse(),
                8 => diagnosis.missing.push(Missing::Usual),
                _ => {}
            }
            let [_, _, open, probe, probed, knock, out] = self.times.map(Duration::from_micros);
            for evidence in &mut diagnosis.evidence {
                match evidence {
                    Evidence::Circuit {
                        open_for,
                        probe_in,
                        last_probe,
                        knocked,
                        ..
                    } => {
                        (*open_for, *probe_in) = (Some(open), Some(probe));
                        *last_probe = Some((probed, self.cause));
                        *knocked = Some((knock, self.cause));
                    }
                    Evidence::Backend { since, .. } => *since = Some(out),
                    _ => {}
                }
            }
        }
        situation
    }

    fn told<T>(&self, with: impl FnOnce(&Telling<'_>, Format) -> T) -> T {
        let situation = self.situation();
        let [server, request_id, docs, incident] = self.names;
        let course = self.course.map(|ago| {
            let since = (self.at - ago) * 1000;
            Course::begun(Place::Pool("app".into()), since, 7)
        });
        let mut telling = Telling::new(
            &situation.diagnosis,
            &situation.ledger,
            NAMES[server],
            NAMES[request_id],
            self.at,
        );
        telling.docs = NAMES[docs];
        telling.incident_id = NAMES.get(incident).copied();
        telling.course = course.as_ref();
        telling.trace_id = self.trace.then_some("7d1f");
        telling.retry_after = self.retry_after;
        telling.elapsed = Duration::from_micros(self.times[0]);
        telling.exposure = self.exposure;
        telling.policy = self.policy;
        telling.status = self.status;
        with(&telling, self.format)
    }
}

fn filled(template: &Template, telling: &Telling<'_>) -> (u16, Headers, String) {
    let all = template.headers().iter();
    let mut headers: Headers = all
        .map(|(name, value)| (*name, value.to_string()))
        .collect();
    headers.extend(template.own(telling));
    (template.status(), headers, template.body(telling))
}

pub(crate) fn told(telling: &Telling<'_>, format: Format) -> (u16, Headers, String) {
    let told = tell(telling, format);
    let headers = told.headers.into_iter();
    let headers = headers.map(|(name, value)| (name, value.into_owned()));
    (told.status, headers.collect(), told.body)
}

/// `second` is answered with the template of `first`, if that says that it fits.
fn hold_against(first: &Parts, second: &Parts) -> bool {
    let Some(template) = first.told(Template::of) else {
        return false;
    };
    second.told(|telling, format| {
        let fits = template.fits(telling, format);
        if fits {
            assert_eq!(filled(&template, telling), told(telling, format));
        }
        fits
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_that_fits_is_what_would_be_told(first in parts(), second in parts(), part in 0_usize..27) {
        let first = first.refused();
        hold_against(&first, &first.clone().with(part, &second));
    }

    #[test]
    fn refusals_of_one_second_are_alike(first in parts(), request_id in 0_usize..4) {
        let first = first.refused();
        let mut second = first.clone();
        second.names[1] = request_id;
        prop_assert!(hold_against(&first, &second), "another identifier changes nothing else");
    }

    /// What nobody is shown makes no difference.
    #[test]
    fn microseconds_do_not_count(first in parts(), took in 0_u64..400, attempt in 0_u64..40, more in [0_u64..40_000, 0..40_000, 0..40_000, 0..40_000, 0..40_000]) {
        let mut first = first.refused();
        first.times = [0, 0, 12_550_000, 1_160_000, 9_860_000, 660_000, 20_600_000];
        let mut second = first.clone();
        second.times[0] = took;
        second.times[1] = attempt;
        for (time, more) in second.times[2..].iter_mut().zip(more) {
            *time += more;
        }
        prop_assert!(hold_against(&first, &second));
    }

    #[test]
    fn what_reached_a_backend_is_told_by_itself(any in parts()) {
        let plain = any.format == Format::ProblemJson;
        let reached = any.situation > 0 || any.phase > Phase::Queue || any.answered.is_some();
        let template = any.told(Template::of);
        prop_assert_eq!(template.is_some(), plain && !reached && !any.trace);
    }
}

#[test]
fn another_second_another_answer() {
    let first = all_refused_and_open();
    let telling = first.telling(Exposure::Public);
    let template = Template::of(&telling, Format::ProblemJson).unwrap();
    assert!(template.fits(&telling, Format::ProblemJson));
    assert_eq!(template.content_type(), "application/problem+json");
    let mut later = telling;
    later.at_unix += 1;
    assert!(!template.fits(&later, Format::ProblemJson));
}
