//! `ewsready man`: the manual, made of what the command line itself says.

use std::path::{Path, PathBuf};

use clap::CommandFactory;

use super::{Cli, Output};
use crate::failure::{Exit, Failure};

/// Print the manual page, or write one page a command.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder for the pages: ewsready.1, ewsready-assess.1, … [default: the first one, to standard output].
    folder: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// In words, when the pages cannot be written.
pub fn run(args: &Args, output: &Output) -> Result<Exit, Failure> {
    let page = Cli::command();
    match &args.folder {
        None => {
            let mut text = Vec::new();
            clap_mangen::Man::new(page).render(&mut text).map_err(|error| failure(Path::new("the page"), &error))?;
            output.result(&String::from_utf8_lossy(&text))?;
        }
        // A manual is for everybody who uses the computer: ordinary rights.
        Some(folder) => std::fs::create_dir_all(folder)
            .and_then(|()| clap_mangen::generate_to(page, folder))
            .map_err(|error| failure(folder, &error))?,
    }
    Ok(Exit::Done)
}

fn failure(what: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("{} cannot be written: {error}", what.display()), "check the folder and its rights")
}
