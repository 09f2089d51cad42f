//! Questions that stayed open: why, and what closes them. A verdict that hangs on one is *not assessed*, and the
//! question is its reason.

use crate::evidence::{Cause, MailboxEvidence, Observation, TenantEvidence};

use super::reading::Reading;
use super::rule::{Effect, Open, Outcome, Params, Question, Rule, RuleTexts, Why};
use super::sources::GRAPH_ERRORS;

macro_rules! open_rules {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $effect:ident, $question:ident, $asks:literal, $says:literal;)+) => {
        $(
            $(#[$doc])*
            pub static $name: Rule = Rule {
                id: $id,
                question: $asks,
                effect: Effect::$effect,
                asks: &[Question::$question],
                facts: "retirement.toml",
                sources: &[GRAPH_ERRORS],
                texts: RuleTexts { says: $says, stops: "{stops}", next: "{remedy}", alternative: "" },
                check: |reading| in_vain(reading, Question::$question),
            };
        )+

        /// The rule of each question.
        pub static RULES: &[&Rule] = &[$(&$name,)+];
    };
}

open_rules! {
    /// The directory.
    DIRECTORY = "open/directory", Notes, Directory, "Could it be found out who bears the address?",
        "It stayed open who bears the address: {why}.";
    /// The state of the account.
    ACCOUNT_STATE = "open/account-state", Notes, AccountState, "Could it be found out whether the account may sign in?",
        "It stayed open whether the account may sign in: {why}.";
    /// Graph.
    GRAPH = "open/graph", Notes, Graph, "Could it be found out whether Graph opens the mailbox?",
        "It stayed open whether Graph opens the mailbox: {why}.";
    /// Autodiscover.
    ROUTING = "open/routing", Notes, Routing, "Could it be found out where the mailbox is?",
        "It stayed open whether the mailbox is in Exchange Online or on-premises: {why}.";
    /// Exchange's recipient.
    RECIPIENT = "open/recipient", Notes, Recipient, "Could it be found out what kind of recipient Exchange Online holds?",
        "It stayed open what kind of recipient Exchange Online holds: {why}.";
    /// Licences.
    LICENCE = "open/licence", Notes, Licence, "Could it be found out what the licences give?",
        "It stayed open what the licences give: {why}.";
    /// Products.
    PRODUCTS = "open/products", Tells, Products, "Could the tenant's products be read?",
        "It stayed open which plans the tenant's products hold: {why}.";
    /// The organisation's EWS settings.
    ORGANIZATION = "open/organization", Tells, Organization, "Could the organisation's EWS settings be read?",
        "The organisation's EWS settings stayed open: {why}.";
    /// The mailbox's EWS settings.
    MAILBOX_SETTINGS = "open/mailbox-settings", Notes, MailboxSettings, "Could the mailbox's EWS settings be read?",
        "The mailbox's EWS settings stayed open: {why}.";
    /// EWS.
    EWS = "open/ews", Notes, Ews, "Could EWS be probed?",
        "It stayed open whether EWS opens the mailbox: {why}.";
    /// The tenant.
    TENANT = "open/tenant", Tells, Tenant, "Could the tenant's domains be read?",
        "The tenant's domains stayed open: {why}.";
    /// Applications.
    APPLICATIONS = "open/applications", Tells, Applications, "Could the tenant's applications be read?",
        "The tenant's applications stayed open: {why}.";
    /// Message Center.
    NOTICES = "open/notices", Tells, Notices, "Could the Message Center be read?",
        "The Message Center stayed closed: {why}.";
}

/// The rule of a question.
#[must_use]
pub fn rule_of(question: Question) -> &'static Rule {
    RULES.iter().copied().find(|rule| rule.asks == [question]).unwrap_or(&DIRECTORY)
}

/// Why a question stayed open and what closes it, as parameters of its rule's texts.
#[must_use]
pub fn params(reading: &Reading<'_>, open: &Open) -> Params {
    let question = open.question.id();
    let (why, remedy) = match &open.why {
        Why::NotAsked => (reading.word("cause/not_asked"), format!("remedy_source/{question}")),
        Why::Unsettled { key, params } => {
            (reading.words(&format!("unsettled/{key}"), params), format!("remedy_unsettled/{key}"))
        }
        Why::InVain { cause, detail } => {
            let words = reading.words(&format!("cause/{}", cause.id()), &Params::one("detail", detail));
            let remedy = match cause {
                Cause::NotPermitted | Cause::SignIn => format!("remedy_permission/{question}"),
                Cause::NoSource => format!("remedy_source/{question}"),
                Cause::Throttled | Cause::Outage | Cause::Unreadable | Cause::Inconclusive | Cause::Stopped => {
                    "remedy/again".to_owned()
                }
            };
            (words, remedy)
        }
    };
    Params::one("why", why).and("remedy", reading.word(&remedy))
}

fn in_vain(reading: &Reading<'_>, question: Question) -> Outcome {
    match open_question(reading, question) {
        Some(open) => Outcome::Says(params(reading, &open)),
        None => Outcome::Silent,
    }
}

/// A question that was asked of this entry in vain. What is missing for every mailbox alike - a permission, a token,
/// a source - is no news about one of them: it is told only where something hangs on it.
fn open_question(reading: &Reading<'_>, question: Question) -> Option<Open> {
    let why = match question {
        Question::Licence => reading.licence.open.iter().find(|open| open.question == question)?.why.clone(),
        Question::AccountState => {
            reading.account().filter(|account| account.enabled.is_none())?;
            Why::Unsettled { key: "enabled_not_said", params: Params::default() }
        }
        _ => why_unknown(question, reading.case.evidence, reading.case.tenant)?,
    };
    let of_one = !matches!(why, Why::InVain { cause: Cause::NotPermitted | Cause::SignIn | Cause::NoSource, .. });
    (of_one || rule_of(question).effect == Effect::Tells).then_some(Open { question, why })
}

/// Why a question was asked in vain; none: it was answered, or not asked.
fn why_unknown(question: Question, evidence: &MailboxEvidence, tenant: &TenantEvidence) -> Option<Why> {
    fn why<T>(observation: &Observation<T>) -> Option<Why> {
        let unknown = observation.why_unknown()?;
        Some(Why::InVain { cause: unknown.cause, detail: unknown.detail.clone() })
    }
    match question {
        Question::Directory => why(&evidence.directory),
        Question::Graph => why(&evidence.graph),
        Question::Routing => why(&evidence.routing),
        Question::Recipient => why(&evidence.recipient),
        Question::MailboxSettings => why(&evidence.cas),
        Question::Ews => why(&evidence.ews),
        Question::Products => why(&tenant.skus),
        Question::Organization => why(&tenant.organization),
        Question::Tenant => why(&tenant.identity),
        Question::Applications => why(&tenant.applications),
        Question::Notices => why(&tenant.notices),
        Question::AccountState | Question::Licence => None,
    }
}

#[cfg(test)]
pub(super) mod speaks {
    use super::*;
    use crate::evidence::mailbox::AssignedLicence;
    use crate::rules::testing::{Speaks, unknown};
    use uuid::Uuid;

    pub const ALL: &[Speaks] = &[
        (&DIRECTORY, |case| {
            case.evidence.directory = unknown();
        }),
        (&ACCOUNT_STATE, |case| {
            case.account().enabled = None;
        }),
        (&GRAPH, |case| {
            case.evidence.graph = unknown();
        }),
        (&ROUTING, |case| {
            case.evidence.routing = unknown();
        }),
        (&RECIPIENT, |case| {
            case.evidence.recipient = unknown();
        }),
        (&LICENCE, |case| {
            case.licensed(&[]);
            case.account().licences = vec![AssignedLicence { sku: Uuid::nil(), disabled_plans: Vec::new() }];
        }),
        (&PRODUCTS, |case| {
            case.tenant.skus = unknown();
        }),
        (&ORGANIZATION, |case| {
            case.tenant.organization = unknown();
        }),
        (&MAILBOX_SETTINGS, |case| {
            case.evidence.cas = unknown();
        }),
        (&EWS, |case| {
            case.evidence.ews = unknown();
        }),
        (&TENANT, |case| {
            case.tenant.identity = unknown();
        }),
        (&APPLICATIONS, |case| {
            case.tenant.applications = unknown();
        }),
        (&NOTICES, |case| {
            case.tenant.notices = unknown();
        }),
    ];
}
