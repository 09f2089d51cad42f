//! What became of each joined export, in a sentence or two.

use super::Texts;
use crate::evidence::joined::{ExportKind, JoinedExport};

/// The sentence about one export; `domains` are the tenant's.
#[must_use]
pub fn sentence(export: &JoinedExport, domains: &[String], texts: &Texts) -> String {
    let (kind, count) = (texts.get("export", export.kind.key()), |count: u64| texts.number(count));
    let (lines, matched) = (count(export.lines), count(export.matched));
    let values = [("file", export.file.as_str()), ("kind", kind), ("lines", &lines), ("matched", &matched)];
    let begun = if export.kind == ExportKind::EwsUsage { "usage" } else { "joined" };
    let mut said = vec![texts.fill("export", begun, &values)];
    for (key, lines) in [("blank", export.blank), ("other", export.other)] {
        if lines > 0 {
            said.push(texts.fill("export", key, &[("count", &count(lines))]));
        }
    }
    if export.unmatched > 0 {
        let line = |(line, address): &(u64, String)| {
            texts.fill("export", "example", &[("address", address), ("line", &line.to_string())])
        };
        let named = export.examples.iter().map(line).collect::<Vec<_>>().join(", ");
        let more = export.unmatched.saturating_sub(export.examples.len() as u64);
        let more = if more > 0 { texts.fill("export", "more", &[("count", &count(more))]) } else { String::new() };
        let unmatched = count(export.unmatched);
        let named = format!("{named}{more}");
        said.push(texts.fill("export", "unmatched", &[("count", &unmatched), ("named", &named)]));
    }
    if export.is_foreign(domains) {
        said.push(texts.get("export", "foreign").to_owned());
    }
    said.join(" ")
}
