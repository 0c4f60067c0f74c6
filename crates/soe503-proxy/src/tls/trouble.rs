//! What is wrong with the files of a TLS setting.

use std::fmt;

/// Which of the setting's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// The certificate chain of the pair with this index.
    Cert(usize),
    /// The private key of the pair with this index.
    Key(usize),
    /// The authorities that the other side is held against.
    Ca,
}

/// One thing that is wrong, in words for whoever wrote the setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Which file.
    pub place: Place,
    /// What is wrong, with the file's path.
    pub what: String,
    /// What to do about it.
    pub help: Option<String>,
    /// It can be used all the same.
    pub warning: bool,
}

// === impl Trouble ===

impl Trouble {
    /// The file cannot be used.
    pub(super) fn new(place: Place, what: impl Into<String>) -> Self {
        Self {
            place,
            what: what.into(),
            help: None,
            warning: false,
        }
    }

    /// The file is used, and somebody should look at it.
    pub(super) fn warning(place: Place, what: impl Into<String>) -> Self {
        Self {
            warning: true,
            ..Self::new(place, what)
        }
    }

    /// Says what to do.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}
