//! The columns that CSV and worksheets share: an id that never changes, and how to get the text of a row.

use std::borrow::Cow;
use std::collections::HashSet;

use jiff::Timestamp;

use super::head::Head;
use super::row::Row;

/// The contract's columns of `readiness.csv`, in this order and first.
pub const CONTRACT: [&str; 14] = [
    "row",
    "address",
    "display_name",
    "object_id",
    "verdict",
    "reason",
    "what_stops",
    "next_action",
    "urgency",
    "alternative",
    "licence",
    "ews_today",
    "routing",
    "graph",
];

/// Columns of ours after the contract's; new ones are added at the end, before the integrations.
pub const FURTHER: [&str; 3] = ["cause", "products", "domain"];

/// Parts of an integration's columns: its state under its own id, then `<id>_reason` and `<id>_action`.
pub const INTEGRATION_PARTS: [&str; 3] = ["", "_reason", "_action"];

/// The text of column `id` of [`CONTRACT`] or [`FURTHER`].
pub fn text<'a>(row: &'a Row, id: &str) -> Cow<'a, str> {
    match id {
        "row" => row.row.to_string().into(),
        "address" => (&*row.address).into(),
        "display_name" => (&*row.display_name).into(),
        "object_id" => (&*row.object_id).into(),
        "verdict" => row.verdict.id().into(),
        "reason" => (&*row.reason).into(),
        "what_stops" => (&*row.what_stops).into(),
        "next_action" => (&*row.next_action).into(),
        "urgency" => row.urgency.id().into(),
        "alternative" => (&*row.alternative).into(),
        "licence" => row.licence.id().into(),
        "ews_today" => row.ews_today.id().into(),
        "routing" => row.routing.id().into(),
        "graph" => row.graph.id().into(),
        "cause" => (&*row.cause).into(),
        "products" => row.products.join("; ").into(),
        "domain" => (&*row.domain).into(),
        "checked_at" => checked_at(row).map_or(Cow::Borrowed(""), |at| at.to_string().into()),
        "wave" => (&*row.wave).into(),
        "department" => (&*row.department).into(),
        "owner" => (&*row.owner).into(),
        _ => Cow::Borrowed(""),
    }
}

/// When the newest fact about the user was observed.
pub fn checked_at(row: &Row) -> Option<Timestamp> {
    row.evidence.iter().filter_map(|line| line.at).max()
}

/// State, reason and action of an integration, empty where the row has no word about it.
pub fn integration<'a>(row: &'a Row, id: &str) -> [&'a str; 3] {
    match row.integrations.iter().find(|line| line.integration == id) {
        Some(line) => [&line.state, &line.rule, &line.action],
        None => [""; 3],
    }
}

/// The whole header of `readiness.csv`.
pub fn csv_header(head: &Head) -> Vec<String> {
    let mut header: Vec<String> = CONTRACT.iter().chain(&FURTHER).map(|&id| id.to_owned()).collect();
    for id in &head.integrations {
        header.extend(INTEGRATION_PARTS.map(|part| format!("{id}{part}")));
    }
    extend_with_roster_columns(&mut header, &head.extra_columns);
    header
}

/// Adds the roster's own columns under their own names. A name that is taken gets the prefix `roster.`, one without
/// a name is called after its place, and what is still taken gets a number.
pub fn extend_with_roster_columns(header: &mut Vec<String>, columns: &[String]) {
    let mut taken: HashSet<String> = header.iter().map(|name| name.to_lowercase()).collect();
    for (place, column) in (1_usize..).zip(columns) {
        let own = if column.trim().is_empty() { format!("column_{place}") } else { column.clone() };
        let mut candidates = [own.clone(), format!("roster.{own}")]
            .into_iter()
            .chain((2_usize..).map(|number| format!("roster.{own}.{number}")));
        if let Some(name) = candidates.find(|name| taken.insert(name.to_lowercase())) {
            header.push(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roster_columns_never_share_a_name() {
        let mut header = vec!["row".to_owned(), "address".to_owned()];
        let own = ["Wave", "Address", "address", "", "wave"].map(str::to_owned);
        extend_with_roster_columns(&mut header, &own);
        assert_eq!(header[2..], ["Wave", "roster.Address", "roster.address.2", "column_4", "roster.wave"]);
    }
}
