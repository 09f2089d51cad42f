//! Dynamics 365 server-side synchronization: what makes it fail for a user.

use crate::evidence::joined::{DynamicsMailbox, ExportKind, Published};

use super::gate::{Caller, gate};
use super::hybrid::{in_the_way, on_premises_host};
use super::identity::{about_account, is_guest};
use super::licence::gives_none;
use super::reading::{GraphReading, Identity, Place, Reading};
use super::rule::{Effect, Mark, Outcome, Params, Question, Rule, RuleTexts, ask};
use super::sources::{DYNAMICS_CROSS_TENANT, DYNAMICS_FAULTS, DYNAMICS_SUPPORTED, GRAPH_DELETED, IS_HERE};
use super::states::LicenceState;

const FACTS: &str = "integrations.toml";
const LOCATED: &[Question] = &[Question::Directory, Question::Graph, Question::Routing, Question::Recipient];
const COLUMNS: &[&str] = &["dynamics_sync"];
const BROKEN: Effect = Effect::Marks { columns: COLUMNS, state: Mark::Broken };
const AT_RISK: Effect = Effect::Marks { columns: COLUMNS, state: Mark::AtRisk };

/// Cause 1: the mailbox is in another tenant, or nowhere.
pub static OTHER_TENANT: Rule = Rule {
    id: "dynamics/other-tenant",
    question: "Is the mailbox in another tenant than the one assessed?",
    effect: BROKEN,
    asks: &[Question::Directory, Question::Graph],
    facts: FACTS,
    sources: &[DYNAMICS_FAULTS, "https://github.com/MicrosoftDocs/power-platform/pull/2892"],
    texts: RuleTexts {
        says: "The address belongs to no member of this tenant: Exchange answers Dynamics with NoUserFoundWithGivenClaims.",
        stops: "",
        next: "Correct the address of the Dynamics mailbox record; for a mailbox in another tenant set up cross-tenant synchronization with the Graph permissions it asks for.",
        alternative: "",
    },
    check: |reading| match &reading.identity {
        Err(open) => Outcome::Unknown(open.clone()),
        Ok(Identity::Nobody) => Outcome::says(),
        Ok(Identity::One(account)) => Outcome::says_if(is_guest(reading, account)),
        Ok(Identity::Several) => Outcome::Silent,
    },
};

/// Cause 2: no Exchange licence.
pub static NO_LICENCE: Rule = Rule {
    id: "dynamics/no-licence",
    question: "Has the user no usable Exchange licence?",
    effect: BROKEN,
    asks: &[
        Question::Directory,
        Question::Licence,
        Question::Products,
        Question::Graph,
        Question::Routing,
        Question::Recipient,
    ],
    facts: "exchange-plans.csv",
    sources: &[DYNAMICS_FAULTS],
    texts: RuleTexts {
        says: "The user has no usable Exchange licence, and there is no mailbox that answers.",
        stops: "",
        next: "Settle the licence first.",
        alternative: "",
    },
    check: |reading| {
        about_account(reading, |_| match (&reading.graph, &reading.located, reading.licence.open.as_slice()) {
            (Ok(GraphReading::Answers(_)), _, _) => Outcome::Silent,
            (Err(open), _, _) | (Ok(_), Err(open), _) => Outcome::Unknown(open.clone()),
            (Ok(_), Ok(located), _) if located.place == Place::OnPremises => Outcome::Silent,
            (Ok(_), Ok(_), []) => Outcome::says_if(gives_none(reading.licence.state)),
            (Ok(_), Ok(_), open) => Outcome::Unknown(open.to_vec()),
        })
    },
};

/// Cause 3: the server profile does not fit the place of the mailbox.
pub static PROFILE: Rule = Rule {
    id: "dynamics/profile-mismatch",
    question: "Does the Dynamics server profile fit the place of the mailbox?",
    effect: BROKEN,
    asks: &[Question::Directory, Question::Graph, Question::Routing, Question::Recipient],
    facts: FACTS,
    sources: &[DYNAMICS_SUPPORTED],
    texts: RuleTexts {
        says: "The Dynamics server profile is `{profile}`, but the mailbox is {place}.",
        stops: "",
        next: "Set the profile of the Dynamics mailbox record to {wanted}.",
        alternative: "",
    },
    check: |reading| {
        // The list of mailboxes, where one is joined, goes before the roster's own column.
        let listed = record(reading).map(|record| record.profile.as_str());
        let profile = listed.or(reading.case.entry.dynamics_profile.as_deref()).map(str::trim).unwrap_or_default();
        let hybrid = match profile.to_lowercase() {
            word if word.is_empty() => return Outcome::Silent,
            word if word.contains("hybrid") || word.contains("server") => true,
            word if word.contains("online") => false,
            _ => return Outcome::Silent,
        };
        let place = match &reading.located {
            Err(open) => return Outcome::Unknown(open.clone()),
            Ok(located) => located.place,
        };
        let (place, wanted) = match (place, hybrid) {
            (Place::Cloud, true) => ("dynamics/in_cloud", "dynamics/profile_online"),
            (Place::OnPremises, false) => ("dynamics/on_premises", "dynamics/profile_hybrid"),
            _ => return Outcome::Silent,
        };
        let params = Params::one("profile", profile).and("place", reading.word(place));
        Outcome::Says(params.and("wanted", reading.word(wanted)))
    },
};

/// Cause 4: EWS is closed to Dataverse.
pub static EWS_CLOSED: Rule = Rule {
    id: "dynamics/ews-closed",
    question: "Do the settings close EWS to Dataverse?",
    effect: BROKEN,
    asks: &[
        Question::Directory,
        Question::Graph,
        Question::Routing,
        Question::Recipient,
        Question::Organization,
        Question::MailboxSettings,
    ],
    facts: "retirement.toml",
    sources: &[DYNAMICS_SUPPORTED, IS_HERE],
    texts: RuleTexts {
        says: "The settings close EWS to Dataverse: {closed}.",
        stops: "",
        next: "Have the Exchange administrators let Dataverse's application {app} in until Microsoft confirms that it uses Graph.",
        alternative: "",
    },
    check: |reading| {
        let id = reading.case.facts.integration("dynamics").and_then(|known| known.app_ids.first());
        let Some(app) = id else { return Outcome::Silent };
        match &reading.located {
            Err(open) => return Outcome::Unknown(open.clone()),
            Ok(located) if located.place != Place::Cloud => return Outcome::Silent,
            Ok(_) => {}
        }
        match gate(&reading.case, Caller { app: Some(app), agent: None }) {
            Err(open) => Outcome::Unknown(open),
            Ok(closed) if closed.is_empty() => Outcome::Silent,
            Ok(closed) => Outcome::Says(Params::one("closed", super::ews::closed_by(reading, &closed)).and("app", app)),
        }
    },
};

/// Cause 5: the account was recreated under the same address.
pub static RECREATED: Rule = Rule {
    id: "dynamics/recreated",
    question: "Is a deleted account with the same address still in the recycle bin?",
    effect: AT_RISK,
    asks: &[Question::Directory],
    facts: FACTS,
    sources: &[DYNAMICS_FAULTS, GRAPH_DELETED],
    texts: RuleTexts {
        says: "A deleted account with the same address is still in the recycle bin: Exchange may answer Dynamics with NoUserFoundWithGivenClaims.",
        stops: "",
        next: "Remove the deleted account for good after saving its mailbox, wait up to 72 hours for Exchange's caches, then test and enable the Dynamics mailbox again.",
        alternative: "",
    },
    check: |reading| {
        let deleted = reading.case.evidence.directory.value().is_some_and(|found| !found.deleted.is_empty());
        about_account(reading, |_| Outcome::says_if(deleted))
    },
};

/// Cause 6: the address is not the primary one.
pub static ADDRESS: Rule = Rule {
    id: "dynamics/address-differs",
    question: "Is the address another than the mailbox's primary one?",
    effect: AT_RISK,
    asks: &[Question::Directory],
    facts: FACTS,
    sources: &[DYNAMICS_FAULTS],
    texts: RuleTexts {
        says: "The address is another than the primary address {primary}: Dynamics finds the mailbox by the primary one.",
        stops: "",
        next: "Set the address of the Dynamics mailbox record and user to {primary}.",
        alternative: "",
    },
    check: |reading| {
        let listed = record(reading).map(|record| record.address.as_str());
        let address = listed.or(reading.case.entry.address.as_deref());
        about_account(reading, |account| match (&account.primary_smtp, address) {
            (Some(primary), Some(address)) if !primary.eq_ignore_ascii_case(address) => {
                Outcome::Says(Params::one("primary", primary))
            }
            _ => Outcome::Silent,
        })
    },
};

/// What the joined list of mailboxes says of this user.
fn record<'a>(reading: &Reading<'a>) -> Option<&'a DynamicsMailbox> {
    reading.case.evidence.joined.value().and_then(|known| known.dynamics.as_ref())
}

/// Cause 5: Basic authentication is not offered by the on-premises EWS.
pub static BASIC: Rule = Rule {
    id: "dynamics/basic-not-offered",
    question: "Does the on-premises EWS offer no Basic authentication?",
    effect: BROKEN,
    asks: LOCATED,
    facts: FACTS,
    sources: &[DYNAMICS_FAULTS, DYNAMICS_SUPPORTED],
    texts: RuleTexts {
        says: "The mailbox is on-premises, and EWS on {host} offers {schemes}, but not Basic: the hybrid profile of Dynamics signs in with it and gets 401.",
        stops: "",
        next: "Switch Basic authentication on for the EWS virtual directory that Dynamics reaches (Set-WebServicesVirtualDirectory -BasicAuthentication $true), over https only; or move the mailbox to the cloud.",
        alternative: "",
    },
    check: |reading| {
        let Some(probe) = on_premises_host(reading) else { return Outcome::Silent };
        if probe.ews != Published::AsksForCredentials || probe.offers("Basic") {
            return Outcome::Silent;
        }
        let schemes = match probe.schemes.as_slice() {
            [] => reading.word("hybrid/no_scheme"),
            schemes => schemes.join(", "),
        };
        Outcome::Says(Params::one("host", &probe.host).and("schemes", schemes))
    },
};

/// The on-premises EWS is not published.
pub static NOT_PUBLISHED: Rule = Rule {
    id: "dynamics/ews-not-published",
    question: "Is the on-premises EWS not reachable for Dynamics?",
    effect: BROKEN,
    asks: LOCATED,
    facts: FACTS,
    sources: &[DYNAMICS_SUPPORTED],
    texts: RuleTexts {
        says: "The mailbox is on-premises, and EWS on {host} is not published as Dynamics needs it: {detail}.",
        stops: "",
        next: "Publish /EWS/Exchange.asmx of {host} without a login page in front of it, so that a caller without credentials gets 401.",
        alternative: "",
    },
    check: |reading| in_the_way(reading, |probe| &probe.ews),
};

/// Cause 4, cross-tenant: the customer's own application lacks Graph permissions.
pub static CONSENT: Rule = Rule {
    id: "dynamics/consent-missing",
    question: "Does the application of cross-tenant synchronization lack Graph permissions?",
    effect: BROKEN,
    asks: &[Question::Applications],
    facts: FACTS,
    sources: &[DYNAMICS_CROSS_TENANT, "https://github.com/MicrosoftDocs/power-platform/pull/2892"],
    texts: RuleTexts {
        says: "The application {app} of cross-tenant synchronization lacks consent in this tenant: {missing}.",
        stops: "",
        next: "Have an administrator of this tenant consent to these application permissions of Microsoft Graph for {app}, then test and enable the Dynamics mailbox again.",
        alternative: "",
    },
    check: |reading| {
        let Some(app) = reading.case.options.dynamics_app.as_deref() else { return Outcome::Silent };
        let applications = match ask(Question::Applications, &reading.case.tenant.applications) {
            Ok(applications) => applications,
            Err(open) => return Outcome::Unknown(open),
        };
        let needed = reading.case.facts.integration("dynamics").map(|known| known.graph_permissions.as_slice());
        let needed = needed.unwrap_or_default().iter();
        let missing = match applications.iter().find(|known| known.app_id.eq_ignore_ascii_case(app)) {
            None => reading.word("dynamics/app_absent"),
            Some(known) if known.enabled == Some(false) => reading.word("dynamics/app_disabled"),
            Some(known) => {
                let lacks = needed.filter(|permission| !known.application_permissions.contains(*permission));
                lacks.cloned().collect::<Vec<_>>().join(", ")
            }
        };
        if missing.is_empty() {
            return Outcome::Silent;
        }
        Outcome::Says(Params::one("app", app).and("missing", missing))
    },
};

/// Dynamics has no mailbox record with an address of this mailbox.
pub static NO_RECORD: Rule = Rule {
    id: "dynamics/no-record",
    question: "Has Dynamics no mailbox record with an address of this mailbox?",
    effect: AT_RISK,
    asks: &[Question::Directory],
    facts: FACTS,
    sources: &[DYNAMICS_FAULTS],
    texts: RuleTexts {
        says: "The list of Dynamics mailboxes has no record with an address of this mailbox: it is not synchronized, or its record bears an address that Exchange does not know.",
        stops: "",
        next: "Look the user up among the Dynamics mailbox records and set the address to the mailbox's primary one; or take the line off the roster.",
        alternative: "",
    },
    check: |reading| {
        let exports = reading.case.tenant.exports.value();
        let given = exports.into_iter().flatten().any(|export| export.kind == ExportKind::DynamicsMailboxes);
        let absent = reading.case.evidence.joined.value().is_some_and(|known| known.dynamics.is_none());
        about_account(reading, |_| Outcome::says_if(given && absent))
    },
};

/// Dynamics' own test failed.
pub static TEST_FAILED: Rule = Rule {
    id: "dynamics/test-failed",
    question: "Did Dynamics' own test of the mailbox fail?",
    effect: BROKEN,
    asks: &[],
    facts: FACTS,
    sources: &[DYNAMICS_FAULTS],
    texts: RuleTexts {
        says: "Test & Enable Mailbox failed in Dynamics for: {failed}.",
        stops: "",
        next: "Open the alerts of the Dynamics mailbox record; where this report names a cause, settle it first, then test and enable the mailbox again.",
        alternative: "",
    },
    check: |reading| match record(reading) {
        Some(record) if !record.failed.is_empty() => Outcome::Says(Params::one("failed", record.failed.join(", "))),
        _ => Outcome::Silent,
    },
};

/// A kiosk licence: not excluded by name, and not confirmed.
pub static KIOSK: Rule = Rule {
    id: "dynamics/kiosk",
    question: "Is the only mailbox plan a kiosk plan?",
    effect: AT_RISK,
    asks: &[Question::Directory, Question::Licence, Question::Products],
    facts: "exchange-plans.csv",
    sources: &[DYNAMICS_SUPPORTED],
    texts: RuleTexts {
        says: "The only mailbox plan is a kiosk plan: Microsoft excludes none by name, but nobody confirms that synchronization works with it.",
        stops: "",
        next: "Test one such mailbox (Test & Enable Mailbox) before relying on it.",
        alternative: "",
    },
    check: |reading| {
        about_account(reading, |_| match reading.licence.state {
            _ if !reading.licence.open.is_empty() => Outcome::Unknown(reading.licence.open.clone()),
            state => Outcome::says_if(matches!(state, LicenceState::Kiosk | LicenceState::F1NoMailboxRight)),
        })
    },
};

#[cfg(test)]
pub(super) mod speaks {
    use super::*;
    use crate::evidence::joined::Joined;
    use crate::evidence::mailbox::DeletedAccount;
    use crate::rules::testing::{OTHER_APP, Speaks, joined_with, shows};

    pub const ALL: &[Speaks] = &[
        (&OTHER_TENANT, |case| {
            case.account().user_principal_name = "ada_fabrikam.example#EXT#@contoso.example".to_owned();
            case.evidence.graph = crate::rules::testing::no_mailbox();
        }),
        (&NO_LICENCE, |case| {
            case.licensed(&[]);
            case.without_mailbox();
        }),
        (&PROFILE, |case| {
            case.entry.dynamics_profile = Some("Hybrid".to_owned());
        }),
        (&EWS_CLOSED, |case| {
            case.organization().ews_enabled = Some(false);
        }),
        (&RECREATED, |case| {
            let (id, user_principal_name) = ("d".to_owned(), "ada@contoso.example".to_owned());
            case.directory().deleted.push(DeletedAccount { id, user_principal_name, deleted: None });
        }),
        (&ADDRESS, |case| {
            case.account().primary_smtp = Some("ada.example@contoso.example".to_owned());
        }),
        (&BASIC, |case| {
            case.on_premises();
            let asks = || Published::AsksForCredentials;
            shows(case, asks(), asks(), &["Negotiate", "NTLM"]);
        }),
        (&NOT_PUBLISHED, |case| {
            case.on_premises();
            let form = || Published::LoginPage { detail: "it redirects to login.contoso.example".to_owned() };
            shows(case, form(), form(), &[]);
        }),
        (&CONSENT, |case| {
            case.options.dynamics_app = Some(OTHER_APP.to_owned());
        }),
        (&NO_RECORD, |case| joined_with(case, ExportKind::DynamicsMailboxes, Joined::default())),
        (&TEST_FAILED, |case| {
            let failed = vec!["incoming".to_owned()];
            let dynamics = Some(DynamicsMailbox { failed, ..DynamicsMailbox::default() });
            joined_with(case, ExportKind::DynamicsMailboxes, Joined { dynamics, ..Joined::default() });
        }),
        (&KIOSK, |case| {
            case.licensed(&["EXCHANGEDESKLESS"]);
        }),
    ];
}
