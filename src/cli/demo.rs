//! `--tenant demo`: the embedded tenant, served on loopback for the run.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::clock::Clock;
use crate::config::{CredentialSource, DEMO, Endpoints, NetworkChoice, Profile, SecretSource, Sources};
use crate::evidence::store::Kiosk;
use crate::facts::Facts;
use crate::failure::Failure;
use crate::simulator::{Options, Running, Tenant};
use crate::transport::Pace;

/// Tries for a mailbox that throttles for ever: a newcomer's first run shows the outcome, and does not wait for it.
const ATTEMPTS: u32 = 4;

/// Starts the embedded tenant and makes the profile that reaches it.
pub async fn start(facts: &Facts, clock: Clock) -> Result<(Running, Profile), Failure> {
    let failed = |what: String| {
        Failure::usage(format!("the embedded tenant does not start: {what}"), "let programs listen on 127.0.0.1")
    };
    let tenant = Tenant::demo().map_err(|error| failed(error.to_string()))?;
    let application = tenant.application();
    let Some(cloud) = facts.cloud("worldwide").cloned() else {
        return Err(Failure::usage("the facts know no cloud 'worldwide'", "leave out --facts"));
    };
    let options = Options { clock, ..Options::default() };
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let running =
        crate::simulator::start(Arc::new(tenant), options, address).await.map_err(|error| failed(error.to_string()))?;
    let root = Url::parse(&running.url()).map_err(|error| failed(error.to_string()))?;
    let pace = Pace { attempts: ATTEMPTS, backoff: Duration::from_millis(100), ..Pace::default() };
    let profile = Profile {
        name: DEMO.to_owned(),
        tenant: application.tenant_id,
        cloud,
        cloud_given: true,
        given_endpoints: Vec::new(),
        network: NetworkChoice::default(),
        rosters: Vec::new(),
        client_id: application.client_id,
        credential: CredentialSource::Secret(SecretSource::Demo(application.client_secret)),
        endpoints: Endpoints::all_at(&root),
        sources: Sources::default(),
        pace,
        integrations: vec!["salesforce".to_owned()],
        kiosk: Kiosk::default(),
        apps: Vec::new(),
        salesforce_connection: None,
        branding: Default::default(),
        dynamics_app: None,
        on_premises_hosts: Vec::new(),
        exports: Default::default(),
        simulated: true,
    };
    Ok((running, profile))
}
