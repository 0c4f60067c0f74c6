//! The admin API: where it listens, and whom it lets in.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, SHA256_OUTPUT_LEN, digest};

use super::secret::short_file;
use super::{AdminCertificates, ListenerTls};

/// The admin API: `[admin]`.
///
/// # Defaults
///
/// - `enabled`: `true`
/// - `address`: `"127.0.0.1:9503"`
/// - `token_file`: no secret
/// - `read_token_file`: there is no such role
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Admin {
    /// Where it listens.
    pub address: SocketAddr,
    /// Who may use it.
    pub access: AdminAccess,
    /// TLS for those who do; `None`: none.
    pub tls: Option<ListenerTls>,
}

/// Who may use the admin API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdminAccess {
    /// Everybody on this machine, and for everything: the address is a loopback address.
    Loopback,
    /// Whoever shows one of these, for what its role may do.
    Shown(AdminCredentials),
}

/// What opens the admin API: tokens, certificates, or both. Who shows both may do what either lets them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminCredentials {
    /// Tokens, if there are any.
    pub tokens: Option<AdminTokens>,
    /// What certificates let their holders do, if somebody is asked for one.
    pub certificates: Option<AdminCertificates>,
}

/// What somebody may do with the admin API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AdminRole {
    /// Look at everything, change nothing.
    Reader,
    /// Look and act.
    Operator,
    /// Tell of changes at the one path that wants a signature in place of a token; no token has this role.
    Source,
}

/// The tokens of the admin API. No two are the same: a token says what its bearer may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminTokens {
    /// `token_file`: who has it may do everything.
    operator: Option<TokenFile>,
    /// `read_token_file`: who has it may look.
    reader: Option<TokenFile>,
}

/// A token and the file that it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFile {
    path: PathBuf,
    token: AdminToken,
}

/// A secret of the admin API: what a token file contains, without surrounding white space.
///
/// Kept is its SHA-256 alone: what is not in memory is in no output. Its `Debug` form does not show that either.
#[derive(Clone, PartialEq, Eq)]
pub struct AdminToken(Box<[u8; SHA256_OUTPUT_LEN]>);

// === impl AdminAccess ===

impl AdminAccess {
    /// By tokens alone.
    pub const fn by_tokens(tokens: AdminTokens) -> Self {
        Self::Shown(AdminCredentials {
            tokens: Some(tokens),
            certificates: None,
        })
    }

    /// The tokens, if there are any.
    pub const fn tokens(&self) -> Option<&AdminTokens> {
        match self {
            Self::Loopback => None,
            Self::Shown(shown) => shown.tokens.as_ref(),
        }
    }

    /// What certificates let their holders do, if anything.
    pub const fn certificates(&self) -> Option<&AdminCertificates> {
        match self {
            Self::Loopback => None,
            Self::Shown(shown) => shown.certificates.as_ref(),
        }
    }
}

// === impl AdminRole ===

impl AdminRole {
    /// In a word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Operator => "operator",
            Self::Source => "source",
        }
    }
}

impl fmt::Display for AdminRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

// === impl AdminTokens ===

impl AdminTokens {
    /// The tokens of who may act, and of who may only look.
    ///
    /// # Errors
    ///
    /// A sentence that says what is wrong: it is the same one twice.
    pub fn new(operator: Option<TokenFile>, reader: Option<TokenFile>) -> Result<Self, String> {
        match (&operator, &reader) {
            (Some(operator), Some(reader)) if reader.token == operator.token => Err(format!(
                "{} holds the operator's token: who has it could do everything",
                reader.path.display()
            )),
            _ => Ok(Self { operator, reader }),
        }
    }

    /// The role of whoever presents this. All tokens are compared, each to its end: how long it takes tells neither
    /// which of them was nearly right nor how nearly.
    pub fn role_of(&self, presented: &str) -> Option<AdminRole> {
        let is = |file: &Option<TokenFile>| {
            let file = file.as_ref();
            file.is_some_and(|file| file.token.matches(presented))
        };
        let (operator, reader) = (is(&self.operator), is(&self.reader));
        match (operator, reader) {
            (true, _) => Some(AdminRole::Operator),
            (false, true) => Some(AdminRole::Reader),
            (false, false) => None,
        }
    }

    /// The files, and whose token each holds.
    pub fn files(&self) -> impl Iterator<Item = (AdminRole, &TokenFile)> {
        let operator = self.operator.iter().map(|file| (AdminRole::Operator, file));
        let reader = self.reader.iter().map(|file| (AdminRole::Reader, file));
        operator.chain(reader)
    }

    /// The tokens that are in the files now. A file that cannot be used keeps the token that it had; what is wrong with it
    /// is told.
    pub(crate) fn read_again(&self) -> (Self, Vec<String>) {
        let mut troubles = Vec::new();
        let mut again = |file: &TokenFile| match TokenFile::read(&file.path) {
            Ok(read) => read,
            Err(why) => {
                troubles.push(why);
                file.clone()
            }
        };
        let operator = self.operator.as_ref().map(&mut again);
        let reader = self.reader.as_ref().map(&mut again);
        match Self::new(operator, reader) {
            Ok(tokens) => (tokens, troubles),
            Err(why) => {
                troubles.push(why);
                (self.clone(), troubles)
            }
        }
    }
}

// === impl TokenFile ===

impl TokenFile {
    /// The token `token`, which is in the file at `path`.
    pub const fn new(path: PathBuf, token: AdminToken) -> Self {
        Self { path, token }
    }

    /// Reads a token file.
    ///
    /// # Errors
    ///
    /// A sentence that names the file and says what is wrong with it.
    pub fn read(path: &Path) -> Result<Self, String> {
        let contents = short_file(path)?;
        let token =
            AdminToken::new(&contents).map_err(|why| format!("{}: {why}", path.display()))?;
        Ok(Self::new(path.to_owned(), token))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

// === impl AdminToken ===

impl AdminToken {
    /// The shortest token.
    pub const MIN_LEN: usize = 16;

    /// The token in `contents` of a token file.
    ///
    /// # Errors
    ///
    /// A sentence that says what is wrong with it.
    pub fn new(contents: &str) -> Result<Self, String> {
        let token = contents.trim();
        if token.len() < Self::MIN_LEN {
            let min = Self::MIN_LEN;
            return Err(format!("a token has at least {min} characters"));
        }
        if !token.bytes().all(|b| b.is_ascii_graphic()) {
            return Err("a token is one word of printable ASCII characters".into());
        }
        Ok(Self(Box::new(sha256(token))))
    }

    /// Whether `presented` is the token. Takes the same time wherever the two differ, so that an attacker cannot find it character by
    /// character.
    pub fn matches(&self, presented: &str) -> bool {
        verify_slices_are_equal(&*self.0, &sha256(presented)).is_ok()
    }
}

fn sha256(text: &str) -> [u8; SHA256_OUTPUT_LEN] {
    let mut sum = [0; SHA256_OUTPUT_LEN];
    sum.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    sum
}

impl fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminToken(..)")
    }
}

#[cfg(test)]
#[path = "admin_tests.rs"]
mod tests;
