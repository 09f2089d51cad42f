//! What the columns of rosters are called: the data file `headers.toml`, and how a name is looked up in it.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The mailbox's address.
    MailboxAddress,
    /// The sign-in name in the directory; most often, but not always, an address of the mailbox.
    UserPrincipalName,
    /// All addresses of a mailbox with their prefixes (`proxyAddresses`).
    ProxyAddresses,
    /// The sign-in name of another product, such as Salesforce's `Username`: has the form of an address, need not be one.
    SignInName,
    /// A private, recovery or second address.
    AlternateAddress,
    /// The address of somebody else: the manager, a contact.
    OtherAddress,
    /// The name people see.
    DisplayName,
    /// First name.
    GivenName,
    /// Last name.
    Surname,
    /// Department.
    Department,
    /// Cutover wave.
    Wave,
    /// Who answers for the entry.
    Owner,
    /// The person's manager.
    Manager,
    /// Object id in the directory.
    ObjectId,
    /// The e-mail address on the Salesforce user record, where the roster has both.
    SalesforceEmail,
    /// E-mail server profile of Dynamics 365.
    DynamicsProfile,
}

impl Role {
    /// In words, as part of "'Username' is …".
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::MailboxAddress => "a mail address",
            Self::UserPrincipalName => "a user principal name",
            Self::ProxyAddresses => "a list of proxy addresses",
            Self::SignInName => "a sign-in name",
            Self::AlternateAddress => "an alternate address",
            Self::OtherAddress | Self::Owner | Self::Manager => "somebody else's address",
            Self::SalesforceEmail => "the address in Salesforce",
            _ => "another column",
        }
    }

    /// Whether such a column can be the address column.
    pub(super) fn is_address(self) -> bool {
        matches!(
            self,
            Self::MailboxAddress
                | Self::UserPrincipalName
                | Self::ProxyAddresses
                | Self::SignInName
                | Self::AlternateAddress
                | Self::SalesforceEmail
        )
    }
}

/// What is known about a column's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) role: Role,
    /// How surely, from 1 to 100.
    pub(super) strength: u32,
    /// Who writes such a header.
    pub(super) source: &'static str,
}

/// A program whose exports are recognised by their columns.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tool {
    /// What the export is called.
    pub(super) name: String,
    /// Whether its addresses are those of Salesforce user records.
    #[serde(default)]
    pub(super) salesforce: bool,
    /// Column names that mark it.
    marks: Vec<String>,
    /// How many of them must be there.
    least: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Names {
    role: Role,
    strength: u32,
    source: String,
    names: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    as_of: jiff::civil::Date,
    names: Vec<Names>,
    tools: Vec<Tool>,
    lines: Lines,
}

/// Words of lines that are no people.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lines {
    totals: Vec<String>,
    examples: Vec<String>,
    footers: Vec<String>,
    placeholders: Vec<String>,
}

/// The data file, ready to be asked.
#[derive(Default)]
pub(super) struct Headers {
    known: HashMap<String, Known>,
    tools: Vec<Tool>,
    lines: Lines,
}

impl Headers {
    /// The built-in data.
    pub(super) fn get() -> &'static Self {
        static HEADERS: LazyLock<Headers> =
            LazyLock::new(|| Headers::parse(include_str!("headers.toml")).unwrap_or_default());
        &HEADERS
    }

    fn parse(text: &str) -> Result<Self, toml::de::Error> {
        let file: File = toml::from_str(text)?;
        tracing::trace!(as_of = %file.as_of, "column names");
        let mut known = HashMap::new();
        for group in file.names {
            let source: &'static str = group.source.leak();
            for name in group.names {
                known.entry(key(&name)).or_insert(Known { role: group.role, strength: group.strength, source });
            }
        }
        let keys = |words: Vec<String>| words.iter().map(|word| key(word)).collect();
        let lines = Lines {
            totals: keys(file.lines.totals),
            examples: keys(file.lines.examples),
            footers: keys(file.lines.footers),
            placeholders: keys(file.lines.placeholders),
        };
        let tools = file.tools.into_iter().map(|tool| Tool { marks: keys(tool.marks), ..tool }).collect();
        Ok(Self { known, tools, lines })
    }

    /// What a header names. Forms such as `User name [userPrincipalName] Required` (Entra templates),
    /// `Email Address [Required]` (Google), `User.Email` (a Salesforce query) and `E-Mail *` are seen through.
    pub(super) fn lookup(&self, header: &str) -> Option<Known> {
        forms(header).into_iter().find_map(|form| self.known.get(&form).copied())
    }

    /// The program that wrote a table with these headers.
    pub(super) fn tool<'a>(&self, headers: impl Iterator<Item = &'a str>) -> Option<&Tool> {
        let present: Vec<String> = headers.flat_map(forms).collect();
        self.tools.iter().find(|tool| tool.marks.iter().filter(|mark| present.contains(mark)).count() >= tool.least)
    }

    /// `Total`, `Summe: 12`.
    pub(super) fn is_total(&self, cell: &str) -> bool {
        let letters: String = key(cell).chars().filter(|c| !c.is_numeric()).collect();
        self.lines.totals.contains(&letters)
    }

    /// `Example: chris@contoso.example`.
    pub(super) fn is_example(&self, cell: &str) -> bool {
        cell.split_once(':').is_some_and(|(label, _)| self.lines.examples.contains(&key(label)))
    }

    /// What programs write below a table.
    pub(super) fn is_footer(&self, cell: &str) -> bool {
        let cell = key(cell.get(..80).unwrap_or(cell));
        self.lines.footers.iter().any(|footer| cell.starts_with(footer))
    }

    /// `tbd`, `n/a`: stands where an address should.
    pub(super) fn is_placeholder(&self, cell: &str) -> bool {
        let cell = key(cell);
        cell.is_empty() || self.lines.placeholders.contains(&cell)
    }
}

/// A name reduced to its letters and digits, lower case, without accents: `E-Mail-Adresse`, `e_mail adresse` and
/// `EMailAdresse` are the same name.
pub(super) fn key(name: &str) -> String {
    let mut key = String::with_capacity(name.len());
    for character in name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase) {
        match ACCENTS.iter().find(|(accented, _)| accented.contains(character)) {
            Some((_, plain)) => key.push_str(plain),
            None => key.push(character),
        }
    }
    key
}

/// Letters that people leave the accents off.
const ACCENTS: [(&str, &str); 11] = [
    ("äàáâãå", "a"),
    ("èéêë", "e"),
    ("ìíîï", "i"),
    ("öòóôõø", "o"),
    ("üùúû", "u"),
    ("ç", "c"),
    ("ñ", "n"),
    ("ß", "ss"),
    ("æ", "ae"),
    ("œ", "oe"),
    ("ý", "y"),
];

/// The keys under which a header may be known, most telling first.
fn forms(header: &str) -> Vec<String> {
    let mut forms = vec![key(header)];
    if let Some((before, rest)) = header.split_once('[') {
        forms.push(key(rest.split(']').next().unwrap_or_default()));
        forms.push(key(before));
    }
    if let Some((before, _)) = header.split_once('(') {
        forms.push(key(before));
    }
    if let Some((_, last)) = header.rsplit_once(['.', ':', '/']) {
        forms.push(key(last));
    }
    forms.retain(|form| !form.is_empty());
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(header: &str) -> Option<Role> {
        Headers::get().lookup(header).map(|known| known.role)
    }

    #[test]
    fn the_data_file_is_sound() {
        let headers = Headers::parse(include_str!("headers.toml")).expect("headers.toml");
        assert!(headers.known.len() > 300, "{}", headers.known.len());
        assert!(headers.known.values().all(|known| (1..=100).contains(&known.strength)));
        assert!(headers.tools.iter().all(|tool| tool.least >= 1 && tool.least <= tool.marks.len()));
        assert!(!headers.lines.totals.is_empty() && !headers.lines.examples.is_empty());
    }

    #[test]
    fn no_name_has_two_roles() {
        let file: File = toml::from_str(include_str!("headers.toml")).expect("headers.toml");
        let mut seen: HashMap<String, Role> = HashMap::new();
        for group in &file.names {
            for name in &group.names {
                let before = seen.insert(key(name), group.role);
                assert!(before.is_none_or(|role| role == group.role), "{name}: {before:?} and {:?}", group.role);
            }
        }
    }

    #[test]
    fn sees_through_the_forms_that_programs_write() {
        assert_eq!(role("User name [userPrincipalName] Required"), Some(Role::UserPrincipalName));
        assert_eq!(role("Email Address [Required]"), Some(Role::MailboxAddress));
        assert_eq!(role("PRIMARY_SMTP_ADDRESS"), Some(Role::MailboxAddress));
        assert_eq!(role("User.Email"), Some(Role::MailboxAddress));
        assert_eq!(role("E-Mail *"), Some(Role::MailboxAddress));
        assert_eq!(role("E‑Mail‑Adresse"), Some(Role::MailboxAddress));
        assert_eq!(role("Dirección de correo electrónico"), Some(Role::MailboxAddress));
        assert_eq!(role("Adresse e-mail"), Some(Role::MailboxAddress));
        assert_eq!(role("Nom d’utilisateur principal"), Some(Role::UserPrincipalName));
        assert_eq!(role("Username"), Some(Role::SignInName));
        assert_eq!(role("Recovery Email"), Some(Role::AlternateAddress));
        assert_eq!(role("Manager Email"), Some(Role::Manager));
        assert_eq!(role("Street address"), None);
        assert_eq!(role(""), None);
    }

    #[test]
    fn knows_lines_that_are_no_people() {
        let headers = Headers::get();
        for total in ["Total", "TOTAL:", "Total: 45", "Gesamt (12)", "Summe", "Total général", "Suma"] {
            assert!(headers.is_total(total), "{total}");
        }
        assert!(!headers.is_total("Totally Spies"));
        assert!(headers.is_example("Example: Chris Green") && headers.is_example("Beispiel: chris@contoso.example"));
        assert!(!headers.is_example("Example Corp"));
        assert!(headers.is_placeholder("TBD") && headers.is_placeholder(" - "));
    }
}
