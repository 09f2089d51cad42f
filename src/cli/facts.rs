//! `--facts`: fact files of the reader's own, for every command that judges.

use std::borrow::Cow;
use std::path::PathBuf;

use crate::facts::Facts;
use crate::failure::Failure;

/// What every command takes that judges or reads a profile: a report and what explains it go by the same facts.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct FactsArgs {
    /// Folder with fact files that replace the built-in ones, file by file.
    #[arg(long, value_name = "DIR")]
    pub facts: Option<PathBuf>,
}

impl FactsArgs {
    /// The built-in facts, with the files of the folder in their places.
    ///
    /// # Errors
    /// In words, when a replaced file is wrong.
    pub fn read(&self) -> Result<Cow<'static, Facts>, Failure> {
        match &self.facts {
            None => Ok(Cow::Borrowed(Facts::embedded())),
            Some(folder) => Facts::load(folder)
                .map(Cow::Owned)
                .map_err(|error| Failure::usage(error.to_string(), "correct the file, or leave out --facts")),
        }
    }
}
