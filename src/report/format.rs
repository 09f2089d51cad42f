//! Which formats there are, and how their files get into place: when every one of them is whole.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use rayon::prelude::*;

use crate::private::{self, Whole};

use super::{ReportError, View, csv, html, json, markdown, powershell, xlsx};

/// Name, file and writer of a format.
struct Known(&'static str, &'static str, fn(&View, &mut BufWriter<File>) -> Result<(), ReportError>);

/// A format of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FormatKind {
    /// `readiness.csv`
    Csv,
    /// `readiness.json`
    Json,
    /// `readiness.ndjson`: the users of the JSON, one a line.
    NdJson,
    /// `readiness.xlsx`
    Xlsx,
    /// `readiness.html`
    Html,
    /// `summary.md`
    Markdown,
    /// `remediation.ps1`
    PowerShell,
}

impl FormatKind {
    /// Every format.
    pub const ALL: &'static [Self] =
        &[Self::Csv, Self::Json, Self::NdJson, Self::Xlsx, Self::Html, Self::Markdown, Self::PowerShell];

    /// What there is to say about each: its name on the command line, its file's name, and who writes it.
    fn known(self) -> Known {
        match self {
            Self::Csv => Known("csv", "readiness.csv", |view, out| csv::write(view, out)),
            Self::Json => Known("json", "readiness.json", |view, out| json::write(view, out)),
            Self::NdJson => Known("ndjson", "readiness.ndjson", |view, out| json::write_lines(view, out)),
            Self::Xlsx => Known("xlsx", "readiness.xlsx", xlsx::write),
            Self::Html => Known("html", "readiness.html", |view, out| html::write(view, out)),
            Self::Markdown => Known("md", "summary.md", |view, out| markdown::write(view, out)),
            Self::PowerShell => Known("ps1", "remediation.ps1", |view, out| powershell::write(view, out)),
        }
    }

    /// Its name on the command line.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.known().0
    }

    /// Its file's name.
    #[must_use]
    pub fn file_name(self) -> &'static str {
        self.known().1
    }
}

impl FromStr for FormatKind {
    type Err = ReportError;

    fn from_str(name: &str) -> Result<Self, ReportError> {
        let wanted = name.trim().to_ascii_lowercase();
        let found = Self::ALL.iter().copied().find(|format| format.id() == wanted);
        found.ok_or_else(|| ReportError::UnknownFormat { name: name.to_owned() })
    }
}

/// Writes the formats into `folder` (made if absent), side by side, and gives the paths in the order asked for. The
/// files appear under their names only when every one of them is whole; old ones are replaced in one step each.
///
/// # Errors
///
/// [`ReportError`] when the folder cannot be written, or a format fails: then no file is touched. When a file cannot be
/// replaced, as one that another program holds open, the others are.
pub fn write_all(view: &View, folder: &Path, formats: &[FormatKind]) -> Result<Vec<PathBuf>, ReportError> {
    private::folder(folder).map_err(ReportError::write(folder))?;
    let write = |format: &FormatKind| {
        let Known(_, name, write) = format.known();
        Whole::written(folder.join(name), ReportError::about, |out| write(view, out))
    };
    keep_all(formats.par_iter().map(write).collect::<Result<_, _>>()?)
}

/// Puts files into their places; gives their paths.
///
/// # Errors
/// [`ReportError`] when one cannot be replaced; the others are.
pub(super) fn keep_all(files: Vec<Whole>) -> Result<Vec<PathBuf>, ReportError> {
    let (mut kept, mut refused) = (Vec::with_capacity(files.len()), None);
    for file in files {
        match file.keep() {
            Ok(path) => kept.push(path),
            Err(trouble) => refused = refused.or(Some(trouble)),
        }
    }
    match refused {
        None => Ok(kept),
        Some((path, source)) if kept.is_empty() => Err(ReportError::Write { path, source }),
        Some((path, source)) => Err(ReportError::Partly { path, new: kept.len(), source }),
    }
}
