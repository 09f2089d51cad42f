//! A generated tenant with the delegates a company has, assessed over the wire and planned: nobody is torn from those he
//! or she works with, and one user more moves nobody else.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says so and stops")]

mod support;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ewsready::assessment::{Judge, Wishes, find_run, planning};
use ewsready::evidence::question::Question;
use ewsready::evidence::store::Store;
use ewsready::facts::Facts;
use ewsready::plan::constraints::Rules;
use ewsready::plan::kept::Kept;
use ewsready::plan::people::{Census, Standing};
use jiff::civil::date;
use support::Sandbox;

/// Accounts: enough for departments larger than a wave. `EWSREADY_TEST_USERS` tries others, in waves that grow along.
fn users() -> u32 {
    std::env::var("EWSREADY_TEST_USERS").map_or(2_000, |text| text.parse().unwrap())
}

fn capacity() -> u32 {
    users() / 12
}

/// What an assessment needs for a plan: no Autodiscover, no EWS, no DNS.
const SOURCES: &str = "[tenants.sim.sources]\news = false\nautodiscover = false\ndns = false\non_premises = false\n";

/// Assesses a tenant of so many accounts and plans it; gives what is kept.
fn planned(sandbox: &Sandbox, accounts: u32) -> (Census, Kept) {
    let simulator =
        sandbox.simulator(&["--users", &accounts.to_string(), "--seed", "11", "--write-roster", "roster.csv"]);
    simulator.config(sandbox, SOURCES);
    let assess =
        ["assess", "roster.csv", "--tenant", "sim", "--out", "out", "--format", "csv", "--delegates", "--quiet"];
    let code = sandbox.run(&assess).code();
    assert!(code == 0 || code == 4, "without Autodiscover some rows may stay open; the code is {code}");
    sandbox.write("plan.toml", format!("capacity = {}\nblackout = [\"2026-12-20..2027-01-06\"]\n", capacity()));
    sandbox.run(&["plan", "--plan", "plan.toml", "--out", "out", "--format", "csv", "--quiet"]).expect(0);
    let store = Store::open_existing(&sandbox.path("ewsready.sqlite")).unwrap();
    let run = find_run(&store, None).unwrap();
    let file = rusqlite::Connection::open(sandbox.path("ewsready.sqlite")).unwrap();
    let sql = "SELECT count(*), sum(open AND json_extract(body, '$.cause') <> 'not_permitted') FROM observation WHERE question = ?1";
    let number = Question::Delegates.number();
    let (asked, open): (i64, i64) = file.query_row(sql, [number], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    assert!(asked > 0 && open == 0, "an account without a mailbox has no delegates, which is an outcome: {open} open");
    let wishes = Wishes::default();
    let judge = Judge::of(&store, &run, Facts::embedded(), &wishes).unwrap();
    let rules = Rules::read(&sandbox.path("plan.toml")).unwrap();
    let census = planning::census(&store, &run, &judge, &rules).unwrap();
    (census, planning::newest(&store, &run).unwrap().unwrap())
}

fn moves(standing: Standing) -> bool {
    matches!(standing, Standing::Ready | Standing::Licence { .. })
}

/// For each member, how many of those who can move hang together with it.
fn group_sizes(census: &Census) -> Vec<u32> {
    let mut neighbours: HashMap<u32, Vec<u32>> = HashMap::new();
    let can = |member: u32| moves(census.members[member as usize].standing);
    for tie in census.ties.ties.iter().filter(|tie| can(tie.a) && can(tie.b)) {
        neighbours.entry(tie.a).or_default().push(tie.b);
        neighbours.entry(tie.b).or_default().push(tie.a);
    }
    let mut sizes = vec![0; census.members.len()];
    for start in 0..census.members.len() as u32 {
        if sizes[start as usize] > 0 {
            continue;
        }
        let (mut group, mut seen, mut next) = (Vec::new(), BTreeSet::from([start]), vec![start]);
        while let Some(member) = next.pop() {
            group.push(member);
            next.extend(neighbours.get(&member).into_iter().flatten().filter(|other| seen.insert(**other)));
        }
        group.iter().for_each(|member| sizes[*member as usize] = group.len() as u32);
    }
    sizes
}

/// The wave of everybody who has one; nobody has two.
fn waves(plan: &Kept) -> BTreeMap<&str, usize> {
    let mut waves = BTreeMap::new();
    for (number, wave) in plan.waves.iter().enumerate() {
        for key in &wave.people {
            assert_eq!(waves.insert(key.as_str(), number), None, "{key} is in two waves");
        }
    }
    waves
}

fn keeps_to_everything(census: &Census, plan: &Kept) {
    let wave = waves(plan);
    let movable: BTreeSet<&str> =
        census.members.iter().filter(|member| moves(member.standing)).map(|member| &*member.key).collect();
    assert_eq!(wave.keys().copied().collect::<BTreeSet<_>>(), movable, "everybody who can move, and nobody else");
    for (number, kept) in plan.waves.iter().enumerate() {
        assert!(kept.people.len() <= capacity() as usize, "wave {number} holds {}", kept.people.len());
        let pause = date(2026, 12, 20)..=date(2027, 1, 6);
        assert!(!pause.contains(&kept.slot.date) && kept.slot.date < date(2027, 4, 1), "{}", kept.slot.date);
    }
    let sizes = group_sizes(census);
    let of = |member: u32| wave.get(&*census.members[member as usize].key);
    let mut cut = 0;
    for tie in &census.ties.ties {
        if let (Some(one), Some(other)) = (of(tie.a), of(tie.b))
            && one != other
        {
            cut += 1;
            let size = sizes[tie.a as usize];
            assert!(size > capacity(), "a tie within a group of {size} is cut");
        }
    }
    assert_eq!(cut, plan.measure.cut, "the plan counts what it cuts");
    let most = sizes.iter().max().unwrap();
    let groups = sizes.iter().filter(|size| **size > 1).count();
    // For whoever asks for it with --nocapture: the figures of a size tried by hand.
    #[allow(clippy::print_stdout, reason = "asked for with --nocapture")]
    {
        println!(
            "{} mailboxes, {} ties, largest group {most}, {groups} people in groups, {} waves of {} (bound {}), {cut} cut",
            census.members.len(),
            census.ties.ties.len(),
            plan.measure.waves,
            capacity(),
            plan.measure.least_waves
        );
    }
    assert!(*most > capacity() / 3, "the largest group has only {most}");
}

#[test]
fn a_generated_company_is_cut_only_where_a_group_is_larger_than_a_wave_and_stays_put_when_one_joins() {
    let sandbox = Sandbox::new();
    let (census, plan) = planned(&sandbox, users());
    assert_eq!(census.members.len(), users() as usize);
    let asked = census.asked;
    assert_eq!(asked.delegates_open, 0, "every calendar that Graph opens was read");
    assert!(asked.delegates * 10 > asked.mailboxes * 8, "{asked:?}");
    assert!(census.ties.ties.len() > users() as usize / 4, "only {} ties", census.ties.ties.len());
    assert_eq!(census.ties.outside, Vec::new(), "everybody named in a calendar is on the roster");
    keeps_to_everything(&census, &plan);

    let (census, again) = planned(&sandbox, users() + 1);
    assert_eq!(census.members.len(), users() as usize + 1);
    keeps_to_everything(&census, &again);
    let (before, after) = (waves(&plan), waves(&again));
    let day = |plan: &Kept, number: usize| plan.waves[number].slot.date;
    let changed: Vec<&str> = before
        .iter()
        .filter(|(key, wave)| after.get(*key).map(|now| day(&again, *now)) != Some(day(&plan, **wave)))
        .map(|(key, _)| *key)
        .collect();
    assert_eq!(changed, Vec::<&str>::new(), "one user more moves nobody else");
}
