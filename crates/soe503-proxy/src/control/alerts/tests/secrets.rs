//! Secrets, and the files that they are in.

use std::path::Path;
use std::time::Duration;

use super::{Does, Scene, incident, scene};
use crate::control::clock::Anchor;
use crate::control::incidents::News;

const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn shown(scene: &Scene) -> String {
    serde_json::to_string(&scene.alerts.view(Anchor::now())).unwrap()
}

/// A webhook called `name` whose key is in a file of that name.
fn webhook(directory: &Path, name: &str) -> String {
    let path = directory.join(name);
    std::fs::write(&path, KEY).unwrap();
    format!(
        "[alerts.{name}]\nkind = \"webhook\"\nurl = \"http://127.0.0.1:9/{name}\"\nsecret_file = \"{}\"\n",
        path.display()
    )
}

/// A secret is read again for each message, and what a target answers does not repeat it.
#[tokio::test]
async fn a_secret_is_replaced_without_a_reload() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("slack.url");
    std::fs::write(&path, "http://127.0.0.1:9/services/first-secret\n").unwrap();
    let scene = scene(&format!(
        "[alerts.s]\nkind = \"slack\"\nurl_file = \"{}\"\n",
        path.display()
    ));
    scene
        .targets
        .will("/services/first-secret", &[Does::Answer(403); 100]);
    scene.hear(News::Opened(incident("x", 5)));
    scene.targets.came("/services/first-secret", 1).await;
    std::fs::write(&path, "http://127.0.0.1:9/services/second-secret\n").unwrap();
    scene.targets.came("/services/second-secret", 1).await;
    let view = serde_json::to_string(&scene.alerts.view(Anchor::now())).unwrap();
    assert!(!view.contains("secret"), "{view}");
}

/// What a target answers may repeat the address and the secret, whole or in part, near the end of what is told.
#[tokio::test]
async fn what_a_target_answers_is_told_without_secrets() {
    const ECHO: &str = concat!(
        "no service: /services/T00000/B00000/verysecret, or verysecret; ",
        "a key may be whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw, ",
        "and this goes on for so long that the last secret lies where what is told would be cut: .......... ",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    );
    let directory = tempfile::tempdir().unwrap();
    let text =
        webhook(directory.path(), "a").replace(":9/a", ":9/services/T00000/B00000/verysecret");
    let scene = scene(&text);
    let path = "/services/T00000/B00000/verysecret";
    scene.targets.will(path, &[Does::Says(400, ECHO)]);
    scene.hear(News::Opened(incident("x", 5)));
    scene.targets.came(path, 1).await;
    scene.settled("a").await;
    let view = scene.alerts.view(Anchor::now()).alerts.remove(0);
    let told = view.trouble.unwrap();
    assert!(
        told.starts_with("answered 400: no service: (hidden)"),
        "{told}"
    );
    for part in ["T00000", "B00000", "verysecret", "MfKQ", "whsec"] {
        assert!(!told.contains(part), "{part}: {told}");
    }
    assert!(told.chars().count() <= 220, "{told}");
    assert_eq!(view.url, "http://127.0.0.1:9");
}

/// A file with a URL is there because nobody may read it, whatever the target is.
#[tokio::test]
async fn an_address_in_a_file_is_not_shown() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("am.url");
    std::fs::write(&path, "http://127.0.0.1:9/tenant-secret/am").unwrap();
    let scene = scene(&format!(
        "[alerts.am]\nkind = \"alertmanager\"\nurl_file = \"{}\"\n",
        path.display()
    ));
    let view = shown(&scene);
    assert!(!view.contains("secret"), "{view}");
}

/// A disk that hangs: messages are signed with the last key, and one thread waits, not one for each target.
#[test]
fn a_disk_that_hangs_keeps_one_thread() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(2)
        .build()
        .unwrap();
    let directory = tempfile::tempdir().unwrap();
    let names = ["a", "b", "c"];
    let text: String = names
        .iter()
        .map(|name| webhook(directory.path(), name) + "timeout = \"400ms\"\n")
        .collect();
    runtime.block_on(async {
        let scene = scene(&text);
        // Whoever opens a pipe to read waits until somebody opens it to write.
        for name in names {
            let path = directory.path().join(name);
            std::fs::remove_file(&path).unwrap();
            let made = std::process::Command::new("mkfifo").arg(&path).status();
            assert!(made.unwrap().success());
        }
        scene.hear(News::Opened(incident("x", 5)));
        for name in names {
            scene.targets.came(&format!("/{name}"), 1).await;
        }
        let others = tokio::task::spawn_blocking(|| "others read");
        let others = tokio::time::timeout(Duration::from_secs(60), others).await;
        assert_eq!(others.unwrap().unwrap(), "others read");
        scene.running.abort();
    });
    // Lets the one go that waits: somebody could write now, and then nobody can.
    let writers: Vec<_> = names
        .iter()
        .map(|name| {
            let both = std::fs::OpenOptions::new()
                .read(true)
                .write(true)
                .to_owned();
            both.open(directory.path().join(name)).unwrap()
        })
        .collect();
    drop(writers);
}
