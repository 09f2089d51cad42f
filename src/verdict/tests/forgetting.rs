//! Evidence that goes missing: nothing becomes more certain by it, and *unknown* never reads as *no*.

use proptest::prelude::*;

use crate::evidence::{Cause, Observation};
use crate::rules::testing::{Owned, at};
use crate::rules::{Outcome, Reading};

use super::world::{World, worlds};
use super::*;

/// How one observation is forgotten.
#[derive(Debug, Clone, Copy)]
enum Forgotten {
    Kept,
    Unknown(Cause),
    NotAsked,
}

fn forgotten() -> impl Strategy<Value = Forgotten> {
    let cause = prop::sample::select(
        &[Cause::Throttled, Cause::NotPermitted, Cause::Outage, Cause::Unreadable, Cause::Stopped, Cause::NoSource][..],
    );
    prop_oneof![3 => Just(Forgotten::Kept), 2 => cause.prop_map(Forgotten::Unknown), 1 => Just(Forgotten::NotAsked)]
}

fn forget<T>(observation: &mut Observation<T>, how: Forgotten) {
    match how {
        Forgotten::Kept => {}
        Forgotten::Unknown(cause) => *observation = Observation::unknown(cause, "gone", at()),
        Forgotten::NotAsked => *observation = Observation::NotAsked,
    }
}

fn partly(full: &Owned, how: &[Forgotten; 10]) -> Owned {
    let mut case = full.clone();
    forget(&mut case.evidence.directory, how[0]);
    forget(&mut case.evidence.graph, how[1]);
    forget(&mut case.evidence.routing, how[2]);
    forget(&mut case.evidence.recipient, how[3]);
    forget(&mut case.evidence.cas, how[4]);
    forget(&mut case.evidence.ews, how[5]);
    forget(&mut case.tenant.skus, how[6]);
    forget(&mut case.tenant.organization, how[7]);
    forget(&mut case.tenant.identity, how[8]);
    forget(&mut case.tenant.applications, how[9]);
    case
}

/// Whether a state after forgetting is the one before, or one that claims less.
fn no_more_certain(before: &str, after: &str) -> bool {
    after == before || after == "unknown" || after == "not_asked" || after == "not_assessed"
}

fn states(judgement: &Judgement) -> Vec<(String, String)> {
    let mut states = vec![
        ("verdict".to_owned(), judgement.verdict.id().to_owned()),
        ("urgency".to_owned(), judgement.urgency.id().to_owned()),
        ("licence".to_owned(), judgement.licence.id().to_owned()),
        ("ews_today".to_owned(), judgement.ews_today.id().to_owned()),
        ("routing".to_owned(), judgement.routing.id().to_owned()),
    ];
    let graph = judgement.graph.id();
    // A permission that is missing is a kind of unknown of its own.
    states.push(("graph".to_owned(), graph.to_owned()));
    states.extend(judgement.integrations.iter().map(|line| (line.integration.clone(), line.state.clone())));
    states
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_becomes_more_certain(world in worlds(), how in prop::array::uniform10(forgotten())) {
        let full = world.evidence();
        let case = partly(&full, &how);
        let (before, after) = (judge(&full.case()), judge(&case.case()));
        for ((name, before), (_, after)) in states(&before).into_iter().zip(states(&after)) {
            let permission = after == "not_permitted" && (name == "graph" || name == "ews_today");
            prop_assert!(
                no_more_certain(&before, &after) || permission,
                "{name}: {before} became {after}"
            );
        }
        assert_readable(&after);
    }

    /// Evidence of two worlds mixed: sources that contradict each other, as old exports and slow services do.
    #[test]
    fn contradictions_are_survived_and_no_verdict_lacks_its_witness(
        one in worlds(), other in worlds(), pick in prop::array::uniform8(any::<bool>()),
        how in prop::array::uniform10(forgotten())
    ) {
        let mut case = one.evidence();
        let from = other.evidence();
        if pick[0] { case.evidence.directory = from.evidence.directory; }
        if pick[1] { case.evidence.graph = from.evidence.graph; }
        if pick[2] { case.evidence.routing = from.evidence.routing; }
        if pick[3] { case.evidence.recipient = from.evidence.recipient; }
        if pick[4] { case.evidence.cas = from.evidence.cas; }
        if pick[5] { case.evidence.ews = from.evidence.ews; }
        if pick[6] { case.tenant.skus = from.tenant.skus; }
        if pick[7] { case.tenant.organization = from.tenant.organization; }
        let case = partly(&case, &how);
        let judgement = judge(&case.case());
        assert_readable(&judgement);
        let one_account = case.evidence.directory.value().is_some_and(|found| found.accounts.len() == 1);
        match judgement.verdict {
            Verdict::MoveToGraphEac => prop_assert!(one_account && judgement.graph == GraphState::Answers),
            Verdict::NeedsLicenseUpgrade => {
                let weak = !matches!(judgement.licence, LicenceState::Full | LicenceState::Unknown | LicenceState::NotAsked);
                prop_assert!(one_account && weak);
                prop_assert!(case.evidence.graph.value().is_some(), "a licence is named while Graph is open");
                // Nobody is sent to buy for a mailbox that Autodiscover seeks on-premises and Graph does not open.
                prop_assert!(judgement.graph == GraphState::Answers || judgement.routing != RoutingState::OnPremises
                    || case.evidence.recipient.value().is_some_and(Option::is_some));
            }
            Verdict::Blocked => {
                prop_assert!(case.evidence.directory.value().is_some() || case.evidence.graph.value().is_some());
            }
            Verdict::NotAssessed => {}
        }
    }

    #[test]
    fn a_full_world_is_judged(world in worlds()) {
        let judgement = judge(&world.evidence().case());
        prop_assert!(judgement.findings.iter().all(|line| !line.text.contains("nothing that was asked settles it")));
        prop_assert!(expected(&world, judgement.verdict), "{:?} {}", judgement.verdict, judgement.reason);
        assert_readable(&judgement);
    }

    #[test]
    fn a_rule_that_spoke_never_says_no_for_want_of_evidence(
        world in worlds(), how in prop::array::uniform10(forgotten())
    ) {
        let full = world.evidence();
        let case = partly(&full, &how);
        let (before, after) = (Reading::of(full.case()), Reading::of(case.case()));
        // What gives a verdict and was silent for want of evidence would read as "no".
        for rule in registry().iter().filter(|rule| matches!(rule.effect, Effect::Decides(_))) {
            let (before, after) = ((rule.check)(&before), (rule.check)(&after));
            // Two rules speak of what is unknown, and one of nothing but what another rule leaves.
            let of_the_unknown = ["graph/not-permitted"].contains(&rule.id);
            if matches!(before, Outcome::Says(_)) && !of_the_unknown {
                prop_assert!(after != Outcome::Silent, "{} fell silent", rule.id);
            }
            if before == Outcome::Silent && !of_the_unknown {
                let named_better = ["identity/not-in-directory"].contains(&rule.id);
                prop_assert!(!matches!(after, Outcome::Says(_)) || named_better, "{} began to speak", rule.id);
            }
        }
    }
}

/// What has to come out of a world, told without looking at any rule.
fn expected(world: &World, verdict: Verdict) -> bool {
    use super::world::{Barrier, Where, Who};
    if world.who != Who::Member || world.alias || world.place == Where::OnPremises {
        return verdict == Verdict::Blocked;
    }
    match world.place {
        Where::Cloud if world.barrier != Barrier::Nothing || world.kind == "DiscoveryMailbox" => {
            verdict == Verdict::Blocked
        }
        Where::Cloud if world.kind == "UserMailbox" && !world.enabled => verdict == Verdict::Blocked,
        Where::Cloud if world.kind != "UserMailbox" => verdict == Verdict::MoveToGraphEac,
        Where::Cloud => verdict != Verdict::Blocked,
        Where::Nowhere if !world.enabled || world.recreated => verdict == Verdict::Blocked,
        Where::Nowhere | Where::OnPremises => verdict != Verdict::MoveToGraphEac,
    }
}

#[test]
fn with_no_evidence_at_all_nothing_is_assessed() {
    let mut case = Owned::ada();
    case.evidence = MailboxEvidence::default();
    case.tenant = TenantEvidence::default();
    let judgement = judge(&case.case());
    assert_eq!((judgement.verdict, judgement.reason), (Verdict::NotAssessed, "open/directory"));
    assert_eq!(judgement.urgency, Urgency::Unknown);
    assert_eq!(judgement.licence, LicenceState::NotAsked);
    assert_eq!(judgement.ews_today, EwsToday::NotAsked);
    assert_eq!(judgement.routing, RoutingState::NotAsked);
    assert_eq!(judgement.graph, GraphState::NotAsked);
    assert!(judgement.integrations.iter().all(|line| line.state == "unknown"));
    assert_readable(&judgement);
}
