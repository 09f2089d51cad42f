//! Applications and integrations: who speaks EWS, and what an integration asks of a mailbox.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A known application that speaks EWS.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// Application (client) id, lower case.
    pub app_id: String,
    /// Its name for people.
    pub name: String,
    /// Patterns that its user agents match.
    #[serde(default)]
    pub agents: Vec<String>,
    /// What its maker says; may be empty.
    #[serde(default)]
    pub advice: String,
}

/// What an integration asks of a mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Integration {
    /// Its id in a profile's `integrations`.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Whether it connects by the primary address only.
    pub needs_primary_address: bool,
    /// The report's columns for it.
    pub columns: Vec<String>,
    /// Ids by which its service principal is recognised, lower case.
    #[serde(default)]
    pub app_ids: Vec<String>,
    /// Words in the name by which its service principal is recognised, lower case.
    #[serde(default)]
    pub app_names: Vec<String>,
    /// User agents each column needs, all of them.
    #[serde(default)]
    pub agents: BTreeMap<String, Vec<String>>,
}

/// What a kind of recipient is for the assessment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecipientUse {
    /// One person's mailbox.
    Person,
    /// Shared, room or equipment: needs neither a licence nor an enabled account.
    Resource,
    /// A mailbox that Graph does not open.
    Unserved,
    /// The recipient is known, its mailbox is elsewhere.
    Elsewhere,
}

#[derive(Deserialize)]
pub(super) struct ClientsFile {
    pub client: Vec<Client>,
}

#[derive(Deserialize)]
pub(super) struct IntegrationsFile {
    pub integration: Vec<Integration>,
}

#[derive(Deserialize)]
pub(super) struct RecipientsFile {
    pub kinds: BTreeMap<String, RecipientUse>,
}
