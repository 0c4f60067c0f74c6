//! What all pages have around them.

use super::html::{Html, html};

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
pub(super) fn begin(server: &str, title: &str, tab: Tab, live: Option<&str>) -> Html {
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
    if live.is_some() {
        html!(
            out,
            "<p id=\"link\" class=\"link\" role=\"status\"><noscript>reloads every 15 s</noscript></p>"
        );
    }
    html!(out, "</header><main id=\"main\" tabindex=\"-1\">");
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
