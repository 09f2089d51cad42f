use std::collections::BTreeSet;

use crate::evidence::Observation;
use crate::facts::Facts;

use super::testing::{Owned, Speaks, unknown};
use super::*;

/// The case of every family in which each of its rules speaks.
fn speaking() -> Vec<Speaks> {
    [
        roster::speaks::ALL,
        identity::speaks::ALL,
        location::speaks::ALL,
        mailbox::speaks::ALL,
        graph::speaks::ALL,
        licence::speaks::ALL,
        ews::speaks::ALL,
        notes::speaks::ALL,
        salesforce::speaks::ALL,
        connection::speaks::ALL,
        apps::speaks::ALL,
        hybrid::speaks::ALL,
        dynamics::speaks::ALL,
        teams::speaks::ALL,
        routing::speaks::ALL,
        open::speaks::ALL,
    ]
    .concat()
}

#[test]
fn every_rule_can_speak() {
    let mut heard = BTreeSet::new();
    for (rule, change) in speaking() {
        let mut case = Owned::ada();
        change(&mut case);
        let reading = Reading::of(case.case());
        let outcome = (rule.check)(&reading);
        assert!(matches!(outcome, Outcome::Says(_)), "{} stays {outcome:?}", rule.id);
        heard.insert(rule.id);
    }
    let all: BTreeSet<&str> = registry().iter().map(|rule| rule.id).collect();
    assert_eq!(heard, all);
}

#[test]
fn nothing_but_the_answer_speaks_where_all_is_well() {
    let case = Owned::ada();
    let reading = Reading::of(case.case());
    let spoke: Vec<&str> = registry()
        .iter()
        .filter(|rule| (rule.check)(&reading) != Outcome::Silent)
        .map(|rule| rule.id)
        .filter(|id| !id.starts_with("dynamics/") && !id.starts_with("teams/"))
        .collect();
    assert_eq!(spoke, ["graph/answers", "ews/by-deadline"]);
}

#[test]
fn ids_are_unique_and_every_rule_is_complete() {
    let mut ids = BTreeSet::new();
    for rule in registry() {
        assert!(ids.insert(rule.id), "{} stands twice", rule.id);
        let (area, name) = rule.id.split_once('/').unwrap();
        let plain = |part: &str| {
            part.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-')
        };
        assert!(plain(area) && plain(name) && !name.is_empty(), "{}", rule.id);
        assert!(rule.question.ends_with('?'), "{} asks nothing", rule.id);
        assert!(!rule.texts.says.is_empty(), "{} says nothing", rule.id);
        assert!(
            !rule.sources.is_empty() && rule.sources.iter().all(|source| source.starts_with("https://")),
            "{}",
            rule.id
        );
        assert!(Facts::embedded().file(rule.facts).is_some(), "{} rests on {}", rule.id, rule.facts);
        if matches!(rule.effect, Effect::Decides(_)) {
            assert!(!rule.texts.stops.is_empty() && !rule.texts.next.is_empty(), "{} leaves the reader alone", rule.id);
        }
        if matches!(rule.effect, Effect::Marks { .. }) {
            assert!(!rule.texts.next.is_empty(), "{} leaves the reader alone", rule.id);
        }
        assert_eq!(super::rule(rule.id).map(|found| found.id), Some(rule.id));
    }
    assert!(super::rule("no/such").is_none());
}

#[test]
fn marked_columns_are_those_of_the_facts() {
    let facts: BTreeSet<&str> =
        Facts::embedded().integrations().iter().flat_map(|known| &known.columns).map(String::as_str).collect();
    let mut marked = BTreeSet::new();
    for rule in registry() {
        if let Effect::Marks { columns, .. } = rule.effect {
            marked.extend(columns.iter().copied());
        }
    }
    assert_eq!(marked, facts);
}

#[test]
fn the_deciding_order_is_the_documented_one() {
    let deciding: Vec<&str> =
        registry().iter().filter(|rule| matches!(rule.effect, Effect::Decides(_))).map(|rule| rule.id).collect();
    assert_eq!(
        deciding,
        [
            "roster/unusable-address",
            "identity/foreign-domain",
            "identity/deleted",
            "identity/not-in-directory",
            "identity/ambiguous",
            "identity/guest",
            "identity/account-disabled",
            "location/on-premises",
            "mailbox/unsupported-type",
            "graph/access-policy",
            "graph/out-of-scope",
            "graph/user-agent-policy",
            "identity/alias-only",
            "identity/recreated",
            "licence/none",
            "licence/plan-off",
            "licence/suspended",
            "licence/error",
            "licence/f1-no-mailbox-right",
            "graph/not-permitted",
            "licence/pending",
            "graph/unknown-to-exchange",
            "graph/just-created",
            "graph/no-mailbox",
            "licence/kiosk",
            "graph/answers",
        ]
    );
}

#[test]
fn the_catalogue_changes_only_in_sight() {
    let lines: Vec<String> = registry()
        .iter()
        .map(|rule| {
            let asks: Vec<&str> = rule.asks.iter().map(|question| question.id()).collect();
            format!("{} | {} | {} | {}", rule.id, rule.effect, rule.facts, asks.join(" "))
        })
        .collect();
    insta::assert_snapshot!("catalogue", lines.join("\n"));
}

/// What a rule hangs on is what it declares: taking away an observation it does not ask for changes nothing it says.
#[test]
fn rules_read_only_what_they_ask_for() {
    let mut undeclared = Vec::new();
    for (rule, change) in speaking() {
        let mut case = Owned::ada();
        change(&mut case);
        let before = (rule.check)(&Reading::of(case.case()));
        for question in Question::ALL.iter().filter(|question| !rule.asks.contains(question)) {
            // Whether the account may sign in and what its licences are is read with the directory.
            if matches!(question, Question::AccountState | Question::Licence | Question::Directory) {
                continue;
            }
            let mut without = case.clone();
            forget(&mut without, *question);
            let after = (rule.check)(&Reading::of(without.case()));
            // That question is put together from the directory's answer and the tenant's products.
            let derived = rule.id == "open/licence" && *question == Question::Products;
            if spoken(&before) != spoken(&after) && !derived {
                undeclared.push(format!("{} hangs on {}", rule.id, question.id()));
            }
        }
    }
    assert_eq!(undeclared, Vec::<String>::new());
}

fn spoken(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Silent => 0,
        Outcome::Says(_) => 1,
        Outcome::Unknown(_) => 2,
    }
}

fn forget(case: &mut Owned, question: Question) {
    fn away<T>(observation: &mut Observation<T>) {
        if !matches!(observation, Observation::NotAsked) {
            *observation = unknown();
        }
    }
    match question {
        Question::Directory | Question::AccountState | Question::Licence => away(&mut case.evidence.directory),
        Question::Graph => away(&mut case.evidence.graph),
        Question::Routing => away(&mut case.evidence.routing),
        Question::Recipient => away(&mut case.evidence.recipient),
        Question::Products => away(&mut case.tenant.skus),
        Question::Organization => away(&mut case.tenant.organization),
        Question::MailboxSettings => away(&mut case.evidence.cas),
        Question::Ews => away(&mut case.evidence.ews),
        Question::Tenant => away(&mut case.tenant.identity),
        Question::Applications => away(&mut case.tenant.applications),
        Question::Notices => away(&mut case.tenant.notices),
    }
}

#[test]
fn words_are_sorted_and_complete() {
    let keys: Vec<&str> = english::WORDS.iter().map(|(key, _)| *key).collect();
    let mut sorted = keys.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(keys, sorted);
    for question in Question::ALL {
        for family in ["remedy_source", "remedy_permission"] {
            assert!(words::english(&format!("{family}/{}", question.id())).is_some(), "{family}/{}", question.id());
        }
        assert!(open::rule_of(*question).asks == [*question]);
    }
    for key in keys.iter().filter_map(|key| key.strip_prefix("unsettled/")) {
        assert!(words::english(&format!("remedy_unsettled/{key}")).is_some(), "{key}");
    }
}

#[test]
fn a_catalogue_overrides_single_sentences() {
    let overrides = [("graph/answers.says", "Graph öffnet {address}."), ("evidence/not_asked", "nicht gefragt")];
    let texts = Texts::with(overrides.map(|(key, text)| (key.to_owned(), text.to_owned())).into());
    let params = Params::one("address", "ada@contoso.example");
    assert_eq!(texts.rule(&graph::ANSWERS, Field::Says, &params), "Graph öffnet ada@contoso.example.");
    assert_eq!(texts.rule(&graph::ANSWERS, Field::Question, &params), "Does Graph open the mailbox?");
    assert_eq!(texts.word("evidence/not_asked", &params), "nicht gefragt");
    assert_eq!(texts.word("evidence/ews/works", &params), "the mailbox opened");
}

#[test]
fn every_sentence_has_a_key_of_its_own() {
    let all: Vec<(String, &str)> = sentences().collect();
    let keys: BTreeSet<&String> = all.iter().map(|(key, _)| key).collect();
    assert_eq!(keys.len(), all.len());
    assert!(all.iter().any(|(key, text)| key == "graph/answers.question" && *text == "Does Graph open the mailbox?"));
    // A sentence names only parameters that can be filled: words without blanks.
    for (key, text) in &all {
        for part in text.split('{').skip(1) {
            let name = part.split('}').next().unwrap();
            assert!(part.contains('}') && !name.contains(' '), "{key}: {text}");
        }
    }
}

#[test]
fn parameters_are_filled_once() {
    let params = Params::one("a", "{b}").and("b", "x");
    assert_eq!(words::fill("{a} {b} {c} {", &params), "{b} x {c} {");
}
