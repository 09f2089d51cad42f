//! How Salesforce connects, and what its own exports say: the users, and the connections of Einstein Activity Capture.

use crate::evidence::joined::{ExportKind, Joined};
use crate::evidence::mailbox::{EwsAnswer, RouteEnd};

use super::super::decide::Decision;
use super::super::ews;
use super::super::identity::about_account;
use super::super::reading::{Place, Reading};
use super::super::routing::lacks_section;
use super::super::rule::{Effect, Outcome, Params, Question, Rule, RuleTexts};
use super::super::sources::{
    RBAC, SALESFORCE_ADDRESS, SALESFORCE_CONNECTIONS, SALESFORCE_GRAPH, SALESFORCE_LICENCES, SALESFORCE_METHODS,
    SALESFORCE_SERVICE_ACCOUNT,
};
use super::super::states::Urgency;
use super::{BOTH, CAPTURE, EWS_DOWN, FACTS, LIGHTNING, at_risk, broken};

const LOCATED: &[Question] = &[Question::Directory, Question::Graph, Question::Routing, Question::Recipient];

/// Autodiscover leads nowhere.
pub static NO_AUTODISCOVER: Rule = Rule {
    id: "salesforce/no-autodiscover",
    question: "Does Autodiscover give Lightning Sync no EWS address (no EXPR or EXCH settings)?",
    effect: broken(LIGHTNING),
    asks: &[Question::Routing],
    facts: FACTS,
    sources: &[SALESFORCE_LICENCES],
    texts: RuleTexts {
        says: "Autodiscover gives no EWS address for this user ({detail}); Lightning Sync finds the mailbox by it and reports \"No EXPR or EXCH settings\".",
        stops: "",
        next: "Have the DNS administrators point autodiscover.<domain> at Exchange, then test again; or move the user to Einstein Activity Capture.",
        alternative: "",
    },
    check: |reading| {
        let evidence = reading.case.evidence;
        if let Some(settings) = evidence.user_settings.value()
            && lacks_section(reading, settings)
        {
            let detail = settings.error.clone().unwrap_or_else(|| reading.word("routing/no_error"));
            return Outcome::Says(Params::one("detail", detail));
        }
        match evidence.routing.value().map(|routing| &routing.end) {
            Some(RouteEnd::NotExchange { detail }) => Outcome::Says(Params::one("detail", detail)),
            _ => Outcome::Silent,
        }
    },
};

/// Impersonation is denied.
pub static IMPERSONATION: Rule = Rule {
    id: "salesforce/impersonation-denied",
    question: "Does EWS deny the impersonation of this mailbox?",
    effect: at_risk(LIGHTNING),
    asks: EWS_DOWN.asks,
    facts: FACTS,
    sources: &[SALESFORCE_LICENCES, RBAC],
    texts: RuleTexts {
        says: "EWS denied our application the impersonation of this mailbox ({code}): a role is missing, or its scope leaves the mailbox out; Lightning Sync's service account fails the same way where it has the same scope.",
        stops: "",
        next: "Check the scope with Test-ServicePrincipalAuthorization and include the mailbox in the role Application EWS.AccessAsApp (ApplicationImpersonation is gone from Exchange Online since February 2025); or move the user to Einstein Activity Capture.",
        alternative: "",
    },
    check: |reading| match reading.case.evidence.ews.value() {
        Some(EwsAnswer::NotPermitted { code, .. }) if code.contains("Impersonat") && !is_down(reading) => {
            Outcome::Says(Params::one("code", code))
        }
        _ => Outcome::Silent,
    },
};

fn is_down(reading: &Reading<'_>) -> bool {
    matches!(ews::urgency(reading), Decision::Decided { answer: Urgency::Now, .. })
}

/// The profile says that Salesforce connects in this way, and the mailbox is in the cloud.
fn connects(reading: &Reading<'_>, method: &str) -> Outcome {
    if reading.case.options.salesforce_connection.as_deref() != Some(method) {
        return Outcome::Silent;
    }
    match &reading.located {
        Ok(located) => Outcome::says_if(located.place == Place::Cloud),
        Err(open) => Outcome::Unknown(open.clone()),
    }
}

/// Salesforce connects with a service account.
pub static SERVICE_ACCOUNT: Rule = Rule {
    id: "salesforce/service-account",
    question: "Does Salesforce connect to Exchange Online with a service account and its password?",
    effect: broken(BOTH),
    asks: LOCATED,
    facts: FACTS,
    sources: &[SALESFORCE_SERVICE_ACCOUNT, SALESFORCE_METHODS],
    texts: RuleTexts {
        says: "Salesforce connects with a service account: Exchange Online takes no Basic authentication any more, and Salesforce ended the sign-in of service accounts at Microsoft 365 on 1 February 2025.",
        stops: "",
        next: "Connect Einstein Activity Capture over Graph, for the whole organisation (an Entra administrator consents once) or user by user (each user connects).",
        alternative: "",
    },
    check: |reading| connects(reading, "service-account"),
};

/// Each user has to connect again.
pub static USER_RECONNECTS: Rule = Rule {
    id: "salesforce/user-reconnects",
    question: "Has the user to connect again on the way to Graph?",
    effect: at_risk(CAPTURE),
    asks: LOCATED,
    facts: FACTS,
    sources: &[SALESFORCE_METHODS, SALESFORCE_GRAPH],
    texts: RuleTexts {
        says: "Salesforce connects user by user: the upgrade to Graph disconnects everybody, Salesforce Inbox included, and cannot be taken back.",
        stops: "",
        next: "Tell the user the day of the upgrade, and to connect the account again in Salesforce on that day.",
        alternative: "",
    },
    check: |reading| connects(reading, "user-oauth"),
};

/// One consent for everybody.
pub static ORGANIZATION_CONSENT: Rule = Rule {
    id: "salesforce/organization-consent",
    question: "Does one administrator's consent move every Salesforce user to Graph?",
    effect: Effect::Tells,
    asks: &[],
    facts: FACTS,
    sources: &[SALESFORCE_METHODS, SALESFORCE_GRAPH],
    texts: RuleTexts {
        says: "Salesforce connects for the whole organisation: the upgrade to Graph asks nothing of the users.",
        stops: "",
        next: "Have a Global, Cloud Application or Application Administrator of Entra consent on the day of the upgrade; a scope by RBAC for Applications is set up apart from it.",
        alternative: "",
    },
    check: |reading| {
        let method = reading.case.options.salesforce_connection.as_deref();
        Outcome::says_if(method == Some("organization-oauth"))
    },
};

/// What the exports say of this user; none: no export of this kind was joined.
fn joined<'a>(reading: &Reading<'a>, kind: ExportKind) -> Option<&'a Joined> {
    let exports = reading.case.tenant.exports.value()?;
    let given = exports.iter().any(|export| export.kind == kind);
    reading.case.evidence.joined.value().filter(|_| given)
}

/// Salesforce has no user with an address of this mailbox.
pub static NO_USER: Rule = Rule {
    id: "salesforce/no-user",
    question: "Is there no Salesforce user with an address of this mailbox?",
    effect: at_risk(CAPTURE),
    asks: &[Question::Directory],
    facts: FACTS,
    sources: &[SALESFORCE_ADDRESS],
    texts: RuleTexts {
        says: "The list of Salesforce users names nobody with an address of this mailbox.",
        stops: "",
        next: "Find the user in Salesforce and set the e-mail of the record to the mailbox's primary address; or take the line off the roster.",
        alternative: "",
    },
    check: |reading| {
        about_account(reading, |_| {
            let known = joined(reading, ExportKind::SalesforceUsers);
            Outcome::says_if(known.is_some_and(|known| known.salesforce_user.is_none()))
        })
    },
};

/// The Salesforce user is inactive.
pub static INACTIVE_USER: Rule = Rule {
    id: "salesforce/inactive-user",
    question: "Is the Salesforce user inactive?",
    effect: at_risk(CAPTURE),
    asks: &[],
    facts: FACTS,
    sources: &[SALESFORCE_ADDRESS],
    texts: RuleTexts {
        says: "The Salesforce user with this address is inactive: nothing is synchronized for it.",
        stops: "",
        next: "Activate the user in Salesforce, or take the line off the roster.",
        alternative: "",
    },
    check: |reading| {
        let user = reading.case.evidence.joined.value().and_then(|known| known.salesforce_user.as_ref());
        Outcome::says_if(user.is_some_and(|user| user.active == Some(false)))
    },
};

/// There is no connection yet.
pub static NOT_CONNECTED: Rule = Rule {
    id: "salesforce/not-connected",
    question: "Has Einstein Activity Capture no connection for this user?",
    effect: at_risk(CAPTURE),
    asks: &[Question::Directory],
    facts: FACTS,
    sources: &[SALESFORCE_CONNECTIONS],
    texts: RuleTexts {
        says: "ActivityUsrConnectionStatus has no line for an address of this mailbox: Einstein Activity Capture is not connected yet.",
        stops: "",
        next: "Give the user a permission set of Einstein Activity Capture, put the user into a configuration and connect the account.",
        alternative: "",
    },
    check: |reading| {
        about_account(reading, |_| {
            let known = joined(reading, ExportKind::SalesforceConnections);
            Outcome::says_if(known.is_some_and(|known| known.salesforce_connection.is_none()))
        })
    },
};

/// The connection's state, where it is not active.
fn state(reading: &Reading<'_>, is_wanted: fn(&str) -> bool) -> Outcome {
    let known = reading.case.evidence.joined.value().and_then(|known| known.salesforce_connection.as_ref());
    let Some(connection) = known else { return Outcome::Silent };
    let word = connection.state.replace(['_', ' '], "").to_uppercase();
    if word == "ACTIVE" || !is_wanted(&word) {
        return Outcome::Silent;
    }
    Outcome::Says(Params::one("state", &connection.state))
}

fn has_stopped(word: &str) -> bool {
    word.starts_with("NEEDSATTENTION") || word == "DISABLED"
}

/// The connection needs attention.
pub static CONNECTION_STOPPED: Rule = Rule {
    id: "salesforce/connection-stopped",
    question: "Does the connection of Einstein Activity Capture need attention, or is it disabled?",
    effect: broken(CAPTURE),
    asks: &[],
    facts: FACTS,
    sources: &[SALESFORCE_CONNECTIONS],
    texts: RuleTexts {
        says: "The connection of Einstein Activity Capture is in the state {state}: nothing is synchronized.",
        stops: "",
        next: "Connect the account again in Salesforce (NEEDSATTENTIONGLOBAL: the connection of the whole organisation; DISABLED: switch the user's configuration on first).",
        alternative: "",
    },
    check: |reading| state(reading, has_stopped),
};

/// The connection is not up yet.
pub static CONNECTION_PENDING: Rule = Rule {
    id: "salesforce/connection-pending",
    question: "Is the connection of Einstein Activity Capture not active yet?",
    effect: at_risk(CAPTURE),
    asks: &[],
    facts: FACTS,
    sources: &[SALESFORCE_CONNECTIONS],
    texts: RuleTexts {
        says: "The connection of Einstein Activity Capture is in the state {state}, not ACTIVE.",
        stops: "",
        next: "Wait a day and export ActivityUsrConnectionStatus again; if the state stays, have the user connect again.",
        alternative: "",
    },
    check: |reading| state(reading, |word| !has_stopped(word)),
};

/// The connection bears another address.
pub static CONNECTION_ADDRESS: Rule = Rule {
    id: "salesforce/connection-address",
    question: "Is Einstein Activity Capture connected with another address than the primary one?",
    effect: at_risk(CAPTURE),
    asks: &[Question::Directory],
    facts: FACTS,
    sources: &[SALESFORCE_ADDRESS, SALESFORCE_CONNECTIONS],
    texts: RuleTexts {
        says: "Einstein Activity Capture is connected with {record}, the mailbox's primary address is {primary}: events need the primary one.",
        stops: "",
        next: "Disconnect the account in Salesforce and connect it again as {primary}.",
        alternative: "",
    },
    check: |reading| {
        let known = reading.case.evidence.joined.value().and_then(|known| known.salesforce_connection.as_ref());
        let Some(connection) = known else { return Outcome::Silent };
        about_account(reading, |account| match account.primary_smtp.as_deref() {
            Some(primary) if !primary.eq_ignore_ascii_case(&connection.address) => {
                Outcome::Says(Params::one("record", &connection.address).and("primary", primary))
            }
            _ => Outcome::Silent,
        })
    },
};

#[cfg(test)]
pub(in crate::rules) mod speaks {
    use super::*;
    use crate::evidence::joined::{SalesforceConnection, SalesforceUser};
    use crate::rules::testing::{Owned, Speaks, joined_with, known, route};

    pub const ALL: &[Speaks] = &[
        (&NO_AUTODISCOVER, |case| {
            case.evidence.routing = known(route(RouteEnd::NotExchange { detail: "an HTML page".to_owned() }));
        }),
        (&IMPERSONATION, |case| {
            let (code, message) = ("ErrorImpersonateUserDenied".to_owned(), String::new());
            case.evidence.ews = known(EwsAnswer::NotPermitted { code, message });
        }),
        (&SERVICE_ACCOUNT, |case| method(case, "service-account")),
        (&USER_RECONNECTS, |case| method(case, "user-oauth")),
        (&ORGANIZATION_CONSENT, |case| method(case, "organization-oauth")),
        (&NO_USER, |case| joined_with(case, ExportKind::SalesforceUsers, Joined::default())),
        (&INACTIVE_USER, |case| {
            let salesforce_user = Some(SalesforceUser { active: Some(false), ..SalesforceUser::default() });
            joined_with(case, ExportKind::SalesforceUsers, Joined { salesforce_user, ..Joined::default() });
        }),
        (&NOT_CONNECTED, |case| joined_with(case, ExportKind::SalesforceConnections, Joined::default())),
        (&CONNECTION_STOPPED, |case| connection(case, "NEEDSATTENTIONHYBRID", "ada@contoso.example")),
        (&CONNECTION_PENDING, |case| connection(case, "PROCESSING", "ada@contoso.example")),
        (&CONNECTION_ADDRESS, |case| connection(case, "ACTIVE", "ada.alias@contoso.example")),
    ];

    fn method(case: &mut Owned, method: &str) {
        case.options.salesforce_connection = Some(method.to_owned());
    }

    fn connection(case: &mut Owned, state: &str, address: &str) {
        let (address, state) = (address.to_owned(), state.to_owned());
        let connection = SalesforceConnection { address, state, ..SalesforceConnection::default() };
        let salesforce_connection = Some(connection);
        joined_with(case, ExportKind::SalesforceConnections, Joined { salesforce_connection, ..Joined::default() });
    }
}
