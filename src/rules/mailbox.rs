//! What kind of mailbox it is.

use crate::facts::RecipientUse;

use super::identity::about_account;
use super::reading::{GraphReading, Reading, RecipientReading};
use super::rule::{Effect, Open, Outcome, Params, Question, Rule, RuleTexts};
use super::sources::{DEPRECATION, GET_MAILBOX, GRAPH_MAILBOXES};
use super::states::Verdict;

/// Graph does not open this kind of mailbox.
pub static UNSUPPORTED: Rule = Rule {
    id: "mailbox/unsupported-type",
    question: "Is it a kind of mailbox that Graph does not open?",
    effect: Effect::Decides(Verdict::Blocked),
    asks: &[Question::Directory, Question::Graph, Question::Recipient],
    facts: "recipients.toml",
    sources: &[GRAPH_MAILBOXES, GET_MAILBOX, DEPRECATION],
    texts: RuleTexts {
        says: "Graph does not open this kind of mailbox ({kind}).",
        stops: "{stops}",
        next: "Move what is needed into a user or shared mailbox, or take the line off the roster: this kind will not be served by Graph.",
        alternative: "",
    },
    check: |reading| about_account(reading, |account| unsupported(reading, account.enabled)),
};

fn unsupported(reading: &Reading<'_>, enabled: Option<bool>) -> Outcome {
    let kind = |kind: &str| Outcome::Says(Params::one("kind", kind));
    match (&reading.graph, &reading.recipient) {
        (Ok(GraphReading::Answers(_)), _) => Outcome::Silent,
        (_, Ok(RecipientReading::Known { inactive: true, .. })) => kind(&reading.word("mailbox/inactive")),
        (_, Ok(RecipientReading::Known { r#use: RecipientUse::Unserved, kind: name, .. })) => kind(name),
        (Ok(GraphReading::Unsupported(message)), _) => kind(message),
        (Err(open), _) => Outcome::Unknown(open.clone()),
        (Ok(_), Ok(RecipientReading::Unlisted(name))) => {
            Outcome::Unknown(Open::unsettled(Question::Recipient, "kind_unlisted", Params::one("kind", *name)))
        }
        // The accounts of mailboxes that Graph does not serve cannot sign in: an enabled one rules them out.
        (Ok(_), Err(open)) if enabled != Some(true) => Outcome::Unknown(open.clone()),
        (Ok(_), _) => Outcome::Silent,
    }
}

/// The mailbox has an in-place archive, which Graph does not open yet.
pub static ARCHIVE: Rule = Rule {
    id: "mailbox/archive",
    question: "Has the mailbox an in-place archive?",
    effect: Effect::Notes,
    asks: &[Question::Recipient],
    facts: "retirement.toml",
    sources: &[DEPRECATION],
    texts: RuleTexts {
        says: "The mailbox has an in-place archive; Graph opens the primary mailbox only, and Microsoft plans the archive for the fourth quarter of 2026.",
        stops: "",
        next: "Check whether an application of this user reads the archive over EWS; if so, plan its move after Graph supports archives.",
        alternative: "",
    },
    check: |reading| match reading.case.evidence.recipient.value() {
        Some(Some(found)) => Outcome::says_if(found.archive == Some(true)),
        _ => Outcome::Silent,
    },
};

#[cfg(test)]
pub(super) mod speaks {
    use super::*;
    use crate::evidence::mailbox::Recipient;
    use crate::rules::testing::{Speaks, known, no_mailbox, recipient};

    pub const ALL: &[Speaks] = &[
        (&UNSUPPORTED, |case| {
            case.evidence.graph = no_mailbox();
            case.evidence.recipient = recipient("DiscoveryMailbox");
        }),
        (&ARCHIVE, |case| {
            let kind = "UserMailbox".to_owned();
            case.evidence.recipient = known(Some(Recipient { kind, archive: Some(true), ..Recipient::default() }));
        }),
    ];
}
