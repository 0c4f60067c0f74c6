use std::net::TcpListener;

use super::*;
use crate::traces::testing::trace;

fn settings(endpoint: &str, more: &str) -> config::Traces {
    let text = format!(
        "{}\n[telemetry.traces]\nendpoint = \"http://{endpoint}\"\n{more}",
        include_str!("../../../../config/smallest.toml")
    );
    let config = config::from_str("test", &text).unwrap_or_else(|r| panic!("{}", r.render(false)));
    config.traces.unwrap()
}

fn put(traces: &Traces, count: usize) {
    for _ in 0..count {
        traces.put(Box::new(trace()));
    }
}

fn accounted_for(traces: &Traces) -> u64 {
    let dropped = Dropped::ALL.map(|why| traces.counts().dropped(why));
    traces.counts().exported() + dropped.iter().sum::<u64>()
}

/// Nobody ever answers there: the queue fills, and nobody waits for it.
#[test]
fn every_span_is_accounted_for() {
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = deaf.local_addr().unwrap().to_string();
    let traces = Traces::default();
    let more = "queue_size = 4\nbatch_size = 1\ntimeout = \"100ms\"";
    let settings = settings(&endpoint, more);
    traces.configure(Some(&settings), "edge-eu1").unwrap();
    assert!(traces.is_on() && traces.policy().is_some());
    put(&traces, 100);
    let full = traces.counts().dropped(Dropped::QueueFull);
    // Four wait, one is on its way; a few more if the thread is quick.
    assert!(full >= 3 * 80, "{full} of 300 spans");
    traces.stop();
    assert_eq!(accounted_for(&traces), 300);
    assert_eq!(traces.counts().exported(), 0);
    put(&traces, 1);
    assert!(!traces.is_on() && traces.policy().is_none());
    assert_eq!(accounted_for(&traces), 300, "off: nobody asked for it");
}

#[test]
fn other_settings_are_in_force_at_once_and_the_same_ones_change_nothing() {
    let traces = Traces::default();
    let first = settings("127.0.0.1:9", "failures = false");
    traces.configure(Some(&first), "edge").unwrap();
    let live = || Arc::as_ptr(traces.inner.live.load().as_ref().unwrap());
    let before = live();
    traces.configure(Some(&first), "edge").unwrap();
    assert_eq!(live(), before);
    assert!(!traces.policy().unwrap().failures);
    traces
        .configure(Some(&settings("127.0.0.1:9", "")), "edge")
        .unwrap();
    assert_ne!(live(), before);
    assert!(traces.policy().unwrap().failures);
    traces.configure(None, "edge").unwrap();
    assert!(!traces.is_on());
}

/// Authorities of a collector are renewed as others are: the same name, other contents.
#[test]
fn files_that_a_reload_has_read_anew_are_used() {
    let directory = tempfile::tempdir().unwrap();
    let authority = || {
        let key = rcgen::KeyPair::generate().unwrap();
        rcgen::CertificateParams::default()
            .self_signed(&key)
            .unwrap()
            .pem()
    };
    let file = directory.path().join("collector.pem");
    let read = || {
        let text = format!(
            "{}\n[telemetry.traces]\nendpoint = \"https://127.0.0.1:9\"\ntls = {{ ca = \"{}\" }}",
            include_str!("../../../../config/smallest.toml"),
            file.display()
        );
        let config = config::from_str("test", &text);
        config
            .unwrap_or_else(|r| panic!("{}", r.render(false)))
            .traces
            .unwrap()
    };
    std::fs::write(&file, authority()).unwrap();
    let traces = Traces::default();
    let live = || Arc::as_ptr(traces.inner.live.load().as_ref().unwrap());
    traces.configure(Some(&read()), "edge").unwrap();
    let before = live();
    traces.configure(Some(&read()), "edge").unwrap();
    assert_eq!(live(), before, "nothing has changed");
    std::fs::write(&file, authority() + "\n").unwrap();
    traces.configure(Some(&read()), "edge").unwrap();
    assert_ne!(live(), before);
}
