//! An incident of which no request failed: nothing can be asked again, and the proxy's own look at it is the answer.

use serde::Serialize;
use soe503_api::{Incident, IncidentState, Timestamp};

use super::judge::Kind;
use crate::explain::incident::sentence;
use crate::show::{Canvas, Line, age, clean, section, style, wrap};

/// What became of it.
pub(super) fn judge(incident: &Incident) -> Kind {
    match incident.summary.state {
        IncidentState::Closed => Kind::Cured,
        _ => Kind::NotCured,
    }
}

/// For people.
pub(super) fn text(incident: &Incident, now: Timestamp, canvas: Canvas) -> String {
    let mut out = String::new();
    let kind = judge(incident);
    let colour = match kind {
        Kind::Cured => style::GOOD,
        _ => style::BAD,
    };
    for text in wrap(&clean(&summary(incident, now)), canvas.width) {
        Line::default().put(&text, colour).end(&mut out);
    }
    let condition = incident.summary.condition.as_deref().map(sentence);
    let was: Vec<String> = condition.into_iter().collect();
    section("Was", &was, canvas, &mut out);
    let id = &incident.summary.id;
    let asked = "nothing: no request has failed, so none can be asked again".to_owned();
    section("Asked", &[asked], canvas, &mut out);
    if kind != Kind::Cured {
        let next = [format!("lbctl explain {id}")];
        section("Next", &next, canvas.unbounded(), &mut out);
    }
    out
}

fn summary(incident: &Incident, now: Timestamp) -> String {
    let kind = judge(incident);
    let ago = age(now.since(incident.summary.last_seen));
    let what = match kind {
        Kind::Cured => "it is over",
        _ => "it goes on",
    };
    format!("{}: {what}, last seen {ago} ago", kind.words())
}

/// For programs: the document of a request that was asked again, without one.
#[derive(Serialize)]
struct Document<'a> {
    request_id: Option<()>,
    incident: &'a str,
    verdict: Kind,
    summary: String,
    asked: Option<()>,
    was: Option<()>,
    is: Option<()>,
    noted: bool,
}

/// The document for programs.
pub(super) fn json(incident: &Incident, now: Timestamp) -> Vec<u8> {
    let document = Document {
        request_id: None,
        incident: &incident.summary.id,
        verdict: judge(incident),
        summary: summary(incident, now),
        asked: None,
        was: None,
        is: None,
        noted: false,
    };
    // Numbers and text can always be said in JSON.
    serde_json::to_vec_pretty(&document).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::show::sample;

    #[test]
    fn it_is_cured_when_it_is_over() {
        let mut incident = sample::condition();
        let now = incident.summary.last_seen;
        let told = |incident: &Incident| text(incident, now, sample::PIPE);
        assert!(
            told(&incident).contains("not cured: it goes on"),
            "{}",
            told(&incident)
        );
        incident.summary.state = IncidentState::Closed;
        assert!(
            told(&incident).contains("cured: it is over"),
            "{}",
            told(&incident)
        );
        let document: serde_json::Value = serde_json::from_slice(&json(&incident, now)).unwrap();
        assert_eq!(document["verdict"], "cured");
    }
}
