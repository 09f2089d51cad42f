//! `Export-Clixml` (MS-PSRP section 2.2.5): objects whose properties stand under `Props` or `MS`, read one object at a
//! time, because an export of a large tenant is larger than the memory it should take.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::table::{Cell, Record, Table, column};
use crate::service::xml::resolve;

/// Places by depth: `Objs` is 1, an object 2, `Props` 3, a property 4.
const OBJECT: usize = 2;
const PROPERTY: usize = 4;
/// Elements that hold several values.
const LISTS: [&str; 4] = ["LST", "IE", "STK", "QUE"];
/// Deeper nesting than any object of Exchange.
const DEEPEST: usize = 64;

pub(super) fn read(text: &str) -> Result<Table, String> {
    let mut reader = Reader::from_str(text);
    let mut walk = Walk::default();
    loop {
        let event = reader.read_event().map_err(|error| format!(" is no XML, or is cut off: {error}"))?;
        match event {
            Event::Start(start) => walk.open(&start)?,
            Event::Empty(start) => {
                walk.open(&start)?;
                walk.close();
            }
            Event::End(_) => walk.close(),
            Event::Text(text) => walk.text.push_str(&text.xml_content(quick_xml::XmlVersion::Implicit1_0)),
            Event::CData(data) => walk.text.push_str(&data),
            Event::GeneralRef(entity) => walk.text.push_str(&resolve(&entity)?),
            Event::DocType(_) => return Err(" is XML with a document type, which PowerShell does not write".to_owned()),
            Event::Eof => break,
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
        }
    }
    if !walk.open.is_empty() {
        return Err(" is cut off: its XML ends before it is complete".to_owned());
    }
    Ok(Table::of("object", walk.records))
}

/// The place in the document, and what was gathered of the present object.
#[derive(Default)]
struct Walk {
    open: Vec<String>,
    record: Record,
    records: Vec<Record>,
    property: Option<(&'static str, Gathered)>,
    text: String,
}

/// What a property turned out to hold.
#[derive(Default)]
struct Gathered {
    items: Vec<String>,
    is_list: bool,
    words: Option<String>,
}

impl Walk {
    fn open(&mut self, start: &BytesStart<'_>) -> Result<(), String> {
        let name = start.local_name().as_ref().to_owned();
        self.open.push(name);
        self.text.clear();
        let depth = self.open.len();
        if depth == 1 && self.open.first().is_some_and(|root| root != "Objs") {
            return Err(" is XML, but not of Export-Clixml (its first element is not Objs)".to_owned());
        }
        if depth > DEEPEST {
            return Err(" is nested deeper than any export".to_owned());
        }
        if depth == OBJECT {
            self.record = Record { number: self.records.len() + 1, ..Record::default() };
        }
        if depth == PROPERTY && matches!(self.container(), "Props" | "MS") {
            let attribute =
                start.attributes().with_checks(false).flatten().find(|attribute| attribute.key.as_ref() == "N");
            self.property =
                attribute.and_then(|attribute| column(&attribute.value)).map(|name| (name, Gathered::default()));
        }
        let is_list = self.open.last().is_some_and(|name| LISTS.contains(&name.as_str()));
        if let (Some((_, gathered)), true) = (&mut self.property, is_list) {
            gathered.is_list = true;
        }
        Ok(())
    }

    fn container(&self) -> &str {
        self.open.get(PROPERTY - 2).map_or("", String::as_str)
    }

    fn close(&mut self) {
        let depth = self.open.len();
        let Some(tag) = self.open.pop() else { return };
        let text = unescaped(std::mem::take(&mut self.text).trim());
        match depth {
            OBJECT => self.records.push(std::mem::take(&mut self.record)),
            PROPERTY => {
                if let Some((name, gathered)) = self.property.take() {
                    self.record.cells.insert(name, cell(&tag, text, gathered));
                }
            }
            _ => {
                if let Some((_, gathered)) = &mut self.property {
                    match tag.as_str() {
                        "ToString" if depth == PROPERTY + 1 => gathered.words = Some(text),
                        "S" | "G" if gathered.is_list => gathered.items.push(text),
                        _ => {}
                    }
                }
            }
        }
    }
}

fn cell(tag: &str, text: String, gathered: Gathered) -> Cell {
    match tag {
        "Nil" => Cell::Null,
        "B" => Cell::Flag(text.eq_ignore_ascii_case("true")),
        "Obj" if gathered.is_list => Cell::List(gathered.items),
        "Obj" => gathered.words.filter(|words| !words.is_empty()).map_or(Cell::Null, Cell::Text),
        "I32" | "I64" | "By" => Cell::Number(text),
        _ if text.is_empty() => Cell::Null,
        _ => Cell::Text(text),
    }
}

/// `_x000D_` and its like stand for characters that XML cannot hold.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        let code = rest.get(at + 2..at + 6).filter(|_| rest.get(at + 6..at + 7) == Some("_"));
        let letter = code.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32);
        plain.push_str(&rest[..at]);
        match letter {
            Some(letter) => {
                plain.push(letter);
                rest = &rest[at + 7..];
            }
            None => {
                plain.push_str("_x");
                rest = &rest[at + 2..];
            }
        }
    }
    plain.push_str(rest);
    plain
}
