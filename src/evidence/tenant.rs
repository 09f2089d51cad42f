//! The facts about the tenant as a whole.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::de::Error;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::domains::DomainRecords;
use super::joined::{AppUse, HostProbe, JoinedExport};
use super::mailbox::AgentFilter;
use super::observation::Observation;

/// Everything observed once for a run.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TenantEvidence {
    /// Who the tenant is.
    pub identity: Observation<TenantIdentity>,
    /// Products it holds.
    pub skus: Observation<Vec<Sku>>,
    /// Its EWS switches and lists.
    pub organization: Observation<OrganizationEws>,
    /// Permissions (`roles`) of our Graph token.
    pub graph_roles: Observation<BTreeSet<String>>,
    /// Permissions (`roles`) of our Exchange token.
    pub exchange_roles: Observation<BTreeSet<String>>,
    /// Applications that hold an EWS permission, and those of known integrations.
    pub applications: Observation<Vec<Application>>,
    /// Message Center posts about EWS.
    pub notices: Observation<Vec<Notice>>,
    /// Exports of other products that were joined.
    pub exports: Observation<Vec<JoinedExport>>,
    /// EWS calls by application, as the joined exports tell them.
    pub ews_usage: Observation<Vec<AppUse>>,
    /// On-premises hosts that Autodiscover or the profile names, asked without credentials.
    pub on_premises: Observation<Vec<HostProbe>>,
    /// What DNS says about its mail domains.
    pub dns: Observation<Vec<DomainRecords>>,
    /// Whether Graph opened at least one mailbox of this run: tells a missing permission from a scope.
    pub graph_opened_any: bool,
    /// Whether EWS opened at least one mailbox of this run.
    pub ews_opened_any: bool,
}

/// A fact of the tenant, as the store names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TenantFact {
    /// Who the tenant is.
    Identity,
    /// Products it holds.
    Skus,
    /// Its EWS switches and lists.
    Organization,
    /// Permissions of our Graph token.
    GraphRoles,
    /// Permissions of our Exchange token.
    ExchangeRoles,
    /// Applications that matter.
    Applications,
    /// Message Center posts about EWS.
    Notices,
    /// Exports of other products that were joined.
    Exports,
    /// EWS calls by application.
    EwsUsage,
    /// On-premises hosts.
    OnPremises,
    /// What DNS says about its mail domains.
    Dns,
}

impl TenantFact {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Identity,
        Self::Skus,
        Self::Organization,
        Self::GraphRoles,
        Self::ExchangeRoles,
        Self::Applications,
        Self::Notices,
        Self::Exports,
        Self::EwsUsage,
        Self::OnPremises,
        Self::Dns,
    ];

    /// Its name in the store; never changed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Skus => "skus",
            Self::Organization => "organization",
            Self::GraphRoles => "graph_roles",
            Self::ExchangeRoles => "exchange_roles",
            Self::Applications => "applications",
            Self::Notices => "notices",
            Self::Exports => "exports",
            Self::EwsUsage => "ews_usage",
            Self::OnPremises => "on_premises",
            Self::Dns => "dns",
        }
    }
}

impl TenantEvidence {
    /// Puts a stored fact in its place.
    ///
    /// # Errors
    /// When the name is no fact's, or the text is not what this program stores for it.
    pub fn restore(&mut self, name: &str, body: &str) -> Result<(), serde_json::Error> {
        let unknown = || serde_json::Error::custom(format_args!("'{name}' is no fact of a tenant"));
        match TenantFact::ALL.into_iter().find(|fact| fact.name() == name).ok_or_else(unknown)? {
            TenantFact::Identity => self.identity = serde_json::from_str(body)?,
            TenantFact::Skus => self.skus = serde_json::from_str(body)?,
            TenantFact::Organization => self.organization = serde_json::from_str(body)?,
            TenantFact::GraphRoles => self.graph_roles = serde_json::from_str(body)?,
            TenantFact::ExchangeRoles => self.exchange_roles = serde_json::from_str(body)?,
            TenantFact::Applications => self.applications = serde_json::from_str(body)?,
            TenantFact::Notices => self.notices = serde_json::from_str(body)?,
            TenantFact::Exports => self.exports = serde_json::from_str(body)?,
            TenantFact::EwsUsage => self.ews_usage = serde_json::from_str(body)?,
            TenantFact::OnPremises => self.on_premises = serde_json::from_str(body)?,
            TenantFact::Dns => self.dns = serde_json::from_str(body)?,
        }
        Ok(())
    }

    /// The names of the tenant's domains; empty where they are not known.
    #[must_use]
    pub fn domain_names(&self) -> Vec<String> {
        let identity = self.identity.value();
        identity.map(|known| known.domains.iter().map(|domain| domain.name.clone()).collect()).unwrap_or_default()
    }
}

/// Name, id and domains.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TenantIdentity {
    /// Tenant id.
    pub id: String,
    /// Display name.
    pub name: String,
    /// Verified domains.
    pub domains: Vec<Domain>,
    /// Whether the directory is synchronized from on-premises.
    pub synchronized: Option<bool>,
}

/// A domain of the tenant.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Domain {
    /// Its name, lower case.
    pub name: String,
    /// The default domain.
    pub default: bool,
    /// The `onmicrosoft` domain.
    pub initial: bool,
    /// Whether e-mail is among its services; `None`: not said.
    pub email: Option<bool>,
}

/// A product of the tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sku {
    /// Product id.
    pub id: Uuid,
    /// Part number, for example `DESKLESSPACK`.
    pub part_number: String,
    /// `Enabled`, `Warning`, `Suspended`, `LockedOut`, `Deleted`.
    pub capability: String,
    /// Units bought and usable.
    pub enabled_units: i64,
    /// Units assigned.
    pub consumed_units: i64,
    /// Its service plans.
    pub plans: Vec<SkuPlan>,
}

/// A service plan within a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkuPlan {
    /// Service plan id.
    pub id: Uuid,
    /// Service plan name, for example `EXCHANGE_S_DESKLESS`.
    pub name: String,
    /// Provisioning status in this tenant, for example `Success`, `PendingProvisioning`.
    pub provisioning: String,
    /// `User` or `Company`.
    pub applies_to: String,
}

/// The organisation's EWS settings.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OrganizationEws {
    /// The master switch; `None` is its third value, *Null*.
    pub ews_enabled: Option<bool>,
    /// `EwsAllowedAppIDs`.
    pub app_list: AppList,
    /// The user-agent filter of the organisation.
    pub agents: AgentFilter,
    /// Whether the organisation has public folders, here or on-premises; `None`: not said.
    pub public_folders: Option<bool>,
}

/// The list of applications that may use EWS, as far as it could be seen.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "list", content = "apps", rename_all = "snake_case")]
pub enum AppList {
    /// It was read without `RetrieveEwsOperationAccessPolicy`, which hides it: nothing is known.
    #[default]
    Hidden,
    /// It was read with the switch. May be empty; ids are lower case, without duplicates.
    Seen(BTreeSet<String>),
}

/// An application in the tenant.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Application {
    /// Application (client) id, lower case.
    pub app_id: String,
    /// Object id of its service principal.
    pub object_id: String,
    /// Display name in this tenant.
    pub name: String,
    /// Tenant that owns it.
    pub owner_tenant: Option<String>,
    /// Whether the service principal is enabled.
    pub enabled: Option<bool>,
    /// Application permissions granted, by value, for example `full_access_as_app`.
    pub application_permissions: BTreeSet<String>,
    /// Delegated permissions granted, by value, for example `EWS.AccessAsUser.All`.
    pub delegated_permissions: BTreeSet<String>,
    /// Nobody let us read the delegated ones: those above prove nothing by their absence.
    pub delegated_unseen: bool,
}

/// A Message Center post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Its id, for example `MC1485116`.
    pub id: String,
    /// Its title.
    pub title: String,
    /// When it was published or last changed.
    pub at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_comes_back_under_its_name_and_no_other_does() {
        let body = r#"{"state":"unknown","cause":"outage","detail":"away","at":"2026-11-20T08:00:00Z"}"#;
        let mut evidence = TenantEvidence::default();
        for (restored, fact) in TenantFact::ALL.into_iter().enumerate() {
            evidence.restore(fact.name(), body).unwrap();
            let text = serde_json::to_string(&evidence).unwrap();
            assert_eq!(text.matches("away").count(), restored + 1, "{fact:?}");
        }
        assert!(evidence.restore("organisation", body).unwrap_err().to_string().contains("organisation"));
    }
}
