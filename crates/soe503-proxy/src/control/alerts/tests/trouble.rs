//! What becomes of messages that do not arrive.

use std::time::Duration;

use soe503_api as api;

use super::{Does, ONE, TWO, about, closed, config, events, incident, scene};
use crate::control::alerts::{Alerts, flush};
use crate::control::clock::Anchor;
use crate::control::incidents::News;

#[tokio::test(start_paused = true)]
async fn a_target_that_is_down_is_told_what_is_true_when_it_is_back() {
    let scene = scene(&format!("{ONE}{TWO}"));
    scene
        .targets
        .will("/a", &[Does::Refuse, Does::Answer(503), Does::Answer(500)]);
    let began = soe503::clock::now();
    scene.hear(News::Opened(incident("x", 5)));
    scene.hear(News::Opened(incident("y", 5)));
    scene.targets.came("/a", 1).await;
    // The other one is told at once.
    assert_eq!(scene.targets.came("/b", 2).await[1].at, began);
    scene.hear(News::Closed(closed("x")));
    let sent = scene.targets.came("/a", 5).await;
    assert_eq!(
        events(&sent),
        [
            ("incident.opened", "x"),
            ("incident.closed", "x"),
            ("incident.closed", "x"),
            ("incident.closed", "x"),
            ("incident.opened", "y"),
        ]
    );
    let pauses: Vec<_> = sent
        .windows(2)
        .map(|two| two[1].at.since(two[0].at))
        .collect();
    for (pause, most) in pauses.iter().zip([1, 2, 4]) {
        assert!(*pause <= Duration::from_secs(most), "{pauses:?}");
    }
    let counted = scene.settled("a").await;
    assert_eq!((counted.sent[0].1, counted.retried), (2, 3));
}

#[tokio::test(start_paused = true)]
async fn a_target_is_left_alone_for_as_long_as_it_asks() {
    let scene = scene(ONE);
    scene.targets.will("/a", &[Does::AskFor(429, 37)]);
    scene.hear(News::Opened(incident("x", 5)));
    let sent = scene.targets.came("/a", 2).await;
    let pause = sent[1].at.since(sent[0].at);
    assert!(
        pause >= Duration::from_secs(37) && pause < Duration::from_secs(39),
        "{pause:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_target_that_hangs_holds_up_nobody_and_times_out() {
    let scene = scene(&format!("{ONE}timeout = \"5s\"\n{TWO}"));
    scene.targets.will("/a", &[Does::Hang]);
    let began = soe503::clock::now();
    scene.hear(News::Opened(incident("x", 5)));
    assert_eq!(scene.targets.came("/b", 1).await[0].at, began);
    let sent = scene.targets.came("/a", 2).await;
    let pause = sent[1].at.since(sent[0].at);
    assert!(
        pause >= Duration::from_secs(5) && pause <= Duration::from_secs(7),
        "{pause:?}"
    );
    let view = scene.alerts.view(Anchor::now());
    assert_eq!(view.alerts[0].retried, 1);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_arrive_is_given_up_and_counted() {
    let scene = scene(&format!("{ONE}give_up_after = \"30s\"\n"));
    scene.targets.will("/a", &[Does::Refuse; 1_000]);
    scene.hear(News::Opened(incident("x", 5)));
    while scene.of("a").sent[2].1 == 0 {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let sent = scene.targets.sent("/a");
    let last = sent[sent.len() - 1].at.since(sent[0].at);
    assert!(last <= Duration::from_secs(30), "{last:?}");
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(
        scene.targets.sent("/a").len(),
        sent.len(),
        "it is not tried again"
    );
    let view = scene.alerts.view(Anchor::now()).alerts.remove(0);
    assert_eq!((view.gave_up, view.queued), (1, 0));
    assert_eq!(view.state, api::AlertState::Failing);
    assert_eq!(view.trouble.as_deref(), Some("connection refused"));
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_not_sent_again() {
    let scene = scene(ONE);
    scene.targets.will("/a", &[Does::Answer(400)]);
    scene.hear(News::Opened(incident("x", 5)));
    scene.targets.came("/a", 1).await;
    tokio::time::sleep(Duration::from_secs(7200)).await;
    assert_eq!(scene.targets.sent("/a").len(), 1);
    let view = scene.alerts.view(Anchor::now()).alerts.remove(0);
    assert_eq!(view.refused, 1);
    assert_eq!(
        view.trouble.as_deref(),
        Some("answered 400: said something")
    );
}

#[tokio::test(start_paused = true)]
async fn what_waits_at_the_end_is_sent_then_and_nobody_is_waited_for_for_long() {
    let scene = scene(&format!("{ONE}{TWO}"));
    scene.targets.will("/a", &[Does::Hang, Does::Hang]);
    scene.targets.will("/b", &[Does::AskFor(503, 300)]);
    scene.hear(News::Opened(incident("x", 5)));
    scene.targets.came("/a", 1).await;
    scene.targets.came("/b", 1).await;
    scene.running.abort();
    let began = soe503::clock::now();
    flush(&scene.alerts, &scene.targets).await;
    assert!(about(soe503::clock::now().since(began), 3));
    assert_eq!(scene.targets.sent("/b").len(), 2);
    assert_eq!(scene.of("b").sent[0], ("delivered", 1));
    // It was on its way when the task ended, and is tried once more.
    assert_eq!(scene.targets.sent("/a").len(), 2);
    let again = soe503::clock::now();
    flush(&Alerts::new(&config("")), &scene.targets).await;
    assert_eq!(
        soe503::clock::now(),
        again,
        "nothing waits: nothing is waited for"
    );
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_incidents_costs_a_bounded_number_of_messages() {
    let scene = scene(ONE);
    scene.targets.will("/a", &[Does::Hang]);
    for n in 0..500 {
        scene.hear(News::Opened(incident(&format!("i{n}"), 5)));
    }
    let counted = scene.of("a");
    assert_eq!((counted.depth, counted.dropped), (64, 436));
}

/// Each time that it is told again there is more to say, and no reason to ask sooner.
#[tokio::test(start_paused = true)]
async fn pauses_grow_for_a_target_that_is_told_again_and_again() {
    let scene = scene(
        "[alerts.am]\nkind = \"alertmanager\"\nurl = \"http://127.0.0.1:9/am\"\nresend_every = \"1s\"\n",
    );
    scene.targets.will("/am", &[Does::Refuse; 1_000]);
    scene.hear(News::Opened(incident("x", 5)));
    tokio::time::sleep(Duration::from_secs(1800)).await;
    // Half a minute on average; once a second without growth.
    let tried = scene.targets.sent("/am").len();
    assert!((30..300).contains(&tried), "{tried}");
    assert_eq!(scene.of("am").sent[2].1, 0, "what is true now is not old");
}

/// One that is not Alertmanager any more keeps nothing to be told again, and nothing of it comes back.
#[tokio::test(start_paused = true)]
async fn what_is_not_kept_up_is_not_told_again() {
    let am = "[alerts.a]\nkind = \"alertmanager\"\nurl = \"http://127.0.0.1:9/am\"\n";
    let scene = scene(am);
    scene.hear(News::Opened(incident("x", 5)));
    scene.targets.came("/am", 1).await;
    scene.alerts.follow(&config(ONE));
    scene.hear(News::Closed(closed("x")));
    scene.targets.came("/a", 1).await;
    scene.alerts.follow(&config(am));
    tokio::time::sleep(Duration::from_secs(600)).await;
    let sent = scene.targets.sent("/am");
    assert_eq!(sent.len(), 1, "{sent:?}");
}
