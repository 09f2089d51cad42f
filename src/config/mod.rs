//! Tenant profiles: how to reach one tenant, with which credential, at which pace.

pub mod keys;
mod layers;
mod nearest;
mod profile;
mod secret;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use url::Url;

use crate::evidence::store::{Branding, Kiosk};
use crate::facts::Cloud;
use crate::failure::Failure;
use crate::imports::integrations::Files;
use crate::transport::Pace;
use crate::transport::wire::is_loopback;

pub use layers::{Environment, File, Origin, Overrides, Setting, Settings, Value};
pub use nearest::nearest;
pub use profile::{load, profile};
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
    /// Whether the cloud was named, or is only assumed.
    pub cloud_given: bool,
    /// Our application's id.
    pub client_id: String,
    /// What proves that we are the application.
    pub credential: CredentialSource,
    /// Where the services are.
    pub endpoints: Endpoints,
    /// Names of the endpoints that are not the cloud's own.
    pub given_endpoints: Vec<&'static str>,
    /// Which sources are asked.
    pub sources: Sources,
    /// How the network is reached.
    pub network: NetworkChoice,
    /// Rosters to assess where the command names none.
    pub rosters: Vec<PathBuf>,
    /// How fast and how patiently.
    pub pace: Pace,
    /// Integrations that apply.
    pub integrations: Vec<String>,
    /// What a kiosk-only user is told.
    pub kiosk: Kiosk,
    /// Applications that need EWS, by id.
    pub apps: Vec<String>,
    /// How Salesforce connects: `user-oauth`, `organization-oauth` or `service-account`; none: not said.
    pub salesforce_connection: Option<String>,
    /// The customer's own application of cross-tenant synchronization with Dynamics 365, by id.
    pub dynamics_app: Option<String>,
    /// On-premises hosts to ask beside those that Autodiscover names.
    pub on_premises_hosts: Vec<String>,
    /// Whose report it is and how it looks.
    pub branding: Branding,
    /// Exports of other products to join.
    pub exports: Files,
    /// Whether it is the embedded tenant.
    pub simulated: bool,
}

/// Where a credential comes from; never the credential itself.
#[derive(Debug, Clone)]
pub enum CredentialSource {
    /// A client secret.
    Secret(SecretSource),
    /// A certificate with its private key, in PEM or PFX.
    Certificate {
        /// Certificate, and its key unless that lies elsewhere.
        certificate: SecretSource,
        /// The private key, where it is a file of its own.
        key: Option<SecretSource>,
        /// Password of a PFX file.
        password: Option<SecretSource>,
    },
    /// A token of an issuer that the registration trusts.
    Federated {
        /// File with the token; none: GitHub Actions, or the file that `AZURE_FEDERATED_TOKEN_FILE` names.
        file: Option<PathBuf>,
        /// Audience the token is asked for.
        audience: String,
    },
    /// The identity of the Azure machine this runs on.
    ManagedIdentity,
    /// A person at a browser.
    DeviceCode,
}

/// How the network is reached, as configured.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NetworkChoice {
    /// Proxy in place of the system's; without user and password.
    pub proxy: Option<Url>,
    /// Files with roots to trust beside the system's.
    pub ca_files: Vec<PathBuf>,
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
    /// An address below which every on-premises host stands under its name; none: they are asked under their own.
    pub on_premises: Option<Url>,
    /// The name server to ask; none: the system's.
    pub dns: Option<SocketAddr>,
}

impl Endpoints {
    /// Everything at one root, as the simulator serves it.
    #[must_use]
    pub fn all_at(root: &Url) -> Self {
        Self {
            authority: root.clone(),
            graph: root.clone(),
            exchange: root.clone(),
            autodiscover: root.clone(),
            on_premises: root.join("/onprem").ok(),
            dns: None,
        }
    }

    /// One of them by its key.
    fn named(&mut self, name: &str) -> &mut Url {
        match name {
            "authority" => &mut self.authority,
            "graph" => &mut self.graph,
            "exchange" => &mut self.exchange,
            _ => &mut self.autodiscover,
        }
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
            on_premises: None,
            dns: None,
        })
    }
}

/// Which sources a run asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    /// The Exchange admin REST backend (undocumented).
    pub exchange_admin: bool,
    /// The live EWS probe.
    pub ews: bool,
    /// Autodiscover.
    pub autodiscover: bool,
    /// On-premises hosts, without credentials.
    pub on_premises: bool,
    /// The system's name servers.
    pub dns: bool,
    /// SOAP Autodiscover: one call a mailbox more, with our token.
    pub autodiscover_soap: bool,
    /// Exports that stand in for the Exchange admin backend.
    pub imports: Imports,
}

impl Default for Sources {
    fn default() -> Self {
        Self {
            exchange_admin: true,
            ews: true,
            autodiscover: true,
            autodiscover_soap: false,
            on_premises: true,
            dns: true,
            imports: Imports::default(),
        }
    }
}

/// Files made with Exchange Online PowerShell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Imports {
    /// Export of `Get-OrganizationConfig`.
    pub organization: Option<PathBuf>,
    /// Export of `Get-CASMailbox`.
    pub cas_mailboxes: Option<PathBuf>,
    /// Export of `Get-Mailbox`.
    pub mailboxes: Option<PathBuf>,
}

impl Profile {
    /// The same tenant in another cloud: everything that was not set for it by itself moves there.
    ///
    /// # Errors
    /// When a fact is no address.
    pub fn moved_to(mut self, cloud: Cloud) -> Result<Self, Failure> {
        let mut endpoints = Endpoints::of(&cloud)?;
        for name in &self.given_endpoints {
            *endpoints.named(name) = self.endpoints.named(name).clone();
        }
        // Neither belongs to a cloud.
        (endpoints.on_premises, endpoints.dns) = (self.endpoints.on_premises, self.endpoints.dns);
        self.endpoints = endpoints;
        self.cloud = cloud;
        Ok(self)
    }
}

/// Reads a proxy's address. A password in it would stand in process lists and histories.
fn parse_proxy(text: &str) -> Result<Url, String> {
    let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let url = Url::parse(&with_scheme).map_err(|error| format!("is no address: {error}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a user or password, which belong into the environment".to_owned());
    }
    if !["http", "https"].contains(&url.scheme()) || url.host_str().is_none() {
        return Err(format!("is '{text}'; proxies for HTTP are supported"));
    }
    Ok(url)
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
