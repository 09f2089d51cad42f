//! Accounts: the bulk list, look-ups by address, the recycle bin.

use std::cell::Cell;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use url::Url;
use uuid::Uuid;

use super::{Graph, Page, Unread, encoded, entries, list_by_status, read};
use crate::evidence::Cause;
use crate::evidence::mailbox::{Account, AssignedLicence, AssignedPlan, Assignment, DeletedAccount};
use crate::transport::retry::{json_by_status, kept_by_status};
use crate::transport::{Answer, ScopeId, Trouble};

/// The attributes the rules read. Without `$select` Graph sends ten others.
const SELECT: &str = "id,userPrincipalName,mail,proxyAddresses,displayName,accountEnabled,userType,usageLocation,\
onPremisesSyncEnabled,createdDateTime,assignedLicenses,assignedPlans,licenseAssignmentStates";

/// Largest page of users (Microsoft Graph: list users).
const PAGE: u32 = 999;

impl Graph {
    /// How many users the directory holds, guests included.
    ///
    /// # Errors
    /// When no answer could be had.
    pub async fn count_users(&self) -> Result<u64, Trouble> {
        let answer = self.fetch(self.url("users/$count")?, 1, true, json_by_status).await?;
        read(&answer, "the number of users")
    }

    /// One page of all users: the first, or the one a previous page named.
    ///
    /// # Errors
    /// When no answer could be had, or the page's address is not Graph's.
    pub async fn users(&self, next: Option<&str>) -> Result<Unread<Account>, Trouble> {
        let first = format!("users?$select={SELECT}&$top={PAGE}");
        self.unread(next, &first, |answer| entries_of(answer, "the users", |User(account)| account)).await
    }

    /// The accounts that bear an address in any of its attributes, or an object id.
    ///
    /// # Errors
    /// When no answer could be had.
    pub async fn find(&self, address: &str, object_id: Option<&str>) -> Result<Vec<Account>, Trouble> {
        let quoted = address.replace('\'', "''");
        let mut filter = format!(
            "proxyAddresses/any(p:p eq 'smtp:{quoted}') or userPrincipalName eq '{quoted}' or mail eq '{quoted}'"
        );
        if let Some(id) = object_id.filter(|id| Uuid::parse_str(id).is_ok()) {
            filter.push_str(&format!(" or id eq '{id}'"));
        }
        let path = format!("users?$filter={}&$select={SELECT}", encoded(&filter));
        let answer = self.ask(ScopeId::Directory, self.url(&path)?, list_by_status).await?;
        let found: Listing<WireUser> = read(&answer, "the account")?;
        Ok(found.value.into_iter().map(Account::from).collect())
    }

    /// One page of the accounts deleted in the last 30 days.
    ///
    /// # Errors
    /// When no answer could be had, or the page's address is not Graph's.
    pub async fn deleted_users(&self, next: Option<&str>) -> Result<Unread<(DeletedAccount, Vec<String>)>, Trouble> {
        let select = "id,userPrincipalName,mail,proxyAddresses,deletedDateTime";
        let first = format!("directory/deletedItems/microsoft.graph.user?$select={select}&$top={PAGE}");
        self.unread(next, &first, |answer| entries_of(answer, "the deleted users", WireUser::into_deleted)).await
    }

    async fn unread<T>(
        &self,
        next: Option<&str>,
        first: &str,
        entries: fn(&Answer) -> Result<Vec<T>, Trouble>,
    ) -> Result<Unread<T>, Trouble> {
        let onward = Cell::new(None);
        let reading = |answer: &Answer| kept_by_status(answer, |read: Onward| onward.set(Some(read)));
        let answer = self.fetch(self.page_url(next, first)?, 1, false, reading).await?;
        let onward = onward.take().map_or_else(|| read(&answer, "the directory"), Ok)?;
        Ok(Unread { next: onward.next, answer, entries })
    }

    fn page_url(&self, next: Option<&str>, first: &str) -> Result<Url, Trouble> {
        match next {
            None => self.url(first),
            Some(next) => self.same_host(next),
        }
    }

    /// A page, and how many bytes it came in.
    pub(super) async fn sized_page<T: serde::de::DeserializeOwned>(
        &self,
        url: Url,
        what: &str,
    ) -> Result<(Page<T>, usize), Trouble> {
        let answer = self.fetch_list(url, 1).await?;
        let listing: Listing<T> = read(&answer, what)?;
        Ok((Page { items: listing.value, next: listing.next }, answer.body.len()))
    }

    /// Checks that a next link stays where our token may go.
    pub(super) fn same_host(&self, link: &str) -> Result<Url, Trouble> {
        let url = super::parse_url(link)?;
        if url.origin() == self.client.origins.graph.origin() {
            return Ok(url);
        }
        let host = url.host_str().unwrap_or("nowhere");
        Err(Trouble::new(
            Cause::Unreadable,
            format!("Graph's next page lies at {host}, which is not Graph: not followed"),
        ))
    }
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub(super) struct Listing<T> {
    #[serde(deserialize_with = "entries")]
    pub(super) value: Vec<T>,
    #[serde(rename = "@odata.nextLink")]
    pub(super) next: Option<String>,
}

/// A page, but for its entries: it has some, even where these are none.
#[derive(Deserialize)]
struct Onward {
    #[serde(rename = "value")]
    _value: IgnoredAny,
    #[serde(rename = "@odata.nextLink")]
    next: Option<String>,
}

fn entries_of<W: DeserializeOwned, T>(answer: &Answer, what: &str, convert: fn(W) -> T) -> Result<Vec<T>, Trouble> {
    let listing: Listing<W> = read(answer, what)?;
    Ok(listing.value.into_iter().map(convert).collect())
}

/// A user reduced to what is kept of it as soon as it is read: a page of whole ones would be several times as large.
#[derive(Deserialize)]
#[serde(from = "WireUser")]
struct User(Account);

impl From<WireUser> for User {
    fn from(user: WireUser) -> Self {
        Self(user.into())
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireUser {
    id: String,
    user_principal_name: Option<String>,
    mail: Option<String>,
    #[serde(deserialize_with = "null_is_default")]
    proxy_addresses: Vec<String>,
    display_name: Option<String>,
    account_enabled: Option<bool>,
    user_type: Option<String>,
    usage_location: Option<String>,
    on_premises_sync_enabled: Option<bool>,
    created_date_time: Option<String>,
    deleted_date_time: Option<String>,
    #[serde(deserialize_with = "null_is_default")]
    assigned_licenses: Vec<WireLicence>,
    #[serde(deserialize_with = "null_is_default")]
    assigned_plans: Vec<WirePlan>,
    #[serde(deserialize_with = "null_is_default")]
    license_assignment_states: Vec<WireAssignment>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireLicence {
    sku_id: Option<Uuid>,
    #[serde(deserialize_with = "null_is_default")]
    disabled_plans: Vec<Uuid>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WirePlan {
    service_plan_id: Option<Uuid>,
    capability_status: Option<String>,
    service: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireAssignment {
    sku_id: Option<Uuid>,
    assigned_by_group: Option<String>,
    state: Option<String>,
    error: Option<String>,
    #[serde(deserialize_with = "null_is_default")]
    disabled_plans: Vec<Uuid>,
}

/// Collections come as `null` where they are empty, now and then.
fn null_is_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// An SMTP proxy address without its prefix, and whether it is the primary one (prefix in upper case).
fn smtp(proxy: &str) -> Option<(&str, bool)> {
    let (prefix, address) = proxy.split_once(':')?;
    prefix.eq_ignore_ascii_case("smtp").then_some((address, prefix == "SMTP"))
}

impl From<WireUser> for Account {
    fn from(user: WireUser) -> Self {
        let addresses: Vec<_> = user.proxy_addresses.iter().filter_map(|proxy| smtp(proxy)).collect();
        let primary = addresses.iter().find(|(_, primary)| *primary).map(|(address, _)| (*address).to_owned());
        Self {
            matched_by: Vec::new(),
            primary_smtp: primary,
            smtp_addresses: addresses.into_iter().map(|(address, _)| address.to_owned()).collect(),
            id: user.id,
            user_principal_name: user.user_principal_name.unwrap_or_default(),
            mail: user.mail,
            display_name: user.display_name,
            enabled: user.account_enabled,
            user_type: user.user_type,
            usage_location: user.usage_location,
            on_premises_sync: user.on_premises_sync_enabled,
            created: user.created_date_time.and_then(|text| text.parse::<Timestamp>().ok()),
            licences: user.assigned_licenses.into_iter().filter_map(WireLicence::into_evidence).collect(),
            plans: of_exchange(user.assigned_plans),
            assignments: user.license_assignment_states.into_iter().filter_map(WireAssignment::into_evidence).collect(),
        }
    }
}

/// The plans of Exchange. A product brings sixty others, which no rule reads and which were nine tenths of the store;
/// one of them stays where there is none of Exchange, since a list with others only is not an empty one.
fn of_exchange(plans: Vec<WirePlan>) -> Vec<AssignedPlan> {
    let mut listed: Vec<AssignedPlan> = plans.into_iter().filter_map(WirePlan::into_evidence).collect();
    let ours = |plan: &AssignedPlan| plan.service.is_empty() || plan.service.eq_ignore_ascii_case("exchange");
    if listed.iter().any(ours) {
        listed.retain(ours)
    } else {
        listed.truncate(1)
    }
    listed
}

impl WireUser {
    /// A deleted account, and every address it bore. Its UPN carries the object id without dashes in front.
    fn into_deleted(self) -> (DeletedAccount, Vec<String>) {
        let upn = self.user_principal_name.unwrap_or_default();
        let prefix = self.id.replace('-', "");
        let upn = match upn.get(..prefix.len()) {
            Some(start) if !prefix.is_empty() && start.eq_ignore_ascii_case(&prefix) => upn[prefix.len()..].to_owned(),
            _ => upn,
        };
        let proxies =
            self.proxy_addresses.iter().filter_map(|proxy| smtp(proxy)).map(|(address, _)| address.to_owned());
        let addresses = proxies.chain([upn.clone()]).chain(self.mail).filter(|address| !address.is_empty()).collect();
        let deleted = self.deleted_date_time.and_then(|text| text.parse::<Timestamp>().ok());
        (DeletedAccount { id: self.id, user_principal_name: upn, deleted }, addresses)
    }
}

impl WireLicence {
    fn into_evidence(self) -> Option<AssignedLicence> {
        Some(AssignedLicence { sku: self.sku_id?, disabled_plans: self.disabled_plans })
    }
}

impl WirePlan {
    fn into_evidence(self) -> Option<AssignedPlan> {
        let (capability, service) = (self.capability_status.unwrap_or_default(), self.service.unwrap_or_default());
        Some(AssignedPlan { plan: self.service_plan_id?, capability, service })
    }
}

impl WireAssignment {
    fn into_evidence(self) -> Option<Assignment> {
        Some(Assignment {
            sku: self.sku_id?,
            group: self.assigned_by_group,
            state: self.state.unwrap_or_default(),
            error: self.error.filter(|error| !error.is_empty() && error != "None"),
            disabled_plans: self.disabled_plans,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_upper_case_prefix_marks_the_primary_address() {
        let user: WireUser = serde_json::from_str(
            r#"{"id":"1","userPrincipalName":"a@contoso.example","proxyAddresses":
            ["smtp:alias@contoso.example","SMTP:Ada@contoso.example","X500:/o=x","sip:a@contoso.example"],
            "licenseAssignmentStates":[{"skuId":"05e9a617-0261-4cee-bb44-138d3ef5d965","state":"Active","error":"None"}]}"#,
        )
        .unwrap();
        let account = Account::from(user);
        assert_eq!(account.primary_smtp.as_deref(), Some("Ada@contoso.example"));
        assert_eq!(account.smtp_addresses, ["alias@contoso.example", "Ada@contoso.example"]);
        assert_eq!(account.assignments[0].error, None);
    }

    #[test]
    fn of_the_plans_only_exchange_s_are_kept_and_a_list_of_others_is_not_an_empty_one() {
        let kept = |services: &[&str]| -> Vec<String> {
            let plan = |service: &&str| serde_json::json!({"servicePlanId": Uuid::from_u128(1), "capabilityStatus": "Enabled", "service": service});
            let user = serde_json::json!({"id": "1", "assignedPlans": services.iter().map(plan).collect::<Vec<_>>()});
            let user: WireUser = serde_json::from_value(user).unwrap();
            Account::from(user).plans.into_iter().map(|plan| plan.service).collect()
        };
        assert_eq!(kept(&["TeamspaceAPI", "exchange", "SharePoint", "Exchange", ""]), ["exchange", "Exchange", ""]);
        assert_eq!(kept(&["TeamspaceAPI", "SharePoint"]), ["TeamspaceAPI"]);
        assert_eq!(kept(&[]), <[&str; 0]>::default());
    }

    #[test]
    fn a_deleted_account_gets_its_own_name_back() {
        let user: WireUser = serde_json::from_str(
            r#"{"id":"3f0e0000-0000-4000-8000-000000000001",
            "userPrincipalName":"3f0e0000000040008000000000000001ada@contoso.example","mail":"ada@contoso.example"}"#,
        )
        .unwrap();
        let (deleted, addresses) = user.into_deleted();
        assert_eq!(deleted.user_principal_name, "ada@contoso.example");
        assert_eq!(addresses, ["ada@contoso.example", "ada@contoso.example"]);
    }

    #[test]
    fn nulls_and_missing_members_are_no_reason_to_lose_a_user() {
        let user: WireUser = serde_json::from_str(
            r#"{"id":"1","userPrincipalName":null,"mail":null,"accountEnabled":null,"licenseAssignmentStates":null}"#,
        )
        .unwrap();
        assert_eq!(Account::from(user).enabled, None);
    }
}
