//! `readiness.csv`: one line a roster entry, in roster order, for machines and for whoever filters.
//!
//! UTF-8 without byte order mark, lines end in CRLF (RFC 4180). Ids stand for states; texts are guarded against being
//! read as formulas by a leading apostrophe (`'`), as the README says.

use std::borrow::Cow;
use std::io::Write;

use csv::{Terminator, WriterBuilder};

use super::columns::{self, CONTRACT, FURTHER};
use super::row::Row;
use super::{ReportError, View, clean};

/// Writes the file.
///
/// # Errors
///
/// [`ReportError`] when `out` fails or the rows cannot be read.
pub fn write(view: &View, out: &mut dyn Write) -> Result<(), ReportError> {
    let failed = ReportError::format("csv");
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).buffer_capacity(1 << 16).from_writer(out);
    let header = columns::csv_header(&view.head);
    for name in &header {
        writer.write_field(&*clean::csv_field(name)).map_err(|error| failed(&error))?;
    }
    writer.write_record(None::<&[u8]>).map_err(|error| failed(&error))?;
    for row in view.spool.rows()? {
        let row = row?;
        for field in fields(view, &row) {
            writer.write_field(&*field).map_err(|error| failed(&error))?;
        }
        writer.write_record(None::<&[u8]>).map_err(|error| failed(&error))?;
    }
    writer.flush().map_err(|error| failed(&error))
}

/// The fields of one line, in the order of [`columns::csv_header`].
fn fields<'a>(view: &'a View, row: &'a Row) -> impl Iterator<Item = Cow<'a, str>> {
    let own = CONTRACT.iter().chain(&FURTHER).map(|id| guarded(columns::text(row, id)));
    let integrations = view.head.integrations.iter().flat_map(|id| columns::integration(row, id)).map(clean::csv_field);
    // A row with too few extras is filled up: a short line would shift every reader's columns.
    let extras = (0..view.head.extra_columns.len())
        .map(|place| clean::csv_field(row.extras.get(place).map_or("", String::as_str)));
    own.chain(integrations).chain(extras)
}

fn guarded(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => clean::csv_field(text),
        Cow::Owned(text) => Cow::Owned(clean::csv_field(&text).into_owned()),
    }
}
