//! Bodies, in both directions.

use crate::support::{Backend, Client, Does, front, hasty};

#[tokio::test]
async fn an_answer_to_head_and_one_after_it_on_one_connection() {
    let backend = Backend::that(Does::Answers).await;
    let (front, _) = front(hasty(), &[&backend]).await;
    let mut client = Client::to(front.address).await;
    for _ in 0..3 {
        let answer = client.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert_eq!((answer.status, &*answer.body), (200, "ok\n"));
    }
}

#[tokio::test]
async fn a_large_upload_arrives() {
    let backend = Backend::that(Does::Answers).await;
    let (front, _) = front(hasty(), &[&backend]).await;
    let body = "x".repeat(300 * 1024);
    let request = format!(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = Client::to(front.address).await.ask(&request).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(backend.posts(), 1);
}

#[tokio::test]
async fn an_answer_before_the_upload_is_over_is_passed_on() {
    let backend = Backend::that(Does::Early(413)).await;
    let (front, _) = front(hasty(), &[&backend]).await;
    let mut client = Client::to(front.address).await;
    client
        .send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nbegins")
        .await;
    assert_eq!(client.answer(false).await.status, 413);
    assert_eq!(backend.posts(), 1);
}
