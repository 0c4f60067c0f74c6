//! Acts that come through the dashboard.

use http::Method;

use super::support::Log;
use super::{DRAIN, OPERATOR, scene};

#[tokio::test]
async fn acts_of_the_dashboard_are_told_like_those_of_the_api() {
    let (scene, log) = (scene(), Log::capture());
    let basic = |name: &str| {
        use base64::Engine;
        let both = format!("{name}:{OPERATOR}");
        format!(
            "Basic {}",
            base64::engine::general_purpose::STANDARD.encode(both)
        )
    };
    for (name, path, said) in [
        (
            "ada",
            DRAIN,
            r#"name="ada" action="drain" pool="app" backend="third" reason="a new disk" status=200"#,
        ),
        (
            OPERATOR,
            "/api/v1/pools/gone/breaker/reset",
            r#"action="breaker_reset" pool="gone" reason="a new disk" status=404"#,
        ),
    ] {
        let basic = basic(name);
        let as_who = ("authorization", basic.as_str());
        let question = format!("/act?path={path}");
        let page = scene.ask_with(Method::GET, &question, &[as_who], "").await;
        assert_eq!(log.take_audit(), [""; 0], "a question is no act");
        let token = page.text.split("name=\"token\" value=\"").nth(1).unwrap();
        let token = token.split('"').next().unwrap();
        let form = format!("path={path}&token={token}&reason=a+new+disk");
        let kind = ("content-type", "application/x-www-form-urlencoded");
        let origin = ("origin", "http://127.0.0.1:9503");
        let headers = [as_who, kind, origin];
        let answer = scene.ask_with(Method::POST, "/act", &headers, &form).await;
        assert_eq!(answer.status, 303, "{}", answer.text);
        let line = "role=\"operator\" via=\"dashboard\" peer=192.0.2.7:40000 ";
        assert_eq!(log.take_audit(), [format!("{line}{said}")]);
        let forged = form.replace(token, "0.0");
        let answer = scene
            .ask_with(Method::POST, "/act", &headers, &forged)
            .await;
        assert_eq!(answer.status, 403);
        let refused = log.take_audit();
        assert_eq!(refused.len(), 1);
        assert!(refused[0].ends_with("status=403"), "{refused:?}");
    }
}
