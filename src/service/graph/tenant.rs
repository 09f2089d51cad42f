//! The tenant: its name and domains, its products.

use serde::Deserialize;
use uuid::Uuid;

use super::{Graph, entries, read};
use crate::evidence::Cause;
use crate::evidence::tenant::{Domain, Sku, SkuPlan, TenantIdentity};
use crate::transport::Trouble;

impl Graph {
    /// Id, name and verified domains.
    ///
    /// # Errors
    /// When no answer could be had.
    pub async fn identity(&self) -> Result<TenantIdentity, Trouble> {
        let path = "organization?$select=id,displayName,verifiedDomains,onPremisesSyncEnabled";
        let organizations: List<WireOrganization> =
            read(&self.fetch_list(self.url(path)?, 1).await?, "the organization")?;
        let organization = organizations.value.into_iter().next();
        let nobody = || Trouble::new(Cause::Unreadable, "Graph's answer for the organization holds none");
        let organization = organization.filter(|organization| !organization.id.is_empty()).ok_or_else(nobody)?;
        Ok(TenantIdentity {
            id: organization.id,
            name: organization.display_name.unwrap_or_default(),
            domains: organization.verified_domains.into_iter().map(Domain::from).collect(),
            synchronized: organization.on_premises_sync_enabled,
        })
    }

    /// The tenant's products with their plans.
    ///
    /// # Errors
    /// When no answer could be had.
    pub async fn skus(&self) -> Result<Vec<Sku>, Trouble> {
        let path =
            "subscribedSkus?$select=skuId,skuPartNumber,capabilityStatus,consumedUnits,prepaidUnits,servicePlans";
        let skus: List<WireSku> = read(&self.fetch_list(self.url(path)?, 2).await?, "the tenant's licences")?;
        Ok(skus.value.into_iter().filter_map(WireSku::into_evidence).collect())
    }
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
struct List<T> {
    #[serde(deserialize_with = "entries")]
    value: Vec<T>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireOrganization {
    id: String,
    display_name: Option<String>,
    verified_domains: Vec<WireDomain>,
    on_premises_sync_enabled: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireDomain {
    name: String,
    is_default: bool,
    is_initial: bool,
    capabilities: Option<String>,
}

impl From<WireDomain> for Domain {
    fn from(domain: WireDomain) -> Self {
        Self {
            name: domain.name.to_lowercase(),
            default: domain.is_default,
            initial: domain.is_initial,
            email: domain.capabilities.map(|capabilities| capabilities.split(',').any(|one| one.trim() == "Email")),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireSku {
    sku_id: Option<Uuid>,
    sku_part_number: String,
    capability_status: Option<String>,
    consumed_units: Option<i64>,
    prepaid_units: Option<WireUnits>,
    service_plans: Vec<WireSkuPlan>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireUnits {
    enabled: Option<i64>,
    warning: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireSkuPlan {
    service_plan_id: Option<Uuid>,
    service_plan_name: Option<String>,
    provisioning_status: Option<String>,
    applies_to: Option<String>,
}

impl WireSku {
    fn into_evidence(self) -> Option<Sku> {
        let units = self.prepaid_units.unwrap_or_default();
        Some(Sku {
            id: self.sku_id?,
            part_number: self.sku_part_number,
            capability: self.capability_status.unwrap_or_default(),
            // Units in the grace period after expiry (warning) still work.
            enabled_units: units.enabled.unwrap_or_default().saturating_add(units.warning.unwrap_or_default()),
            consumed_units: self.consumed_units.unwrap_or_default(),
            plans: self.service_plans.into_iter().filter_map(WireSkuPlan::into_evidence).collect(),
        })
    }
}

impl WireSkuPlan {
    fn into_evidence(self) -> Option<SkuPlan> {
        Some(SkuPlan {
            id: self.service_plan_id?,
            name: self.service_plan_name.unwrap_or_default(),
            provisioning: self.provisioning_status.unwrap_or_default(),
            applies_to: self.applies_to.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_beyond_all_numbers_are_many_and_no_overflow() {
        let text =
            format!("{{\"skuId\":\"{}\",\"prepaidUnits\":{{\"enabled\":{},\"warning\":1}}}}", Uuid::nil(), i64::MAX);
        let sku = serde_json::from_str::<WireSku>(&text).unwrap().into_evidence().unwrap();
        assert_eq!(sku.enabled_units, i64::MAX);
    }
}
