//! What can go wrong between the rows and the files.

use std::io;
use std::path::{Path, PathBuf};

use crate::failure::{Exit, Failure};

/// Why a report could not be written. No file is half-written when it occurs.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A file or folder could not be read or written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file could not be put into its place, others could; of several it is the first.
    #[error("cannot write {}: {source}; it is as it was; files of this report that are new: {new}", path.display())]
    Partly {
        /// The file.
        path: PathBuf,
        /// How many are new.
        new: usize,
        /// What the system said.
        source: io::Error,
    },
    /// The temporary file that carries the rows failed.
    #[error("cannot keep the rows of the report in a temporary file in {}: {source}", folder.display())]
    Spool {
        /// The folder it lies in.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A row does not come back as it was written.
    #[error("row {row} of the report cannot be read back from its temporary file: {source}")]
    Row {
        /// Position in the roster, from 1.
        row: u64,
        /// What was wrong with it.
        source: super::spool::Damaged,
    },
    /// A format's own writer failed.
    #[error("cannot write the report as {format}: {detail}")]
    Format {
        /// The format's name, as on the command line.
        format: &'static str,
        /// What its writer said.
        detail: String,
    },
    /// A format name that is none.
    #[error("unknown report format {name:?}")]
    UnknownFormat {
        /// What was given.
        name: String,
    },
    /// A language without texts.
    #[error("there are no report texts for language {name:?}")]
    Language {
        /// What was given.
        name: String,
    },
    /// A file with texts that cannot be used.
    #[error("the report texts {name} cannot be used: {detail}")]
    Texts {
        /// The file.
        name: String,
        /// What is wrong with it.
        detail: String,
    },
    /// A template, or a folder of templates, that cannot be used.
    #[error("the report template {name} cannot be used: {detail}")]
    Template {
        /// The template or folder.
        name: String,
        /// What is wrong with it.
        detail: String,
    },
}

impl ReportError {
    /// What to do next, for a person.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Write { .. } | Self::Partly { .. } => {
                "check that the folder exists, that you may write there, that the disk has room, \
                 and that no other program holds the file open"
            }
            Self::Spool { .. } => {
                "the rows need about half a kilobyte of disk each for a moment: make room, or set TMPDIR to another folder"
            }
            Self::Row { .. } => {
                "the temporary file was changed or cut while the report was written: run the command again"
            }
            Self::Format { .. } => "run the command again; if it stays, leave this format out with --format",
            Self::UnknownFormat { .. } => "the formats are csv, json, ndjson, xlsx, html, md and ps1",
            Self::Language { .. } => "the languages are en and de",
            Self::Template { .. } => "mend it, or leave it out to use the embedded one of the same name",
            Self::Texts { .. } => "compare the file with the embedded one of the same name",
        }
    }

    /// A writing error about `path`.
    pub(crate) fn write(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Write { path, source }
    }

    /// What the system said about a file.
    pub(crate) fn about(path: &Path, source: io::Error) -> Self {
        Self::Write { path: path.to_owned(), source }
    }

    /// An error of one format's writer.
    pub(crate) fn format(format: &'static str) -> impl Fn(&dyn std::fmt::Display) -> Self {
        move |detail| Self::Format { format, detail: detail.to_string() }
    }
}

impl From<ReportError> for Failure {
    /// Where the disk was full or a file held open the evidence is all there, and the same command is worth repeating.
    fn from(error: ReportError) -> Self {
        use ReportError as E;
        let exit = match error {
            E::Write { .. } | E::Partly { .. } | E::Spool { .. } | E::Row { .. } | E::Format { .. } => Exit::Resumable,
            E::UnknownFormat { .. } | E::Language { .. } | E::Texts { .. } | E::Template { .. } => Exit::Usage,
        };
        Self { exit, message: error.to_string(), hint: error.hint().to_owned() }
    }
}
