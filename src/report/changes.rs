//! What moved since an earlier run: as text, CSV and JSON, and as every format of the report shows it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write;

use schemars::JsonSchema;
use serde::Serialize;

use super::terminal::plain;
use super::{ReportError, Texts, clean, standing};
use crate::compare::{Change, Changes, Kind, Outcome, RunLabel};
use crate::plan::progress::Against;

/// Causes named of one kind of change in a summary.
const CAUSES: usize = 4;
/// Changed users a page lists.
const LISTED: usize = 200;

/// The comparison of two runs, as JSON.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "changes")]
pub struct ChangesJson<'a> {
    /// The earlier run.
    from: &'a RunLabel,
    /// The later run.
    to: &'a RunLabel,
    /// Whether a change of the rules can be told from one of the tenant.
    rules_known: bool,
    /// Users on both rosters.
    on_both: u64,
    /// Users per kind of change; every kind is present.
    counts: BTreeMap<&'static str, u64>,
    /// Every change, what got worse first.
    users: Vec<ChangeJson<'a>>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "change")]
struct ChangeJson<'a> {
    kind: Kind,
    address: &'a str,
    /// The earlier address, where it is another.
    was_address: Option<&'a str>,
    /// Directory object id; empty: none known.
    object_id: &'a str,
    owner: &'a str,
    /// Null: not on the roster then.
    before: Option<OutcomeJson<'a>>,
    /// Null: not on the roster any more.
    after: Option<OutcomeJson<'a>>,
    /// Why it is so, in a sentence; may be empty.
    cause: &'a str,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "outcome")]
struct OutcomeJson<'a> {
    verdict: &'static str,
    /// Id of the rule that decided.
    reason: &'a str,
}

impl<'a> ChangesJson<'a> {
    /// All of a comparison.
    #[must_use]
    pub fn new(changes: &'a Changes) -> Self {
        let outcome = |outcome: &'a Outcome| OutcomeJson { verdict: outcome.verdict.id(), reason: &outcome.reason };
        let user = |change: &'a Change| ChangeJson {
            kind: change.kind,
            address: &change.address,
            was_address: change.was_address.as_deref(),
            object_id: &change.object_id,
            owner: &change.owner,
            before: change.before.as_ref().map(outcome),
            after: change.after.as_ref().map(outcome),
            cause: &change.cause,
        };
        Self {
            from: &changes.from,
            to: &changes.to,
            rules_known: changes.rules_known,
            on_both: changes.on_both,
            counts: Kind::ALL.iter().map(|kind| (kind.id(), changes.count(*kind))).collect(),
            users: changes.users.iter().map(user).collect(),
        }
    }
}

/// Columns of the CSV.
const COLUMNS: [&str; 10] = [
    "change",
    "address",
    "was_address",
    "object_id",
    "owner",
    "verdict_before",
    "reason_before",
    "verdict",
    "reason",
    "cause",
];

/// Writes a comparison as CSV, one line a change; then one for everybody who is behind or ahead of the plan or has
/// moved, with `plan_behind`, `plan_ahead` or `plan_moved` in the place of the change and the days as the cause.
///
/// # Errors
/// [`ReportError`] when `out` fails.
pub fn csv(changes: &Changes, plan: Option<&Against>, out: impl Write) -> Result<(), ReportError> {
    let failed = |error: ::csv::Error| ReportError::format("csv")(&error);
    let mut writer = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(out);
    writer.write_record(COLUMNS).map_err(failed)?;
    for change in &changes.users {
        let [verdict_before, reason_before] = outcome_ids(change.before.as_ref());
        let [verdict, reason] = outcome_ids(change.after.as_ref());
        let fields = [
            change.kind.id(),
            &*change.address,
            change.was_address.as_deref().unwrap_or_default(),
            &*change.object_id,
            &*change.owner,
            verdict_before,
            reason_before,
            verdict,
            reason,
            &*change.cause,
        ];
        writer.write_record(fields.map(|field| clean::csv_field(field).into_owned())).map_err(failed)?;
    }
    for line in plan.into_iter().flat_map(standing::named) {
        let (change, days) = (format!("plan_{}", line.state.id()), standing::days(line));
        let mut fields = [""; COLUMNS.len()];
        (fields[0], fields[1], fields[3], fields[9]) = (&change, &line.address, &line.key, &days);
        writer.write_record(fields.map(|field| clean::csv_field(field).into_owned())).map_err(failed)?;
    }
    writer.flush().map_err(|error| ReportError::format("csv")(&error))
}

fn outcome_ids(outcome: Option<&Outcome>) -> [&str; 2] {
    outcome.map_or(["", ""], |outcome| [outcome.verdict.id(), &*outcome.reason])
}

/// A comparison for a terminal, at most `most` users of each kind.
#[must_use]
pub fn text(changes: &Changes, texts: &Texts, most: usize) -> String {
    let (from, to) = (&changes.from, &changes.to);
    let days = [from.day().to_string(), to.day().to_string()];
    let values = [("from", from.short()), ("to", to.short()), ("from_day", &days[0]), ("to_day", &days[1])];
    let both = texts.number(changes.on_both);
    let mut text =
        format!("{}\n{}\n", texts.fill("change", "heading", &values), texts.fill("change", "on_both", &[("n", &both)]));
    if !changes.rules_known {
        text.push_str(texts.get("change", "rules_unknown"));
        text.push('\n');
    }
    for &kind in Kind::ALL {
        let count = changes.count(kind);
        if count == 0 {
            continue;
        }
        let _ = writeln!(text, "\n{}: {}", texts.get("change", kind.id()), texts.number(count));
        for change in changes.of(kind).take(most) {
            let _ = writeln!(text, "  {}", line(change, texts));
        }
        let more = count.saturating_sub(most as u64);
        if more > 0 {
            let _ = writeln!(text, "  {}", texts.fill("summary", "more", &[("n", &texts.number(more))]));
        }
    }
    if changes.users.is_empty() {
        let _ = writeln!(text, "\n{}", texts.fill("change", "none", &[("day", &days[0])]));
    }
    text
}

fn line(change: &Change, texts: &Texts) -> String {
    let was = change.was_address.as_deref().map(|was| format!("{} -> ", plain(was))).unwrap_or_default();
    format!("{was}{}: {}", plain(&change.address), transition(change.before.as_ref(), change.after.as_ref(), texts))
}

/// `Blocked [identity/guest] -> Move to Graph/EAC [graph/answers]`; one outcome alone where it is the only one or both
/// are the same.
fn transition(before: Option<&Outcome>, after: Option<&Outcome>, texts: &Texts) -> String {
    let words =
        |outcome: &Outcome| format!("{} [{}]", texts.get("verdict", outcome.verdict.id()), plain(&outcome.reason));
    match (before, after) {
        (Some(before), Some(after)) if before != after => format!("{} -> {}", words(before), words(after)),
        (Some(only), _) | (None, Some(only)) => words(only),
        (None, None) => String::new(),
    }
}

/// What templates see of a comparison.
#[derive(Debug, Serialize)]
pub struct ChangesPage {
    since: String,
    /// Empty, or that nothing moved.
    none: String,
    rules_unknown: String,
    kinds: Vec<KindLine>,
    users: Vec<UserLine>,
    /// Users past those listed.
    more: u64,
}

#[derive(Debug, Serialize)]
struct KindLine {
    id: &'static str,
    name: String,
    users: u64,
    regressed: bool,
    /// The most frequent causes, with their users.
    causes: Vec<(String, u64)>,
}

#[derive(Debug, Serialize)]
struct UserLine {
    kind: String,
    address: String,
    was_address: String,
    transition: String,
    cause: String,
}

impl ChangesPage {
    /// The figures of a comparison.
    #[must_use]
    pub fn new(changes: &Changes, texts: &Texts) -> Self {
        let day = changes.from.day().to_string();
        let moved = Kind::ALL.iter().filter(|kind| changes.count(**kind) > 0);
        let unknown = if changes.rules_known { "" } else { texts.get("change", "rules_unknown") };
        let none = changes.users.is_empty().then(|| texts.fill("change", "none", &[("day", &day)]));
        let user = |change: &Change| UserLine {
            kind: texts.get("change", change.kind.id()).to_owned(),
            address: change.address.to_string(),
            was_address: change.was_address.as_deref().unwrap_or_default().to_owned(),
            transition: transition(change.before.as_ref(), change.after.as_ref(), texts),
            cause: change.cause.to_string(),
        };
        Self {
            since: texts.fill("change", "since", &[("day", &day)]),
            none: none.unwrap_or_default(),
            rules_unknown: unknown.to_owned(),
            kinds: moved.map(|kind| kind_line(changes, *kind, texts)).collect(),
            users: changes.users.iter().take(LISTED).map(user).collect(),
            more: changes.users.len().saturating_sub(LISTED) as u64,
        }
    }
}

fn kind_line(changes: &Changes, kind: Kind, texts: &Texts) -> KindLine {
    let causes = changes.causes(kind).into_iter().take(CAUSES);
    KindLine {
        id: kind.id(),
        name: texts.get("change", kind.id()).to_owned(),
        users: changes.count(kind),
        regressed: kind.regressed(),
        causes: causes.map(|(before, after, users)| (transition(before, after, texts), users)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::testing::{judged, label};
    use crate::compare::{Earlier, compare};
    use crate::verdict::Verdict;

    fn example() -> Changes {
        let row = |number, address: &str, id: &str, verdict| judged(number, address, id, verdict, "graph/answers");
        let earlier = |judged| Earlier { judged, reported: None };
        let old = [
            row(1, "ada@c.example", "1", Verdict::MoveToGraphEac),
            row(2, "=bob@c.example", "2", Verdict::Blocked),
            row(3, "eve@c.example", "3", Verdict::MoveToGraphEac),
        ];
        let new = [
            row(1, "ada@c.example", "1", Verdict::Blocked),
            row(2, "=bob@c.example", "2", Verdict::NotAssessed),
            row(3, "eve.new@c.example", "3", Verdict::MoveToGraphEac),
        ];
        compare(label(9, 1), &old.map(earlier), label(10, 1), &new)
    }

    #[test]
    fn people_read_what_got_worse_first() {
        insta::assert_snapshot!(text(&example(), &Texts::embedded("en").unwrap(), 20));
    }

    #[test]
    fn a_list_is_cut_and_says_so() {
        let cut = text(&example(), &Texts::embedded("en").unwrap(), 0);
        assert!(cut.contains("Newly blocked: 1\n  and 1 more"), "{cut}");
    }

    #[test]
    fn the_csv_has_a_line_a_change_and_no_formula() {
        let mut out = Vec::new();
        csv(&example(), None, &mut out).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert_eq!(out.lines().count(), 4);
        assert!(
            out.contains("not_assessed,'=bob@c.example,,2,,blocked,graph/answers,not_assessed,graph/answers,"),
            "{out}"
        );
        assert!(out.contains("renamed,eve.new@c.example,eve@c.example,3,"), "{out}");
    }
}
