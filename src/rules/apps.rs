//! The tenant's applications that use EWS: what each is for the application list, and the list that is needed.

use std::collections::{BTreeMap, BTreeSet};

use crate::evidence::TenantEvidence;
use crate::evidence::joined::{AppUse, ExportKind};
use crate::evidence::tenant::{AppList, Application};
use crate::facts::Facts;

use super::case::Options;
use super::ews::{app_name, speaks_ews};
use super::rule::{Effect, Outcome, Params, Question, Rule, RuleTexts};
use super::sources::{APP_IDS, TAKE_CONTROL, USAGE};

/// One application that uses EWS, may use it, or stands on the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing<'a> {
    /// Application id, lower case.
    pub app_id: &'a str,
    /// The application in this tenant.
    pub application: Option<&'a Application>,
    /// Whether it is listed; none: the list was not seen.
    pub listed: Option<bool>,
    /// What the exports say of its calls.
    pub used: Option<&'a AppUse>,
    /// Whether it has to be on the list until EWS ends.
    pub needed: Need,
}

/// Whether an application has to be on the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// It was seen using EWS.
    Used,
    /// The profile names it, or an integration of the profile's.
    Named,
    /// It is listed, and no usage export says that it is idle.
    Kept,
    /// It is listed, and the usage export does not show it.
    Idle,
    /// It may use EWS, and nothing says that it does.
    Unproven,
    /// It belongs to an integration and holds no EWS permission.
    Without,
}

impl Need {
    /// The identifier in reports.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::Named => "named",
            Self::Kept => "kept",
            Self::Idle => "idle",
            Self::Unproven => "unproven",
            Self::Without => "without",
        }
    }

    /// Whether it belongs on the list.
    #[must_use]
    pub fn belongs(self) -> bool {
        matches!(self, Self::Used | Self::Named | Self::Kept)
    }
}

/// Every application that uses EWS, may use it, stands on the list, or belongs to an integration; by id.
#[must_use]
pub fn standings<'a>(tenant: &'a TenantEvidence, facts: &'a Facts, options: &'a Options) -> Vec<Standing<'a>> {
    let listed: Option<&BTreeSet<String>> = match tenant.organization.value().map(|known| &known.app_list) {
        Some(AppList::Seen(apps)) => Some(apps),
        Some(AppList::Hidden) | None => None,
    };
    let known: BTreeMap<&str, &Application> =
        tenant.applications.value().into_iter().flatten().map(|app| (app.app_id.as_str(), app)).collect();
    let used: BTreeMap<&str, &AppUse> =
        tenant.ews_usage.value().into_iter().flatten().map(|used| (used.app_id.as_str(), used)).collect();
    let usage_given = tenant.exports.value().into_iter().flatten().any(|export| export.kind == ExportKind::EwsUsage);
    let ids: BTreeSet<&str> = known
        .keys()
        .chain(used.keys())
        .copied()
        .chain(listed.into_iter().flatten().map(String::as_str))
        .chain(options.apps.iter().map(String::as_str))
        .collect();
    let standing = |app_id: &'a str| {
        let application = known.get(app_id).copied();
        let is_listed = listed.map(|listed| listed.contains(app_id));
        let used = used.get(app_id).copied();
        let may = application.is_some_and(speaks_ews);
        let needed = if used.is_some() {
            Need::Used
        } else if options.apps.iter().any(|named| named == app_id)
            || (may && is_integration_s(application, facts, options))
        {
            Need::Named
        } else if is_listed == Some(true) {
            if usage_given { Need::Idle } else { Need::Kept }
        } else if may {
            Need::Unproven
        } else {
            Need::Without
        };
        Standing { app_id, application, listed: is_listed, used, needed }
    };
    ids.into_iter().map(standing).collect()
}

/// Whether an application is that of an integration of the profile's.
fn is_integration_s(application: Option<&Application>, facts: &Facts, options: &Options) -> bool {
    let Some(application) = application else { return false };
    let known = options.integrations.iter().filter_map(|id| facts.integration(id));
    known.into_iter().any(|known| known.recognises(&application.app_id, &application.name))
}

/// The whole list that is needed, to be pasted; never written by us.
pub static LIST_VALUE: Rule = Rule {
    id: "apps/list-value",
    question: "Does the application list differ from the one that is needed?",
    effect: Effect::Tells,
    asks: &[Question::Organization, Question::Applications],
    facts: "clients.toml",
    sources: &[APP_IDS, TAKE_CONTROL, USAGE],
    texts: RuleTexts {
        says: "The application list differs from what is needed until {ends}. To add: {add}. Without known use: {drop}. The whole value, which replaces the present one: {value}",
        stops: "",
        next: "Have each owner confirm, then the Exchange administrators run Set-OrganizationConfig -EwsAllowedAppIDs \"{value}\"; it acts within 24 hours.",
        alternative: "",
    },
    check: |reading| {
        let case = &reading.case;
        let all = standings(case.tenant, case.facts, case.options);
        // Only a list that was seen can be held against anything.
        if all.iter().all(|standing| standing.listed.is_none()) {
            return Outcome::Silent;
        }
        let named = |pick: &dyn Fn(&Standing<'_>) -> bool| {
            let picked = all.iter().filter(|standing| pick(standing));
            let names: Vec<String> = picked
                .map(|standing| format!("{} ({})", app_name(reading, Some(standing.app_id)), standing.app_id))
                .collect();
            names
        };
        let add = named(&|standing| standing.needed.belongs() && standing.listed == Some(false));
        let drop = named(&|standing| standing.needed == Need::Idle);
        if add.is_empty() && drop.is_empty() {
            return Outcome::Silent;
        }
        let words = |names: Vec<String>| if names.is_empty() { reading.word("apps/none") } else { names.join(", ") };
        let value = list_value(&all);
        Outcome::Says(Params::one("add", words(add)).and("drop", words(drop)).and("value", value))
    },
};

/// The value of `EwsAllowedAppIDs` that lists what is needed.
#[must_use]
pub fn list_value(all: &[Standing<'_>]) -> String {
    let needed = all.iter().filter(|standing| standing.needed.belongs());
    needed.map(|standing| standing.app_id).collect::<Vec<_>>().join(",")
}

/// Delegated permissions stayed unseen.
pub static DELEGATED_UNSEEN: Rule = Rule {
    id: "apps/delegated-unseen",
    question: "Did the delegated permissions of applications stay unseen?",
    effect: Effect::Tells,
    asks: &[Question::Applications],
    facts: "clients.toml",
    sources: &["https://learn.microsoft.com/graph/api/serviceprincipal-list-oauth2permissiongrants"],
    texts: RuleTexts {
        says: "Delegated permissions of applications were not shown to us: whatever uses EWS in the name of a signed-in person may be missing in the list of applications.",
        stops: "",
        next: "Grant Directory.Read.All beside Application.Read.All for one run, or compare the list with the EWS usage report of the admin center.",
        alternative: "",
    },
    check: |reading| {
        let known = reading.case.tenant.applications.value().into_iter().flatten();
        Outcome::says_if(known.into_iter().any(|app| app.delegated_unseen))
    },
};

/// Applications that the audit search saw in the mailbox.
pub static SEEN: Rule = Rule {
    id: "apps/seen-in-mailbox",
    question: "Which applications did the audit search see in this mailbox over EWS?",
    effect: Effect::Notes,
    asks: &[],
    facts: "clients.toml",
    sources: &["https://github.com/jmartinmsft/Exchange-App-Usage-Reporting"],
    texts: RuleTexts {
        says: "The audit search saw these applications in the mailbox over EWS: {apps}. It sees audited mailboxes and actions only: others may use it too.",
        stops: "",
        next: "Ask the owner of each application whether it is on Graph before {ends}.",
        alternative: "",
    },
    check: |reading| {
        let uses = reading.case.evidence.joined.value().map(|known| known.ews_apps.as_slice()).unwrap_or_default();
        let named = uses.iter().map(|used| {
            let params = Params::one("app", app_name(reading, Some(&used.app_id))).and("count", used.calls.to_string());
            match used.last {
                Some(day) => reading.words("apps/seen_until", &params.and("date", day.to_string())),
                None => reading.words("apps/seen", &params),
            }
        });
        let apps: Vec<String> = named.collect();
        if apps.is_empty() { Outcome::Silent } else { Outcome::Says(Params::one("apps", apps.join("; "))) }
    },
};

#[cfg(test)]
pub(super) mod speaks {
    use super::*;
    use crate::evidence::joined::{Joined, MailboxUse};
    use crate::rules::testing::{OTHER_APP, Speaks, joined_with, known};

    pub const ALL: &[Speaks] = &[
        (&LIST_VALUE, |case| {
            case.options.apps = vec![OTHER_APP.to_owned()];
        }),
        (&DELEGATED_UNSEEN, |case| {
            case.tenant.applications = known(vec![Application { delegated_unseen: true, ..Application::default() }]);
        }),
        (&SEEN, |case| {
            let ews_apps = vec![MailboxUse { app_id: OTHER_APP.to_owned(), calls: 3, last: None }];
            joined_with(case, ExportKind::EwsAudit, Joined { ews_apps, ..Joined::default() });
        }),
    ];

    #[test]
    fn needed_and_listed_are_held_against_each_other() {
        use crate::rules::testing::{OWN_APP, Owned};
        let mut case = Owned::ada();
        let own = case.case();
        let needs =
            |all: &[Standing<'_>]| all.iter().map(|one| (one.app_id.to_owned(), one.needed)).collect::<Vec<_>>();
        let all = standings(own.tenant, own.facts, own.options);
        assert_eq!(needs(&all), [(OWN_APP.to_owned(), Need::Kept), (OTHER_APP.to_owned(), Need::Without)]);
        assert_eq!(list_value(&all), OWN_APP);
        joined_with(&mut case, ExportKind::EwsUsage, Joined::default());
        let strange = "99999999-0000-4000-8000-000000000009";
        case.tenant.ews_usage = known(vec![AppUse { app_id: strange.to_owned(), ..AppUse::default() }]);
        case.options.apps = vec![OTHER_APP.to_owned()];
        let own = case.case();
        let all = standings(own.tenant, own.facts, own.options);
        let expected = [(strange, Need::Used), (OWN_APP, Need::Idle), (OTHER_APP, Need::Named)];
        assert_eq!(needs(&all), expected.map(|(id, need)| (id.to_owned(), need)));
        assert_eq!(list_value(&all), format!("{strange},{OTHER_APP}"));
    }
}
