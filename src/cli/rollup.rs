//! `ewsready rollup`: the stores of many tenants on one sheet. Offline; one that fails does not stop the others.

use std::path::PathBuf;

use rayon::prelude::*;

use super::facts::FactsArgs;
use super::{Output, clock};
use crate::assessment;
use crate::failure::{Exit, Failure};
use crate::report::rollup::{Rollup, RollupFormat, State, TenantLine, text};
use crate::report::{Templates, Texts};

/// Put the newest run of every tenant of these stores on one sheet, a row a tenant.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Stores, each with the runs of one or more tenants.
    #[arg(required = true, value_name = "STORE")]
    stores: Vec<PathBuf>,
    /// Folder for the files; without it the result is shown.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Files to write into it.
    #[arg(
        long,
        value_enum,
        value_name = "LIST",
        value_delimiter = ',',
        default_values = ["csv", "json", "xlsx", "html", "md"]
    )]
    format: Vec<RollupFormat>,
    #[command(flatten)]
    facts: FactsArgs,
    /// Folder with templates that replace the built-in ones (rollup.html, rollup.css, rollup.md).
    #[arg(long, value_name = "DIR")]
    templates: Option<PathBuf>,
    /// Language of the titles.
    #[arg(long, value_name = "LANG", default_value = "en")]
    language: String,
}

/// Runs the command. The code is 4 when a tenant failed or has rows that are not assessed.
///
/// # Errors
/// In words, when facts, templates or language are wrong, or the files cannot be written.
pub fn run(args: &Args, output: &Output) -> Result<Exit, Failure> {
    let facts = args.facts.read()?;
    let texts = Texts::embedded(&args.language)?;
    let templates = args.templates.as_deref().map(Templates::overridden_by).transpose()?.unwrap_or_default();
    let as_of = clock()?.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let read = |path: &PathBuf| assessment::rollup::tenants(path, &facts, as_of);
    let mut lines: Vec<TenantLine> = args.stores.par_iter().flat_map_iter(read).collect();
    lines.sort_by(|a, b| (&a.tenant, &a.store).cmp(&(&b.tenant, &b.store)));
    let whole = lines.iter().all(|line| line.state == State::Assessed);
    let exit = if whole { Exit::Done } else { Exit::Incomplete };
    let rollup = Rollup::new(as_of, exit, lines);
    match &args.out {
        None => output.result(&text(&rollup, &texts))?,
        Some(folder) => {
            assessment::check_folder(folder)?;
            for path in rollup.write_all(folder, &args.format, &texts, &templates)? {
                output.result(&format!("{}\n", path.display()))?;
            }
        }
    }
    Ok(exit)
}
