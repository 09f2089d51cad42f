//! `ewsready report`: a stored run is judged again and its report written, without one request.

use std::path::PathBuf;

use jiff::civil::Date;

use super::after::AfterArgs;
use super::facts::FactsArgs;
use super::{Output, store_path};
use crate::assessment::{self, Wishes};
use crate::evidence::store::Store;
use crate::failure::{Exit, Failure};
use crate::plan::constraints;
use crate::report::FormatKind;

/// What every command that writes a report takes.
#[derive(Debug, clap::Args)]
pub struct ReportArgs {
    /// Folder for the report's files.
    #[arg(long, value_name = "DIR", default_value = "readiness")]
    pub out: PathBuf,
    /// Formats, comma-separated [default: all].
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub format: Vec<String>,
    /// File that keeps runs and evidence [default: ewsready.sqlite in the current folder].
    #[arg(long, value_name = "FILE")]
    pub store: Option<PathBuf>,
    /// Judge as of this day (YYYY-MM-DD) [default: the day of the run].
    #[arg(long, value_name = "DATE", value_parser = constraints::date)]
    pub as_of: Option<Date>,
    /// The facts to judge by.
    #[command(flatten)]
    pub facts: FactsArgs,
    /// Folder with templates that replace the built-in ones (report.html, summary.md, remediation.ps1, …).
    #[arg(long, value_name = "DIR")]
    pub templates: Option<PathBuf>,
    /// Pseudonyms in the place of names, addresses, ids, domains and the tenant: a report to be shared. The same person
    /// has the same pseudonym in all formats and in later months; the key to them stays in the store.
    #[arg(long)]
    pub anonymize: bool,
    /// Language of the report's texts: en or de.
    #[arg(long, value_name = "LANG", default_value = "en")]
    pub language: String,
}

/// The same, checked.
pub struct Checked {
    /// Folder for the files.
    pub out: PathBuf,
    /// What the reader wants of the report.
    pub wishes: Wishes,
}

impl ReportArgs {
    /// Checks everything that can be checked before any work is done.
    pub fn check(&self) -> Result<Checked, Failure> {
        let formats = self.format.iter().map(|name| name.parse::<FormatKind>());
        let mut formats: Vec<_> = formats.collect::<Result<_, _>>()?;
        if formats.is_empty() {
            // NDJSON repeats what JSON says, for those who ask.
            formats = FormatKind::ALL.iter().copied().filter(|format| *format != FormatKind::NdJson).collect();
        }
        formats.sort_unstable();
        formats.dedup();
        crate::report::Texts::embedded(&self.language)?;
        if let Some(folder) = &self.templates {
            crate::report::Templates::overridden_by(folder)?;
        }
        let wishes = Wishes {
            as_of: self.as_of,
            language: self.language.clone(),
            formats,
            templates: self.templates.clone(),
            anonymize: self.anonymize,
        };
        Ok(Checked { out: self.out.clone(), wishes })
    }
}

/// Judge a stored run again and write its report, without one request.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Run: its identifier or the beginning of it [default: the newest].
    run: Option<String>,
    #[command(flatten)]
    report: ReportArgs,
    /// What a scheduler wants beside the report.
    #[command(flatten)]
    after: AfterArgs,
}

/// Runs the command.
///
/// # Errors
/// In words, when there is no such run, or the report cannot be written.
pub async fn run(args: &Args, output: &Output) -> Result<Exit, Failure> {
    let (checked, after) = (args.report.check()?, args.after.check()?);
    let facts = args.report.facts.read()?;
    let store = Store::open_existing(&store_path(args.report.store.as_deref()))?;
    let run = assessment::find_run(&store, args.run.as_deref())?;
    assessment::check_folder(&checked.out)?;
    after.remember(&store, &run.tenant)?;
    let written = assessment::write(&store, &run.uuid, &facts, &checked.wishes, &checked.out)?;
    let exit = after.close(&written, output).await;
    output.result(&written.summary(output.width(), output.colour()))?;
    Ok(exit)
}
