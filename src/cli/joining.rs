//! Exports of other products on their way into a run.

use super::Output;
use crate::clock::Clock;
use crate::config::Profile;
use crate::evidence::store::{RunRecord, Store};
use crate::failure::Failure;
use crate::imports::integrations::{Exports, join};
use crate::report::{Texts, joined};
use crate::service::dns::Dns;
use crate::service::onprem::OnPremises;
use crate::transport::Transport;
use crate::transport::wire::is_loopback;
use std::sync::Arc;

/// Joins the exports to the run and says what became of each.
///
/// # Errors
/// When the store fails.
pub async fn exports(
    exports: Exports,
    store: &Store,
    run: &RunRecord,
    clock: Clock,
    output: &Output,
) -> Result<(), Failure> {
    if exports.is_empty() {
        return Ok(());
    }
    let told = join(exports, store, run.id, clock.now()).await?;
    let tenant = store.tenant_evidence(run.id)?;
    // Remarks on standard error are English, like everything said there.
    let texts = Texts::embedded("en")?;
    for export in &told {
        output.remark(&joined::sentence(export, &tenant.domain_names(), &texts));
    }
    Ok(())
}

/// Who asks name servers: nobody where the profile leaves it out, or on a simulated tenant, whose domains the system's
/// name servers do not know. A system without name servers is a remark, no failure.
pub fn dns(profile: &Profile, output: &Output) -> Option<Dns> {
    let server = profile.endpoints.dns;
    if !profile.sources.dns || (server.is_none() && is_loopback(&profile.endpoints.exchange)) {
        return None;
    }
    match server.map_or_else(Dns::system, Dns::at) {
        Ok(dns) => Some(dns),
        Err(why) => {
            output.remark(&format!("the domains' DNS records stay unknown: {why}"));
            None
        }
    }
}

/// Who asks on-premises hosts: nobody where the profile leaves it out, and on a simulated tenant only what the simulator
/// serves.
pub fn on_premises(profile: &Profile, transport: &Arc<Transport>) -> Option<OnPremises> {
    let through = profile.endpoints.on_premises.clone();
    let simulated = is_loopback(&profile.endpoints.exchange) && through.is_none();
    let wanted = profile.sources.on_premises && !simulated;
    wanted.then(|| OnPremises::new(Arc::clone(transport), through, profile.on_premises_hosts.clone()))
}
