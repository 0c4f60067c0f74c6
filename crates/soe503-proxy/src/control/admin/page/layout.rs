//! What all pages have around them.

use super::html::{Html, html};
use crate::config::AdminRole;

/// Whose page it is, and who looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen<'a> {
    /// `server.name`.
    pub(super) server: &'a str,
    /// What they may do.
    pub(super) by: AdminRole,
}

/// How what asks for the confirmation of an act begins.
pub(super) const BUTTON: &str = "<button form=\"act\"";

/// Which page it is, for the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tab {
    /// `/`
    Overview,
    /// `/incidents`
    Incidents,
    /// `/config`
    Config,
    /// A page of its own.
    None,
}

/// Everything up to the content. `live`: the number of the look that the page shows, if it is to be kept up to date.
pub(super) fn begin(seen: Seen<'_>, title: &str, tab: Tab, live: Option<&str>) -> Html {
    let server = seen.server;
    let mut out = Html::default();
    html!(
        out,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">",
        "<meta name=\"color-scheme\" content=\"light dark\"><title>",
        (title),
        " · ",
        (server),
        " · soe503</title>",
        "<link rel=\"icon\" href=\"/icon.svg\" type=\"image/svg+xml\"><link rel=\"stylesheet\" href=\"/style.css\"><script src=\"/page.js\" defer></script>"
    );
    if live.is_some() {
        // Who runs no scripts sees what is new all the same.
        html!(
            out,
            "<noscript><meta http-equiv=\"refresh\" content=\"15\"></noscript>"
        );
    }
    html!(out, "</head><body");
    if let Some(live) = live {
        html!(out, " data-live=\"", (live), "\"");
    }
    html!(
        out,
        "><a class=\"skip\" href=\"#main\">Skip to the content</a><header class=\"bar\"><a class=\"brand\" href=\"/\"><svg viewBox=\"0 0 24 24\" aria-hidden=\"true\" focusable=\"false\"><path d=\"M3 7h6l3 5 3-5h6M3 17h6l3-5 3 5h6\"></path></svg><span>soe503</span></a><span class=\"server\">",
        (server),
        "</span><nav aria-label=\"Pages\">"
    );
    for (this, href, word) in [
        (Tab::Overview, "/", "Overview"),
        (Tab::Incidents, "/incidents", "Incidents"),
        (Tab::Config, "/config", "Config"),
    ] {
        html!(out, "<a href=\"", (href), "\"");
        if tab == this {
            html!(out, " aria-current=\"page\"");
        }
        html!(out, ">", (word), "</a>");
    }
    html!(out, "</nav>");
    if seen.by != AdminRole::Operator {
        html!(out, "<span class=\"role\">read only</span>");
    }
    if live.is_some() {
        html!(
            out,
            "<p id=\"link\" class=\"link\" role=\"status\"><noscript>reloads every 15 s</noscript></p>"
        );
    }
    html!(out, "</header><main id=\"main\" tabindex=\"-1\">");
    out
}

/// `html` for who may only look: without what asks whether to act.
///
/// Whatever comes from elsewhere is escaped where it is written, so that what begins like one of our buttons is one.
pub(super) fn without_acts(html: &str) -> String {
    let mut pieces = html.split(BUTTON);
    let mut out = String::with_capacity(html.len());
    out.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let after = piece.split_once("</button>");
        out.push_str(after.map_or("", |(_button, after)| after));
    }
    out
}

/// Everything after the content.
pub(super) fn end() -> Html {
    let mut out = Html::default();
    html!(
        out,
        "</main><footer><p>soe503 ",
        (env!("CARGO_PKG_VERSION")),
        " · <a href=\"/api/v1/pools\">API</a> · <a href=\"/metrics\">metrics</a> · <a href=\"/readyz\">readiness</a></p></footer>",
        "<p id=\"news\" class=\"hidden\" role=\"status\" aria-live=\"polite\"></p><form id=\"act\" method=\"get\" action=\"/act\"></form></body></html>"
    );
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_only_look_has_no_button_and_everything_else() {
        let mut html = Html::default();
        html!(
            html,
            "<p>",
            ("<button form=\"act\"> is text</button>"),
            "</p><td><button form=\"act\" name=\"path\" value=\"/x\">Drain<span> b1</span></button><button form=\"act\">Disable</button></td><button data-script=\"copy\">Copy</button>"
        );
        assert_eq!(
            without_acts(html.as_str()),
            "<p>&lt;button form=&quot;act&quot;&gt; is text&lt;/button&gt;</p><td></td><button data-script=\"copy\">Copy</button>"
        );
        assert_eq!(without_acts("<p>all</p>"), "<p>all</p>");
    }
}
