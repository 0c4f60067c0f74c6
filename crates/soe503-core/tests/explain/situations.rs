//! Failures to be told.

use core::time::Duration;
use std::sync::Arc;

use soe503_core::diagnosis::{BackendView, CircuitView, Condition, Context, Diagnosis, diagnose};
use soe503_core::explain::{Exposure, Format, Telling};
use soe503_core::health::Hints;
use soe503_core::ledger::{
    Attempt, Fault, Ledger, Nested, Phase, Refusal, RetryVerdict, TimeoutKind, TlsFault,
};
use soe503_core::{Cause, Tick};

pub(crate) const FORMATS: [Format; 5] = [
    Format::ProblemJson,
    Format::Html,
    Format::Markdown,
    Format::Text,
    Format::Grpc,
];
pub(crate) const EXPOSURES: [Exposure; 3] = [Exposure::Public, Exposure::Internal, Exposure::Full];

/// 2026-11-22T17:41:08Z
pub(crate) const AT: i64 = 1_795_369_268;

/// A diagnosed failure, ready to be told.
#[derive(Clone, Debug)]
pub(crate) struct Situation {
    pub(crate) ledger: Ledger,
    pub(crate) diagnosis: Diagnosis,
}

impl Situation {
    pub(crate) fn new(attempts: Vec<Attempt>, context: &Context) -> Self {
        let ledger = Ledger { attempts };
        let diagnosis = diagnose(&ledger, context);
        Self { ledger, diagnosis }
    }

    pub(crate) fn telling(&self, exposure: Exposure) -> Telling<'_> {
        let mut telling = Telling::new(&self.diagnosis, &self.ledger, "edge-eu1", "01KAPX3Q7V", AT);
        telling.exposure = exposure;
        let attempts = self.ledger.attempts.iter();
        telling.elapsed = attempts.map(|attempt| attempt.elapsed).sum::<Duration>() + ms(1);
        telling
    }
}

pub(crate) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn begin(number: u8, backend: &str, address: &str) -> Attempt {
    Attempt {
        backend: Some(backend.into()),
        address: Some(address.into()),
        accepted_before: true,
        elapsed: Duration::from_micros(400),
        ..Attempt::begin(number, Tick::from_secs(100))
    }
}

fn view(name: &str, address: &str, condition: Condition, cause: Option<Cause>) -> BackendView {
    BackendView {
        name: name.into(),
        address: Some(address.into()),
        condition,
        cause,
        since: Some(Tick::from_secs(88)),
        hints: None,
    }
}

fn app(condition: Condition, cause: Option<Cause>) -> Context {
    Context {
        now: Tick::from_secs(100),
        pool: Some(Arc::from("app")),
        backends: (1..=3)
            .map(|n| {
                view(
                    &format!("web-{n}"),
                    &format!("10.0.3.1{n}:8080"),
                    condition,
                    cause,
                )
            })
            .collect(),
        ..Context::default()
    }
}

/// All backends refuse, the circuit opened twelve seconds ago, and this request is not sent.
pub(crate) fn all_refused_and_open() -> Situation {
    let (rule, root) = (
        Cause::CircuitConsecutiveFailures,
        Cause::DependencyConnectRefused,
    );
    let context = Context {
        circuit: Some(CircuitView {
            rule,
            root: Some(root),
            causes: vec![(root, 5)],
            opened_at: Tick::from_secs(88),
            retry_at: Some(Tick::from_secs(103)),
            last_probe: Some((Tick::from_secs(98), root)),
            knocked: None,
        }),
        ..app(Condition::Ejected, Some(root))
    };
    let refusal = Attempt {
        fault: Some(Fault::Refused(Refusal::CircuitOpen {
            rule,
            root: Some(root),
        })),
        retry: Some(RetryVerdict::Pointless),
        ..Attempt::begin(1, Tick::from_secs(100))
    };
    Situation::new(vec![refusal], &context)
}

/// Two backends accept and never answer; the third try had no time left.
pub(crate) fn hung() -> Situation {
    let hung = |number, backend: &str, retry| Attempt {
        phase: Phase::WaitHeaders,
        fault: Some(Fault::Timeout(TimeoutKind::Attempt)),
        connect: Some(Duration::from_micros(350)),
        elapsed: ms(2000),
        bytes_sent: Some(183),
        bytes_received: Some(0),
        retry: Some(retry),
        ..begin(number, backend, &format!("10.0.3.1{number}:8080"))
    };
    let context = Context {
        usual_p99: Some(ms(80)),
        ..app(Condition::Up, None)
    };
    let attempts = vec![
        hung(1, "web-1", RetryVerdict::Retried),
        hung(2, "web-2", RetryVerdict::NoTimeLeft),
    ];
    Situation::new(attempts, &context)
}

/// A POST whose backend read it and broke off.
pub(crate) fn reset_post() -> Situation {
    let reset = Attempt {
        phase: Phase::WaitHeaders,
        fault: Some(Fault::Errno(104)),
        reused: true,
        idle_age: Some(ms(40)),
        elapsed: ms(12),
        bytes_sent: Some(2048),
        bytes_received: Some(0),
        retry: Some(RetryVerdict::UnsafeToReplay),
        ..begin(1, "web-2", "10.0.3.12:8080")
    };
    Situation::new(vec![reset], &app(Condition::Up, None))
}

/// What must not be told to strangers, in every place where there can be such a thing.
pub(crate) const SECRETS: [&str; 7] = [
    "10.66.77.88",
    "8443",
    "blue-backend",
    "payroll-pool",
    "cert.payroll.example",
    "mesh-hop",
    "ledger-store",
];

/// A failure with this primary cause, amid backends, names and addresses.
pub(crate) fn with_secrets(primary: Cause) -> Situation {
    let address = "10.66.77.88:8443";
    let (expected, presented) = ("cert.payroll.example".to_owned(), vec![]);
    let handshake = Attempt {
        phase: Phase::Tls,
        fault: Some(Fault::Tls(TlsFault::NameMismatch {
            expected,
            presented,
        })),
        ..begin(1, "blue-backend", address)
    };
    let nested = Attempt {
        phase: Phase::Done,
        fault: Some(Fault::Status(503)),
        status: Some(503),
        nested: Some(Box::new(Nested {
            hop: "mesh-hop".to_owned(),
            cause: Some(Cause::DependencyConnectRefused),
            hops: 1,
            trusted: true,
        })),
        ..begin(2, address, address)
    };
    let policy = Attempt {
        fault: Some(Fault::Refused(Refusal::Policy(primary))),
        retry: Some(RetryVerdict::Pointless),
        ..Attempt::begin(3, Tick::from_secs(100))
    };
    let cause = Some(Cause::DependencyConnectTimeout);
    let document = br#"{"status":"fail","checks":{"ledger-store":[{"status":"fail","output":"no route to 10.66.77.88"}]}}"#;
    let mut blue = view("blue-backend", address, Condition::Ejected, cause);
    blue.hints = Hints::read(document).map(Arc::new);
    let context = Context {
        now: Tick::from_secs(100),
        pool: Some(Arc::from("payroll-pool")),
        backends: vec![blue, view(address, address, Condition::Down, cause)].into(),
        ..Context::default()
    };
    // An unexplained failure is primary only where nothing else is known.
    let attempts = if primary == Cause::Unclassified {
        vec![Attempt {
            phase: Phase::WaitHeaders,
            fault: Some(Fault::Opaque),
            ..begin(1, "blue-backend", address)
        }]
    } else {
        vec![handshake, nested, policy]
    };
    let situation = Situation::new(attempts, &context);
    assert_eq!(situation.diagnosis.primary, primary);
    situation
}
