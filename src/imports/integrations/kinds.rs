//! The columns of each kind of export, by the names they have in it.
//!
//! Salesforce object reference: `User`, `ActivityUsrConnectionStatus`; Dataverse table `mailbox`; Microsoft 365 admin
//! center: EWS usage; audit searches: the records that Find-EwsUsage writes to `Ews-Usage-Results.csv` (a column for each
//! property of `AuditData`, among them `MailboxOwnerUPN`, `AppId`, `ClientInfoString`), and those of Purview and of
//! `Search-UnifiedAuditLog`, which keep `AuditData` as JSON in one column.

use super::table::{Column, Columns};
use crate::evidence::joined::ExportKind;

const fn required(names: &'static [&'static str]) -> Column {
    Column { names, required: true }
}

const fn optional(names: &'static [&'static str]) -> Column {
    Column { names, required: false }
}

/// Places in [`SALESFORCE_USERS`].
pub mod user {
    pub const EMAIL: usize = 0;
    pub const ACTIVE: usize = 2;
}

/// Places in [`SALESFORCE_CONNECTIONS`].
pub mod connection {
    pub const ADDRESS: usize = 0;
    pub const STATE: usize = 1;
    pub const CONFIGURATION: usize = 2;
}

/// Places in [`DYNAMICS_MAILBOXES`].
pub mod dynamics {
    pub const ADDRESS: usize = 0;
    pub const PROFILE: usize = 1;
    pub const STATES: [(usize, &str); 3] = [(2, "incoming"), (3, "outgoing"), (4, "appointments, contacts and tasks")];
}

/// Places in [`EWS_USAGE`].
pub mod usage {
    pub const APP: usize = 0;
    pub const ACTION: usize = 1;
    pub const CALLS: usize = 2;
    pub const LAST: usize = 3;
}

/// Places in [`EWS_AUDIT`].
pub mod audit {
    pub const APP: usize = 0;
    pub const MAILBOX: usize = 1;
    pub const CALLS: usize = 2;
    pub const LAST: usize = 3;
    pub const CLIENT: usize = 4;
    pub const DATA: usize = 5;
}

const SALESFORCE_USERS: Columns = &[
    required(&["email", "e-mail", "e-mail-adresse", "user.email"]),
    required(&["username", "benutzername", "nom d'utilisateur", "nombre de usuario", "user.username"]),
    optional(&["isactive", "active", "aktiv", "actif", "activo", "user.isactive"]),
];

const SALESFORCE_CONNECTIONS: Columns = &[
    required(&["emailaddress", "email address", "e-mail-adresse"]),
    required(&["connectivitystatus", "connectivity status", "connection status", "verbindungsstatus"]),
    optional(&["configurationname", "configuration name", "configuration"]),
];

const DYNAMICS_MAILBOXES: Columns = &[
    required(&["e-mail address", "email address", "emailaddress", "e-mail-adresse"]),
    required(&[
        "server profile",
        "email server profile",
        "e-mail server profile",
        "emailserverprofile",
        "serverprofil",
        "e-mail-serverprofil",
    ]),
    optional(&["incoming email status", "incomingemailstatus", "status eingehende e-mails"]),
    optional(&["outgoing email status", "outgoingemailstatus", "status ausgehende e-mails"]),
    optional(&["appointments, contacts, and tasks status", "actstatus", "status von terminen, kontakten und aufgaben"]),
];

const EWS_USAGE: Columns = &[
    required(&["application id", "applicationid", "app id", "appid", "anwendungs-id"]),
    required(&["soap action", "soapaction", "action", "operation", "soap-aktion"]),
    required(&["call volume", "callvolume", "volume", "count", "calls", "anrufvolumen", "aufrufvolumen"]),
    optional(&["last activity", "last activity (utc)", "lastactivity", "last activity date", "letzte aktivität"]),
];

const AUDIT_APP: &[&str] = &["appid", "app id", "clientappid", "application id", "applicationid"];
const AUDIT_OWNER: &[&str] =
    &["mailboxownerupn", "mailboxowner", "mailbox owner upn", "mailbox owner", "mailbox", "owner"];
const AUDIT_CALLS: &[&str] = &["operationcount", "count", "events", "total", "calls"];
const AUDIT_TIME: &[&str] =
    &["creationtime", "creationdate", "createddatetime", "created", "last", "lastaccess", "lastactivity"];
const AUDIT_CLIENT: &[&str] = &["clientinfostring", "client info string", "client info"];

const EWS_AUDIT: Columns = &[
    required(AUDIT_APP),
    required(AUDIT_OWNER),
    optional(AUDIT_CALLS),
    optional(AUDIT_TIME),
    optional(AUDIT_CLIENT),
    optional(&["auditdata"]),
];

const EWS_AUDIT_JSON: Columns = &[
    optional(AUDIT_APP),
    optional(AUDIT_OWNER),
    optional(AUDIT_CALLS),
    optional(AUDIT_TIME),
    optional(AUDIT_CLIENT),
    required(&["auditdata"]),
];

/// The forms a kind of export comes in; the first one is the one that messages speak of.
#[must_use]
pub fn forms(kind: ExportKind) -> &'static [Columns] {
    match kind {
        ExportKind::SalesforceUsers => &[SALESFORCE_USERS],
        ExportKind::SalesforceConnections => &[SALESFORCE_CONNECTIONS],
        ExportKind::DynamicsMailboxes => &[DYNAMICS_MAILBOXES],
        ExportKind::EwsUsage => &[EWS_USAGE],
        ExportKind::EwsAudit => &[EWS_AUDIT, EWS_AUDIT_JSON],
    }
}

/// Files that come beside an export and are taken for it: a column that gives them away, and what to say.
pub const LOOKALIKES: &[(ExportKind, &str, &str)] = &[
    (
        ExportKind::EwsAudit,
        "signineventtypes",
        "it lists sign-ins of an application, which do not show what was opened; run Find-EwsUsage with -Operation GetAppUsage \
         -QueryType AuditLogs -AuditQueryStep GetQueryResults, and name its Ews-Usage-Results.csv",
    ),
    (
        ExportKind::EwsAudit,
        "auditqueryid",
        "it holds only the id of a query: run Find-EwsUsage with -AuditQueryStep GetQueryResults and this id, and name the \
         file it writes then",
    ),
    (
        ExportKind::EwsAudit,
        "lastsignin",
        "it lists the last sign-in of applications, and no mailbox; run Find-EwsUsage with -Operation GetAppUsage \
         -QueryType AuditLogs",
    ),
];
