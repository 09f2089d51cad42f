//! What goes into a PowerShell script: quoting that lets no text become code.
//!
//! Source: PowerShell language specification, "Verbatim string literals" and about_Quoting_Rules: between single quotes
//! nothing is expanded, and a quote is written twice. PowerShell takes four typographic quotes for the same sign.

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
            prop_assert!(!literal.contains(['\n', '\r', '\0', '\u{85}', '\u{2028}', '\u{2029}']));
        }

        #[test]
        fn quotes_alone_are_one_literal(text in "['‘’‚‛a$`\n]{0,12}") {
            prop_assert!(read(&quoted(&text)).is_some());
        }

        #[test]
        fn no_comment_leaves_its_line(text in "(?s).{0,60}") {
            prop_assert!(!comment(&text).contains(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}', '#']));
        }
    }
}
