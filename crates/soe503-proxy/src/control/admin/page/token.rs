//! What shows that a form was filled in on a page of ours: against cross-site request forgery.
//!
//! A form carries a token that this process made for one act on one thing, ten minutes ago at most: a MAC under a
//! key that nobody else has and that is gone with the process. A page of another site cannot read ours, so it
//! cannot know one. Beside it the request must say that it comes from a page of this origin (`Sec-Fetch-Site` or
//! `Origin`): each of the two would do.

use aws_lc_rs::hmac;

/// How long a form may lie open, in seconds.
const LIFE: u64 = 600;

/// The key of this process.
///
/// `None`: this machine has no chance to make one of. Then no token is ever right, as none could be kept secret.
#[derive(Debug)]
pub(super) struct Tokens(Option<hmac::Key>);

/// Why a form is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadToken {
    /// It was made by nobody here, or for something else.
    Foreign,
    /// It has lain open too long.
    Old,
}

impl Tokens {
    /// A key of chance: the kernel's, as the library's own generator would measure jitter for a tenth of a second first.
    pub(super) fn new() -> Self {
        let mut secret = [0; 32];
        let there = getrandom::fill(&mut secret).is_ok();
        Self(there.then(|| hmac::Key::new(hmac::HMAC_SHA256, &secret)))
    }

    /// A token for `act`, made `now` (seconds since 1970).
    pub(super) fn make(&self, act: &str, now: u64) -> String {
        let Some(key) = &self.0 else {
            return String::new();
        };
        let tag = hmac::sign(key, &signed(act, now));
        let mut token = format!("{now:x}.");
        for byte in tag.as_ref() {
            token += &format!("{byte:02x}");
        }
        token
    }

    /// Whether `token` was made for `act`, and not too long before `now`.
    ///
    /// # Errors
    ///
    /// Why not.
    pub(super) fn check(&self, token: &str, act: &str, now: u64) -> Result<(), BadToken> {
        let key = self.0.as_ref().ok_or(BadToken::Foreign)?;
        let (made, tag) = token.split_once('.').ok_or(BadToken::Foreign)?;
        let made = u64::from_str_radix(made, 16).map_err(|_| BadToken::Foreign)?;
        let tag = bytes(tag).ok_or(BadToken::Foreign)?;
        // Compares in constant time.
        hmac::verify(key, &signed(act, made), &tag).map_err(|_| BadToken::Foreign)?;
        match now.abs_diff(made) <= LIFE {
            true => Ok(()),
            false => Err(BadToken::Old),
        }
    }
}

fn signed(act: &str, made: u64) -> Vec<u8> {
    [&made.to_be_bytes()[..], act.as_bytes()].concat()
}

/// The bytes that `hex` writes.
fn bytes(hex: &str) -> Option<Vec<u8>> {
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    let pairs = (0..hex.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_369_268;

    #[test]
    fn a_token_is_good_for_its_act_and_for_ten_minutes() {
        let tokens = Tokens::new();
        let token = tokens.make("drain app b1", NOW);
        assert_eq!(tokens.check(&token, "drain app b1", NOW), Ok(()));
        assert_eq!(tokens.check(&token, "drain app b1", NOW + LIFE), Ok(()));
        assert_eq!(
            tokens.check(&token, "drain app b1", NOW + LIFE + 1),
            Err(BadToken::Old)
        );
        assert_eq!(
            tokens.check(&token, "drain app b2", NOW),
            Err(BadToken::Foreign)
        );
    }

    #[test]
    fn what_this_process_has_not_made_is_refused() {
        let tokens = Tokens::new();
        let token = tokens.make("drain", NOW);
        let later = token.replacen(&format!("{NOW:x}"), &format!("{:x}", NOW + 1), 1);
        let foreign = Tokens::new().make("drain", NOW);
        for bad in [
            "",
            ".",
            "zz.zz",
            "6b0.00",
            &later,
            &foreign,
            &token[..token.len() - 2],
        ] {
            assert_eq!(
                tokens.check(bad, "drain", NOW),
                Err(BadToken::Foreign),
                "{bad}"
            );
        }
        let without = Tokens(None);
        for token in ["", &without.make("drain", NOW), &token] {
            assert_eq!(without.check(token, "drain", NOW), Err(BadToken::Foreign));
        }
        let umlaut = format!("{NOW:x}.{}", "ä".repeat(32));
        assert_eq!(tokens.check(&umlaut, "drain", NOW), Err(BadToken::Foreign));
    }
}
