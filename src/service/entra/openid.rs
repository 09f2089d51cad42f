//! Which cloud a tenant lives in, from its OpenID configuration; anonymous (OpenID Connect Discovery 1.0).

use serde::Deserialize;
use url::Url;

use super::explain;
use crate::evidence::Cause;
use crate::facts::{Cloud, Facts};
use crate::transport::retry::json_by_status;
use crate::transport::{Call, Patience, Request, ScopeId, Transport, Trouble};

/// What the authority says of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct OpenId {
    /// Issuer; holds the tenant's id.
    pub issuer: String,
    /// Part of the world, or `USGov`.
    pub tenant_region_scope: Option<String>,
    /// `GCC`, `DODCON` (GCC High) or `DOD`.
    pub tenant_region_sub_scope: Option<String>,
    /// For example `microsoftonline.com`.
    pub cloud_instance_name: Option<String>,
}

impl OpenId {
    /// Asks the authority.
    ///
    /// # Errors
    /// In words, when the tenant is not there, or no answer came.
    pub async fn of(transport: &Transport, authority: &Url, tenant: &str) -> Result<Self, Trouble> {
        let url = authority.join(&format!("/{tenant}/v2.0/.well-known/openid-configuration"));
        let url = url
            .map_err(|error| Trouble::new(Cause::SignIn, format!("no sign-in address for tenant {tenant}: {error}")))?;
        let request = Request::get(url).header("accept", "application/json");
        let call =
            Call { scope: ScopeId::Token, cost: 1, request, reading: json_by_status, patience: Patience::Question };
        let answer = transport.call(call, None).await?;
        if !answer.status.is_success() {
            let refusal = explain(&answer, "(none)");
            // Only Entra's own word counts: a page in between knows nothing of the tenant.
            let cause = if refusal.detail.contains("AADSTS") { Cause::SignIn } else { Cause::Inconclusive };
            return Err(Trouble { cause, ..refusal });
        }
        serde_json::from_slice(&answer.body).map_err(|_| {
            Trouble::new(Cause::SignIn, "the authority's OpenID configuration cannot be read").told_by(&answer)
        })
    }

    /// The tenant's id, where the issuer tells it.
    #[must_use]
    pub fn tenant_id(&self) -> Option<String> {
        self.issuer.split('/').find(|part| uuid::Uuid::parse_str(part).is_ok()).map(str::to_owned)
    }

    /// The cloud, as far as the facts recognise it: the sub-scope is the surest sign, then the region, then the host.
    #[must_use]
    pub fn cloud<'f>(&self, facts: &'f Facts) -> Option<&'f Cloud> {
        let signs = [
            (&self.tenant_region_sub_scope, (|cloud| &cloud.openid.sub_scopes) as fn(&Cloud) -> &Vec<String>),
            (&self.tenant_region_scope, |cloud| &cloud.openid.regions),
            (&self.cloud_instance_name, |cloud| &cloud.openid.instances),
        ];
        signs.into_iter().find_map(|(said, listed)| {
            let said = said.as_deref()?;
            facts.clouds().iter().find(|cloud| listed(cloud).iter().any(|sign| sign.eq_ignore_ascii_case(said)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cloud_is_recognised() {
        for (region, sub, instance, cloud) in [
            ("EU", None, "microsoftonline.com", Some("worldwide")),
            ("NA", Some("GCC"), "microsoftonline.com", Some("gcc")),
            ("USGov", Some("DODCON"), "microsoftonline.us", Some("gcc_high")),
            ("USGov", None, "microsoftonline.us", Some("gcc_high")),
            ("USGov", Some("DOD"), "microsoftonline.us", Some("dod")),
            ("AS", None, "partner.microsoftonline.cn", Some("china")),
            ("EU", None, "sovcloud-identity.fr", None),
        ] {
            let said = OpenId {
                tenant_region_scope: Some(region.to_owned()),
                tenant_region_sub_scope: sub.map(str::to_owned),
                cloud_instance_name: Some(instance.to_owned()),
                ..OpenId::default()
            };
            assert_eq!(said.cloud(Facts::embedded()).map(|cloud| cloud.id.as_str()), cloud);
        }
    }
}
