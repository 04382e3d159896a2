//! Which cryptography TLS uses.

/// Makes ring the provider of rustls for the whole process. Whoever is first wins, so it may be called wherever TLS is about to be
/// used; no client can be built before.
pub fn install_crypto_provider() {
    // An error only says that there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
