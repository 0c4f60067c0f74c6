//! A task for each target, and the last moments.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use soe503_core::Tick;
use soe503_core::alert::Verdict;
use tokio::task::JoinSet;

use super::deliver::next;
use super::desk::Target;
use super::hub::Alerts;
use super::post::Post;

/// The longest that the end of the process waits for messages.
const LAST: Duration = Duration::from_secs(3);

/// Tells the targets for ever; the caller ends it by dropping the future. What was on its way then waits again.
pub(crate) async fn run<P: Post>(alerts: Alerts, post: Arc<P>) {
    let mut generation = alerts.generation();
    let mut running: BTreeMap<Arc<str>, JoinSet<()>> = BTreeMap::new();
    loop {
        generation.borrow_and_update();
        let targets = alerts.targets();
        running.retain(|name, _| targets.contains_key(name));
        for (name, target) in targets.iter() {
            running.entry(Arc::clone(name)).or_insert_with(|| {
                let mut tasks = JoinSet::new();
                let (alerts, target) = (alerts.clone(), Arc::clone(target));
                tasks.spawn(serve(alerts, target, Arc::clone(&post)));
                tasks
            });
        }
        if generation.changed().await.is_err() {
            return;
        }
    }
}

/// Sends what there is for `target`, one message at a time.
async fn serve<P: Post>(alerts: Alerts, target: Arc<Target>, post: Arc<P>) {
    let mut files = alerts.files();
    let mut rng = fastrand::Rng::new();
    let mut told_again = soe503::clock::now();
    loop {
        let now = soe503::clock::now();
        let every = target.settings().alert.resend_every;
        if every.is_some_and(|every| now.since(told_again) >= every) {
            told_again = now;
            target.tell_again(now);
        }
        let again = every.map(|every| told_again.after(every));
        if target.depth() == 0 {
            wait(&target, again).await;
            continue;
        }
        if let Err(room) = target.pace(now) {
            until(room).await;
            continue;
        }
        let url = alerts.external_url();
        let verdict = next(&target, &*post, &mut files, url.as_deref(), &mut rng).await;
        if let Some(Verdict::Again(at)) = verdict {
            // Perhaps it was the configuration.
            tokio::select! {
                () = until(at) => {}
                () = target.renewed.notified() => {}
            }
        }
    }
}

/// Until there is something to tell, or it is time to tell it again.
async fn wait(target: &Target, again: Option<Tick>) {
    match again {
        None => target.wake.notified().await,
        Some(at) => {
            let at = soe503::clock::instant(at);
            // Either is a reason to look.
            let _either = tokio::time::timeout_at(at, target.wake.notified()).await;
        }
    }
}

async fn until(at: Tick) {
    tokio::time::sleep_until(soe503::clock::instant(at)).await;
}

/// Sends what still waits, each message once, for three seconds at most. A target that does not take one gets no
/// further.
pub(crate) async fn flush<P: Post>(alerts: &Alerts, post: &Arc<P>) {
    let mut flushing = JoinSet::new();
    let url = alerts.external_url();
    for target in alerts
        .targets()
        .values()
        .filter(|target| target.depth() > 0)
    {
        let (target, post, url) = (Arc::clone(target), Arc::clone(post), url.clone());
        let mut files = alerts.files();
        flushing.spawn(async move {
            let mut rng = fastrand::Rng::new();
            // What was on its way is put back as soon as its task is gone.
            while target.is_busy() {
                tokio::task::yield_now().await;
            }
            loop {
                let sent = next(&target, &*post, &mut files, url.as_deref(), &mut rng).await;
                if !matches!(sent, Some(Verdict::Delivered | Verdict::Refused)) {
                    break;
                }
            }
        });
    }
    let all = async { while flushing.join_next().await.is_some() {} };
    if tokio::time::timeout(LAST, all).await.is_err() {
        tracing::warn!("some alerts did not arrive before the end");
    }
}
