//! Facts that are asked once a run.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Collector, no_source};
use crate::evidence::store::StoreError;
use crate::evidence::tenant::{OrganizationEws, TenantFact};
use crate::evidence::{Cause, Observation, Source};
use crate::service::supply::NamedOrganization;
use crate::transport::{Resource, Trouble};

impl Collector {
    pub(super) async fn tenant_facts(&self, graph_roles: &[String]) -> Result<(), StoreError> {
        let roles: BTreeSet<_> = graph_roles.iter().cloned().collect();
        let known = Observation::known(roles, Source::SignIn, self.clock.now());
        self.writer.observe_tenant(TenantFact::GraphRoles, &known).await?;
        let done = tokio::join!(self.identity(), self.skus(), self.applications(), self.notices());
        done.0.and(done.1).and(done.2).and(done.3)?;
        // An exported organization is compared with the tenant's domains, which are known now.
        self.organization().await
    }

    /// Who else uses EWS here. Worth knowing, and nobody's verdict hangs on it: a missing permission is no remark.
    async fn applications(&self) -> Result<(), StoreError> {
        if self.is_known(TenantFact::Applications)? {
            return Ok(());
        }
        let applications = self.services.graph.applications(&self.services.interest).await;
        let applications = optional(applications, Source::Directory, self.clock.now());
        self.writer.observe_tenant(TenantFact::Applications, &applications).await
    }

    /// Whether Microsoft has announced that EWS is switched off for this tenant.
    async fn notices(&self) -> Result<(), StoreError> {
        if self.is_known(TenantFact::Notices)? {
            return Ok(());
        }
        let notices = optional(self.services.graph.notices().await, Source::Directory, self.clock.now());
        self.writer.observe_tenant(TenantFact::Notices, &notices).await
    }

    async fn identity(&self) -> Result<(), StoreError> {
        if self.is_known(TenantFact::Identity)? {
            return Ok(());
        }
        let identity = self.observed(self.services.graph.identity().await, Source::Directory);
        self.writer.observe_tenant(TenantFact::Identity, &identity).await
    }

    async fn skus(&self) -> Result<(), StoreError> {
        if self.is_known(TenantFact::Skus)? {
            return Ok(());
        }
        let skus = self.observed(self.services.graph.skus().await, Source::Directory);
        self.writer.observe_tenant(TenantFact::Skus, &skus).await
    }

    /// The organisation's switches, and the permissions of the token they need.
    async fn organization(&self) -> Result<(), StoreError> {
        if self.is_known(TenantFact::Organization)? {
            return Ok(());
        }
        if self.services.exchange.asks_backend() || self.services.ews.is_some() {
            let roles = self.services.client.roles(Resource::Exchange).await;
            let roles = self.observed(roles.map(|roles| roles.into_iter().collect::<BTreeSet<_>>()), Source::SignIn);
            self.writer.observe_tenant(TenantFact::ExchangeRoles, &roles).await?;
        }
        let organization: Observation<OrganizationEws> = match &self.services.exchange.organization {
            Some(supply) => {
                self.remark_gap(supply.as_ref());
                let told = match supply.page(None).await {
                    Ok(page) => self.own(page.items.into_iter().next(), &supply.source()).await?,
                    Err(trouble) => Err(trouble),
                };
                super::observed(told, supply.source(), supply.at().unwrap_or(self.clock.now()))
            }
            None => no_source("the Exchange admin backend", self.clock.now()),
        };
        if let Some(unknown) = organization.why_unknown() {
            self.board.remark(format!("the organisation's EWS settings stay unknown: {}", unknown.detail));
        }
        self.writer.observe_tenant(TenantFact::Organization, &organization).await
    }

    /// The organization's settings, if it is this tenant's: a file may be of another one.
    async fn own(
        &self,
        told: Option<NamedOrganization>,
        source: &Source,
    ) -> Result<Result<OrganizationEws, Trouble>, StoreError> {
        let Some(told) = told else {
            return Ok(Err(Trouble::new(Cause::Unreadable, format!("{source} tells of no organization"))));
        };
        let Some(name) = told.name else { return Ok(Ok(told.value)) };
        self.writer.settle().await?;
        let tenant = self.store.tenant_evidence(self.run)?;
        let domains = tenant.identity.value().map(|identity| identity.domains.as_slice()).unwrap_or_default();
        if domains.is_empty() || domains.iter().any(|domain| domain.name.eq_ignore_ascii_case(&name)) {
            return Ok(Ok(told.value));
        }
        let detail = format!("{source} is of another tenant: its organization is {name}, which is no domain here");
        Ok(Err(Trouble::new(Cause::Unreadable, detail)))
    }

    fn is_known(&self, fact: TenantFact) -> Result<bool, StoreError> {
        self.store.has_tenant_fact(self.run, fact)
    }
}

/// A fact that a permission beyond the least opens: without it the fact was, in effect, not asked for, and no next
/// run need ask again.
fn optional<T>(answer: Result<T, Trouble>, source: Source, at: Timestamp) -> Observation<T> {
    match answer {
        Err(Trouble { cause: Cause::NotPermitted, .. }) => Observation::NotAsked,
        answer => super::observed(answer, source, at),
    }
}
