//! From cells to evidence, with the same meaning as the admin backend's answers.

use super::table::{COMPLETE, Cell, Record, Table, WITH_SWITCH};
use crate::evidence::mailbox::{AgentFilter, AgentRule, CasMailbox, Recipient};
use crate::evidence::tenant::{AppList, OrganizationEws};
use crate::service::exchange_admin::{Keyed, app_ids, public_folders};
use crate::service::supply::NamedOrganization;

/// What a file is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Export {
    /// `Get-OrganizationConfig`.
    Organization,
    /// `Get-CASMailbox`.
    CasMailboxes,
    /// `Get-Mailbox`.
    Mailboxes,
}

impl Export {
    fn cmdlet(self) -> &'static str {
        match self {
            Self::Organization => "Get-OrganizationConfig",
            Self::CasMailboxes => "Get-CASMailbox",
            Self::Mailboxes => "Get-Mailbox",
        }
    }

    /// Whether the columns could be this export's.
    fn fits(self, table: &Table) -> bool {
        let has = |name: &str| table.columns.contains(name);
        let mailbox = has("ExternalDirectoryObjectId") || has("PrimarySmtpAddress");
        match self {
            Self::Organization => has("EwsEnabled") && !has("PrimarySmtpAddress"),
            Self::CasMailboxes => mailbox && has("EwsEnabled"),
            Self::Mailboxes => mailbox && has("RecipientTypeDetails"),
        }
    }

    /// Refuses a file of another kind; the message follows the file's name.
    pub(super) fn check(self, table: &Table) -> Result<(), String> {
        // An empty list in JSON has no columns, and is a list of no mailboxes.
        if self.fits(table) || (self != Self::Organization && table.records.is_empty() && table.columns.is_empty()) {
            if self == Self::Organization && table.records.len() != 1 {
                return Err(format!("tells of {} organisations; it should be one", table.records.len()));
            }
            return Ok(());
        }
        let kinds = [Self::Mailboxes, Self::CasMailboxes, Self::Organization];
        match kinds.into_iter().find(|kind| kind.fits(table)) {
            Some(other) => {
                Err(format!("is an export of {}, and one of {} is wanted here", other.cmdlet(), self.cmdlet()))
            }
            None => Err(format!("is no export of {}: {}", self.cmdlet(), self.missing(table))),
        }
    }

    /// What the file tells of nobody although its cmdlet could.
    pub(super) fn gap(self, table: &Table) -> Option<&'static str> {
        let silent = self != Self::Mailboxes && !table.records.is_empty() && !table.columns.contains(POLICY);
        silent.then_some(
            "has no column EwsApplicationAccessPolicy: that there is no user-agent filter is taken for granted",
        )
    }

    fn missing(self, table: &Table) -> String {
        let needed: &[&str] = match self {
            Self::Organization => &["EwsEnabled"],
            Self::CasMailboxes => &["PrimarySmtpAddress", "EwsEnabled"],
            Self::Mailboxes => &["PrimarySmtpAddress", "RecipientTypeDetails"],
        };
        let missing = needed.iter().filter(|name| !table.columns.contains(*name));
        format!("it lacks {}", missing.copied().collect::<Vec<_>>().join(" and "))
    }
}

/// The column that tells of a user-agent filter.
const POLICY: &str = "EwsApplicationAccessPolicy";

/// One record, as the cmdlet meant it.
pub(super) struct Row<'a> {
    pub(super) record: &'a Record,
}

/// Booleans of other languages, which somebody's spreadsheet wrote.
const LOCALISED: [&str; 12] =
    ["wahr", "falsch", "vrai", "faux", "verdadero", "falso", "vero", "verdadeiro", "waar", "onwaar", "sand", "falsk"];

impl Row<'_> {
    pub(super) fn organization(&self) -> Result<NamedOrganization, String> {
        let apps = app_ids(&self.list("EwsAllowedAppIDs")?);
        // The list is hidden unless the export was made with the switch: only what is there, or the template's word
        // that the switch was used, tells an empty list from a hidden one.
        let seen = !apps.is_empty() || self.flag(WITH_SWITCH)? == Some(true);
        Ok(NamedOrganization {
            name: self.text("Name")?,
            value: OrganizationEws {
                ews_enabled: self.flag("EwsEnabled")?,
                app_list: if seen { AppList::Seen(apps) } else { AppList::Hidden },
                agents: self.agents()?,
                // Nobody's verdict hangs on it: a form that says nothing is no error.
                public_folders: public_folders(
                    self.text("PublicFoldersEnabled").unwrap_or_default().as_deref(),
                    self.text("RootPublicFolderMailbox").unwrap_or_default().as_deref(),
                ),
            },
        })
    }

    pub(super) fn cas_mailbox(&self) -> Result<Keyed<CasMailbox>, String> {
        self.keyed(CasMailbox {
            ews_enabled: self.flag("EwsEnabled")?,
            agents: self.agents()?,
            primary_smtp: self.text("PrimarySmtpAddress")?,
        })
    }

    pub(super) fn mailbox(&self) -> Result<Keyed<Recipient>, String> {
        let kind = self.text("RecipientTypeDetails")?.ok_or("has no RecipientTypeDetails")?;
        self.keyed(Recipient {
            kind,
            archive: self.text("ArchiveStatus")?.map(|status| status.eq_ignore_ascii_case("Active")),
            inactive: self.flag("IsInactiveMailbox")?.unwrap_or_default(),
            // Nobody's verdict hangs on these names, so a list that PowerShell lost is no list here.
            send_on_behalf: self.list("GrantSendOnBehalfTo").unwrap_or_default(),
        })
    }

    /// Whether the record comes from an export that left nobody out.
    pub(super) fn says_complete(&self) -> bool {
        matches!(self.cell(COMPLETE), Cell::Text(text) if text.eq_ignore_ascii_case("Unlimited"))
    }

    fn keyed<T>(&self, value: T) -> Result<Keyed<T>, String> {
        let object_id = self.text("ExternalDirectoryObjectId")?;
        let primary_smtp = self.text("PrimarySmtpAddress")?;
        if object_id.is_none() && primary_smtp.is_none() {
            return Err("names no mailbox: ExternalDirectoryObjectId and PrimarySmtpAddress are empty".to_owned());
        }
        Ok(Keyed { object_id, primary_smtp, value: Ok(value) })
    }

    fn agents(&self) -> Result<AgentFilter, String> {
        let enforce = AgentRule::of(self.text(POLICY)?.as_deref())?;
        if enforce.is_none() {
            // Lists that nobody enforces may be in any form.
            return Ok(AgentFilter { unseen: !self.record.cells.contains_key(POLICY), ..AgentFilter::default() });
        }
        let (allow, block) = (self.list("EwsAllowList")?, self.list("EwsBlockList")?);
        Ok(AgentFilter { enforce, allow, block, unseen: false })
    }

    fn cell(&self, column: &str) -> &Cell {
        self.record.cells.get(column).unwrap_or(&Cell::Null)
    }

    fn text(&self, column: &str) -> Result<Option<String>, String> {
        match self.cell(column) {
            Cell::Null => Ok(None),
            Cell::Text(text) => Ok(Some(text.trim().to_owned())),
            Cell::Flag(flag) => Ok(Some(flag.to_string())),
            Cell::List(items) => Ok(items.first().cloned()),
            Cell::Number(number) => {
                Err(format!("{column} is the number {number}: the export wrote numbers in place of words"))
            }
        }
    }

    fn flag(&self, column: &str) -> Result<Option<bool>, String> {
        match self.cell(column) {
            Cell::Null => Ok(None),
            Cell::Flag(flag) => Ok(Some(*flag)),
            Cell::Text(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Cell::Text(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Cell::Text(text) if LOCALISED.contains(&text.to_lowercase().as_str()) => Err(format!(
                "{column} is '{text}', a boolean in another language; a spreadsheet has saved this file: export it again, and do not open it in between"
            )),
            Cell::Text(text) => Err(format!("{column} is '{text}', which is neither True nor False")),
            Cell::Number(number) => Err(format!("{column} is {number}, which is neither True nor False")),
            Cell::List(_) => Err(format!("{column} is a list, and should be True or False")),
        }
    }

    fn list(&self, column: &str) -> Result<Vec<String>, String> {
        match self.cell(column) {
            Cell::Null => Ok(Vec::new()),
            Cell::List(items) => Ok(items.clone()),
            Cell::Text(text) if is_lost(text) => {
                Err(format!("{column} is '{text}': PowerShell wrote the kind of list and not what is in it; use JSON"))
            }
            Cell::Text(text) => Ok(vec![text.clone()]),
            Cell::Flag(_) | Cell::Number(_) => Err(format!("{column} is no list")),
        }
    }
}

/// A type's name, or a list that was shortened for a screen.
fn is_lost(text: &str) -> bool {
    let named = (text.starts_with("System.") || text.starts_with("Microsoft.Exchange."))
        && (text.contains('[') || text.contains('`') || text.contains("Collections"));
    named || (text.starts_with('{') && (text.ends_with("...}") || text.ends_with("…}")))
}
