//! One record of an audit search, from columns of its own or from the JSON that Purview leaves in `AuditData`.
//!
//! Office 365 Management Activity API schema: `ExchangeMailboxAuditRecord` and its kin.

use jiff::civil::Date;
use serde::Deserialize;

use super::kinds::audit::{APP, CALLS, CLIENT, DATA, LAST, MAILBOX};
use super::table::Line;
use super::{day, number};

/// How the records of EWS name their client.
const EWS: &str = "client=webservices";

/// What is read of a record.
#[derive(Debug, Default)]
pub struct Record {
    /// Application id, as written.
    pub app: String,
    /// Address of the mailbox.
    pub mailbox: String,
    /// How many operations it stands for; 0: not said.
    pub calls: u64,
    /// The day.
    pub day: Option<Date>,
    client: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct AuditData {
    app_id: Option<String>,
    client_app_id: Option<String>,
    #[serde(rename = "MailboxOwnerUPN")]
    mailbox_owner: Option<String>,
    client_info_string: Option<String>,
    creation_time: Option<String>,
    operation_count: Option<u64>,
}

impl Record {
    /// The record of a line.
    pub fn of(line: &Line<'_>) -> Self {
        match line.cell(DATA) {
            "" => Self {
                app: line.cell(APP).to_owned(),
                mailbox: line.cell(MAILBOX).to_owned(),
                calls: number(line.cell(CALLS)),
                day: day(line.cell(LAST)),
                client: Some(line.cell(CLIENT)).filter(|text| !text.is_empty()).map(str::to_owned),
            },
            // What is no JSON tells of no mailbox, and is counted as such.
            data => serde_json::from_str(data).map(|data| Self::of_data(data, line)).unwrap_or_default(),
        }
    }

    fn of_data(data: AuditData, line: &Line<'_>) -> Self {
        Self {
            app: data.app_id.filter(|id| !id.is_empty()).or(data.client_app_id).unwrap_or_default(),
            mailbox: data.mailbox_owner.unwrap_or_default(),
            calls: data.operation_count.unwrap_or_default(),
            day: day(data.creation_time.as_deref().unwrap_or(line.cell(LAST))),
            // A record that names no client did not come over EWS.
            client: Some(data.client_info_string.unwrap_or_default()),
        }
    }

    /// Whether it came over EWS; a search that does not name the client was made for EWS alone.
    pub fn is_ews(&self) -> bool {
        self.client.as_deref().is_none_or(|client| client.to_lowercase().contains(EWS))
    }
}
