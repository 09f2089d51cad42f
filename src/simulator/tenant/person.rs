//! One account of a simulated tenant, with its licences and its mailbox.

use std::sync::Arc;

use serde::Deserialize;
use uuid::Uuid;

use super::products::{Plan, Product};

/// An account, live or deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) id: Uuid,
    pub(crate) upn: String,
    pub(crate) display_name: String,
    pub(crate) given_name: Option<String>,
    pub(crate) surname: Option<String>,
    /// The `mail` attribute.
    pub(crate) mail: Option<String>,
    /// The `SMTP:` proxy address.
    pub(crate) primary: Option<String>,
    /// The `smtp:` proxy addresses.
    pub(crate) aliases: Vec<String>,
    pub(crate) enabled: bool,
    pub(crate) guest: bool,
    pub(crate) synchronized: Option<bool>,
    pub(crate) country: Option<String>,
    pub(crate) department: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) created_days_ago: u32,
    /// In the recycle bin since so many days.
    pub(crate) deleted_days_ago: Option<u32>,
    pub(crate) licences: Vec<Licence>,
    pub(crate) mailbox: Mailbox,
    /// The address a roster written from this tenant gives for the account; `None`: it is not on the roster.
    pub(crate) roster_address: Option<String>,
}

/// One product assigned to an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Licence {
    pub(crate) product: Arc<Product>,
    /// Plans switched off.
    pub(crate) off: Vec<Uuid>,
    /// The group that assigns it.
    pub(crate) group: Option<Uuid>,
    pub(crate) state: AssignmentState,
    /// Word of `licenseAssignmentStates.error`; `None` when there is none.
    pub(crate) error: Option<String>,
    pub(crate) capability: Capability,
    pub(crate) provisioning: Provisioning,
}

impl Licence {
    /// The product assigned directly, everything in order.
    pub(crate) fn of(product: &Arc<Product>) -> Self {
        Self {
            product: Arc::clone(product),
            off: Vec::new(),
            group: None,
            state: AssignmentState::Active,
            error: None,
            capability: Capability::Enabled,
            provisioning: Provisioning::Success,
        }
    }

    /// Whether the assignment takes effect at all.
    pub(crate) fn in_effect(&self) -> bool {
        matches!(self.state, AssignmentState::Active | AssignmentState::ActiveWithError)
    }

    /// Plans this assignment gives the user, the switched-off ones left out.
    pub(crate) fn plans(&self) -> impl Iterator<Item = &Plan> {
        self.product.plans.iter().filter(|plan| self.in_effect() && !self.off.contains(&plan.id))
    }

    /// Whether a mailbox comes with it.
    pub(crate) fn gives_mailbox(&self) -> bool {
        matches!(self.capability, Capability::Enabled | Capability::Warning)
            && self.provisioning == Provisioning::Success
            && self.plans().any(Plan::gives_mailbox)
    }
}

/// Declares an enumeration whose members are words of the wire and of the tenant file.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($member:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
        pub(crate) enum $name { $(#[serde(rename = $word)] $member,)+ }
        impl $name {
            /// The word.
            pub(crate) fn word(self) -> &'static str {
                match self { $(Self::$member => $word,)+ }
            }
        }
    };
}

words! {
    /// `licenseAssignmentStates.state` (Microsoft Graph: licenseAssignmentState).
    AssignmentState {
        Active = "Active",
        ActiveWithError = "ActiveWithError",
        Disabled = "Disabled",
        Error = "Error",
    }
}

words! {
    /// `assignedPlans.capabilityStatus` (Microsoft Graph: assignedPlan).
    Capability {
        Enabled = "Enabled",
        Warning = "Warning",
        Suspended = "Suspended",
        Deleted = "Deleted",
        LockedOut = "LockedOut",
    }
}

words! {
    /// `servicePlans.provisioningStatus` (Microsoft Graph: servicePlanInfo).
    Provisioning {
        Success = "Success",
        Disabled = "Disabled",
        PendingInput = "PendingInput",
        PendingActivation = "PendingActivation",
        Pending = "PendingProvisioning",
        Error = "Error",
    }
}

words! {
    /// What a mailbox is for: `userPurpose` of Microsoft Graph.
    Purpose {
        User = "user",
        Linked = "linked",
        Shared = "shared",
        Room = "room",
        Equipment = "equipment",
        Others = "others",
    }
}

impl Purpose {
    /// `RecipientTypeDetails` of Exchange.
    pub(crate) fn recipient_type_details(self) -> &'static str {
        match self {
            Self::User => "UserMailbox",
            Self::Linked => "LinkedMailbox",
            Self::Shared => "SharedMailbox",
            Self::Room => "RoomMailbox",
            Self::Equipment => "EquipmentMailbox",
            Self::Others => "TeamMailbox",
        }
    }
}

/// What Graph does with a mailbox that exists (section "errors" of the Outlook part of Microsoft Graph).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum GraphAccess {
    Answers,
    AccessPolicy,
    OutOfScope,
    Unsupported,
    UnknownToExchange,
}

/// What EWS does with a mailbox that exists and that no policy closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum EwsAccess {
    Answers,
    ImpersonationDenied,
    AccessPolicy,
    InvalidLicense,
    AccountDisabled,
}

/// Trouble that one mailbox makes on one service, for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Trouble {
    Throttled,
    #[serde(rename = "throttled-inside-200")]
    ThrottledInside200,
    Garbage,
    Html,
    Unavailable,
    Moving,
    ForbiddenWithoutReason,
    ErrorPage,
    EmptyFault,
    /// HTTP 429 without any body that means something.
    TooManyRequests,
    /// An answer of 32 MB.
    Huge,
    /// A hosting panel answers Autodiscover in Exchange's place.
    HostingPanel,
    /// Autodiscover V2 answers; SOAP and POX tell of no EWS address ("No EXPR or EXCH settings").
    NoExchangeSection,
}

/// A nullable switch of Exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Switch {
    On,
    Off,
    #[default]
    Null,
}

impl Switch {
    /// As JSON shows it.
    pub(crate) fn value(self) -> Option<bool> {
        match self {
            Self::On => Some(true),
            Self::Off => Some(false),
            Self::Null => None,
        }
    }
}

/// A user-agent filter: `EwsApplicationAccessPolicy` with its lists.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Agents {
    pub(crate) enforce: Option<AgentList>,
    pub(crate) allow: Vec<String>,
    pub(crate) block: Vec<String>,
}

/// Which list a user-agent filter enforces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AgentList {
    Allow,
    Block,
}

impl AgentList {
    /// The value of `EwsApplicationAccessPolicy`.
    pub(crate) fn policy(self) -> &'static str {
        match self {
            Self::Allow => "EnforceAllowList",
            Self::Block => "EnforceBlockList",
        }
    }
}

impl Agents {
    /// Whether a caller with this `User-Agent` gets through. An empty allow list lets nobody through.
    pub(crate) fn permits(&self, agent: &str) -> bool {
        match self.enforce {
            None => true,
            Some(AgentList::Allow) => self.allow.iter().any(|pattern| matches_pattern(pattern, agent)),
            Some(AgentList::Block) => !self.block.iter().any(|pattern| matches_pattern(pattern, agent)),
        }
    }
}

/// Whether `text` matches a pattern with `*`, without regard to case.
pub(crate) fn matches_pattern(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_ascii_lowercase(), text.to_ascii_lowercase());
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}

/// Where a mailbox is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// There is none.
    Nowhere,
    /// Exchange Online.
    Cloud,
    /// An on-premises server, by host name.
    OnPremises(String),
    /// In Exchange Online, kept for compliance after its user went.
    Inactive,
}

/// A mailbox and how the services treat it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mailbox {
    pub(crate) place: Place,
    pub(crate) purpose: Purpose,
    pub(crate) ews_enabled: Switch,
    pub(crate) agents: Agents,
    pub(crate) archive: bool,
    pub(crate) send_on_behalf: Vec<String>,
    pub(crate) delegates: Vec<Delegate>,
    pub(crate) graph: GraphAccess,
    pub(crate) ews: EwsAccess,
    pub(crate) graph_trouble: Option<Trouble>,
    pub(crate) ews_trouble: Option<Trouble>,
    pub(crate) autodiscover_trouble: Option<Trouble>,
    /// The wait that the troubled services ask for, seconds.
    pub(crate) retry_after: u32,
}

impl Mailbox {
    /// A person's mailbox that everything may open.
    pub(crate) fn at(place: Place) -> Self {
        Self {
            place,
            purpose: Purpose::User,
            ews_enabled: Switch::On,
            agents: Agents::default(),
            archive: false,
            send_on_behalf: Vec::new(),
            delegates: Vec::new(),
            graph: GraphAccess::Answers,
            ews: EwsAccess::Answers,
            graph_trouble: None,
            ews_trouble: None,
            autodiscover_trouble: None,
            retry_after: 1,
        }
    }
}

/// Who else may open the calendar.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Delegate {
    pub(crate) name: String,
    pub(crate) address: String,
    pub(crate) role: CalendarRole,
}

words! {
    /// `calendarRoleType` of Microsoft Graph.
    CalendarRole {
        None = "none",
        FreeBusyRead = "freeBusyRead",
        LimitedRead = "limitedRead",
        Read = "read",
        Write = "write",
        DelegateWithoutPrivateEventAccess = "delegateWithoutPrivateEventAccess",
        DelegateWithPrivateEventAccess = "delegateWithPrivateEventAccess",
        Custom = "custom",
    }
}

impl Person {
    /// All SMTP addresses, the primary first.
    pub(crate) fn smtp_addresses(&self) -> impl Iterator<Item = &str> {
        self.primary.as_deref().into_iter().chain(self.aliases.iter().map(String::as_str))
    }

    /// Whether the account is in the recycle bin.
    pub(crate) fn is_deleted(&self) -> bool {
        self.deleted_days_ago.is_some()
    }

    /// Whether Exchange Online holds a live mailbox for it.
    pub(crate) fn in_cloud(&self) -> bool {
        self.mailbox.place == Place::Cloud
    }

    /// Whether one of its addresses or its UPN is `address`.
    pub(crate) fn answers_to(&self, address: &str) -> bool {
        self.upn.eq_ignore_ascii_case(address) || self.smtp_addresses().any(|own| own.eq_ignore_ascii_case(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_exchange_matches_agents() {
        for (pattern, text, expected) in [
            ("*", "anything", true),
            ("ewsready*", "EwsReady/1.0 (x)", true),
            ("*ready*", "ewsready/1", true),
            ("Mac*Exchange*", "MacOSX/14 ExchangeWebServices", true),
            ("ewsready", "ewsready/1", false),
            ("*/1", "ewsready/1", true),
            ("a*b*c", "aXXc", false),
        ] {
            assert_eq!(matches_pattern(pattern, text), expected, "{pattern} on {text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_star_stands_for_any_text(one in "[a-c]{0,4}", two in "[a-c]{0,4}", between in "[a-c/]{0,4}") {
            let pattern = format!("{one}*{two}");
            let text = format!("{one}{between}{two}");
            proptest::prop_assert!(matches_pattern(&pattern, &text));
            proptest::prop_assert_eq!(matches_pattern(&one, &text), one == text);
        }
    }

    #[test]
    fn an_enforced_empty_allow_list_closes_the_door() {
        let agents = Agents { enforce: Some(AgentList::Allow), ..Agents::default() };
        assert!(!agents.permits("ewsready/1.0"));
    }
}
