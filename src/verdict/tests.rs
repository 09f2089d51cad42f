mod forgetting;
mod scenarios;
mod world;

use crate::rules::testing::Owned;
use crate::rules::words::WORDS;

use super::*;

/// Every sentence of a judgement.
fn sentences(judgement: &Judgement) -> Vec<String> {
    let mut all = vec![
        judgement.cause.clone(),
        judgement.what_stops.clone(),
        judgement.next_action.clone(),
        judgement.alternative.clone(),
    ];
    all.extend(judgement.findings.iter().flat_map(|line| [line.text.clone(), line.action.clone()]));
    all.extend(judgement.evidence.iter().map(|line| line.answer.clone()));
    all.extend(judgement.integrations.iter().flat_map(|line| [line.text.clone(), line.action.clone()]));
    all
}

/// A judgement is fit to be read: no parameter left unfilled, no key in place of a sentence, nothing missing.
fn assert_readable(judgement: &Judgement) {
    for sentence in sentences(judgement) {
        assert!(!sentence.contains('{') && !sentence.contains('}'), "unfilled: {sentence}");
        for word in sentence.split([' ', ',', ';', '(', ')']) {
            let is_key = word.contains('/') && WORDS.binary_search_by(|(key, _)| (*key).cmp(word)).is_ok();
            assert!(!is_key, "a key for a sentence: {sentence}");
        }
        assert!(!sentence.contains("  ") && !sentence.contains(" ."), "{sentence:?}");
    }
    for sentence in [&judgement.cause, &judgement.what_stops, &judgement.next_action] {
        assert!(!sentence.trim().is_empty(), "{} leaves something unsaid", judgement.reason);
    }
    assert_eq!(judgement.findings.first().map(|line| line.rule.as_str()), Some(judgement.reason));
}

#[test]
fn a_tenant_is_told_once_what_holds_for_all() {
    let mut case = Owned::ada();
    case.tenant.skus = crate::rules::testing::unknown();
    case.tenant.applications = crate::rules::testing::known(Vec::new());
    case.organization().app_list = crate::evidence::tenant::AppList::Hidden;
    let told = tenant_findings(&case.tenant, case.case().facts, &case.options);
    let ids: Vec<&str> = told.iter().map(|line| line.rule.as_str()).collect();
    assert_eq!(ids, ["ews/list-hidden", "salesforce/no-consent", "open/products"]);
    let judgement = judge(&case.case());
    let rules: Vec<&str> = judgement.findings.iter().map(|line| line.rule.as_str()).collect();
    assert!(ids.iter().all(|id| !rules.contains(id)), "{rules:?}");
}

#[test]
fn explaining_says_why_this_verdict_and_not_the_next() {
    let mut case = Owned::ada();
    case.licensed(&["SPE_F1"]);
    let standings = |case: &Owned| {
        let told = explain(&case.case());
        assert_eq!(told.len(), registry().len());
        let loud = told.iter().filter(|said| said.standing != Standing::Silent);
        loud.filter(|said| matches!(said.rule.effect, Effect::Decides(_)))
            .map(|said| (said.rule.id, said.standing))
            .collect::<Vec<_>>()
    };
    assert_eq!(standings(&case), [("licence/kiosk", Standing::Decides), ("graph/answers", Standing::Outranked)]);
    // Graph stays open: what it could have said is in the way of what the licence says.
    case.evidence.graph = crate::rules::testing::unknown();
    let told = standings(&case);
    assert!(told.contains(&("graph/access-policy", Standing::InTheWay)), "{told:?}");
    assert!(told.contains(&("licence/kiosk", Standing::Waits)), "{told:?}");
    assert!(told.contains(&("graph/answers", Standing::Open)), "{told:?}");
    assert!(explain(&case.case()).iter().any(|said| said.text.contains("whether Graph opens the mailbox")));
    // A certain cause decides whatever else is open.
    case.account().user_type = Some("Guest".to_owned());
    assert_eq!(judge(&case.case()).reason, "identity/guest");
}

#[test]
fn judging_is_the_same_every_time() {
    let case = Owned::ada();
    assert_eq!(judge(&case.case()), judge(&case.case()));
}
