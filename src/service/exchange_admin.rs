//! The Exchange admin REST backend (`InvokeCommand`): what the PowerShell module itself uses. Microsoft does not
//! document it for others, so it stays optional, is named in the report, and all it knows can be imported instead.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use url::Url;

use super::graph::{Page, entries, list_by_status};
use super::one_line;
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
    /// The settings, or what of them is not understood: then this mailbox's stay unknown, and no other's.
    pub value: Result<T, String>,
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
        let page: Page<WireOrganization> = self.invoke("Get-OrganizationConfig", &parameters, None, None).await?;
        let organization = page.items.into_iter().next().ok_or_else(|| "there is no organization in it".to_owned());
        organization.and_then(WireOrganization::settings).map_err(|error| unreadable("Get-OrganizationConfig", &error))
    }

    /// One page of the mailboxes' EWS settings.
    ///
    /// # Errors
    /// When no answer could be had.
    pub async fn cas_mailboxes(&self, next: Option<&str>) -> Result<Page<Keyed<CasMailbox>>, Trouble> {
        let select = "Guid,ExternalDirectoryObjectId,PrimarySmtpAddress,EwsEnabled,EwsApplicationAccessPolicy,\
            EwsAllowList,EwsBlockList,EwsAllowOutlook,EwsAllowMacOutlook,EwsAllowEntourage";
        let parameters = json!({"ResultSize": "Unlimited"});
        let page: Page<WireCas> = self.invoke("Get-CASMailbox", &parameters, Some(select), next).await?;
        Ok(page.map(WireCas::keyed))
    }

    /// One page of the mailboxes themselves: kind, archive, who may send on behalf.
    ///
    /// # Errors
    /// When no answer could be had.
    pub async fn recipients(&self, next: Option<&str>) -> Result<Page<Keyed<Recipient>>, Trouble> {
        let select = "Guid,ExternalDirectoryObjectId,PrimarySmtpAddress,RecipientTypeDetails,ArchiveStatus,\
            IsInactiveMailbox,GrantSendOnBehalfTo";
        let parameters = json!({"ResultSize": "Unlimited"});
        let page: Page<WireMailbox> = self.invoke("Get-Mailbox", &parameters, Some(select), next).await?;
        Ok(page.map(WireMailbox::keyed))
    }

    /// Runs a cmdlet; a next page is had by posting the same body to its link.
    async fn invoke<T: DeserializeOwned>(
        &self,
        cmdlet: &str,
        parameters: &Value,
        select: Option<&str>,
        next: Option<&str>,
    ) -> Result<Page<T>, Trouble> {
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
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
struct Listing<T> {
    #[serde(deserialize_with = "entries")]
    value: Vec<T>,
    #[serde(rename = "@odata.nextLink")]
    next: Option<String>,
}

fn unreadable(cmdlet: &str, error: &str) -> Trouble {
    Trouble::new(Cause::Unreadable, format!("Exchange's answer to {cmdlet} cannot be read: {error}"))
}

fn read<T: DeserializeOwned>(answer: &Answer, cmdlet: &str) -> Result<Page<T>, Trouble> {
    if answer.status.is_success() {
        let listing: Listing<T> =
            serde_json::from_slice(&answer.body).map_err(|error| unreadable(cmdlet, &error.to_string()))?;
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

/// `Get-OrganizationConfig`. Here and below what is not there is not set, as if it came as `null`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct WireOrganization {
    ews_enabled: Value,
    #[serde(rename = "EwsAllowedAppIDs", alias = "EWSAllowedAppIDs", alias = "EwsAllowedAppIds")]
    #[serde(deserialize_with = "given")]
    ews_allowed_app_ids: Option<Value>,
    ews_application_access_policy: Option<String>,
    #[serde(deserialize_with = "given")]
    ews_allow_list: Option<Value>,
    #[serde(deserialize_with = "given")]
    ews_block_list: Option<Value>,
    public_folders_enabled: Option<String>,
    root_public_folder_mailbox: Value,
}

impl WireOrganization {
    fn settings(self) -> Result<OrganizationEws, String> {
        let apps = self.ews_allowed_app_ids.map(|apps| texts("EwsAllowedAppIDs", &apps)).transpose()?;
        let hierarchy = hierarchy(&self.root_public_folder_mailbox);
        Ok(OrganizationEws {
            ews_enabled: switch("EwsEnabled", &self.ews_enabled)?,
            // One that is not there is hidden, and not empty.
            app_list: apps.map_or(AppList::Hidden, |apps| AppList::Seen(app_ids(&apps))),
            agents: agents(self.ews_application_access_policy, self.ews_allow_list, self.ews_block_list)?,
            public_folders: public_folders(self.public_folders_enabled.as_deref(), hierarchy.as_deref()),
        })
    }
}

/// `Get-CASMailbox`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct WireCas {
    external_directory_object_id: Option<String>,
    primary_smtp_address: Option<String>,
    ews_enabled: Value,
    ews_application_access_policy: Option<String>,
    #[serde(deserialize_with = "given")]
    ews_allow_list: Option<Value>,
    #[serde(deserialize_with = "given")]
    ews_block_list: Option<Value>,
}

impl WireCas {
    fn keyed(self) -> Keyed<CasMailbox> {
        let primary_smtp = self.primary_smtp_address.clone();
        let switch = switch("EwsEnabled", &self.ews_enabled);
        let filter = agents(self.ews_application_access_policy, self.ews_allow_list, self.ews_block_list);
        let value = switch.and_then(|ews_enabled| Ok(CasMailbox { ews_enabled, agents: filter?, primary_smtp }));
        keyed(self.external_directory_object_id, self.primary_smtp_address, value)
    }
}

/// `Get-Mailbox`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct WireMailbox {
    external_directory_object_id: Option<String>,
    primary_smtp_address: Option<String>,
    recipient_type_details: Option<String>,
    archive_status: Option<String>,
    is_inactive_mailbox: Value,
    grant_send_on_behalf_to: Value,
}

impl WireMailbox {
    fn keyed(self) -> Keyed<Recipient> {
        let kind = self.recipient_type_details.ok_or_else(|| "RecipientTypeDetails is missing".to_owned());
        let inactive = switch("IsInactiveMailbox", &self.is_inactive_mailbox);
        let value = kind.and_then(|kind| {
            Ok(Recipient {
                kind,
                archive: self.archive_status.as_deref().map(|status| status.eq_ignore_ascii_case("Active")),
                inactive: inactive?.unwrap_or_default(),
                // Nobody's verdict hangs on these names: a form that says nothing is no error.
                send_on_behalf: texts("GrantSendOnBehalfTo", &self.grant_send_on_behalf_to).unwrap_or_default(),
            })
        });
        keyed(self.external_directory_object_id, self.primary_smtp_address, value)
    }
}

fn keyed<T>(object_id: Option<String>, primary_smtp: Option<String>, value: Result<T, String>) -> Keyed<T> {
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    Keyed { object_id: filled(object_id), primary_smtp: filled(primary_smtp), value }
}

/// A user-agent filter. The list that is not enforced may be missing.
fn agents(policy: Option<String>, allow: Option<Value>, block: Option<Value>) -> Result<AgentFilter, String> {
    let enforce = AgentRule::of(policy.as_deref())?;
    let list = |name: &str, rule: AgentRule, list: Option<Value>| match list {
        Some(list) => texts(name, &list),
        None if enforce == Some(rule) => Err(format!("{name} is enforced and missing")),
        None => Ok(Vec::new()),
    };
    let allow = list("EwsAllowList", AgentRule::AllowList, allow)?;
    let block = list("EwsBlockList", AgentRule::BlockList, block)?;
    Ok(AgentFilter { enforce, allow, block, unseen: false })
}

/// A member that is there, be it `null`.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// A switch: a JSON Boolean, PowerShell's word for one, or nothing. Anything else is no answer to be guessed at.
fn switch(name: &str, value: &Value) -> Result<Option<bool>, String> {
    match value {
        Value::Null => Ok(None),
        Value::Bool(value) => Ok(Some(*value)),
        Value::String(text) if text.is_empty() => Ok(None),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
        other => Err(format!("{name} is {}, neither true nor false", one_line(&other.to_string()))),
    }
}

/// A multi-valued property: an array, a single text, or nothing. One that holds anything else is not understood.
fn texts(name: &str, value: &Value) -> Result<Vec<String>, String> {
    let items = match value {
        Value::Null => Some(Vec::new()),
        Value::String(text) => Some(vec![text.clone()].into_iter().filter(|text| !text.is_empty()).collect()),
        Value::Array(items) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    };
    items.ok_or_else(|| format!("{name} is {}, and no list of texts", one_line(&value.to_string())))
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
pub fn app_ids(texts: &[String]) -> BTreeSet<String> {
    let joined = texts.join(",");
    joined.split(',').map(|id| id.trim().trim_matches(['{', '}']).to_lowercase()).filter(|id| !id.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a mailbox whose settings are given, beside its key.
    fn cas(settings: &str) -> Result<CasMailbox, String> {
        let text = format!("{{\"PrimarySmtpAddress\":\"ada@contoso.example\"{settings}}}");
        let wire: WireCas = serde_json::from_str(&text).unwrap();
        wire.keyed().value
    }

    fn organization(settings: &str) -> Result<OrganizationEws, String> {
        serde_json::from_str::<WireOrganization>(&format!("{{{settings}}}")).unwrap().settings()
    }

    #[test]
    fn the_application_list_is_one_text_in_many_guises() {
        let of = |list: &Value| organization(&format!("\"EwsAllowedAppIDs\":{list}")).map(|settings| settings.app_list);
        let expected: BTreeSet<_> = ["aaaa", "bbbb"].map(str::to_owned).into();
        for value in [json!("AAAA, bbbb,aaaa,"), json!(["aaaa,{BBBB}"]), json!(["aaaa", "bbbb"])] {
            assert_eq!(of(&value).unwrap(), AppList::Seen(expected.clone()));
        }
        for value in [json!(null), json!(""), json!([])] {
            assert_eq!(of(&value).unwrap(), AppList::Seen(BTreeSet::new()));
        }
        assert!(of(&json!(["aaaa", 7])).unwrap_err().contains("no list of texts"));
        let hidden = organization(r#""EwsEnabled":null"#).unwrap();
        assert_eq!(hidden.app_list, AppList::Hidden, "a list that is not there is not an empty one");
    }

    #[test]
    fn switches_keep_their_three_values_and_lists_their_emptiness() {
        let settings = r#","EwsEnabled":null,"EwsApplicationAccessPolicy":"EnforceAllowList","EwsAllowList":[],"EwsBlockList":null"#;
        let cas = cas(settings).unwrap();
        assert_eq!(cas.ews_enabled, None);
        assert_eq!(cas.agents, AgentFilter { enforce: Some(AgentRule::AllowList), ..AgentFilter::default() });
    }

    #[test]
    fn what_is_not_understood_is_no_answer_to_be_guessed_at() {
        let policy = |word: &str| cas(&format!(",\"EwsEnabled\":true,\"EwsApplicationAccessPolicy\":{word}"));
        assert_eq!(policy("null").unwrap().agents, AgentFilter::default());
        assert_eq!(policy("\"\"").unwrap().agents, AgentFilter::default());
        let wrong = [
            (policy("\"EnforceSomethingNew\""), "EnforceSomethingNew"),
            (policy("\"EnforceBlockList\""), "EwsBlockList is enforced and missing"),
            (policy("null,\"EwsBlockList\":[\"a*\",7]"), "no list of texts"),
            (policy("null,\"EwsAllowList\":{}"), "no list of texts"),
        ];
        for (read, words) in wrong {
            let said = read.unwrap_err();
            assert!(said.contains(words), "{said}");
        }
        let organization = organization(r#""EwsApplicationAccessPolicy":"EnforceSomethingNew""#);
        assert!(organization.unwrap_err().contains("EnforceSomethingNew"));
    }

    #[test]
    fn one_mailbox_that_is_not_understood_is_no_reason_to_read_no_other() {
        let page = br#"{"value":[{"PrimarySmtpAddress":"a@c","EwsEnabled":"Falsch"},{"EwsEnabled":true},
            {"PrimarySmtpAddress":"b@c","EwsEnabled":false}]}"#;
        let page: Listing<WireCas> = serde_json::from_slice(page).unwrap();
        let switches = page.value.into_iter().map(|wire| wire.keyed().value.map(|settings| settings.ews_enabled));
        let switches: Vec<_> = switches.map(Result::ok).collect();
        assert_eq!(switches, [None, Some(Some(true)), Some(Some(false))]);
    }

    #[test]
    fn a_switch_is_read_in_json_s_and_in_powershell_s_words_and_never_guessed() {
        let of = |text: &str| cas(&format!(",\"EwsEnabled\":{text}")).map(|read| read.ews_enabled);
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
