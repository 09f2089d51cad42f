//! Whether Graph opens the mailbox, and if not, why.

use jiff::{SignedDuration, Timestamp};

use crate::evidence::Cause;
use crate::evidence::Observation;
use crate::evidence::mailbox::Account;

use super::identity::{about_account, has_predecessor};
use super::reading::{DENIED_EVERYWHERE, GraphReading, Kind, Place, Reading, Settled};
use super::rule::{Effect, Outcome, Params, Question, Rule, RuleTexts, Why};
use super::sources::{CONTROL, GRAPH_ERRORS, GRAPH_SETTINGS, RBAC, SALESFORCE_GRAPH};
use super::states::{LicenceState, Verdict};

const BLOCKS: Effect = Effect::Decides(Verdict::Blocked);
const OPENS: Effect = Effect::Decides(Verdict::NotAssessed);
const FACTS: &str = "retirement.toml";

/// Exchange may need this long until a new account has its mailbox.
const SETTLING: SignedDuration = SignedDuration::from_hours(24);

/// An Application Access Policy keeps our application out.
pub static ACCESS_POLICY: Rule = Rule {
    id: "graph/access-policy",
    question: "Does an application access policy keep the application out of this mailbox?",
    effect: BLOCKS,
    asks: &[Question::Graph],
    facts: FACTS,
    sources: &["https://learn.microsoft.com/graph/auth-limit-mailbox-access", GRAPH_ERRORS],
    texts: RuleTexts {
        says: "An application access policy of Exchange Online keeps the application out of this mailbox ({message}).",
        stops: "{stops}",
        next: "Ask the Exchange administrators to put the mailbox into the group of the policy (Get-ApplicationAccessPolicy, Test-ApplicationAccessPolicy -Identity {address} -AppId {app}); do the same for the application of the integration.",
        alternative: "",
    },
    check: |reading| {
        refused(reading, |graph| match graph {
            GraphReading::AccessPolicy(message) => Some(message),
            _ => None,
        })
    },
};

/// The mailbox is outside the scope our application was given.
pub static OUT_OF_SCOPE: Rule = Rule {
    id: "graph/out-of-scope",
    question: "Is the mailbox outside the scope that the application was given?",
    effect: BLOCKS,
    asks: &[Question::Graph],
    facts: FACTS,
    sources: &[RBAC, GRAPH_ERRORS],
    texts: RuleTexts {
        says: "Graph denies this mailbox and opened others in this run: it is outside the scope that the application was given ({message}).",
        stops: "{stops}",
        next: "Ask the Exchange administrators to include the mailbox in the management scope of the application (Test-ServicePrincipalAuthorization -Identity {app} -Resource {address}); changes act within two hours.",
        alternative: "",
    },
    check: |reading| {
        refused(reading, |graph| match graph {
            GraphReading::OutOfScope(message) => Some(message),
            _ => None,
        })
    },
};

/// The user-agent filter bites Graph too.
pub static USER_AGENT_POLICY: Rule = Rule {
    id: "graph/user-agent-policy",
    question: "Does a user-agent filter keep Graph out of this mailbox?",
    effect: BLOCKS,
    asks: &[Question::Graph],
    facts: FACTS,
    sources: &[CONTROL],
    texts: RuleTexts {
        says: "A user-agent filter (EwsApplicationAccessPolicy) keeps Graph clients out of this mailbox ({message}).",
        stops: "{stops}",
        next: "Ask the Exchange administrators to let the integration's user agents through the filter of organisation and mailbox (Get-OrganizationConfig and Get-CASMailbox {address}: EwsApplicationAccessPolicy, EwsAllowList, EwsBlockList), or to remove it.",
        alternative: "",
    },
    check: |reading| {
        refused(reading, |graph| match graph {
            GraphReading::AgentPolicy(message) => Some(message),
            _ => None,
        })
    },
};

/// Our application lacks the permission for the whole tenant.
pub static NOT_PERMITTED: Rule = Rule {
    id: "graph/not-permitted",
    question: "Does the application lack Graph's permission for the whole tenant?",
    effect: OPENS,
    asks: &[Question::Graph],
    facts: FACTS,
    sources: &[GRAPH_SETTINGS, GRAPH_ERRORS],
    texts: RuleTexts {
        says: "Graph opened no mailbox of this run for the application: its permission is missing for the whole tenant.",
        stops: "{stops}",
        next: "Grant the application MailboxSettings.Read with administrator consent, or include its mailboxes in a scope; then run again: the next run asks just that again.",
        alternative: "",
    },
    check: |reading| match &reading.graph {
        Err(open) => Outcome::says_if(open.iter().any(|open| match &open.why {
            Why::Unsettled { key, .. } => *key == DENIED_EVERYWHERE,
            Why::InVain { cause, .. } => open.question == Question::Graph && *cause == Cause::NotPermitted,
            Why::NotAsked => false,
        })),
        Ok(_) => Outcome::Silent,
    },
};

/// Exchange does not know the account yet.
pub static UNKNOWN_TO_EXCHANGE: Rule = Rule {
    id: "graph/unknown-to-exchange",
    question: "Does Exchange not know the account?",
    effect: OPENS,
    asks: &[Question::Directory, Question::Graph],
    facts: FACTS,
    sources: &[GRAPH_ERRORS],
    texts: RuleTexts {
        says: "The directory has the account, but Exchange does not know it ({message}): it was just created, or never reached Exchange.",
        stops: "{stops}",
        next: "Assess again after 24 hours; if Exchange does not know {upn} then, open a support case.",
        alternative: "",
    },
    check: |reading| {
        about_account(reading, |account| match &reading.graph {
            Ok(GraphReading::UnknownToExchange(message)) => {
                Outcome::Says(Params::one("message", *message).and("upn", &account.user_principal_name))
            }
            Ok(_) => Outcome::Silent,
            Err(open) => Outcome::Unknown(open.clone()),
        })
    },
};

/// The account is so new that its mailbox may still be made.
pub static JUST_CREATED: Rule = Rule {
    id: "graph/just-created",
    question: "Is the account so new that its mailbox may still be made?",
    effect: OPENS,
    asks: &[Question::Directory, Question::Graph],
    facts: FACTS,
    sources: &[GRAPH_ERRORS],
    texts: RuleTexts {
        says: "Graph finds no mailbox, but the account was created on {date}, less than 24 hours before it was asked.",
        stops: "{stops}",
        next: "Assess again after 24 hours.",
        alternative: "",
    },
    check: |reading| {
        about_account(reading, |account| match &reading.graph {
            Err(open) => Outcome::Unknown(open.clone()),
            Ok(GraphReading::NoMailbox(_)) => match created_just_before(reading, account) {
                Some(created) => Outcome::Says(Params::one("date", reading.date(created))),
                None => Outcome::Silent,
            },
            Ok(_) => Outcome::Silent,
        })
    },
};

fn created_just_before(reading: &Reading<'_>, account: &Account) -> Option<Timestamp> {
    let Observation::Known { at, .. } = &reading.case.evidence.graph else { return None };
    account.created.filter(|created| at.duration_since(*created) < SETTLING)
}

/// Graph finds no mailbox, and nothing explains it.
pub static NO_MAILBOX: Rule = Rule {
    id: "graph/no-mailbox",
    question: "Does Graph find no mailbox, although the licence gives one?",
    effect: BLOCKS,
    asks: &[
        Question::Directory,
        Question::Graph,
        Question::Routing,
        Question::Recipient,
        Question::Licence,
        Question::Products,
    ],
    facts: "exchange-plans.csv",
    sources: &[GRAPH_ERRORS, GRAPH_SETTINGS],
    texts: RuleTexts {
        says: "Graph finds no mailbox ({message}), and neither licence nor place nor the account's past explains it.",
        stops: "{stops}",
        next: "Check Get-Mailbox {address} and Get-Mailbox {address} -SoftDeletedMailbox in Exchange Online; without a finding open a support case with the object id {id}.",
        alternative: "",
    },
    check: |reading| {
        about_account(reading, |account| match &reading.graph {
            Err(open) => Outcome::Unknown(open.clone()),
            Ok(GraphReading::NoMailbox(message)) => match unexplained(reading, account) {
                Ok(true) => Outcome::Says(Params::one("message", *message).and("id", &account.id)),
                Ok(false) => Outcome::Silent,
                Err(open) => Outcome::Unknown(open),
            },
            Ok(_) => Outcome::Silent,
        })
    },
};

/// Whether the licence gives a mailbox, the mailbox is known not to be elsewhere, and nothing in the account's past
/// or state stands for its absence.
fn unexplained(reading: &Reading<'_>, account: &Account) -> Settled<bool> {
    let explained = account.enabled == Some(false)
        || has_predecessor(reading)
        || created_just_before(reading, account).is_some()
        || reading.located.as_ref().is_ok_and(|located| located.place == Place::OnPremises);
    if explained && reading.kind != Ok(Kind::Resource) {
        return Ok(false);
    }
    reading.located.clone()?;
    if reading.kind == Ok(Kind::Resource) {
        return Ok(true);
    }
    if !reading.licence.open.is_empty() {
        return Err(reading.licence.open.clone());
    }
    Ok(matches!(reading.licence.state, LicenceState::Full | LicenceState::Kiosk))
}

/// Graph opens the mailbox.
pub static ANSWERS: Rule = Rule {
    id: "graph/answers",
    question: "Does Graph open the mailbox?",
    effect: Effect::Decides(Verdict::MoveToGraphEac),
    asks: &[Question::Directory, Question::Graph],
    facts: FACTS,
    sources: &[GRAPH_SETTINGS, SALESFORCE_GRAPH],
    texts: RuleTexts {
        says: "Graph opens the mailbox, and nothing stands against the move.",
        stops: "{stops}",
        next: "{move} {by_when}.",
        alternative: "",
    },
    check: |reading| {
        about_account(reading, |_| match &reading.graph {
            Err(open) => Outcome::Unknown(open.clone()),
            Ok(GraphReading::Answers(_)) => Outcome::Says(Params::one("move", reading.word(what_to_move(reading)))),
            Ok(_) => Outcome::Silent,
        })
    },
};

fn what_to_move(reading: &Reading<'_>) -> &'static str {
    let salesforce = reading.integrations().any(|known| known.id == "salesforce");
    match &reading.kind {
        Ok(Kind::Resource) => "move/resource",
        Ok(_) | Err(_) if salesforce => "move/capture",
        Ok(_) | Err(_) => "move/other",
    }
}

fn refused<'a>(reading: &Reading<'a>, by: impl Fn(GraphReading<'a>) -> Option<&'a str>) -> Outcome {
    match &reading.graph {
        Err(open) => Outcome::Unknown(open.clone()),
        Ok(graph) => match by(*graph) {
            Some(message) => {
                let app = reading.case.options.own_app_id.clone();
                let app = app.unwrap_or_else(|| reading.word("graph/app_unnamed"));
                Outcome::Says(Params::one("message", message).and("app", app))
            }
            None => Outcome::Silent,
        },
    }
}

#[cfg(test)]
pub(super) mod speaks {
    use super::*;
    use crate::evidence::mailbox::{GraphAnswer, GraphRefusal};
    use crate::rules::testing::{Speaks, at, known, no_mailbox, refused};

    pub const ALL: &[Speaks] = &[
        (&ACCESS_POLICY, |case| {
            case.evidence.graph = refused(GraphRefusal::AccessPolicy);
        }),
        (&OUT_OF_SCOPE, |case| {
            case.evidence.graph = refused(GraphRefusal::AccessDenied);
        }),
        (&USER_AGENT_POLICY, |case| {
            case.evidence.graph = refused(GraphRefusal::UserAgentPolicy);
        }),
        (&NOT_PERMITTED, |case| {
            case.evidence.graph = refused(GraphRefusal::AccessDenied);
            case.tenant.graph_opened_any = false;
        }),
        (&UNKNOWN_TO_EXCHANGE, |case| {
            case.evidence.graph = known(GraphAnswer::UnknownToExchange { message: "Resource not found.".to_owned() });
        }),
        (&JUST_CREATED, |case| {
            case.evidence.graph = no_mailbox();
            case.account().created = Some(at() - SignedDuration::from_hours(23));
        }),
        (&NO_MAILBOX, |case| {
            case.evidence.graph = no_mailbox();
        }),
        (&ANSWERS, |case| {
            assert!(case.evidence.graph.value().is_some());
        }),
    ];
}
