//! The head of a report, from what the store knows of run and tenant.

mod apps;
mod domains;
mod licences;

use jiff::civil::Date;

use std::path::PathBuf;

use crate::evidence::joined::{HostProbe, Published};
use crate::evidence::mailbox::AgentRule;
use crate::evidence::question::Question;
use crate::evidence::store::{Branding, RunRecord, Store};
use crate::evidence::tenant::{AppList, OrganizationEws};
use crate::evidence::{Observation, TenantEvidence};
use crate::facts::{Aged, Facts};
use crate::failure::Failure;
use crate::report::head::{Logo, Organization, RuleLine, ServiceLine, Tenant};
use crate::report::{self, Head, Texts, joined};
use crate::rules::{Effect, Options, registry};
use crate::transport::ScopeId;
use crate::transport::stats::Traffic;
use crate::verdict::{FindingLine, tenant_findings};

/// Puts the head together.
///
/// # Errors
/// When the store fails.
pub fn head(
    store: &Store,
    run: &RunRecord,
    tenant: &TenantEvidence,
    facts: &Facts,
    options: &Options,
    language: &str,
) -> Result<Head, Failure> {
    let texts = Texts::embedded(language)?;
    let identity = tenant.identity.value();
    let roster = &run.roster;
    Ok(Head {
        run_id: run.uuid.clone(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        started: Some(run.started),
        finished: run.finished,
        as_of: options.as_of,
        facts_as_of: facts.as_of().oldest,
        facts_warning: facts_warning(facts, options.as_of, &texts),
        simulated: run.settings.simulated,
        roster: roster.sources.clone(),
        extra_columns: roster.columns.clone(),
        integrations: integration_columns(facts, options),
        integration_ends: integration_ends(facts, options),
        language: language.to_owned(),
        tenant: Tenant {
            profile: run.tenant.clone(),
            id: identity.map(|identity| identity.id.clone()).unwrap_or_default(),
            name: identity.map(|identity| identity.name.clone()).unwrap_or_default(),
            cloud: options.cloud.clone(),
        },
        organization: organization(tenant, facts, options, language)?,
        licences: licences::products(tenant, facts),
        upgrades: licences::upgrades(tenant, facts, options),
        domains: domains::lines(tenant, facts.cloud(&options.cloud), &store.routed_by_domain(run.id)?, &texts),
        apps: apps::lines(tenant, facts, options, &texts),
        services: services(store, run, &texts)?,
        rules: registry().iter().map(|rule| rule_line(rule, facts, &texts)).collect(),
        parameters: parameters(run, tenant, &texts),
        permissions: permissions(tenant),
        caveats: caveats(tenant, &texts),
        branding: branding(&run.settings.branding)?,
    })
}

/// The day EWS ends in a cloud, or by which to plan.
pub fn retirement(facts: &Facts, cloud: &str) -> Option<jiff::civil::Date> {
    let cloud = facts.cloud(cloud)?;
    Some(cloud.retirement.ends_on.unwrap_or(cloud.retirement.plan_by))
}

fn organization(
    tenant: &TenantEvidence,
    facts: &Facts,
    options: &Options,
    language: &str,
) -> Result<Organization, Failure> {
    let texts = Texts::embedded(language)?;
    let retirement = retirement(facts, &options.cloud);
    let notes = tenant_findings(tenant, facts, options).into_iter().map(told).collect();
    let state = match &tenant.organization {
        Observation::Known { value, .. } => ews_state(value, &texts),
        Observation::Unknown(unknown) => texts.fill("organization", "unknown", &[("why", &unknown.detail)]),
        Observation::NotAsked => texts.get("organization", "not_asked").to_owned(),
    };
    Ok(Organization { state, notes, retirement })
}

/// What was found about the tenant, and what to do about it.
fn told(finding: FindingLine) -> String {
    format!("{} {}", finding.text, finding.action).trim_end().to_owned()
}

/// The organisation's switch, list and filter, as the settings have it; what follows is for the rules.
fn ews_state(organization: &OrganizationEws, texts: &Texts) -> String {
    let switch = match organization.ews_enabled {
        None => "switch_null",
        Some(true) => "switch_true",
        Some(false) => "switch_false",
    };
    let (list, count) = match &organization.app_list {
        AppList::Hidden => ("list_hidden", 0),
        AppList::Seen(apps) if apps.is_empty() => ("list_empty", 0),
        AppList::Seen(apps) if apps.len() == 1 => ("list_one", 1),
        AppList::Seen(apps) => ("list_many", apps.len()),
    };
    let filter = match organization.agents.enforce {
        None if organization.agents.unseen => "filter_unseen",
        None => "filter_none",
        Some(AgentRule::AllowList) => "filter_allow",
        Some(AgentRule::BlockList) => "filter_block",
    };
    let list = texts.fill("organization", list, &[("count", &count.to_string())]);
    let word = |key| texts.get("organization", key);
    texts.fill("organization", "state", &[("switch", word(switch)), ("list", &list), ("filter", word(filter))])
}

/// The columns of the profile's integrations.
fn integration_columns(facts: &Facts, options: &Options) -> Vec<String> {
    let known = options.integrations.iter().filter_map(|id| facts.integration(id));
    known.flat_map(|known| known.columns.clone()).collect()
}

/// The columns of the profile's integrations that work over EWS, with the day it ends in the cloud.
fn integration_ends(facts: &Facts, options: &Options) -> Vec<(String, Date)> {
    let Some(cloud) = facts.cloud(&options.cloud) else { return Vec::new() };
    let day = cloud.retirement.ends_on.unwrap_or(cloud.retirement.plan_by);
    let known = options.integrations.iter().filter_map(|id| facts.integration(id));
    known.flat_map(|known| &known.over_ews).map(|column| (column.clone(), day)).collect()
}

/// What became of the joined exports.
fn caveats(tenant: &TenantEvidence, texts: &Texts) -> Vec<String> {
    let domains = tenant.domain_names();
    tenant.exports.value().into_iter().flatten().map(|export| joined::sentence(export, &domains, texts)).collect()
}

/// What each service was asked, and what it left unanswered; services that nothing was asked of are left out.
fn services(store: &Store, run: &RunRecord, texts: &Texts) -> Result<Vec<ServiceLine>, Failure> {
    let (traffic, given_up) = (store.traffic(run.id)?, store.given_up(run.id)?);
    let lines = traffic.into_iter().map(|(key, traffic)| {
        let id = ScopeId::ALL.into_iter().find(|id| id.key() == key);
        let theirs = given_up.iter().filter(|(question, _)| id.is_some() && service_of(**question) == id);
        ServiceLine {
            service: id.map_or(key, |id| id.name().to_owned()),
            requests: traffic.requests,
            retries: traffic.pushbacks + traffic.failures,
            pushbacks: traffic.pushbacks,
            waited_ms: traffic.pause_ms,
            gave_up: theirs.map(|(_, count)| count).sum(),
            limit: pace(&traffic, texts),
        }
    });
    Ok(lines.filter(|line| line.requests > 0 || line.gave_up > 0).collect())
}

/// Who is asked a question about a mailbox; nobody, where files answer.
fn service_of(question: Question) -> Option<ScopeId> {
    match question {
        Question::Directory => Some(ScopeId::Directory),
        Question::Cas | Question::Recipient => Some(ScopeId::ExchangeAdmin),
        Question::Graph | Question::Delegates => Some(ScopeId::Mailbox),
        Question::Routing | Question::UserSettings => Some(ScopeId::Autodiscover),
        Question::Ews => Some(ScopeId::Ews),
        Question::Joined => None,
    }
}

/// The pace kept to, in words; empty where the run did not note it.
fn pace(traffic: &Traffic, texts: &Texts) -> String {
    let most = ("most", texts.number(u64::from(traffic.most)));
    match traffic.limit {
        _ if traffic.most == 0 => String::new(),
        None => texts.fill("method", "pace_width", &[(most.0, &most.1)]),
        Some(limit) => {
            let (requests, seconds) = (texts.number(u64::from(limit.requests)), limit.seconds.to_string());
            texts.fill("method", "pace", &[("requests", &requests), ("seconds", &seconds), (most.0, &most.1)])
        }
    }
}

fn rule_line(rule: &crate::rules::Rule, facts: &Facts, texts: &Texts) -> RuleLine {
    let question = texts.judging().get(&crate::rules::Field::Question.key(rule));
    RuleLine {
        id: rule.id.to_owned(),
        question: question.map_or(rule.question, String::as_str).to_owned(),
        effect: rule.effect.to_string(),
        shown: effect(rule.effect, texts),
        as_of: facts.file(rule.facts).map_or(facts.as_of().oldest, |file| file.as_of),
        source: rule.sources.join("; "),
    }
}

/// What a rule does, in words.
fn effect(effect: Effect, texts: &Texts) -> String {
    let said = |key, section, id| texts.fill("effect", key, &[("word", texts.get(section, id))]);
    match effect {
        Effect::Decides(verdict) => said("verdict", "verdict", verdict.id()),
        Effect::Urges(urgency) => said("urgency", "urgency_short", urgency.id()),
        Effect::Marks { columns, state } => {
            let columns: Vec<&str> = columns.iter().map(|column| texts.get("integration", column)).collect();
            let word = texts.get("integration_state", state.id());
            texts.fill("effect", "marks", &[("columns", &columns.join(", ")), ("word", word)])
        }
        Effect::Notes => texts.get("effect", "note").to_owned(),
        Effect::Tells => texts.get("effect", "tenant_note").to_owned(),
    }
}

/// A warning of facts that are old; empty where they are not.
fn facts_warning(facts: &Facts, as_of: Date, texts: &Texts) -> String {
    let Some(Aged { file, days }) = facts.aged(as_of) else { return String::new() };
    let (of, days, as_of) = (file.as_of.to_string(), days.to_string(), as_of.to_string());
    texts.fill("method", "facts_aged", &[("file", file.name), ("of", &of), ("days", &days), ("as_of", &as_of)])
}

/// The report's looks, with the logo's file read.
fn branding(wanted: &Branding) -> Result<report::head::Branding, Failure> {
    let logo = |path: &PathBuf| {
        let png = path.extension().is_some_and(|kind| kind.eq_ignore_ascii_case("png"));
        let media_type = if png { "image/png" } else { "image/jpeg" }.to_owned();
        std::fs::read(path).map(|bytes| Logo { media_type, bytes }).map_err(|error| {
            let hint = "check `branding.logo`: a PNG or JPEG file";
            Failure::usage(format!("the logo {} cannot be read: {error}", path.display()), hint)
        })
    };
    Ok(report::head::Branding {
        title: wanted.title.clone(),
        client: wanted.client.clone(),
        author: wanted.author.clone(),
        accent: wanted.accent.clone(),
        logo: wanted.logo.as_ref().map(logo).transpose()?,
    })
}

/// The names are those of the JSON in every language; whoever shows them to people has words for them.
fn parameters(run: &RunRecord, tenant: &TenantEvidence, texts: &Texts) -> Vec<(String, String)> {
    let settings = &run.settings;
    let mut told = vec![
        ("Cloud".to_owned(), settings.cloud.clone()),
        ("Integrations".to_owned(), settings.integrations.join(", ")),
        ("Kiosk-only users".to_owned(), settings.kiosk.id().to_owned()),
        ("Own application".to_owned(), settings.own_app_id.clone().unwrap_or_default()),
    ];
    let named =
        [("Salesforce connects", &settings.salesforce_connection), ("Dynamics application", &settings.dynamics_app)];
    told.extend(named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?))));
    let host = |host: &HostProbe| (texts.fill("host", "name", &[("host", &host.host)]), shown(host, texts));
    told.extend(tenant.on_premises.value().into_iter().flatten().map(host));
    told
}

/// What an on-premises host showed, in words.
fn shown(host: &HostProbe, texts: &Texts) -> String {
    let part = |part: &Published| match part {
        Published::AsksForCredentials => texts.get("host", "published").to_owned(),
        Published::LoginPage { detail } | Published::Missing { detail } => {
            texts.fill("host", "not_published", &[("detail", detail)])
        }
        Published::Unreachable { detail } => texts.fill("host", "not_reached", &[("detail", detail)]),
    };
    let schemes = host.schemes.join(", ");
    let schemes = if schemes.is_empty() { texts.get("host", "no_schemes") } else { &schemes };
    texts.fill("host", "shows", &[("ews", &part(&host.ews)), ("api", &part(&host.api)), ("schemes", schemes)])
}

fn permissions(tenant: &TenantEvidence) -> Vec<String> {
    let roles = [&tenant.graph_roles, &tenant.exchange_roles];
    roles.into_iter().filter_map(|roles| roles.value()).flatten().cloned().collect()
}
