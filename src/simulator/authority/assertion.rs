//! Client assertions (Microsoft Entra: certificate credentials, workload identity federation): a JWT signed by the
//! application's certificate, or one made by a federated issuer.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::digest;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::Deserialize;
use webpki::EndEntityCert;

use super::errors::Problem;
use crate::simulator::call::Call;
use crate::simulator::server::State;
use crate::simulator::tenant::{Application, FederatedSpec};

#[derive(Deserialize)]
struct Head {
    alg: String,
    #[serde(default)]
    x5t: Option<String>,
    #[serde(default, rename = "x5t#S256")]
    x5t_s256: Option<String>,
}

#[derive(Deserialize)]
struct Body {
    iss: String,
    sub: String,
    aud: Audience,
    /// Seconds; JWT allows fractions, and msal for Python sends them.
    exp: f64,
    #[serde(default)]
    nbf: Option<f64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn holds(&self, wanted: impl Fn(&str) -> bool) -> bool {
        match self {
            Self::One(one) => wanted(one),
            Self::Many(many) => many.iter().any(|one| wanted(one)),
        }
    }
}

struct Assertion<'a> {
    head: Head,
    body: Body,
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> Assertion<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (signed, signature) = text.rsplit_once('.')?;
        let (head, body) = signed.split_once('.')?;
        let read = |part: &str| BASE64.decode(part.trim_end_matches('=')).ok();
        Some(Self {
            head: serde_json::from_slice(&read(head)?).ok()?,
            body: serde_json::from_slice(&read(body)?).ok()?,
            signed,
            signature: read(signature)?,
        })
    }

    /// Whether the signature is the certificate's, with one of the two algorithms that Entra takes.
    fn signed_by(&self, certificate: &CertificateDer<'_>) -> Result<(), String> {
        let algorithm = match self.head.alg.as_str() {
            "PS256" => webpki::ring::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
            "RS256" => webpki::ring::RSA_PKCS1_2048_8192_SHA256,
            other => return Err(format!("The algorithm '{other}' is not supported.")),
        };
        let certificate = EndEntityCert::try_from(certificate)
            .map_err(|_| "The registered certificate cannot be read.".to_owned())?;
        certificate
            .verify_signature(algorithm, self.signed.as_bytes(), &self.signature)
            .map_err(|_| "The key was found, but its use to verify the signature failed.".to_owned())
    }

    fn check_times(&self, now: f64) -> Result<(), Problem> {
        // Clocks may differ by five minutes.
        let begun = self.body.nbf.is_none_or(|nbf| nbf <= now + 300.0);
        if begun && self.body.exp > now { Ok(()) } else { Err(Problem::AssertionTime) }
    }
}

/// Checks an assertion against the application's certificate, else against its federated credentials.
pub(super) fn check(state: &State, call: &Call, app: &Application, text: &str) -> Result<(), Problem> {
    let assertion = Assertion::parse(text).ok_or(Problem::AssertionMalformed)?;
    let now = state.clock.now().as_second() as f64;
    let own = app.client_id.to_string();
    if assertion.body.iss.eq_ignore_ascii_case(&own) {
        return with_certificate(state, call, app, &assertion, now);
    }
    let candidates =
        app.federated.iter().find(|entry| entry.issuer == assertion.body.iss && entry.subject == assertion.body.sub);
    let Some(entry) = candidates else {
        let why = format!("Assertion Issuer: '{}'. Assertion Subject: '{}'.", assertion.body.iss, assertion.body.sub);
        return Err(Problem::NoFederatedCredential(why));
    };
    federated(entry, &assertion, now)
}

fn with_certificate(
    state: &State,
    call: &Call,
    app: &Application,
    assertion: &Assertion<'_>,
    now: f64,
) -> Result<(), Problem> {
    let registered = app.certificate.as_deref().and_then(certificate);
    let Some(registered) = registered else {
        return Err(Problem::AssertionSignature("The key was not found: no certificate is registered.".to_owned()));
    };
    let thumbprint = |algorithm| BASE64.encode(digest::digest(algorithm, &registered));
    let known = match (&assertion.head.x5t_s256, &assertion.head.x5t) {
        (Some(given), _) => given.trim_end_matches('=') == thumbprint(&digest::SHA256),
        (None, Some(given)) => given.trim_end_matches('=') == thumbprint(&digest::SHA1_FOR_LEGACY_USE_ONLY),
        (None, None) => false,
    };
    if !known {
        return Err(Problem::AssertionSignature(
            "The key was not found: the thumbprint matches no registered certificate.".to_owned(),
        ));
    }
    assertion.signed_by(&registered).map_err(Problem::AssertionSignature)?;
    if assertion.body.sub != assertion.body.iss {
        return Err(Problem::AssertionMalformed);
    }
    let audience = |aud: &str| {
        let aud = aud.trim_end_matches('/');
        let path = aud
            .strip_prefix(&call.origin)
            .or_else(|| aud.strip_prefix("https://login.microsoftonline.com"))
            .map(|path| path.trim_start_matches('/'));
        path.and_then(|path| path.split_once('/')).is_some_and(|(tenant, rest)| {
            state.tenant.is_called(tenant) && matches!(rest, "oauth2/v2.0/token" | "v2.0")
        })
    };
    if !assertion.body.aud.holds(audience) {
        return Err(Problem::AssertionAudience);
    }
    assertion.check_times(now)
}

fn federated(entry: &FederatedSpec, assertion: &Assertion<'_>, now: f64) -> Result<(), Problem> {
    if !assertion.body.aud.holds(|aud| aud == entry.audience) {
        return Err(Problem::NoFederatedCredential(format!("The audience must be '{}'.", entry.audience)));
    }
    if let Some(issuer) = entry.certificate.as_deref().and_then(certificate) {
        assertion.signed_by(&issuer).map_err(Problem::AssertionSignature)?;
    }
    assertion.check_times(now)
}

fn certificate(pem: &str) -> Option<CertificateDer<'static>> {
    CertificateDer::from_pem_slice(pem.as_bytes()).ok()
}
