//! The key schedule of TLS 1.3, with each key prepared once.
//!
//! A handshake derives about twenty keys. The provider's own HKDF (RFC 5869) extracts again for each key that it
//! expands from the same secret, and prepares the key of each HMAC (RFC 2104) again: half as many hashes again
//! as needed. rustls has HKDF on top of HMAC; this is that, over the provider's HMAC.

use aws_lc_rs::hmac;
use rustls::crypto::CryptoProvider;
use rustls::crypto::hmac::{Hmac, Key, Tag};
use rustls::crypto::tls13::HkdfUsingHmac;
use rustls::{CipherSuite, SupportedCipherSuite, Tls13CipherSuite};

static SHA256: Prepared = Prepared(hmac::HMAC_SHA256, 32);
static SHA384: Prepared = Prepared(hmac::HMAC_SHA384, 48);
static WITH_SHA256: HkdfUsingHmac<'static> = HkdfUsingHmac(&SHA256);
static WITH_SHA384: HkdfUsingHmac<'static> = HkdfUsingHmac(&SHA384);

/// HMAC with a hash function, and the length of its output in bytes.
struct Prepared(hmac::Algorithm, usize);

struct PreparedKey(hmac::Key);

/// The same suites with this key schedule, those that have one. Lives as long as the process.
pub(super) fn prepare(provider: &mut CryptoProvider) {
    for suite in &mut provider.cipher_suites {
        let SupportedCipherSuite::Tls13(tls13) = *suite else {
            continue;
        };
        let hkdf_provider = match tls13.common.suite {
            CipherSuite::TLS13_AES_256_GCM_SHA384 => &WITH_SHA384,
            CipherSuite::TLS13_AES_128_GCM_SHA256 | CipherSuite::TLS13_CHACHA20_POLY1305_SHA256 => {
                &WITH_SHA256
            }
            _ => continue,
        };
        let prepared = Tls13CipherSuite {
            common: rustls::crypto::CipherSuiteCommon {
                suite: tls13.common.suite,
                hash_provider: tls13.common.hash_provider,
                confidentiality_limit: tls13.common.confidentiality_limit,
            },
            hkdf_provider,
            aead_alg: tls13.aead_alg,
            quic: tls13.quic,
        };
        // Once per process.
        *suite = SupportedCipherSuite::Tls13(Box::leak(Box::new(prepared)));
    }
}

// === impl Prepared ===

impl Hmac for Prepared {
    fn with_key(&self, key: &[u8]) -> Box<dyn Key> {
        Box::new(PreparedKey(hmac::Key::new(self.0, key)))
    }

    fn hash_output_len(&self) -> usize {
        self.1
    }
}

impl Key for PreparedKey {
    fn sign_concat(&self, first: &[u8], middle: &[&[u8]], last: &[u8]) -> Tag {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(first);
        for piece in middle {
            context.update(piece);
        }
        context.update(last);
        Tag::new(context.sign().as_ref())
    }

    fn tag_len(&self) -> usize {
        self.0.algorithm().tag_len()
    }
}

#[cfg(test)]
mod tests {
    use rustls::crypto::aws_lc_rs;
    use rustls::crypto::tls13::{HkdfExpander, OkmBlock};

    use super::*;

    /// All that a key schedule asks of `expander`.
    fn expanded(expander: &dyn HkdfExpander) -> (Vec<u8>, Vec<u8>, usize) {
        let info: [&[u8]; 3] = [b"tls13 ", b"c hs traffic", &[7; 48]];
        // Longer than one block, which HKDF chains.
        let mut long = vec![0; 150];
        expander.expand_slice(&info, &mut long).unwrap();
        let block = expander.expand_block(&info).as_ref().to_vec();
        (block, long, expander.hash_len())
    }

    #[test]
    fn the_same_keys_as_the_providers_own() {
        let before = aws_lc_rs::default_provider();
        let mut prepared = aws_lc_rs::default_provider();
        prepare(&mut prepared);
        assert_eq!(before.cipher_suites.len(), prepared.cipher_suites.len());
        let mut compared = 0;
        for (own, ours) in before.cipher_suites.iter().zip(&prepared.cipher_suites) {
            assert_eq!(own.suite(), ours.suite());
            let (Some(own), Some(ours)) = (own.tls13(), ours.tls13()) else {
                continue;
            };
            let (own, ours) = (own.hkdf_provider, ours.hkdf_provider);
            for salt in [None, Some(&b"salt"[..]), Some(&[9; 200])] {
                assert_eq!(
                    expanded(&*own.extract_from_secret(salt, b"secret")),
                    expanded(&*ours.extract_from_secret(salt, b"secret"))
                );
                assert_eq!(
                    expanded(&*own.extract_from_zero_ikm(salt)),
                    expanded(&*ours.extract_from_zero_ikm(salt))
                );
            }
            let key = OkmBlock::new(&vec![5; own.extract_from_zero_ikm(None).hash_len()]);
            assert_eq!(
                expanded(&*own.expander_for_okm(&key)),
                expanded(&*ours.expander_for_okm(&key))
            );
            let (own, ours) = (own.hmac_sign(&key, b"x"), ours.hmac_sign(&key, b"x"));
            assert_eq!(own.as_ref(), ours.as_ref());
            compared += 1;
        }
        assert_eq!(compared, 3, "a suite of TLS 1.3 is not known here");
    }
}
