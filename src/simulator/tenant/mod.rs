//! The tenant that is simulated: read from a file, or generated from a number and a seed.

mod build;
mod file;
mod generate;
mod people;
mod person;
mod products;
mod roster;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use uuid::Uuid;

pub(crate) use file::{
    ApplicationSpec as Application, Cloud, DomainSpec as Domain, FederatedSpec, NoticeSpec as Notice, Scheme,
    ServerSpec as Server,
};
pub(crate) use people::People;
pub(crate) use person::{
    Agents, CalendarRole, EwsAccess, GraphAccess, Licence, Mailbox, Person, Place, Switch, Trouble,
};
pub(crate) use products::Product;
pub use roster::RosterLine;

use super::faults::Faults;

/// A simulated Microsoft 365 tenant. Two tenants made from the same file, or from the same number and seed, are the same.
#[derive(Debug)]
pub struct Tenant {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) country: String,
    pub(crate) synchronized: Option<bool>,
    pub(crate) cloud: Cloud,
    pub(crate) domains: Vec<Domain>,
    pub(crate) exchange: Exchange,
    pub(crate) applications: Vec<Application>,
    pub(crate) subscriptions: Vec<Subscription>,
    pub(crate) notices: Vec<Notice>,
    pub(crate) people: People,
    faults: Faults,
    consumed: OnceLock<BTreeMap<Uuid, i64>>,
}

/// The organisation's Exchange settings.
#[derive(Debug, Clone, Default)]
pub(crate) struct Exchange {
    pub(crate) ews_enabled: Switch,
    pub(crate) allowed_apps: Vec<String>,
    pub(crate) agents: Agents,
    pub(crate) public_folders: bool,
    pub(crate) on_premises: Vec<Server>,
}

/// A product the tenant has bought.
#[derive(Debug, Clone)]
pub(crate) struct Subscription {
    pub(crate) product: Arc<Product>,
    pub(crate) seats: i64,
    pub(crate) capability: person::Capability,
}

/// What a client needs to sign in to a simulated tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Tenant id.
    pub tenant_id: String,
    /// Application (client) id.
    pub client_id: String,
    /// Client secret; empty when the application has none.
    pub client_secret: String,
}

/// Why a tenant file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantError {
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1, where it could be told.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What to write instead; may be empty.
    pub hint: String,
}

impl fmt::Display for TenantError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tenant file {}", self.file)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        write!(f, ": {}", self.message)?;
        if self.hint.is_empty() { Ok(()) } else { write!(f, " ({})", self.hint) }
    }
}

impl std::error::Error for TenantError {}

impl Tenant {
    /// The tenant behind `--tenant demo`.
    ///
    /// # Errors
    /// Never, as long as the embedded file is in order; a test holds it so.
    pub fn demo() -> Result<Self, TenantError> {
        Self::from_toml("samples/tenants/demo.toml", include_str!("../../../samples/tenants/demo.toml"))
    }

    /// Reads a tenant file; `name` is how messages call it.
    ///
    /// # Errors
    /// A [`TenantError`] with the line of the first thing that is wrong.
    pub fn from_toml(name: &str, text: &str) -> Result<Self, TenantError> {
        build::tenant(name, text)
    }

    /// A tenant of `users` accounts with realistic proportions. Accounts are computed when they are asked for,
    /// so that its size costs no memory.
    #[must_use]
    pub fn generated(users: u32, seed: u64) -> Self {
        generate::tenant(users, seed)
    }

    /// How to sign in as the first application of the tenant, the one that assesses it.
    #[must_use]
    pub fn application(&self) -> Credentials {
        let first = self.applications.first();
        Credentials {
            tenant_id: self.id.to_string(),
            client_id: first.map(|app| app.client_id.to_string()).unwrap_or_default(),
            client_secret: first.and_then(|app| app.secret.clone()).unwrap_or_default(),
        }
    }

    /// The faults its file asks for.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The tenant's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The `onmicrosoft` domain.
    pub(crate) fn initial_domain(&self) -> &str {
        self.domains.iter().find(|domain| domain.initial).map_or("contoso.onmicrosoft.com", |domain| &domain.name)
    }

    /// Whether the domain of an address is one of the tenant's.
    pub(crate) fn owns_domain_of(&self, address: &str) -> bool {
        let domain = address.rsplit('@').next().unwrap_or_default();
        self.domains.iter().any(|own| own.name.eq_ignore_ascii_case(domain))
    }

    /// Whether `word` names this tenant in a URL: its id, or one of its domains.
    pub(crate) fn is_called(&self, word: &str) -> bool {
        Uuid::parse_str(word).is_ok_and(|id| id == self.id)
            || self.domains.iter().any(|domain| domain.name.eq_ignore_ascii_case(word))
    }

    /// Object id of an application's service principal here.
    pub(crate) fn service_principal_id(&self, client_id: Uuid) -> Uuid {
        Uuid::new_v5(&self.id, client_id.as_bytes())
    }

    /// Units assigned of a product.
    pub(crate) fn consumed_units(&self, product: Uuid) -> i64 {
        let consumed = self.consumed.get_or_init(|| self.people.consumed_units());
        consumed.get(&product).copied().unwrap_or(0)
    }

    /// How many accounts are live.
    pub(crate) fn live_accounts(&self) -> u64 {
        (0..self.people.slots()).filter(|index| !self.people.is_deleted(*index)).count() as u64
    }
}
