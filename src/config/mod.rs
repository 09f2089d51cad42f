//! Tenant profiles: how to reach one tenant, with which credential, at which pace.

mod file;
mod nearest;
mod secret;

use std::path::{Path, PathBuf};

use url::Url;

use crate::cli::exit::Failure;
use crate::facts::Cloud;
use crate::transport::Pace;
use crate::transport::wire::is_loopback;

pub use file::{KioskChoice, load};
pub use nearest::nearest;
pub use secret::SecretSource;

/// The embedded tenant's profile name.
pub const DEMO: &str = "demo";

/// How to reach one tenant.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Its name in the configuration.
    pub name: String,
    /// Tenant id or verified domain.
    pub tenant: String,
    /// The cloud it lives in.
    pub cloud: Cloud,
    /// Our application's id.
    pub client_id: String,
    /// What proves that we are the application.
    pub credential: CredentialSource,
    /// Where the services are.
    pub endpoints: Endpoints,
    /// Which sources are asked.
    pub sources: Sources,
    /// How fast and how patiently.
    pub pace: Pace,
    /// Integrations that apply.
    pub integrations: Vec<String>,
    /// What a kiosk-only user is told.
    pub kiosk: KioskChoice,
    /// Applications that need EWS, by id.
    pub apps: Vec<String>,
    /// Whether it is the embedded tenant.
    pub simulated: bool,
}

/// Where a credential comes from; never the credential itself.
#[derive(Debug, Clone)]
pub enum CredentialSource {
    /// A client secret.
    Secret(SecretSource),
}

/// The services' roots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// Entra.
    pub authority: Url,
    /// Graph.
    pub graph: Url,
    /// Exchange Online: EWS and admin backend.
    pub exchange: Url,
    /// Autodiscover V2.
    pub autodiscover: Url,
}

impl Endpoints {
    /// Everything at one root, as the simulator serves it.
    #[must_use]
    pub fn all_at(root: &Url) -> Self {
        Self { authority: root.clone(), graph: root.clone(), exchange: root.clone(), autodiscover: root.clone() }
    }

    /// The endpoints of a cloud.
    ///
    /// # Errors
    /// When a fact is no address.
    pub fn of(cloud: &Cloud) -> Result<Self, Failure> {
        let root =
            |text: &str| parse_root(text).map_err(|why| Failure::usage(format!("cloud {}: {why}", cloud.id), ""));
        Ok(Self {
            authority: root(&cloud.authority)?,
            graph: root(&cloud.graph)?,
            exchange: root(&cloud.exchange)?,
            autodiscover: root(&cloud.autodiscover)?,
        })
    }
}

/// Which sources a run asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sources {
    /// The Exchange admin REST backend (undocumented).
    pub exchange_admin: bool,
    /// The live EWS probe.
    pub ews: bool,
    /// Autodiscover.
    pub autodiscover: bool,
}

impl Default for Sources {
    fn default() -> Self {
        Self { exchange_admin: true, ews: true, autodiscover: true }
    }
}

/// Reads a service's root: https, or plain http to loopback only.
fn parse_root(text: &str) -> Result<Url, String> {
    let with_scheme = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let url = Url::parse(&with_scheme).map_err(|error| format!("{text} is no address: {error}"))?;
    if url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url)) {
        return Ok(url);
    }
    Err(format!("{text} is not encrypted; only https is used, and plain http on this computer (loopback)"))
}

/// The configuration file: the one given, else `ewsready.toml` in the current folder.
#[must_use]
pub fn path_or_default(given: Option<&Path>) -> PathBuf {
    given.map_or_else(|| PathBuf::from("ewsready.toml"), Path::to_owned)
}
