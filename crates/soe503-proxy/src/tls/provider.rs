//! The cryptography, passed explicitly wherever TLS is set up.

use std::sync::{Arc, LazyLock};

use rustls::crypto::{CryptoProvider, aws_lc_rs};

use super::hkdf;

/// aws-lc-rs, once per process. Passed rather than installed as the process default: no other
/// library and no order of start-up can then change it.
pub(super) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| {
        let mut provider = aws_lc_rs::default_provider();
        hkdf::prepare(&mut provider);
        Arc::new(provider)
    });
    Arc::clone(&PROVIDER)
}
