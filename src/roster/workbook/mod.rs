//! Workbooks (XLSX): which sheet holds the roster, and its rows one by one.

mod package;
mod rows;
mod survey;

use std::collections::HashMap;
use std::fs::File;
use std::io::BufReader;

use calamine::{Reader, Xlsx};
use quick_xml::events::Event;

use super::error::RosterError;
use super::recognise::{self, HEAD_ROWS, Layout, Wish};
use super::record::Record;
use package::{Package, SHEETS_LIMIT, Trouble, attribute};
pub(super) use rows::SheetRows;
use survey::Survey;

/// Sheets at most: each is looked into, and calamine finds each by its name among all of them.
const SHEETS: usize = 10_000;

const DAMAGED: &str = "open it in Excel and save it anew, or save the sheet as CSV";

/// Containers that are no workbook, by a part they have.
const CONTAINERS: &[(&str, &str, &str)] = &[
    ("xl/workbook.bin", "a binary workbook (.xlsb)", "save it as an Excel workbook (.xlsx) or as CSV UTF-8"),
    ("word/document.xml", "a Word document", "paste its list into a sheet and save that as XLSX or CSV"),
    ("ppt/presentation.xml", "a presentation", "give the list as CSV or XLSX"),
    ("content.xml", "an OpenDocument file", "save it as an Excel workbook (.xlsx) or as CSV UTF-8"),
    ("Index/Document.iwa", "an Apple Numbers or Pages file", "export it as Excel or CSV"),
];

/// A sheet of a workbook.
#[derive(Debug, Clone)]
struct Sheet {
    name: String,
    part: String,
    hidden: bool,
}

/// A workbook with the sheet that holds the roster.
pub(super) struct Workbook {
    xlsx: Xlsx<BufReader<File>>,
    sheet: String,
    survey: Survey,
    /// What to say about sheet and workbook.
    pub(super) notes: Vec<String>,
}

impl Workbook {
    /// Opens a workbook and finds the sheet with an address column.
    ///
    /// # Errors
    /// When it is no workbook, a damaged one, or none of its sheets is a roster.
    pub(super) fn open(
        input: &str,
        file: &File,
        sheet: Option<&str>,
        wish: &Wish,
    ) -> Result<(Self, Layout), RosterError> {
        let trouble = |trouble: Trouble| RosterError::of(input, trouble, DAMAGED);
        let again = || file.try_clone().map_err(|error| trouble(Trouble::Io(error)));
        let mut package = Package::open(again()?).map_err(trouble)?;
        let names = package.names();
        if !names.iter().any(|name| name.to_ascii_lowercase().ends_with("workbook.xml")) {
            return Err(container(input, &names));
        }
        package.check_small_parts().map_err(trouble)?;
        let sheets = sheets(&mut package).map_err(trouble)?;
        let damaged =
            |error: calamine::XlsxError| RosterError::of(input, format!("is a damaged workbook: {error}"), DAMAGED);
        let mut xlsx: Xlsx<_> = Xlsx::new(BufReader::new(again()?)).map_err(damaged)?;
        let wanted = wanted(input, &sheets, sheet)?;
        let mut found: Vec<(usize, Survey, Layout)> = Vec::new();
        let mut seen = Vec::new();
        let mut within = SHEETS_LIMIT;
        for &at in &wanted {
            let Some(sheet) = sheets.get(at) else { continue };
            let survey = survey::sheet(&mut package, &sheet.part, &mut within).map_err(trouble)?;
            let head = head(&mut xlsx, &sheet.name, &survey).map_err(damaged)?;
            match recognise::layout(&head, wish) {
                Ok(layout) => found.push((at, survey, layout)),
                Err(columns) => seen.extend(columns),
            }
        }
        let merit = |(at, _, layout): &(usize, Survey, Layout)| {
            let visible = if sheets.get(*at).is_some_and(|sheet| sheet.hidden) { 0.1 } else { 1.0 };
            let valid = u32::try_from(layout.address.valid.clamp(1, 25)).unwrap_or(1);
            visible * layout.address.score * f64::from(valid)
        };
        let best = found.into_iter().rev().max_by(|a, b| merit(a).total_cmp(&merit(b)));
        let Some((at, survey, layout)) = best else {
            return Err(no_roster(input, &sheets, &wanted, &seen, wish));
        };
        let notes = notes(&sheets, at, &survey);
        let sheet = sheets.get(at).map(|sheet| sheet.name.clone()).unwrap_or_default();
        Ok((Self { xlsx, sheet, survey, notes }, layout))
    }

    /// The name of the sheet.
    pub(super) fn sheet(&self) -> &str {
        &self.sheet
    }

    /// The rows of the sheet.
    pub(super) fn rows(&mut self) -> Result<SheetRows<'_>, calamine::XlsxError> {
        Ok(SheetRows::new(self.xlsx.worksheet_cells_reader(&self.sheet)?, &self.survey.merges))
    }
}

/// Every row of the sheets that `pick` takes by their names, for what is no roster but a small table; no more than `within`
/// bytes of them.
///
/// # Errors
/// In words, when it is no workbook, a damaged one, or holds more.
pub(crate) fn small_tables(
    file: &File,
    pick: impl FnOnce(Vec<String>) -> Vec<String>,
    within: usize,
) -> Result<Vec<Vec<Vec<String>>>, String> {
    let again = || file.try_clone().map_err(|error| error.to_string());
    let trouble = |trouble: Trouble| format!("it {trouble}");
    let damaged = |error: calamine::XlsxError| format!("it is a damaged workbook: {error}");
    let mut package = Package::open(again()?).map_err(trouble)?;
    package.check_small_parts().map_err(trouble)?;
    let sheets = sheets(&mut package).map_err(trouble)?;
    let picked = pick(sheets.iter().map(|sheet| sheet.name.clone()).collect());
    let mut xlsx: Xlsx<_> = Xlsx::new(BufReader::new(again()?)).map_err(damaged)?;
    let (mut left, mut unpacked) = (within, SHEETS_LIMIT);
    let mut tables = Vec::new();
    for sheet in sheets.iter().filter(|sheet| picked.contains(&sheet.name)) {
        let survey = survey::sheet(&mut package, &sheet.part, &mut unpacked).map_err(trouble)?;
        let mut rows = SheetRows::new(xlsx.worksheet_cells_reader(&sheet.name).map_err(damaged)?, &survey.merges);
        let mut table = Vec::new();
        while let Some(row) = rows.next().map_err(damaged)? {
            let size: usize = row.cells.iter().map(|cell| cell.len() + size_of::<String>()).sum();
            left = left.checked_sub(size).ok_or_else(|| format!("it holds more than {} MiB", within >> 20))?;
            table.push(row.cells);
        }
        tables.push(table);
    }
    Ok(tables)
}

/// The first rows of a sheet.
fn head(xlsx: &mut Xlsx<BufReader<File>>, sheet: &str, survey: &Survey) -> Result<Vec<Record>, calamine::XlsxError> {
    let mut rows = SheetRows::new(xlsx.worksheet_cells_reader(sheet)?, &survey.merges);
    let mut head = Vec::new();
    while head.len() < HEAD_ROWS {
        let Some(row) = rows.next()? else { break };
        head.push(row);
    }
    Ok(head)
}

/// Which sheets to look at: the one asked for, or all.
fn wanted(input: &str, sheets: &[Sheet], asked: Option<&str>) -> Result<Vec<usize>, RosterError> {
    let Some(asked) = asked else { return Ok((0..sheets.len()).collect()) };
    let exact = sheets.iter().position(|sheet| sheet.name == asked);
    let loose = || sheets.iter().position(|sheet| sheet.name.trim().to_lowercase() == asked.trim().to_lowercase());
    let numbered = || asked.trim().parse::<usize>().ok().and_then(|n| n.checked_sub(1)).filter(|n| *n < sheets.len());
    match exact.or_else(loose).or_else(numbered) {
        Some(at) => Ok(vec![at]),
        None => {
            let hint = format!("its sheets are {}", list(sheets.iter().map(|sheet| sheet.name.as_str())));
            Err(RosterError::of(input, format!("has no sheet '{asked}'"), hint))
        }
    }
}

fn no_roster(input: &str, sheets: &[Sheet], looked: &[usize], columns: &[String], wish: &Wish) -> RosterError {
    let names = list(looked.iter().filter_map(|at| sheets.get(*at)).map(|sheet| sheet.name.as_str()));
    let columns = list(columns.iter().take(12).map(String::as_str));
    match &wish.column {
        Some(asked) => RosterError::of(
            input,
            format!("has no column '{asked}' in {names}"),
            format!("the columns seen are {columns}"),
        ),
        None if columns.is_empty() => RosterError::of(
            input,
            format!("is a workbook without content in {names}"),
            "give the workbook that holds the list",
        ),
        None => RosterError::of(
            input,
            format!("is a workbook without a column of mailbox addresses in {names}"),
            format!("name the column with --address-column and the sheet with --sheet; the columns seen are {columns}"),
        ),
    }
}

/// What a container is that holds no workbook.
fn container(input: &str, names: &[String]) -> RosterError {
    if let Some((_, what, hint)) = CONTAINERS.iter().find(|(part, ..)| names.iter().any(|name| name == part)) {
        return RosterError::of(input, format!("is {what}, not a roster"), *hint);
    }
    let inside = |name: &&String| {
        let name = name.to_ascii_lowercase();
        [".csv", ".xlsx", ".tsv", ".txt"].iter().any(|end| name.ends_with(end))
    };
    let candidates = list(names.iter().filter(inside).take(5).map(String::as_str));
    let hint = if candidates.is_empty() {
        "give a CSV or XLSX file; there is none inside".to_owned()
    } else {
        format!("unpack it and give the roster inside: {candidates}")
    };
    RosterError::of(input, "is a ZIP archive, not a roster", hint)
}

fn notes(sheets: &[Sheet], chosen: usize, survey: &Survey) -> Vec<String> {
    let mut notes = Vec::new();
    let others = sheets.iter().enumerate().filter(|(at, _)| *at != chosen).map(|(_, sheet)| sheet.name.as_str());
    if sheets.len() > 1 {
        notes.push(format!("other sheets: {}", list(others.take(8))));
    }
    if sheets.get(chosen).is_some_and(|sheet| sheet.hidden) {
        notes.push("the sheet is hidden".to_owned());
    }
    if !survey.hidden_columns.is_empty() {
        let columns: Vec<&str> = survey.hidden_columns.iter().take(12).map(String::as_str).collect();
        notes.push(format!("hidden columns read too: {}", columns.join(", ")));
    }
    let counted = [
        (survey.hidden_rows, "hidden or filtered rows read too"),
        (survey.merged_ranges, "merged ranges"),
        (survey.without_result, "formulas without a stored result"),
    ];
    notes.extend(counted.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")));
    notes
}

/// `'a', 'b'`.
fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ")
}

/// The sheets in their order, with the parts that hold them.
fn sheets(package: &mut Package) -> Result<Vec<Sheet>, Trouble> {
    let root = relations(package, "_rels/.rels")?;
    let workbook = root
        .into_iter()
        .find(|(_, kind, _)| kind.ends_with("/officeDocument"))
        .map_or_else(|| "xl/workbook.xml".to_owned(), |(_, _, target)| target.trim_start_matches('/').to_owned());
    let (folder, file) = workbook.rsplit_once('/').unwrap_or(("", &workbook));
    let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    let related = relations(package, &format!("{prefix}_rels/{file}.rels"))?.into_iter();
    let worksheets = related.filter(|(_, kind, _)| kind.ends_with("/worksheet"));
    let targets: HashMap<String, String> = worksheets.map(|(id, _, target)| (id, target)).collect();
    let (mut sheets, mut listed) = (Vec::new(), 0);
    package.walk(&workbook, u64::MAX, |event| {
        if let Event::Start(tag) = event
            && tag.local_name().as_ref() == "sheet"
        {
            listed += 1;
            if listed > SHEETS {
                return Err(format!("lists more than {SHEETS} sheets"));
            }
            if let Some(target) = attribute(tag, "id").and_then(|id| targets.get(&id)) {
                let part = match target.strip_prefix('/') {
                    Some(absolute) => absolute.to_owned(),
                    None if !prefix.is_empty() && target.starts_with(&prefix) => target.clone(),
                    None => format!("{prefix}{target}"),
                };
                let hidden = attribute(tag, "state").is_some_and(|state| state != "visible");
                sheets.push(Sheet { name: attribute(tag, "name").unwrap_or_default(), part, hidden });
            }
        }
        Ok(())
    })?;
    Ok(sheets)
}

/// Id, kind and target of the relationships in a part.
fn relations(package: &mut Package, part: &str) -> Result<Vec<(String, String, String)>, Trouble> {
    let mut relations = Vec::new();
    package.walk(part, u64::MAX, |event| {
        if let Event::Start(tag) = event
            && tag.local_name().as_ref() == "Relationship"
        {
            let of = |name| attribute(tag, name).unwrap_or_default();
            relations.push((of("Id"), of("Type"), of("Target").replace('\\', "/")));
        }
        Ok(())
    })?;
    Ok(relations)
}
