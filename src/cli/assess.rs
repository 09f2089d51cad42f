//! `ewsready assess`: roster in, evidence collected, report out.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::SignedDuration;
use jiff::civil::Date;

use super::exit::{Exit, Failure};
use super::joining;
use super::judging::{self, Wishes};
use super::progress::Progress;
use super::services::{Connected, ReachArgs, Way};
use super::stop::Stop;
use super::{Output, clock, demo, store_path};
use crate::clock::Clock;
use crate::config::{DEMO, Profile};
use crate::evidence::collector::{Collector, End};
use crate::evidence::question::Question;
use crate::evidence::store::{EntryRecord, Known, RosterRecord, RunRecord, Settings, Sink, Start, Store, StoreError};
use crate::imports::integrations::Exports;
use crate::roster::{self, Input, Roster, RosterError};
use crate::transport::Pace;
use crate::transport::pace::PaceSet;

/// An interrupted run is gone on with for so long; after that its evidence is too old to be mixed with new.
const RESUME_WITHIN: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Assess every mailbox of a roster and write the report.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Rosters: CSV, TSV, XLSX or a plain list of addresses; `-` reads standard input.
    #[arg(required = true, value_name = "ROSTER")]
    rosters: Vec<PathBuf>,
    /// Tenant profile of the configuration; `demo` is the embedded tenant and needs none.
    #[arg(long, value_name = "NAME")]
    tenant: String,
    #[command(flatten)]
    reach: ReachArgs,
    #[command(flatten)]
    report: super::report::ReportArgs,
    /// Begin a new run, even where an unfinished one could be gone on with.
    #[arg(long)]
    fresh: bool,
    /// Also ask who else may open each calendar, for `ewsready plan` (needs Calendars.Read).
    #[arg(long)]
    delegates: bool,
    /// Column of the roster that holds the mailbox address.
    #[arg(long, value_name = "NAME")]
    address_column: Option<String>,
    /// Sheet of the workbook that holds the roster.
    #[arg(long, value_name = "NAME")]
    sheet: Option<String>,
    /// How fast to ask.
    #[arg(long, value_enum, value_name = "SET")]
    pace: Option<PaceSet>,
}

/// Runs the command.
///
/// # Errors
/// In words, when roster, configuration, store, sign-in or report fails.
pub async fn run(args: Args, output: &Output) -> Result<Exit, Failure> {
    let clock = clock()?;
    let report = args.report.check()?;
    let facts = report.facts()?;
    let facts = facts.get();
    let mut roster = open_roster(&args)?;
    let (embedded, mut profile) = match args.tenant.as_str() {
        DEMO => demo::start(facts, clock).await.map(|(running, profile)| (Some(running), profile))?,
        name => (None, args.reach.profile(name, facts)?),
    };
    if let Some(set) = args.pace {
        profile.pace.scopes = Pace::of(set).scopes;
    }
    let joined = Exports::read(&profile.exports)?;
    let way = Way { facts, clock, trace: args.reach.begin_trace(clock)? };
    let Connected { profile, services, .. } = way.connect(profile, output).await?;
    judging::check_folder(&report.out)?;
    let mut store = Store::open(&store_path(args.report.store.as_deref())).map_err(store_failure)?;
    let settings = settings(&profile, report.wishes.as_of, clock);
    let run = begin(&mut store, &mut roster, &settings, &args, clock)?;
    for source in roster.sources() {
        output.remark(&source.to_string());
    }
    let run = announce(run, &mut store, &settings, output)?;

    let stop = Stop::listen(*output);
    let transport = Arc::clone(&services.client.transport);
    let hosts = joining::on_premises(&profile, &transport);
    let collector = Collector::new(services, &store, run.id, clock, stop.token.clone()).map_err(store_failure)?;
    let collector = Arc::new(collector.asking_delegates(args.delegates).asking_on_premises(hosts));
    let progress = Progress::start(&collector.board, &transport, *output);
    let end = collector.collect().await;
    progress.end();
    if let Some(embedded) = embedded {
        embedded.stop().await;
    }
    let exit = close(&store, &run, end.map_err(store_failure)?, &stop, clock, output)?;
    joining::exports(joined, &store, &run, clock, output).await?;
    // The run itself keeps the day it is judged by.
    let wishes = Wishes { as_of: None, ..report.wishes };
    let written = judging::write(&store, &run.uuid, facts, &wishes, &report.out)?;
    output.result(&written.summary(output));
    Ok(exit.unwrap_or_else(|| written.exit()))
}

fn open_roster(args: &Args) -> Result<Roster, Failure> {
    let inputs: Vec<Input> = args.rosters.iter().cloned().map(Input::from).collect();
    let options = roster::Options { address_column: args.address_column.clone(), sheet: args.sheet.clone() };
    roster::open(&inputs, &options).map_err(roster_failure)
}

/// What of the profile decides verdicts and questions.
fn settings(profile: &Profile, as_of: Option<Date>, clock: Clock) -> Settings {
    let today = clock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let sources = &profile.sources;
    Settings {
        cloud: profile.cloud.id.clone(),
        as_of: as_of.unwrap_or(today).to_string(),
        integrations: profile.integrations.clone(),
        kiosk: profile.kiosk.id().to_owned(),
        own_app_id: Some(profile.client_id.to_lowercase()),
        apps: profile.apps.clone(),
        salesforce_connection: profile.salesforce_connection.clone(),
        dynamics_app: profile.dynamics_app.clone(),
        simulated: profile.simulated,
        asks: format!(
            "tenant={};exchange_admin={};ews={};autodiscover={};autodiscover_soap={}",
            profile.tenant, sources.exchange_admin, sources.ews, sources.autodiscover, sources.autodiscover_soap
        ),
    }
}

fn begin(
    store: &mut Store,
    roster: &mut Roster,
    settings: &Settings,
    args: &Args,
    clock: Clock,
) -> Result<(RunRecord, bool), Failure> {
    let now = clock.now();
    let also = args.delegates.then_some(Question::Delegates);
    let start = Start { now, resume_since: (!args.fresh).then(|| now - RESUME_WITHIN), also };
    store.begin(&args.tenant, settings, start, |sink| fill(roster, sink)).map_err(Trouble::into)
}

/// What can go wrong while a roster goes into the store.
enum Trouble {
    Store(StoreError),
    Roster(RosterError),
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Store(error) => store_failure(error),
            Trouble::Roster(error) => roster_failure(error),
        }
    }
}

fn fill(roster: &mut Roster, sink: &mut Sink) -> Result<(RosterRecord, String), Trouble> {
    for entry in roster.entries() {
        sink.push(&record(entry.map_err(Trouble::Roster)?))?;
    }
    let record = RosterRecord {
        sources: roster.sources().iter().map(ToString::to_string).collect(),
        columns: roster.columns().to_vec(),
    };
    Ok((record, roster.fingerprint().unwrap_or_default().to_owned()))
}

fn record(entry: roster::Entry) -> EntryRecord {
    let known = entry.known;
    let (address, problem) = match &entry.address {
        Ok(address) => (Some(address.key().to_owned()), None),
        Err(unusable) => (None, Some(unusable.to_string())),
    };
    EntryRecord {
        row: entry.row,
        subject: address.is_some().then(|| entry.repeat_of.unwrap_or(entry.row)),
        written: entry.written,
        address,
        problem,
        known: Known {
            display_name: known.display_name,
            department: known.department,
            wave: known.wave,
            owner: known.owner,
            object_id: known.object_id,
            salesforce_email: known.salesforce_email,
            dynamics_profile: known.dynamics_profile,
            manager: known.manager,
        },
        columns: entry.columns,
    }
}

/// Says whether a run begins or goes on, and opens its open questions again.
fn announce(
    (mut run, goes_on): (RunRecord, bool),
    store: &mut Store,
    settings: &Settings,
    output: &Output,
) -> Result<RunRecord, Failure> {
    let short = run.uuid.get(..8).unwrap_or_default().to_owned();
    if !goes_on {
        output.remark(&format!("run {short} begins"));
        return Ok(run);
    }
    let (answered, open) =
        (store.answered(run.id).map_err(store_failure)?, store.open_questions(run.id).map_err(store_failure)?);
    output.remark(&format!(
        "run {short} of {} goes on: {answered} questions are answered, {open} are asked again (--fresh starts over)",
        run.started
    ));
    store.reopen(run.id).map_err(store_failure)?;
    store.set_settings(run.id, settings).map_err(store_failure)?;
    run.settings = settings.clone();
    Ok(run)
}

/// Notes how the run ended; gives the exit code where the rows do not decide it.
fn close(
    store: &Store,
    run: &RunRecord,
    end: End,
    stop: &Stop,
    clock: Clock,
    output: &Output,
) -> Result<Option<Exit>, Failure> {
    match end {
        End::Complete => {
            store.finish(run.id, clock.now()).map_err(store_failure)?;
            Ok(None)
        }
        End::GaveUp(services) => {
            store.finish(run.id, clock.now()).map_err(store_failure)?;
            for (service, trouble) in services {
                output.remark(&format!("{} was given up: {trouble}", service.name()));
            }
            output.remark("the report shows what is known; the same command asks only what is open");
            Ok(Some(Exit::Resumable))
        }
        End::Stopped => Ok(Some(stop.exit())),
        End::Refused(trouble) => Err(Failure {
            exit: Exit::SignIn,
            message: trouble.to_string(),
            hint: "no report was written; put the sign-in right and run the same command again".to_owned(),
        }),
    }
}

fn roster_failure(error: RosterError) -> Failure {
    Failure::usage(error.message(), error.hint())
}

/// A store's failure, for a person.
pub fn store_failure(error: StoreError) -> Failure {
    let exit = match error {
        StoreError::Sql(_) | StoreError::Content(_) | StoreError::Ended(_) => Exit::Resumable,
        _ => Exit::Usage,
    };
    Failure { exit, message: error.to_string(), hint: error.hint().to_owned() }
}
