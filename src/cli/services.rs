//! From a profile to the services a run asks: the way out, the tenant's cloud, the credential.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Output;
use super::credential;
use crate::clock::Clock;
use crate::collector::Services;
use crate::config::{self, Environment, Overrides, Profile, Value};
use crate::facts::Facts;
use crate::failure::{Exit, Failure};
use crate::imports;
use crate::service::autodiscover::Autodiscover;
use crate::service::autodiscover::pox::PoxAutodiscover;
use crate::service::autodiscover::soap::SoapAutodiscover;
use crate::service::entra::{Account, Credential, Entra, OpenId};
use crate::service::ews::Ews;
use crate::service::exchange_admin::ExchangeAdmin;
use crate::service::graph::Graph;
use crate::service::graph::apps::Interest;
use crate::service::supply::ExchangeFacts;
use crate::transport::network::{Proxy, roots};
use crate::transport::trace::{Trace, TraceWire};
use crate::transport::{Client, HttpWire, Network, Origins, Transport, Trouble, Wire};

/// What every command takes that reaches a tenant.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ReachArgs {
    /// Configuration file [default: ewsready.toml in the current folder].
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Cloud of the tenant: worldwide, gcc, gcc_high, dod or china [default: as Entra names it].
    #[arg(long, value_name = "CLOUD")]
    pub cloud: Option<String>,
    /// Proxy, as http://HOST:PORT; user and password from EWSREADY_PROXY_USER and EWSREADY_PROXY_PASSWORD.
    #[arg(long, value_name = "URL")]
    pub proxy: Option<String>,
    /// File with roots (PEM) to trust beside the system's; repeatable.
    #[arg(long, value_name = "FILE")]
    pub ca_file: Vec<PathBuf>,
    /// Write every request and answer to this file, without secrets.
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
    /// Replace names and addresses of people in the trace by pseudonyms.
    #[arg(long, requires = "trace")]
    pub trace_redact_people: bool,
}

impl ReachArgs {
    /// What these arguments set.
    #[must_use]
    pub fn overrides(&self) -> Overrides {
        let mut overrides = Overrides::default();
        if let Some(cloud) = &self.cloud {
            overrides.set("cloud", Value::Text(cloud.clone()), "--cloud");
        }
        if let Some(proxy) = &self.proxy {
            overrides.set("network.proxy", Value::Text(proxy.clone()), "--proxy");
        }
        if !self.ca_file.is_empty() {
            let files = self.ca_file.iter().map(|file| file.display().to_string()).collect();
            overrides.set("network.ca_files", Value::List(files), "--ca-file");
        }
        overrides
    }

    /// The profile of a tenant, with these arguments before everything else.
    ///
    /// # Errors
    /// In words, when there is no such tenant or a setting is wrong.
    pub fn profile(&self, name: &str, facts: &Facts) -> Result<Profile, Failure> {
        let file = config::File::read(self.config.as_deref())?;
        config::profile(&file.settings(name, &Environment::of_process(), &self.overrides())?, facts)
    }

    /// Begins the trace that is asked for.
    ///
    /// # Errors
    /// In words, when its file cannot be written.
    pub fn begin_trace(&self, clock: Clock) -> Result<Option<Arc<Trace>>, Failure> {
        let Some(path) = &self.trace else { return Ok(None) };
        let trace = Trace::create(path, self.trace_redact_people, clock).map_err(|error| {
            Failure::usage(format!("the trace {} cannot be written: {error}", path.display()), "name another file")
        })?;
        credential::system_proxy_passwords().into_iter().for_each(|password| trace.hide(password));
        Ok(Some(Arc::new(trace)))
    }
}

/// What a connection needs beside the profile.
#[derive(Clone)]
pub struct Way<'a> {
    /// Facts that know the clouds.
    pub facts: &'a Facts,
    /// The run's clock.
    pub clock: Clock,
    /// Where requests are written down, if anywhere.
    pub trace: Option<Arc<Trace>>,
}

/// A tenant that can be asked.
pub struct Connected {
    /// Its profile, in the cloud it lives in.
    pub profile: Profile,
    /// Its services.
    pub services: Services,
    /// Whether a person is signed in, not an application.
    pub delegated: bool,
}

impl Way<'_> {
    /// The wire out: network, proxy, roots, trace.
    ///
    /// # Errors
    /// In words, when a root's file cannot be used.
    pub fn wire(&self, profile: &Profile) -> Result<Arc<dyn Wire>, Failure> {
        let proxy = profile.network.proxy.clone().map(|url| Proxy { url, login: credential::proxy_login() });
        if let (Some(trace), Some((_, password))) = (&self.trace, credential::proxy_login()) {
            trace.hide(password);
        }
        let mut trusted = Vec::new();
        for path in &profile.network.ca_files {
            trusted.extend(read_roots(path)?);
        }
        let network = Network { proxy, roots: trusted, plain: profile.simulated };
        let hint = "install the system's trusted roots (ca-certificates) or name a file of them with --ca-file; check the proxy";
        let wire =
            HttpWire::over(&network, profile.pace.request).map_err(|error| Failure::usage(error.to_string(), hint))?;
        let wire: Arc<dyn Wire> = Arc::new(wire);
        Ok(match &self.trace {
            Some(trace) => Arc::new(TraceWire::new(wire, Arc::clone(trace))),
            None => wire,
        })
    }

    /// Finds the tenant's cloud, reads the credential and connects the services; nobody is signed in yet.
    ///
    /// # Errors
    /// In words: another cloud than configured, no credential, no way out.
    pub async fn connect(&self, profile: Profile, output: &Output) -> Result<Connected, Failure> {
        let wire = self.wire(&profile)?;
        let transport = Arc::new(Transport::new(wire, profile.pace, self.clock));
        let credential = credential::read(&profile, self.trace.as_deref())?;
        let profile = self.settle_cloud(profile, &transport, output).await?;
        self.services(profile, transport, credential)
    }

    /// The services over a transport that was made before.
    ///
    /// # Errors
    /// When the tenant makes no address.
    pub fn services(
        &self,
        profile: Profile,
        transport: Arc<Transport>,
        credential: Credential,
    ) -> Result<Connected, Failure> {
        let delegated = credential.is_delegated();
        let (endpoints, cloud) = (&profile.endpoints, &profile.cloud);
        let account = Account {
            authority: &endpoints.authority,
            tenant: &profile.tenant,
            client_id: profile.client_id.clone(),
            resources: [&cloud.graph, &cloud.exchange],
        };
        let entra = Entra::new(Arc::clone(&transport), self.clock, account, credential).map_err(sign_in)?;
        let origins = Origins {
            graph: endpoints.graph.clone(),
            exchange: endpoints.exchange.clone(),
            exchange_hosts: cloud.exchange_hosts.iter().cloned().chain(host(&cloud.autodiscover_secure)).collect(),
        };
        let client = Arc::new(Client::new(Arc::clone(&transport), Arc::new(entra), origins));
        let sources = &profile.sources;
        let autodiscover = || {
            let hosts = cloud.exchange_hosts.clone();
            Autodiscover::new(transport, endpoints.autodiscover.clone(), endpoints.exchange.clone(), hosts)
        };
        let services = Services {
            graph: Graph::new(Arc::clone(&client)),
            exchange: exchange(&profile, &client)?,
            autodiscover: sources.autodiscover.then(autodiscover),
            ews: sources.ews.then(|| Ews::new(Arc::clone(&client))),
            autodiscover_soap: sources.autodiscover_soap.then(|| soap(&profile, &client, delegated)).transpose()?,
            interest: interest(&profile, self.facts),
            client,
        };
        Ok(Connected { profile, services, delegated })
    }

    /// A tenant says itself which cloud it lives in. Where the configuration does not, that is believed; where the two
    /// disagree, nothing else is asked: tokens of one cloud are worthless in another.
    ///
    /// # Errors
    /// In words, when they disagree or the tenant is not there.
    pub async fn settle_cloud(
        &self,
        profile: Profile,
        transport: &Transport,
        output: &Output,
    ) -> Result<Profile, Failure> {
        if profile.simulated {
            return Ok(profile);
        }
        let said = match OpenId::of(transport, &profile.endpoints.authority, &profile.tenant).await {
            Ok(said) => said,
            Err(trouble) if trouble.cause == crate::evidence::Cause::SignIn => return Err(sign_in(trouble)),
            // An authority that is away or odd is named by the sign-in itself, with its own patience.
            Err(_) => return Ok(profile),
        };
        let Some(cloud) = said.cloud(self.facts).filter(|cloud| cloud.id != profile.cloud.id) else {
            return Ok(profile);
        };
        let (tenant, named) = (&profile.tenant, &profile.cloud.name);
        if profile.cloud_given {
            return Err(Failure::usage(
                format!(
                    "the tenant {tenant} lives in {}, and its configuration says {named}; nothing was asked",
                    cloud.name
                ),
                format!("set cloud = \"{}\" for [tenants.{}], or --cloud {}", cloud.id, profile.name, cloud.id),
            ));
        }
        output.remark(&format!("the tenant {tenant} lives in {}: its addresses and dates count", cloud.name));
        profile.moved_to(cloud.clone())
    }
}

fn read_roots(path: &Path) -> Result<Vec<reqwest::Certificate>, Failure> {
    let hint = "give a file with roots in PEM under network.ca_files or --ca-file";
    let pem = std::fs::read(path)
        .map_err(|error| Failure::usage(format!("the roots {} cannot be read: {error}", path.display()), hint))?;
    roots(&pem).map_err(|why| Failure::usage(format!("{} {why}", path.display()), hint))
}

fn sign_in(trouble: Trouble) -> Failure {
    let message = trouble.to_string();
    let hint = match code_page(&message) {
        Some(page) => format!("{page} says more; then run the same command again"),
        None => "check `tenant`, the authority and the proxy: what answered may not have been Entra".to_owned(),
    };
    Failure { exit: Exit::SignIn, message, hint }
}

/// Microsoft's page on the first of Entra's codes in a message: it knows those that have no sentence of ours, too.
pub fn code_page(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("AADSTS")?;
    let code = rest.split(|letter: char| !letter.is_ascii_digit()).next().filter(|code| !code.is_empty())?;
    Some(format!("https://login.microsoftonline.com/error?code={code}"))
}

/// SOAP Autodiscover at the cloud's secure name, or where the profile sends all of Autodiscover; POX beside it for a
/// signed-in person, since an application's token gets nothing from it.
fn soap(profile: &Profile, client: &Arc<Client>, delegated: bool) -> Result<SoapAutodiscover, Failure> {
    let (endpoints, cloud) = (&profile.endpoints, &profile.cloud);
    let own = endpoints.autodiscover.host_str().map(str::to_owned) != host(&cloud.autodiscover);
    let root = if own { endpoints.autodiscover.as_str() } else { cloud.autodiscover_secure.as_str() };
    let at = |path| {
        let url = url::Url::parse(root).and_then(|root| root.join(path));
        url.map_err(|error| {
            Failure::usage(format!("no address for Autodiscover: {error}"), "check endpoints.autodiscover")
        })
    };
    let pox = at("/autodiscover/autodiscover.xml")?;
    let pox = delegated.then(|| PoxAutodiscover::new(Arc::clone(client), pox));
    Ok(SoapAutodiscover::new(Arc::clone(client), at("/autodiscover/autodiscover.svc")?, pox))
}

fn host(root: &str) -> Option<String> {
    url::Url::parse(root).ok()?.host_str().map(str::to_owned)
}

/// Who tells of Exchange: exported files first, then the backend, unless it is left out.
fn exchange(profile: &Profile, client: &Arc<Client>) -> Result<ExchangeFacts, Failure> {
    let mut exchange = if profile.sources.exchange_admin {
        ExchangeFacts::from_backend(ExchangeAdmin::new(Arc::clone(client), profile.tenant.clone()))
    } else {
        ExchangeFacts::default()
    };
    let files = &profile.sources.imports;
    let wrong = |error: imports::ImportError| Failure::usage(error.message, error.hint);
    if let Some(path) = &files.organization {
        exchange.organization = Some(imports::organization(path).map_err(wrong)?);
    }
    if let Some(path) = &files.cas_mailboxes {
        exchange.cas_mailboxes = Some(imports::cas_mailboxes(path).map_err(wrong)?);
    }
    if let Some(path) = &files.mailboxes {
        exchange.mailboxes = Some(imports::mailboxes(path).map_err(wrong)?);
    }
    Ok(exchange)
}

/// The applications a report wants to name: known EWS clients, the integrations', and the profile's own.
fn interest(profile: &Profile, facts: &Facts) -> Interest {
    let clients = facts.clients().iter().map(|client| client.app_id.clone());
    let integrations = facts.integrations().iter();
    let theirs = integrations.clone().flat_map(|integration| integration.app_ids.iter().cloned());
    Interest {
        app_ids: clients.chain(theirs).chain(profile.apps.iter().chain(&profile.dynamics_app).cloned()).collect(),
        names: integrations
            .flat_map(|integration| integration.app_names.iter().cloned())
            .chain([facts.hybrid().app_prefix.clone()])
            .collect(),
    }
}
