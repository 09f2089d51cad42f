//! `ewsready plan`: cutover waves from a stored run, without one request.

use std::path::PathBuf;

use jiff::civil::Date;

use super::report::{Checked, ReportArgs};
use super::{Output, after, clock, store_path};
use crate::assessment::{self, Judge, planning};
use crate::compare::fail_on::{Condition, Counts};
use crate::evidence::store::{RunRecord, Store, StoreError};
use crate::facts::Facts;
use crate::failure::{Exit, Failure};
use crate::plan::constraints::{self, Days, Rules, RulesError};
use crate::plan::infeasible::Infeasible;
use crate::plan::kept::Kept;
use crate::plan::progress::{Against, Person};
use crate::plan::variant::Variant;
use crate::plan::{Outcome, Request, make};
use crate::report::waves::{Compared, Waves, relaxations, shortage, sums, terminal};
use crate::report::{Templates, Texts};

/// Plan cutover waves from a stored run, and keep people together who work together.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Run: its identifier or the beginning of it [default: the newest].
    run: Option<String>,
    /// Plan file (TOML) with everything to keep to; samples/plans/weekends.toml shows all keys.
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// Mailboxes a wave takes [default: the plan file's, else 500].
    #[arg(long, value_name = "N")]
    capacity: Option<u32>,
    /// The first day there may be a wave on.
    #[arg(long, value_name = "DATE", value_parser = constraints::date)]
    start: Option<Date>,
    /// A day, or days, without waves; may be given several times.
    #[arg(long, value_name = "DATE[..DATE]")]
    blackout: Vec<Days>,
    #[command(flatten)]
    what_if: WhatIf,
    /// Plan anew, even where an earlier plan could be followed.
    #[arg(long)]
    fresh: bool,
    /// End with code 10 when this holds of the plan of an earlier run, for example plan_behind>0. Verdicts and changes
    /// are what `ewsready report` tests.
    #[arg(long, value_name = "EXPR", value_delimiter = ',')]
    fail_on: Vec<String>,
    #[command(flatten)]
    report: ReportArgs,
}

/// Every `--what-if`, each with the changes that stand together.
#[derive(Debug, Default)]
struct WhatIf(Vec<Vec<String>>);

const WHAT_IF: &str = "what-if";

impl clap::FromArgMatches for WhatIf {
    fn from_arg_matches(matches: &clap::ArgMatches) -> Result<Self, clap::Error> {
        let given = matches.get_occurrences::<String>(WHAT_IF).into_iter().flatten();
        Ok(Self(given.map(|changes| changes.cloned().collect()).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &clap::ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl clap::Args for WhatIf {
    fn augment_args(command: clap::Command) -> clap::Command {
        let keys: Vec<String> = Variant::keys().map(|(key, example)| format!("{key}={example}")).collect();
        let short = "Show the same people under other rules beside the plan; may be given several times";
        let long = format!("{short}, each with one or more of\n  {}", keys.join("\n  "));
        let argument = clap::Arg::new(WHAT_IF).long(WHAT_IF).value_name("KEY=VALUE").num_args(1..);
        command.arg(argument.action(clap::ArgAction::Append).help(short).long_help(long))
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

/// Runs the command.
///
/// # Errors
/// In words, when there is no such run, the rules make no sense or cannot be kept to, or a file cannot be written.
pub fn run(args: &Args, output: &Output) -> Result<Exit, Failure> {
    let rules = rules(args)?;
    let variants: Vec<Variant> =
        args.what_if.0.iter().map(|changes| Variant::of(&rules, changes)).collect::<Result<_, _>>()?;
    let conditions = conditions(&args.fail_on)?;
    let checked = args.report.check()?;
    let facts = args.report.facts.read()?;
    let path = store_path(args.report.store.as_deref());
    let store = Store::open_existing_for_change(&path)?;
    let run = assessment::find_run(&store, args.run.as_deref())?;
    assessment::check_folder(&checked.out)?;
    let planning = Planning {
        store: &store,
        run: &run,
        facts: &facts,
        rules: &rules,
        checked: &checked,
        conditions: &conditions,
        fresh: args.fresh,
    };
    planning.run(&variants, output)
}

/// Conditions on the plan; what else is counted, a plan does not count.
fn conditions(texts: &[String]) -> Result<Vec<Condition>, Failure> {
    let conditions = after::conditions(texts)?;
    match conditions.iter().find(|condition| !condition.is_of_the_plan()) {
        None => Ok(conditions),
        Some(other) => Err(Failure::usage(
            format!("--fail-on {other} is not about the plan"),
            "ewsready report tests it on the same run; ewsready plan tests plan_behind",
        )),
    }
}

/// The plan file's rules, with what the command line changes.
fn rules(args: &Args) -> Result<Rules, RulesError> {
    let mut rules = args.plan.as_deref().map(Rules::read).transpose()?.unwrap_or_default();
    rules.capacity = args.capacity.unwrap_or(rules.capacity);
    rules.start = args.start.or(rules.start);
    rules.blackout.extend(&args.blackout);
    rules.check()?;
    Ok(rules)
}

struct Planning<'a> {
    store: &'a Store,
    run: &'a RunRecord,
    facts: &'a Facts,
    rules: &'a Rules,
    checked: &'a Checked,
    conditions: &'a [Condition],
    fresh: bool,
}

impl Planning<'_> {
    fn run(&self, variants: &[Variant], output: &Output) -> Result<Exit, Failure> {
        let wishes = &self.checked.wishes;
        let texts = Texts::embedded(&wishes.language)?;
        let judge = Judge::of(self.store, self.run, self.facts, wishes)?;
        let census = planning::census(self.store, self.run, &judge, self.rules)?;
        let (today, retirement) = (judge.as_of(), self.retirement()?);
        let followed = if self.fresh { None } else { planning::newest(self.store, self.run)? };
        let request = Request { census: &census, rules: self.rules, today, retirement, earlier: followed.as_ref() };
        let compared = compare(request, variants, &texts)?;
        let plan = match make(request)? {
            Outcome::Plan(plan) => *plan,
            Outcome::Infeasible(no) => {
                output.result(&terminal::comparison(&texts, None, &compared))?;
                return Err(infeasible_failure(&texts, &no));
            }
        };
        let made = clock()?.now();
        let kept = Kept::of(&plan, &census, self.rules, &self.run.uuid, made);
        let head = judge.head(self.store, &wishes.language)?;
        let templates = wishes.templates.as_deref().map(Templates::overridden_by).transpose();
        // The plan of an earlier run is what the project is measured against; one of this run is only replaced.
        let measured = planning::before(self.store, self.run)?;
        let people = census.members.iter().map(|member| Person {
            object_id: (&*member.key).into(),
            address: &member.address,
            standing: member.standing,
        });
        let measured = measured.map(|plan| Against::of(&plan, people, today, Some(&kept)));
        // Everything is decided and counted with the real names; the view has those that may be shared.
        let (census, measured) = match judge.mask() {
            Some(mask) => (mask.census(census), measured.map(|against| mask.against(against))),
            None => (census, measured),
        };
        let view = Waves {
            plan: &plan,
            census: &census,
            rules: self.rules,
            head: &head,
            texts: &texts,
            templates: &templates?.unwrap_or_default(),
            variants: &compared,
            progress: measured,
            sums: sums(&plan, &census),
        };
        let paths = view.write_all(&self.checked.out, &wishes.formats)?;
        let body = serde_json::to_string(&kept).map_err(StoreError::from)?;
        self.store.keep_plan(self.run.id, made, &body)?;
        output.result(&terminal::summary(&view))?;
        output.result(&files(&paths, &self.checked.out))?;
        self.close(view.progress.as_ref(), output)
    }

    /// Tests the conditions; gives the exit code.
    fn close(&self, progress: Option<&Against>, output: &Output) -> Result<Exit, Failure> {
        let rows = self.store.entry_count(self.run.id)?;
        let counts = Counts { rows, verdicts: Default::default(), changes: None, plan: progress };
        Ok(if after::test(self.conditions, &counts, output) { Exit::Threshold } else { Exit::Done })
    }

    /// The day EWS ends in the run's cloud.
    fn retirement(&self) -> Result<Date, Failure> {
        let cloud = self.facts.cloud(&self.run.settings.cloud).ok_or_else(|| {
            let message = format!("the facts do not list the run's cloud '{}'", self.run.settings.cloud);
            Failure::usage(message, "check clouds.toml of --facts")
        })?;
        Ok(cloud.retirement.ends_on.unwrap_or(cloud.retirement.plan_by))
    }
}

/// Every variant planned by itself: what came of it, or what is short.
fn compare(request: Request<'_>, variants: &[Variant], texts: &Texts) -> Result<Vec<Compared>, Failure> {
    let one = |variant: &Variant| {
        let outcome = match make(Request { rules: &variant.rules, ..request })? {
            Outcome::Plan(plan) => Ok(plan.measure),
            Outcome::Infeasible(no) => Err(shortage(texts, &no)),
        };
        Ok(Compared { name: variant.name.clone(), outcome })
    };
    variants.iter().map(one).collect()
}

fn files(paths: &[PathBuf], out: &std::path::Path) -> String {
    let mut text = "\nFiles\n".to_owned();
    let lists = out.join("waves");
    for path in paths.iter().filter(|path| path.parent() != Some(&lists)) {
        text.push_str(&format!("  {}\n", path.display()));
    }
    let count = paths.iter().filter(|path| path.parent() == Some(&lists)).count();
    if count > 0 {
        let count = if count == 1 { "1 list".to_owned() } else { format!("{count} lists, one a wave") };
        text.push_str(&format!("  {} ({count})\n", lists.display()));
    }
    text
}

fn infeasible_failure(texts: &Texts, no: &Infeasible) -> Failure {
    let relax = relaxations(texts, no);
    let hint = match relax.is_empty() {
        true => texts.get("plan", "infeasible_nothing").to_owned(),
        false => texts.fill("plan", "infeasible_relax", &[("list", &relax.join("; "))]),
    };
    Failure::usage(shortage(texts, no), hint)
}
