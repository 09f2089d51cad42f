//! Who the address belongs to.

use crate::evidence::mailbox::{Account, MatchedBy};

use super::reading::{Identity, Kind, Reading, RecipientReading};
use super::rule::{Effect, Open, Outcome, Params, Question, Rule, RuleTexts, ask};
use super::sources::{GRAPH_DELETED, GRAPH_ERRORS, GRAPH_SETTINGS, GRAPH_USER, SALESFORCE_ADDRESS, SALESFORCE_EVENTS};
use super::states::Verdict;

const BLOCKS: Effect = Effect::Decides(Verdict::Blocked);
const FACTS: &str = "integrations.toml";

/// Nobody bears the address, and its domain is not the tenant's.
pub static FOREIGN_DOMAIN: Rule = Rule {
    id: "identity/foreign-domain",
    question: "Is the address in a domain of this tenant?",
    effect: BLOCKS,
    asks: &[Question::Directory, Question::Tenant],
    facts: FACTS,
    sources: &["https://learn.microsoft.com/graph/api/domain-list"],
    texts: RuleTexts {
        says: "No account bears this address, and its domain {domain} is not among the tenant's verified domains ({count}).",
        stops: "Nothing in this tenant: the mailbox, if there is one, belongs to another organisation.",
        next: "Take the address off the roster, or assess it in the tenant that owns {domain}.",
        alternative: "",
    },
    check: |reading| {
        let domain = match missing(reading) {
            Err(outcome) => return outcome,
            Ok(address) => address.rsplit('@').next().unwrap_or_default().to_owned(),
        };
        match ask(Question::Tenant, &reading.case.tenant.identity) {
            Err(open) => Outcome::Unknown(open),
            Ok(tenant) if tenant.domains.iter().any(|known| known.name.eq_ignore_ascii_case(&domain)) => {
                Outcome::Silent
            }
            Ok(tenant) => Outcome::Says(Params::one("domain", domain).and("count", tenant.domains.len().to_string())),
        }
    },
};

/// The account that bore the address was deleted in the last 30 days.
pub static DELETED: Rule = Rule {
    id: "identity/deleted",
    question: "Was the account deleted in the last 30 days?",
    effect: BLOCKS,
    asks: &[Question::Directory],
    facts: FACTS,
    sources: &[GRAPH_DELETED],
    texts: RuleTexts {
        says: "The account {upn} was deleted {when}; nobody else bears the address.",
        stops: "Everything has stopped already: the mailbox went with the account.",
        next: "Restore the deleted user (Restore-MgDirectoryDeletedItem -DirectoryObjectId {id}) within 30 days of the deletion, or take the address off the roster.",
        alternative: "",
    },
    check: |reading| match missing(reading) {
        Err(outcome) => outcome,
        Ok(_) => deleted(reading).map_or(Outcome::Silent, Outcome::Says),
    },
};

/// Nobody bears the address.
pub static NOT_IN_DIRECTORY: Rule = Rule {
    id: "identity/not-in-directory",
    question: "Does an account bear the address?",
    effect: BLOCKS,
    asks: &[Question::Directory],
    facts: FACTS,
    sources: &[GRAPH_USER],
    texts: RuleTexts {
        says: "No account bears this address as user principal name, primary or secondary address, and none was deleted with it in the last 30 days.",
        stops: "Nothing in this tenant: there is no such mailbox.",
        next: "Ask {owner} whether the address is spelt right or the person has left; correct the roster or take the line off.",
        alternative: "",
    },
    check: |reading| match missing(reading) {
        Err(outcome) => outcome,
        Ok(_) if deleted(reading).is_some() => Outcome::Silent,
        Ok(_) => {
            let owner = reading.case.entry.owner.clone().filter(|owner| !owner.is_empty());
            Outcome::Says(Params::one("owner", owner.unwrap_or_else(|| reading.word("identity/owner_unnamed"))))
        }
    },
};

/// Several accounts bear the address.
pub static AMBIGUOUS: Rule = Rule {
    id: "identity/ambiguous",
    question: "Is it one account that bears the address?",
    effect: BLOCKS,
    asks: &[Question::Directory],
    facts: FACTS,
    sources: &[GRAPH_USER],
    texts: RuleTexts {
        says: "{count} accounts bear this address: {accounts}.",
        stops: "{stops}",
        next: "Decide which of them is meant; put its object id into the roster, or remove the address from the others.",
        alternative: "",
    },
    check: |reading| match &reading.identity {
        Err(open) => Outcome::Unknown(open.clone()),
        Ok(Identity::Several) => {
            let found = reading.case.evidence.directory.value();
            let accounts = found.map_or(&[][..], |found| &found.accounts);
            let names: Vec<&str> = accounts.iter().map(|account| account.user_principal_name.as_str()).collect();
            Outcome::Says(Params::one("count", names.len().to_string()).and("accounts", names.join(", ")))
        }
        Ok(_) => Outcome::Silent,
    },
};

/// The account is a guest.
pub static GUEST: Rule = Rule {
    id: "identity/guest",
    question: "Is the account a guest?",
    effect: BLOCKS,
    asks: &[Question::Directory, Question::Graph],
    facts: FACTS,
    sources: &["https://learn.microsoft.com/entra/external-id/user-properties"],
    texts: RuleTexts {
        says: "{upn} is a guest in this tenant: the person's mailbox is in another organisation.",
        stops: "Nothing in this tenant: a guest has no mailbox here.",
        next: "Take the guest off the roster, or assess the mailbox in its home tenant.",
        alternative: "",
    },
    check: |reading| {
        about_account(reading, |account| match is_guest(reading, account) {
            true => named(account),
            false => Outcome::Silent,
        })
    },
};

/// A person's account may not sign in.
pub static ACCOUNT_DISABLED: Rule = Rule {
    id: "identity/account-disabled",
    question: "Is the account of a person's mailbox disabled?",
    effect: BLOCKS,
    asks: &[Question::Directory, Question::AccountState, Question::Graph, Question::Recipient],
    facts: "recipients.toml",
    sources: &[GRAPH_USER, GRAPH_SETTINGS],
    texts: RuleTexts {
        says: "The account {upn} is disabled, and its mailbox is no shared, room or equipment mailbox.",
        stops: "{stops}",
        next: "Enable the account (Update-MgUser -UserId {id} -AccountEnabled:$true) if the person is still there; otherwise take the line off the roster.",
        alternative: "",
    },
    check: |reading| {
        about_account(reading, |account| match (account.enabled, &reading.kind) {
            (Some(true), _) | (_, Ok(Kind::Resource)) => Outcome::Silent,
            (None, _) => {
                Outcome::Unknown(Open::unsettled(Question::AccountState, "enabled_not_said", Params::default()))
            }
            (Some(false), Ok(Kind::Person | Kind::NoMailbox)) => named(account),
            (Some(false), Err(open)) => Outcome::Unknown(open.clone()),
        })
    },
};

/// The account was recreated while its predecessor is still in the recycle bin.
pub static RECREATED: Rule = Rule {
    id: "identity/recreated",
    question: "Was the account deleted and created anew, and is its mailbox missing since?",
    effect: BLOCKS,
    asks: &[Question::Directory, Question::Graph],
    facts: FACTS,
    sources: &[GRAPH_DELETED, GRAPH_ERRORS],
    texts: RuleTexts {
        says: "Graph finds no mailbox, and a predecessor of this account ({upn}, deleted {when}) is still in the directory's recycle bin: its mailbox is tied to that one.",
        stops: "{stops}",
        next: "Restore the predecessor, or remove it for good (Remove-MgDirectoryDeletedItem -DirectoryObjectId {id}) after saving its mailbox; then assess again after 24 hours.",
        alternative: "",
    },
    check: |reading| {
        about_account(reading, |_| match (deleted(reading), &reading.graph) {
            (None, _) => Outcome::Silent,
            (Some(_), Err(open)) => Outcome::Unknown(open.clone()),
            (Some(params), Ok(_)) if reading.graph_finds_none() => Outcome::Says(params),
            (Some(_), Ok(_)) => Outcome::Silent,
        })
    },
};

/// A predecessor is in the recycle bin, and the mailbox works all the same.
pub static PREDECESSOR: Rule = Rule {
    id: "identity/predecessor",
    question: "Is a deleted account with the same address still in the recycle bin?",
    effect: Effect::Notes,
    asks: &[Question::Directory, Question::Graph],
    facts: FACTS,
    sources: &[GRAPH_DELETED],
    texts: RuleTexts {
        says: "An account with the same address ({upn}) was deleted {when}; integrations that remember the old object may look for it.",
        stops: "",
        next: "Reconnect the integrations of this user after the move; the old object leaves the recycle bin 30 days after its deletion.",
        alternative: "",
    },
    check: |reading| match deleted(reading) {
        Some(params) if reading.account().is_some() && reading.graph_answers() => Outcome::Says(params),
        _ => Outcome::Silent,
    },
};

/// The roster's address is only an alias, and an integration needs the primary address.
pub static ALIAS_ONLY: Rule = Rule {
    id: "identity/alias-only",
    question: "Is the roster's address only an alias, while an integration connects by the primary address?",
    effect: BLOCKS,
    asks: &[Question::Directory],
    facts: FACTS,
    sources: &[SALESFORCE_ADDRESS, SALESFORCE_EVENTS],
    texts: RuleTexts {
        says: "The address is only an alias of {primary}; {integrations} connects by the primary address.",
        stops: "{stops}",
        next: "Change the address on the roster and in {integrations} to {primary}, or make {address} the primary address (Set-Mailbox {primary} -WindowsEmailAddress {address}).",
        alternative: "",
    },
    check: |reading| {
        let names: Vec<&str> = reading
            .integrations()
            .filter(|known| known.needs_primary_address)
            .map(|known| known.name.as_str())
            .collect();
        if names.is_empty() {
            return Outcome::Silent;
        }
        about_account(reading, |account| match alias_of(account) {
            Some(primary) => Outcome::Says(Params::one("primary", primary).and("integrations", names.join(", "))),
            None => Outcome::Silent,
        })
    },
};

/// Whether an account is a guest's whose mailbox is in another organisation: one that Graph opens is here.
#[must_use]
pub fn is_guest(reading: &Reading<'_>, account: &Account) -> bool {
    account.is_guest() && !reading.graph_answers()
}

/// The primary address, where the roster's address is no more than an alias of it.
#[must_use]
pub fn alias_of(account: &Account) -> Option<&str> {
    let by = |how| account.matched_by.contains(&how);
    let alias = by(MatchedBy::Alias) && !by(MatchedBy::PrimarySmtp) && !by(MatchedBy::UserPrincipalName);
    alias.then(|| account.primary_smtp.as_deref().or(account.mail.as_deref()).unwrap_or_default())
}

/// A rule about the one account behind the address: silent where there is none or several.
pub fn about_account<'a>(reading: &Reading<'a>, rule: impl FnOnce(&'a Account) -> Outcome) -> Outcome {
    match &reading.identity {
        Err(open) => Outcome::Unknown(open.clone()),
        Ok(Identity::One(account)) => rule(account),
        Ok(Identity::Nobody | Identity::Several) => Outcome::Silent,
    }
}

fn named(account: &Account) -> Outcome {
    Outcome::Says(Params::one("upn", &account.user_principal_name).and("id", &account.id))
}

/// The address nobody bears. Where Graph opens a mailbox under it or Exchange lists one, the sources disagree, and
/// that nobody bears it is not settled.
fn missing<'a>(reading: &Reading<'a>) -> Result<&'a str, Outcome> {
    let Some(address) = reading.case.entry.address.as_deref() else { return Err(Outcome::Silent) };
    match &reading.identity {
        Err(open) => return Err(Outcome::Unknown(open.clone())),
        Ok(Identity::Nobody) => {}
        Ok(_) => return Err(Outcome::Silent),
    }
    let listed = matches!(reading.recipient, Ok(RecipientReading::Known { inactive: false, .. }));
    if reading.graph_answers() || listed {
        let open = Open::unsettled(Question::Directory, "mailbox_without_account", Params::default());
        return Err(Outcome::Unknown(open));
    }
    Ok(address)
}

/// Whether an account with the same address is in the recycle bin.
#[must_use]
pub fn has_predecessor(reading: &Reading<'_>) -> bool {
    reading.case.evidence.directory.value().is_some_and(|found| !found.deleted.is_empty())
}

fn deleted(reading: &Reading<'_>) -> Option<Params> {
    let gone = reading.case.evidence.directory.value()?.deleted.first()?;
    let when = match gone.deleted {
        Some(at) => reading.words("identity/deleted_on", &Params::one("date", reading.date(at))),
        None => reading.word("identity/deleted_sometime"),
    };
    Some(Params::one("upn", &gone.user_principal_name).and("id", &gone.id).and("when", when))
}

#[cfg(test)]
pub(super) mod speaks {
    use super::*;
    use crate::evidence::MailboxEvidence;
    use crate::evidence::mailbox::{DeletedAccount, DirectoryMatch};
    use crate::rules::testing::{Speaks, ada, at, known, no_mailbox};

    pub const ALL: &[Speaks] = &[
        (&FOREIGN_DOMAIN, |case| {
            case.evidence = nobody();
            case.entry.address = Some("ada@fabrikam.example".to_owned());
        }),
        (&DELETED, |case| {
            case.evidence = nobody();
            case.directory().deleted.push(DeletedAccount {
                id: "d".to_owned(),
                user_principal_name: "ada@contoso.example".to_owned(),
                deleted: Some(at()),
            });
        }),
        (&NOT_IN_DIRECTORY, |case| {
            case.evidence = nobody();
        }),
        (&AMBIGUOUS, |case| {
            case.directory().accounts.push(ada());
        }),
        (&GUEST, |case| {
            case.account().user_type = Some("guest".to_owned());
            case.evidence.graph = no_mailbox();
        }),
        (&ACCOUNT_DISABLED, |case| {
            case.account().enabled = Some(false);
        }),
        (&RECREATED, |case| {
            case.evidence.graph = no_mailbox();
            case.directory().deleted.push(DeletedAccount {
                id: "d".to_owned(),
                user_principal_name: "ada@contoso.example".to_owned(),
                deleted: Some(at()),
            });
        }),
        (&PREDECESSOR, |case| {
            case.directory().deleted.push(DeletedAccount {
                id: "d".to_owned(),
                user_principal_name: "ada@contoso.example".to_owned(),
                deleted: Some(at()),
            });
        }),
        (&ALIAS_ONLY, |case| {
            case.account().matched_by = vec![MatchedBy::Alias];
        }),
    ];

    fn nobody() -> MailboxEvidence {
        MailboxEvidence { directory: known(DirectoryMatch::default()), ..MailboxEvidence::default() }
    }
}
