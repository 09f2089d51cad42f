//! What each question needs: one table for `doctor`, for the remark that opens a run, and for whoever sets the
//! application up (Microsoft Graph: permissions reference; Exchange: app-only authentication).

use crate::config::Sources;
use crate::transport::Resource;

/// A question, or a few that one permission opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    Directory,
    Organization,
    Licences,
    Mailboxes,
    OrganizationSwitches,
    MailboxSwitches,
    Ews,
    Routing,
    Applications,
    Notices,
    Delegates,
}

/// How much hangs on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// Without it no verdict.
    Main,
    /// Without it facts stay unknown.
    Part,
    /// Worth knowing.
    Extra,
}

/// What a question needs.
#[derive(Debug)]
pub(super) struct Need {
    pub(super) ask: Ask,
    /// What is learned, for the table.
    pub(super) learns: &'static str,
    /// Whose token; none: nobody signs in.
    pub(super) resource: Option<Resource>,
    /// The least permission, as it is granted.
    pub(super) permission: &'static str,
    /// Every permission that opens it.
    pub(super) any_of: &'static [&'static str],
    pub(super) weight: Weight,
}

const GRAPH: Option<Resource> = Some(Resource::Graph);
const EXCHANGE: Option<Resource> = Some(Resource::Exchange);
const BACKEND: &[&str] = &["Exchange.ManageAsApp", "Exchange.Manage"];
/// Roles of Entra that show Exchange's settings; the first is named.
pub(super) const ROLE: &str = "Global Reader";

pub(super) const NEEDS: [Need; 11] = [
    Need {
        ask: Ask::Directory,
        learns: "accounts, addresses, licences, deleted users",
        resource: GRAPH,
        permission: "User.Read.All",
        any_of: &["User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"],
        weight: Weight::Main,
    },
    Need {
        ask: Ask::Mailboxes,
        learns: "does Graph open the mailbox, and what kind is it",
        resource: GRAPH,
        permission: "MailboxSettings.Read",
        any_of: &[
            "MailboxSettings.Read",
            "MailboxSettings.ReadWrite",
            "Calendars.Read",
            "Calendars.ReadBasic.All",
            "Calendars.ReadWrite",
            "Mail.ReadBasic.All",
            "Mail.Read",
            "Mail.ReadWrite",
        ],
        weight: Weight::Main,
    },
    Need {
        ask: Ask::Organization,
        learns: "tenant and domains",
        resource: GRAPH,
        permission: "Organization.Read.All",
        any_of: &[
            "Organization.Read.All",
            "Organization.ReadWrite.All",
            "Directory.Read.All",
            "Directory.ReadWrite.All",
        ],
        weight: Weight::Part,
    },
    Need {
        ask: Ask::Licences,
        learns: "the tenant's products",
        resource: GRAPH,
        permission: "Organization.Read.All",
        any_of: &[
            "Organization.Read.All",
            "LicenseAssignment.Read.All",
            "LicenseAssignment.ReadWrite.All",
            "Organization.ReadWrite.All",
            "Directory.Read.All",
            "Directory.ReadWrite.All",
        ],
        weight: Weight::Part,
    },
    Need {
        ask: Ask::OrganizationSwitches,
        learns: "EWS switch and lists of the organisation",
        resource: EXCHANGE,
        permission: "Exchange.ManageAsApp",
        any_of: BACKEND,
        weight: Weight::Part,
    },
    Need {
        ask: Ask::MailboxSwitches,
        learns: "EWS switch and lists of each mailbox",
        resource: EXCHANGE,
        permission: "Exchange.ManageAsApp",
        any_of: BACKEND,
        weight: Weight::Part,
    },
    Need {
        ask: Ask::Ews,
        learns: "does EWS open the mailbox today",
        resource: EXCHANGE,
        permission: "full_access_as_app",
        any_of: &["full_access_as_app", "EWS.AccessAsUser.All"],
        weight: Weight::Part,
    },
    Need {
        ask: Ask::Routing,
        learns: "where Autodiscover sends clients",
        resource: None,
        permission: "",
        any_of: &[],
        weight: Weight::Part,
    },
    Need {
        ask: Ask::Applications,
        learns: "which applications use EWS",
        resource: GRAPH,
        permission: "Application.Read.All",
        any_of: &["Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"],
        weight: Weight::Extra,
    },
    Need {
        ask: Ask::Notices,
        learns: "Microsoft's notices to this tenant",
        resource: GRAPH,
        permission: "ServiceMessage.Read.All",
        any_of: &["ServiceMessage.Read.All"],
        weight: Weight::Extra,
    },
    Need {
        ask: Ask::Delegates,
        learns: "who may open a calendar, for planning waves (--delegates)",
        resource: GRAPH,
        permission: "Calendars.Read",
        any_of: &["Calendars.Read", "Calendars.ReadWrite"],
        weight: Weight::Extra,
    },
];

impl Need {
    /// Whether the profile asks this at all, and of a service: a file needs no permission.
    pub(super) fn is_asked(&self, sources: &Sources) -> bool {
        let imports = &sources.imports;
        match self.ask {
            Ask::OrganizationSwitches => sources.exchange_admin && imports.organization.is_none(),
            Ask::MailboxSwitches => {
                sources.exchange_admin && (imports.cas_mailboxes.is_none() || imports.mailboxes.is_none())
            }
            Ask::Ews => sources.ews,
            Ask::Routing => sources.autodiscover,
            _ => true,
        }
    }

    /// Whether a token's permissions open it.
    pub(super) fn is_met(&self, roles: &[String]) -> bool {
        self.resource.is_none() || roles.iter().any(|role| self.any_of.contains(&role.as_str()))
    }

    /// How it is granted, for a person.
    pub(super) fn grant(&self) -> String {
        let service = match self.resource {
            Some(Resource::Exchange) => "Office 365 Exchange Online",
            _ => "Microsoft Graph",
        };
        format!("grant {} ({service}, application permission)", self.permission)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setup_script_grants_what_is_needed_and_nothing_else() {
        let script = include_str!("../../../templates/setup-app.ps1");
        for need in NEEDS.iter().filter(|need| need.resource.is_some()) {
            assert!(script.contains(&format!("'{}'", need.permission)), "{} is not granted", need.permission);
        }
        assert!(script.contains(ROLE));
        let granted = script.lines().filter(|line| line.contains("+= '") || line.contains("= @('"));
        let quoted = granted.flat_map(|line| line.split('\'').skip(1).step_by(2));
        let known = |value: &str| NEEDS.iter().any(|need| need.permission == value);
        for value in quoted {
            assert!(known(value), "{value} is granted and nobody needs it");
        }
    }
}
