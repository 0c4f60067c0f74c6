//! The token that has one request's failure told in full.
//!
//! An operator who holds the key makes a token (`lbctl debug-token`) and sends it along in [`HEADER`]; a proxy that
//! has the same key tells the failure of that request as [`Exposure::Full`](super::Exposure::Full), whoever asks
//! from wherever. A token says until when it is good, and may be bound to a host and to what a path begins with:
//!
//! ```text
//! 1.1795369268.shop.example/cart.q5BY…    version · seconds since 1970 · host and path · HMAC-SHA-256, base64url
//! ```
//!
//! The signature (RFC 2104) is of all that stands before its dot. What signs and compares is the shell's; here it is
//! decided what a token says and whether it is good for a request. Nothing is allocated for it.
//!
//! **Failure mode.** A token is worth its key and its life: whoever reads one over the wire can use it until it
//! expires. So none is good that would live longer than [`LONGEST_LIFE`], whoever signed it.

use core::fmt;
use core::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The request field that carries a token. It goes no further than to this proxy.
pub const HEADER: &str = "soe503-debug";
/// The longest token that is looked at, in bytes.
pub const LONGEST: usize = 1024;
/// The longest life: one that expires later than so long from now is not good yet.
pub const LONGEST_LIFE: Duration = Duration::from_secs(24 * 3600);
/// The shortest line of a key file, in bytes: 32 of them in hexadecimal are twice as many.
pub const SHORTEST_KEY: usize = 32;

const LONGEST_KEY: usize = 512;
const MOST_KEYS: usize = 4;
/// By so much the clocks of who makes a token and who reads it may differ.
const SKEW: Duration = Duration::from_secs(60);
const VERSION: &str = "1";
/// Bytes of an HMAC-SHA-256.
const SIGNATURE: usize = 32;

/// A token, taken apart. Nothing in it counts before its signature does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DebugToken<'a> {
    /// What was signed.
    pub signed: &'a str,
    /// By what it is signed.
    pub signature: [u8; SIGNATURE],
    expires: u64,
    scope: &'a str,
}

/// Why a token is good for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadToken {
    /// It is none.
    Malformed,
    /// It is not signed by a key that is known.
    Forged,
    /// Its time is over, or too far ahead.
    Expired,
    /// It is for another host or path.
    Elsewhere,
}

/// Why a key file or a binding is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadKeys(String);

// === impl DebugToken ===

impl<'a> DebugToken<'a> {
    /// Takes `text` apart.
    ///
    /// # Errors
    /// [`BadToken::Malformed`].
    pub fn parse(text: &'a str) -> Result<Self, BadToken> {
        let parts = || {
            let (signed, signature) = text.rsplit_once('.')?;
            let (version, rest) = signed.split_once('.')?;
            let (expires, scope) = rest.split_once('.')?;
            let mut decoded = [0; SIGNATURE];
            let length = URL_SAFE_NO_PAD.decode_slice(signature, &mut decoded);
            let digits = !expires.is_empty() && expires.bytes().all(|byte| byte.is_ascii_digit());
            let whole = length == Ok(SIGNATURE) && version == VERSION && digits;
            whole.then_some(())?;
            Some(Self {
                signed,
                signature: decoded,
                expires: expires.parse().ok()?,
                scope,
            })
        };
        let token = if text.len() <= LONGEST { parts() } else { None };
        token.ok_or(BadToken::Malformed)
    }

    /// Whether it is good for a request of `path` at `host` (which may have a port), `now` being seconds since 1970.
    /// The caller has checked its signature.
    ///
    /// # Errors
    /// [`BadToken::Expired`] and [`BadToken::Elsewhere`].
    pub fn admits(&self, now: u64, host: Option<&str>, path: &str) -> Result<(), BadToken> {
        let latest = now.saturating_add((LONGEST_LIFE + SKEW).as_secs());
        if self.expires <= now || self.expires > latest {
            return Err(BadToken::Expired);
        }
        let slash = self.scope.find('/').unwrap_or(self.scope.len());
        let (wanted, prefix) = self.scope.split_at(slash);
        let here = wanted.is_empty() || host.is_some_and(|host| same_host(host, wanted));
        match here && begins(path, prefix) {
            true => Ok(()),
            false => Err(BadToken::Elsewhere),
        }
    }
}

/// What is to be signed: a token until `expires` (seconds since 1970), for a `host` and for paths that begin with
/// `path`, as far as those are given.
///
/// # Errors
/// If `host` or `path` cannot be those of a request.
pub fn unsigned(expires: u64, host: Option<&str>, path: Option<&str>) -> Result<String, BadKeys> {
    let (host, path) = (host.unwrap_or_default(), path.unwrap_or_default());
    let visible = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
    if !visible(host) || host.contains('/') || without_port(host) != host {
        return Err(BadKeys(format!(
            "{host:?} is no host; expected a name or an address, without a port"
        )));
    }
    if !visible(path) || path.contains(['?', '#']) || !(path.is_empty() || path.starts_with('/')) {
        return Err(BadKeys(format!(
            "{path:?} is no path; expected /PATH, without a query"
        )));
    }
    let text = format!("{VERSION}.{expires}.{host}{path}");
    if text.len() + 1 + SIGNATURE.div_ceil(3) * 4 > LONGEST {
        return Err(BadKeys("host and path are too long for a token".to_owned()));
    }
    Ok(text)
}

/// The token: what was to be signed, and its signature.
pub fn signed(unsigned: &str, signature: &[u8]) -> String {
    format!("{unsigned}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// The keys in a key file: one on each line, at most four, without white space around it. New tokens are signed with
/// the first; the others are still good, so that a key can be replaced. Lines that begin with `#` are comments.
///
/// # Errors
/// If there is none, one is shorter than 32 bytes, or there are too many.
pub fn keys(file: &str) -> Result<Vec<&str>, BadKeys> {
    let lines = file.lines().map(str::trim);
    let keys: Vec<&str> = lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    let bad = |why: &str| Err(BadKeys(why.to_owned()));
    match keys.len() {
        0 => return bad("there is no key in it"),
        more if more > MOST_KEYS => return bad("there are more than four keys in it"),
        _ => {}
    }
    if keys.iter().any(|key| key.len() < SHORTEST_KEY) {
        return bad("a key has at least 32 characters");
    }
    if keys.iter().any(|key| key.len() > LONGEST_KEY) {
        return bad("a key has at most 512 characters");
    }
    Ok(keys)
}

fn same_host(host: &str, wanted: &str) -> bool {
    without_port(host).eq_ignore_ascii_case(wanted)
}

/// `host` without the port that may follow it. IPv6 addresses keep their brackets.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !name.ends_with(':') => {
            match name.contains(':') && !name.ends_with(']') {
                // An address without brackets.
                true => host,
                false => name,
            }
        }
        _ => host,
    }
}

/// Whether `path` is `prefix` or something below it.
fn begins(path: &str, prefix: &str) -> bool {
    let Some(rest) = path.strip_prefix(prefix) else {
        return false;
    };
    rest.is_empty() || prefix.is_empty() || prefix.ends_with('/') || rest.starts_with('/')
}

// === impl BadToken ===

impl BadToken {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Malformed,
        Self::Forged,
        Self::Expired,
        Self::Elsewhere,
    ];

    /// `malformed`, `forged`, `expired` or `elsewhere`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Forged => "forged",
            Self::Expired => "expired",
            Self::Elsewhere => "elsewhere",
        }
    }
}

// === impl BadKeys ===

impl fmt::Display for BadKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for BadKeys {}
