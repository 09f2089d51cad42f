//! What people paste into an address cell, reduced to the one address in it.

use std::borrow::Cow;

use super::address::{Unusable, quote};

/// Prefixes that say what kind of address follows, without the address itself.
const SCHEMES: [&str; 2] = ["mailto:", "smtp:"];
/// Kinds of proxy addresses that are no mail addresses (`proxyAddresses` of the directory).
const OTHER_PROXIES: [&str; 5] = ["sip:", "x500:", "x400:", "spo:", "eum:"];
/// What may stand between two addresses.
const SEPARATORS: [char; 5] = [';', ',', '|', '/', '\n'];
/// How many different addresses of one cell are counted: more do not change what is said of it.
pub(super) const COUNTED: usize = 20;
/// What people put around an address.
const WRAPPINGS: [char; 12] = ['"', '\'', '<', '>', '(', ')', '[', ']', '{', '}', ';', ','];

/// The text of the one address in a cell, not yet checked.
///
/// # Errors
/// When the cell holds none, or more than one, or words that are no name in the usual notation.
pub(super) fn one_address(cell: &str) -> Result<Cow<'_, str>, Unusable> {
    let ends = |b: &u8| *b == b'.' || *b == b'@';
    if cell.bytes().all(is_ordinary)
        && memchr::memchr_iter(b'@', cell.as_bytes()).count() == 1
        && !cell.as_bytes().last().is_some_and(ends)
    {
        return Ok(Cow::Borrowed(cell));
    }
    let plain = plain(cell);
    let text = trimmed(&plain);
    if text.is_empty() {
        return Err(Unusable::Empty);
    }
    if is_bare(text) {
        return Ok(same(cell, text));
    }
    if is_sheet_error(text) {
        return Err(Unusable::SheetError(text.to_owned()));
    }
    if let Some(primary) = primary_proxy(text) {
        return Ok(Cow::Owned(primary));
    }
    reduced(text).map(Cow::Owned)
}

/// Borrows from the cell where the text is an unchanged part of it.
fn same<'a>(cell: &'a str, text: &str) -> Cow<'a, str> {
    match cell.trim() {
        trimmed if trimmed == text => Cow::Borrowed(trimmed),
        _ => Cow::Owned(text.to_owned()),
    }
}

/// One `@` and nothing that needs taking away: nearly every cell of nearly every roster.
fn is_bare(text: &str) -> bool {
    let extra = |c: char| c.is_whitespace() || c == ':' || WRAPPINGS.contains(&c) || SEPARATORS.contains(&c);
    memchr::memchr_iter(b'@', text.as_bytes()).count() == 1 && !text.contains(extra)
}

/// Letters, digits and the marks most addresses are made of, none of which needs cleaning.
fn is_ordinary(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'@' | b'.' | b'-' | b'_' | b'+')
}

/// Invisible characters out, full-width forms to ASCII, every kind of blank to a blank.
fn plain(cell: &str) -> Cow<'_, str> {
    if cell.bytes().all(|b| (b' '..0x7f).contains(&b)) {
        return Cow::Borrowed(cell);
    }
    Cow::Owned(cell.chars().filter_map(plain_char).collect())
}

fn plain_char(c: char) -> Option<char> {
    match c {
        // Soft hyphen, zero-width characters, direction marks, byte order mark, variation selectors.
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' => None,
        '\u{fe6b}' => Some('@'),
        '\u{3002}' | '\u{ff61}' => Some('.'),
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0),
        // Typographic hyphens and apostrophes that word processors put in.
        '\u{2010}' | '\u{2011}' => Some('-'),
        '\u{2018}' | '\u{2019}' => Some('\''),
        '\u{201c}'..='\u{201e}' => Some('"'),
        '\n' | '\r' => Some('\n'),
        c if c.is_whitespace() => Some(' '),
        c if c.is_control() => None,
        c => Some(c),
    }
}

/// Without blanks around it and without the mark that ended a list or a sentence.
fn trimmed(text: &str) -> &str {
    text.trim().trim_end_matches([',', ';', '.']).trim()
}

/// `#N/A`, `#REF!`, `#NAME?` and their like, in whatever language Excel wrote them.
fn is_sheet_error(text: &str) -> bool {
    let shouted = |c: char| c.is_ascii_digit() || c.is_uppercase() || "/!?_#".contains(c);
    text.starts_with('#') && text.len() <= 20 && text.chars().all(shouted) && text.contains(char::is_alphabetic)
}

/// The primary address of a `proxyAddresses` cell: the one whose prefix `SMTP:` is in upper case.
fn primary_proxy(text: &str) -> Option<String> {
    let text = text.replace("+smtp:", ";smtp:").replace("+SMTP:", ";SMTP:");
    let mut found = None;
    let mut proxies = 0;
    for part in text.split([';', ',', ' ', '\n', '{', '}', '|']).filter(|part| !part.is_empty()) {
        let (kind, address) = part.split_once(':')?;
        let known = kind.eq_ignore_ascii_case("smtp")
            || OTHER_PROXIES.iter().any(|other| other.trim_end_matches(':').eq_ignore_ascii_case(kind));
        if !known {
            return None;
        }
        proxies += 1;
        if kind == "SMTP" && found.replace(address.to_owned()).is_some() {
            return None;
        }
    }
    found.filter(|_| proxies > 1)
}

/// Takes names, brackets and schemes away.
fn reduced(text: &str) -> Result<String, Unusable> {
    let candidates = candidates(text);
    match candidates.as_slice() {
        [] if text.contains('@') && text.contains(char::is_whitespace) => Err(Unusable::Blank(quote(text))),
        [] => Err(Unusable::NoAddress(quote(text))),
        [one] => alone(text, one),
        several => Err(Unusable::Several { count: several.len(), cell: quote(text) }),
    }
}

/// The different pieces with an `@` between two characters, in order, schemes and wrappings removed.
fn candidates(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let separates = |c: char| c.is_whitespace() || WRAPPINGS.contains(&c) && c != '\'' || SEPARATORS.contains(&c);
    for piece in text.split(separates) {
        let piece = without_scheme(piece.trim_matches(WRAPPINGS));
        let within = piece.find('@').is_some_and(|at| at > 0 && at + 1 < piece.len());
        if found.len() == COUNTED {
            break;
        }
        if within && !found.iter().any(|other| other.eq_ignore_ascii_case(&piece)) {
            found.push(piece);
        }
    }
    found
}

/// Without `mailto:` or `smtp:` before it and `?subject=` after it, percent-encoding undone (RFC 6068).
fn without_scheme(piece: &str) -> String {
    for scheme in SCHEMES {
        if piece.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)) {
            let rest = piece.get(scheme.len()..).unwrap_or_default();
            if scheme == "mailto:" {
                let path = rest.split('?').next().unwrap_or_default();
                return undo_percent(path);
            }
            return rest.to_owned();
        }
    }
    piece.to_owned()
}

fn undo_percent(text: &str) -> String {
    let key = text.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    url::form_urlencoded::parse(key.as_bytes()).next().map_or_else(String::new, |(decoded, _)| decoded.into_owned())
}

/// The single candidate, if what stands beside it is a name in the usual notation.
fn alone(text: &str, address: &str) -> Result<String, Unusable> {
    let (lower, lower_address) = (text.to_ascii_lowercase(), address.to_ascii_lowercase());
    // The same address may stand there twice, as name and as address.
    let Some((before, after)) = lower.rsplit_once(&lower_address) else {
        // Only percent-encoding changes an address; such a cell holds nothing but its link.
        return Ok(address.to_owned());
    };
    let before = &before.replace(&lower_address, "");
    let before = strip_scheme(before);
    if before.ends_with(['<', '(', '[', '{']) || before.trim().is_empty() && is_comment(after) {
        return Ok(address.to_owned());
    }
    let bare = |side: &str| side.trim_matches(|c: char| c.is_whitespace() || WRAPPINGS.contains(&c)).is_empty();
    let joined = |side: Option<char>| side == Some(',');
    if joined(before.chars().next_back()) || joined(after.chars().next()) {
        if bare(before) && bare(after) {
            return Ok(address.to_owned());
        }
        return Err(comma(text));
    }
    match (bare(before), bare(after)) {
        (true, true) => Ok(address.to_owned()),
        _ if before.trim_end().ends_with('@') || after.trim_start().starts_with(['@', '.']) => {
            Err(Unusable::Blank(quote(text)))
        }
        _ => Err(Unusable::Words(quote(text))),
    }
}

fn strip_scheme(before: &str) -> &str {
    SCHEMES
        .iter()
        .find_map(|scheme| {
            let cut = before.len().checked_sub(scheme.len())?;
            let end = before.get(cut..)?;
            if end.eq_ignore_ascii_case(scheme) { before.get(..cut) } else { None }
        })
        .unwrap_or(before)
}

/// `(Jane Doe)` after an address, or `?subject=…`.
fn is_comment(after: &str) -> bool {
    let after = after.trim();
    after.is_empty() || after.starts_with('?') || (after.starts_with('(') && after.ends_with(')'))
}

/// `jane@contoso,example` or `jane,doe@contoso.example`.
fn comma(text: &str) -> Unusable {
    let meant = text.replace(", ", ".").replace(',', ".");
    if meant.contains(char::is_whitespace) {
        return Unusable::Words(quote(text));
    }
    Unusable::Comma { cell: quote(text), meant: quote(&meant) }
}
