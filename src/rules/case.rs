//! What a rule is asked about: one roster entry with its evidence, the tenant's, the facts and the profile's wishes.

use jiff::civil::Date;

use crate::evidence::{MailboxEvidence, TenantEvidence};
use crate::facts::{Cloud, Facts};

use super::words::Texts;

/// One roster entry to be judged.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// What the roster says.
    pub entry: &'a EntryFacts,
    /// What was observed about the mailbox.
    pub evidence: &'a MailboxEvidence,
    /// What was observed about the tenant.
    pub tenant: &'a TenantEvidence,
    /// The dated facts.
    pub facts: &'a Facts,
    /// Day, cloud and wishes of the assessment.
    pub options: &'a Options,
}

impl<'a> Case<'a> {
    /// The cloud of the assessment; none: the facts do not list it.
    #[must_use]
    pub fn cloud(&self) -> Option<&'a Cloud> {
        self.facts.cloud(&self.options.cloud)
    }
}

/// What the roster says about one entry, as far as rules read it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EntryFacts {
    /// Data line of the roster, from 1 over all files.
    pub row: u64,
    /// The address as written.
    pub written: String,
    /// The address in wire form, lower case; none: there is no usable one.
    pub address: Option<String>,
    /// What is wrong with the address or line, in words.
    pub problem: Option<String>,
    /// The data line of the first entry with the same address.
    pub repeat_of: Option<u64>,
    /// Display name, if the roster has one.
    pub display_name: Option<String>,
    /// Department, if the roster has one.
    pub department: Option<String>,
    /// Cutover wave, if the roster has one.
    pub wave: Option<String>,
    /// Owner, if the roster has one.
    pub owner: Option<String>,
    /// The address on the Salesforce user record, if the roster has it.
    pub salesforce_email: Option<String>,
    /// The Dynamics 365 server profile (`online` or `hybrid`), if the roster has it.
    pub dynamics_profile: Option<String>,
}

/// Day, cloud and wishes of an assessment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The day as of which is judged.
    pub as_of: Date,
    /// Id of the cloud.
    pub cloud: String,
    /// Ids of the integrations the profile names.
    pub integrations: Vec<String>,
    /// What to make of kiosk-only users.
    pub kiosk: KioskPolicy,
    /// Application id our probes use.
    pub own_app_id: Option<String>,
    /// User agent our probes send.
    pub own_user_agent: Option<String>,
    /// Ids of the applications whose EWS access matters to the profile.
    pub apps: Vec<String>,
    /// How Salesforce connects (`user-oauth`, `organization-oauth`, `service-account`), where the profile says.
    pub salesforce_connection: Option<String>,
    /// The customer's application of cross-tenant synchronization with Dynamics 365, by id.
    pub dynamics_app: Option<String>,
    /// The language of the texts.
    pub texts: Texts,
}

impl Options {
    /// The defaults on a day: worldwide cloud, Salesforce, kiosk-only users need an upgrade.
    #[must_use]
    pub fn on(as_of: Date) -> Self {
        Self {
            as_of,
            cloud: "worldwide".to_owned(),
            integrations: vec!["salesforce".to_owned()],
            kiosk: KioskPolicy::Upgrade,
            own_app_id: None,
            own_user_agent: None,
            apps: Vec::new(),
            salesforce_connection: None,
            dynamics_app: None,
            texts: Texts::default(),
        }
    }
}

/// What to make of users whose only mailbox plan is a kiosk plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KioskPolicy {
    /// The integration's vendor asks for an upgrade.
    #[default]
    Upgrade,
    /// Graph suffices; say so in a note.
    Graph,
}
