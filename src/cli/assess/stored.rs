//! A run in the store: what it is begun with, whether it goes on, and how it ended.

use jiff::civil::Date;

use crate::cli::services::code_page;
use crate::cli::stop::Stop;
use crate::cli::{Output, progress};
use crate::clock::Clock;
use crate::collector::End;
use crate::config::{Imports, Profile};
use crate::evidence::store::{EntryRecord, Known, RosterRecord, RunRecord, Settings, Sink, Store};
use crate::failure::{Exit, Failure};
use crate::roster::{self, Roster};

/// What of the profile decides verdicts and questions.
pub(super) fn settings(profile: &Profile, as_of: Option<Date>, clock: Clock) -> Settings {
    let today = clock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let sources = &profile.sources;
    Settings {
        cloud: profile.cloud.id.clone(),
        as_of: as_of.unwrap_or(today),
        integrations: profile.integrations.clone(),
        kiosk: profile.kiosk,
        own_app_id: Some(profile.client_id.to_lowercase()),
        apps: profile.apps.clone(),
        salesforce_connection: profile.salesforce_connection.clone(),
        branding: profile.branding.clone(),
        dynamics_app: profile.dynamics_app.clone(),
        simulated: profile.simulated,
        asks: format!(
            "tenant={};exchange_admin={};ews={};autodiscover={};autodiscover_soap={}{}",
            profile.tenant,
            sources.exchange_admin,
            sources.ews,
            sources.autodiscover,
            sources.autodiscover_soap,
            imported(&sources.imports)
        ),
    }
}

/// Files in place of the backend: evidence of others does not answer for them.
fn imported(imports: &Imports) -> String {
    let files = [&imports.organization, &imports.cas_mailboxes, &imports.mailboxes];
    files.into_iter().flatten().map(|file| format!(";import={}", file.display())).collect()
}

/// Puts the roster's entries into the store; gives what it was and its fingerprint.
pub(super) fn fill(roster: &mut Roster, sink: &mut Sink) -> Result<(RosterRecord, String), Failure> {
    for entry in roster.entries() {
        sink.push(&record(entry?))?;
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
pub(super) fn announce(
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
    let (answered, open) = (store.answered(run.id)?, store.open_questions(run.id)?);
    output.remark(&format!(
        "run {short} of {} goes on: {answered} questions are answered, {open} are asked again (--fresh starts over)",
        run.started
    ));
    store.reopen(run.id)?;
    store.set_settings(run.id, settings)?;
    run.settings = settings.clone();
    Ok(run)
}

/// Notes how the run ended; gives the exit code where the rows do not decide it.
pub(super) fn close(
    store: &Store,
    run: &RunRecord,
    end: End,
    stop: &Stop,
    clock: Clock,
    output: &Output,
) -> Result<Option<Exit>, Failure> {
    match end {
        End::Complete => {
            store.finish(run.id, clock.now())?;
            Ok(None)
        }
        End::GaveUp(services) => {
            store.finish(run.id, clock.now())?;
            for (service, trouble) in services {
                output.remark(&format!("{} was given up: {trouble}", service.name()));
            }
            output.remark("the report shows what is known; the same command asks only what is open");
            Ok(Some(Exit::Resumable))
        }
        End::Stopped => Ok(Some(stop.exit())),
        End::LeftOut(question, mailboxes) => Err(Failure {
            exit: Exit::Resumable,
            message: format!("{mailboxes} mailboxes were left without an outcome for {}", progress::name(question)),
            hint: "no report was written; this is a fault of the program, please report it: the same command asks what is missing"
                .to_owned(),
        }),
        End::Refused(trouble) => {
            let message = trouble.to_string();
            let page = code_page(&message).map(|page| format!(" ({page} says more)")).unwrap_or_default();
            let hint = format!("no report was written; put the sign-in right{page} and run the same command again");
            Err(Failure { exit: Exit::SignIn, message, hint })
        }
    }
}
