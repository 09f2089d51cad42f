//! The ZIP container of a workbook (ECMA-376, Open Packaging Conventions), read within limits before it is trusted.
//!
//! calamine reads shared strings and styles whole and believes what a part declares about itself. So every part it
//! will read is walked through first: how much it unpacks to, how long its longest piece is, how many elements it has.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;
use zip::result::ZipError;

/// Longest single tag or text, in bytes; Excel allows 32,767 characters in a cell.
pub(super) const PIECE_LIMIT: u64 = 1024 * 1024;
/// Most that shared strings may unpack to, in bytes: they are held in memory.
pub(super) const STRINGS_LIMIT: u64 = 512 * 1024 * 1024;
/// Most shared strings.
const STRINGS_COUNT: u64 = 16_000_000;
/// Most that all sheets together may unpack to, in bytes: they are read through, never held.
pub(super) const SHEETS_LIMIT: u64 = 4 * 1024 * 1024 * 1024;
/// Most that any other part may unpack to, in bytes.
const PART_LIMIT: u64 = 32 * 1024 * 1024;
/// Most elements of such a part; Excel allows 65,490 cell formats.
const PART_ELEMENTS: u64 = 2_000_000;

/// Deepest nesting of elements; Excel writes about 10, extensions a few more.
const DEPTH: u32 = 256;

/// Why a workbook cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// It is not a ZIP container, or a broken one.
    #[error("is a damaged ZIP container: {0}")]
    Zip(#[from] ZipError),
    /// It could not be read.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    /// A part is not what it should be.
    #[error("is a damaged workbook: {part}: {what}")]
    Part {
        /// Name of the part.
        part: String,
        /// What is wrong with it.
        what: String,
    },
    /// A part is larger than any roster's.
    #[error("{part} unpacks to more than {limit}; no roster does")]
    TooLarge {
        /// Name of the part.
        part: String,
        /// The limit, with its unit.
        limit: String,
    },
}

impl Trouble {
    pub(super) fn part(part: &str, what: impl ToString) -> Self {
        Self::Part { part: part.to_owned(), what: what.to_string() }
    }
}

/// The container.
pub(super) struct Package {
    zip: ZipArchive<BufReader<File>>,
}

impl Package {
    pub(super) fn open(file: File) -> Result<Self, Trouble> {
        Ok(Self { zip: ZipArchive::new(BufReader::new(file))? })
    }

    /// Names of all parts.
    pub(super) fn names(&self) -> Vec<String> {
        self.zip.file_names().filter_map(Result::ok).map(|name| name.replace('\\', "/")).collect()
    }

    /// Walks through a part, calling `each` with every event; `within` bounds what it may unpack to. Returns what it did.
    pub(super) fn walk(
        &mut self,
        part: &str,
        within: u64,
        mut each: impl FnMut(&Event<'_>) -> Result<(), String>,
    ) -> Result<u64, Trouble> {
        let index = self.index(part).ok_or_else(|| Trouble::part(part, "is missing"))?;
        let file = self.zip.by_index(index)?;
        let metered = Metered { inner: BufReader::new(file), piece: 0, total: 0, within };
        let mut reader = Reader::from_reader(metered);
        reader.config_mut().check_end_names = false;
        reader.config_mut().expand_empty_elements = true;
        let (mut buffer, mut depth) = (Vec::new(), 0_u32);
        loop {
            buffer.clear();
            reader.get_mut().piece = 0;
            match reader.read_event_into(&mut buffer) {
                Ok(Event::Eof) => return Ok(reader.get_ref().total),
                Ok(event) => {
                    match &event {
                        Event::Start(_) => depth += 1,
                        Event::End(_) => depth = depth.saturating_sub(1),
                        _ => {}
                    }
                    // Whoever reads XML remembers every element that is open.
                    if depth > DEPTH {
                        return Err(Trouble::part(part, "is nested deeper than any workbook"));
                    }
                    each(&event).map_err(|what| Trouble::part(part, what))?;
                }
                Err(quick_xml::Error::Io(error)) if error.kind() == io::ErrorKind::FileTooLarge => {
                    return Err(Trouble::TooLarge { part: part.to_owned(), limit: error.to_string() });
                }
                Err(error) => return Err(Trouble::part(part, error)),
            }
        }
    }

    /// Walks through the parts that calamine reads whole when it opens a workbook.
    pub(super) fn check_small_parts(&mut self) -> Result<(), Trouble> {
        for part in self.names() {
            let name = part.to_ascii_lowercase();
            if name.ends_with("sharedstrings.xml") {
                self.check_strings(&part)?;
            } else if name.ends_with(".rels") && !name.contains("worksheets/")
                || name.ends_with("workbook.xml")
                || name.ends_with("styles.xml")
                || name.contains("/theme/") && name.ends_with(".xml")
            {
                let mut elements = 0_u64;
                self.walk(&part, PART_LIMIT, |event| {
                    elements += u64::from(matches!(event, Event::Start(_)));
                    if elements > PART_ELEMENTS { Err("has too many elements".to_owned()) } else { Ok(()) }
                })?;
            }
        }
        Ok(())
    }

    /// Shared strings: no string beyond measure, and no more of them declared than there are.
    fn check_strings(&mut self, part: &str) -> Result<(), Trouble> {
        let (mut declared, mut strings, mut length) = (0_u64, 0_u64, 0_u64);
        self.walk(part, STRINGS_LIMIT, |event| {
            match event {
                Event::Start(tag) if tag.local_name().as_ref() == "sst" => {
                    declared = attribute(tag, "uniqueCount").and_then(|count| count.parse().ok()).unwrap_or(0);
                }
                Event::Start(tag) if tag.local_name().as_ref() == "si" => {
                    strings += 1;
                    length = 0;
                }
                Event::Text(text) => length += text.len() as u64,
                _ => {}
            }
            if strings > STRINGS_COUNT || length > PIECE_LIMIT {
                return Err("has more or longer texts than any sheet".to_owned());
            }
            Ok(())
        })?;
        if declared > strings.saturating_mul(2).saturating_add(1000) {
            return Err(Trouble::part(part, format!("declares {declared} texts and has {strings}")));
        }
        Ok(())
    }

    /// Finds a part by its name; some programs write names with other case or backslashes.
    fn index(&self, part: &str) -> Option<usize> {
        self.zip.index_for_name(part).or_else(|| {
            let mut names = self.zip.file_names().enumerate();
            names.find_map(|(at, name)| {
                name.is_ok_and(|n| n.replace('\\', "/").eq_ignore_ascii_case(part)).then_some(at)
            })
        })
    }
}

/// An attribute's value by its local name.
pub(super) fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = tag.attributes();
    attributes.with_checks(false).flatten().find(|attribute| attribute.key.local_name().as_ref() == name).map(
        |attribute| {
            quick_xml::escape::unescape(&attribute.value)
                .map_or_else(|_| attribute.value.to_string(), |v| v.into_owned())
        },
    )
}

/// A reader that stops when one piece of XML, or everything together, grows beyond measure.
struct Metered<R> {
    inner: R,
    piece: u64,
    total: u64,
    within: u64,
}

impl<R: Read> Read for Metered<BufReader<R>> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: Read> BufRead for Metered<BufReader<R>> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let too_large =
            |limit: u64| io::Error::new(io::ErrorKind::FileTooLarge, format!("{} MiB", limit / (1024 * 1024)));
        if self.piece > PIECE_LIMIT {
            return Err(too_large(PIECE_LIMIT));
        }
        if self.total > self.within {
            return Err(too_large(self.within));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.piece += amount as u64;
        self.total += amount as u64;
        self.inner.consume(amount);
    }
}
