//! `ewsready doctor`: reaches every host, signs in, tries each question once, and says which permission would show what
//! is not seen. Reads nothing into the store and changes nothing.

mod checks;
mod needs;
mod tap;

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::config::table;
use super::facts::FactsArgs;
use super::services::{Connected, ReachArgs, Way, code_page};
use super::{Output, clock, credential, demo};
use crate::config::{DEMO, Profile};
use crate::failure::{Exit, Failure};
use crate::transport::wire::host_of;
use crate::transport::{Request, Resource, Transport, Wire};
use checks::{Check, Outcome, Roles};
use needs::Weight;
use tap::Tap;

/// Check what a tenant lets us see, and which permission would show the rest.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Tenant profile of the configuration.
    #[arg(long, value_name = "NAME")]
    tenant: String,
    /// Mailbox to try Graph, EWS and Autodiscover on [default: the first in the directory that has one].
    #[arg(long, value_name = "ADDRESS")]
    mailbox: Option<String>,
    #[command(flatten)]
    reach: ReachArgs,
    #[command(flatten)]
    facts: FactsArgs,
}

/// Clocks that differ by more are named: certificate assertions stop being taken at five minutes.
const SKEW: i64 = 120;
/// One look is worth a few seconds, not a run's patience.
const PATIENCE: Duration = Duration::from_secs(15);
/// Tries of each request.
const ATTEMPTS: u32 = 2;

/// Runs the command.
///
/// # Errors
/// In words, when configuration or credential are wrong.
pub async fn run(args: Args, output: &Output) -> Result<Exit, Failure> {
    let (clock, facts) = (clock()?, args.facts.read()?);
    let (embedded, mut profile) = match args.tenant.as_str() {
        DEMO => demo::start(&facts, clock).await.map(|(running, profile)| (Some(running), profile))?,
        name => (None, args.reach.profile(name, &facts)?),
    };
    profile.pace.attempts = ATTEMPTS;
    profile.pace.patience = profile.pace.patience.min(PATIENCE);
    profile.pace.request = profile.pace.request.min(PATIENCE);
    let way = Way { facts: &facts, clock, trace: args.reach.begin_trace(clock)? };
    let tap = Arc::new(Tap::new(way.wire(&profile)?));
    output.result(&network(&profile, &*tap, clock.now()).await)?;
    let credential = credential::read(&profile, way.trace.as_deref())?;
    let transport = Arc::new(Transport::new(Arc::clone(&tap) as Arc<dyn Wire>, profile.pace, clock));
    let profile = way.settle_cloud(profile, &transport, output).await?;
    let connected = way.services(profile, transport, credential)?;
    let roles = Roles::of(&connected).await;
    output.result(&sign_in(&connected, &roles))?;
    let checks = checks::all(&connected, &roles, args.mailbox.as_deref()).await;
    output.result(&questions(&checks, &tap))?;
    if let Some(embedded) = embedded {
        embedded.stop().await;
    }
    let stops = checks.iter().any(Check::stops_the_job);
    Ok(if stops { Exit::SignIn } else { Exit::Done })
}

/// The same in one line, for the beginning of a run; nothing when nothing is missing.
pub(super) async fn remark(connected: &Connected) -> Option<String> {
    let roles = Roles::of(connected).await;
    let mut missing: Vec<_> = roles.unmet(connected).map(|need| (need.permission, need.learns)).collect();
    missing.dedup_by_key(|(permission, _)| *permission);
    if missing.is_empty() {
        return None;
    }
    let shown: Vec<_> = missing.iter().map(|(permission, learns)| format!("{permission} ({learns})")).collect();
    let who = if connected.delegated { "the person's token" } else { "the application's token" };
    Some(format!(
        "{who} lacks {}; unless RBAC for Applications gives it, that stays unknown (ewsready doctor --tenant {} says more)",
        shown.join(", "),
        connected.profile.name
    ))
}

/// Hosts, clock and way out.
async fn network(profile: &Profile, wire: &dyn Wire, now: jiff::Timestamp) -> String {
    let endpoints = &profile.endpoints;
    // Paths that each service answers without a token; any answer will do.
    let hosts: [(&str, &Url, &str); 4] = [
        ("sign-in", &endpoints.authority, "/common/v2.0/.well-known/openid-configuration"),
        ("Microsoft Graph", &endpoints.graph, "/v1.0/organization"),
        ("Exchange Online", &endpoints.exchange, "/EWS/Exchange.asmx"),
        ("Autodiscover", &endpoints.autodiscover, "/autodiscover/autodiscover.json"),
    ];
    let mut rows = Vec::new();
    for (service, root, path) in hosts {
        let url = root.join(path).unwrap_or_else(|_| root.clone());
        let answer = wire.send(Request::get(url).identified()).await;
        let (reached, clock) = match &answer {
            Ok(answer) => ("reached".to_owned(), answer.header("date").and_then(|date| skew(date, now))),
            Err(error) => (format!("NOT REACHED: {error}"), None),
        };
        rows.push([host_of(root), service.to_owned(), reached, clock.unwrap_or_default()]);
    }
    format!("Hosts\n{}  way out: {}\n", table(&rows), way_out(profile))
}

/// How far our clock is from the service's.
fn skew(date: &str, now: jiff::Timestamp) -> Option<String> {
    let theirs = jiff::fmt::rfc2822::parse(date).ok()?.timestamp();
    let seconds = now.as_second() - theirs.as_second();
    let direction = if seconds > 0 { "ahead" } else { "behind" };
    Some(match seconds.abs() {
        0..=2 => "clocks agree".to_owned(),
        off if off <= SKEW => format!("our clock is {off} s {direction}"),
        off => format!("our clock is {off} s {direction}: SET IT RIGHT, sign-ins with a certificate will be refused"),
    })
}

fn way_out(profile: &Profile) -> String {
    if let Some(proxy) = &profile.network.proxy {
        let login = if credential::proxy_login().is_some() { ", with user and password" } else { "" };
        return format!("proxy {}{login}", host_of(proxy));
    }
    // What the system says may hold a password: only the variable is named.
    let names = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    match names.into_iter().find(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty())) {
        Some(name) => format!("the proxy of {name}"),
        None => "direct, or as the system is set".to_owned(),
    }
}

fn sign_in(connected: &Connected, roles: &Roles) -> String {
    let profile = &connected.profile;
    let services = [("Microsoft Graph", Resource::Graph), ("Exchange Online", Resource::Exchange)];
    let rows = services.map(|(name, resource)| {
        let said = match roles.of_resource(resource) {
            Ok(roles) if roles.is_empty() => "signed in; the token carries no permission".to_owned(),
            Ok(roles) => format!("signed in; the token carries {}", roles.join(", ")),
            Err(trouble) => {
                let said = trouble.to_string();
                let page = code_page(&said).map(|page| format!("; {page}")).unwrap_or_default();
                format!("NO SIGN-IN: {said}{page}")
            }
        };
        [name.to_owned(), said]
    });
    format!("\nSign-in to {} ({})\n{}", profile.tenant, profile.cloud.name, table(&rows))
}

fn questions(checks: &[Check], tap: &Tap) -> String {
    let row = |check: &Check| {
        let (state, detail) = match &check.outcome {
            Outcome::Ready(detail) => ("ready", detail.clone()),
            Outcome::Missing(grant) if check.need.weight == Weight::Extra => ("not seen", format!("optional: {grant}")),
            Outcome::Missing(grant) => ("MISSING", grant.clone()),
            Outcome::Trouble(detail) => ("FAILED", detail.clone()),
            Outcome::Left(detail) => ("not asked", detail.clone()),
        };
        [check.need.learns.to_owned(), state.to_owned(), detail]
    };
    let rows: Vec<_> = checks.iter().map(row).collect();
    let mut text = format!("\nQuestions\n{}", table(&rows));
    let limits: Vec<_> = tap.limits().into_iter().map(|(name, value)| [name, value]).collect();
    if limits.is_empty() {
        text.push_str("\nLimits: no service spoke of one.\n");
    } else {
        text.push_str(&format!("\nLimits\n{}", table(&limits)));
    }
    let stopping: Vec<_> = checks.iter().filter(|check| check.stops_the_job()).map(|check| check.need.learns).collect();
    text.push_str(&if stopping.is_empty() {
        "\nThe assessment can run.\n".to_owned()
    } else {
        format!("\nThe assessment CANNOT run: {}.\n", stopping.join("; "))
    });
    text
}
