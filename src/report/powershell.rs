//! `remediation.ps1`: commands for a person to read, mend and run, grouped by cause; and the quoting that lets no text
//! become code.
//!
//! Which commands a rule gets stands in the template, so that a consultant can change it; a rule without commands gets
//! a comment, because there is nothing a script could know.
//!
//! Source: PowerShell language specification, "Verbatim string literals" and about_Quoting_Rules: between single quotes
//! nothing is expanded, and a quote is written twice. PowerShell takes four typographic quotes for the same sign.

use std::collections::HashMap;
use std::io::Write;
use std::sync::Arc;

use minijinja::{Value, context};
use serde::Serialize;

use super::page::Page;
use super::row::Row;
use super::{ReportError, Templates, View};
use crate::verdict::Verdict;

/// A byte order mark: without it Windows PowerShell 5.1 reads the script in the system's code page.
const MARK: &str = "\u{feff}";

/// Writes `remediation.ps1`.
///
/// # Errors
///
/// [`ReportError`] when `out` fails, the template is wrong, or the rows cannot be read.
pub fn write(view: &View, out: &mut dyn Write) -> Result<(), ReportError> {
    out.write_all(MARK.as_bytes()).map_err(|error| ReportError::format("ps1")(&error))?;
    let context = context! { groups => groups(view)?, ..Value::from_serialize(Page::new(view)) };
    view.templates.render("remediation.ps1", context, out)
}

/// Writes `export-exchange.ps1`, which makes the exports that the program can read instead of asking Exchange. It holds
/// no values, so it needs no run.
///
/// # Errors
///
/// [`ReportError`] when `out` fails or the template is wrong.
pub fn write_export(templates: &Templates, out: &mut dyn Write) -> Result<(), ReportError> {
    out.write_all(MARK.as_bytes()).map_err(|error| ReportError::format("ps1")(&error))?;
    templates.render("export-exchange.ps1", Value::UNDEFINED, out)
}

/// Users for whom a rule asks for something.
#[derive(Debug, Serialize)]
struct RemedyGroup {
    rule: String,
    /// What it found, as the first user's row states it.
    text: String,
    /// What it asks for.
    action: String,
    /// Products to be had for an upgrade, by SKU id and name, where the tenant holds one.
    upgrade: Option<(String, String)>,
    addresses: Vec<Arc<str>>,
}

/// The groups, in the order of the report's actions, then by rule.
fn groups(view: &View) -> Result<Vec<RemedyGroup>, ReportError> {
    let mut groups: HashMap<String, RemedyGroup> = HashMap::new();
    for row in view.spool.rows()? {
        let row = row?;
        let address: Arc<str> = row.address.as_str().into();
        for (rule, text, action) in asked(&row) {
            let group = groups.entry(rule.to_owned()).or_insert_with(|| RemedyGroup {
                rule: rule.to_owned(),
                text: text.to_owned(),
                action: action.to_owned(),
                upgrade: upgrade(view, &row),
                addresses: Vec::new(),
            });
            if group.addresses.last() != Some(&address) {
                group.addresses.push(Arc::clone(&address));
            }
        }
    }
    let mut groups: Vec<RemedyGroup> = groups.into_values().collect();
    let place = |rule: &str| view.summary.actions.iter().position(|action| action.reason == rule).unwrap_or(usize::MAX);
    groups.sort_by_cached_key(|group| (place(&group.rule), group.rule.clone()));
    Ok(groups)
}

/// What is asked for one user: rule, finding and action of every finding and integration that names an action.
fn asked(row: &Row) -> impl Iterator<Item = (&str, &str, &str)> {
    let findings = row.findings.iter().map(|line| (&*line.rule, &*line.text, &*line.action));
    let integrations = row.integrations.iter().map(|line| (&*line.rule, &*line.text, &*line.action));
    // The move itself is no remedy.
    let moves = |rule: &str| row.verdict == Verdict::MoveToGraphEac && rule == row.reason;
    findings.chain(integrations).filter(move |(rule, _, action)| !rule.is_empty() && !action.is_empty() && !moves(rule))
}

/// The product this user's licences usually go up to, where the tenant has it.
fn upgrade(view: &View, row: &Row) -> Option<(String, String)> {
    let wanted = view.head.upgrade(&row.products)?;
    let held = |name: &String| view.head.licences.iter().find(|line| line.name == *name);
    wanted.to.iter().find_map(held).map(|line| (line.sku.clone(), line.name.clone()))
}

/// The signs PowerShell reads as a single quote: apostrophe and U+2018 to U+201B.
const QUOTES: [char; 5] = ['\'', '\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}'];

/// A text as a verbatim string literal on one line.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('\'');
    for c in text.chars() {
        if QUOTES.contains(&c) {
            literal.push(c);
        }
        literal.push(if unseen(c) { '\u{fffd}' } else { c });
    }
    literal.push('\'');
    literal
}

/// A text for the rest of a comment line.
#[must_use]
pub fn comment(text: &str) -> String {
    // `#` could begin `#requires` or a signature block, the two comments PowerShell acts upon.
    text.chars()
        .map(|c| {
            if unseen(c) {
                ' '
            } else if c == '#' {
                '＃'
            } else {
                c
            }
        })
        .collect()
}

/// Signs that end a line, do not show, or change how the rest of the line looks: none belongs in an address, and a
/// person who reads the script before running it must see what it does.
fn unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BREAKS: [char; 6] = ['\n', '\r', '\0', '\u{85}', '\u{2028}', '\u{2029}'];

    /// Reads a verbatim literal back as PowerShell does; `None` when it is not one literal from end to end.
    fn read(literal: &str) -> Option<String> {
        let mut rest = literal.strip_prefix('\'')?.chars().peekable();
        let mut text = String::new();
        while let Some(c) = rest.next() {
            if QUOTES.contains(&c) {
                match rest.peek() {
                    Some(next) if QUOTES.contains(next) => {
                        text.push(c);
                        rest.next();
                    }
                    Some(_) => return None,
                    None => return Some(text),
                }
            } else {
                text.push(c);
            }
        }
        None
    }

    #[test]
    fn quotes_of_every_kind_stay_inside() {
        assert_eq!(quoted("o'brien"), "'o''brien'");
        assert_eq!(read(&quoted("a'b‘c’d‚e‛f")).unwrap(), "a'b‘c’d‚e‛f");
        assert_eq!(quoted("$(rm) `n \"x\" ; & |"), "'$(rm) `n \"x\" ; & |'");
    }

    #[test]
    fn a_comment_is_one_line_and_no_directive() {
        assert_eq!(comment("a\r\nRemove-Item\u{2028}b #requires"), "a  Remove-Item b ＃requires");
    }

    proptest! {
        #[test]
        fn any_text_is_one_literal_that_reads_as_the_text(text in "(?s).{0,60}") {
            let literal = quoted(&text);
            let expected: String = text.chars().map(|c| if unseen(c) { '\u{fffd}' } else { c }).collect();
            prop_assert_eq!(read(&literal), Some(expected));
            prop_assert!(literal.lines().count() == 1 && !literal.contains(BREAKS));
        }

        #[test]
        fn quotes_alone_are_one_literal(text in "['‘’‚‛a$`\n]{0,12}") {
            prop_assert!(read(&quoted(&text)).is_some());
        }

        #[test]
        fn no_comment_leaves_its_line(text in "(?s).{0,60}") {
            prop_assert!(!comment(&text).contains(BREAKS) && !comment(&text).contains('#'));
        }
    }
}
