//! What there is to know about EWS beside how soon it stops.

use crate::evidence::mailbox::EwsAnswer;
use crate::evidence::tenant::{AppList, Application};
use crate::facts::GateState;

use super::super::gate::{self, Closed};
use super::super::reading::Reading;
use super::super::rule::{Effect, Outcome, Params, Question, Rule, RuleTexts};
use super::super::sources::{APP_IDS, CONTROL, IS_HERE, MC_PLAN};
use super::{ASKS, FACTS, app_name, closed_by, listed_count, probe, propagation};

/// EWS refuses although the settings open it, or gives another ground than they do.
pub static REFUSED_AGAINST_SETTINGS: Rule = Rule {
    id: "ews/refused-against-settings",
    question: "Does EWS refuse for a ground that the settings do not give?",
    effect: Effect::Notes,
    asks: ASKS,
    facts: FACTS,
    sources: &[CONTROL, IS_HERE],
    texts: RuleTexts {
        says: "EWS refused our application ({reason}), but the settings say otherwise: {settings}. A changed switch acts within about {switch_hours} hour, a changed application list within {list_hours} hours.",
        stops: "",
        next: "Ask the Exchange administrators whether the settings were just changed, and assess again after {list_hours} hours.",
        alternative: "",
    },
    check: |reading| {
        let Ok(closed) = gate::gate(&reading.case, gate::own(&reading.case)) else { return Outcome::Silent };
        let (reason, by_switch) = match probe(reading) {
            Ok(EwsAnswer::RefusedSwitch { reason }) => (reason, true),
            Ok(EwsAnswer::RefusedPolicy { reason }) => (reason, false),
            _ => return Outcome::Silent,
        };
        let explained = closed.iter().any(|by| *by == Closed::Ended || by.is_switch() == by_switch);
        if explained {
            return Outcome::Silent;
        }
        let settings = if closed.is_empty() { reading.word("ews/settings_open") } else { closed_by(reading, &closed) };
        Outcome::Says(propagation(reading).and("reason", reason).and("settings", settings))
    },
};

/// The probe was refused because our own application is not listed.
pub static OWN_APP_NOT_LISTED: Rule = Rule {
    id: "ews/own-app-not-listed",
    question: "Was the probe refused because our own application is not on the list?",
    effect: Effect::Notes,
    asks: ASKS,
    facts: FACTS,
    sources: &[APP_IDS, CONTROL],
    texts: RuleTexts {
        says: "The probe was made with our own application, which is not on the organisation's list ({listed} listed): it says nothing about applications that are.",
        stops: "",
        next: "Name the applications that matter in the profile (apps = [...]), so that they are held against the list; or have our application listed for the time of the assessment.",
        alternative: "",
    },
    check: |reading| match (probe(reading), gate::gate(&reading.case, gate::own(&reading.case))) {
        (Ok(EwsAnswer::RefusedPolicy { .. }), Ok(closed)) if closed.contains(&Closed::NotListed) => {
            Outcome::Says(Params::one("listed", listed_count(reading)))
        }
        _ => Outcome::Silent,
    },
};

/// The list was read without the switch that shows it.
pub static LIST_HIDDEN: Rule = Rule {
    id: "ews/list-hidden",
    question: "Was the application list read without the switch that shows it?",
    effect: Effect::Tells,
    asks: &[Question::Organization],
    facts: FACTS,
    sources: &[APP_IDS],
    texts: RuleTexts {
        says: "The organisation's switch is True, but its application list was read without -RetrieveEwsOperationAccessPolicy, which hides it: whether it is empty is not known.",
        stops: "",
        next: "Export the settings again with Get-OrganizationConfig -RetrieveEwsOperationAccessPolicy.",
        alternative: "",
    },
    check: |reading| match reading.case.tenant.organization.value() {
        Some(organization) => {
            Outcome::says_if(organization.ews_enabled == Some(true) && organization.app_list == AppList::Hidden)
        }
        None => Outcome::Silent,
    },
};

/// Applications that hold an EWS permission are not on the list.
pub static APPS_NOT_LISTED: Rule = Rule {
    id: "ews/apps-not-listed",
    question: "Which applications with an EWS permission are not on the organisation's list?",
    effect: Effect::Tells,
    asks: &[Question::Organization, Question::Applications],
    facts: "clients.toml",
    sources: &[APP_IDS, CONTROL],
    texts: RuleTexts {
        says: "These applications hold an EWS permission in the tenant and are not on the organisation's application list: {apps}. EWS refuses them where a list counts.",
        stops: "",
        next: "Ask the owner of each whether it still needs EWS; until it is on Graph, have the Exchange administrators add it to the whole list (Set-OrganizationConfig -EwsAllowedAppIDs replaces it).",
        alternative: "",
    },
    check: |reading| {
        let tenant = reading.case.tenant;
        let (Some(organization), Some(applications)) = (tenant.organization.value(), tenant.applications.value())
        else {
            return Outcome::Silent;
        };
        let AppList::Seen(listed) = &organization.app_list else { return Outcome::Silent };
        if organization.ews_enabled != Some(true) {
            return Outcome::Silent;
        }
        let left_out = applications.iter().filter(|known| speaks_ews(known) && !listed.contains(&known.app_id));
        let names: Vec<String> =
            left_out.map(|known| format!("{} ({})", app_name(reading, Some(&known.app_id)), known.app_id)).collect();
        if names.is_empty() { Outcome::Silent } else { Outcome::Says(Params::one("apps", names.join(", "))) }
    },
};

/// Whether an application may call EWS: for the whole organisation, or as the signed-in user.
pub fn speaks_ews(application: &Application) -> bool {
    application.enabled != Some(false)
        && (application.application_permissions.contains("full_access_as_app")
            || application.delegated_permissions.contains("EWS.AccessAsUser.All"))
}

/// The list becomes mandatory, and it is empty.
pub static LIST_EMPTY_AHEAD: Rule = Rule {
    id: "ews/list-empty-ahead",
    question: "Is the application list empty while it is about to become mandatory?",
    effect: Effect::Tells,
    asks: &[Question::Organization],
    facts: FACTS,
    sources: &[IS_HERE, MC_PLAN],
    texts: RuleTexts {
        says: "The organisation's switch is True and its application list is empty: from {from} on that lets nobody in.",
        stops: "",
        next: "Have the Exchange administrators write the list before {from} (Set-OrganizationConfig -EwsAllowedAppIDs; it replaces the whole list).",
        alternative: "",
    },
    check: |reading| {
        let empty = reading.case.tenant.organization.value().is_some_and(|organization| {
            organization.ews_enabled == Some(true)
                && matches!(&organization.app_list, AppList::Seen(apps) if apps.is_empty())
        });
        let ahead = reading.case.cloud().and_then(|cloud| {
            let today = reading.case.options.as_of;
            let mut coming = cloud.retirement.periods.iter().filter(|period| period.from > today);
            let open_now = cloud.retirement.period(today).map(|now| now.gate.true_empty);
            let closes = coming.find(|period| period.gate.true_empty == GateState::Closed)?;
            (open_now == Some(GateState::Open)).then_some(closes.from)
        });
        match ahead.filter(|_| empty) {
            Some(from) => Outcome::Says(Params::one("from", from.to_string())),
            None => Outcome::Silent,
        }
    },
};

/// The Message Center holds a post about EWS for this tenant.
pub static NOTICE: Rule = Rule {
    id: "ews/notice",
    question: "Does the Message Center announce a change of EWS to this tenant?",
    effect: Effect::Tells,
    asks: &[Question::Notices],
    facts: FACTS,
    sources: &[MC_PLAN],
    texts: RuleTexts {
        says: "The Message Center has told this tenant about EWS: {id} \"{title}\"{date}.",
        stops: "",
        next: "Read {id} in the admin center: a notice of the switch to False leaves seven days.",
        alternative: "",
    },
    check: |reading| notice(reading).map_or(Outcome::Silent, Outcome::Says),
};

/// The newest post of the Message Center about EWS.
pub(super) fn notice(reading: &Reading<'_>) -> Option<Params> {
    let newest = reading.case.tenant.notices.value()?.iter().max_by_key(|notice| notice.at)?;
    let date = newest.at.map(|at| reading.words("ews/notice_date", &Params::one("date", reading.date(at))));
    Some(Params::one("id", &newest.id).and("title", &newest.title).and("date", date.unwrap_or_default()))
}

#[cfg(test)]
pub(in crate::rules) mod speaks {
    use super::*;
    use crate::evidence::tenant::Notice;
    use crate::rules::testing::{Speaks, at, known, refused_by_policy, refused_by_switch};

    pub const ALL: &[Speaks] = &[
        (&REFUSED_AGAINST_SETTINGS, |case| {
            case.evidence.ews = refused_by_switch();
        }),
        (&OWN_APP_NOT_LISTED, |case| {
            case.evidence.ews = refused_by_policy();
            case.options.own_app_id = Some("another".to_owned());
        }),
        (&LIST_HIDDEN, |case| {
            case.organization().app_list = AppList::Hidden;
        }),
        (&APPS_NOT_LISTED, |case| {
            let application_permissions = ["full_access_as_app".to_owned()].into();
            let app_id = crate::rules::testing::OTHER_APP.to_owned();
            case.tenant.applications =
                known(vec![Application { app_id, application_permissions, ..Application::default() }]);
        }),
        (&LIST_EMPTY_AHEAD, |case| {
            case.organization().app_list = AppList::Seen(Default::default());
            case.options.as_of = jiff::civil::date(2026, 9, 1);
        }),
        (&NOTICE, |case| {
            case.tenant.notices = known(vec![Notice { id: "MC1".to_owned(), title: "EWS".to_owned(), at: Some(at()) }]);
        }),
    ];
}
