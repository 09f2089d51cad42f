//! Where the mailbox is.

use crate::evidence::mailbox::{EwsAnswer, RouteEnd};

use super::identity::about_account;
use super::reading::{Place, Reading};
use super::rule::{Effect, Outcome, Params, Question, Rule, RuleTexts};
use super::sources::{AUTODISCOVER_V2, DEPRECATION, GET_MAILBOX, GRAPH_HYBRID};
use super::states::Verdict;

/// The mailbox is on an Exchange Server.
pub static ON_PREMISES: Rule = Rule {
    id: "location/on-premises",
    question: "Is the mailbox on-premises?",
    effect: Effect::Decides(Verdict::Blocked),
    asks: &[Question::Directory, Question::Graph, Question::Routing, Question::Recipient],
    facts: "recipients.toml",
    sources: &[GRAPH_HYBRID, AUTODISCOVER_V2, GET_MAILBOX, DEPRECATION],
    texts: RuleTexts {
        says: "The mailbox is on-premises: {witnesses}. Graph opens mailboxes in Exchange Online only.",
        stops: "Nothing by this retirement: EWS of Exchange Server stays. The move to Graph waits until the mailbox is in Exchange Online.",
        next: "Have the Exchange administrators migrate the mailbox to Exchange Online (New-MoveRequest -Identity {address} -Remote), then assess again. Do not buy a licence for it before.",
        alternative: "",
    },
    check: |reading| {
        about_account(reading, |_| match &reading.located {
            Ok(located) if located.place == Place::OnPremises => {
                Outcome::Says(Params::one("witnesses", witnesses(reading)))
            }
            Ok(_) => Outcome::Silent,
            Err(open) => Outcome::Unknown(open.clone()),
        })
    },
};

/// The sources do not agree where the mailbox is.
pub static SOURCES_DISAGREE: Rule = Rule {
    id: "location/sources-disagree",
    question: "Do the sources agree on where the mailbox is?",
    effect: Effect::Notes,
    asks: &[Question::Directory, Question::Graph, Question::Routing, Question::Recipient, Question::Ews],
    facts: "recipients.toml",
    sources: &[GRAPH_HYBRID, AUTODISCOVER_V2, GET_MAILBOX],
    texts: RuleTexts {
        says: "The sources disagree on where the mailbox is: {witnesses}. Graph's answer is held to be the proof; without it two services have to agree.",
        stops: "",
        next: "Compare Get-Recipient {address} in Exchange Online with the on-premises one; a mailbox that was just moved may need a day until all agree.",
        alternative: "",
    },
    check: |reading| {
        let ews_differs = match reading.case.evidence.ews.value() {
            Some(EwsAnswer::Works) => reading.graph_finds_none(),
            Some(EwsAnswer::NoMailbox { .. }) => reading.graph_answers(),
            _ => false,
        };
        let differ = reading.located.as_ref().is_ok_and(|located| located.disagreement);
        if differ || ews_differs {
            Outcome::Says(Params::one("witnesses", witnesses(reading)))
        } else {
            Outcome::Silent
        }
    },
};

/// What each source says about the place, in one phrase.
fn witnesses(reading: &Reading<'_>) -> String {
    let evidence = reading.case.evidence;
    let mut said = Vec::new();
    if let Some(routing) = evidence.routing.value() {
        said.push(match &routing.end {
            RouteEnd::ExchangeOnline { .. } => reading.word("witness/routed_online"),
            RouteEnd::OnPremises { url } => reading.words("witness/routed_on_premises", &Params::one("url", url)),
            RouteEnd::Unresolved { .. } => reading.word("witness/unresolved"),
            RouteEnd::NotExchange { .. } => reading.word("witness/not_exchange"),
        });
    }
    if reading.graph_answers() {
        said.push(reading.word("witness/graph_answers"));
    } else if reading.graph_finds_none() {
        said.push(reading.word("witness/graph_finds_none"));
    }
    match evidence.recipient.value() {
        Some(Some(found)) => said.push(reading.words("witness/recipient", &Params::one("kind", &found.kind))),
        Some(None) => said.push(reading.word("witness/no_recipient")),
        None => {}
    }
    match evidence.ews.value() {
        Some(EwsAnswer::Works) => said.push(reading.word("witness/ews_opens")),
        Some(EwsAnswer::NoMailbox { .. }) => said.push(reading.word("witness/ews_finds_none")),
        _ => {}
    }
    if reading.account().is_some_and(|account| account.on_premises_sync == Some(true)) {
        said.push(reading.word("witness/synchronized"));
    }
    said.join(", ")
}

#[cfg(test)]
pub(super) mod speaks {
    use super::*;
    use crate::rules::testing::{ON_PREMISES_URL, Speaks, known, route};

    pub const ALL: &[Speaks] = &[
        (&ON_PREMISES, |case| {
            case.on_premises();
        }),
        (&SOURCES_DISAGREE, |case| {
            case.evidence.routing = known(route(RouteEnd::OnPremises { url: ON_PREMISES_URL.to_owned() }));
        }),
    ];
}
