//! What the observations about one case mean together, derived once and read by every rule.
//!
//! Each derived answer is either settled or names the questions that keep it open. Two sources that contradict each
//! other are ranked here, in one place, and [`Located::disagreement`] names them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::evidence::mailbox::{Account, GraphAnswer, GraphRefusal, MailboxPurpose, RouteEnd};
use crate::facts::{Integration, RecipientUse};

use super::case::Case;
use super::licence::state::Licence;
use super::rule::{Open, Params, Question, ask};

/// An answer, or the questions that keep it open.
pub type Settled<T> = Result<T, Vec<Open>>;

/// What the observations about one case mean together.
#[derive(Debug)]
pub struct Reading<'a> {
    /// The case itself.
    pub case: Case<'a>,
    /// The account behind the address.
    pub identity: Settled<Identity<'a>>,
    /// Whether Graph opens the mailbox.
    pub graph: Settled<GraphReading<'a>>,
    /// What kind of recipient Exchange Online holds.
    pub recipient: Settled<RecipientReading<'a>>,
    /// Whose mailbox it is.
    pub kind: Settled<Kind>,
    /// Where the mailbox is.
    pub located: Settled<Located>,
    /// What the licences amount to.
    pub licence: Licence,
}

impl<'a> Reading<'a> {
    /// Reads a case.
    #[must_use]
    pub fn of(case: Case<'a>) -> Self {
        let identity = identity(&case);
        let graph = graph(&case);
        let recipient = recipient(&case);
        let kind = kind(&graph, &recipient);
        let located = located(&case, &identity, &graph, &recipient);
        let licence = Licence::of(&case, &identity, &graph);
        Self { case, identity, graph, recipient, kind, located, licence }
    }

    /// The one account, where there is one.
    #[must_use]
    pub fn account(&self) -> Option<&'a Account> {
        match &self.identity {
            Ok(Identity::One(account)) => Some(account),
            Ok(Identity::Nobody | Identity::Several) | Err(_) => None,
        }
    }

    /// Whether Graph certainly opens the mailbox.
    #[must_use]
    pub fn graph_answers(&self) -> bool {
        matches!(self.graph, Ok(GraphReading::Answers(_)))
    }

    /// A sentence of no rule, in the language of the assessment.
    #[must_use]
    pub fn word(&self, key: &str) -> String {
        self.words(key, &Params::default())
    }

    /// A sentence of no rule with parameters, in the language of the assessment.
    #[must_use]
    pub fn words(&self, key: &str, params: &Params) -> String {
        self.case.options.texts.word(key, params)
    }

    /// The day of a moment (UTC), as reports write it.
    #[must_use]
    pub fn date(&self, at: Timestamp) -> String {
        at.to_zoned(TimeZone::UTC).date().to_string()
    }

    /// The end of EWS in this cloud, as a day or in words.
    #[must_use]
    pub fn ends(&self) -> String {
        self.when("ends")
    }

    /// By when the user should be moved, in words.
    #[must_use]
    pub fn before(&self) -> String {
        self.when("before")
    }

    fn when(&self, family: &str) -> String {
        let Some(cloud) = self.case.cloud() else { return self.word("ends/cloud_unknown") };
        let retirement = &cloud.retirement;
        let (key, day) = match retirement.ends_on {
            Some(day) if day <= self.case.options.as_of => ("past", day),
            Some(day) => ("published", day),
            None => ("unpublished", retirement.plan_by),
        };
        self.words(&format!("{family}/{key}"), &Params::one("date", day.to_string()))
    }

    /// What the facts say about the integrations that the profile names.
    pub fn integrations(&self) -> impl Iterator<Item = &'a Integration> {
        let case = self.case;
        case.options.integrations.iter().filter_map(move |id| case.facts.integration(id))
    }

    /// Whether Graph certainly finds no mailbox (and not: refuses to open one).
    #[must_use]
    pub fn graph_finds_none(&self) -> bool {
        matches!(self.graph, Ok(GraphReading::NoMailbox(_) | GraphReading::UnknownToExchange(_)))
    }
}

/// Who the address belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity<'a> {
    /// No live account bears it.
    Nobody,
    /// Several do, and nothing picks one.
    Several,
    /// One does.
    One(&'a Account),
}

fn identity<'a>(case: &Case<'a>) -> Settled<Identity<'a>> {
    let found = ask(Question::Directory, &case.evidence.directory)?;
    Ok(match found.the_one() {
        Some(account) => Identity::One(account),
        None if found.accounts.is_empty() => Identity::Nobody,
        None => Identity::Several,
    })
}

/// What Graph said, as far as it settles anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GraphReading<'a> {
    /// The mailbox answers.
    Answers(Option<MailboxPurpose>),
    /// `MailboxNotEnabledForRESTAPI`.
    NoMailbox(&'a str),
    /// `MailboxNotSupportedForRESTAPI`.
    Unsupported(&'a str),
    /// Exchange does not know the account.
    UnknownToExchange(&'a str),
    /// An Application Access Policy.
    AccessPolicy(&'a str),
    /// The user-agent filter.
    AgentPolicy(&'a str),
    /// Denied, while other mailboxes of the run opened: outside our application's scope.
    OutOfScope(&'a str),
}

/// The explanation's key when Graph denies every mailbox of the run.
pub const DENIED_EVERYWHERE: &str = "denied_everywhere";

fn graph<'a>(case: &Case<'a>) -> Settled<GraphReading<'a>> {
    Ok(match ask(Question::Graph, &case.evidence.graph)? {
        GraphAnswer::Answers { purpose } => GraphReading::Answers(*purpose),
        GraphAnswer::NoMailbox { message } => GraphReading::NoMailbox(message),
        GraphAnswer::UnsupportedMailbox { message } => GraphReading::Unsupported(message),
        GraphAnswer::UnknownToExchange { message } => GraphReading::UnknownToExchange(message),
        GraphAnswer::Refused { by, message } => match by {
            GraphRefusal::AccessPolicy => GraphReading::AccessPolicy(message),
            GraphRefusal::UserAgentPolicy => GraphReading::AgentPolicy(message),
            GraphRefusal::AccessDenied if case.tenant.graph_opened_any => GraphReading::OutOfScope(message),
            GraphRefusal::AccessDenied => {
                let params = Params::one("message", message.clone());
                return Err(Open::unsettled(Question::Graph, DENIED_EVERYWHERE, params));
            }
        },
    })
}

/// What Exchange Online holds under the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecipientReading<'a> {
    /// No mailbox.
    NoMailbox,
    /// A mailbox or recipient of a kind the facts list.
    Known {
        /// What the kind is for.
        r#use: RecipientUse,
        /// Its name.
        kind: &'a str,
        /// Whether the mailbox is inactive.
        inactive: bool,
    },
    /// A kind the facts do not list.
    Unlisted(&'a str),
}

fn recipient<'a>(case: &Case<'a>) -> Settled<RecipientReading<'a>> {
    let Some(found) = ask(Question::Recipient, &case.evidence.recipient)? else {
        return Ok(RecipientReading::NoMailbox);
    };
    Ok(match case.facts.recipient_use(&found.kind) {
        Some(r#use) => RecipientReading::Known { r#use, kind: &found.kind, inactive: found.inactive },
        None => RecipientReading::Unlisted(&found.kind),
    })
}

impl RecipientReading<'_> {
    /// Whether Exchange Online holds a live mailbox.
    fn is_mailbox(self) -> bool {
        matches!(self, Self::Known { r#use, inactive: false, .. } if r#use != RecipientUse::Elsewhere)
    }

    /// Whether Exchange Online holds the recipient without its mailbox.
    fn is_elsewhere(self) -> bool {
        matches!(self, Self::Known { r#use: RecipientUse::Elsewhere, .. })
    }
}

/// Whose mailbox it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One person's.
    Person,
    /// Shared, a room's or a thing's.
    Resource,
    /// There is no cloud mailbox whose kind could matter.
    NoMailbox,
}

/// Graph's purpose and Exchange's recipient type, Exchange's word first: Graph reports what Exchange tells it.
fn kind(graph: &Settled<GraphReading<'_>>, recipient: &Settled<RecipientReading<'_>>) -> Settled<Kind> {
    if let Ok(RecipientReading::Known { r#use, inactive: false, .. }) = recipient {
        match r#use {
            RecipientUse::Person => return Ok(Kind::Person),
            RecipientUse::Resource => return Ok(Kind::Resource),
            RecipientUse::Unserved | RecipientUse::Elsewhere => {}
        }
    }
    match (graph, recipient) {
        (Ok(GraphReading::Answers(Some(purpose))), _) if *purpose != MailboxPurpose::Others => Ok(match purpose {
            MailboxPurpose::Shared | MailboxPurpose::Room | MailboxPurpose::Equipment => Kind::Resource,
            MailboxPurpose::User | MailboxPurpose::Linked | MailboxPurpose::Others => Kind::Person,
        }),
        (Ok(GraphReading::NoMailbox(_) | GraphReading::UnknownToExchange(_)), _) => Ok(Kind::NoMailbox),
        (Ok(GraphReading::Answers(_)), Ok(_)) => {
            Err(Open::unsettled(Question::Recipient, "kind_unclear", Params::default()))
        }
        (_, Ok(RecipientReading::NoMailbox)) => Ok(Kind::NoMailbox),
        (Err(open), _) => Err(open.clone()),
        (Ok(_), Err(open)) => Err(open.clone()),
        (Ok(_), Ok(_)) => Err(Open::unsettled(Question::Recipient, "kind_unclear", Params::default())),
    }
}

/// Where the mailbox is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Located {
    /// The place.
    pub place: Place,
    /// Whether a source says otherwise.
    pub disagreement: bool,
}

/// A place for a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In Exchange Online.
    Cloud,
    /// On an Exchange Server of the customer's.
    OnPremises,
    /// Not in Exchange Online, and not on-premises either: there is none.
    Nowhere,
}

/// Graph answering is direct proof of a cloud mailbox. Without it the mailbox is on-premises when Autodiscover sends
/// there and a second service finds none in the cloud, or when Exchange Online holds a synchronized account as a mail
/// user; and it is not on-premises when Autodiscover resolves it in the cloud or not at all, for a synchronized
/// account only with Exchange Online's own word beside it.
fn located(
    case: &Case<'_>,
    identity: &Settled<Identity<'_>>,
    graph: &Settled<GraphReading<'_>>,
    recipient: &Settled<RecipientReading<'_>>,
) -> Settled<Located> {
    let routing = ask(Question::Routing, &case.evidence.routing).map(|routing| &routing.end);
    let routed_away = matches!(routing, Ok(RouteEnd::OnPremises { .. }));
    let mailbox_listed = recipient.as_ref().is_ok_and(|found| found.is_mailbox());
    let listed_elsewhere = recipient.as_ref().is_ok_and(|found| found.is_elsewhere());
    let at = |place, disagreement| Ok(Located { place, disagreement });

    if let Ok(GraphReading::Answers(_)) = graph {
        let denied = matches!(recipient, Ok(RecipientReading::NoMailbox)) || listed_elsewhere;
        return at(Place::Cloud, routed_away || denied);
    }
    let none_by_graph = matches!(graph, Ok(GraphReading::NoMailbox(_) | GraphReading::UnknownToExchange(_)));
    let none_by_exchange = matches!(recipient, Ok(RecipientReading::NoMailbox)) || listed_elsewhere;
    let synchronized = match identity {
        Ok(Identity::One(account)) => Ok(account.on_premises_sync == Some(true)),
        Ok(Identity::Nobody | Identity::Several) => Ok(false),
        Err(open) => Err(open.clone()),
    };
    if listed_elsewhere && synchronized == Ok(true) {
        return at(Place::OnPremises, matches!(routing, Ok(RouteEnd::ExchangeOnline { .. })));
    }
    if routed_away && (none_by_graph || none_by_exchange) {
        return at(Place::OnPremises, mailbox_listed);
    }
    if mailbox_listed {
        return at(Place::Cloud, none_by_graph);
    }
    if graph.is_err() {
        return Err(graph.as_ref().err().cloned().unwrap_or_default());
    }
    not_routed_away(routing, &synchronized?, recipient)?;
    match recipient {
        // Refused is not absent: without Exchange Online's word the mailbox may well be there.
        Err(open) if !none_by_graph => Err(open.clone()),
        Ok(_) | Err(_) => at(Place::Nowhere, false),
    }
}

fn not_routed_away(
    routing: Settled<&RouteEnd>,
    synchronized: &bool,
    recipient: &Settled<RecipientReading<'_>>,
) -> Settled<()> {
    match routing? {
        RouteEnd::ExchangeOnline { .. } | RouteEnd::Unresolved { .. } => {}
        RouteEnd::OnPremises { url } => {
            return Err(Open::unsettled(Question::Graph, "only_routing", Params::one("url", url)));
        }
        RouteEnd::NotExchange { detail } => {
            return Err(Open::unsettled(Question::Routing, "not_exchange", Params::one("detail", detail)));
        }
    }
    match recipient {
        Err(open) if *synchronized => Err(open.clone()),
        Ok(RecipientReading::Unlisted(kind)) => {
            Err(Open::unsettled(Question::Recipient, "kind_unlisted", Params::one("kind", *kind)))
        }
        Ok(_) | Err(_) => Ok(()),
    }
}
