//! EWS as three facts kept apart - the organisation's settings, the mailbox's settings, the live probe - and one
//! conclusion: how soon it stops.

pub mod notes;

pub use notes::speaks_ews;

use crate::evidence::mailbox::EwsAnswer;
use crate::evidence::tenant::AppList;

use super::decide::{self, Decision};
use super::gate::{self, Caller, Closed};
use super::identity::is_guest;
use super::reading::{Identity, Place, Reading, Settled};
use super::registry;
use super::rule::{Effect, Open, Outcome, Params, Question, Rule, RuleTexts, ask};
use super::sources::{APP_IDS, BOTH_SWITCHES, CONTROL, DEPRECATION, IS_HERE, MC_PLAN};
use super::states::Urgency;
use notes::notice;

const FACTS: &str = "retirement.toml";
const ASKS: &[Question] = &[Question::Ews, Question::Organization, Question::MailboxSettings];

/// There is no mailbox in Exchange Online whose EWS could stop.
pub static NOT_HERE: Rule = Rule {
    id: "ews/not-here",
    question: "Is there no mailbox in Exchange Online whose EWS could stop?",
    effect: Effect::Urges(Urgency::None),
    asks: &[Question::Directory, Question::Graph, Question::Routing, Question::Recipient, Question::Ews],
    facts: FACTS,
    sources: &[DEPRECATION],
    texts: RuleTexts {
        says: "There is no mailbox in Exchange Online: no EWS of this user stops.",
        stops: "Nothing stops by this retirement: there is no mailbox in Exchange Online.",
        next: "",
        alternative: "",
    },
    check: |reading| {
        // A mailbox that EWS opened is here, whatever else is open.
        let unless_opened = |open: &[Open]| match probe(reading) {
            Ok(EwsAnswer::Works) => Outcome::Silent,
            Ok(_) | Err(_) => Outcome::Unknown(open.to_vec()),
        };
        match &reading.identity {
            Err(open) => return unless_opened(open),
            Ok(Identity::Nobody) if !reading.graph_answers() => return Outcome::says(),
            Ok(Identity::One(account)) if is_guest(reading, account) => return Outcome::says(),
            Ok(_) => {}
        }
        match &reading.located {
            Ok(located) => Outcome::says_if(located.place != Place::Cloud),
            Err(open) => unless_opened(open),
        }
    },
};

/// EWS has ended in this cloud.
pub static ENDED: Rule = Rule {
    id: "ews/ended",
    question: "Has EWS ended in this cloud?",
    effect: Effect::Urges(Urgency::Now),
    asks: &[],
    facts: FACTS,
    sources: &[DEPRECATION, IS_HERE],
    texts: RuleTexts {
        says: "EWS has ended in this cloud ({ends}).",
        stops: "EWS has ended ({ends}): whatever synchronized this mailbox over EWS has stopped.",
        next: "Move whatever still uses EWS to Graph; no setting brings EWS back.",
        alternative: "",
    },
    check: |reading| {
        let ended = gate::gate(&reading.case, NOBODY).is_ok_and(|closed| closed.contains(&Closed::Ended));
        if ended { Outcome::Says(Params::one("ends", reading.ends())) } else { Outcome::Silent }
    },
};

/// EWS works although the settings close it.
pub static WORKS_AGAINST_SETTINGS: Rule = Rule {
    id: "ews/works-against-settings",
    question: "Does EWS work although the settings close it?",
    effect: Effect::Urges(Urgency::Unknown),
    asks: ASKS,
    facts: FACTS,
    sources: &[CONTROL, IS_HERE],
    texts: RuleTexts {
        says: "EWS worked for our application, although the settings close it: {closed}. A changed switch acts within about {switch_hours} hour, a changed application list within {list_hours} hours.",
        stops: "Either the settings are about to act, and EWS stops within {list_hours} hours, or they were read from an old export: the facts contradict each other.",
        next: "Ask the Exchange administrators whether the settings were just changed, and assess again after {list_hours} hours.",
        alternative: "",
    },
    check: |reading| match (probe(reading), gate::gate(&reading.case, gate::own(&reading.case))) {
        (Ok(EwsAnswer::Works), Ok(closed)) if !closed.is_empty() => {
            Outcome::Says(propagation(reading).and("closed", closed_by(reading, &closed)))
        }
        _ => Outcome::Silent,
    },
};

/// EWS refuses today.
pub static REFUSED: Rule = Rule {
    id: "ews/refused",
    question: "Does EWS refuse the mailbox today?",
    effect: Effect::Urges(Urgency::Now),
    asks: ASKS,
    facts: FACTS,
    sources: &[CONTROL],
    texts: RuleTexts {
        says: "EWS refuses this mailbox today ({reason}).{settings}",
        stops: "EWS is refused today: whatever synchronizes this mailbox over EWS is down now.",
        next: "Move what uses EWS here to Graph; until then the Exchange administrators can let EWS in again (Get-OrganizationConfig -RetrieveEwsOperationAccessPolicy, Get-CASMailbox {address}).",
        alternative: "",
    },
    check: |reading| {
        let reason = match probe(reading) {
            Err(open) => return Outcome::Unknown(open),
            Ok(EwsAnswer::RefusedSwitch { reason }) => reason.clone(),
            Ok(EwsAnswer::RefusedPolicy { reason }) => {
                match only_own_application_refused(reading) {
                    Ok(true) => return Outcome::Silent,
                    Ok(false) => {}
                    Err(open) => return Outcome::Unknown(open),
                }
                reason.clone()
            }
            Ok(EwsAnswer::RefusedOther { code, message }) => format!("{code}: {message}"),
            Ok(EwsAnswer::Works | EwsAnswer::NoMailbox { .. } | EwsAnswer::NotPermitted { .. }) => {
                return Outcome::Silent;
            }
        };
        let settings = match gate::gate(&reading.case, gate::own(&reading.case)) {
            Ok(closed) if !closed.is_empty() => {
                reading.words("ews/settings_agree", &Params::one("closed", closed_by(reading, &closed)))
            }
            _ => String::new(),
        };
        Outcome::Says(Params::one("reason", reason).and("settings", settings))
    },
};

/// The settings close EWS.
pub static CLOSED: Rule = Rule {
    id: "ews/closed",
    question: "Do the settings close EWS to the applications that matter?",
    effect: Effect::Urges(Urgency::Now),
    asks: ASKS,
    facts: FACTS,
    sources: &[CONTROL, APP_IDS, BOTH_SWITCHES],
    texts: RuleTexts {
        says: "The settings close EWS to {apps}: {closed}.",
        stops: "The settings close EWS today: whatever synchronizes this mailbox over EWS is down now.",
        next: "Move what uses EWS here to Graph; until then the Exchange administrators can open the setting that closes it.",
        alternative: "",
    },
    check: |reading| {
        let callers = gate::callers(&reading.case);
        if reading.case.options.apps.is_empty() && matches!(probe(reading), Ok(EwsAnswer::Works)) {
            return Outcome::Silent;
        }
        let in_cloud = reading.located.as_ref().is_ok_and(|located| located.place == Place::Cloud);
        let mut open = Vec::new();
        for caller in callers {
            match gate_beside_probe(reading, caller) {
                Ok(closed) if closed.is_empty() => {}
                Ok(closed) if in_cloud => {
                    let params = Params::one("apps", app_name(reading, caller.app));
                    return Outcome::Says(params.and("closed", closed_by(reading, &closed)));
                }
                Ok(_) => open.extend(reading.located.as_ref().err().cloned().unwrap_or_default()),
                Err(why) => open.extend(why),
            }
        }
        if open.is_empty() { Outcome::Silent } else { Outcome::Unknown(open) }
    },
};

/// The organisation's switch is Null: Microsoft can flip it.
pub static NULL_FLIP: Rule = Rule {
    id: "ews/null-switch",
    question: "Is the organisation's switch Null, so that Microsoft can flip it at short notice?",
    effect: Effect::Urges(Urgency::Soon),
    asks: ASKS,
    facts: FACTS,
    sources: &[IS_HERE, MC_PLAN],
    texts: RuleTexts {
        says: "EWS works, but the organisation's switch is Null: since {from} Microsoft sets such tenants to False, {days} days after a notice in the Message Center.{notice}",
        stops: "EWS works today; it can be switched off for the whole tenant on {days} days' notice, and for good on {ends}.",
        next: "Move what uses EWS here to Graph; to keep EWS until {ends}, have the Exchange administrators write the application list first and then set EwsEnabled to True (Set-OrganizationConfig). Do not rely on Null.",
        alternative: "",
    },
    check: |reading| {
        let Ok(EwsAnswer::Works) = probe(reading) else { return Outcome::Silent };
        let Some(retirement) = reading.case.cloud().map(|cloud| &cloud.retirement) else { return Outcome::Silent };
        let Some(from) = retirement.null_flips_from.filter(|from| *from <= reading.case.options.as_of) else {
            return Outcome::Silent;
        };
        match ask(Question::Organization, &reading.case.tenant.organization) {
            Err(open) => Outcome::Unknown(open),
            Ok(organization) if organization.ews_enabled.is_some() => Outcome::Silent,
            Ok(_) => Outcome::Says(
                Params::one("from", from.to_string())
                    .and("days", retirement.notice_days.to_string())
                    .and("ends", reading.ends())
                    .and(
                        "notice",
                        notice(reading).map_or_else(String::new, |params| reading.words("ews/notice_seen", &params)),
                    ),
            ),
        }
    },
};

/// EWS works until it ends for all.
pub static BY_DEADLINE: Rule = Rule {
    id: "ews/by-deadline",
    question: "Does EWS work until it ends for all?",
    effect: Effect::Urges(Urgency::ByDeadline),
    asks: ASKS,
    facts: FACTS,
    sources: &[DEPRECATION, IS_HERE],
    texts: RuleTexts {
        says: "EWS works today and ends on {ends}.{apps_note}",
        stops: "EWS works today; it ends on {ends}, and whatever synchronizes this mailbox over EWS stops then.",
        next: "Move what uses EWS here to Graph {before}.",
        alternative: "",
    },
    check: |reading| {
        let answer = match probe(reading) {
            Err(open) => return Outcome::Unknown(open),
            Ok(answer) => answer,
        };
        let note = match answer {
            EwsAnswer::Works => String::new(),
            EwsAnswer::RefusedPolicy { .. } => match only_own_application_refused(reading) {
                Ok(true) => reading.word("ews/judged_by_settings"),
                Ok(false) => return Outcome::Silent,
                Err(open) => return Outcome::Unknown(open),
            },
            EwsAnswer::NotPermitted { .. } => {
                return Outcome::Unknown(Open::unsettled(Question::Ews, "ews_not_permitted", Params::default()));
            }
            EwsAnswer::NoMailbox { code } => {
                return Outcome::Unknown(Open::unsettled(Question::Ews, "ews_no_mailbox", Params::one("code", code)));
            }
            EwsAnswer::RefusedSwitch { .. } | EwsAnswer::RefusedOther { .. } => return Outcome::Silent,
        };
        Outcome::Says(Params::one("ends", reading.ends()).and("before", reading.before()).and("apps_note", note))
    },
};

/// How soon EWS of the user stops.
#[must_use]
pub fn urgency(reading: &Reading<'_>) -> Decision<Urgency> {
    let answers = registry().iter().filter_map(|rule| match rule.effect {
        Effect::Urges(urgency) => Some((*rule, urgency)),
        _ => None,
    });
    decide::over(reading, answers)
}

/// A caller of whom nothing is known.
const NOBODY: Caller<'static> = Caller { app: None, agent: None };

fn probe<'a>(reading: &Reading<'a>) -> Settled<&'a EwsAnswer> {
    ask(Question::Ews, &reading.case.evidence.ews)
}

/// What the settings say for a caller. Where EWS opened the mailbox for our application, both switches are proven
/// open, and only the application list can still stand in another application's way.
fn gate_beside_probe(reading: &Reading<'_>, caller: Caller<'_>) -> gate::Gate {
    let read = gate::gate(&reading.case, caller);
    if !matches!(probe(reading), Ok(EwsAnswer::Works)) || caller == gate::own(&reading.case) {
        return read;
    }
    match read {
        Ok(closed) => Ok(closed),
        Err(open) => {
            let left: Vec<Open> = open.into_iter().filter(|open| open.question == Question::Organization).collect();
            if left.is_empty() { Ok(Vec::new()) } else { Err(left) }
        }
    }
}

/// Whether the refusal concerns our own application only: it is not on the list, and all that the profile names are.
fn only_own_application_refused(reading: &Reading<'_>) -> Settled<bool> {
    if reading.case.options.apps.is_empty() {
        return Ok(false);
    }
    let closed = gate::gate(&reading.case, gate::own(&reading.case))?;
    if !closed.contains(&Closed::NotListed) {
        return Ok(false);
    }
    for caller in gate::callers(&reading.case) {
        if !gate::gate(&reading.case, caller)?.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What closes EWS, in words.
pub fn closed_by(reading: &Reading<'_>, closed: &[Closed]) -> String {
    let listed = Params::one("listed", listed_count(reading));
    let words: Vec<String> = closed.iter().map(|by| reading.words(&format!("closed/{}", by.id()), &listed)).collect();
    words.join("; ")
}

fn listed_count(reading: &Reading<'_>) -> String {
    match reading.case.tenant.organization.value().map(|organization| &organization.app_list) {
        Some(AppList::Seen(apps)) => apps.len().to_string(),
        _ => reading.word("ews/list_unseen"),
    }
}

/// The name of an application: the facts', the tenant's, or its id.
pub fn app_name(reading: &Reading<'_>, app: Option<&str>) -> String {
    let Some(app) = app else { return reading.word("ews/our_application") };
    if let Some(known) = reading.case.facts.client(app) {
        return known.name.clone();
    }
    let tenant = reading.case.tenant.applications.value();
    let named = tenant.and_then(|all| all.iter().find(|known| known.app_id.eq_ignore_ascii_case(app)));
    named.map_or_else(|| app.to_owned(), |known| known.name.clone())
}

fn propagation(reading: &Reading<'_>) -> Params {
    let hours = |pick: fn(crate::facts::Propagation) -> u16| {
        reading.case.facts.propagation().map_or_else(|| "?".to_owned(), |known| pick(known).to_string())
    };
    Params::one("switch_hours", hours(|known| known.switch_hours)).and("list_hours", hours(|known| known.list_hours))
}

#[cfg(test)]
pub(in crate::rules) mod speaks {
    use super::*;
    use crate::rules::testing::{Speaks, refused_by_switch};

    pub const ALL: &[Speaks] = &[
        (&NOT_HERE, |case| {
            case.on_premises();
        }),
        (&ENDED, |case| {
            case.options.as_of = jiff::civil::date(2027, 4, 1);
        }),
        (&WORKS_AGAINST_SETTINGS, |case| {
            case.organization().ews_enabled = Some(false);
        }),
        (&REFUSED, |case| {
            case.evidence.ews = refused_by_switch();
        }),
        (&CLOSED, |case| {
            case.cas().ews_enabled = Some(false);
            case.evidence.ews = crate::evidence::Observation::NotAsked;
        }),
        (&NULL_FLIP, |case| {
            case.organization().ews_enabled = None;
        }),
        (&BY_DEADLINE, |case| {
            assert_eq!(case.evidence.ews.value(), Some(&EwsAnswer::Works));
        }),
    ];
}

#[cfg(test)]
mod tests;
