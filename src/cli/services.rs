//! From a profile to the services a run asks.

use std::sync::Arc;

use super::exit::{Exit, Failure};
use crate::clock::Clock;
use crate::config::{CredentialSource, Profile};
use crate::evidence::collector::Services;
use crate::facts::Facts;
use crate::service::autodiscover::Autodiscover;
use crate::service::entra::{Credential, Entra};
use crate::service::ews::Ews;
use crate::service::exchange_admin::ExchangeAdmin;
use crate::service::graph::Graph;
use crate::service::graph::apps::Interest;
use crate::transport::{Client, HttpWire, Origins, Transport};

/// Reads the credential and connects the services; nothing is asked yet.
pub fn connect(profile: &Profile, facts: &Facts, clock: Clock) -> Result<Services, Failure> {
    let wire = HttpWire::new(profile.pace.request)
        .map_err(|error| Failure::usage(format!("secure connections cannot be set up: {error}"), ""))?;
    let transport = Arc::new(Transport::new(Arc::new(wire), profile.pace, clock));
    let CredentialSource::Secret(source) = &profile.credential;
    let credential = Credential::Secret(source.read("the client secret")?);
    let (endpoints, cloud) = (&profile.endpoints, &profile.cloud);
    let entra = Entra::new(
        Arc::clone(&transport),
        clock,
        &endpoints.authority,
        &profile.tenant,
        profile.client_id.clone(),
        credential,
        [&cloud.graph, &cloud.exchange],
    )
    .map_err(|trouble| Failure { exit: Exit::SignIn, message: trouble.detail, hint: String::new() })?;
    let origins = Origins {
        graph: endpoints.graph.clone(),
        exchange: endpoints.exchange.clone(),
        exchange_hosts: cloud.exchange_hosts.clone(),
    };
    let client = Arc::new(Client::new(Arc::clone(&transport), Arc::new(entra), origins, clock));
    let sources = profile.sources;
    let autodiscover = || {
        let hosts = cloud.exchange_hosts.clone();
        Autodiscover::new(transport, endpoints.autodiscover.clone(), endpoints.exchange.clone(), hosts)
    };
    Ok(Services {
        graph: Graph::new(Arc::clone(&client)),
        exchange: sources.exchange_admin.then(|| ExchangeAdmin::new(Arc::clone(&client), profile.tenant.clone())),
        autodiscover: sources.autodiscover.then(autodiscover),
        ews: sources.ews.then(|| Ews::new(Arc::clone(&client))),
        interest: interest(profile, facts),
        client,
    })
}

/// The applications a report wants to name: known EWS clients, the integrations', and the profile's own.
fn interest(profile: &Profile, facts: &Facts) -> Interest {
    let clients = facts.clients().iter().map(|client| client.app_id.clone());
    let integrations = facts.integrations().iter();
    let theirs = integrations.clone().flat_map(|integration| integration.app_ids.iter().cloned());
    Interest {
        app_ids: clients.chain(theirs).chain(profile.apps.iter().cloned()).collect(),
        names: integrations.flat_map(|integration| integration.app_names.iter().cloned()).collect(),
    }
}
