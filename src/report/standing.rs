//! How the project stands against the waves planned before: as JSON, as text, and as every format of the report shows it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;

use super::Texts;
use super::terminal::plain;
use crate::plan::progress::{Against, Line, State};

/// The states whose people are named one by one; the others go as planned, or stand among the changes.
pub const NAMED: [State; 3] = [State::Behind, State::Ahead, State::Moved];
/// People a page lists.
const LISTED: usize = 200;

/// The standing, as JSON.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "plan_standing")]
pub struct StandingJson<'a> {
    /// The run the plan was made for.
    run: &'a str,
    /// The day it was made.
    #[schemars(with = "String", extend("format" = "date"))]
    made: Date,
    /// Mailboxes per state; every state is present.
    counts: BTreeMap<&'static str, u64>,
    /// Who is behind, ahead, or has moved.
    users: Vec<PersonJson<'a>>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "plan_person")]
struct PersonJson<'a> {
    /// `behind`, `ahead` or `moved`.
    state: &'static str,
    address: &'a str,
    /// Directory object id, else the address.
    key: &'a str,
    /// The day the plan had for the mailbox; null: it had none.
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    planned: Option<Date>,
    /// The day the plan of this run has; null: there is none.
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    now: Option<Date>,
}

impl<'a> StandingJson<'a> {
    /// All of a standing.
    #[must_use]
    pub fn new(against: &'a Against) -> Self {
        let person = |line: &'a Line| PersonJson {
            state: line.state.id(),
            address: &line.address,
            key: &line.key,
            planned: line.planned,
            now: line.now,
        };
        Self {
            run: &against.run,
            made: against.made,
            counts: State::ALL.into_iter().map(|state| (state.id(), count(against, state))).collect(),
            users: named(against).map(person).collect(),
        }
    }
}

fn count(against: &Against, state: State) -> u64 {
    against.progress.count(state) as u64
}

/// Those named one by one, who is behind first.
pub fn named(against: &Against) -> impl Iterator<Item = &Line> {
    NAMED.into_iter().flat_map(|state| against.progress.of(state))
}

/// In a sentence: how many are behind, moved, ahead, and so on; states of nobody are left out.
#[must_use]
pub fn sentence(against: &Against, texts: &Texts) -> String {
    let counts = State::ALL.into_iter().map(|state| (state, count(against, state))).filter(|(_, count)| *count > 0);
    let counts: Vec<String> =
        counts.map(|(state, count)| format!("{} {}", word(state, texts), texts.number(count))).collect();
    texts.fill("plan", "progress", &[("made", &against.made.to_string()), ("counts", &counts.join(", "))])
}

/// A state in words.
#[must_use]
pub fn word(state: State, texts: &Texts) -> &str {
    texts.get("plan_progress", state.id())
}

/// What was planned for somebody, and what is planned now.
#[must_use]
pub fn dates(line: &Line, texts: &Texts) -> String {
    let planned = match line.planned {
        Some(day) => texts.fill("plan_progress", "planned", &[("day", &day.to_string())]),
        None => texts.get("plan_progress", "unplanned").to_owned(),
    };
    let now = line.now.filter(|now| Some(*now) != line.planned);
    let now = now.map(|day| texts.fill("plan_progress", "now", &[("day", &day.to_string())]));
    [Some(planned), now].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The same for programs: `planned 2026-12-05; now 2027-01-09`, without what there is not.
#[must_use]
pub fn days(line: &Line) -> String {
    let day = |word: &str, day: Option<Date>| day.map(|day| format!("{word} {day}"));
    [day("planned", line.planned), day("now", line.now)].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// The standing for a terminal, at most `most` of each state.
#[must_use]
pub fn text(against: &Against, texts: &Texts, most: usize) -> String {
    let mut text = format!("{}\n", sentence(against, texts));
    for state in NAMED {
        for line in against.progress.of(state).take(most) {
            let _ = writeln!(text, "  {}: {}, {}", word(state, texts), plain(&line.address), dates(line, texts));
        }
        let more = count(against, state).saturating_sub(most as u64);
        if more > 0 {
            let more = texts.fill("summary", "more", &[("n", &texts.number(more))]);
            let _ = writeln!(text, "  {}: {more}", word(state, texts));
        }
    }
    text
}

/// What templates see of a standing.
#[derive(Debug, Serialize)]
pub struct StandingPage {
    title: String,
    sentence: String,
    counts: Vec<(String, &'static str, u64)>,
    people: Vec<PersonLine>,
    /// People past those listed.
    more: u64,
}

#[derive(Debug, Serialize)]
struct PersonLine {
    state: String,
    id: &'static str,
    address: String,
    dates: String,
}

impl StandingPage {
    /// The figures of a standing.
    #[must_use]
    pub fn new(against: &Against, texts: &Texts) -> Self {
        let counts = State::ALL.into_iter().map(|state| (state, count(against, state)));
        let person = |line: &Line| PersonLine {
            state: word(line.state, texts).to_owned(),
            id: line.state.id(),
            address: line.address.to_string(),
            dates: dates(line, texts),
        };
        Self {
            title: texts.fill("plan", "progress_title", &[("made", &against.made.to_string())]),
            sentence: sentence(against, texts),
            counts: counts
                .filter(|(_, count)| *count > 0)
                .map(|(state, count)| (word(state, texts).to_owned(), state.id(), count))
                .collect(),
            people: named(against).take(LISTED).map(person).collect(),
            more: (named(against).count() as u64).saturating_sub(LISTED as u64),
        }
    }
}
