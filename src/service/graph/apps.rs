//! Applications of the tenant: who holds an EWS permission, and who belongs to a known integration.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Deserialize;
use uuid::Uuid;

use super::{Graph, Links, read};
use crate::evidence::Cause;
use crate::evidence::tenant::{Application, Notice};
use crate::transport::retry::json_by_status;
use crate::transport::{LISTING_LIMIT, Trouble};

/// Office 365 Exchange Online, the resource behind EWS.
const EXCHANGE: &str = "00000002-0000-0ff1-ce00-000000000000";

/// Which applications matter, whatever they may do.
#[derive(Debug, Clone, Default)]
pub struct Interest {
    /// Application ids, lower case.
    pub app_ids: BTreeSet<String>,
    /// Words in the display name, lower case.
    pub names: Vec<String>,
}

impl Interest {
    fn covers(&self, app_id: &str, name: &str) -> bool {
        let name = name.to_lowercase();
        self.app_ids.contains(&app_id.to_lowercase()) || self.names.iter().any(|word| name.contains(word))
    }
}

impl Graph {
    /// The applications that hold an EWS permission, and those of interest, with their permissions. Delegated ones show
    /// only to who may read grants (`Directory.Read.All`): without that right the rest is told, and said to lack them.
    ///
    /// # Errors
    /// When no answer could be had (`Application.Read.All` is needed).
    pub async fn applications(&self, interest: &Interest) -> Result<Vec<Application>, Trouble> {
        let exchange: WirePrincipal = self.principal(&format!("servicePrincipals(appId='{EXCHANGE}')")).await?;
        let (held, delegated_unseen) = self.held(&exchange).await?;
        let mut found = BTreeMap::new();
        for principal in self
            .all::<WirePrincipal>(
                "servicePrincipals?$select=id,appId,displayName,appOwnerOrganizationId,accountEnabled&$top=999",
            )
            .await?
        {
            let holds = held.get(&principal.id);
            if holds.is_none() && !interest.covers(&principal.app_id, &principal.display_name) {
                continue;
            }
            let held = holds.cloned().unwrap_or_default();
            let application = Application { delegated_unseen, ..principal.into_application(held) };
            found.insert(application.app_id.clone(), application);
        }
        let mut applications: Vec<_> = found.into_values().collect();
        self.add_other_permissions(&mut applications, interest).await?;
        Ok(applications)
    }

    /// Message Center posts that speak of EWS.
    ///
    /// # Errors
    /// When no answer could be had (`ServiceMessage.Read.All` is needed).
    pub async fn notices(&self) -> Result<Vec<Notice>, Trouble> {
        let path = "admin/serviceAnnouncement/messages?$select=id,title,lastModifiedDateTime&$top=999";
        let posts: Vec<WirePost> = self.all(path).await?;
        let about_ews = |post: &WirePost| {
            let title = post.title.to_lowercase();
            title.contains("exchange web services")
                || title.split(|letter: char| !letter.is_alphanumeric()).any(|word| word == "ews")
        };
        Ok(posts.into_iter().filter(about_ews).map(Notice::from).collect())
    }

    async fn principal(&self, path: &str) -> Result<WirePrincipal, Trouble> {
        read(&self.fetch(self.url(path)?, 1, false, json_by_status).await?, "a service principal")
    }

    /// Who holds which permissions on Exchange Online, by the holder's object id; and whether the delegated ones stayed
    /// unseen.
    async fn held(&self, exchange: &WirePrincipal) -> Result<(HashMap<String, Permissions>, bool), Trouble> {
        let names = exchange.role_names();
        let mut held: HashMap<String, Permissions> = HashMap::new();
        let path = format!("servicePrincipals/{}/appRoleAssignedTo?$top=999", exchange.id);
        for assignment in self.all::<WireAssignment>(&path).await? {
            if let Some(name) = names.get(&assignment.app_role_id) {
                held.entry(assignment.principal_id).or_default().application.insert(name.clone());
            }
        }
        let path = format!("oauth2PermissionGrants?$filter=resourceId eq '{}'", exchange.id);
        let (grants, unseen) = self.grants(&path).await?;
        for grant in grants.into_iter().filter(|grant| grant.resource_id == exchange.id) {
            let delegated = &mut held.entry(grant.client_id.clone()).or_default().delegated;
            delegated.extend(grant.scopes());
        }
        held.retain(|_, permissions| permissions.reach_ews());
        Ok((held, unseen))
    }

    /// Delegated grants; none, and true, where we may not read them.
    async fn grants(&self, path: &str) -> Result<(Vec<WireGrant>, bool), Trouble> {
        match self.all::<WireGrant>(path).await {
            Ok(grants) => Ok((grants, false)),
            Err(trouble) if trouble.cause == Cause::NotPermitted => Ok((Vec::new(), true)),
            Err(trouble) => Err(trouble),
        }
    }

    /// The permissions on other resources, for the few applications of interest.
    async fn add_other_permissions(
        &self,
        applications: &mut [Application],
        interest: &Interest,
    ) -> Result<(), Trouble> {
        let mut resources: HashMap<String, BTreeMap<Uuid, String>> = HashMap::new();
        let of_interest = |app: &&mut Application| interest.covers(&app.app_id, &app.name);
        for application in applications.iter_mut().filter(of_interest) {
            if !application.delegated_unseen {
                let path = format!("servicePrincipals/{}/oauth2PermissionGrants?$top=999", application.object_id);
                let (grants, unseen) = self.grants(&path).await?;
                application.delegated_unseen = unseen;
                application.delegated_permissions.extend(grants.iter().flat_map(WireGrant::scopes));
            }
            let path = format!("servicePrincipals/{}/appRoleAssignments?$top=999", application.object_id);
            for assignment in self.all::<WireAssignment>(&path).await? {
                let resource = assignment.resource_id;
                if !resources.contains_key(&resource) {
                    let principal = self.principal(&format!("servicePrincipals/{resource}")).await?;
                    resources.insert(resource.clone(), principal.role_names());
                }
                let name = resources.get(&resource).and_then(|names| names.get(&assignment.app_role_id));
                application.application_permissions.extend(name.cloned());
            }
        }
        Ok(())
    }

    /// Every entry of a listing.
    async fn all<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, Trouble> {
        let what = "the applications";
        let (mut links, mut url) = (Links::default(), self.url(path)?);
        let (mut items, mut bytes) = (Vec::new(), 0);
        loop {
            let (page, more) = self.sized_page(url, what).await?;
            bytes += more;
            if bytes > LISTING_LIMIT {
                let detail = format!("Graph's list of {what} is larger than {} MiB", LISTING_LIMIT >> 20);
                return Err(Trouble::new(Cause::Unreadable, detail));
            }
            links.follow(page.next.as_deref(), page.items.len())?;
            items.extend(page.items);
            match page.next {
                Some(next) => url = self.same_host(&next)?,
                None => return Ok(items),
            }
        }
    }
}

#[derive(Debug, Clone, Default)]
struct Permissions {
    application: BTreeSet<String>,
    delegated: BTreeSet<String>,
}

impl Permissions {
    fn reach_ews(&self) -> bool {
        self.application.contains("full_access_as_app") || self.delegated.iter().any(|scope| scope.starts_with("EWS."))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WirePrincipal {
    id: String,
    app_id: String,
    display_name: String,
    app_owner_organization_id: Option<String>,
    account_enabled: Option<bool>,
    app_roles: Vec<WireRole>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireRole {
    id: Uuid,
    value: Option<String>,
}

impl WirePrincipal {
    fn role_names(&self) -> BTreeMap<Uuid, String> {
        self.app_roles.iter().filter_map(|role| Some((role.id, role.value.clone()?))).collect()
    }

    fn into_application(self, held: Permissions) -> Application {
        Application {
            app_id: self.app_id.to_lowercase(),
            object_id: self.id,
            name: self.display_name,
            owner_tenant: self.app_owner_organization_id,
            enabled: self.account_enabled,
            application_permissions: held.application,
            delegated_permissions: held.delegated,
            delegated_unseen: false,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireAssignment {
    app_role_id: Uuid,
    principal_id: String,
    resource_id: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireGrant {
    client_id: String,
    resource_id: String,
    scope: Option<String>,
}

impl WireGrant {
    fn scopes(&self) -> impl Iterator<Item = String> + '_ {
        self.scope.as_deref().unwrap_or_default().split_whitespace().map(str::to_owned)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WirePost {
    id: String,
    title: String,
    last_modified_date_time: Option<String>,
}

impl From<WirePost> for Notice {
    fn from(post: WirePost) -> Self {
        let at = post.last_modified_date_time.and_then(|text| text.parse().ok());
        Self { id: post.id, title: post.title, at }
    }
}
