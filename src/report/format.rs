//! Which formats there are, and how their files get into place: all of them whole, or none.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use rayon::prelude::*;
use tempfile::NamedTempFile;

use crate::private;

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
/// [`ReportError`] when the folder cannot be written, or a format fails; then no file is touched.
pub fn write_all(view: &View, folder: &Path, formats: &[FormatKind]) -> Result<Vec<PathBuf>, ReportError> {
    private::folder(folder).map_err(ReportError::write(folder))?;
    let written = formats
        .par_iter()
        .map(|&format| write_one(view, folder, format))
        .collect::<Result<Vec<(NamedTempFile, PathBuf)>, ReportError>>()?;
    written
        .into_iter()
        .map(|(file, path)| match file.persist(&path) {
            Ok(_) => Ok(path),
            Err(error) => Err(ReportError::Write { path, source: error.error }),
        })
        .collect()
}

/// Writes one format to a temporary file beside its place.
fn write_one(view: &View, folder: &Path, format: FormatKind) -> Result<(NamedTempFile, PathBuf), ReportError> {
    let path = folder.join(format.file_name());
    let file = private::temporary(folder).map_err(ReportError::write(folder))?;
    let handle = file.as_file().try_clone().map_err(ReportError::write(&path))?;
    let mut out = BufWriter::with_capacity(1 << 18, handle);
    let Known(_, _, write) = format.known();
    write(view, &mut out)?;
    out.flush().map_err(ReportError::write(&path))?;
    file.as_file().sync_all().map_err(ReportError::write(&path))?;
    Ok((file, path))
}
