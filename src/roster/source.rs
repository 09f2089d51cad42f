//! One input, understood: what it is, where its header and its address column are, and its records.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::Options;
use super::dialect::{self, Dialect};
use super::encoding::{self, Decoded, Encoding};
use super::error::RosterError;
use super::headers::Role;
use super::input::Input;
use super::kind::{self, Kind};
use super::recognise::{Layout, Wish};
use super::record::{Record, Records};
use super::summary::SourceSummary;
use super::workbook::{SheetRows, Workbook};

/// How much of a text is decoded to recognise its columns, in bytes of UTF-8.
const HEAD_BYTES: usize = 256 * 1024;

/// One input.
pub(super) struct Source {
    input: Input,
    content: Content,
    pub(super) layout: Layout,
    /// Every cell is an entry of its own.
    pub(super) in_a_row: bool,
}

enum Content {
    Text { file: File, encoding: Encoding, dialect: Dialect },
    Sheet(Box<Workbook>),
}

impl Source {
    /// Looks at an input.
    ///
    /// # Errors
    /// When it cannot be read or is no roster.
    pub(super) fn open(input: &Input, options: &Options) -> Result<(Self, SourceSummary), RosterError> {
        let mut file = input.open()?;
        let wish = Wish { column: options.address_column.clone() };
        match kind::of(&mut file).map_err(|error| input.unreadable(&error))? {
            Kind::Foreign("empty", hint) => Err(RosterError::of(&input.to_string(), "is empty", hint)),
            Kind::Foreign(what, hint) => Err(RosterError::of(&input.to_string(), format!("is {what}"), hint)),
            Kind::Zip => Self::workbook(input, &file, options, &wish),
            Kind::Text => Self::text(input, file, options, &wish),
        }
    }

    fn workbook(
        input: &Input,
        file: &File,
        options: &Options,
        wish: &Wish,
    ) -> Result<(Self, SourceSummary), RosterError> {
        let (workbook, layout) = Workbook::open(&input.to_string(), file, options.sheet.as_deref(), wish)?;
        let mut summary = SourceSummary::new(input.to_string(), "XLSX".to_owned(), &layout);
        summary.sheet = Some(workbook.sheet().to_owned());
        summary.notes.clone_from(&workbook.notes);
        Ok((
            Self { input: input.clone(), content: Content::Sheet(Box::new(workbook)), layout, in_a_row: false },
            summary,
        ))
    }

    fn text(
        input: &Input,
        mut file: File,
        options: &Options,
        wish: &Wish,
    ) -> Result<(Self, SourceSummary), RosterError> {
        let unreadable = |error: io::Error| input.unreadable(&error);
        let survey = encoding::survey(&mut file).map_err(unreadable)?;
        let (head, complete) = head(&mut file, survey.encoding).map_err(unreadable)?;
        let reading = dialect::sniff(&head, complete, wish).map_err(|columns| no_roster(input, &columns, wish))?;
        let (dialect, layout) = (reading.dialect, reading.layout);
        let mut summary = SourceSummary::new(input.to_string(), dialect.form(), &layout);
        summary.encoding = Some(survey.encoding);
        if survey.damaged > 0 {
            summary
                .notes
                .push(format!("{} places are not valid {} and shown as \u{fffd}", survey.damaged, survey.encoding));
        }
        if options.sheet.is_some() {
            summary.notes.push("--sheet does not apply to a text".to_owned());
        }
        let content = Content::Text { file, encoding: survey.encoding, dialect };
        Ok((Self { input: input.clone(), content, layout, in_a_row: dialect.in_a_row }, summary))
    }

    /// Layout and records, those below the header, from the first.
    pub(super) fn read(&mut self) -> Result<(&Layout, Rows<'_>), RosterError> {
        let input = self.input.to_string();
        let header = self.layout.header.as_ref().map_or(0, |header| header.line);
        let (records, skip) = match &mut self.content {
            Content::Text { file, encoding, dialect } => {
                file.seek(SeekFrom::Start(0)).map_err(|error| self.input.unreadable(&error))?;
                let text: &mut File = file;
                let records = Records::new(Decoded::new(text, *encoding), dialect.delimiter);
                (RowsOf::Text(Box::new(records)), header.max(dialect.preamble))
            }
            Content::Sheet(workbook) => {
                (RowsOf::Sheet(Box::new(workbook.rows().map_err(|error| damaged(&input, &error))?)), header)
            }
        };
        Ok((&self.layout, Rows { input, records, skip }))
    }

    /// The column that holds something, the one with the surest name first.
    pub(super) fn column(&self, role: Role) -> Option<usize> {
        let of_role = |known: &super::headers::Known| known.role == role;
        let columns =
            self.layout.columns.iter().filter_map(|column| Some((column.index, column.known.filter(of_role)?)));
        columns.rev().max_by_key(|(_, known)| known.strength).map(|(index, _)| index)
    }
}

/// The records of an input below its header.
pub(super) struct Rows<'a> {
    input: String,
    records: RowsOf<'a>,
    skip: u64,
}

enum RowsOf<'a> {
    Text(Box<Records<&'a mut File>>),
    Sheet(Box<SheetRows<'a>>),
}

impl Rows<'_> {
    /// The next record; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Record>, RosterError> {
        loop {
            let record = match &mut self.records {
                RowsOf::Text(records) => {
                    let hint = "was it changed or moved meanwhile?";
                    records
                        .next()
                        .map_err(|error| RosterError::of(&self.input, format!("cannot be read: {error}"), hint))?
                }
                RowsOf::Sheet(rows) => rows.next().map_err(|error| damaged(&self.input, &error))?,
            };
            match record {
                Some(record) if record.line <= self.skip => {}
                other => return Ok(other),
            }
        }
    }
}

fn damaged(input: &str, error: &calamine::XlsxError) -> RosterError {
    RosterError::of(input, format!("is a damaged workbook: {error}"), "open it in Excel and save it anew")
}

fn no_roster(input: &Input, columns: &[String], wish: &Wish) -> RosterError {
    let seen =
        columns.iter().take(12).map(|name| format!("'{}'", super::address::quote(name))).collect::<Vec<_>>().join(", ");
    let input = input.to_string();
    match &wish.column {
        Some(asked) if seen.is_empty() => RosterError::of(&input, format!("has no column '{asked}'"), ""),
        Some(asked) => {
            RosterError::of(&input, format!("has no column '{asked}'"), format!("the columns seen are {seen}"))
        }
        None if columns.len() < 2 => RosterError::of(
            &input,
            "is a text without mailbox addresses",
            "give a list of addresses, one a line, or a table with a column of them",
        ),
        None => RosterError::of(
            &input,
            "has no column of mailbox addresses",
            format!("name it with --address-column; the columns seen are {seen}"),
        ),
    }
}

/// The beginning of a text, and whether that is all of it.
fn head(file: &mut File, encoding: Encoding) -> io::Result<(String, bool)> {
    file.seek(SeekFrom::Start(0))?;
    let mut text = Decoded::new(file.by_ref(), encoding);
    let mut head = Vec::new();
    let mut more = true;
    while more && head.len() < HEAD_BYTES {
        more = text.append(&mut head)?;
    }
    Ok((String::from_utf8_lossy(&head).into_owned(), !more))
}
