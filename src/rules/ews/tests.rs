use jiff::civil::date;

use crate::evidence::mailbox::{AgentFilter, AgentRule, EwsAnswer};
use crate::evidence::tenant::AppList;
use crate::evidence::{Cause, Observation};
use crate::rules::testing::{OTHER_APP, OWN_APP, Owned, known, refused_by_policy, refused_by_switch, unknown};
use crate::rules::{KioskPolicy, states::Urgency};
use crate::verdict::{Judgement, Verdict, judge};

fn judged(change: impl FnOnce(&mut Owned)) -> Judgement {
    let mut case = Owned::ada();
    change(&mut case);
    judge(&case.case())
}

fn urgency(change: impl FnOnce(&mut Owned)) -> Urgency {
    judged(change).urgency
}

fn rules(judgement: &Judgement) -> Vec<&str> {
    judgement.findings.iter().map(|finding| finding.rule.as_str()).collect()
}

fn list(apps: &[&str]) -> AppList {
    AppList::Seen(apps.iter().map(|app| (*app).to_owned()).collect())
}

#[test]
fn the_day_decides_what_an_empty_list_and_null_mean() {
    let empty = |day| {
        move |case: &mut Owned| {
            case.organization().app_list = list(&[]);
            case.options.as_of = day;
        }
    };
    assert_eq!(urgency(empty(date(2026, 9, 1))), Urgency::ByDeadline);
    let contradiction = judged(empty(date(2026, 11, 20)));
    assert_eq!(contradiction.urgency, Urgency::Unknown);
    assert!(rules(&contradiction).contains(&"ews/works-against-settings"));
    assert!(contradiction.what_stops.contains("24 hours"), "{}", contradiction.what_stops);
    let null = |day| {
        move |case: &mut Owned| {
            case.organization().ews_enabled = None;
            case.options.as_of = day;
        }
    };
    assert_eq!(urgency(null(date(2026, 9, 1))), Urgency::ByDeadline);
    assert_eq!(urgency(null(date(2026, 10, 10))), Urgency::Soon);
    assert_eq!(urgency(null(date(2027, 3, 31))), Urgency::Soon);
    let ended = judged(null(date(2027, 4, 2)));
    assert_eq!((ended.urgency, ended.verdict), (Urgency::Now, Verdict::MoveToGraphEac));
    assert!(ended.next_action.contains("at once"), "{}", ended.next_action);
}

#[test]
fn null_is_soon_only_where_microsoft_flips_it() {
    for cloud in ["gcc", "gcc_high", "dod", "china"] {
        let judgement = judged(|case| {
            case.organization().ews_enabled = None;
            case.options.cloud = cloud.to_owned();
        });
        assert_eq!(judgement.urgency, Urgency::ByDeadline, "{cloud}");
        assert_eq!(judgement.what_stops.contains("not published"), cloud != "gcc", "{}", judgement.what_stops);
    }
}

#[test]
fn a_probe_that_could_not_be_made_leaves_the_urgency_open_and_the_verdict_alone() {
    for ews in [
        unknown(),
        Observation::NotAsked,
        Observation::unknown(Cause::NotPermitted, "no role", crate::rules::testing::at()),
    ] {
        let judgement = judged(|case| case.evidence.ews = ews);
        assert_eq!((judgement.verdict, judgement.urgency), (Verdict::MoveToGraphEac, Urgency::Unknown));
    }
    let refused = EwsAnswer::NotPermitted { code: "ErrorImpersonateUserDenied".to_owned(), message: String::new() };
    assert_eq!(urgency(|case| case.evidence.ews = known(refused)), Urgency::Unknown);
    // Unless the settings close it anyhow.
    let closed = judged(|case| {
        case.evidence.ews = unknown();
        case.organization().ews_enabled = Some(false);
    });
    assert_eq!(closed.urgency, Urgency::Now);
    assert!(closed.what_stops.starts_with("The settings close EWS"), "{}", closed.what_stops);
    // Or the organisation's settings are not known, and whether Null makes it soon.
    assert_eq!(urgency(|case| case.tenant.organization = unknown()), Urgency::Unknown);
}

#[test]
fn a_refusal_is_now_and_contradictions_are_named() {
    let agreed = judged(|case| {
        case.evidence.ews = refused_by_switch();
        case.cas().ews_enabled = Some(false);
    });
    assert_eq!((agreed.urgency, agreed.verdict), (Urgency::Now, Verdict::MoveToGraphEac));
    assert!(!rules(&agreed).contains(&"ews/refused-against-settings"));
    assert!(agreed.findings.iter().any(|finding| finding.text.contains("the mailbox's EwsEnabled is False")));
    let against = judged(|case| case.evidence.ews = refused_by_switch());
    assert_eq!(against.urgency, Urgency::Now);
    assert!(rules(&against).contains(&"ews/refused-against-settings"));
    // The header speaks of a policy, the settings of the switch.
    let other_ground = judged(|case| {
        case.evidence.ews = refused_by_policy();
        case.organization().ews_enabled = Some(false);
    });
    assert!(rules(&other_ground).contains(&"ews/refused-against-settings"));
}

#[test]
fn our_own_refusal_says_nothing_about_listed_applications() {
    let unlisted = |case: &mut Owned| {
        case.organization().app_list = list(&[OTHER_APP]);
        case.evidence.ews = refused_by_policy();
    };
    let unnamed = judged(unlisted);
    assert_eq!(unnamed.urgency, Urgency::Now);
    assert!(rules(&unnamed).contains(&"ews/own-app-not-listed"));
    let named = |apps: &'static [&'static str]| {
        move |case: &mut Owned| {
            unlisted(case);
            case.options.apps = apps.iter().map(|app| (*app).to_owned()).collect();
        }
    };
    assert_eq!(urgency(named(&[OTHER_APP])), Urgency::ByDeadline);
    assert_eq!(urgency(named(&[OTHER_APP, OWN_APP])), Urgency::Now);
}

#[test]
fn an_application_of_the_profile_is_held_against_the_list_even_where_ours_gets_in() {
    let judgement = judged(|case| case.options.apps = vec![OTHER_APP.to_owned()]);
    assert_eq!(judgement.urgency, Urgency::Now);
    let finding = judgement.findings.iter().find(|finding| finding.rule == "ews/closed").unwrap();
    assert!(finding.text.contains("Salesforce Einstein Activity Capture"), "{}", finding.text);
    let hidden = judged(|case| {
        case.options.apps = vec![OTHER_APP.to_owned()];
        case.organization().app_list = AppList::Hidden;
    });
    assert_eq!(hidden.urgency, Urgency::Unknown);
}

#[test]
fn nothing_stops_where_there_is_no_cloud_mailbox() {
    assert_eq!(urgency(Owned::on_premises), Urgency::None);
    // A mailbox that EWS opens is here, even if the directory does not say whose it is.
    assert_eq!(urgency(|case| case.directory().accounts.clear()), Urgency::ByDeadline);
    let gone = |case: &mut Owned| {
        case.licensed(&[]);
        case.without_mailbox();
    };
    assert_eq!(urgency(gone), Urgency::None);
}

#[test]
fn an_unclear_filter_leaves_the_settings_open() {
    let (enforce, allow) = (Some(AgentRule::AllowList), vec!["Outlook/*".to_owned()]);
    let filtered = AgentFilter { enforce, allow, ..AgentFilter::default() };
    let judgement = judged(|case| {
        case.organization().agents = filtered.clone();
        case.evidence.ews = unknown();
        case.options.own_user_agent = None;
        case.options.kiosk = KioskPolicy::Graph;
    });
    assert_eq!(judgement.urgency, Urgency::Unknown);
}
