//! What the run was, whom it looked at and how: everything a report says that is not about one roster entry.
//!
//! Plain structs without behaviour; whoever makes a report fills them from the store, and every format shows them.

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::verdict::LicenceState;

/// The head of a report.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Head {
    /// Id of the run.
    pub run_id: String,
    /// Version of this program.
    pub tool_version: String,
    /// When collecting began.
    pub started: Option<Timestamp>,
    /// When collecting ended.
    pub finished: Option<Timestamp>,
    /// The day the verdicts are about.
    pub as_of: Date,
    /// The oldest as-of date of the facts used.
    pub facts_as_of: Date,
    /// What is to be said about the age of the facts; empty when they are fresh.
    pub facts_warning: String,
    /// Whether the tenant is a simulated one.
    pub simulated: bool,
    /// The roster's sources and how each was understood, a sentence each.
    pub roster: Vec<String>,
    /// Names of the roster's own columns, in the order of `Row::extras`.
    pub extra_columns: Vec<String>,
    /// Integrations the profile names, in the order of their columns.
    pub integrations: Vec<String>,
    /// Columns of integrations that work over EWS, with the day it ends.
    pub integration_ends: Vec<(String, Date)>,
    /// Language of all texts: `en`, `de`; empty means `en`.
    pub language: String,
    /// Name, client and looks.
    pub branding: Branding,
    /// The tenant.
    pub tenant: Tenant,
    /// The organisation's EWS state and the date that matters.
    pub organization: Organization,
    /// Products of the tenant that carry a mailbox plan, or are assigned to somebody of the roster.
    pub licences: Vec<LicenceLine>,
    /// The usual way up from products without full mailbox rights.
    pub upgrades: Vec<UpgradeLine>,
    /// The tenant's verified domains.
    pub domains: Vec<DomainLine>,
    /// Applications that use EWS or belong to an integration.
    pub apps: Vec<AppLine>,
    /// Requests and waits, a line a service and quota.
    pub services: Vec<ServiceLine>,
    /// The rules that judged.
    pub rules: Vec<RuleLine>,
    /// Settings of the run worth knowing, as name and value.
    pub parameters: Vec<(String, String)>,
    /// Permissions the program's application used.
    pub permissions: Vec<String>,
    /// Known lag and limits of the sources, a sentence each.
    pub caveats: Vec<String>,
}

impl Head {
    /// The day an integration's column ends with EWS; none: it does not.
    #[must_use]
    pub fn integration_end(&self, column: &str) -> Option<Date> {
        self.integration_ends.iter().find(|(known, _)| known == column).map(|(_, day)| *day)
    }

    /// The way up for a user with these products.
    #[must_use]
    pub fn upgrade(&self, products: &[String]) -> Option<&UpgradeLine> {
        self.upgrades
            .iter()
            .find(|line| if line.from.is_empty() { products.is_empty() } else { products.contains(&line.from) })
    }

    /// Units of a product that are still to be had in the tenant; `None`: it holds no such product.
    #[must_use]
    pub fn free_units(&self, product: &str) -> Option<u64> {
        self.licences.iter().find(|line| line.name == product).map(LicenceLine::free)
    }
}

/// Whose report it is and how it looks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Branding {
    /// Title; empty: the built-in one.
    pub title: String,
    /// The client it is for; empty: not named.
    pub client: String,
    /// Who prepared it; empty: not named.
    pub author: String,
    /// Accent colour as `#rrggbb`; empty: the built-in one.
    pub accent: String,
    /// A logo.
    pub logo: Option<Logo>,
}

/// A logo file, read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Logo {
    /// `image/png` or `image/jpeg`.
    pub media_type: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Who was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Tenant {
    /// Name of the profile.
    pub profile: String,
    /// Tenant id.
    pub id: String,
    /// Display name.
    pub name: String,
    /// Cloud, for example `worldwide`.
    pub cloud: String,
}

/// EWS for the whole organisation.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Organization {
    /// The state in a sentence; empty: not known.
    pub state: String,
    /// What follows from it, a sentence each.
    pub notes: Vec<String>,
    /// The day EWS ends in this cloud.
    pub retirement: Option<Date>,
}

impl Organization {
    /// Days from `as_of` to the retirement date; negative after it.
    #[must_use]
    pub fn days_left(&self, as_of: Date) -> Option<i32> {
        let span = as_of.until(self.retirement?).ok()?;
        Some(span.get_days())
    }
}

/// One product of the tenant.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LicenceLine {
    /// Product (SKU) id.
    pub sku: String,
    /// Name it is sold under.
    pub name: String,
    /// Part number, for example `SPE_E3`.
    pub part_number: String,
    /// `Enabled`, `Warning`, `Suspended`, `LockedOut`, `Deleted`.
    pub status: String,
    /// Units bought and usable.
    pub enabled: i64,
    /// Units assigned.
    pub consumed: i64,
    /// What it gives a user's mailbox; `None`: it has no plan with a mailbox.
    #[schemars(with = "Option<String>")]
    pub mailbox: Option<LicenceState>,
}

impl LicenceLine {
    /// Units still to be had; never negative.
    #[must_use]
    pub fn free(&self) -> u64 {
        u64::try_from(self.enabled.saturating_sub(self.consumed)).unwrap_or(0)
    }
}

/// The usual way from one product to full mailbox rights.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct UpgradeLine {
    /// Name of the product assigned today, as in `Row::products`; empty: for users without any product.
    pub from: String,
    /// Names of products that give the right, the cheapest usual step first; empty: nothing is to be bought.
    pub to: Vec<String>,
    /// What to know about it; may be empty.
    pub note: String,
}

/// One mail domain.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DomainLine {
    /// Its name, lower case.
    pub name: String,
    /// Whether the tenant has verified it.
    pub verified: bool,
    /// Where its mail goes (MX), in words.
    pub mail_exchanger: String,
    /// Where its Autodiscover record points, in words.
    pub autodiscover: String,
    /// What is to be said about it; may be empty.
    pub note: String,
}

/// One application.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AppLine {
    /// Application (client) id.
    pub app_id: String,
    /// Name in this tenant, else the known product's.
    pub name: String,
    /// Who makes it; empty: unknown.
    pub owner: String,
    /// EWS permissions it holds, for example `full_access_as_app`.
    pub permissions: Vec<String>,
    /// `listed`, `not_listed` or `unknown` (the list was not seen).
    pub state: String,
    /// Whether it may sign in; `None`: not said.
    pub enabled: Option<bool>,
    /// When it was last seen using EWS; `None`: not known.
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub last_seen: Option<Date>,
    /// What to do about it; may be empty.
    pub advice: String,
    /// Whether it belongs on the list: `used`, `named` and `kept` do, `idle`, `unproven` and `without` do not.
    pub need: String,
    /// EWS calls that the admin center's usage export shows, by SOAP action, most first.
    pub calls: Vec<ActionCalls>,
    /// Mailboxes in which the audit search saw it; 0: none, or no such search.
    pub mailboxes: u64,
    /// What it does when EWS ends; empty: nobody has said.
    pub at_end: String,
}

/// EWS calls of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ActionCalls {
    /// SOAP action, for example `GetItem`.
    pub action: String,
    /// Successful calls.
    pub calls: u64,
}

/// Requests to one service or quota.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ServiceLine {
    /// The service, for example `Graph mailbox`.
    pub service: String,
    /// Requests sent, tries included.
    pub requests: u64,
    /// Tries after the first.
    pub retries: u64,
    /// Answers that asked to wait (429, 503 with `Retry-After`, throttled items).
    pub pushbacks: u64,
    /// Time spent waiting because of them, in milliseconds, all workers together.
    pub waited_ms: u64,
    /// Questions about mailboxes given up, because it refused, failed or could not be read until patience ended.
    pub gave_up: u64,
    /// The pace kept to, in words; empty: the run did not note it.
    pub limit: String,
}

/// One rule of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RuleLine {
    /// Rule id, `area/name`.
    pub id: String,
    /// The question it asks.
    pub question: String,
    /// What its finding means for the verdict.
    pub effect: String,
    /// The same for people, in the report's language; the JSON's word is the same in all of them.
    #[serde(skip)]
    pub shown: String,
    /// The day its facts were checked.
    #[schemars(with = "String", extend("format" = "date"))]
    pub as_of: Date,
    /// What it rests on.
    pub source: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn days_are_counted_across_months_and_past_the_date() {
        let organization = Organization { retirement: Some(date(2027, 4, 1)), ..Organization::default() };
        assert_eq!(organization.days_left(date(2026, 11, 20)), Some(132));
        assert_eq!(organization.days_left(date(2027, 4, 1)), Some(0));
        assert_eq!(organization.days_left(date(2027, 4, 11)), Some(-10));
        assert_eq!(Organization::default().days_left(date(2026, 11, 20)), None);
    }

    #[test]
    fn an_over_assigned_product_has_nothing_free() {
        let line = LicenceLine { enabled: 10, consumed: 12, ..LicenceLine::default() };
        assert_eq!(line.free(), 0);
    }
}
