use std::collections::BTreeMap;

use jiff::civil::date;
use proptest::prelude::*;
use uuid::Uuid;

use crate::evidence::Observation;
use crate::evidence::mailbox::{AssignedPlan, Assignment};
use crate::facts::{Facts, Right};
use crate::rules::testing::{Owned, plan, sku, tenant_sku, unknown};
use crate::rules::{Outcome, Reading};

use super::super::states::LicenceState;
use super::state::Licence;

fn licence(case: &Owned) -> Licence {
    Reading::of(case.case()).licence
}

fn state(case: &Owned) -> LicenceState {
    licence(case).state
}

/// What the products give, by Microsoft's table alone.
fn by_name(right: Right) -> Vec<&'static str> {
    let licensing = Facts::embedded().licensing();
    let gives = |plans: &[Uuid]| plans.iter().filter_map(|id| licensing.plan(*id)).map(|plan| plan.right).max();
    let mut names: Vec<&str> = licensing
        .products()
        .filter(|product| gives(&product.exchange_plans).unwrap_or(Right::None) == right)
        .map(|product| product.part_number.as_str())
        .collect();
    names.sort_unstable();
    names
}

#[test]
fn all_products_are_classified() {
    let mut states: BTreeMap<LicenceState, Vec<String>> = BTreeMap::new();
    for product in Facts::embedded().licensing().products() {
        let mut case = Owned::ada();
        case.licensed(&[&product.part_number]);
        // One part number names two products: the id decides.
        case.account().licences[0].sku = product.sku_id;
        case.tenant.skus = crate::rules::testing::known(vec![tenant_sku(product.sku_id)]);
        states.entry(state(&case)).or_default().push(product.part_number.clone());
    }
    let sorted = |state| {
        let mut names = states.get(&state).cloned().unwrap_or_default();
        names.sort();
        names
    };
    let counts: Vec<(&str, usize)> = states.iter().map(|(state, names)| (state.id(), names.len())).collect();
    assert_eq!(counts, [("full", 91), ("kiosk", 10), ("f1_no_mailbox_right", 2), ("none", 512), ("unknown", 5)]);
    assert_eq!(
        sorted(LicenceState::Kiosk),
        [
            "DESKLESSPACK",
            "DESKLESSPACK_USGOV_GCCHIGH",
            "EXCHANGEDESKLESS",
            "M365_F1_GOV",
            "Microsoft_365_F3_EEA_(no_Teams)",
            "Microsoft_Teams_EEA_New",
            "Microsoft_Teams_Enterprise_New",
            "Office_365_F3_EEA_(no_Teams)",
            "SPE_F1",
            "TEAMS_ESSENTIALS_AAD",
        ]
    );
    assert_eq!(sorted(LicenceState::F1NoMailboxRight), ["M365_F1_COMM", "Microsoft_365_F1_EEA_(no_Teams)"]);
    assert_eq!(
        sorted(LicenceState::Unknown),
        ["EXCHANGETELCO", "EXCHANGE_S_ESSENTIALS", "LITEPACK", "LITEPACK_P2", "MIDSIZEPACK"]
    );
    assert_eq!(by_name(Right::Kiosk).len(), 12);
}

proptest! {
    /// The best plan wins, in whatever order and number the products come, from the tenant's word or the facts'.
    #[test]
    fn best_plan_wins(picks in prop::collection::vec(any::<prop::sample::Index>(), 1..12), tenant in any::<bool>()) {
        let mut all: Vec<_> = Facts::embedded().licensing().products().collect();
        all.sort_by_key(|product| product.sku_id);
        let mut names: Vec<&str> = picks.iter().map(|pick| pick.get(&all).part_number.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let mut case = Owned::ada();
        case.licensed(&names);
        if !tenant {
            case.tenant.skus = unknown();
        }
        let has = |right| names.iter().any(|name| by_name(right).contains(name));
        let f1 = ["M365_F1_COMM", "Microsoft_365_F1_EEA_(no_Teams)"];
        let expected = if has(Right::Full) {
            LicenceState::Full
        } else if names.iter().any(|name| by_name(Right::Kiosk).contains(name) && !f1.contains(name)) {
            LicenceState::Kiosk
        } else if has(Right::Kiosk) {
            LicenceState::F1NoMailboxRight
        } else if has(Right::Unknown) {
            LicenceState::Unknown
        } else {
            LicenceState::None
        };
        prop_assert_eq!(state(&case), expected);
    }
}

fn assigned(part_number: &str, word: &str, error: Option<&str>, off: &[&str]) -> Assignment {
    Assignment {
        sku: sku(part_number),
        group: None,
        state: word.to_owned(),
        error: error.map(str::to_owned),
        disabled_plans: off.iter().map(|name| plan(name)).collect(),
    }
}

#[test]
fn a_plan_counts_as_its_assignment_says() {
    let cases = [
        ("Active", &[][..], LicenceState::Full),
        ("ActiveWithError", &[], LicenceState::Full),
        ("Error", &[], LicenceState::Error),
        ("Disabled", &[], LicenceState::PlanOff),
        ("Active", &["EXCHANGE_S_ENTERPRISE"], LicenceState::PlanOff),
        ("NewWord", &[], LicenceState::Full),
    ];
    for (word, off, expected) in cases {
        let mut case = Owned::ada();
        case.account().assignments = vec![assigned("ENTERPRISEPACK", word, None, off)];
        assert_eq!(state(&case), expected, "{word} {off:?}");
    }
}

#[test]
fn one_good_assignment_outweighs_a_bad_one_of_the_same_product() {
    let mut case = Owned::ada();
    case.account().assignments = vec![
        assigned("ENTERPRISEPACK", "Active", None, &["EXCHANGE_S_ENTERPRISE"]),
        assigned("ENTERPRISEPACK", "Error", Some("CountViolation"), &[]),
        assigned("ENTERPRISEPACK", "Active", None, &[]),
    ];
    assert_eq!(state(&case), LicenceState::Full);
}

#[test]
fn a_plan_counts_as_the_account_and_the_tenant_say() {
    let account = [
        ("Enabled", LicenceState::Full),
        ("Warning", LicenceState::Full),
        ("Suspended", LicenceState::Suspended),
        ("LockedOut", LicenceState::Suspended),
        ("Deleted", LicenceState::Pending),
        ("NewWord", LicenceState::Full),
    ];
    for (word, expected) in account {
        let mut case = Owned::ada();
        case.without_mailbox();
        case.account().plans[0].capability = word.to_owned();
        assert_eq!(state(&case), expected, "account {word}");
    }
    let product =
        [("Warning", LicenceState::Full), ("LockedOut", LicenceState::Suspended), ("Deleted", LicenceState::None)];
    for (word, expected) in product {
        let mut case = Owned::ada();
        case.skus()[0].capability = word.to_owned();
        assert_eq!(state(&case), expected, "product {word}");
    }
    let provisioning = [
        ("Success", LicenceState::Full),
        ("Disabled", LicenceState::PlanOff),
        ("PendingInput", LicenceState::Pending),
        ("PendingActivation", LicenceState::Pending),
        ("PendingProvisioning", LicenceState::Pending),
        ("Error", LicenceState::Error),
    ];
    for (word, expected) in provisioning {
        let mut case = Owned::ada();
        case.without_mailbox();
        case.skus()[0].plans.iter_mut().for_each(|plan| plan.provisioning = word.to_owned());
        assert_eq!(state(&case), expected, "provisioning {word}");
    }
}

#[test]
fn stale_entries_do_not_count_beside_good_ones() {
    let mut case = Owned::ada();
    let entry = |capability: &str| AssignedPlan {
        plan: plan("EXCHANGE_S_ENTERPRISE"),
        capability: capability.to_owned(),
        service: "exchange".to_owned(),
    };
    case.account().plans = vec![entry("Deleted"), entry("Enabled"), entry("Suspended")];
    assert_eq!(state(&case), LicenceState::Full);
    // What is left of a product that was taken away gives nothing.
    case.licensed(&["EMS"]);
    case.account().plans.push(entry("Deleted"));
    assert_eq!(state(&case), LicenceState::None);
    // A usable entry that no product explains is not read as no.
    case.account().plans.push(entry("Enabled"));
    assert_eq!(state(&case), LicenceState::Unknown);
}

#[test]
fn foundation_is_never_a_mailbox_and_never_takes_one_away() {
    let mut case = Owned::ada();
    case.licensed(&["M365_F1"]);
    assert_eq!(state(&case), LicenceState::None);
    case.licensed(&["M365_F1", "EMS", "SPB"]);
    assert_eq!(state(&case), LicenceState::Full);
}

#[test]
fn an_unlisted_plan_is_unknown_and_never_none() {
    let mut case = Owned::ada();
    case.licensed(&["EMS"]);
    case.skus()[0].plans[0].id = Uuid::from_u128(7);
    case.skus()[0].plans[0].name = "EXCHANGE_S_NEXT".to_owned();
    let licence = licence(&case);
    assert_eq!(licence.state, LicenceState::Unknown);
    assert!(!licence.open.is_empty());
    // For a company, or not of Exchange: no matter.
    case.skus()[0].plans[0].applies_to = "Company".to_owned();
    assert_eq!(state(&case), LicenceState::None);
    case.skus()[0].plans[0].applies_to = "User".to_owned();
    case.skus()[0].plans[0].name = "TEAMS_NEXT".to_owned();
    assert_eq!(state(&case), LicenceState::None);
}

#[test]
fn a_product_that_nobody_lists_is_judged_by_the_accounts_own_plans() {
    let mut case = Owned::ada();
    case.account().licences[0].sku = Uuid::from_u128(7);
    assert_eq!(state(&case), LicenceState::Full);
    case.account().plans.clear();
    assert_eq!(state(&case), LicenceState::Unknown);
    case.tenant.skus = unknown();
    assert_eq!(state(&case), LicenceState::Unknown);
}

#[test]
fn without_the_tenants_products_the_facts_stand_in() {
    for (name, expected) in
        [("SPE_F1", LicenceState::Kiosk), ("ENTERPRISEPACK", LicenceState::Full), ("EMS", LicenceState::None)]
    {
        for skus in [unknown(), Observation::NotAsked] {
            let mut case = Owned::ada();
            case.licensed(&[name]);
            case.tenant.skus = skus;
            assert_eq!(state(&case), expected, "{name}");
            // Without Graph's answer a plan that is still in preparation cannot be told from a ready one.
            case.without_mailbox();
            let expected = if expected == LicenceState::None { expected } else { LicenceState::Unknown };
            assert_eq!(state(&case), expected, "{name} without mailbox");
        }
    }
}

fn next(case: &Owned, id: &str) -> String {
    let judgement = crate::verdict::judge(&case.case());
    assert_eq!(judgement.reason, id, "{}", judgement.cause);
    judgement.next_action
}

#[test]
fn the_next_step_names_what_to_take() {
    let mut case = Owned::ada();
    case.licensed(&["DESKLESSPACK"]);
    assert_eq!(
        next(&case, "licence/kiosk"),
        "Either buy and assign Exchange Online (Plan 1) (EXCHANGESTANDARD), usually the cheapest step, or one of: \
         Microsoft 365 Business Basic, Office 365 E1 (no Teams), Office 365 E1, or move the user to Einstein Activity Capture."
    );
    // Units the tenant has free come before a purchase.
    let mut free = tenant_sku(sku("STANDARDPACK"));
    free.consumed_units = 3;
    case.skus().push(free);
    assert!(next(&case, "licence/kiosk").contains("assign Office 365 E1, of which the tenant has 7 free"));
    // And a plan the account already has, switched off, before that.
    case.licensed(&["DESKLESSPACK", "ENTERPRISEPACK"]);
    case.account().licences[1].disabled_plans = vec![plan("EXCHANGE_S_ENTERPRISE")];
    assert!(
        next(&case, "licence/kiosk")
            .contains("switch on the Exchange Online plan that the account already has in Office 365 E3")
    );
    // Every cloud has products of its own.
    case.licensed(&[]);
    case.without_mailbox();
    case.options.cloud = "gcc_high".to_owned();
    assert!(next(&case, "licence/none").contains("Office 365 E1 (GCC High)"));
    case.options.cloud = "china".to_owned();
    assert!(next(&case, "licence/none").contains("a product with Exchange Online Plan 1 or Plan 2"));
}

#[test]
fn both_f1_products_are_told_apart() {
    let mut case = Owned::ada();
    case.licensed(&["M365_F1_COMM"]);
    let judgement = crate::verdict::judge(&case.case());
    assert_eq!((judgement.reason, judgement.alternative.as_str()), ("licence/f1-no-mailbox-right", ""));
    case.licensed(&["M365_F1"]);
    case.without_mailbox();
    let judgement = crate::verdict::judge(&case.case());
    assert_eq!(judgement.reason, "licence/none");
    assert!(
        judgement.cause.contains("M365_F1: The Microsoft 365 F1 that carries Exchange Foundation only"),
        "{}",
        judgement.cause
    );
    assert_eq!(judgement.products, ["Microsoft 365 F1"]);
}

#[test]
fn errors_of_an_assignment_have_their_own_remedies() {
    let errors = [
        ("CountViolation", "No unit is free"),
        ("MutuallyExclusiveViolation", "exclude each other"),
        ("DependencyViolation", "depends on"),
        ("ProhibitedInUsageLocationViolation", "usageLocation"),
        ("UniquenessViolation", "proxy address"),
        ("Others", "Reprocess"),
        ("NewError", "Reprocess"),
    ];
    for (error, remedy) in errors {
        let mut case = Owned::ada();
        case.without_mailbox();
        case.account().assignments = vec![assigned("ENTERPRISEPACK", "Error", Some(error), &[])];
        assert!(next(&case, "licence/error").contains(remedy), "{error}");
    }
}

#[test]
fn a_kiosk_licence_is_never_said_to_close_ews() {
    let mut case = Owned::ada();
    case.licensed(&["SPE_F1"]);
    case.options.as_of = date(2026, 11, 20);
    let judgement = crate::verdict::judge(&case.case());
    assert_eq!(judgement.urgency, crate::rules::states::Urgency::ByDeadline);
    assert!(judgement.cause.contains("does not enforce"), "{}", judgement.cause);
    assert_eq!(judgement.alternative, "Graph answers: can move to EAC without an upgrade");
}

#[test]
fn licences_are_no_matter_for_a_shared_mailbox() {
    let mut case = Owned::ada();
    case.shared();
    let reading = Reading::of(case.case());
    assert_eq!(reading.licence.state, LicenceState::None);
    assert_eq!((super::NONE.check)(&reading), Outcome::Silent);
}
