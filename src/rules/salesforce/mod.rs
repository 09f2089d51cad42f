//! Salesforce: Lightning Sync, which speaks EWS, and Einstein Activity Capture, which speaks Graph.

pub mod connection;

use crate::evidence::tenant::Application;

use super::decide::Decision;
use super::ews;
use super::identity::{about_account, alias_of, is_guest};
use super::licence::{KIOSK, upgrade};
use super::reading::{Identity, Place, Reading};
use super::rule::{Effect, Mark, Open, Outcome, Params, Question, Rule, RuleTexts};
use super::sources::{
    KIOSK_CANCELLED, SALESFORCE_ADDRESS, SALESFORCE_EVENTS, SALESFORCE_GRAPH, SALESFORCE_LICENCES,
    SALESFORCE_LIGHTNING, SALESFORCE_METHODS, SALESFORCE_ON_PREMISES,
};
use super::states::{LicenceState, Urgency};

const FACTS: &str = "integrations.toml";
const LIGHTNING: &[&str] = &["salesforce_lightning_sync"];
const CAPTURE: &[&str] = &["salesforce_eac"];
const BOTH: &[&str] = &["salesforce_lightning_sync", "salesforce_eac"];

const fn broken(columns: &'static [&'static str]) -> Effect {
    Effect::Marks { columns, state: Mark::Broken }
}

const fn at_risk(columns: &'static [&'static str]) -> Effect {
    Effect::Marks { columns, state: Mark::AtRisk }
}

/// Nobody's mailbox, or none.
pub static NO_MAILBOX: Rule = Rule {
    id: "salesforce/no-mailbox",
    question: "Is there no mailbox that Salesforce could connect to?",
    effect: broken(BOTH),
    asks: &[Question::Directory, Question::Graph, Question::Routing, Question::Recipient],
    facts: FACTS,
    sources: &[SALESFORCE_LICENCES, SALESFORCE_ADDRESS],
    texts: RuleTexts {
        says: "There is no mailbox in this tenant that Salesforce could connect to.",
        stops: "",
        next: "Settle the verdict's cause first.",
        alternative: "",
    },
    check: |reading| {
        match &reading.identity {
            Err(open) => return Outcome::Unknown(open.clone()),
            Ok(Identity::Nobody) => return Outcome::says(),
            Ok(Identity::Several) => {
                return Outcome::Unknown(Open::unsettled(Question::Directory, "several_accounts", Params::default()));
            }
            Ok(Identity::One(account)) if is_guest(reading, account) => return Outcome::says(),
            Ok(Identity::One(_)) => {}
        }
        match &reading.located {
            Ok(located) => Outcome::says_if(located.place == Place::Nowhere),
            Err(open) => Outcome::Unknown(open.clone()),
        }
    },
};

/// The mailbox is on-premises.
pub static ON_PREMISES: Rule = Rule {
    id: "salesforce/on-premises",
    question: "Does Salesforce connect to Exchange Server for this user?",
    effect: at_risk(BOTH),
    asks: &[Question::Directory, Question::Graph, Question::Routing, Question::Recipient],
    facts: FACTS,
    sources: &[SALESFORCE_ON_PREMISES, SALESFORCE_LIGHTNING],
    texts: RuleTexts {
        says: "The mailbox is on-premises: Salesforce reaches it over EWS of Exchange Server, which stays; Lightning Sync ends in April 2027 all the same.",
        stops: "",
        next: "Keep the on-premises connection of Einstein Activity Capture for this user until the mailbox is in Exchange Online.",
        alternative: "",
    },
    check: |reading| match &reading.located {
        Ok(located) => Outcome::says_if(located.place == Place::OnPremises),
        Err(open) => Outcome::Unknown(open.clone()),
    },
};

/// The roster's address is an alias.
pub static ALIAS: Rule = Rule {
    id: "salesforce/alias",
    question: "Is Salesforce to connect by an alias?",
    effect: broken(BOTH),
    asks: &[Question::Directory],
    facts: FACTS,
    sources: &[SALESFORCE_ADDRESS, SALESFORCE_EVENTS],
    texts: RuleTexts {
        says: "The address is only an alias of {primary}; Salesforce connects by the primary address.",
        stops: "",
        next: "Set the address of the Salesforce user record to {primary}.",
        alternative: "",
    },
    check: |reading| {
        about_account(reading, |account| match alias_of(account) {
            Some(primary) => Outcome::Says(Params::one("primary", primary)),
            None => Outcome::Silent,
        })
    },
};

/// Graph does not open the mailbox.
pub static GRAPH_REFUSED: Rule = Rule {
    id: "salesforce/graph-closed",
    question: "Does Graph, over which Einstein Activity Capture works, not open the mailbox?",
    effect: broken(CAPTURE),
    asks: &[Question::Graph],
    facts: FACTS,
    sources: &[SALESFORCE_GRAPH],
    texts: RuleTexts {
        says: "Graph does not open the mailbox to our application; what keeps it out may keep Einstein Activity Capture out as well.",
        stops: "",
        next: "Settle the verdict's cause first, for the application of Einstein Activity Capture too.",
        alternative: "",
    },
    check: |reading| match &reading.graph {
        Err(open) => Outcome::Unknown(open.clone()),
        Ok(_) => Outcome::says_if(!reading.graph_answers()),
    },
};

/// The account is disabled or has no right to its mailbox.
pub static F1: Rule = Rule {
    id: "salesforce/f1",
    question: "Has the user a mailbox, but no right to it?",
    effect: at_risk(CAPTURE),
    asks: &[Question::Directory, Question::Licence, Question::Products],
    facts: "upgrades.csv",
    sources: &[SALESFORCE_LICENCES],
    texts: RuleTexts {
        says: "With Microsoft 365 F1 alone the user has no right to the mailbox, over any protocol.",
        stops: "",
        next: "Give the user a licence with a mailbox right before connecting.",
        alternative: "",
    },
    check: |reading| licence_is(reading, LicenceState::F1NoMailboxRight),
};

/// EWS is closed today.
pub static EWS_DOWN: Rule = Rule {
    id: "salesforce/ews-down",
    question: "Is EWS, over which Lightning Sync works, closed today?",
    effect: broken(LIGHTNING),
    asks: &[Question::Ews, Question::Organization, Question::MailboxSettings],
    facts: "retirement.toml",
    sources: &[SALESFORCE_LIGHTNING],
    texts: RuleTexts {
        says: "EWS is closed to this mailbox today: Lightning Sync does not work.",
        stops: "",
        next: "Move the user to Einstein Activity Capture.",
        alternative: "",
    },
    check: |reading| match ews::urgency(reading) {
        Decision::Decided { answer: Urgency::Unknown, .. } => {
            Outcome::Unknown(Open::unsettled(Question::Ews, "ews_contradiction", Params::default()))
        }
        Decision::Decided { answer, .. } => Outcome::says_if(answer == Urgency::Now),
        Decision::Open { open, .. } => Outcome::Unknown(open),
        Decision::Silent => Outcome::Silent,
    },
};

/// The licence lacks the right that Salesforce asks for.
pub static EWS_RIGHT: Rule = Rule {
    id: "salesforce/no-ews-right",
    question: "Lacks the licence the EWS right that Salesforce asks for?",
    effect: at_risk(LIGHTNING),
    asks: KIOSK.asks,
    facts: "exchange-plans.csv",
    sources: &[SALESFORCE_LICENCES, KIOSK_CANCELLED],
    texts: RuleTexts {
        says: "The licence carries no EWS right, which Salesforce asks for; Microsoft does not enforce it.",
        stops: "",
        next: "Two ways out: {upgrade}; or leave the licence as it is and move the user to Einstein Activity Capture, which works over Graph.",
        alternative: "",
    },
    check: |reading| match licence_is(reading, LicenceState::F1NoMailboxRight) {
        Outcome::Silent => with_upgrade(reading, licence_is(reading, LicenceState::Kiosk)),
        other => with_upgrade(reading, other),
    },
};

/// The first way out by name: the licences that carry the right.
fn with_upgrade(reading: &Reading<'_>, outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Says(params) => Outcome::Says(params.and("upgrade", upgrade(reading))),
        other => other,
    }
}

/// EWS may be switched off at short notice.
pub static ENDS_SOON: Rule = Rule {
    id: "salesforce/ends-soon",
    question: "Can EWS, over which Lightning Sync works, be switched off at short notice?",
    effect: at_risk(LIGHTNING),
    asks: EWS_DOWN.asks,
    facts: "retirement.toml",
    sources: &[SALESFORCE_LIGHTNING],
    texts: RuleTexts {
        says: "Microsoft can switch EWS off for the tenant at short notice; Lightning Sync stops then.",
        stops: "",
        next: "Move the user to Einstein Activity Capture before that.",
        alternative: "",
    },
    check: |reading| match ews::urgency(reading) {
        Decision::Decided { answer, .. } => Outcome::says_if(answer == Urgency::Soon),
        Decision::Open { .. } | Decision::Silent => Outcome::Silent,
    },
};

/// User principal name and primary address differ.
pub static UPN_DIFFERS: Rule = Rule {
    id: "salesforce/upn-differs",
    question: "Is the user principal name another than the primary address?",
    effect: at_risk(CAPTURE),
    asks: &[Question::Directory],
    facts: FACTS,
    sources: &[SALESFORCE_ADDRESS, SALESFORCE_EVENTS],
    texts: RuleTexts {
        says: "The user principal name {upn} is another than the primary address {primary}; Einstein Activity Capture expects them to be the same.",
        stops: "",
        next: "Make them the same before connecting: change the user principal name to {primary}, or the primary address to {upn}.",
        alternative: "",
    },
    check: |reading| {
        about_account(reading, |account| match account.primary_smtp.as_deref() {
            Some(primary) if !primary.eq_ignore_ascii_case(&account.user_principal_name) => {
                Outcome::Says(Params::one("upn", &account.user_principal_name).and("primary", primary))
            }
            _ => Outcome::Silent,
        })
    },
};

/// The Salesforce user record bears another address.
pub static RECORD_ADDRESS: Rule = Rule {
    id: "salesforce/record-address",
    question: "Does the Salesforce user record bear another address than the mailbox?",
    effect: at_risk(CAPTURE),
    asks: &[Question::Directory],
    facts: FACTS,
    sources: &[SALESFORCE_ADDRESS],
    texts: RuleTexts {
        says: "The Salesforce user record bears {record}, the mailbox's primary address is {primary}; they have to be the same.",
        stops: "",
        next: "Set the address of the Salesforce user record to {primary}.",
        alternative: "",
    },
    check: |reading| {
        // The list of users, where one is joined, goes before the roster's own column.
        let user = reading.case.evidence.joined.value().and_then(|known| known.salesforce_user.as_ref());
        let listed = user.map(|user| user.email.as_str());
        let record = listed.or(reading.case.entry.salesforce_email.as_deref()).map(str::trim);
        let Some(record) = record.filter(|record| !record.is_empty()) else { return Outcome::Silent };
        about_account(reading, |account| match account.primary_smtp.as_deref() {
            Some(primary) if !primary.eq_ignore_ascii_case(record) => {
                Outcome::Says(Params::one("record", record).and("primary", primary))
            }
            _ => Outcome::Silent,
        })
    },
};

/// The address holds letters outside ASCII.
pub static NOT_ASCII: Rule = Rule {
    id: "salesforce/not-ascii",
    question: "Does the address hold letters outside ASCII?",
    effect: at_risk(CAPTURE),
    asks: &[Question::Directory],
    facts: FACTS,
    sources: &[SALESFORCE_ADDRESS],
    texts: RuleTexts {
        says: "The address {primary} holds letters outside ASCII, which Einstein Activity Capture does not support.",
        stops: "",
        next: "Give the mailbox a primary address of plain ASCII letters.",
        alternative: "",
    },
    check: |reading| {
        about_account(reading, |account| match account.primary_smtp.as_deref() {
            Some(primary) if !primary.is_ascii() => Outcome::Says(Params::one("primary", primary)),
            _ => Outcome::Silent,
        })
    },
};

/// No application of Salesforce's in the tenant.
pub static NO_CONSENT: Rule = Rule {
    id: "salesforce/no-consent",
    question: "Has the tenant no enabled application of Salesforce's?",
    effect: Effect::Tells,
    asks: &[Question::Applications],
    facts: FACTS,
    sources: &[SALESFORCE_GRAPH],
    texts: RuleTexts {
        says: "The tenant has no enabled application of Salesforce's: nobody has consented to Einstein Activity Capture yet. This holds for all users.",
        stops: "",
        next: "Have an application administrator consent when Einstein Activity Capture is set up in Salesforce.",
        alternative: "",
    },
    check: |reading| {
        let wanted = reading.integrations().any(|known| known.id == "salesforce");
        let seen = reading.case.tenant.applications.value().is_some();
        Outcome::says_if(wanted && seen && applications(reading).next().is_none())
    },
};

/// Its application holds no permission on mailboxes over Graph.
pub static CONSENT_MISSING: Rule = Rule {
    id: "salesforce/consent-missing",
    question: "Does Salesforce's application hold no permission on mailboxes over Graph?",
    effect: Effect::Tells,
    asks: &[Question::Applications],
    facts: FACTS,
    sources: &[SALESFORCE_GRAPH, SALESFORCE_METHODS],
    texts: RuleTexts {
        says: "{app} is in the tenant and holds no permission on calendars, mail or contacts over Graph: nobody has consented to Einstein Activity Capture on Graph yet.",
        stops: "",
        next: "Have an application administrator consent for the organisation when it is set up or upgraded in Salesforce, or each user when connecting. A role by RBAC for Applications does not show here (Test-ServicePrincipalAuthorization -Identity with its id).",
        alternative: "",
    },
    check: |reading| {
        let theirs: Vec<&Application> = applications(reading).collect();
        let named: Vec<String> = theirs.iter().map(|app| format!("{} ({})", app.name, app.app_id)).collect();
        let for_everybody = reading.case.options.salesforce_connection.as_deref() == Some("organization-oauth");
        // Where delegated permissions stayed unseen, users may have consented; a consent for all of them would show.
        let unclear = theirs.iter().any(|app| app.delegated_unseen) && !for_everybody;
        if theirs.is_empty() || unclear || theirs.iter().any(|app| reaches_mailboxes(app, for_everybody)) {
            return Outcome::Silent;
        }
        Outcome::Says(Params::one("app", named.join(", ")))
    },
};

/// The enabled applications of Salesforce's in the tenant.
fn applications<'a>(reading: &Reading<'a>) -> impl Iterator<Item = &'a Application> {
    let known = reading.integrations().find(|known| known.id == "salesforce");
    let all = reading.case.tenant.applications.value().into_iter().flatten();
    all.filter(move |app| {
        app.enabled != Some(false) && known.is_some_and(|known| known.recognises(&app.app_id, &app.name))
    })
}

/// Whether an application holds a permission on what Einstein Activity Capture synchronizes, over Graph.
fn reaches_mailboxes(app: &Application, as_application: bool) -> bool {
    let delegated = app.delegated_permissions.iter().filter(|_| !as_application);
    let over_graph = ["Calendars.", "Mail.", "Contacts."];
    app.application_permissions.iter().chain(delegated).any(|held| over_graph.iter().any(|kind| held.starts_with(kind)))
}

fn licence_is(reading: &Reading<'_>, state: LicenceState) -> Outcome {
    about_account(reading, |_| {
        if reading.licence.open.is_empty() {
            Outcome::says_if(reading.licence.state == state)
        } else {
            Outcome::Unknown(reading.licence.open.clone())
        }
    })
}

#[cfg(test)]
pub(super) mod speaks {
    use super::*;
    use crate::evidence::mailbox::{GraphRefusal, MatchedBy};
    use crate::rules::testing::{Speaks, known, refused, refused_by_switch};

    pub const ALL: &[Speaks] = &[
        (&NO_MAILBOX, |case| {
            case.licensed(&[]);
            case.without_mailbox();
        }),
        (&ALIAS, |case| {
            case.account().matched_by = vec![MatchedBy::Alias];
        }),
        (&ON_PREMISES, |case| {
            case.on_premises();
        }),
        (&GRAPH_REFUSED, |case| {
            case.evidence.graph = refused(GraphRefusal::AccessPolicy);
        }),
        (&EWS_DOWN, |case| {
            case.evidence.ews = refused_by_switch();
        }),
        (&F1, |case| {
            case.licensed(&["M365_F1_COMM"]);
        }),
        (&EWS_RIGHT, |case| {
            case.licensed(&["SPE_F1"]);
        }),
        (&ENDS_SOON, |case| {
            case.organization().ews_enabled = None;
        }),
        (&UPN_DIFFERS, |case| {
            case.account().user_principal_name = "a.example@contoso.example".to_owned();
        }),
        (&RECORD_ADDRESS, |case| {
            case.entry.salesforce_email = Some("ada.old@contoso.example".to_owned());
        }),
        (&NOT_ASCII, |case| {
            case.account().primary_smtp = Some("\u{e4}da@contoso.example".to_owned());
        }),
        (&NO_CONSENT, |case| {
            case.tenant.applications = known(Vec::new());
        }),
        (&CONSENT_MISSING, |case| {
            case.tenant.applications = known(vec![capture(&["full_access_as_app"], &["EWS.AccessAsUser.All"])]);
        }),
    ];

    fn capture(application: &[&str], delegated: &[&str]) -> Application {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Application {
            name: "Einstein Activity Capture".to_owned(),
            application_permissions: set(application),
            delegated_permissions: set(delegated),
            ..Application::default()
        }
    }

    #[test]
    fn a_consent_counts_for_the_way_salesforce_connects_and_an_unseen_one_is_no_missing_one() {
        use crate::rules::testing::Owned;
        let missing = |app: Application, method: Option<&str>| {
            let mut case = Owned::ada();
            case.tenant.applications = known(vec![app]);
            case.options.salesforce_connection = method.map(str::to_owned);
            matches!((CONSENT_MISSING.check)(&Reading::of(case.case())), Outcome::Says(_))
        };
        assert!(!missing(capture(&["Calendars.ReadWrite"], &[]), None));
        assert!(!missing(capture(&[], &["Mail.ReadWrite"]), Some("user-oauth")));
        assert!(missing(capture(&[], &["Mail.ReadWrite"]), Some("organization-oauth")));
        assert!(missing(capture(&[], &["User.Read"]), None));
        let unseen = Application { delegated_unseen: true, ..capture(&[], &[]) };
        assert!(!missing(unseen.clone(), Some("user-oauth")));
        assert!(missing(unseen, Some("organization-oauth")));
    }
}
