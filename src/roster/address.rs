//! A mailbox address, and why a cell holds none.

use std::borrow::Cow;

use thiserror::Error;

use super::clean;

/// Longest part before the `@`, in bytes (RFC 5321, 4.5.3.1.1).
const LOCAL_LIMIT: usize = 64;
/// Longest domain name, in bytes (RFC 5321, 4.5.3.1.2; without the root dot 253).
const DOMAIN_LIMIT: usize = 253;
/// Longest label of a domain name, in bytes (RFC 1035, 2.3.4).
const LABEL_LIMIT: usize = 63;
/// How much of a cell an explanation quotes, in characters.
const QUOTED: usize = 60;

/// One mailbox address.
///
/// ```
/// use ewsready::roster::Address;
/// let address: Address = "Zoë <mailto:Zoe.Roth@Bücher.example>".parse()?;
/// assert_eq!(address.shown(), "Zoe.Roth@Bücher.example");
/// assert_eq!(address.wire(), "Zoe.Roth@xn--bcher-kva.example");
/// assert_eq!(address.key(), "zoe.roth@xn--bcher-kva.example");
/// # Ok::<(), ewsready::roster::Unusable>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address {
    shown: String,
    /// Only where it differs from `shown`.
    wire: Option<String>,
    /// Only where it differs from the wire form.
    key: Option<String>,
}

impl Address {
    /// As the roster writes it, after cleaning.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// In ASCII, the domain as A-labels (RFC 5891); upper and lower case as written.
    #[must_use]
    pub fn wire(&self) -> &str {
        self.wire.as_deref().unwrap_or(&self.shown)
    }

    /// The wire form in lower case: equal keys mean the same mailbox address.
    #[must_use]
    pub fn key(&self) -> &str {
        self.key.as_deref().unwrap_or_else(|| self.wire())
    }

    /// The domain, in lower case and as A-labels.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.key().rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// Takes an address that has been cleaned already.
    fn checked(shown: &str) -> Result<Self, Unusable> {
        let Some((local, domain)) = shown.split_once('@') else {
            return Err(Unusable::NoAddress(quote(shown)));
        };
        if domain.contains('@') {
            return Err(Unusable::SecondAt(quote(shown)));
        }
        check_local(local, shown)?;
        let ascii = check_domain(domain, shown)?;
        if is_under(&ascii, "invalid") {
            return Err(Unusable::Sandbox(quote(shown)));
        }
        let wire = match ascii {
            Cow::Borrowed(_) => None,
            Cow::Owned(ascii) => Some(format!("{local}@{ascii}")),
        };
        let written = wire.as_deref().unwrap_or(shown);
        let key = written.bytes().any(|b| b.is_ascii_uppercase()).then(|| written.to_ascii_lowercase());
        Ok(Self { shown: shown.to_owned(), wire, key })
    }
}

impl std::str::FromStr for Address {
    type Err = Unusable;

    /// Cleans what people paste and takes the one address in it.
    fn from_str(cell: &str) -> Result<Self, Unusable> {
        let cleaned = clean::one_address(cell)?;
        Self::checked(&cleaned)
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.shown())
    }
}

/// Why a line of the roster has no address that could be asked about.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unusable {
    /// The cell is empty, the line is not.
    #[error("the address cell is empty")]
    Empty,
    /// There is no `@`.
    #[error("not an address: '{0}'")]
    NoAddress(String),
    /// More than one address.
    #[error("{} addresses in one cell: '{cell}'; give each a line of its own", counted(*count))]
    Several {
        /// How many different ones; 20 stands for 20 or more.
        count: usize,
        /// The cell.
        cell: String,
    },
    /// A comma where only a dot can stand.
    #[error("a comma where a dot belongs: '{cell}'; '{meant}' may be meant")]
    Comma {
        /// The cell.
        cell: String,
        /// With dots.
        meant: String,
    },
    /// A blank in the middle.
    #[error("a blank inside the address: '{0}'")]
    Blank(String),
    /// Words around the address that are not a name in the usual notation.
    #[error("other words beside the address: '{0}'; give the address alone or as 'Name <address>'")]
    Words(String),
    /// `a@b@c`.
    #[error("more than one @ sign: '{0}'")]
    SecondAt(String),
    /// A letter before the `@` that Exchange Online addresses cannot have.
    #[error("'{character}' before the @ sign is no plain letter: '{cell}'; Exchange Online has no such addresses")]
    Letter {
        /// The first such character.
        character: char,
        /// The cell.
        cell: String,
    },
    /// The part before the `@` breaks the rules.
    #[error("the part before the @ sign cannot be right: '{0}'")]
    Local(String),
    /// The part after the `@` is no domain name.
    #[error("the part after the @ sign is no domain name: '{0}'")]
    Domain(String),
    /// The domain has no dot.
    #[error("the domain is not complete: '{0}'")]
    ShortDomain(String),
    /// Ends in `.invalid`, which Salesforce appends in sandboxes (RFC 2606: exists nowhere).
    #[error("'{0}' ends in .invalid, as Salesforce sandboxes write addresses; no mailbox can have it")]
    Sandbox(String),
    /// A spreadsheet error.
    #[error("the cell holds the spreadsheet error {0}")]
    SheetError(String),
    /// A formula whose result was never stored.
    #[error("the cell holds a formula without a stored result; open the workbook in Excel, save it and try again")]
    NoResult,
    /// The line has more cells than the header: the cells are shifted.
    #[error(
        "{cause}; the line has {cells} cells where the header has {columns}, so a delimiter may stand inside a cell \
         that has no quotation marks"
    )]
    Shifted {
        /// What is wrong with the cell in the address column.
        cause: Box<Unusable>,
        /// Cells of the line.
        cells: usize,
        /// Columns of the header.
        columns: usize,
    },
    /// A line beyond all measure.
    #[error("the line is longer than {limit} KiB and was cut off")]
    Overlong {
        /// The limit in KiB.
        limit: usize,
    },
}

fn counted(count: usize) -> String {
    if count < clean::COUNTED { count.to_string() } else { format!("{count} or more") }
}

/// The beginning of a cell, on one line.
pub(super) fn quote(cell: &str) -> String {
    let mut quoted: String = cell.chars().take(QUOTED).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if cell.chars().nth(QUOTED).is_some() {
        quoted.push('…');
    }
    quoted
}

fn check_local(local: &str, shown: &str) -> Result<(), Unusable> {
    if let Some(character) = local.chars().find(|c| !c.is_ascii()) {
        return Err(Unusable::Letter { character, cell: quote(shown) });
    }
    let dots_right = !local.starts_with('.') && !local.ends_with('.') && !local.contains("..");
    // The "atext" of RFC 5322, 3.2.3.
    let plain = local.bytes().all(|b| b.is_ascii_alphanumeric() || b".!#$%&'*+-/=?^_`{|}~".contains(&b));
    if local.is_empty() || local.len() > LOCAL_LIMIT || !dots_right || !plain {
        return Err(Unusable::Local(quote(shown)));
    }
    Ok(())
}

/// The domain in ASCII; borrowed when it is so already.
fn check_domain<'a>(domain: &'a str, shown: &str) -> Result<Cow<'a, str>, Unusable> {
    let wrong = || Unusable::Domain(quote(shown));
    let encoded = |label: &str| label.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("xn--"));
    let ascii = if domain.is_ascii() && !domain.split('.').any(encoded) {
        Cow::Borrowed(domain)
    } else {
        Cow::Owned(idna::domain_to_ascii_strict(domain).map_err(|_| wrong())?)
    };
    if ascii.is_empty() || ascii.len() > DOMAIN_LIMIT || !ascii.split('.').all(is_label) {
        return Err(wrong());
    }
    match ascii.rsplit_once('.') {
        None => Err(Unusable::ShortDomain(quote(shown))),
        Some((_, top)) if top.bytes().all(|b| b.is_ascii_digit()) => Err(wrong()),
        Some(_) => Ok(ascii),
    }
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= LABEL_LIMIT
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn is_under(domain: &str, top: &str) -> bool {
    domain.rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case(top))
}

#[cfg(test)]
mod tests;
