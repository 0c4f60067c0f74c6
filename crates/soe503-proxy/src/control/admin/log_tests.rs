//! For how long levels are set.

use super::*;

fn request(until: Option<api::Timestamp>) -> LogRequest {
    LogRequest {
        level: Some("debug".into()),
        until,
        ..LogRequest::default()
    }
}

#[test]
fn it_is_as_long_as_somebody_says_and_ten_minutes_otherwise() {
    let anchor = Anchor::new(Tick::from_secs(100), Duration::from_secs(1_795_369_268));
    let now = anchor.tick();
    let in_all = |wanted: Option<Duration>| {
        let at = wanted.map(|wanted| anchor.date(now.after(wanted)));
        until(&request(at), anchor).map(|until| until.since(now))
    };
    let day = Duration::from_secs(86_400);
    let minutes = |n: u64| Duration::from_secs(n * 60);
    for (wanted, granted) in [
        (None, minutes(10)),
        (Some(minutes(1)), minutes(1)),
        (Some(minutes(45)), minutes(45)),
        (Some(day), day),
    ] {
        assert_eq!(in_all(wanted).unwrap(), granted, "{wanted:?}");
    }
    for (wanted, why) in [
        (Duration::ZERO, "is in the past"),
        (day + Duration::from_secs(1), "more than a day away"),
    ] {
        let Refusal(problem) = in_all(Some(wanted)).unwrap_err();
        assert!(
            problem.status == 422 && problem.detail.contains(why),
            "{problem:?}"
        );
    }
}
