//! Slack's incoming webhooks: Block Kit.
//!
//! Bounds of Slack (Block Kit reference): 50 blocks; a header 150 characters; the text of a section 3,000; ten fields of 2,000
//! each; ten elements of a context. What backends said goes into plain text, where Slack sees no formatting, and what is
//! formatted is escaped (`&`, `<`, `>`) and `verbatim`, so neither `<!channel>` nor `@here` in an error message calls anybody.

use serde_json::{Value, json};

use super::Letter;
use super::text::grade;
use super::words::{code, cut, escaped, line};

const HEADER: usize = 150;
const SECTION: usize = 3_000;
const FIELD: usize = 2_000;

pub(super) fn body(letter: &Letter<'_>) -> Value {
    let summary = &letter.incident.summary;
    let mut blocks = vec![
        json!({
            "type": "header",
            "text": { "type": "plain_text", "text": letter.headline(HEADER), "emoji": false },
        }),
        section(&format!(
            "{} {}, {}\n{}",
            code(&summary.cause, 200),
            grade(summary.grade),
            letter.severity.word(),
            escaped(&letter.detail(1_000), 2_000),
        )),
        json!({ "type": "section", "fields": fields(letter) }),
    ];
    plain(&mut blocks, "Evidence", &letter.evidence());
    plain(&mut blocks, "Ruled out", &letter.ruled_out());
    list(
        &mut blocks,
        "Quick fix",
        letter.fixes().iter().map(|fix| escaped(fix, 600)),
    );
    list(
        &mut blocks,
        "Look",
        letter.commands().iter().map(|one| code(one, 500)),
    );
    blocks.push(section(&links(letter)));
    let id = format!("{} · {}", summary.id, letter.incident.server);
    blocks.push(json!({
        "type": "context",
        "elements": [{ "type": "plain_text", "text": line(&id, 500), "emoji": false }],
    }));
    json!({
        // For notifications, and for those who do not see blocks.
        "text": escaped(&letter.sentence(1_000), SECTION),
        "blocks": blocks,
    })
}

fn fields(letter: &Letter<'_>) -> Vec<Value> {
    let mut fields = vec![
        ("Where", letter.incident.summary.place.clone()),
        ("When", letter.time()),
        ("Requests", letter.cost()),
    ];
    fields.extend(letter.change(FIELD / 2).map(|change| ("Change", change)));
    let fields = fields.into_iter().map(|(name, text)| {
        let text = escaped(&line(&text, FIELD / 2), FIELD - 40);
        mrkdwn(&format!("*{name}*\n{text}"))
    });
    fields.collect()
}

fn links(letter: &Letter<'_>) -> String {
    let mut links = Vec::new();
    if let Some(page) = letter.page() {
        links.push(format!("<{}|Incident>", escaped(&page, 1_000)));
    }
    links.push(format!("<{}|Runbook>", escaped(&letter.runbook(), 1_000)));
    links.join(" · ")
}

fn section(text: &str) -> Value {
    json!({ "type": "section", "text": mrkdwn(&cut(text, SECTION)) })
}

/// Formatted text in which Slack looks for no names, channels and addresses of its own accord.
fn mrkdwn(text: &str) -> Value {
    json!({ "type": "mrkdwn", "text": text, "verbatim": true })
}

/// Lines that are shown as they are.
fn plain(blocks: &mut Vec<Value>, name: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    let lines: Vec<String> = lines.iter().map(|line| format!("• {line}")).collect();
    let text = cut(&format!("{name}\n{}", lines.join("\n")), SECTION);
    blocks.push(json!({
        "type": "section",
        "text": { "type": "plain_text", "text": text, "emoji": false },
    }));
}

/// Lines of mrkdwn.
fn list(blocks: &mut Vec<Value>, name: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.map(|line| format!("• {line}")).collect();
    if !lines.is_empty() {
        blocks.push(section(&format!("*{name}*\n{}", lines.join("\n"))));
    }
}
