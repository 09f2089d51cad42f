//! What files from other products say: exports of Salesforce, Dynamics 365, the admin center and the audit search,
//! joined to the roster by address; and what on-premises hosts showed to a caller without credentials.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What the joined exports say about one address of the roster.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Joined {
    /// The Salesforce user.
    pub salesforce_user: Option<SalesforceUser>,
    /// The connection of Einstein Activity Capture.
    pub salesforce_connection: Option<SalesforceConnection>,
    /// The mailbox record of Dynamics 365.
    pub dynamics: Option<DynamicsMailbox>,
    /// Applications that the audit search saw in the mailbox over EWS.
    pub ews_apps: Vec<MailboxUse>,
}

/// A user record of Salesforce.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SalesforceUser {
    /// `Email`.
    pub email: String,
    /// `IsActive`; none: the export does not say.
    pub active: Option<bool>,
}

/// A line of `ActivityUsrConnectionStatus`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SalesforceConnection {
    /// `EmailAddress`.
    pub address: String,
    /// `ConnectivityStatus`, as written.
    pub state: String,
    /// `ConfigurationName`; empty: the user is in no configuration.
    pub configuration: String,
}

/// A mailbox record of Dynamics 365.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DynamicsMailbox {
    /// `E-mail Address`.
    pub address: String,
    /// `Server Profile`; empty: the export does not say.
    pub profile: String,
    /// Results of Test & Enable that failed, by their column's name.
    pub failed: Vec<String>,
}

/// One application in one mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MailboxUse {
    /// Application id, lower case.
    pub app_id: String,
    /// Audited calls.
    pub calls: u64,
    /// The last of them.
    pub last: Option<Date>,
}

/// What an export is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportKind {
    /// Users of Salesforce.
    SalesforceUsers,
    /// `ActivityUsrConnectionStatus` of Salesforce.
    SalesforceConnections,
    /// Mailbox records of Dynamics 365.
    DynamicsMailboxes,
    /// The admin center's EWS usage.
    EwsUsage,
    /// The audit search's EWS events.
    EwsAudit,
}

impl ExportKind {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::SalesforceUsers, Self::SalesforceConnections, Self::DynamicsMailboxes, Self::EwsUsage, Self::EwsAudit];

    /// Its key below `[tenants.NAME.sources]`.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::SalesforceUsers => "salesforce_users",
            Self::SalesforceConnections => "salesforce_connections",
            Self::DynamicsMailboxes => "dynamics_mailboxes",
            Self::EwsUsage => "ews_usage",
            Self::EwsAudit => "ews_audit",
        }
    }

    /// What it is, for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SalesforceUsers => "list of Salesforce users",
            Self::SalesforceConnections => "Salesforce export of ActivityUsrConnectionStatus",
            Self::DynamicsMailboxes => "Dynamics 365 list of mailboxes",
            Self::EwsUsage => "EWS usage export of the admin center",
            Self::EwsAudit => "EWS audit search",
        }
    }
}

/// How one export was joined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinedExport {
    /// What it is.
    pub kind: ExportKind,
    /// The file's name, without folder.
    pub file: String,
    /// Data lines.
    pub lines: u64,
    /// Lines that belong to an address of the roster; of the usage export: lines with an application.
    pub matched: u64,
    /// How many lines belong to nobody of the roster.
    pub unmatched: u64,
    /// The first of them: line and what it names.
    pub examples: Vec<(u64, String)>,
    /// Lines without anything to join by.
    pub blank: u64,
    /// Lines about something else than EWS.
    #[serde(default)]
    pub other: u64,
}

impl JoinedExport {
    /// Whether it seems to be another tenant's: none of its lines found a partner, and none of those that are named has a
    /// domain of this tenant (`domains`).
    #[must_use]
    pub fn is_foreign(&self, domains: &[String]) -> bool {
        let domain = |address: &str| address.rsplit('@').next().unwrap_or_default().to_owned();
        let foreign = self.examples.iter().all(|(_, address)| !domains.contains(&domain(address)));
        self.matched == 0 && self.unmatched > 0 && foreign && !domains.is_empty()
    }
}

/// EWS calls of one application, as usage export and audit search tell them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AppUse {
    /// Application id, lower case.
    pub app_id: String,
    /// Calls by SOAP action, most first.
    pub actions: Vec<(String, u64)>,
    /// The last activity.
    pub last: Option<Date>,
    /// Mailboxes in which the audit search saw it.
    pub mailboxes: u64,
}

/// What an on-premises host showed to a caller without credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostProbe {
    /// The host.
    pub host: String,
    /// What its EWS address answers.
    pub ews: Published,
    /// What its REST directory `/api` answers.
    pub api: Published,
    /// Authentication schemes that EWS offers, as it names them.
    pub schemes: Vec<String>,
    /// When it was asked.
    pub at: Timestamp,
}

impl HostProbe {
    /// Whether EWS offers a scheme.
    #[must_use]
    pub fn offers(&self, scheme: &str) -> bool {
        self.schemes.iter().any(|offered| offered.eq_ignore_ascii_case(scheme))
    }
}

/// What stands at an address of an on-premises host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "published", rename_all = "snake_case")]
pub enum Published {
    /// It asks for credentials (401): it is there.
    AsksForCredentials,
    /// A proxy's or portal's login page stands in front of it.
    LoginPage {
        /// What it answers.
        detail: String,
    },
    /// It is not there (404), or answers something else.
    Missing {
        /// What it answers.
        detail: String,
    },
    /// The host could not be reached.
    Unreachable {
        /// What happened.
        detail: String,
    },
}

impl Published {
    /// Why it is not published; none: it is, or the host could not be asked.
    #[must_use]
    pub fn stands_in_the_way(&self) -> Option<&str> {
        match self {
            Self::LoginPage { detail } | Self::Missing { detail } => Some(detail),
            Self::AsksForCredentials | Self::Unreachable { .. } => None,
        }
    }
}
