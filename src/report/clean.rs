//! Untrusted text: what must happen to it before it goes into a cell.

use std::borrow::Cow;

/// Excel's limit for the text of a cell, in UTF-16 units.
const CELL_UNITS: usize = 32_767;

/// Replaces control characters other than tab and line breaks by U+FFFD: no table format has a right way to carry
/// them, and dropping them would let two different texts look the same.
pub fn controls(text: &str) -> Cow<'_, str> {
    let bad = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    if text.contains(bad) { Cow::Owned(text.replace(bad, "\u{fffd}")) } else { Cow::Borrowed(text) }
}

/// Whether a spreadsheet program that opens a CSV file may take the text for a formula: it starts with `=`, `+`,
/// `-`, `@`, a tab or a line break (OWASP, "CSV injection"), or a full-width form of the signs, which some
/// East Asian editions read alike.
fn starts_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

/// Text for a CSV field: control characters replaced, and an apostrophe put before what could start a formula.
/// Spreadsheet programs take the apostrophe for "this is text".
pub fn csv_field(text: &str) -> Cow<'_, str> {
    let text = controls(text);
    if starts_formula(&text) { Cow::Owned(format!("'{text}")) } else { text }
}

/// Text for a worksheet cell: control characters replaced, cut to Excel's limit with `note` at the cut.
pub fn cell<'a>(text: &'a str, note: impl FnOnce(usize) -> String) -> Cow<'a, str> {
    let text = controls(text);
    // A UTF-8 text never has fewer bytes than UTF-16 units, so short ones need no counting.
    if text.len() <= CELL_UNITS || text.encode_utf16().count() <= CELL_UNITS {
        return text;
    }
    let note = note(text.chars().count());
    let room = CELL_UNITS.saturating_sub(note.encode_utf16().count());
    let mut used = 0;
    let mut cut: String = text
        .chars()
        .take_while(|c| {
            used += c.len_utf16();
            used <= room
        })
        .collect();
    cut.push_str(&note);
    Cow::Owned(cut)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_starts_a_formula_gets_an_apostrophe() {
        for text in ["=cmd|' /C calc'!A0", "+49 30 1", "-1", "@SUM(A1)", "\tx", "\rx", "\n=x", "＝1"] {
            assert_eq!(csv_field(text), format!("'{text}"));
        }
        for text in ["", "anna@contoso.example", "a=b", "'=x"] {
            assert_eq!(csv_field(text), text);
        }
    }

    #[test]
    fn control_characters_stay_visible() {
        assert_eq!(controls("a\0b\u{7}c\td\n"), "a\u{fffd}b\u{fffd}c\td\n");
    }

    proptest! {
        #[test]
        fn a_cell_fits_and_keeps_short_text(text in "\\PC{0,40}", times in 1_usize..2_000) {
            let long = text.repeat(times);
            let cut = cell(&long, |n| format!("[cut: {n}]"));
            prop_assert!(cut.encode_utf16().count() <= CELL_UNITS);
            if long.encode_utf16().count() <= CELL_UNITS {
                prop_assert_eq!(&cut, &long);
            } else {
                prop_assert!(cut.ends_with(']'));
            }
        }

        #[test]
        fn no_csv_field_starts_a_formula(text in "[=+@\\-\t\r\n＝a'\0]{0,4}") {
            prop_assert!(!starts_formula(&csv_field(&text)));
        }
    }
}
