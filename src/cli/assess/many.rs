//! Several tenants in one command: each its own run and folder, and a roll-up with a line each. One that fails does not
//! stop the others.

use std::path::Path;

use serde::Serialize;

use super::{Assessed, Session};
use crate::assessment;
use crate::cli::files::write_whole;
use crate::failure::{Exit, Failure};
use crate::verdict::Verdict;

/// How a tenant came out.
#[derive(Debug, Serialize)]
struct Line {
    tenant: String,
    state: &'static str,
    exit_code: u8,
    entries: u64,
    blocked: u64,
    needs_license_upgrade: u64,
    move_to_graph_eac: u64,
    not_assessed: u64,
    run: String,
    report: String,
    message: String,
}

/// The roll-up as JSON.
#[derive(Serialize)]
struct Rollup<'a> {
    schema: &'static str,
    exit_code: u8,
    tenants: &'a [Line],
}

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
    assessment::check_folder(&out)?;
    let mut lines = Vec::with_capacity(names.len());
    let mut exits = Vec::with_capacity(names.len());
    for name in names {
        let stop = session.stop();
        if stop.token.is_cancelled() {
            let failure = Failure { exit: stop.exit(), message: "not begun".to_owned(), hint: String::new() };
            lines.push(failed(name, "not_begun", &failure));
            exits.push(failure.exit);
            continue;
        }
        output.remark(&format!("tenant {name}"));
        let folder = folder(name);
        let (line, exit) = match session.assess(name, &out.join(&folder)).await {
            Ok(assessed) => (assessed_line(name, &folder, &assessed), assessed.exit),
            Err(failure) => {
                output.error(&failure);
                (failed(name, state(failure.exit, false), &failure), failure.exit)
            }
        };
        lines.push(line);
        exits.push(exit);
    }
    let worst = WORST_FIRST.into_iter().find(|exit| exits.contains(exit)).unwrap_or(Exit::Done);
    write(&out, &lines, worst)?;
    output.result(&markdown(&lines));
    Ok(worst)
}

/// A tenant's name as a folder's: whatever a file system could mind becomes an underscore.
fn folder(name: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || letter == '-' || letter == '_';
    name.chars().map(|letter| if plain(letter) { letter } else { '_' }).collect()
}

fn state(exit: Exit, has_report: bool) -> &'static str {
    match exit {
        Exit::Done => "assessed",
        Exit::Incomplete => "incomplete",
        Exit::Threshold => "threshold",
        Exit::Resumable | Exit::Interrupted | Exit::Terminated if has_report => "stopped",
        Exit::Resumable | Exit::Interrupted | Exit::Terminated => "not_begun",
        Exit::SignIn => "sign_in",
        Exit::Usage => "configuration",
    }
}

fn assessed_line(name: &str, folder: &str, assessed: &Assessed) -> Line {
    let count = |verdict| assessed.written.count(verdict);
    Line {
        tenant: name.to_owned(),
        state: state(assessed.exit, true),
        exit_code: assessed.exit.code(),
        entries: assessed.written.rows(),
        blocked: count(Verdict::Blocked),
        needs_license_upgrade: count(Verdict::NeedsLicenseUpgrade),
        move_to_graph_eac: count(Verdict::MoveToGraphEac),
        not_assessed: count(Verdict::NotAssessed),
        run: assessed.run.clone(),
        report: folder.to_owned(),
        message: String::new(),
    }
}

fn failed(name: &str, state: &'static str, failure: &Failure) -> Line {
    Line {
        tenant: name.to_owned(),
        state,
        exit_code: failure.exit.code(),
        entries: 0,
        blocked: 0,
        needs_license_upgrade: 0,
        move_to_graph_eac: 0,
        not_assessed: 0,
        run: String::new(),
        report: String::new(),
        message: failure.message.clone(),
    }
}

fn write(out: &Path, lines: &[Line], worst: Exit) -> Result<(), Failure> {
    let broken = |error: String| Failure::usage(format!("the roll-up cannot be written: {error}"), "");
    let mut table = csv::Writer::from_writer(Vec::new());
    for line in lines {
        table.serialize(line).map_err(|error| broken(error.to_string()))?;
    }
    let table = table.into_inner().map_err(|error| broken(error.to_string()))?;
    let rollup = Rollup { schema: "ewsready/rollup/1", exit_code: worst.code(), tenants: lines };
    let json = serde_json::to_vec_pretty(&rollup).map_err(|error| broken(error.to_string()))?;
    write_whole(&out.join("rollup.csv"), &table, true)?;
    write_whole(&out.join("rollup.json"), &json, true)?;
    write_whole(&out.join("rollup.md"), markdown(lines).as_bytes(), true)
}

fn markdown(lines: &[Line]) -> String {
    let mut text =
        "| tenant | state | entries | blocked | needs license upgrade | move to Graph/EAC | not assessed | report |\n\
                    |---|---|--:|--:|--:|--:|--:|---|\n"
            .to_owned();
    for line in lines {
        let shown = if line.message.is_empty() { &line.report } else { &line.message };
        let shown = shown.replace(['|', '\n', '<', '>'], " ");
        text.push_str(&format!(
            "| {} | {} | {} | {} | {} | {} | {} | {shown} |\n",
            line.tenant.replace('|', " "),
            line.state,
            line.entries,
            line.blocked,
            line.needs_license_upgrade,
            line.move_to_graph_eac,
            line.not_assessed
        ));
    }
    text
}
