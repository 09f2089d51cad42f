//! Every combination of the settings that open and close EWS, against a table written by hand.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::collections::BTreeSet;

use ewsready::evidence::mailbox::{AgentFilter, AgentRule, CasMailbox};
use ewsready::evidence::tenant::{AppList, OrganizationEws};
use ewsready::evidence::{MailboxEvidence, Observation, Source, TenantEvidence};
use ewsready::facts::Facts;
use ewsready::rules::gate::{gate, own};
use ewsready::rules::{Case, EntryFacts, Options};
use jiff::civil::Date;

const OWN_APP: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const OWN_AGENT: &str = "ewsready/1.0 (Contoso)";

const PERIODS: [(&str, &[&str]); 4] = [
    ("rollout", &["2025-12-01"]),
    ("before", &["2026-09-01", "2026-10-09"]),
    ("between", &["2026-10-10", "2026-11-20", "2027-03-31"]),
    ("after", &["2027-04-01", "2027-04-02"]),
];
const CLOUDS: [&str; 5] = ["worldwide", "gcc", "gcc_high", "dod", "china"];
const SWITCHES: [(&str, Option<bool>); 3] = [("null", None), ("true", Some(true)), ("false", Some(false))];
const LISTS: [&str; 4] = ["hidden", "empty", "listed", "unlisted"];
const AGENTS: [&str; 6] = ["none", "in", "out", "nobody", "banned", "spared"];

struct Line {
    number: u64,
    cells: [String; 7],
    gate: String,
    by: String,
}

fn table() -> Vec<Line> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/facts/ews-gate.csv");
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_path(path).unwrap();
    let lines = reader.records().map(|record| {
        let record = record.unwrap();
        let cell = |index: usize| record[index].to_owned();
        Line {
            number: record.position().unwrap().line(),
            cells: [cell(0), cell(1), cell(2), cell(3), cell(4), cell(5), cell(6)],
            gate: cell(7),
            by: cell(8),
        }
    });
    lines.collect()
}

fn fits(line: &Line, combination: &[&str; 7]) -> bool {
    let fits =
        |(cell, value): (&String, &&str)| cell == "*" || cell.split('|').any(|alternative| alternative == *value);
    line.cells.iter().zip(combination).all(fits)
}

fn list(word: &str) -> AppList {
    let apps = |apps: &[&str]| AppList::Seen(apps.iter().map(|app| (*app).to_owned()).collect());
    match word {
        "hidden" => AppList::Hidden,
        "empty" => apps(&[]),
        "listed" => apps(&["bbbbbbbb-0000-4000-8000-000000000009", OWN_APP]),
        _ => apps(&["bbbbbbbb-0000-4000-8000-000000000009"]),
    }
}

fn agents(word: &str) -> AgentFilter {
    let patterns = |patterns: &[&str]| patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
    let allow = |list| AgentFilter { enforce: Some(AgentRule::AllowList), allow: list, ..AgentFilter::default() };
    // The list that is not enforced says the opposite, and must not be looked at.
    let block = |list| AgentFilter { enforce: Some(AgentRule::BlockList), block: list, ..AgentFilter::default() };
    match word {
        "none" => AgentFilter { block: patterns(&["*"]), ..AgentFilter::default() },
        "in" => allow(patterns(&["Outlook/*", "ewsready/*"])),
        "out" => allow(patterns(&["Outlook/*", "ewsready"])),
        "nobody" => allow(Vec::new()),
        "banned" => block(patterns(&["*Contoso)"])),
        _ => block(patterns(&["Outlook/*"])),
    }
}

fn known<T>(value: T) -> Observation<T> {
    Observation::known(value, Source::ExchangeAdmin, "2026-11-20T08:00:00Z".parse().unwrap())
}

/// What the program says: the state, and everything that closes.
fn said(combination: &[&str; 7], day: Date) -> (&'static str, Vec<&'static str>) {
    let [_, cloud, switch, list_word, mailbox, organization_agents, mailbox_agents] = combination;
    let value = |word: &str| SWITCHES.iter().find(|(name, _)| *name == word).unwrap().1;
    let tenant = TenantEvidence {
        organization: known(OrganizationEws {
            ews_enabled: value(switch),
            app_list: list(list_word),
            agents: agents(organization_agents),
            ..OrganizationEws::default()
        }),
        ..TenantEvidence::default()
    };
    let cas = CasMailbox { ews_enabled: value(mailbox), agents: agents(mailbox_agents), primary_smtp: None };
    let evidence = MailboxEvidence { cas: known(Some(cas)), ..MailboxEvidence::default() };
    let options = Options {
        cloud: (*cloud).to_owned(),
        own_app_id: Some(OWN_APP.to_uppercase()),
        own_user_agent: Some(OWN_AGENT.to_owned()),
        ..Options::on(day)
    };
    let entry = EntryFacts::default();
    let case =
        Case { entry: &entry, evidence: &evidence, tenant: &tenant, facts: Facts::embedded(), options: &options };
    match gate(&case, own(&case)) {
        Ok(closed) if closed.is_empty() => ("open", Vec::new()),
        Ok(closed) => ("closed", closed.iter().map(|by| by.id()).collect()),
        Err(_) => ("unknown", Vec::new()),
    }
}

#[test]
fn every_combination_is_as_the_table_says() {
    let table = table();
    let mut used = BTreeSet::new();
    let mut wrong = Vec::new();
    let mut count = 0;
    for (period, days) in PERIODS {
        for cloud in CLOUDS {
            for (switch, _) in SWITCHES {
                for list in LISTS {
                    for (mailbox, _) in SWITCHES {
                        for organization_agents in AGENTS {
                            for mailbox_agents in AGENTS {
                                let combination =
                                    [period, cloud, switch, list, mailbox, organization_agents, mailbox_agents];
                                let line = table.iter().find(|line| fits(line, &combination));
                                let line = line.unwrap_or_else(|| panic!("no line fits {combination:?}"));
                                used.insert(line.number);
                                for day in days {
                                    count += 1;
                                    let (gate, by) = said(&combination, day.parse().unwrap());
                                    let same =
                                        gate == line.gate && (line.by.is_empty() || by.contains(&line.by.as_str()));
                                    if !same {
                                        wrong.push(format!(
                                            "line {}: {combination:?} on {day} is {gate} {by:?}",
                                            line.number
                                        ));
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {count} differ, for example\n{}",
        wrong.len(),
        wrong[..wrong.len().min(20)].join("\n")
    );
    assert_eq!(count, 8 * 5 * 3 * 4 * 3 * 6 * 6);
    let all: BTreeSet<u64> = table.iter().map(|line| line.number).collect();
    assert_eq!(used, all, "a line of the table decides nothing");
}
