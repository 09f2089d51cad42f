//! The Exchange admin REST backend (`InvokeCommand`): what the PowerShell module itself uses. Microsoft does not
//! document it for others, so it stays optional, is named in the report, and all it knows can be imported instead.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::graph::{Page, entries, list_by_status, one_line};
use crate::evidence::Cause;
use crate::evidence::mailbox::{AgentFilter, AgentRule, CasMailbox, Recipient};
use crate::evidence::tenant::{AppList, OrganizationEws};
use crate::transport::retry::describe;
use crate::transport::{Answer, Call, Client, LISTING_LIMIT, Patience, Request, Resource, ScopeId, Trouble};

/// The backend of one tenant.
pub struct ExchangeAdmin {
    client: Arc<Client>,
    tenant: String,
}

/// A mailbox's settings with what identifies it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyed<T> {
    /// Directory object id, where Exchange gave it.
    pub object_id: Option<String>,
    /// Primary SMTP address, where Exchange gave it.
    pub primary_smtp: Option<String>,
    /// The settings.
    pub value: T,
}

/// Answers a mailbox a page; the most the backend gives.
const PAGE: &str = "odata.maxpagesize=1000";
/// The system mailbox an application anchors to, as the official module does.
const ANCHOR: &str = "APP:SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}@";

impl ExchangeAdmin {
    /// The backend of a tenant, by tenant id or verified domain.
    #[must_use]
    pub fn new(client: Arc<Client>, tenant: String) -> Self {
        Self { client, tenant }
    }

    /// The organisation's EWS switches. `RetrieveEwsOperationAccessPolicy` is what makes the application list
    /// visible: without it the list comes back empty even when it is enforced.
    ///
    /// # Errors
    /// When no answer could be had.
    pub async fn organization(&self) -> Result<OrganizationEws, Trouble> {
        let parameters = json!({"RetrieveEwsOperationAccessPolicy": true});
        let page: Page<Wire> = self.invoke("Get-OrganizationConfig", &parameters, None, None).await?;
        let organization = page.items.into_iter().next().ok_or_else(|| {
            Trouble::new(Cause::Unreadable, "Exchange answered Get-OrganizationConfig without an organization")
        })?;
        Ok(OrganizationEws {
            ews_enabled: organization.ews_enabled,
            app_list: AppList::Seen(app_ids(&organization.ews_allowed_app_ids)),
            agents: organization.agents(),
            public_folders: public_folders(
                organization.public_folders_enabled.as_deref(),
                hierarchy(&organization.root_public_folder_mailbox).as_deref(),
            ),
        })
    }

    /// One page of the mailboxes' EWS settings.
    ///
    /// # Errors
    /// When no answer could be had.
    pub async fn cas_mailboxes(&self, next: Option<&str>) -> Result<Page<Keyed<CasMailbox>>, Trouble> {
        let select = "Guid,ExternalDirectoryObjectId,PrimarySmtpAddress,EwsEnabled,EwsApplicationAccessPolicy,\
            EwsAllowList,EwsBlockList,EwsAllowOutlook,EwsAllowMacOutlook,EwsAllowEntourage";
        let parameters = json!({"ResultSize": "Unlimited"});
        let page: Page<Wire> = self.invoke("Get-CASMailbox", &parameters, Some(select), next).await?;
        Ok(page.map(|wire| wire.keyed(Wire::cas)))
    }

    /// One page of the mailboxes themselves: kind, archive, who may send on behalf.
    ///
    /// # Errors
    /// When no answer could be had.
    pub async fn recipients(&self, next: Option<&str>) -> Result<Page<Keyed<Recipient>>, Trouble> {
        let select = "Guid,ExternalDirectoryObjectId,PrimarySmtpAddress,RecipientTypeDetails,ArchiveStatus,\
            IsInactiveMailbox,GrantSendOnBehalfTo";
        let parameters = json!({"ResultSize": "Unlimited"});
        let page: Page<Wire> = self.invoke("Get-Mailbox", &parameters, Some(select), next).await?;
        Ok(page.map(|wire| wire.keyed(Wire::recipient)))
    }

    /// Runs a cmdlet; a next page is had by posting the same body to its link.
    async fn invoke(
        &self,
        cmdlet: &str,
        parameters: &Value,
        select: Option<&str>,
        next: Option<&str>,
    ) -> Result<Page<Wire>, Trouble> {
        let url = match next {
            Some(next) => Url::parse(next),
            None => self.client.origins.exchange.join(&format!("/adminapi/beta/{}/InvokeCommand", self.tenant)),
        };
        let mut url = url.map_err(|error| {
            Trouble::new(Cause::Unreadable, format!("Exchange's next page has no address: {error}"))
        })?;
        if let (Some(select), None) = (select, next) {
            url.set_query(Some(&format!("$select={select}")));
        }
        let body = json!({"CmdletInput": {"CmdletName": cmdlet, "Parameters": parameters}}).to_string();
        let id = uuid::Uuid::new_v4().to_string();
        let request = Request::post(url, "application/json", body)
            .at_most(LISTING_LIMIT)
            .header("accept", "application/json")
            .header("x-anchormailbox", &format!("{ANCHOR}{}", self.tenant))
            .header("prefer", PAGE)
            .header("x-cmdletname", cmdlet)
            .header("x-responseformat", "json")
            .header("connection-id", &id)
            .header("client-request-id", &id);
        let call = Call {
            scope: ScopeId::ExchangeAdmin,
            cost: 1,
            request,
            reading: list_by_status,
            patience: Patience::Listing,
        };
        read(&self.client.call(Resource::Exchange, call).await?, cmdlet)
    }
}

#[derive(Deserialize)]
struct Listing {
    #[serde(deserialize_with = "entries")]
    value: Vec<Wire>,
    #[serde(rename = "@odata.nextLink")]
    next: Option<String>,
}

fn read(answer: &Answer, cmdlet: &str) -> Result<Page<Wire>, Trouble> {
    if answer.status.is_success() {
        let listing: Listing = serde_json::from_slice(&answer.body).map_err(|error| {
            Trouble::new(Cause::Unreadable, format!("Exchange's answer to {cmdlet} cannot be read: {error}"))
        })?;
        return Ok(Page { items: listing.value, next: listing.next });
    }
    let said = match error_text(&answer.body) {
        Some(text) => format!("{}: {text}", answer.status.as_u16()),
        None => describe(answer.status),
    };
    let trouble = match answer.status.as_u16() {
        401 | 403 => Trouble::new(
            Cause::NotPermitted,
            format!(
                "Exchange does not let our application run {cmdlet} ({said}); it needs Exchange.ManageAsApp and a role such as Global Reader"
            ),
        ),
        _ => Trouble::new(Cause::Inconclusive, format!("Exchange's answer to {cmdlet} settles nothing ({said})")),
    };
    Err(trouble.told_by(answer))
}

/// The useful text of an error is usually in its first detail.
fn error_text(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let paths = ["/error/details/0/message", "/error/innererror/internalexception/message", "/error/message"];
    paths.iter().find_map(|path| body.pointer(path)?.as_str().filter(|text| !text.is_empty()).map(one_line))
}

/// One object of any of the three cmdlets; members that were not asked for are absent.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Wire {
    external_directory_object_id: Option<String>,
    primary_smtp_address: Option<String>,
    #[serde(deserialize_with = "flag")]
    ews_enabled: Option<bool>,
    #[serde(rename = "EwsAllowedAppIDs", alias = "EWSAllowedAppIDs", alias = "EwsAllowedAppIds")]
    ews_allowed_app_ids: Value,
    ews_application_access_policy: Option<String>,
    ews_allow_list: Value,
    ews_block_list: Value,
    recipient_type_details: Option<String>,
    archive_status: Option<String>,
    #[serde(deserialize_with = "flag")]
    is_inactive_mailbox: Option<bool>,
    grant_send_on_behalf_to: Value,
    public_folders_enabled: Option<String>,
    root_public_folder_mailbox: Value,
}

impl Wire {
    fn keyed<T>(self, value: impl FnOnce(&Self) -> T) -> Keyed<T> {
        let value = value(&self);
        let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
        Keyed {
            object_id: filled(self.external_directory_object_id),
            primary_smtp: filled(self.primary_smtp_address),
            value,
        }
    }

    fn agents(&self) -> AgentFilter {
        let enforce = match self.ews_application_access_policy.as_deref() {
            Some("EnforceAllowList") => Some(AgentRule::AllowList),
            Some("EnforceBlockList") => Some(AgentRule::BlockList),
            _ => None,
        };
        AgentFilter { enforce, allow: strings(&self.ews_allow_list), block: strings(&self.ews_block_list) }
    }

    fn cas(&self) -> CasMailbox {
        CasMailbox {
            ews_enabled: self.ews_enabled,
            agents: self.agents(),
            primary_smtp: self.primary_smtp_address.clone(),
        }
    }

    fn recipient(&self) -> Recipient {
        Recipient {
            kind: self.recipient_type_details.clone().unwrap_or_default(),
            archive: self.archive_status.as_deref().map(|status| status.eq_ignore_ascii_case("Active")),
            inactive: self.is_inactive_mailbox.unwrap_or_default(),
            send_on_behalf: strings(&self.grant_send_on_behalf_to),
        }
    }
}

/// A switch: a JSON Boolean, PowerShell's word for one, or nothing. Anything else is no answer to be guessed at.
fn flag<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::Bool(value) => Ok(Some(value)),
        Value::String(text) if text.is_empty() => Ok(None),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
        other => {
            let other = one_line(&other.to_string());
            Err(serde::de::Error::custom(format!("a switch is {other}, neither true nor false")))
        }
    }
}

/// A multi-valued property: an array, a single text, or nothing.
fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) if !text.is_empty() => vec![text.clone()],
        Value::Array(items) => items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}

/// The id of the mailbox that holds the hierarchy of public folders: a text, or a member of an object.
fn hierarchy(value: &Value) -> Option<String> {
    value.as_str().or_else(|| value.get("HierarchyMailboxGuid")?.as_str()).map(str::to_owned)
}

/// Whether there are public folders: `PublicFoldersEnabled` is *Local* also where none was ever made, but the mailbox of
/// their hierarchy is all zeros then; *Remote* means that they are on-premises. `None`: not said.
#[must_use]
pub fn public_folders(enabled: Option<&str>, hierarchy: Option<&str>) -> Option<bool> {
    match (enabled, hierarchy.map(str::trim)) {
        (Some(word), _) if word.eq_ignore_ascii_case("None") => Some(false),
        (Some(word), _) if word.eq_ignore_ascii_case("Remote") => Some(true),
        (_, None) => None,
        (_, Some(id)) => Some(id.chars().any(|letter| letter.is_ascii_hexdigit() && letter != '0')),
    }
}

/// `EwsAllowedAppIDs` is one comma-joined text, now and then inside an array; ids in any case, with blanks.
#[must_use]
pub fn app_ids(value: &Value) -> BTreeSet<String> {
    let joined = strings(value).join(",");
    joined.split(',').map(|id| id.trim().trim_matches(['{', '}']).to_lowercase()).filter(|id| !id.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_application_list_is_one_text_in_many_guises() {
        let expected: BTreeSet<_> = ["aaaa", "bbbb"].map(str::to_owned).into();
        for value in [json!("AAAA, bbbb,aaaa,"), json!(["aaaa,{BBBB}"]), json!(["aaaa", "bbbb"])] {
            assert_eq!(app_ids(&value), expected);
        }
        for value in [json!(null), json!(""), json!([])] {
            assert!(app_ids(&value).is_empty());
        }
    }

    #[test]
    fn switches_keep_their_three_values_and_lists_their_emptiness() {
        let wire: Wire = serde_json::from_str(
            r#"{"EwsEnabled":null,"EwsApplicationAccessPolicy":"EnforceAllowList","EwsAllowList":[],"EwsBlockList":null}"#,
        )
        .unwrap();
        let cas = wire.cas();
        assert_eq!(cas.ews_enabled, None);
        assert_eq!(cas.agents, AgentFilter { enforce: Some(AgentRule::AllowList), ..AgentFilter::default() });
    }

    #[test]
    fn a_switch_is_read_in_json_s_and_in_powershell_s_words_and_never_guessed() {
        let of = |text: &str| {
            serde_json::from_str::<Wire>(&format!("{{\"EwsEnabled\":{text}}}")).map(|wire| wire.ews_enabled)
        };
        assert_eq!(of("\"False\"").unwrap(), Some(false));
        assert_eq!(of("true").unwrap(), Some(true));
        assert_eq!(of("\"\"").unwrap(), None);
        assert!(of("\"Falsch\"").is_err() && of("0").is_err());
    }

    #[test]
    fn public_folders_are_told_by_the_mailbox_of_their_hierarchy() {
        let (none, some) = ("00000000-0000-0000-0000-000000000000", "cd5ec7c4-0000-0000-0000-000000000000");
        assert_eq!(public_folders(Some("Local"), Some(none)), Some(false));
        assert_eq!(public_folders(Some("Local"), Some(some)), Some(true));
        assert_eq!(public_folders(Some("Remote"), Some(none)), Some(true));
        assert_eq!(public_folders(Some("None"), Some(some)), Some(false));
        assert_eq!(public_folders(Some("Local"), None), None);
        assert_eq!(hierarchy(&json!({"HierarchyMailboxGuid": some})).as_deref(), Some(some));
    }

    #[test]
    fn an_error_s_useful_text_is_found() {
        let body = br#"{"error":{"code":"BadRequest","message":"","details":[{"message":"The role is  missing."}]}}"#;
        assert_eq!(error_text(body).as_deref(), Some("The role is missing."));
    }
}
