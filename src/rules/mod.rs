//! The rules: each a pure function of evidence, facts and as-of date.
//!
//! One file a family; [`registry`] is the one ordered list of all of them. The order of the rules that decide is the
//! order of precedence: causes before symptoms, first match wins ([`decide`]).

pub mod agents;
pub mod apps;
pub mod case;
pub mod decide;
pub mod ews;
pub mod gate;
pub mod licence;
pub mod open;
pub mod reading;
pub mod rule;
pub mod states;
pub mod words;

mod dynamics;
mod english;
mod graph;
mod hybrid;
mod identity;
mod location;
mod mailbox;
mod roster;
mod routing;
mod salesforce;
mod sources;
mod teams;

pub use case::{Case, EntryFacts, KioskPolicy, Options};
pub use reading::Reading;
pub use rule::{Effect, Mark, Open, Outcome, Params, Question, Rule, RuleTexts, Why};
pub use words::{Field, Texts};

use ews::notes;
use salesforce::connection;

/// Every rule, in order. The rules that decide the verdict stand in the order of precedence.
static REGISTRY: &[&Rule] = &[
    &roster::UNUSABLE_ADDRESS,
    // Blocked, by who it is.
    &identity::FOREIGN_DOMAIN,
    &identity::DELETED,
    &identity::NOT_IN_DIRECTORY,
    &identity::AMBIGUOUS,
    &identity::GUEST,
    &identity::ACCOUNT_DISABLED,
    // Blocked, by where and what the mailbox is.
    &location::ON_PREMISES,
    &mailbox::UNSUPPORTED,
    // Blocked, by a policy.
    &graph::ACCESS_POLICY,
    &graph::OUT_OF_SCOPE,
    &graph::USER_AGENT_POLICY,
    // Blocked, by the address and its past.
    &identity::ALIAS_ONLY,
    &identity::RECREATED,
    // Licences that give no usable mailbox, and so explain why Graph may find none.
    &licence::NONE,
    &licence::PLAN_OFF,
    &licence::SUSPENDED,
    &licence::ERROR,
    &licence::F1,
    // What time may settle.
    &graph::NOT_PERMITTED,
    &licence::PENDING,
    &graph::UNKNOWN_TO_EXCHANGE,
    &graph::JUST_CREATED,
    // The symptom without a cause.
    &graph::NO_MAILBOX,
    // A mailbox, but not the right the vendor asks for.
    &licence::KIOSK,
    &graph::ANSWERS,
    // How soon EWS stops.
    &ews::NOT_HERE,
    &ews::ENDED,
    &ews::WORKS_AGAINST_SETTINGS,
    &ews::REFUSED,
    &ews::CLOSED,
    &ews::NULL_FLIP,
    &ews::BY_DEADLINE,
    // Integrations.
    &salesforce::NO_MAILBOX,
    &salesforce::ALIAS,
    &salesforce::ON_PREMISES,
    &connection::SERVICE_ACCOUNT,
    &salesforce::GRAPH_REFUSED,
    &connection::CONNECTION_STOPPED,
    &connection::NO_AUTODISCOVER,
    &connection::IMPERSONATION,
    &salesforce::EWS_DOWN,
    &salesforce::F1,
    &salesforce::EWS_RIGHT,
    &salesforce::ENDS_SOON,
    &salesforce::NOT_ASCII,
    &salesforce::UPN_DIFFERS,
    &salesforce::RECORD_ADDRESS,
    &connection::CONNECTION_ADDRESS,
    &connection::NO_USER,
    &connection::INACTIVE_USER,
    &connection::NOT_CONNECTED,
    &connection::CONNECTION_PENDING,
    &connection::USER_RECONNECTS,
    &dynamics::OTHER_TENANT,
    &dynamics::NO_LICENCE,
    &dynamics::PROFILE,
    &dynamics::CONSENT,
    &dynamics::NOT_PUBLISHED,
    &dynamics::BASIC,
    &dynamics::EWS_CLOSED,
    &dynamics::RECREATED,
    &dynamics::ADDRESS,
    &dynamics::NO_RECORD,
    &dynamics::TEST_FAILED,
    &dynamics::KIOSK,
    &teams::NO_MAILBOX,
    &teams::EWS_NOT_PUBLISHED,
    &teams::API_NOT_PUBLISHED,
    &teams::NO_OAUTH,
    &teams::ON_PREMISES,
    &teams::EWS_CLOSED,
    &teams::DELEGATION_AGENTS,
    &teams::CALENDAR_AGENTS,
    &teams::PRESENCE_AGENTS,
    &teams::DELEGATE_RIGHTS,
    // What is worth knowing.
    &roster::REPEAT,
    &identity::PREDECESSOR,
    &location::SOURCES_DISAGREE,
    &licence::KIOSK_ACCEPTED,
    &licence::WARNED,
    &licence::NOT_NEEDED,
    &mailbox::ARCHIVE,
    &hybrid::ONLINE_ARCHIVE,
    &apps::SEEN,
    &routing::NOT_EXCHANGE,
    &routing::UNRESOLVED,
    &routing::PLAIN_HTTP,
    &routing::NO_EXCHANGE_SECTION,
    &notes::REFUSED_AGAINST_SETTINGS,
    &notes::OWN_APP_NOT_LISTED,
    // What is told once for the tenant.
    &notes::LIST_HIDDEN,
    &notes::APPS_NOT_LISTED,
    &notes::LIST_EMPTY_AHEAD,
    &notes::NOTICE,
    &apps::LIST_VALUE,
    &apps::DELEGATED_UNSEEN,
    &salesforce::NO_CONSENT,
    &salesforce::CONSENT_MISSING,
    &connection::ORGANIZATION_CONSENT,
    &hybrid::COEXISTENCE,
    &hybrid::PUBLIC_FOLDERS,
    &hybrid::SOVEREIGN,
    // Questions that stayed open.
    &open::DIRECTORY,
    &open::ACCOUNT_STATE,
    &open::GRAPH,
    &open::ROUTING,
    &open::RECIPIENT,
    &open::LICENCE,
    &open::PRODUCTS,
    &open::ORGANIZATION,
    &open::MAILBOX_SETTINGS,
    &open::EWS,
    &open::TENANT,
    &open::APPLICATIONS,
    &open::NOTICES,
];

/// Every rule, in order.
#[must_use]
pub fn registry() -> &'static [&'static Rule] {
    REGISTRY
}

/// The rule with an id.
#[must_use]
pub fn rule(id: &str) -> Option<&'static Rule> {
    REGISTRY.iter().copied().find(|rule| rule.id == id)
}

/// Every sentence there is, by the key under which a language catalogue overrides it: those of the rules, then those
/// that belong to no rule.
pub fn sentences() -> impl Iterator<Item = (String, &'static str)> {
    let of_rule = |rule: &'static Rule| {
        let fields = Field::ALL.into_iter().filter(|field| !field.of(rule).is_empty());
        fields.map(move |field| (field.key(rule), field.of(rule)))
    };
    let others = words::WORDS.iter().map(|(key, text)| ((*key).to_owned(), *text));
    REGISTRY.iter().copied().flat_map(of_rule).chain(others)
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
