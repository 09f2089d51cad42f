//! Applications and integrations: who speaks EWS, and what an integration asks of a mailbox.

use std::collections::BTreeMap;

use serde::Deserialize;
use uuid::Uuid;

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
    /// What it does when EWS ends; empty: nobody has said.
    #[serde(default)]
    pub at_end: String,
    /// The same two in other languages, by language code.
    #[serde(default)]
    pub translated: BTreeMap<String, ClientWords>,
}

/// What is said of a client, in one language.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClientWords {
    /// What its maker says; may be empty.
    pub advice: String,
    /// What it does when EWS ends; may be empty.
    pub at_end: String,
}

/// What is said of a client, as a reader gets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientSays<'a> {
    /// What its maker says; may be empty.
    pub advice: &'a str,
    /// What it does when EWS ends; empty: nobody has said.
    pub at_end: &'a str,
}

impl Client {
    /// Its words in a language; what is not translated stays English.
    #[must_use]
    pub fn said(&self, language: &str) -> ClientSays<'_> {
        let own = self.translated.get(language);
        ClientSays {
            advice: own.map(|own| &own.advice).filter(|own| !own.is_empty()).unwrap_or(&self.advice),
            at_end: own.map(|own| &own.at_end).filter(|own| !own.is_empty()).unwrap_or(&self.at_end),
        }
    }
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
    /// Those of them that end with EWS.
    #[serde(default)]
    pub over_ews: Vec<String>,
    /// Ids by which its service principal is recognised, lower case.
    #[serde(default)]
    pub app_ids: Vec<String>,
    /// Words in the name by which its service principal is recognised, lower case.
    #[serde(default)]
    pub app_names: Vec<String>,
    /// Graph application permissions that the customer's own application needs for cross-tenant work.
    #[serde(default)]
    pub graph_permissions: Vec<String>,
    /// User agents each column needs, all of them.
    #[serde(default)]
    pub agents: BTreeMap<String, Vec<String>>,
}

impl Integration {
    /// Whether an application of the tenant is this integration's: by its id, or by a word in its name.
    #[must_use]
    pub fn recognises(&self, app_id: &str, name: &str) -> bool {
        let name = name.to_lowercase();
        self.app_ids.iter().any(|id| id.eq_ignore_ascii_case(app_id))
            || self.app_names.iter().any(|word| name.contains(word))
    }
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

/// What recognises hybrid use of EWS.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hybrid {
    /// How the names of dedicated hybrid applications begin, lower case.
    pub app_prefix: String,
    /// Plans that put the archive of an on-premises mailbox into the cloud.
    pub archive_plans: Vec<Uuid>,
}

#[derive(Deserialize)]
pub(super) struct IntegrationsFile {
    pub integration: Vec<Integration>,
    pub hybrid: Hybrid,
}

#[derive(Deserialize)]
pub(super) struct RecipientsFile {
    pub kinds: BTreeMap<String, RecipientUse>,
}
