//! From a configured credential to one that signs in: read once, at the last moment, and never shown.

use std::path::PathBuf;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::config::{CredentialSource, Profile, SecretSource};
use crate::failure::{Exit, Failure};
use crate::service::entra::{
    Certificate, Credential, DeviceCode, Federated, IMDS, IMDS_PATH, ManagedIdentity, Protocol, is_pem,
};
use crate::transport::trace::Trace;
use crate::transport::wire::{is_link_local, is_loopback};

/// Reads a profile's credential; a trace learns what it must never show.
///
/// # Errors
/// In words, with the place that lacks it.
pub fn read(profile: &Profile, trace: Option<&Trace>) -> Result<Credential, Failure> {
    let hide = |secret: &SecretString| {
        if let Some(trace) = trace {
            trace.hide(secret.clone());
        }
    };
    Ok(match &profile.credential {
        CredentialSource::Secret(source) => {
            let secret = source.read("the client secret")?;
            hide(&secret);
            Credential::Secret(secret)
        }
        CredentialSource::Certificate { certificate, key, password } => {
            Credential::Certificate(Box::new(read_certificate(certificate, key.as_ref(), password.as_ref())?))
        }
        CredentialSource::Federated { file, audience } => {
            let federated = federated(file.clone(), audience)?;
            if let Federated::GitHub { token, .. } = &federated {
                hide(token);
            }
            Credential::Federated(federated)
        }
        CredentialSource::ManagedIdentity => {
            let identity = managed_identity(&profile.client_id)?;
            if let Protocol::AppService(secret) = &identity.protocol {
                hide(secret);
            }
            Credential::ManagedIdentity(identity)
        }
        CredentialSource::DeviceCode => Credential::DeviceCode(DeviceCode::new(Arc::new(|text: &str| {
            use std::io::Write;
            // Even with --quiet: without it nobody could sign in.
            let _ = writeln!(std::io::stderr().lock(), "{text}");
        }))),
    })
}

fn refused(message: String, hint: &str) -> Failure {
    Failure { exit: Exit::SignIn, message, hint: hint.to_owned() }
}

fn read_certificate(
    certificate: &SecretSource,
    key: Option<&SecretSource>,
    password: Option<&SecretSource>,
) -> Result<Certificate, Failure> {
    let bytes = certificate.read_bytes("the certificate")?;
    let key_bytes = key.map(|key| key.read_bytes("the certificate's private key")).transpose()?;
    let read = if is_pem(&bytes) {
        Certificate::from_pem(&bytes, key_bytes.as_ref().map(|bytes| &bytes[..]))
    } else {
        let password = password.map(|password| password.read("the password of the PFX file")).transpose()?;
        Certificate::from_pfx(&bytes, password.as_ref().map_or("", |password| password.expose_secret()))
    };
    let place = match (&read, key) {
        (Err(why), Some(key)) if why.contains("private key") => key.place(),
        _ => certificate.place(),
    };
    read.map_err(|why| refused(format!("{place} {why}"), "the README shows how certificate and key are made"))
}

/// A variable that is set and not empty.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

fn federated(file: Option<PathBuf>, audience: &str) -> Result<Federated, Failure> {
    if let Some(file) = file {
        return Ok(Federated::File(file));
    }
    if let (Some(url), Some(token)) =
        (variable("ACTIONS_ID_TOKEN_REQUEST_URL"), variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN"))
    {
        let url = near_or_secure("ACTIONS_ID_TOKEN_REQUEST_URL", &url, is_loopback)?;
        return Ok(Federated::GitHub { url, token: SecretString::from(token), audience: audience.to_owned() });
    }
    variable("AZURE_FEDERATED_TOKEN_FILE").map(|file| Federated::File(PathBuf::from(file))).ok_or_else(|| {
        refused(
            "there is no token to exchange: neither `credential.file`, nor GitHub Actions' ACTIONS_ID_TOKEN_REQUEST_URL, nor AZURE_FEDERATED_TOKEN_FILE is set".to_owned(),
            "name the file that your platform keeps the token in; in GitHub Actions give the job `permissions: id-token: write`",
        )
    })
}

fn managed_identity(client_id: &str) -> Result<ManagedIdentity, Failure> {
    let client_id = Some(client_id.to_owned()).filter(|id| !id.is_empty());
    let near = |url: &Url| is_loopback(url) || is_link_local(url);
    if let (Some(endpoint), Some(header)) = (variable("IDENTITY_ENDPOINT"), variable("IDENTITY_HEADER")) {
        let endpoint = near_or_secure("IDENTITY_ENDPOINT", &endpoint, near)?;
        return Ok(ManagedIdentity { endpoint, protocol: Protocol::AppService(SecretString::from(header)), client_id });
    }
    if variable("IDENTITY_ENDPOINT").is_some() && variable("IMDS_ENDPOINT").is_some() {
        return Err(refused(
            "the identity of Azure Arc machines is not supported".to_owned(),
            "use a certificate or a federated credential here",
        ));
    }
    // The name other Azure libraries use for another place of the same endpoint.
    let root = variable("AZURE_POD_IDENTITY_AUTHORITY_HOST").unwrap_or_else(|| IMDS.to_owned());
    let root = near_or_secure("AZURE_POD_IDENTITY_AUTHORITY_HOST", &root, near)?;
    let endpoint = root.join(IMDS_PATH).map_err(|error| {
        refused(format!("no identity endpoint: {error}"), "check AZURE_POD_IDENTITY_AUTHORITY_HOST")
    })?;
    Ok(ManagedIdentity { endpoint, protocol: Protocol::Imds, client_id })
}

/// An address from the environment that will see a credential: encrypted, or near enough.
fn near_or_secure(name: &str, text: &str, near: impl Fn(&Url) -> bool) -> Result<Url, Failure> {
    let url = Url::parse(text.trim())
        .map_err(|error| refused(format!("{name} is no address: {error}"), "it has to begin with https://"))?;
    if url.scheme() == "https" || (url.scheme() == "http" && near(&url)) {
        return Ok(url);
    }
    Err(refused(
        format!("{name} is not encrypted, and a credential would travel there"),
        "it has to begin with https://",
    ))
}

/// The proxy's user and password, where the environment has them.
#[must_use]
pub fn proxy_login() -> Option<(String, SecretString)> {
    let user = variable("EWSREADY_PROXY_USER")?;
    Some((user, SecretString::from(variable("EWSREADY_PROXY_PASSWORD").unwrap_or_default())))
}

/// Passwords in the system's own proxy settings, which the trace must not show either.
#[must_use]
pub fn system_proxy_passwords() -> Vec<SecretString> {
    ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
        .into_iter()
        .filter_map(|name| Url::parse(&variable(name)?).ok()?.password().map(SecretString::from))
        .collect()
}
