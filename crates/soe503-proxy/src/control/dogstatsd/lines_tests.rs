use std::sync::Arc;
use std::time::Duration;

use soe503_core::Cause;

use super::*;
use crate::config::TlsVersion;
use crate::config::from_str;
use crate::control::incidents::OpenIncident;
use crate::control::metrics::{DogstatsdScrape, TlsScrape};
use crate::state::Durations;

fn settings(keys: &str) -> Dogstatsd {
    let smallest = include_str!("../../../../../config/smallest.toml");
    let text = format!("{smallest}\n[telemetry.dogstatsd]\n{keys}\n");
    let config =
        from_str("test", &text).unwrap_or_else(|report| panic!("{}", report.render(false)));
    config.dogstatsd.unwrap()
}

fn naming(keys: &str) -> Naming {
    Naming::new(&settings(keys), "edge", "0.1.0", &[])
}

/// The lines that are told of `scrape`, those that begin with `name`.
fn lines(scrape: &Scrape, naming: &Naming, told: &mut Told, name: &str) -> Vec<String> {
    let mut packets = Packets::of(1_000_000);
    told.begin(false);
    put(scrape, naming, told, &mut packets);
    told.end();
    let (packets, too_long) = packets.finish();
    assert_eq!((packets.len(), too_long), (1, 0));
    let begin = format!("{}{name}", naming.namespace);
    let all = packets[0].lines().filter(|line| line.starts_with(&begin));
    all.map(str::to_owned).collect()
}

fn dropped(packets: u64) -> Scrape {
    Scrape {
        dogstatsd: Some(DogstatsdScrape {
            sent: 0,
            dropped: vec![("full", packets), ("unreachable", 0)],
        }),
        ..Scrape::default()
    }
}

#[test]
fn a_counter_is_told_as_its_growth() {
    let (naming, mut told) = (naming(""), Told::default());
    for (packets, expected) in [
        (
            3,
            Some(":3|c|#server:edge,soe503_version:0.1.0,reason:full"),
        ),
        (3, None),
        (
            10,
            Some(":7|c|#server:edge,soe503_version:0.1.0,reason:full"),
        ),
        (
            2,
            Some(":2|c|#server:edge,soe503_version:0.1.0,reason:full"),
        ),
    ] {
        let lines = lines(&dropped(packets), &naming, &mut told, ".dogstatsd_dropped");
        let expected: Vec<_> = expected
            .map(|rest| format!("soe503.dogstatsd_dropped.count{rest}"))
            .into_iter()
            .collect();
        assert_eq!(lines, expected, "{packets}");
    }
}

#[test]
fn counters_with_a_fraction_lose_nothing_to_rounding() {
    let (naming, mut told) = (naming(""), Told::default());
    let mut scrape = Scrape::default();
    let mut sum = 0.0;
    for step in 1..=1000_u64 {
        scrape.usage.cpu = Some(Duration::from_micros(1_234_567 * step));
        let lines = lines(&scrape, &naming, &mut told, ".process.cpu");
        let value = lines[0].split([':', '|']).nth(1).unwrap();
        assert_eq!(
            lines[0],
            format!("soe503.process.cpu_seconds.count:{value}|c|#server:edge,soe503_version:0.1.0")
        );
        sum += value.parse::<f64>().unwrap();
    }
    assert!((sum - 1234.567).abs() < 1e-6, "{sum}");
    // It cannot be read for a while, and is not taken for a new one.
    scrape.usage.cpu = None;
    assert!(lines(&scrape, &naming, &mut told, ".process.cpu").is_empty());
    scrape.usage.cpu = Some(Duration::from_millis(1_234_567 + 500));
    assert_eq!(
        lines(&scrape, &naming, &mut told, ".process.cpu"),
        ["soe503.process.cpu_seconds.count:0.5|c|#server:edge,soe503_version:0.1.0"]
    );
}

#[test]
fn a_gauge_is_told_as_it_is() {
    let scrape = Scrape {
        draining: true,
        started: Duration::from_millis(1_795_369_268_250),
        server: "edge".into(),
        version: "0.1.0",
        ..Scrape::default()
    };
    let (naming, mut told) = (naming("namespace = \"shop.soe503\""), Told::default());
    let tags = "|#server:edge,soe503_version:0.1.0";
    for (name, expected) in [
        (".draining", ":1|g"),
        (".connections_open", ":0|g"),
        (".build_info", ":1|g"),
        (".process.start_time_seconds", ":1795369268.25|g"),
    ] {
        for round in 0..2 {
            assert_eq!(
                lines(&scrape, &naming, &mut told, name),
                [format!("shop.soe503{name}{expected}{tags}")],
                "round {round}"
            );
        }
    }
}

#[test]
fn labels_are_cleaned_tags_and_those_without_a_value_are_left_out() {
    let mut scrape = dropped(0);
    scrape.open_incidents = vec![OpenIncident {
        id: "a,b|c\nd#e:f".into(),
        pool: None,
        cause: Cause::ResourceFdLimit,
    }];
    let (naming, mut told) = (naming("tags = { env = \"prod\" }"), Told::default());
    let told = lines(&scrape, &naming, &mut told, ".incident_active");
    assert_eq!(told.len(), 1, "{told:?}");
    let (line, tags) = told[0].split_once("|#").unwrap();
    assert_eq!(line, "soe503.incident_active:1|g");
    let tags: Vec<_> = tags.split(',').collect();
    assert_eq!(
        &tags[..3],
        ["server:edge", "soe503_version:0.1.0", "env:prod"]
    );
    assert!(tags.contains(&"incident:a_b_c_d#e:f"), "{tags:?}");
    assert!(
        tags.contains(&&*format!("cause:{}", Cause::ResourceFdLimit.id())),
        "{tags:?}"
    );
    assert!(!told[0].contains("pool:"), "{told:?}");
}

#[test]
fn two_series_whose_tags_are_cleaned_to_the_same_are_still_two() {
    let mut told = Told::default();
    let scrape = |first, second| Scrape {
        dogstatsd: Some(DogstatsdScrape {
            sent: 0,
            dropped: vec![("a,b", first), ("a|b", second)],
        }),
        ..Scrape::default()
    };
    let naming = naming("");
    let counts = |scrape: &Scrape, told: &mut Told| -> Vec<String> {
        let all = lines(scrape, &naming, told, ".dogstatsd_dropped");
        all.iter()
            .map(|line| line.split([':', '|']).nth(1).unwrap().to_owned())
            .collect()
    };
    assert_eq!(counts(&scrape(100, 2), &mut told), ["100", "2"]);
    assert_eq!(counts(&scrape(101, 4), &mut told), ["1", "2"]);
}

#[test]
fn a_tag_has_at_most_200_characters() {
    let mut tags = String::new();
    add_tag(&mut tags, "größe", &"ü".repeat(300));
    assert_eq!(tags.chars().count(), 200);
    assert!(tags.starts_with("größe:ü"));
    add_tag(&mut tags, "a", &"b");
    add_tag(&mut tags, "empty", &"");
    assert!(tags.ends_with("ü,a:b"), "{tags}");
}

#[test]
fn no_tag_is_one_that_datadog_keeps_for_itself() {
    let kept = ["host", "device", "source", "service", "env", "version"];
    for family in table() {
        let mut seen = OURS.to_vec();
        for label in family.labels {
            let Some(tag) = tag(family, label) else {
                continue;
            };
            assert!(!kept.contains(&tag), "{}: {tag}", family.name);
            assert!(!seen.contains(&tag), "{}: {tag} twice", family.name);
            seen.push(tag);
        }
    }
    let tls = Scrape {
        tls: vec![TlsScrape {
            listener: "127.0.0.1:8443".parse().unwrap(),
            handshakes: vec![(TlsVersion::Tls13, 30)],
            resumed: 0,
            failed: vec![],
            certificates: vec![],
        }],
        ..Scrape::default()
    };
    let lines = lines(&tls, &naming(""), &mut Told::default(), ".tls_handshakes.");
    assert!(
        lines[0].contains("soe503_version:0.1.0") && lines[0].contains(",tls_version:1.3"),
        "{lines:?}"
    );
}

#[test]
fn what_the_environment_says_is_added_unless_it_is_set() {
    let more = [
        ("env", "staging".to_owned()),
        ("service", "edge,1".to_owned()),
    ];
    let settings = settings("tags = { team = \"shop\", env = \"prod\" }");
    let naming = Naming::new(&settings, "edge", "0.1.0", &more);
    assert_eq!(
        naming.tags,
        "server:edge,soe503_version:0.1.0,team:shop,env:prod,service:edge_1"
    );
}

/// The values of a line, and for how many each stands, as an agent reads it.
fn values(line: &str) -> (Vec<f64>, u64) {
    let mut parts = line.split('|');
    let values = parts.next().unwrap().split(':').skip(1);
    let values = values.map(|value| value.parse().unwrap()).collect();
    assert_eq!(parts.next(), Some("d"));
    let rate = parts.find_map(|part| part.strip_prefix('@'));
    let each = rate.map_or(1, |rate| (1.0 / rate.parse::<f64>().unwrap()) as u64);
    (values, each)
}

fn histogram(durations: &Durations, told: &mut Told) -> Vec<String> {
    let family = table().find(|f| f.kind == Kind::Histogram).unwrap();
    let (naming, mut packets) = (naming(""), Packets::of(100_000));
    told.begin(false);
    let mut lines = Lines {
        naming: &naming,
        told,
        packets: &mut packets,
        series: String::new(),
        tags: String::new(),
        line: String::new(),
    };
    lines.histogram(family, &[&"app", &"ok"], &durations.snapshot());
    let (packets, _) = packets.finish();
    packets
        .iter()
        .flat_map(|packet| packet.lines())
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_histogram_is_a_distribution_with_its_count_and_sum() {
    let (durations, mut told) = (Durations::default(), Told::default());
    durations.record(Duration::from_micros(700));
    durations.record(Duration::from_millis(2));
    durations.record(Duration::from_millis(2));
    durations.record(Duration::from_secs(90));
    let tags = "|#server:edge,soe503_version:0.1.0,pool:app,result:ok";
    assert_eq!(
        histogram(&durations, &mut told),
        [
            format!("soe503.request_duration_seconds:0.0005|d{tags}"),
            format!("soe503.request_duration_seconds:0.001375:0.002125|d{tags}"),
            format!("soe503.request_duration_seconds:30|d{tags}"),
            format!("soe503.request_duration_seconds.count:4|c{tags}"),
            format!("soe503.request_duration_seconds.sum:90.0047|c{tags}"),
        ]
    );
    assert!(histogram(&durations, &mut told).is_empty());
    durations.record(Duration::from_millis(2));
    assert_eq!(histogram(&durations, &mut told).len(), 3);
}

#[test]
fn as_many_values_are_told_as_there_were() {
    for count in [1, 9, 10, 11, 25, 490, 4_903, 1_000_007] {
        let (durations, mut told) = (Durations::default(), Told::default());
        for _ in 0..count {
            durations.record(Duration::from_millis(20));
        }
        let lines = histogram(&durations, &mut told);
        let of_values = lines.iter().filter(|line| line.contains("|d"));
        let mut total = 0;
        for (values, each) in of_values.map(|line| values(line)) {
            assert!(
                values.iter().all(|value| (0.01..=0.025).contains(value)),
                "{values:?}"
            );
            total += values.len() as u64 * each;
        }
        assert_eq!(total, count, "{lines:?}");
    }
}

#[test]
fn every_row_is_told() {
    let names: Vec<&str> = table().map(|family| family.name).collect();
    assert!(
        names
            .iter()
            .all(|name| name.starts_with("soe503_") || name.starts_with("process_")),
        "{names:?}"
    );
    let known: Arc<[&str]> = tags_of_metrics().collect();
    assert!(known.contains(&"pool") && known.contains(&"soe503_host"));
}
