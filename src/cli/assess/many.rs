//! Several tenants in one command: each its own run and folder, and a roll-up with a line each. One that fails does not
//! stop the others.

use std::collections::HashMap;

use jiff::civil::Date;

use super::{Assessed, Session};
use crate::assessment;
use crate::cli::store_path;
use crate::evidence::store::Store;
use crate::failure::{Exit, Failure};
use crate::report::rollup::{Figures, Rollup, RollupFormat, State, TenantLine, text};
use crate::report::{FormatKind, Templates, Texts};

/// From worst to best: what was stopped by hand, what could not run at all, what is not complete, what is.
const WORST_FIRST: [Exit; 8] = [
    Exit::Interrupted,
    Exit::Terminated,
    Exit::Usage,
    Exit::SignIn,
    Exit::Resumable,
    Exit::Incomplete,
    Exit::Threshold,
    Exit::Done,
];

/// Assesses the tenants one after the other.
///
/// # Errors
/// When the folder for all of them, or the roll-up, cannot be written.
pub(super) async fn run(session: &mut Session<'_>, names: &[String]) -> Result<Exit, Failure> {
    let (output, out) = (session.output, session.report.out.clone());
    let folders = folders(names)?;
    assessment::check_folder(&out)?;
    let today = session.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let as_of = session.report.wishes.as_of.unwrap_or(today);
    let has_page = session.report.wishes.formats.contains(&FormatKind::Html);
    let mut lines = Vec::with_capacity(names.len());
    let mut exits = Vec::with_capacity(names.len());
    for (name, folder) in names.iter().zip(folders) {
        let stop = session.stop();
        if stop.token.is_cancelled() {
            let hint = "the same command begins it".to_owned();
            let failure = Failure { exit: stop.exit(), message: "not begun".to_owned(), hint };
            exits.push(failure.exit);
            lines.push(failed(name, failure));
            continue;
        }
        output.remark(&format!("tenant {name}"));
        let (line, exit) = match session.assess(name, &out.join(&folder)).await {
            Ok(assessed) => (assessed_line(name, folder, &assessed, as_of, has_page), assessed.exit),
            Err(failure) => {
                output.error(&failure);
                let exit = failure.exit;
                (failed(name, failure), exit)
            }
        };
        lines.push(line);
        exits.push(exit);
    }
    let worst = WORST_FIRST.into_iter().find(|exit| exits.contains(exit)).unwrap_or(Exit::Done);
    for line in lines.iter_mut().filter(|line| line.figures.is_none()) {
        line.figures = last_known(session, &line.tenant, as_of);
    }
    let wishes = &session.report.wishes;
    let texts = Texts::embedded(&wishes.language)?;
    let templates = wishes.templates.as_deref().map(Templates::overridden_by).transpose()?.unwrap_or_default();
    let rollup = Rollup::new(as_of, worst, lines);
    let paths = rollup.write_all(&out, &RollupFormat::ALL, &texts, &templates)?;
    output.result(&text(&rollup, &texts))?;
    for path in paths {
        output.result(&format!("  {}\n", path.display()))?;
    }
    Ok(worst)
}

/// Each tenant's folder; no two share one, nor differ by case alone, which is one folder on Windows and macOS.
fn folders(names: &[String]) -> Result<Vec<String>, Failure> {
    let mut taken = HashMap::with_capacity(names.len());
    let mut folders = Vec::with_capacity(names.len());
    for name in names {
        let folder = folder(name);
        if let Some(other) = taken.insert(folder.to_lowercase(), name) {
            return Err(Failure::usage(
                format!("the reports of the tenants '{other}' and '{name}' would lie in one folder, {folder}"),
                "rename one of them in the configuration, or assess them one by one with an --out each",
            ));
        }
        folders.push(folder);
    }
    Ok(folders)
}

/// A tenant's name as a folder's: whatever a file system could mind becomes an underscore.
fn folder(name: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || letter == '-' || letter == '_';
    name.chars().map(|letter| if plain(letter) { letter } else { '_' }).collect()
}

fn assessed_line(name: &str, folder: String, assessed: &Assessed, as_of: Date, has_page: bool) -> TenantLine {
    let stopped = State::of(assessed.exit, true) == State::Stopped;
    TenantLine {
        tenant: name.to_owned(),
        state: State::of(assessed.exit, true),
        exit_code: assessed.exit.code(),
        message: if stopped { "stopped on the way; the report shows what is known".to_owned() } else { String::new() },
        hint: if stopped { "the same command asks only what is open".to_owned() } else { String::new() },
        report: folder,
        has_page,
        store: String::new(),
        figures: assessment::rollup::written(&assessed.written.view, as_of),
    }
}

fn failed(name: &str, failure: Failure) -> TenantLine {
    TenantLine {
        tenant: name.to_owned(),
        state: State::of(failure.exit, false),
        exit_code: failure.exit.code(),
        message: failure.message,
        hint: failure.hint,
        report: String::new(),
        has_page: false,
        store: String::new(),
        figures: None,
    }
}

/// What an earlier run of a tenant that failed now left, where the store tells; a store that does not was told of already.
fn last_known(session: &Session<'_>, tenant: &str, as_of: Date) -> Option<Figures> {
    let opened = match &session.store {
        Some(_) => None,
        None => Some(Store::open_existing(&store_path(session.args.report.store.as_deref())).ok()?),
    };
    let store = session.store.as_ref().or(opened.as_ref())?;
    assessment::rollup::last_known(store, tenant, session.facts, as_of).ok().flatten()
}
