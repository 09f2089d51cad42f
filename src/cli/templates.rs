//! `ewsready templates`: the built-in templates, to read, to run, or to change for `--templates`.

use super::Output;
use crate::config::nearest;
use crate::failure::{Exit, Failure};
use crate::report::{Templates, powershell};

/// Templates that stand as they are; the report's own come from the report.
const PLAIN: &[(&str, &str)] = &[
    ("roster.csv", include_str!("../../templates/roster.csv")),
    ("ewsready.toml", include_str!("../../templates/ewsready.toml")),
];

/// List the built-in templates, or print one.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The template to print.
    name: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// In words, when there is no such template.
pub fn run(args: &Args, output: &Output) -> Result<Exit, Failure> {
    let names: Vec<&str> = PLAIN.iter().map(|(name, _)| *name).chain(Templates::names()).collect();
    let Some(wanted) = args.name.as_deref() else {
        output.result(&format!("{}\n", names.join("\n")))?;
        return Ok(Exit::Done);
    };
    if !names.contains(&wanted) {
        let near = nearest(wanted, names.iter().copied()).map(|near| format!("did you mean {near}? "));
        let hint = format!("{}there are {}", near.unwrap_or_default(), names.join(", "));
        return Err(Failure::usage(format!("there is no template '{wanted}'"), hint));
    }
    output.result(&text(wanted)?)?;
    Ok(Exit::Done)
}

fn text(name: &str) -> Result<String, Failure> {
    let templates = Templates::default();
    if let Some((_, plain)) = PLAIN.iter().find(|(known, _)| *known == name) {
        return Ok((*plain).to_owned());
    }
    // The one script that is run as it is printed; the others wait for a report's values.
    if name == "export-exchange.ps1" {
        let mut script = Vec::new();
        powershell::write_export(&templates, &mut script)?;
        return Ok(String::from_utf8_lossy(&script).into_owned());
    }
    templates.text(name).map_err(Failure::from)
}
