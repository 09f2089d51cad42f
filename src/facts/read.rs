//! Reading one file of facts: TOML, or CSV whose leading comment lines are TOML.

use std::ops::Range;

use jiff::civil::Date;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// What is wrong with which file of facts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("facts file {file}{}: {message}", line.map(|line| format!(", line {line}")).unwrap_or_default())]
pub struct FactsError {
    /// The file's name.
    pub file: String,
    /// The line, where the trouble has one.
    pub line: Option<usize>,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// A file's own word about its age and origin.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Head {
    /// The day on which the facts were last held against their sources.
    pub as_of: Date,
    /// Where they come from.
    pub sources: Vec<String>,
}

/// One file's name and text while it is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct File<'a> {
    pub name: &'a str,
    pub text: &'a str,
}

impl File<'_> {
    /// A complaint about the file, at a byte range where there is one.
    pub fn error(&self, at: Option<Range<usize>>, message: impl Into<String>) -> FactsError {
        let line = at.map(|range| {
            let before = self.text.get(..range.start.min(self.text.len())).unwrap_or(self.text);
            before.bytes().filter(|byte| *byte == b'\n').count() + 1
        });
        FactsError { file: self.name.to_owned(), line, message: message.into() }
    }

    /// A complaint about one line.
    pub fn error_in_line(&self, line: usize, message: impl Into<String>) -> FactsError {
        FactsError { file: self.name.to_owned(), line: Some(line), message: message.into() }
    }

    /// Reads a TOML file: its head, and its body.
    pub fn toml<T: DeserializeOwned>(&self) -> Result<(Head, T), FactsError> {
        Ok((self.parse(self.text)?, self.parse(self.text)?))
    }

    fn parse<T: DeserializeOwned>(&self, text: &str) -> Result<T, FactsError> {
        toml::from_str(text).map_err(|error| self.error(error.span(), error.message().to_owned()))
    }

    /// Reads a CSV file: its head from the leading comments, and each record with the line it starts on.
    pub fn csv<T: DeserializeOwned>(&self) -> Result<(Head, Vec<(usize, T)>), FactsError> {
        let preamble: Vec<&str> =
            self.text.lines().map_while(|line| line.strip_prefix('#')).filter(|line| line.contains(" = ")).collect();
        let head: Head =
            toml::from_str(&preamble.join("\n")).map_err(|error| self.error_in_line(1, error.message().to_owned()))?;
        let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(self.text.as_bytes());
        let columns = reader.headers().map_err(|error| self.csv_error(&error))?.clone();
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| self.csv_error(&error))?;
            let line = record.position().map_or(0, |position| usize::try_from(position.line()).unwrap_or(0));
            let row =
                record.deserialize(Some(&columns)).map_err(|error| self.error_in_line(line, csv_message(&error)))?;
            rows.push((line, row));
        }
        Ok((head, rows))
    }

    fn csv_error(&self, error: &csv::Error) -> FactsError {
        let line = error.position().and_then(|position| usize::try_from(position.line()).ok());
        FactsError { file: self.name.to_owned(), line, message: csv_message(error) }
    }
}

fn csv_message(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => err.kind().to_string(),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} fields where the head names {expected_len}")
        }
        _ => error.to_string(),
    }
}
