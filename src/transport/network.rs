//! How the network is reached: by which proxy, with which further trusted roots.

use reqwest::Certificate;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::wire::root_cause;

/// The way into the network, beside what the system itself says (`HTTPS_PROXY`, `NO_PROXY`, its trusted roots).
#[derive(Debug, Clone, Default)]
pub struct Network {
    /// A proxy in place of the system's.
    pub proxy: Option<Proxy>,
    /// Roots trusted beside the system's.
    pub roots: Vec<Certificate>,
    /// Whether only this computer is asked, without TLS: then a system without any trusted root does.
    pub plain: bool,
}

/// A proxy and who we are to it.
#[derive(Debug, Clone)]
pub struct Proxy {
    /// Its address, without user or password.
    pub url: Url,
    /// User name and password.
    pub login: Option<(String, SecretString)>,
}

/// Why the network cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// The library refused its settings.
    #[error("secure connections cannot be set up: {}", root_cause(.0))]
    Setup(#[from] reqwest::Error),
}

impl Proxy {
    pub(super) fn to_reqwest(&self) -> Result<reqwest::Proxy, NetworkError> {
        let proxy = reqwest::Proxy::all(self.url.as_str())?;
        Ok(match &self.login {
            Some((user, password)) => proxy.basic_auth(user, password.expose_secret()),
            None => proxy,
        })
    }
}

/// The certificates of a PEM file; the message says what is wrong with it.
///
/// # Errors
/// When the text holds no certificate, or one that cannot be read.
pub fn roots(pem: &[u8]) -> Result<Vec<Certificate>, String> {
    // Without a provider the library cannot look into a certificate; a second installation is refused and harmless.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let roots = Certificate::from_pem_bundle(pem).map_err(|_| "holds something that is no certificate".to_owned())?;
    if roots.is_empty() {
        return Err("holds no certificate in PEM (-----BEGIN CERTIFICATE-----)".to_owned());
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_certificate_is_no_root() {
        assert!(roots(b"").unwrap_err().contains("no certificate"));
        assert!(roots(b"not PEM").unwrap_err().contains("no certificate"));
    }

    #[test]
    fn a_proxy_s_password_is_not_shown() {
        let proxy = Proxy {
            url: "http://proxy.contoso.example:8080".parse().unwrap(),
            login: Some(("ada".to_owned(), SecretString::from("canary"))),
        };
        assert!(!format!("{proxy:?}").contains("canary"));
        assert!(proxy.to_reqwest().is_ok());
    }
}
