//! `ewsready assess`: roster in, evidence collected, report out.

mod many;
mod stored;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::SignedDuration;

use self::stored::{announce, close, fill, settings};
use super::after::{After, AfterArgs};
use super::joining;
use super::progress::Progress;
use super::report::Checked;
use super::services::{Connected, ReachArgs, Way};
use super::stop::Stop;
use super::{Output, clock, demo, doctor, store_path};
use crate::assessment::{self, Wishes, Written, history};
use crate::clock::Clock;
use crate::collector::{Collector, Services};
use crate::config::{DEMO, File, Profile};
use crate::evidence::question::Question;
use crate::evidence::store::{RunRecord, Start, Store};
use crate::facts::Facts;
use crate::failure::{Exit, Failure};
use crate::imports::integrations::Exports;
use crate::roster::{self, Input, Roster};
use crate::transport::Pace;
use crate::transport::pace::PaceSet;
use crate::transport::trace::Trace;

/// An interrupted run is gone on with for so long; after that its evidence is too old to be mixed with new.
const RESUME_WITHIN: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Assess every mailbox of a roster and write the report.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Rosters: CSV, TSV, XLSX or a plain list of addresses; `-` reads standard input.
    #[arg(value_name = "ROSTER")]
    rosters: Vec<PathBuf>,
    /// Tenant profile of the configuration; `demo` is the embedded tenant and needs none. Repeatable: each tenant gets
    /// a folder of its own below --out.
    #[arg(long, value_name = "NAME", required_unless_present = "all_tenants")]
    tenant: Vec<String>,
    /// Every tenant of the configuration.
    #[arg(long, conflicts_with = "tenant")]
    all_tenants: bool,
    #[command(flatten)]
    reach: ReachArgs,
    #[command(flatten)]
    report: super::report::ReportArgs,
    /// What a scheduler wants beside the report.
    #[command(flatten)]
    after: AfterArgs,
    /// Begin a new run, even where an unfinished one could be gone on with.
    #[arg(long)]
    fresh: bool,
    /// Also ask who else may open each calendar, for `ewsready plan` (needs Calendars.Read).
    #[arg(long)]
    delegates: bool,
    #[command(flatten)]
    reading: super::roster::Reading,
    /// How fast to ask.
    #[arg(long, value_enum, value_name = "SET")]
    pace: Option<PaceSet>,
}

/// Runs the command.
///
/// # Errors
/// In words, when roster, configuration, store, sign-in or report fails.
pub async fn run(args: Args, output: &Output) -> Result<Exit, Failure> {
    let (report, after) = (args.report.check()?, args.after.check()?);
    let facts = args.report.facts.read()?;
    let names = args.names()?;
    let mut session = Session {
        args: &args,
        report: &report,
        after: &after,
        facts: &facts,
        clock: clock()?,
        output: *output,
        trace: None,
        stop: None,
        store: None,
    };
    match names.as_slice() {
        [name] => {
            let assessed = session.assess(name, &report.out).await?;
            output.result(&assessed.written.summary(output.width(), output.colour()))?;
            Ok(assessed.exit)
        }
        names => many::run(&mut session, names).await,
    }
}

impl Args {
    /// The tenants to assess, each once.
    fn names(&self) -> Result<Vec<String>, Failure> {
        let names = if self.all_tenants {
            File::read(self.reach.config.as_deref())?.names()
        } else {
            let mut names: Vec<String> = Vec::new();
            for name in &self.tenant {
                if !names.contains(name) {
                    names.push(name.clone());
                }
            }
            names
        };
        if names.is_empty() {
            return Err(Failure::usage("the configuration has no tenant", "ewsready init writes one"));
        }
        if names.len() > 1 && self.after.actions.is_some() {
            return Err(Failure::usage(
                "--actions takes the notes of one tenant, and several are named",
                "give them tenant by tenant: ewsready report RUN --actions FILE",
            ));
        }
        if names.len() > 1 && self.report.anonymize {
            return Err(Failure::usage(
                "--anonymize is for the report of one tenant: the roll-up of several names them",
                "assess without it, then tenant by tenant: ewsready report RUN --anonymize --out FOLDER",
            ));
        }
        if names.len() > 1 && self.rosters.iter().any(|roster| roster.as_os_str() == "-") {
            return Err(Failure::usage(
                "standard input can be read once, and several tenants want a roster",
                "name a file, or set `rosters` of each tenant",
            ));
        }
        Ok(names)
    }
}

/// What all tenants of one command share.
struct Session<'a> {
    args: &'a Args,
    report: &'a Checked,
    after: &'a After,
    facts: &'a Facts,
    clock: Clock,
    output: Output,
    trace: Option<Arc<Trace>>,
    stop: Option<Stop>,
    store: Option<Store>,
}

/// A tenant that was assessed.
struct Assessed {
    exit: Exit,
    written: Written,
}

impl Session<'_> {
    /// Assesses one tenant and writes its report to `out`.
    async fn assess(&mut self, name: &str, out: &Path) -> Result<Assessed, Failure> {
        let (embedded, mut profile) = match name {
            DEMO => demo::start(self.facts, self.clock).await.map(|(running, profile)| (Some(running), profile))?,
            name => (None, self.args.reach.profile(name, self.facts)?),
        };
        let mut roster = self.open_roster(&profile)?;
        if let Some(set) = self.args.pace {
            profile.pace.scopes = Pace::of(set).scopes;
        }
        let joined = Exports::read(&profile.exports)?;
        let stop = self.stop();
        let Connected { profile, services, .. } = tokio::select! {
            () = stop.token.cancelled() => return Err(stopped(&stop)),
            connected = self.connect(profile) => connected?,
        };
        assessment::check_folder(out)?;
        let (clock, output, also) = (self.clock, self.output, self.args.delegates.then_some(Question::Delegates));
        let now = clock.now();
        let resume_since = (!self.args.fresh).then(|| now - RESUME_WITHIN);
        let start = Start { now, resume_since, also };
        let settings = settings(&profile, self.report.wishes.as_of, clock);
        let store = self.store()?;
        let begun = store.begin(name, &settings, start, |sink| fill(&mut roster, sink))?;
        for source in roster.sources() {
            output.remark(&source.to_string());
        }
        let run = announce(begun, store, &settings, &output)?;
        let exit = self.collect(&profile, services, &run, &stop).await;
        if let Some(embedded) = embedded {
            embedded.stop().await;
        }
        let exit = exit?;
        joining::exports(joined, self.store()?, &run, clock, &output).await?;
        self.write_report(&run, exit, out).await
    }

    fn open_roster(&self, profile: &Profile) -> Result<Roster, Failure> {
        let rosters = if self.args.rosters.is_empty() { &profile.rosters } else { &self.args.rosters };
        if rosters.is_empty() {
            return Err(Failure::usage(
                format!("there is no roster for the tenant '{}'", profile.name),
                "name one, or set `rosters` in its configuration",
            ));
        }
        let inputs: Vec<Input> = rosters.iter().cloned().map(Input::from).collect();
        Ok(roster::open(&inputs, &self.args.reading.clone().into())?)
    }

    /// Listens for signals from the first tenant on.
    fn stop(&mut self) -> Stop {
        let output = self.output;
        self.stop.get_or_insert_with(|| Stop::listen(output)).clone()
    }

    async fn connect(&mut self, profile: Profile) -> Result<Connected, Failure> {
        if self.trace.is_none() {
            self.trace = self.args.reach.begin_trace(self.clock)?;
        }
        let way = Way { facts: self.facts, clock: self.clock, trace: self.trace.clone() };
        let connected = way.connect(profile, &self.output).await?;
        if let Some(remark) = doctor::remark(&connected).await {
            self.output.remark(&remark);
        }
        Ok(connected)
    }

    /// One store for all tenants, opened when the first one gets so far.
    fn store(&mut self) -> Result<&mut Store, Failure> {
        match self.store {
            Some(ref mut store) => Ok(store),
            ref mut none => Ok(none.insert(Store::open(&store_path(self.args.report.store.as_deref()))?)),
        }
    }

    /// Asks everything that is open; gives the exit code where the rows do not decide it.
    async fn collect(
        &mut self,
        profile: &Profile,
        services: Services,
        run: &RunRecord,
        stop: &Stop,
    ) -> Result<Option<Exit>, Failure> {
        let (clock, output, delegates) = (self.clock, self.output, self.args.delegates);
        let store = self.store()?;
        let transport = Arc::clone(&services.client.transport);
        let (hosts, dns) = (joining::on_premises(profile, &transport), joining::dns(profile, &output));
        let collector = Collector::new(services, store, run.id, clock, stop.token.clone())?;
        let collector = collector.asking_delegates(delegates).asking_on_premises(hosts).asking_dns(dns);
        let progress = Progress::start(&collector.board, &transport, output);
        let end = collector.collect().await;
        progress.end();
        close(store, run, end?, stop, clock, &output)
    }

    async fn write_report(&mut self, run: &RunRecord, exit: Option<Exit>, out: &Path) -> Result<Assessed, Failure> {
        let (facts, report, after, clock, output) = (self.facts, self.report, self.after, self.clock, self.output);
        let store = self.store()?;
        after.remember(store, &run.tenant)?;
        // The run itself keeps the day it is judged by.
        let wishes = Wishes { as_of: None, ..report.wishes.clone() };
        let written = assessment::write(store, &run.uuid, facts, &wishes, out)?;
        history::keep(store, run, facts, &written.judged, clock.now())?;
        store.checkpoint();
        let exit = match exit {
            Some(exit) => exit,
            None => after.close(&written, &output).await,
        };
        Ok(Assessed { exit, written })
    }
}

fn stopped(stop: &Stop) -> Failure {
    Failure {
        exit: stop.exit(),
        message: "stopped before anything was asked".to_owned(),
        hint: "the same command begins again".to_owned(),
    }
}
