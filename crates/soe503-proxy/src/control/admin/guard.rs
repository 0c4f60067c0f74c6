//! Who may use the admin API.
//!
//! Two attackers are kept out. One has a network path to the port: answered by the loopback
//! default, by bearer tokens and by client certificates. The other has none, but has the operator's browser: a web page
//! can point its own name at 127.0.0.1 (DNS rebinding) or post a form across sites (CSRF).
//! The first shows in `Host`, the second in `Origin` and `Sec-Fetch-Site`, and neither can know a
//! token, though a browser that was told it once sends it along. A certificate is sent along wherever the browser goes, so
//! with one these rules are all that keeps another site out. There is no CORS: no page of another origin ever
//! reads an answer.
//!
//! | request | with neither token nor client certificate configured | with either |
//! | --- | --- | --- |
//! | `/healthz`, `/readyz` | anybody | anybody |
//! | `POST /api/v1/changes/github` | whoever signs it, from anywhere | the same |
//! | other `GET` | peer on loopback, `Host` ours, not cross-site | a token or a certificate, from anywhere, any `Host`, not cross-site |
//! | a link to a page followed (`GET`) | the same, from any site | the same, from any site |
//! | `POST`, and a question whether to act | as other `GET` | an operator's, and not cross-site |
//!
//! How often an address may guess, and how often act, is bounded: see `pace.rs`.
//!
//! Any `Host`: who owns a name that points here has no token for it, and no certificate that a browser would believe the
//! server; over plain HTTP nobody is asked for a certificate.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, HOST, ORIGIN};
use http::{HeaderMap, HeaderValue, Method, Uri};
use soe503_api::path;
use soe503_core::Tick;

use super::denied::Denied;
use super::pace::Pace;
use super::secured::{Holder, Secured};
use crate::config::{AdminAccess, AdminCredentials, AdminRole, AdminTokens};
use crate::control::change_hooks::Source;
use crate::state::Access;

/// Who asks, as far as their connection says it.
#[derive(Clone, Copy, Debug)]
pub struct Asker<'a> {
    /// The other end of the connection.
    pub peer: IpAddr,
    /// What TLS proves; `None`: the connection is plain.
    pub secured: Option<&'a Secured>,
    /// Now, in unix seconds.
    pub now: i64,
    /// The same moment, for limits.
    pub tick: Tick,
}

/// The rules for one admin listener.
#[derive(Clone, Debug)]
pub struct Guard {
    address: SocketAddr,
    access: Arc<Access>,
    pace: Arc<Pace>,
}

// === impl Guard ===

impl Guard {
    /// The rules for a listener at `address`.
    pub fn new(address: SocketAddr, access: Arc<Access>) -> Self {
        Self {
            address,
            access,
            pace: Arc::new(Pace::new()),
        }
    }

    /// Lets a request in and says what its sender may do, or says why not.
    ///
    /// # Errors
    ///
    /// The rule that turns it away.
    pub fn admit(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        asker: Asker<'_>,
    ) -> Result<AdminRole, Denied> {
        let acts = acts(method, uri.path());
        if !acts && matches!(uri.path(), path::HEALTHZ | path::READYZ) {
            return Ok(AdminRole::Reader);
        }
        // GitHub has no token: what it sends is signed, and refused otherwise where it is read.
        if *method == Method::POST && uri.path() == path::changes_from(Source::GitHub.word()) {
            return self.paced(AdminRole::Source, asker);
        }
        let host = uri.authority().map_or_else(
            || headers.get(HOST).and_then(|host| host.to_str().ok()),
            |authority| Some(authority.as_str()),
        );
        let role = match &*self.access.now() {
            AdminAccess::Shown(wanted) => self.shown(headers, asker, wanted)?,
            AdminAccess::Loopback => {
                if !asker.peer.to_canonical().is_loopback() {
                    return Err(Denied::NotLocal);
                }
                if !host.is_some_and(|host| self.is_ours(host)) {
                    return Err(Denied::ForeignHost);
                }
                AdminRole::Operator
            }
        };
        if !follows_link(method, uri.path(), headers) {
            same_site(headers, host, asker.secured.is_some())?;
        }
        match role {
            AdminRole::Reader | AdminRole::Source if acts => Err(Denied::ReadOnly),
            // A question whether to act changes nothing.
            role if !acts || matches!(*method, Method::GET | Method::HEAD) => Ok(role),
            role => self.paced(role, asker),
        }
    }

    /// The role of whoever shows a token or a certificate, unless their address has shown too many that are wrong.
    fn shown(
        &self,
        headers: &HeaderMap,
        asker: Asker<'_>,
        wanted: &AdminCredentials,
    ) -> Result<AdminRole, Denied> {
        let charge = || {
            let charged = self.pace.guess(asker.peer, asker.tick);
            charged.map_err(Denied::TooManyGuesses)
        };
        if wanted.tokens.is_some() && headers.contains_key(AUTHORIZATION) {
            let charged = charge()?;
            let shown = shown(headers, asker, wanted);
            if shown.is_ok() {
                charged.give_back();
            }
            return shown;
        }
        let shown = shown(headers, asker, wanted);
        if shown == Err(Denied::NotNamed) {
            // What a certificate is worth needs no guess, so those that are worth something are let in all the same.
            charge()?;
        }
        shown
    }

    /// Somebody of this role acts.
    fn paced(&self, role: AdminRole, asker: Asker<'_>) -> Result<AdminRole, Denied> {
        let paced = self.pace.act(asker.peer, asker.tick);
        paced.map(|()| role).map_err(Denied::TooManyActs)
    }

    /// A request was turned away.
    pub(super) fn count(&self, denied: Denied) {
        self.access.turn_away(denied.counted());
    }

    /// What somebody calls themselves who was asked for the token by a browser. Nobody has looked whether that is true. One
    /// who has typed a token there too is not called by it.
    pub(super) fn claimed_name(&self, headers: &HeaderMap) -> Option<String> {
        let (name, password) = basic(headers.get(AUTHORIZATION)?)?;
        let access = self.access.now();
        let tokens = access.tokens();
        let secret = tokens.is_some_and(|tokens| tokens.role_of(name.trim()).is_some());
        if secret || name.contains(&password) {
            return None;
        }
        let name: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
        (!name.is_empty()).then_some(name)
    }

    /// What the holder of the certificate that was shown is called: that is proven.
    pub(super) fn proven_name(&self, asker: Asker<'_>) -> Option<Arc<str>> {
        let access = self.access.now();
        let (_, name) = asker.secured?.holder(access.certificates()?, asker.now);
        name
    }

    /// Whether a person can be asked for a token.
    pub(super) fn takes_tokens(&self) -> bool {
        self.access.now().tokens().is_some()
    }

    /// Whether `host` (a name or address, with or without a port) means this listener.
    fn is_ours(&self, host: &str) -> bool {
        let name = without_port(host);
        if name.eq_ignore_ascii_case("localhost") || name.eq_ignore_ascii_case("localhost.") {
            return true;
        }
        let literal = name
            .strip_prefix('[')
            .and_then(|name| name.strip_suffix(']'))
            .unwrap_or(name);
        literal
            .parse::<IpAddr>()
            .is_ok_and(|ip| ip.to_canonical().is_loopback() || ip == self.address.ip())
    }
}

/// Whether a request is one of those that change something, or ask whether to. Everything that is not known to look does.
pub(super) fn acts(method: &Method, path: &str) -> bool {
    !matches!(*method, Method::GET | Method::HEAD) || path == "/act"
}

/// Somebody follows a link to a page of the dashboard that shows, from a chat or a runbook. The page that it is on reads
/// nothing of the answer, which is shown in a window of its own, and looking changes nothing. A question whether
/// something shall be done is not among them: another site could lay it under the pointer of who clicks twice.
fn follows_link(method: &Method, path: &str, headers: &HeaderMap) -> bool {
    let shows = matches!(path, "/" | "/config" | "/incidents") || path.starts_with("/incidents/");
    let says = |name: &str, value: &str| headers.get(name).is_some_and(|said| said == value);
    shows
        && method == Method::GET
        && says("sec-fetch-mode", "navigate")
        && says("sec-fetch-dest", "document")
        && !headers.contains_key(ORIGIN)
}

/// The role of whoever shows a token or a certificate: the greater, if it is both.
fn shown(
    headers: &HeaderMap,
    asker: Asker<'_>,
    wanted: &AdminCredentials,
) -> Result<AdminRole, Denied> {
    let by_token = wanted.tokens.as_ref();
    let by_token = by_token.and_then(|tokens| role(headers, tokens));
    let holder = match (asker.secured, &wanted.certificates) {
        (Some(secured), Some(roles)) => secured.holder(roles, asker.now).0,
        _ => Holder::Nobody,
    };
    match (by_token, holder) {
        (Some(AdminRole::Operator), _) => Ok(AdminRole::Operator),
        (_, Holder::Known(role)) => Ok(role),
        (Some(role), _) => Ok(role),
        // Who has sent a token is told that it is wrong.
        (None, Holder::NotNamed) if !headers.contains_key(AUTHORIZATION) => Err(Denied::NotNamed),
        (None, Holder::NotNamed | Holder::Nobody) => Err(Denied::Unauthorized),
    }
}

/// A page of another origin says so; a page of ours says the host it was loaded from; `curl` and
/// `lbctl` say nothing. Over TLS a page that came without it is another's: whoever is on the way can have made it. Without,
/// there may be somebody in front who adds TLS.
fn same_site(headers: &HeaderMap, host: Option<&str>, secured: bool) -> Result<(), Denied> {
    if let Some(site) = headers.get("sec-fetch-site")
        && site != "same-origin"
        && site != "none"
    {
        return Err(Denied::CrossSite);
    }
    let Some(origin) = headers.get(ORIGIN) else {
        return Ok(());
    };
    let from = origin.to_str().ok().and_then(|origin| {
        let plain = origin.strip_prefix("http://").filter(|_| !secured);
        plain.or_else(|| origin.strip_prefix("https://"))
    });
    match (from, host) {
        (Some(from), Some(host)) if from.eq_ignore_ascii_case(host) => Ok(()),
        _ => Err(Denied::CrossSite),
    }
}

/// By a bearer token (RFC 6750), or by the password of anybody (RFC 7617): that is what a browser can ask a person for.
fn role(headers: &HeaderMap, tokens: &AdminTokens) -> Option<AdminRole> {
    let value = headers.get(AUTHORIZATION)?;
    let (scheme, presented) = value.to_str().ok()?.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return tokens.role_of(presented.trim());
    }
    let (_name, password) = basic(value)?;
    tokens.role_of(&password)
}

/// Name and password.
fn basic(value: &HeaderValue) -> Option<(String, String)> {
    let (scheme, presented) = value.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = STANDARD.decode(presented.trim()).ok()?;
    let (name, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        // A colon inside brackets belongs to an IPv6 address.
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
#[path = "guard_tests.rs"]
mod tests;
