//! `ConvertTo-Json`: one object or a list of them. Windows PowerShell wraps lists as `{"value": […], "Count": 2}`.

use serde_json::{Map, Value};

use super::table::{Cell, Record, Table, column};

pub(super) fn read(text: &str) -> Result<Table, String> {
    let value: Value = serde_json::from_str(text)
        .map_err(|error| format!(", line {}: is no JSON, or is cut off: {error}", error.line()))?;
    let objects = match value {
        Value::Array(items) => items,
        Value::Object(mut root) if root.get("value").is_some_and(Value::is_array) => {
            root.remove("value").and_then(|value| value.as_array().cloned()).unwrap_or_default()
        }
        object => vec![object],
    };
    let mut records = Vec::with_capacity(objects.len());
    for (index, object) in objects.into_iter().enumerate() {
        let Value::Object(members) = object else {
            return Err(format!(", object {}: is no object of Exchange, but a bare value", index + 1));
        };
        records.push(record(index + 1, members));
    }
    Ok(Table::of("object", records))
}

fn record(number: usize, members: Map<String, Value>) -> Record {
    let cells = members.into_iter().filter_map(|(name, value)| Some((column(&name)?, cell(value))));
    Record { number, cells: cells.collect() }
}

fn cell(value: Value) -> Cell {
    match value {
        Value::Null => Cell::Null,
        Value::Bool(flag) => Cell::Flag(flag),
        Value::Number(number) => Cell::Number(number.to_string()),
        Value::String(text) if text.trim().is_empty() => Cell::Null,
        Value::String(text) => Cell::Text(text),
        Value::Array(items) => Cell::List(items.into_iter().filter_map(text_of).collect()),
        Value::Object(mut object) => {
            let inner = ["value", "Value", "Address"].into_iter().find_map(|name| object.remove(name));
            inner.map_or(Cell::Null, cell)
        }
    }
}

fn text_of(value: Value) -> Option<String> {
    match cell(value) {
        Cell::Text(text) => Some(text),
        _ => None,
    }
}
