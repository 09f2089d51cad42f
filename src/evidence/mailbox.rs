//! The facts about one mailbox.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::joined::Joined;
use super::observation::{Observation, Source};

/// Everything observed about one address of the roster.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MailboxEvidence {
    /// Who the address belongs to in the directory.
    pub directory: Observation<DirectoryMatch>,
    /// The mailbox's EWS settings (`Get-CASMailbox`); `None`: Exchange Online lists no such mailbox.
    pub cas: Observation<Option<CasMailbox>>,
    /// The kind of recipient (`Get-Mailbox`); `None`: Exchange Online lists no such mailbox.
    pub recipient: Observation<Option<Recipient>>,
    /// Whether Graph opens the mailbox.
    pub graph: Observation<GraphAnswer>,
    /// Where Autodiscover sends a client.
    pub routing: Observation<Routing>,
    /// What EWS said to our own application.
    pub ews: Observation<EwsAnswer>,
    /// Who else may open the calendar; asked only when waves are planned.
    pub delegates: Observation<Vec<Delegate>>,
    /// What SOAP `GetUserSettings` said; asked only where the profile wants it.
    pub user_settings: Observation<UserSettings>,
    /// What exports of other products say; asked only where the profile names some.
    pub joined: Observation<Joined>,
}

/// The directory's objects that bear the roster's address.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DirectoryMatch {
    /// Live accounts; more than one means the address is ambiguous.
    pub accounts: Vec<Account>,
    /// Accounts deleted in the last 30 days that bore the address.
    pub deleted: Vec<DeletedAccount>,
}

impl DirectoryMatch {
    /// The account that is meant: the only one, or the only one the roster names by its object id.
    #[must_use]
    pub fn the_one(&self) -> Option<&Account> {
        if let [account] = self.accounts.as_slice() {
            return Some(account);
        }
        let mut named = self.accounts.iter().filter(|account| account.matched_by.contains(&MatchedBy::ObjectId));
        named.next().filter(|_| named.next().is_none())
    }
}

/// A directory account, reduced to what the rules read. What it lacks takes no room in the store.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Account {
    /// Directory object id.
    pub id: String,
    /// How the roster's address was found on it, strongest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub matched_by: Vec<MatchedBy>,
    /// User principal name.
    pub user_principal_name: String,
    /// The `mail` attribute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail: Option<String>,
    /// The primary SMTP address, from the upper-case `SMTP:` proxy address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary_smtp: Option<String>,
    /// All SMTP proxy addresses without prefix, as written in the directory.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub smtp_addresses: Vec<String>,
    /// Display name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Whether the account may sign in; `None`: the directory did not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// `Member` or `Guest`, as the directory spells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_type: Option<String>,
    /// Two-letter usage location.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage_location: Option<String>,
    /// `Some(true)`: synchronized from on-premises; `Some(false)`: it once was; `None`: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_premises_sync: Option<bool>,
    /// When the account was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
    /// Products assigned, with the plans switched off in each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub licences: Vec<AssignedLicence>,
    /// Exchange's plans with their state; may hold several entries and stale ones for a plan. Empty: the directory lists
    /// no plan at all; where it lists others only, one of these stands for them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub plans: Vec<AssignedPlan>,
    /// How each assignment (direct or by group) went.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assignments: Vec<Assignment>,
}

impl Account {
    /// Whether it is a guest's: its type says so, or the name that invitations make.
    #[must_use]
    pub fn is_guest(&self) -> bool {
        self.has_guest_type() || self.has_guest_name()
    }

    /// Whether both signs agree. With one alone the mailbox may be here all the same: members synchronized from another
    /// tenant bear such names, and accounts made here may be of the type.
    #[must_use]
    pub fn is_certainly_guest(&self) -> bool {
        self.has_guest_type() && self.has_guest_name()
    }

    fn has_guest_type(&self) -> bool {
        self.user_type.as_deref().is_some_and(|word| word.eq_ignore_ascii_case("guest"))
    }

    fn has_guest_name(&self) -> bool {
        self.user_principal_name.to_uppercase().contains("#EXT#")
    }
}

/// Which attribute bore the roster's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchedBy {
    /// The object id column of the roster.
    ObjectId,
    /// Primary SMTP address.
    PrimarySmtp,
    /// User principal name.
    UserPrincipalName,
    /// The `mail` attribute.
    Mail,
    /// A secondary SMTP address: an alias.
    Alias,
}

/// An account in the directory's recycle bin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletedAccount {
    /// Directory object id.
    pub id: String,
    /// User principal name with the object-id prefix of deleted objects removed.
    pub user_principal_name: String,
    /// When it was deleted.
    pub deleted: Option<Timestamp>,
}

/// One product assigned to an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignedLicence {
    /// Product (SKU) id.
    pub sku: Uuid,
    /// Service plans switched off within it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disabled_plans: Vec<Uuid>,
}

/// One service plan of an account and its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignedPlan {
    /// Service plan id.
    pub plan: Uuid,
    /// `Enabled`, `Warning`, `Suspended`, `LockedOut`, `Deleted`, or a word this program does not know.
    pub capability: String,
    /// Service the directory files it under, for example `exchange`.
    pub service: String,
}

/// One assignment of a product, directly or through a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// Product (SKU) id.
    pub sku: Uuid,
    /// The group that assigns it; `None`: assigned directly.
    pub group: Option<String>,
    /// `Active`, `ActiveWithError`, `Disabled`, `Error`, or a word this program does not know.
    pub state: String,
    /// The error's name; `None` when there is none (`None` and `null` on the wire both mean that).
    pub error: Option<String>,
    /// Service plans switched off by this assignment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disabled_plans: Vec<Uuid>,
}

/// EWS settings, of a mailbox or of the organisation; both levels have the same user-agent filter.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CasMailbox {
    /// The mailbox switch; `None` counts as permitting.
    pub ews_enabled: Option<bool>,
    /// The user-agent filter of the mailbox.
    pub agents: AgentFilter,
    /// Address as Exchange writes it.
    pub primary_smtp: Option<String>,
}

/// A user-agent filter (`EwsApplicationAccessPolicy` with its two lists). It bites Graph's mail calls too.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AgentFilter {
    /// Which list is enforced; `None`: no filter.
    pub enforce: Option<AgentRule>,
    /// Whoever told the settings left this one out (an export of the few properties that `Get-EXOCasMailbox` gives unasked):
    /// taken as no filter, and said so.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unseen: bool,
    /// Patterns with `*` of `EwsAllowList`.
    pub allow: Vec<String>,
    /// Patterns with `*` of `EwsBlockList`.
    pub block: Vec<String>,
}

/// The two values of `EwsApplicationAccessPolicy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentRule {
    /// `EnforceAllowList`: only listed agents; an empty list lets nobody through.
    AllowList,
    /// `EnforceBlockList`: all but the listed agents.
    BlockList,
}

impl AgentRule {
    /// The rule of a policy; `None`: no policy is set.
    ///
    /// # Errors
    /// A sentence, when it is a word that nobody knows: what it enforces is not to be guessed.
    pub fn of(policy: Option<&str>) -> Result<Option<Self>, String> {
        Ok(match policy {
            None | Some("") => None,
            Some("EnforceAllowList") => Some(Self::AllowList),
            Some("EnforceBlockList") => Some(Self::BlockList),
            Some(other) => {
                let other: String = other.chars().take(100).collect();
                return Err(format!("EwsApplicationAccessPolicy is '{other}', which is no policy"));
            }
        })
    }
}

/// What kind of recipient Exchange Online holds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Recipient {
    /// `RecipientTypeDetails`, for example `UserMailbox`, `SharedMailbox`, `RoomMailbox`, `MailUser`.
    pub kind: String,
    /// Whether an in-place archive is active; `None`: not said.
    pub archive: Option<bool>,
    /// Whether the mailbox is inactive (kept for compliance after its user went).
    pub inactive: bool,
    /// Who may send on behalf, as Exchange names them.
    pub send_on_behalf: Vec<String>,
}

/// What Graph said when asked for the mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum GraphAnswer {
    /// The mailbox answers.
    Answers {
        /// What it is for; `None`: Graph named a purpose unknown to this program or none.
        purpose: Option<MailboxPurpose>,
    },
    /// `MailboxNotEnabledForRESTAPI`: one of five causes; what else is known tells which.
    NoMailbox {
        /// Graph's message.
        message: String,
    },
    /// `MailboxNotSupportedForRESTAPI`: a kind of mailbox Graph does not serve.
    UnsupportedMailbox {
        /// Graph's message.
        message: String,
    },
    /// Exchange does not know the account: just created, or a contact.
    UnknownToExchange {
        /// Graph's message.
        message: String,
    },
    /// Refused by an access policy or scope for this mailbox.
    Refused {
        /// By which kind of policy.
        by: GraphRefusal,
        /// Graph's message.
        message: String,
    },
}

/// What kind of policy made Graph refuse a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GraphRefusal {
    /// An Application Access Policy (`[RAOP]`).
    AccessPolicy,
    /// The user-agent filter of organisation or mailbox ("Access to OData is disabled" without `[RAOP]`).
    UserAgentPolicy,
    /// Plain `ErrorAccessDenied`: the permission is missing for everybody, or an RBAC scope leaves this mailbox out.
    AccessDenied,
}

/// `userPurpose` of a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailboxPurpose {
    /// A person's.
    User,
    /// Linked to an account in another forest.
    Linked,
    /// Shared by several people.
    Shared,
    /// A room's.
    Room,
    /// A thing's.
    Equipment,
    /// Something else.
    Others,
}

/// Where Autodiscover V2 sends a client, hop by hop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routing {
    /// Where the last hop ended.
    pub end: RouteEnd,
    /// Every host that answered, in order.
    pub hops: Vec<Hop>,
}

/// One answer on the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hop {
    /// Host that was asked (without port on loopback, so that a rerun writes the same).
    pub host: String,
    /// HTTP status it gave.
    pub status: u16,
}

/// How the way through Autodiscover ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "end", rename_all = "snake_case")]
pub enum RouteEnd {
    /// An EWS address at Exchange Online.
    ExchangeOnline {
        /// The address given.
        url: String,
    },
    /// An EWS address anywhere else: an on-premises server.
    OnPremises {
        /// The address given.
        url: String,
    },
    /// The service keeps redirecting to itself, or says that it knows no such user.
    Unresolved {
        /// What it said.
        detail: String,
    },
    /// Something that is not Exchange answers for this domain.
    NotExchange {
        /// What it said.
        detail: String,
    },
}

/// What EWS said to `GetFolder`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum EwsAnswer {
    /// The folder came.
    Works,
    /// HTTP 403: the organisation's or mailbox's switch is off.
    RefusedSwitch {
        /// `X-EWS-Policy-Reason`.
        reason: String,
    },
    /// HTTP 403: an app list or a user-agent policy; the header does not say which.
    RefusedPolicy {
        /// `X-EWS-Policy-Reason`.
        reason: String,
    },
    /// Refused for another stated reason (licence, account, tenant).
    RefusedOther {
        /// The EWS response code or what stands in its place.
        code: String,
        /// The service's message.
        message: String,
    },
    /// No such mailbox in this organisation.
    NoMailbox {
        /// The EWS response code.
        code: String,
    },
    /// Our application may not open this mailbox.
    NotPermitted {
        /// The EWS response code or what stands in its place.
        code: String,
        /// The service's message.
        message: String,
    },
}

/// Someone who may open a calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegate {
    /// The delegate's address.
    pub address: String,
    /// The delegate's display name; empty: not said.
    #[serde(default)]
    pub name: String,
    /// Graph's role word, for example `write` or `delegateWithPrivateEventAccess`.
    pub role: String,
}

/// What Autodiscover told Exchange's own clients about one user, over SOAP or, where that gave no answer, POX.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct UserSettings {
    /// `ExternalEwsUrl`, the counterpart of POX's EXPR protocol.
    pub external_ews_url: Option<String>,
    /// `InternalEwsUrl`, the counterpart of POX's EXCH protocol.
    pub internal_ews_url: Option<String>,
    /// `UserMSOnline`.
    pub online: Option<bool>,
    /// A per-user error code other than `NoError`.
    pub error: Option<String>,
    /// Why SOAP gave no answer: POX told the rest.
    pub soap_failed: Option<String>,
}

impl UserSettings {
    /// Whether the answer is an address of neither the EXPR nor the EXCH kind. One that sends the client elsewhere says
    /// nothing about that.
    #[must_use]
    pub fn lacks_exchange_section(&self) -> bool {
        let elsewhere = self.error.as_deref().is_some_and(|error| error.starts_with("Redirect"));
        !elsewhere && self.external_ews_url.is_none() && self.internal_ews_url.is_none()
    }

    /// Which of the two protocols told it.
    #[must_use]
    pub fn source(&self) -> Source {
        if self.soap_failed.is_some() { Source::AutodiscoverPox } else { Source::AutodiscoverSoap }
    }
}
