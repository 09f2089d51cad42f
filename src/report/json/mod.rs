//! `readiness.json` and `readiness.ndjson`: the whole report for machines.
//!
//! The types here are the format, version 1: they are its own, so that nothing in the program can change the files by
//! accident, and [`schema`] is made from them. A field may be added; none is renamed, retyped or dropped within a
//! version. Users come last, so that a reader who streams has the sums first.

use std::io::Write;

use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer as _};

use self::types::{Finding, Method, Readiness, Run, Sums, Tenant, User};
use super::changes::ChangesJson;
use super::standing::StandingJson;
use super::trend::TrendJson;
use super::{ReportError, View};

mod ids;
mod types;

/// The name and version of the format, first member of every file.
pub const SCHEMA: &str = "ewsready/readiness/1";

/// Writes `readiness.json`.
///
/// # Errors
///
/// [`ReportError`] when `out` fails or the rows cannot be read.
pub fn write(view: &View, out: &mut dyn Write) -> Result<(), ReportError> {
    let mut rows = Ok(());
    let written = (|| {
        let mut json = serde_json::Serializer::new(&mut *out);
        let mut file = json.serialize_map(None)?;
        file.serialize_entry("schema", SCHEMA)?;
        file.serialize_entry("run", &Run::new(&view.head))?;
        file.serialize_entry("tenant", &Tenant::new(&view.head))?;
        file.serialize_entry("summary", &Sums::new(&view.summary, &view.head))?;
        file.serialize_entry(
            "findings",
            &view.summary.actions.iter().map(|action| Finding::new(action, &view.history)).collect::<Vec<_>>(),
        )?;
        file.serialize_entry("method", &Method::new(&view.head))?;
        file.serialize_entry("changes", &view.history.changes.as_ref().map(ChangesJson::new))?;
        file.serialize_entry("trend", &TrendJson::new(&view.history.trend))?;
        file.serialize_entry("plan", &view.history.plan.as_ref().map(StandingJson::new))?;
        file.serialize_entry("users", &Users { view, failure: &std::cell::RefCell::new(&mut rows) })?;
        file.end()
    })();
    rows?;
    written.map_err(|error| ReportError::format("json")(&error))?;
    out.write_all(b"\n").map_err(|error| ReportError::format("json")(&error))
}

/// Writes `readiness.ndjson`: each user of `readiness.json` on a line.
///
/// # Errors
///
/// [`ReportError`] when `out` fails or the rows cannot be read.
pub fn write_lines(view: &View, out: &mut dyn Write) -> Result<(), ReportError> {
    let failed = ReportError::format("ndjson");
    for row in view.spool.rows()? {
        let row = row?;
        serde_json::to_writer(&mut *out, &User::new(&row, &view.head)).map_err(|error| failed(&error))?;
        out.write_all(b"\n").map_err(|error| failed(&error))?;
    }
    Ok(())
}

/// The JSON Schema (draft 2020-12) of `readiness.json`.
#[must_use]
pub fn schema() -> serde_json::Value {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<Readiness<'_>>().to_value()
}

/// The JSON Schema (draft 2020-12) of one line of `readiness.ndjson`.
#[must_use]
pub fn line_schema() -> serde_json::Value {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<User<'_>>().to_value()
}

/// Streams the users; an error of the rows is kept aside, because serde can only carry text.
struct Users<'a, 'b> {
    view: &'a View,
    failure: &'a std::cell::RefCell<&'b mut Result<(), ReportError>>,
}

impl Serialize for Users<'_, '_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fail = |error: ReportError| {
            let text = error.to_string();
            **self.failure.borrow_mut() = Err(error);
            serde::ser::Error::custom(text)
        };
        let mut users = serializer.serialize_seq(Some(self.view.spool.len()))?;
        for row in self.view.spool.rows().map_err(fail)? {
            let row = row.map_err(fail)?;
            serde::ser::SerializeSeq::serialize_element(&mut users, &User::new(&row, &self.view.head))?;
        }
        serde::ser::SerializeSeq::end(users)
    }
}
