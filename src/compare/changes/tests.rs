use super::*;
use crate::compare::testing::{judged, label};
use Verdict::{Blocked, MoveToGraphEac as Ready, NeedsLicenseUpgrade as Licence, NotAssessed as Unknown};
use proptest::prelude::*;

/// The old run, whose report said what today's rules say.
fn unchanged_rules(rows: &[Judged]) -> Vec<Earlier> {
    let earlier = |row: &Judged| Earlier { reported: Some(row.outcome.clone()), judged: row.clone() };
    rows.iter().map(earlier).collect()
}

fn between(old: &[Judged], new: &[Judged]) -> Vec<(Kind, String)> {
    let changes = compare(label(9, 1), &unchanged_rules(old), label(10, 1), new);
    changes.users.iter().map(|change| (change.kind, change.address.to_string())).collect()
}

#[test]
fn every_pair_of_verdicts_has_its_kind_and_nothing_not_assessed_counts_as_resolved() {
    let kinds = [
        (Ready, Blocked, Some(Kind::NewlyBlocked)),
        (Licence, Blocked, Some(Kind::NewlyBlocked)),
        (Ready, Licence, Some(Kind::NewlyNeedsLicence)),
        (Blocked, Licence, Some(Kind::NoLongerBlocked)),
        (Blocked, Ready, Some(Kind::NewlyReady)),
        (Licence, Ready, Some(Kind::NewlyReady)),
        (Blocked, Unknown, Some(Kind::NotAssessed)),
        (Ready, Unknown, Some(Kind::NotAssessed)),
        (Licence, Unknown, Some(Kind::NotAssessed)),
        (Unknown, Ready, Some(Kind::AssessedAgain)),
        (Unknown, Blocked, Some(Kind::AssessedAgain)),
        (Unknown, Unknown, None),
        (Ready, Ready, None),
        (Blocked, Blocked, None),
    ];
    for (before, after, kind) in kinds {
        let found = between(
            &[judged(1, "ada@contoso.example", "1", before, "a/b")],
            &[judged(1, "ada@contoso.example", "1", after, "a/b")],
        );
        assert_eq!(found.first().map(|(kind, _)| *kind), kind, "{before:?} -> {after:?}");
    }
    let other = between(&[judged(1, "a", "1", Blocked, "a/b")], &[judged(1, "a", "1", Blocked, "c/d")]);
    assert_eq!(other, [(Kind::OtherCause, "a".to_owned())]);
}

#[test]
fn a_rename_is_one_user_and_an_address_taken_over_is_two() {
    let old = [judged(1, "ada@c", "1", Ready, "g/a")];
    let new = [judged(1, "ada.smith@c", "1", Ready, "g/a"), judged(2, "ada@c", "2", Blocked, "i/g")];
    assert_eq!(between(&old, &new), [(Kind::Joined, "ada@c".to_owned()), (Kind::Renamed, "ada.smith@c".to_owned())]);
}

#[test]
fn without_an_object_id_the_address_decides() {
    let old = [judged(1, "ada@c", "1", Ready, "g/a")];
    let gone = [judged(1, "ada@c", "", Blocked, "identity/deleted")];
    assert_eq!(between(&old, &gone), [(Kind::NewlyBlocked, "ada@c".to_owned())]);
    assert_eq!(between(&gone, &old), [(Kind::NewlyReady, "ada@c".to_owned())]);
}

#[test]
fn two_entries_of_one_account_keep_to_their_addresses() {
    let old = [judged(1, "ada@c", "1", Ready, "g/a"), judged(2, "alias@c", "1", Blocked, "identity/alias-only")];
    let new = [judged(1, "alias@c", "1", Blocked, "identity/alias-only"), judged(2, "ada@c", "1", Ready, "g/a")];
    assert_eq!(between(&old, &new), []);
}

#[test]
fn a_repeated_entry_is_compared_once() {
    let row = judged(1, "ada@c", "1", Ready, "g/a");
    let repeat = Judged { row: 2, repeat: true, ..row.clone() };
    assert_eq!(between(&[row.clone(), repeat.clone()], std::slice::from_ref(&row)), []);
    assert_eq!(between(std::slice::from_ref(&row), &[row.clone(), repeat]), []);
}

#[test]
fn a_change_of_the_rules_is_told_apart_from_a_change_of_the_tenant() {
    let reported = Outcome { verdict: Blocked, reason: "ews/kiosk".into() };
    let ready = judged(1, "ada@c", "1", Ready, "g/a");
    let both = Earlier { reported: Some(reported.clone()), judged: judged(2, "bob@c", "2", Licence, "l/k") };
    let old = [Earlier { reported: Some(reported), judged: ready.clone() }, both];
    let new = [ready, judged(2, "bob@c", "2", Ready, "g/a")];
    let changes = compare(label(9, 1), &old, label(10, 1), &new);
    let found: Vec<_> = changes.users.iter().map(|change| (change.kind, &*change.address)).collect();
    assert_eq!(found, [(Kind::NewlyReady, "bob@c"), (Kind::Rules, "ada@c"), (Kind::Rules, "bob@c")]);
    assert!(changes.rules_known);
    let unknown = [Earlier { reported: None, judged: judged(1, "ada@c", "1", Ready, "g/a") }];
    assert!(!compare(label(9, 1), &unknown, label(10, 1), &new).rules_known);
}

fn any_run() -> impl Strategy<Value = Vec<Judged>> {
    let entry = (0_u8..12, 0_u8..12, 0_usize..4, 0_u8..3);
    proptest::collection::vec(entry, 0..14).prop_map(|entries| {
        let mut rows: Vec<Judged> = Vec::new();
        for (address, id, verdict, reason) in entries {
            let id = if id == 0 { String::new() } else { format!("id{id}") };
            let address = format!("u{address}@c");
            if rows.iter().all(|row| *row.address != *address) {
                let row = rows.len() as u64 + 1;
                rows.push(judged(row, &address, &id, Verdict::ALL[verdict], &format!("r/{reason}")));
            }
        }
        rows
    })
}

proptest! {
    #[test]
    fn nobody_is_lost_or_counted_twice(old in any_run(), new in any_run()) {
        let changes = compare(label(9, 1), &unchanged_rules(&old), label(10, 1), &new);
        prop_assert_eq!(changes.on_both + changes.count(Kind::Left), old.len() as u64);
        prop_assert_eq!(changes.on_both + changes.count(Kind::Joined), new.len() as u64);
        let mut places: Vec<_> = changes.users.iter().filter(|change| change.kind != Kind::Left).map(|change| &change.address).collect();
        let all = places.len();
        places.sort();
        places.dedup();
        prop_assert_eq!(places.len(), all, "an address of the new roster stands in two changes");
    }

    #[test]
    fn a_run_compared_with_itself_shows_nothing(run in any_run()) {
        prop_assert_eq!(between(&run, &run), []);
    }
}
