//! What a rule is: one question about the evidence, declared with its effect, its facts, its sources and its texts.

use std::fmt;

use crate::evidence::{Cause, Observation};

use super::reading::Reading;
use super::states::{Urgency, Verdict};

/// One question about the evidence.
#[derive(Debug)]
pub struct Rule {
    /// Stable id, `area/name`.
    pub id: &'static str,
    /// The question it answers, for people.
    pub question: &'static str,
    /// What it does when it speaks.
    pub effect: Effect,
    /// The observations it reads: what it hangs on.
    pub asks: &'static [Question],
    /// The file of facts whose date is the rule's date.
    pub facts: &'static str,
    /// Where the rule comes from.
    pub sources: &'static [&'static str],
    /// What it says, with `{named}` parameters.
    pub texts: RuleTexts,
    /// The rule itself.
    pub check: fn(&Reading<'_>) -> Outcome,
}

/// The sentences of a rule, in English; a language catalogue may override each by rule id and field.
#[derive(Debug, Clone, Copy)]
pub struct RuleTexts {
    /// What was found.
    pub says: &'static str,
    /// What stops for the user, and when.
    pub stops: &'static str,
    /// What to do next.
    pub next: &'static str,
    /// Another way out; empty where there is none.
    pub alternative: &'static str,
}

/// What a rule does when it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It gives the verdict, unless a rule before it does.
    Decides(Verdict),
    /// It gives the urgency, unless a rule before it does.
    Urges(Urgency),
    /// It gives the state of an integration's columns, unless a rule before it does.
    Marks {
        /// The columns.
        columns: &'static [&'static str],
        /// The state.
        state: Mark,
    },
    /// It is told of the entry, and changes nothing.
    Notes,
    /// It is told once for the tenant, and changes nothing.
    Tells,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decides(verdict) => write!(f, "verdict {}", verdict.id()),
            Self::Urges(urgency) => write!(f, "urgency {}", urgency.id()),
            Self::Marks { columns, state } => write!(f, "{} {}", columns.join(", "), state.id()),
            Self::Notes => f.write_str("note"),
            Self::Tells => f.write_str("note, once for the tenant"),
        }
    }
}

/// The state of an integration, where a rule says something about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// It does not work, or will not.
    Broken,
    /// It may fail.
    AtRisk,
}

impl Mark {
    /// The identifier in reports.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::AtRisk => "at_risk",
        }
    }
}

/// What a rule makes of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It does not apply.
    Silent,
    /// It applies; the parameters of its texts.
    Says(Params),
    /// What it needs to know stayed open.
    Unknown(Vec<Open>),
}

impl Outcome {
    /// Speaks without parameters.
    #[must_use]
    pub fn says() -> Self {
        Self::Says(Params::default())
    }

    /// Speaks if a condition holds.
    #[must_use]
    pub fn says_if(condition: bool) -> Self {
        if condition { Self::says() } else { Self::Silent }
    }
}

/// Parameters of a text, by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Params(pub(crate) Vec<(&'static str, String)>);

impl Params {
    /// One parameter.
    #[must_use]
    pub fn one(name: &'static str, value: impl Into<String>) -> Self {
        Self::default().and(name, value)
    }

    /// Every parameter there is, with a description in place of a value.
    #[must_use]
    pub fn described() -> Self {
        Self(DESCRIBED.iter().map(|(name, text)| (*name, (*text).to_owned())).collect())
    }

    /// One parameter more.
    #[must_use]
    pub fn and(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.0.push((name, value.into()));
        self
    }
}

/// What each parameter stands for, told where there is no user to fill it in for.
const DESCRIBED: &[(&str, &str)] = &[
    ("Upgrade", "<the product to assign or buy, the cheapest usual step first>"),
    ("about", " <what the product was called before>"),
    ("accounts", "<the accounts>"),
    ("add", "<applications>"),
    ("address", "<address>"),
    ("agents", "<user agents>"),
    ("app", "<application id>"),
    ("apps", "<applications>"),
    ("apps_note", " <how it was judged>"),
    ("before", "<before the end of EWS>"),
    ("by_group", " <by the group>"),
    ("by_when", "<by when, as the urgency has it>"),
    ("caution", " <what to make sure of first>"),
    ("closed", "<the settings that close it>"),
    ("code", "<the service's error code>"),
    ("count", "<count>"),
    ("date", "<date>"),
    ("days", "<days>"),
    ("delegates", "<delegates, and what each lacks>"),
    ("detail", "<detail>"),
    ("domain", "<domain>"),
    ("drop", "<applications>"),
    ("ends", "<the end of EWS in the cloud>"),
    ("error", "<error>"),
    ("failed", "<what failed>"),
    ("first", "<line>"),
    ("from", "<date>"),
    ("host", "<host>"),
    ("id", "<id>"),
    ("integrations", "<integrations>"),
    ("kind", "<kind of mailbox>"),
    ("list_hours", "<hours>"),
    ("listed", "<count>"),
    ("message", "<the service's message>"),
    ("missing", "<what is missing>"),
    ("move", "<what to move: the user, or the applications of a shared mailbox>"),
    ("notice", " <the notice>"),
    ("owner", "<whoever owns the roster line>"),
    ("place", "<place>"),
    ("primary", "<primary address>"),
    ("problem", "<what is wrong with it>"),
    ("product", "<product>"),
    ("products", "<products>"),
    ("profile", "<profile>"),
    ("reason", "<the service's reason>"),
    ("record", "<address of the record>"),
    ("remedy", "<what closes the question, by its cause>"),
    ("row", "<line>"),
    ("schemes", "<authentication schemes>"),
    ("settings", " <what the settings say>"),
    ("state", "<state>"),
    ("stops", "<what the rules of the family ews say of the mailbox>"),
    ("switch_hours", "<hours>"),
    ("title", "<title>"),
    ("upgrade", "<the product to assign or buy, the cheapest usual step first>"),
    ("upn", "<user principal name>"),
    ("url", "<address>"),
    ("value", "<application ids, separated by commas>"),
    ("wanted", "<profile>"),
    ("warned", "<products>"),
    ("when", "<when>"),
    ("why", "<why>"),
    ("witnesses", "<what each source says>"),
];

/// A question that stayed open, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// The question.
    pub question: Question,
    /// Why.
    pub why: Why,
}

impl Open {
    /// A question whose known answers do not settle it; `key` names the explanation in the table of words.
    #[must_use]
    pub fn unsettled(question: Question, key: &'static str, params: Params) -> Vec<Self> {
        vec![Self { question, why: Why::Unsettled { key, params } }]
    }
}

/// Why a question stayed open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// It was asked, and no usable answer came.
    InVain {
        /// The kind of trouble.
        cause: Cause,
        /// What happened.
        detail: String,
    },
    /// It was not asked.
    NotAsked,
    /// What is known does not settle it.
    Unsettled {
        /// The explanation's key in the table of words.
        key: &'static str,
        /// Its parameters.
        params: Params,
    },
}

/// The value of an observation, or why there is none.
///
/// # Errors
/// The open question.
pub fn ask<T>(question: Question, observation: &Observation<T>) -> Result<&T, Vec<Open>> {
    let why = match observation {
        Observation::Known { value, .. } => return Ok(value),
        Observation::Unknown(unknown) => Why::InVain { cause: unknown.cause, detail: unknown.detail.clone() },
        Observation::NotAsked => Why::NotAsked,
    };
    Err(vec![Open { question, why }])
}

macro_rules! questions {
    ($($(#[$doc:meta])* $member:ident = $id:literal,)+) => {
        /// The questions put to the services, in the order in which one explains the next.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Question {
            $($(#[$doc])* $member,)+
        }

        impl Question {
            /// Every question, in order.
            pub const ALL: &'static [Self] = &[$(Self::$member,)+];

            /// The name of the question in ids and in the table of words.
            #[must_use]
            pub fn id(self) -> &'static str {
                match self {
                    $(Self::$member => $id,)+
                }
            }
        }
    };
}

questions! {
    /// Who bears the address in the directory.
    Directory = "directory",
    /// Whether the account may sign in.
    AccountState = "account_state",
    /// Whether Graph opens the mailbox.
    Graph = "graph",
    /// Where Autodiscover sends a client.
    Routing = "routing",
    /// What kind of recipient Exchange Online holds.
    Recipient = "recipient",
    /// What the licences amount to.
    Licence = "licence",
    /// Which products and plans the tenant holds.
    Products = "products",
    /// The organisation's EWS switch, list and filter.
    Organization = "organization",
    /// The mailbox's EWS switch and filter.
    MailboxSettings = "mailbox_settings",
    /// What EWS says to our application.
    Ews = "ews",
    /// Name and domains of the tenant.
    Tenant = "tenant",
    /// The tenant's applications.
    Applications = "applications",
    /// The tenant's Message Center.
    Notices = "notices",
}
