//! On-premises hosts, each asked once, after Autodiscover has named them; and what DNS says about the tenant's domains.

use std::collections::BTreeSet;

use url::Url;

use super::Collector;
use crate::evidence::store::StoreError;
use crate::evidence::tenant::TenantFact;
use crate::evidence::{Observation, Source};

/// Domains looked up at most; each takes three questions.
const MOST_DOMAINS: usize = 100;
/// Hosts asked at most: a tenant has a handful, and a stray answer must not make this a scan.
const MOST_HOSTS: usize = 20;

impl Collector {
    /// Asks the hosts that Autodiscover or the profile names, without credentials.
    pub(super) async fn ask_hosts(&self) -> Result<(), StoreError> {
        let Some(service) = &self.hosts else { return Ok(()) };
        self.writer.settle().await?;
        let routed = self.store.routed_on_premises(self.run)?;
        let routed = routed.iter().filter_map(|url| Url::parse(url).ok()?.host_str().map(str::to_lowercase));
        let hosts: BTreeSet<String> = service.named().iter().map(|host| host.to_lowercase()).chain(routed).collect();
        if hosts.is_empty() {
            return Ok(());
        }
        if hosts.len() > MOST_HOSTS {
            self.board.remark(format!("only {MOST_HOSTS} of {} on-premises hosts are asked", hosts.len()));
        }
        let at = self.clock.now();
        let asked = hosts.iter().take(MOST_HOSTS).map(|host| service.probe(host, at));
        let probes = futures_util::future::join_all(asked).await;
        self.writer.observe_tenant(TenantFact::OnPremises, &Observation::known(probes, Source::OnPremises, at)).await
    }

    /// Looks up the tenant's mail domains, once a run.
    pub(super) async fn ask_dns(&self) -> Result<(), StoreError> {
        let Some(dns) = &self.dns else { return Ok(()) };
        self.writer.settle().await?;
        if self.store.has_tenant_fact(self.run, TenantFact::Dns)? {
            return Ok(());
        }
        let tenant = self.store.tenant_evidence(self.run)?;
        let domains = tenant.identity.value().map(|known| known.domains.as_slice()).unwrap_or_default();
        let mail = domains.iter().filter(|domain| !domain.initial && domain.email != Some(false));
        let asked = mail.take(MOST_DOMAINS).map(|domain| dns.domain(&domain.name));
        let records = futures_util::future::join_all(asked).await;
        self.writer.observe_tenant(TenantFact::Dns, &Observation::known(records, Source::Dns, self.clock.now())).await
    }
}
