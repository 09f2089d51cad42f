//! `Export-Csv`: with or without `#TYPE`, any of the usual delimiters, lists as PowerShell prints them.

use super::table::{Cell, Record, Table, column};

pub(super) fn read(text: &str) -> Result<Table, String> {
    let mut skipped = 0;
    let mut rest = text;
    // `#TYPE …` of Windows PowerShell, `sep=;` of Excel.
    while let Some(line) = rest.lines().next() {
        let is_head =
            !line.starts_with("#TYPE") && !line.to_ascii_lowercase().starts_with("sep=") && !line.trim().is_empty();
        if is_head {
            break;
        }
        skipped += 1;
        rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
    }
    let head = rest.lines().next().unwrap_or_default();
    let known = |delimiter: char| head.split(delimiter).filter(|name| column(name.trim_matches('"')).is_some()).count();
    let delimiter = [',', ';', '\t', '|'].into_iter().max_by_key(|delimiter| known(*delimiter)).unwrap_or(',');
    if known(delimiter) == 0 {
        let shown: String = head.chars().take(60).collect();
        return Err(format!(" is no export of Exchange: its first line, '{shown}', names no column of one"));
    }
    let mut reader =
        csv::ReaderBuilder::new().delimiter(u8::try_from(delimiter).unwrap_or(b',')).from_reader(rest.as_bytes());
    let columns: Vec<_> = reader.headers().map_err(|error| complain(&error, skipped))?.iter().map(column).collect();
    let mut records = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| complain(&error, skipped))?;
        let number = record.position().map_or(0, csv::Position::line) as usize + skipped;
        let cells = columns.iter().zip(&record).filter_map(|(column, text)| Some(((*column)?, cell(text))));
        records.push(Record { number, cells: cells.collect() });
    }
    let columns = columns.into_iter().flatten().collect();
    Ok(Table { unit: "line", columns, records })
}

fn complain(error: &csv::Error, skipped: usize) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let line = pos.as_ref().map_or(0, csv::Position::line) as usize + skipped;
            format!(
                ", line {line}: has {len} fields where the first line has {expected_len}; the line is broken or cut off"
            )
        }
        _ => format!(" is no CSV: {error}"),
    }
}

fn cell(text: &str) -> Cell {
    let text = text.trim();
    if text.is_empty() || text.eq_ignore_ascii_case("$null") {
        return Cell::Null;
    }
    // A list as PowerShell prints it.
    match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
        Some(inner) if !inner.ends_with("...") && !inner.ends_with('…') => {
            let items = inner.split(", ").map(str::trim).filter(|item| !item.is_empty());
            Cell::List(items.map(str::to_owned).collect())
        }
        _ => Cell::Text(text.to_owned()),
    }
}
