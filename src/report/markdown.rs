//! `summary.md`: the summary as it fits a chat post or a ticket.

use std::io::Write;

use minijinja::Value;

use super::page::Page;
use super::{ReportError, View};

/// Writes the file.
///
/// # Errors
///
/// [`ReportError`] when `out` fails or the template is wrong.
pub fn write(view: &View, out: &mut dyn Write) -> Result<(), ReportError> {
    view.templates.render("summary.md", Value::from_serialize(Page::new(view)), out)
}
