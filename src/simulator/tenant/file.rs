//! The tenant file: what a person writes by hand. The comments in `samples/tenants/demo.toml` explain it to them.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use toml::Spanned;
use uuid::Uuid;

use super::person::{
    AgentList, AssignmentState, Capability, Delegate, EwsAccess, GraphAccess, Provisioning, Purpose, Switch, Trouble,
};
use crate::simulator::faults::Faults;

/// A whole tenant file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) tenant: TenantSpec,
    #[serde(default)]
    pub(super) exchange: ExchangeSpec,
    #[serde(default)]
    pub(super) application: Vec<Spanned<ApplicationSpec>>,
    #[serde(default)]
    pub(super) product: Vec<Spanned<ProductSpec>>,
    #[serde(default)]
    pub(super) notice: Vec<NoticeSpec>,
    #[serde(default)]
    pub(super) defaults: UserSpec,
    #[serde(default)]
    pub(super) template: BTreeMap<String, Spanned<UserSpec>>,
    #[serde(default)]
    pub(super) user: Vec<Spanned<UserSpec>>,
    #[serde(default)]
    pub(super) faults: Faults,
}

/// `[tenant]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TenantSpec {
    pub(super) id: Uuid,
    pub(super) name: String,
    #[serde(default = "default_country")]
    pub(super) country: String,
    #[serde(default)]
    pub(super) synchronized: Option<bool>,
    #[serde(default)]
    pub(super) cloud: Cloud,
    pub(super) domains: Vec<DomainSpec>,
}

fn default_country() -> String {
    "DE".to_owned()
}

/// The cloud a tenant lives in; the dated EWS rules apply to the worldwide one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Cloud {
    #[default]
    Global,
    Gcc,
    GccHigh,
    Dod,
    China,
}

/// An entry of `tenant.domains`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DomainSpec {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) default: bool,
    #[serde(default)]
    pub(crate) initial: bool,
    #[serde(default = "yes")]
    pub(crate) email: bool,
    #[serde(default)]
    pub(crate) federated: bool,
}

fn yes() -> bool {
    true
}

/// `[exchange]`: the organisation's settings.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExchangeSpec {
    #[serde(default, deserialize_with = "switch")]
    pub(super) ews_enabled: Option<Switch>,
    #[serde(default)]
    pub(super) allowed_apps: Vec<String>,
    #[serde(default)]
    pub(super) user_agents: Option<AgentsSpec>,
    /// Public folders exist.
    #[serde(default)]
    pub(super) public_folders: bool,
    /// The on-premises servers; the first is the default.
    #[serde(default)]
    pub(super) on_premises: Vec<ServerSpec>,
}

/// An on-premises server: its host name, or a table with what is special about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerSpec {
    pub(crate) host: String,
    /// What a caller without credentials is asked for.
    pub(crate) schemes: Vec<Scheme>,
    /// Whether the REST directory `/api` is published.
    pub(crate) api: bool,
    /// A login form stands in front of everything.
    pub(crate) forms: bool,
}

/// Authentication schemes of an Exchange Server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Scheme {
    Negotiate,
    Ntlm,
    Basic,
    /// Hybrid modern authentication; shown to who sends an empty bearer token.
    Bearer,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServerTable {
    host: String,
    #[serde(default = "default_schemes")]
    schemes: Vec<Scheme>,
    #[serde(default = "yes")]
    api: bool,
    #[serde(default)]
    forms: bool,
}

fn default_schemes() -> Vec<Scheme> {
    vec![Scheme::Negotiate, Scheme::Ntlm, Scheme::Bearer]
}

impl ServerSpec {
    /// A server with nothing special about it.
    pub(crate) fn named(host: &str) -> Self {
        Self { host: host.to_owned(), schemes: default_schemes(), api: true, forms: false }
    }
}

impl<'de> Deserialize<'de> for ServerSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct HostOrTable;
        impl<'de> Visitor<'de> for HostOrTable {
            type Value = ServerSpec;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a host name, or a table with `host`")
            }
            fn visit_str<E: serde::de::Error>(self, host: &str) -> Result<ServerSpec, E> {
                Ok(ServerSpec::named(host))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ServerSpec, A::Error> {
                let ServerTable { host, schemes, api, forms } =
                    ServerTable::deserialize(MapAccessDeserializer::new(map))?;
                Ok(ServerSpec { host, schemes, api, forms })
            }
        }
        deserializer.deserialize_any(HostOrTable)
    }
}

/// A user-agent filter.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AgentsSpec {
    pub(super) enforce: AgentList,
    #[serde(default)]
    pub(super) allow: Vec<String>,
    #[serde(default)]
    pub(super) block: Vec<String>,
}

/// `[[application]]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApplicationSpec {
    pub(crate) name: String,
    pub(crate) client_id: Uuid,
    /// Client secret; without one, this file or a certificate lets it in.
    #[serde(default)]
    pub(crate) secret: Option<String>,
    #[serde(default)]
    pub(crate) secret_expired: bool,
    /// Certificate in PEM, whose key signs assertions.
    #[serde(default)]
    pub(crate) certificate: Option<String>,
    #[serde(default)]
    pub(crate) federated: Vec<FederatedSpec>,
    #[serde(default)]
    pub(crate) public_client: bool,
    #[serde(default = "yes")]
    pub(crate) enabled: bool,
    /// Tenant that owns it; this tenant when left out.
    #[serde(default)]
    pub(crate) owner: Option<Uuid>,
    #[serde(default)]
    pub(crate) graph_roles: Vec<String>,
    #[serde(default)]
    pub(crate) exchange_roles: Vec<String>,
    /// Delegated permissions by resource.
    #[serde(default)]
    pub(crate) delegated_graph: Vec<String>,
    #[serde(default)]
    pub(crate) delegated_exchange: Vec<String>,
    /// Directory or Exchange role of the service principal, for example `Global Reader`.
    #[serde(default)]
    pub(crate) admin_role: Option<String>,
    /// The code a sign-in is refused with, for example 53003 (Conditional Access).
    #[serde(default)]
    pub(crate) refused_with: Option<u32>,
}

/// A federated credential of an application.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FederatedSpec {
    pub(crate) issuer: String,
    pub(crate) subject: String,
    #[serde(default = "default_audience")]
    pub(crate) audience: String,
    /// The issuer's certificate in PEM; without it the signature is taken on trust.
    #[serde(default)]
    pub(crate) certificate: Option<String>,
}

fn default_audience() -> String {
    "api://AzureADTokenExchange".to_owned()
}

/// `[[product]]`: a subscription of the tenant.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProductSpec {
    /// Part number, for example `ENTERPRISEPACK`.
    pub(super) sku: String,
    /// Short names that `licences` may use for it.
    #[serde(default)]
    pub(super) alias: Vec<String>,
    pub(super) seats: i64,
    #[serde(default)]
    pub(super) capability: Option<Capability>,
}

/// `[[notice]]`: a Message Center post.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoticeSpec {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) body: String,
    #[serde(default)]
    pub(crate) days_ago: u32,
}

/// `[[user]]`, `[template.NAME]` and `[defaults]`: every field may be inherited.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct UserSpec {
    pub(super) like: Option<String>,
    pub(super) name: Option<String>,
    pub(super) id: Option<Uuid>,
    pub(super) address: Option<String>,
    pub(super) upn: Option<String>,
    pub(super) mail: Option<String>,
    pub(super) aliases: Option<Vec<String>>,
    pub(super) enabled: Option<bool>,
    pub(super) guest: Option<bool>,
    pub(super) synchronized: Option<bool>,
    pub(super) country: Option<String>,
    pub(super) department: Option<String>,
    pub(super) title: Option<String>,
    pub(super) created_days_ago: Option<u32>,
    pub(super) deleted_days_ago: Option<u32>,
    pub(super) licences: Option<Vec<Spanned<LicenceSpec>>>,
    pub(super) mailbox: Option<MailboxSpec>,
    pub(super) on_premises_host: Option<String>,
    #[serde(deserialize_with = "switch")]
    pub(super) ews_enabled: Option<Switch>,
    pub(super) user_agents: Option<AgentsSpec>,
    pub(super) archive: Option<bool>,
    pub(super) send_on_behalf: Option<Vec<String>>,
    pub(super) delegates: Option<Vec<Delegate>>,
    pub(super) graph: Option<GraphAccess>,
    pub(super) ews: Option<EwsAccess>,
    pub(super) trouble: Option<TroubleSpec>,
}

/// Trouble that one mailbox makes.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TroubleSpec {
    pub(super) graph: Option<Trouble>,
    pub(super) ews: Option<Trouble>,
    pub(super) autodiscover: Option<Trouble>,
    pub(super) retry_after_s: Option<u32>,
}

/// The `mailbox` of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum MailboxSpec {
    User,
    Linked,
    Shared,
    Room,
    Equipment,
    Others,
    None,
    OnPremises,
    Inactive,
}

impl MailboxSpec {
    /// What the mailbox is for.
    pub(super) fn purpose(self) -> Purpose {
        match self {
            Self::User | Self::None | Self::OnPremises | Self::Inactive => Purpose::User,
            Self::Linked => Purpose::Linked,
            Self::Shared => Purpose::Shared,
            Self::Room => Purpose::Room,
            Self::Equipment => Purpose::Equipment,
            Self::Others => Purpose::Others,
        }
    }
}

macro_rules! inherit {
    ($own:ident, $base:ident: $($field:ident),+ $(,)?) => {
        UserSpec { $($field: $own.$field.or_else(|| $base.$field.clone()),)+ }
    };
}

impl UserSpec {
    /// This user with what it leaves out taken from `base`.
    pub(super) fn over(self, base: &Self) -> Self {
        inherit!(self, base: like, name, id, address, upn, mail, aliases, enabled, guest, synchronized, country,
            department, title, created_days_ago, deleted_days_ago, licences, mailbox, on_premises_host, ews_enabled,
            user_agents, archive, send_on_behalf, delegates, graph, ews, trouble)
    }
}

/// A licence: a product name, or a table with what is special about it.
#[derive(Debug, Clone)]
pub(super) struct LicenceSpec {
    pub(super) product: String,
    pub(super) off: Vec<String>,
    pub(super) group: Option<Uuid>,
    pub(super) state: Option<AssignmentState>,
    pub(super) error: Option<String>,
    pub(super) capability: Option<Capability>,
    pub(super) provisioning: Option<Provisioning>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LicenceTable {
    product: String,
    #[serde(default)]
    off: Vec<String>,
    #[serde(default)]
    group: Option<Uuid>,
    #[serde(default)]
    state: Option<AssignmentState>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    capability: Option<Capability>,
    #[serde(default)]
    provisioning: Option<Provisioning>,
}

impl From<LicenceTable> for LicenceSpec {
    fn from(table: LicenceTable) -> Self {
        let LicenceTable { product, off, group, state, error, capability, provisioning } = table;
        Self { product, off, group, state, error, capability, provisioning }
    }
}

impl<'de> Deserialize<'de> for LicenceSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameOrTable;
        impl<'de> Visitor<'de> for NameOrTable {
            type Value = LicenceSpec;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a product name, or a table with `product`")
            }
            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<LicenceSpec, E> {
                Ok(LicenceSpec {
                    product: name.to_owned(),
                    off: Vec::new(),
                    group: None,
                    state: None,
                    error: None,
                    capability: None,
                    provisioning: None,
                })
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<LicenceSpec, A::Error> {
                LicenceTable::deserialize(MapAccessDeserializer::new(map)).map(LicenceSpec::from)
            }
        }
        deserializer.deserialize_any(NameOrTable)
    }
}

/// Reads `true`, `false` or `"null"`.
fn switch<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Switch>, D::Error> {
    struct BoolOrNull;
    impl Visitor<'_> for BoolOrNull {
        type Value = Switch;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("true, false or \"null\"")
        }
        fn visit_bool<E: serde::de::Error>(self, on: bool) -> Result<Switch, E> {
            Ok(if on { Switch::On } else { Switch::Off })
        }
        fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Switch, E> {
            if word == "null" {
                Ok(Switch::Null)
            } else {
                Err(E::invalid_value(serde::de::Unexpected::Str(word), &self))
            }
        }
    }
    deserializer.deserialize_any(BoolOrNull).map(Some)
}
