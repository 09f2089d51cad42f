//! `ewsready explain`: everything known about one user, and why this verdict and not the next.

use std::path::PathBuf;

use jiff::civil::Date;

use super::facts::FactsArgs;
use super::{Output, store_path};
use crate::assessment::{self, Judge, Wishes};
use crate::evidence::store::Store;
use crate::failure::{Exit, Failure};
use crate::plan::constraints;
use crate::report::row::{EvidenceLine, Row};
use crate::verdict::{RuleSays, Standing};

/// Show everything known about one user, and why this verdict and not the next.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Address as in the roster, or any spelling of it.
    address: String,
    /// Run: its identifier or the beginning of it [default: the newest].
    run: Option<String>,
    /// File that keeps runs and evidence [default: ewsready.sqlite in the current folder].
    #[arg(long, value_name = "FILE")]
    store: Option<PathBuf>,
    /// Judge as of this day (YYYY-MM-DD) [default: the day of the run].
    #[arg(long, value_name = "DATE", value_parser = constraints::date)]
    as_of: Option<Date>,
    #[command(flatten)]
    facts: FactsArgs,
}

/// Runs the command.
///
/// # Errors
/// In words, when there is no such run or user.
pub fn run(args: &Args, output: &Output) -> Result<Exit, Failure> {
    let store = Store::open_existing(&store_path(args.store.as_deref()))?;
    let run = assessment::find_run(&store, args.run.as_deref())?;
    let facts = args.facts.read()?;
    let wishes = Wishes { as_of: args.as_of, ..Wishes::default() };
    let judge = Judge::of(&store, &run, &facts, &wishes)?;
    let found = store.entries_with(run.id, &args.address)?;
    if found.is_empty() {
        let short = run.uuid.get(..8).unwrap_or_default();
        return Err(Failure::usage(
            format!("run {short} has no roster line with '{}'", args.address),
            "give the address as the roster writes it; `ewsready runs` lists other runs",
        ));
    }
    for raw in found {
        let (row, says) = judge.explain(raw.parse()?);
        output.result(&page(&row, &says))?;
    }
    Ok(Exit::Done)
}

fn page(row: &Row, says: &[RuleSays]) -> String {
    let mut lines = vec![
        format!("{} (line {} of the roster)", row.address, row.row),
        format!("  verdict      {} [{}]", row.verdict.id(), row.reason),
    ];
    let facts = [
        ("cause", row.cause.as_str()),
        ("what stops", &row.what_stops),
        ("next action", &row.next_action),
        ("alternative", &row.alternative),
        ("urgency", row.urgency.id()),
    ];
    lines.extend(
        facts.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| format!("  {name:12} {value}")),
    );
    lines.push("\nEvidence".to_owned());
    lines.extend(row.evidence.iter().map(|fact| format!("  {}", evidence(fact))));
    lines.push("\nRules that spoke, or could not, in the order in which they decide".to_owned());
    let (silent, spoke): (Vec<_>, Vec<_>) = says.iter().partition(|rule| rule.standing == Standing::Silent);
    // Rules that stay open for one and the same reason are one line.
    for group in spoke.chunk_by(|one, next| one.standing == next.standing && one.text == next.text) {
        let ids: Vec<_> = group.iter().map(|rule| rule.rule.id).collect();
        let first = group.first().map_or(("", ""), |rule| (standing(rule.standing), rule.text.as_str()));
        lines.push(format!("  {}: {}\n      {}", ids.join(", "), first.0, first.1));
    }
    let silent: Vec<_> = silent.iter().map(|rule| rule.rule.id).collect();
    lines.push(format!("\nRules that do not apply\n  {}\n\n", silent.join(", ")));
    lines.join("\n")
}

fn evidence(fact: &EvidenceLine) -> String {
    let when = fact.at.map(|at| format!(", {at}")).unwrap_or_default();
    let source = if fact.source.is_empty() { String::new() } else { format!(" ({}{when})", fact.source) };
    format!("{:18} {}{source}", fact.question, fact.answer)
}

/// Where a rule stands beside the verdict, for people.
fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Silent => "does not apply",
        Standing::Decides => "decides",
        Standing::Outranked => "true, but comes later",
        Standing::InTheWay => "open, so nothing after",
        Standing::Waits => "true, but waits",
        Standing::Open => "open, changes nothing",
        Standing::Told => "noted",
    }
}
