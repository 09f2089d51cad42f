//! A certificate's proof (Microsoft identity platform: certificate credentials): a JWT that lives ten minutes, signed
//! with the private key, which names the certificate by its SHA-256 thumbprint.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::{KeyPair as _, RSA_PSS_SHA256};
use rustls::pki_types::pem::{PemObject, SectionKind};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use serde_json::json;

/// A certificate with its private key.
pub struct Certificate {
    /// SHA-256 of the certificate in DER, base64url: `x5t#S256`.
    thumbprint: String,
    key: KeyPair,
}

/// Life of an assertion, seconds. Entra takes five to ten minutes.
const LIFE: i64 = 600;

impl Certificate {
    /// Reads certificate and key from PEM; the key may be a text of its own.
    ///
    /// # Errors
    /// In words: what is missing, encrypted, or does not belong together.
    pub fn from_pem(certificate: &[u8], key: Option<&[u8]>) -> Result<Self, String> {
        let first = CertificateDer::pem_slice_iter(certificate).next();
        let first = first.ok_or("holds no certificate in PEM (-----BEGIN CERTIFICATE-----)")?;
        let first = first.map_err(|_| "holds a certificate that cannot be read")?;
        let key_text = key.unwrap_or(certificate);
        if is_encrypted(key_text) {
            return Err(
                "holds a private key with a passphrase; write it without one (openssl pkey), or use a PFX file \
                with password_env"
                    .to_owned(),
            );
        }
        let der = PrivateKeyDer::from_pem_slice(key_text)
            .map_err(|_| "holds no private key in PEM (-----BEGIN PRIVATE KEY-----)")?;
        let pair = match &der {
            PrivateKeyDer::Pkcs8(der) => KeyPair::from_pkcs8(der.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(der) => KeyPair::from_der(der.secret_pkcs1_der()),
            _ => return Err("holds a private key that is not RSA; Entra takes RSA keys only".to_owned()),
        };
        Self::of(&first, pair)
    }

    /// Reads certificate and key from a PKCS #12 file.
    ///
    /// # Errors
    /// In words: a wrong password, or what is missing.
    pub fn from_pfx(bytes: &[u8], password: &str) -> Result<Self, String> {
        use p12_keystore::error::Error;
        let store = p12_keystore::KeyStore::from_pkcs12(bytes, password, p12_keystore::Pkcs12ImportPolicy::Strict)
            .map_err(|error| match error {
                Error::UnsupportedEncryptionScheme | Error::UnsupportedMacAlgorithm => {
                    "is encrypted in a way that is not supported; write it anew with AES-256 (openssl pkcs12, or \
                     Export-PfxCertificate -CryptoAlgorithmOption AES256_SHA256)"
                }
                _ => "cannot be opened with this password, or is no PFX file",
            })?;
        let (_, chain) = store.private_key_chain().ok_or("holds no private key with its certificate")?;
        let first = chain.certs().first().ok_or("holds no certificate beside its key")?;
        Self::of(&CertificateDer::from_slice(first.as_der()), KeyPair::from_pkcs8(chain.key().as_der()))
    }

    fn of(certificate: &CertificateDer<'_>, key: Result<KeyPair, ring::error::KeyRejected>) -> Result<Self, String> {
        let key = key.map_err(|why| {
            format!("holds a private key that cannot be used ({why}); Entra takes RSA keys of 2048 to 4096 bits")
        })?;
        let leaf =
            webpki::EndEntityCert::try_from(certificate).map_err(|_| "holds a certificate that cannot be read")?;
        // The certificate's key is the same structure behind its algorithm (RFC 5280 section 4.1).
        if !leaf.subject_public_key_info().as_ref().ends_with(key.public_key().as_ref()) {
            return Err("holds a private key that does not belong to its certificate".to_owned());
        }
        Ok(Self { thumbprint: URL_SAFE_NO_PAD.encode(digest(&SHA256, certificate)), key })
    }

    /// The proof for one token request at `audience`, the token endpoint.
    ///
    /// # Errors
    /// When the key does not sign.
    pub fn assertion(&self, client_id: &str, audience: &str, now: Timestamp) -> Result<SecretString, String> {
        let now = now.as_second();
        let head = json!({"alg": "PS256", "typ": "JWT", "x5t#S256": self.thumbprint});
        let body = json!({"aud": audience, "iss": client_id, "sub": client_id, "jti": uuid::Uuid::new_v4().to_string(),
            "nbf": now, "iat": now, "exp": now + LIFE});
        let mut jwt = Zeroizing::new(String::with_capacity(2048));
        jwt.push_str(&URL_SAFE_NO_PAD.encode(head.to_string()));
        jwt.push('.');
        jwt.push_str(&URL_SAFE_NO_PAD.encode(body.to_string()));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(&RSA_PSS_SHA256, &SystemRandom::new(), jwt.as_bytes(), &mut signature)
            .map_err(|_| "the private key does not sign".to_owned())?;
        jwt.push('.');
        jwt.push_str(&URL_SAFE_NO_PAD.encode(signature));
        Ok(SecretString::from(jwt.as_str()))
    }
}

fn is_encrypted(pem: &[u8]) -> bool {
    // The key of older tools says so in its header lines, the newer form in its name.
    let text = String::from_utf8_lossy(pem);
    text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED")
}

/// Whether bytes are PEM rather than PFX.
#[must_use]
pub fn is_pem(bytes: &[u8]) -> bool {
    <(SectionKind, Vec<u8>)>::pem_slice_iter(bytes).next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    const CERTIFICATE: &[u8] = include_bytes!("../../../tests/clients/assertion.crt.pem");
    const KEY: &[u8] = include_bytes!("../../../tests/clients/assertion.key.pem");

    #[test]
    fn an_assertion_names_the_certificate_by_its_whole_thumbprint() {
        let certificate = Certificate::from_pem(CERTIFICATE, Some(KEY)).unwrap();
        let jwt = certificate.assertion("app", "https://a.example/t", Timestamp::UNIX_EPOCH).unwrap();
        let parts: Vec<_> = jwt.expose_secret().split('.').collect();
        let read = |part: &str| -> serde_json::Value {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
        };
        let (head, body) = (read(parts[0]), read(parts[1]));
        assert_eq!(head["x5t#S256"].as_str().map(str::len), Some(43));
        assert_eq!(head["alg"], "PS256");
        assert_eq!(
            (&body["aud"], &body["iss"], &body["exp"]),
            (&json!("https://a.example/t"), &json!("app"), &json!(600))
        );
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        let fails = |certificate: &[u8], key: Option<&[u8]>| Certificate::from_pem(certificate, key).err().unwrap();
        assert!(fails(b"", None).contains("no certificate"));
        assert!(fails(CERTIFICATE, None).contains("no private key"));
        let locked = b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
        assert!(fails(CERTIFICATE, Some(locked)).contains("passphrase"));
        let other = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap().serialize_pem();
        assert!(fails(CERTIFICATE, Some(other.as_bytes())).contains("RSA"));
        assert!(is_pem(CERTIFICATE) && !is_pem(b"\x30\x82"));
    }

    #[test]
    fn a_pfx_file_opens_with_its_password_only() {
        // Both by openssl pkcs12 -export: as it does today (AES-256, PBKDF2), and with -legacy (RC2 and 3DES, SHA-1).
        let modern = include_bytes!("../../../tests/clients/modern.pfx").as_slice();
        let legacy = include_bytes!("../../../tests/clients/legacy.pfx").as_slice();
        let plain = Certificate::from_pem(CERTIFICATE, Some(KEY)).unwrap();
        for pfx in [modern, legacy] {
            assert!(!is_pem(pfx));
            assert_eq!(Certificate::from_pfx(pfx, "canary-pfx-password").unwrap().thumbprint, plain.thumbprint);
            for wrong in ["", "canary-pfx-passworD"] {
                assert!(Certificate::from_pfx(pfx, wrong).err().unwrap().contains("password"));
            }
            let cut = pfx.get(..pfx.len() / 2).unwrap();
            assert!(Certificate::from_pfx(cut, "canary-pfx-password").err().unwrap().contains("no PFX file"));
        }
        let rc4 = include_bytes!("../../../tests/clients/rc4.pfx");
        let why = Certificate::from_pfx(rc4, "canary-pfx-password").err().unwrap();
        assert!(why.contains("encrypted in a way that is not supported"), "{why}");
    }
}
