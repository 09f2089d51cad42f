//! What every plan must keep to, whatever the people, ties and rules: tried on many.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says so and stops")]

#[path = "plan/company.rs"]
mod company;

use std::collections::BTreeMap;
use std::sync::Arc;

use company::{Shape, census, company, member};
use ewsready::plan::constraints::{Days, Licences, Month, Pilot, Policy, Rules, Spread};
use ewsready::plan::kept::Kept;
use ewsready::plan::people::{Census, Standing};
use ewsready::plan::ties::TieKind;
use ewsready::plan::{CutBy, Outcome, Plan, Reason, Request, Seat, make};
use ewsready::verdict::Urgency;
use jiff::Timestamp;
use jiff::civil::{Date, Weekday, date};
use proptest::prelude::*;

const TODAY: Date = date(2026, 11, 20);
const END: Date = date(2027, 4, 1);

fn planned(census: &Census, rules: &Rules, earlier: Option<&Kept>) -> Option<Plan> {
    match make(Request { census, rules, today: TODAY, retirement: END, earlier }).unwrap() {
        Outcome::Plan(plan) => Some(*plan),
        Outcome::Infeasible(_) => None,
    }
}

fn movable(standing: Standing, rules: &Rules) -> bool {
    match standing {
        Standing::Ready | Standing::Licence { .. } => true,
        Standing::Blocked => rules.blocked == Policy::Last,
        Standing::NotAssessed => rules.not_assessed == Policy::Last,
    }
}

/// People of everybody's component among those who can move.
fn component_sizes(census: &Census, rules: &Rules) -> Vec<usize> {
    let mut leader: Vec<usize> = (0..census.members.len()).collect();
    fn find(leader: &mut [usize], mut node: usize) -> usize {
        while leader[node] != node {
            leader[node] = leader[leader[node]];
            node = leader[node];
        }
        node
    }
    let can = |member: u32| movable(census.members[member as usize].standing, rules);
    for tie in census.ties.ties.iter().filter(|tie| can(tie.a) && can(tie.b)) {
        let (a, b) = (find(&mut leader, tie.a as usize), find(&mut leader, tie.b as usize));
        leader[a] = b;
    }
    let roots: Vec<usize> = (0..leader.len()).map(|node| find(&mut leader, node)).collect();
    let mut sizes = BTreeMap::new();
    roots.iter().for_each(|root| *sizes.entry(*root).or_insert(0) += 1);
    roots.iter().map(|root| sizes[root]).collect()
}

/// Everything a plan has to keep to.
fn check(census: &Census, rules: &Rules, plan: &Plan) {
    assert_eq!(plan.seats.len(), census.members.len());
    let mut load = vec![0; plan.waves.len()];
    let mut licences = vec![0; plan.waves.len()];
    let mut spread: BTreeMap<(&str, u16), usize> = BTreeMap::new();
    for (member, seat) in census.members.iter().zip(&plan.seats) {
        assert_eq!(
            seat.wave().is_some(),
            movable(member.standing, rules),
            "{}: in a wave just when movable",
            member.address
        );
        if let Some(wave) = seat.wave() {
            load[usize::from(wave)] += 1;
            licences[usize::from(wave)] += u32::from(member.standing == Standing::Licence { buys: true });
            *spread.entry((&member.spread, wave)).or_default() += 1;
        }
    }
    let mut taken = 0;
    for ((slot, load), licences) in plan.waves.iter().zip(&load).zip(&licences) {
        assert!(load <= &slot.capacity, "{load} in a wave of {}", slot.capacity);
        assert!(slot.date > TODAY && slot.date < END, "{}", slot.date);
        assert!(rules.weekdays.iter().any(|day| day.0 == slot.date.weekday()), "{}", slot.date);
        assert!(!rules.blackout.iter().any(|days| days.contains(slot.date)), "{}", slot.date);
        taken += licences;
        let start = plan.waves[0].date;
        assert!(taken <= rules.licences.available(start, slot.date), "{taken} licences by {}", slot.date);
    }
    assert!(plan.waves.is_sorted_by_key(|slot| slot.date));
    // A tie is cut only in a group that no wave takes.
    let sizes = component_sizes(census, rules);
    let largest = rules.capacity as usize;
    let wave = |member: u32| plan.seats[member as usize].wave();
    let cut: Vec<_> =
        census.ties.ties.iter().filter(|tie| wave(tie.a).zip(wave(tie.b)).is_some_and(|(a, b)| a != b)).collect();
    assert_eq!(cut.len(), plan.cut.len(), "every cut tie is listed");
    for tie in cut {
        assert!(sizes[tie.a as usize] > largest, "a tie is cut in a group of {}", sizes[tie.a as usize]);
    }
    assert!(plan.measure.waves >= plan.measure.least_waves && plan.measure.cut_weight >= plan.measure.least_cut);
}

fn rules() -> impl Strategy<Value = Rules> {
    let licences = prop_oneof![
        Just(Licences::default()),
        (0_u32..20, 0_u32..40).prop_map(|(stock, monthly)| Licences {
            in_stock: Some(stock),
            per_month: Some(monthly),
            by_month: BTreeMap::from([(Month::of(date(2027, 2, 1)), 5)]),
        })
    ];
    let blackout = prop_oneof![
        Just(vec![]),
        Just(vec!["2026-12-19..2027-01-03".parse::<Days>().unwrap(), "2027-02-13".parse().unwrap()])
    ];
    (2_u32..40, licences, blackout, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(capacity, licences, blackout, last, together, urgent_first)| Rules {
            capacity,
            licences,
            blackout,
            blocked: if last { Policy::Last } else { Policy::Wait },
            together: together.then(|| "department".to_owned()),
            urgent_first,
            weekdays: vec![ewsready::plan::constraints::Day(Weekday::Saturday)],
            ..Rules::default()
        },
    )
}

fn small_company() -> impl Strategy<Value = Census> {
    (5_u32..150, 0_u32..250, 3_u32..30, 0_u32..400, any::<u64>())
        .prop_map(|(people, ties, department, abroad, seed)| company(Shape { people, ties, department, abroad }, seed))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn every_plan_keeps_to_its_rules(mut census in small_company(), rules in rules()) {
        if rules.together.is_none() {
            census.members.iter_mut().for_each(|member| member.together = Arc::from(""));
        }
        if let Some(plan) = planned(&census, &rules, None) {
            check(&census, &rules, &plan);
        }
    }

    #[test]
    fn those_in_a_hurry_and_the_pilot_and_the_last_stand_where_they_belong(census in small_company(), capacity in 30_u32..60) {
        let pilot = Pilot { members: vec![census.members[0].address.to_string()], ..Pilot::default() };
        let rules = Rules { capacity, pilot: Some(pilot), blocked: Policy::Last, ..Rules::default() };
        let Ok(outcome) = make(Request { census: &census, rules: &rules, today: TODAY, retirement: END, earlier: None }) else { return Ok(()) };
        let Outcome::Plan(plan) = outcome else { return Ok(()) };
        check(&census, &rules, &plan);
        let seats = || census.members.iter().zip(&plan.seats);
        prop_assert_eq!(plan.seats[0].wave(), Some(0));
        let with = |reasons: &[Reason]| -> Vec<u16> {
            let of = seats().filter(|(_, seat)| matches!(seat, Seat::Wave { why, .. } if reasons.contains(&why.reason)));
            of.filter_map(|(_, seat)| seat.wave()).collect()
        };
        prop_assert!(with(&[Reason::Pilot, Reason::WithPilot]).iter().all(|wave| *wave == 0));
        let others = with(&[Reason::Even, Reason::Together, Reason::Urgent, Reason::WithUrgent]);
        prop_assert!(others.iter().all(|wave| *wave > 0));
        let last = with(&[Reason::Last]).into_iter().min().unwrap_or(u16::MAX);
        prop_assert!(others.iter().all(|wave| *wave <= last));
        let blocked = seats().filter(|(member, _)| member.standing == Standing::Blocked);
        prop_assert!(blocked.filter_map(|(_, seat)| seat.wave()).all(|wave| wave == 0 || wave >= last));
    }

    #[test]
    fn integrations_are_cut_over_in_their_order(mut census in small_company(), capacity in 20_u32..60, seed in any::<u64>()) {
        let mut random = fastrand::Rng::with_seed(seed);
        for member in &mut census.members {
            member.urgency = Urgency::ByDeadline;
            member.integration = [None, Some(0), Some(1)][random.usize(..3)];
        }
        let rules = Rules { capacity, integrations: vec!["salesforce".into(), "dynamics".into()], ..Rules::default() };
        let Some(plan) = planned(&census, &rules, None) else { return Ok(()) };
        check(&census, &rules, &plan);
        let waves = |turn: u8| -> Vec<u16> {
            plan.seats.iter().filter_map(|seat| match seat {
                Seat::Wave { wave, why, .. } if why.reason == Reason::Turn(turn) => Some(*wave),
                _ => None,
            }).collect()
        };
        prop_assert!(waves(0).into_iter().max().unwrap_or(0) <= waves(1).into_iter().min().unwrap_or(u16::MAX));
    }

    #[test]
    fn no_wave_takes_more_than_its_share_of_a_department(census in small_company(), share in 0.1_f64..1.0) {
        let spread = Some(Spread { by: "department".to_owned(), share });
        let rules = Rules { capacity: 200, spread, ..Rules::default() };
        let Some(plan) = planned(&census, &rules, None) else { return Ok(()) };
        check(&census, &rules, &plan);
        let mut people: BTreeMap<&str, usize> = BTreeMap::new();
        let mut by_wave: BTreeMap<(&str, u16), Vec<u32>> = BTreeMap::new();
        for (member, seat) in census.members.iter().zip(&plan.seats) {
            if let Seat::Wave { wave, group, .. } = seat {
                *people.entry(&member.spread).or_default() += 1;
                by_wave.entry((&member.spread, *wave)).or_default().push(*group);
            }
        }
        for ((department, _), groups) in by_wave {
            let most = ((people[department] as f64 * share).ceil() as usize).max(1);
            // One group that is kept together may be larger than the share.
            let one_group = groups.iter().all(|group| *group != 0 && *group == groups[0]);
            prop_assert!(groups.len() <= most || one_group, "{} of {} in a wave, at most {most}", groups.len(), people[department]);
        }
    }

    #[test]
    fn one_more_user_moves_at_most_those_he_ties_together(census in small_company(), capacity in 10_u32..60, to in any::<proptest::sample::Index>()) {
        let rules = Rules { capacity, ..Rules::default() };
        let Some(plan) = planned(&census, &rules, None) else { return Ok(()) };
        let kept = Kept::of(&plan, &census, &rules, "run", Timestamp::UNIX_EPOCH);
        let again = planned(&census, &rules, Some(&kept)).unwrap();
        prop_assert_eq!(again.measure.kept.1, 0, "the same people change nothing");
        let (more, joined) = with_one_more(census, to.index(1 << 16));
        let Some(next) = planned(&more, &rules, Some(&kept)) else { return Ok(()) };
        check(&more, &rules, &next);
        // Where his group has no room in its wave, the group moves; nobody else does, unless all waves are full.
        let group = joined.map_or(1, |_| component_sizes(&more, &rules)[more.members.len() - 1]);
        let full = plan.measure.mean > 0.9;
        prop_assert!(full || next.measure.kept.1 <= group as u64, "{} moved, his group is {group}", next.measure.kept.1);
    }
}

/// The same people and one more, tied to one of them now and then.
fn with_one_more(mut census: Census, dice: usize) -> (Census, Option<u32>) {
    let number = u32::try_from(census.members.len()).unwrap();
    census.members.push(member(number, &Arc::from("New")));
    let joined = (!dice.is_multiple_of(3)).then(|| u32::try_from(dice % number as usize).unwrap());
    if let Some(other) = joined {
        census.ties.ties.push(ewsready::plan::ties::Tie { a: number, b: other, weight: 10, kind: TieKind::Delegate });
    }
    (census, joined)
}

#[test]
fn twenty_thousand_people_are_kept_together_and_one_more_moves_almost_nobody() {
    let people = company(Shape { people: 20_000, ties: 60_000, department: 300, abroad: 0 }, 5);
    let rules = Rules { capacity: 1_500, ..Rules::default() };
    let plan = planned(&people, &rules, None).unwrap();
    check(&people, &rules, &plan);
    assert_eq!(plan.measure.cut, 0);
    assert_eq!(plan.measure.waves, plan.measure.least_waves);
    assert!(plan.measure.busiest < plan.measure.mean * 1.1, "{} {}", plan.measure.busiest, plan.measure.mean);
    let kept = Kept::of(&plan, &people, &rules, "run", Timestamp::UNIX_EPOCH);
    let (more, _) = with_one_more(people, 4_001);
    let next = planned(&more, &rules, Some(&kept)).unwrap();
    check(&more, &rules, &next);
    assert_eq!(next.measure.kept.1, 0, "somebody moved");
}

#[test]
fn a_whole_company_in_one_group_is_cut_near_the_least_and_followed_when_one_joins() {
    let people = company(Shape { people: 6_000, ties: 18_000, department: 250, abroad: 15 }, 9);
    let rules = Rules { capacity: 700, ..Rules::default() };
    let plan = planned(&people, &rules, None).unwrap();
    check(&people, &rules, &plan);
    assert!(plan.measure.largest_group > 5_000, "{}", plan.measure.largest_group);
    assert_eq!(plan.measure.waves, plan.measure.least_waves);
    // 15 ties in a thousand leave a department: that is what has to be cut, and not much more should be.
    let share = plan.measure.cut_weight as f64 / plan.measure.tie_weight as f64;
    assert!(share < 0.03, "{share}");
    assert!(plan.cut.iter().all(|cut| cut.by == CutBy::Capacity));
    let kept = Kept::of(&plan, &people, &rules, "run", Timestamp::UNIX_EPOCH);
    let (more, _) = with_one_more(people, 4_001);
    let next = planned(&more, &rules, Some(&kept)).unwrap();
    assert!(next.measure.kept.1 <= 3, "{} moved", next.measure.kept.1);
}

#[test]
fn without_a_plan_the_advice_holds() {
    let people = company(Shape { people: 300, ties: 0, department: 50, abroad: 0 }, 1);
    let rules = Rules { capacity: 10, ..Rules::default() };
    let request = Request { census: &people, rules: &rules, today: TODAY, retirement: END, earlier: None };
    let Outcome::Infeasible(no) = make(request).unwrap() else { panic!("there is a plan") };
    assert!(no.room < no.people && no.done_on.unwrap() > END, "{no:?}");
    let capacity = no.relax.iter().find_map(|relax| match relax {
        ewsready::plan::infeasible::Relax::Capacity { to, .. } => Some(*to),
        _ => None,
    });
    let capacity = capacity.unwrap();
    assert!(planned(&people, &Rules { capacity, ..rules.clone() }, None).is_some());
    assert!(planned(&people, &Rules { capacity: capacity - 1, ..rules }, None).is_none());
}

#[test]
fn a_pilot_too_large_for_its_wave_says_how_large_it_would_have_to_be() {
    let department: Arc<str> = Arc::from("IT");
    let members = (0..20).map(|number| member(number, &department)).collect();
    let people = census(members, (1..12).map(|number| (0, number, 10, TieKind::Delegate)).collect());
    let pilot = Pilot {
        members: vec![people.members[0].address.to_string(), people.members[15].address.to_string()],
        capacity: Some(12),
        ..Pilot::default()
    };
    let rules = Rules { capacity: 50, pilot: Some(pilot), ..Rules::default() };
    let request = Request { census: &people, rules: &rules, today: TODAY, retirement: END, earlier: None };
    let Outcome::Infeasible(no) = make(request).unwrap() else { panic!("there is a plan") };
    assert_eq!(no.relax, [ewsready::plan::infeasible::Relax::Pilot { from: 12, to: 13 }]);
}

#[test]
fn departments_that_should_share_waves_do() {
    let people = company(Shape { people: 2_000, ties: 3_000, department: 100, abroad: 0 }, 3);
    let waves_of_departments = |together: Option<String>| {
        let rules = Rules { capacity: 300, together, urgent_first: false, ..Rules::default() };
        let plan = planned(&people, &rules, None).unwrap();
        check(&people, &rules, &plan);
        assert_eq!(plan.measure.waves, plan.measure.least_waves);
        let seats = people.members.iter().zip(&plan.seats);
        let pairs: std::collections::BTreeSet<_> =
            seats.filter_map(|(member, seat)| Some((&member.department, seat.wave()?))).collect();
        pairs.len()
    };
    let (apart, together) = (waves_of_departments(None), waves_of_departments(Some("department".to_owned())));
    // Twenty departments in seven waves: each in one, and one more for each border between two waves.
    assert!(together <= 30 && together < apart, "{together} pairs of department and wave, {apart} without the rule");
}
