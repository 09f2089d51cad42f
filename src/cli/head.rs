//! The head of a report, from what the store knows of run and tenant.

use super::assess::store_failure;
use super::exit::Failure;
use crate::evidence::TenantEvidence;
use crate::evidence::store::{RunRecord, Store};
use crate::facts::Facts;
use crate::report::Head;
use crate::report::head::{DomainLine, LicenceLine, Organization, RuleLine, ServiceLine, Tenant};
use crate::rules::{Effect, Options, registry};
use crate::transport::ScopeId;

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
    let identity = tenant.identity.value();
    let roster = &run.roster;
    Ok(Head {
        run_id: run.uuid.clone(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        started: Some(run.started),
        finished: run.finished,
        as_of: options.as_of,
        facts_as_of: facts.as_of().oldest,
        facts_warning: facts.age_warning(options.as_of).unwrap_or_default(),
        simulated: run.settings.simulated,
        roster: roster.sources.clone(),
        extra_columns: roster.columns.clone(),
        integrations: options.integrations.clone(),
        language: language.to_owned(),
        tenant: Tenant {
            profile: run.tenant.clone(),
            id: identity.map(|identity| identity.id.clone()).unwrap_or_default(),
            name: identity.map(|identity| identity.name.clone()).unwrap_or_default(),
            cloud: options.cloud.clone(),
        },
        organization: organization(facts, options),
        licences: licences(tenant, facts),
        domains: domains(tenant),
        services: services(store, run)?,
        rules: registry().iter().map(|rule| rule_line(rule, facts)).collect(),
        parameters: parameters(run),
        permissions: permissions(tenant),
        ..Head::default()
    })
}

fn organization(facts: &Facts, options: &Options) -> Organization {
    let retirement =
        facts.cloud(&options.cloud).map(|cloud| cloud.retirement.ends_on.unwrap_or(cloud.retirement.plan_by));
    Organization { retirement, ..Organization::default() }
}

fn licences(tenant: &TenantEvidence, facts: &Facts) -> Vec<LicenceLine> {
    let line = |sku: &crate::evidence::tenant::Sku| LicenceLine {
        sku: sku.id.to_string(),
        name: facts.licensing().product(sku.id).map_or_else(|| sku.part_number.clone(), |product| product.name.clone()),
        part_number: sku.part_number.clone(),
        status: sku.capability.clone(),
        enabled: sku.enabled_units,
        consumed: sku.consumed_units,
        mailbox: None,
    };
    tenant.skus.value().map(|skus| skus.iter().map(line).collect()).unwrap_or_default()
}

fn domains(tenant: &TenantEvidence) -> Vec<DomainLine> {
    let identity = tenant.identity.value();
    let line = |domain: &crate::evidence::tenant::Domain| DomainLine {
        name: domain.name.clone(),
        verified: true,
        ..DomainLine::default()
    };
    identity.map(|identity| identity.domains.iter().map(line).collect()).unwrap_or_default()
}

fn services(store: &Store, run: &RunRecord) -> Result<Vec<ServiceLine>, Failure> {
    let traffic = store.traffic(run.id).map_err(store_failure)?;
    let line = |(key, traffic): (String, crate::transport::stats::Traffic)| ServiceLine {
        service: ScopeId::ALL.iter().find(|id| id.key() == key).map_or(key, |id| id.name().to_owned()),
        requests: traffic.requests,
        retries: traffic.pushbacks + traffic.failures,
        pushbacks: traffic.pushbacks,
        waited_ms: traffic.pause_ms,
        ..ServiceLine::default()
    };
    Ok(traffic.into_iter().filter(|(_, traffic)| traffic.requests > 0).map(line).collect())
}

fn rule_line(rule: &crate::rules::Rule, facts: &Facts) -> RuleLine {
    RuleLine {
        id: rule.id.to_owned(),
        question: rule.question.to_owned(),
        effect: effect(rule.effect),
        as_of: facts.file(rule.facts).map_or(facts.as_of().oldest, |file| file.as_of),
        source: rule.sources.join("; "),
    }
}

fn parameters(run: &RunRecord) -> Vec<(String, String)> {
    let settings = &run.settings;
    vec![
        ("Cloud".to_owned(), settings.cloud.clone()),
        ("Integrations".to_owned(), settings.integrations.join(", ")),
        ("Kiosk-only users".to_owned(), settings.kiosk.clone()),
        ("Own application".to_owned(), settings.own_app_id.clone().unwrap_or_default()),
    ]
}

fn permissions(tenant: &TenantEvidence) -> Vec<String> {
    let roles = [&tenant.graph_roles, &tenant.exchange_roles];
    roles.into_iter().filter_map(|roles| roles.value()).flatten().cloned().collect()
}

/// What a rule's finding means, in words.
fn effect(effect: Effect) -> String {
    match effect {
        Effect::Decides(verdict) => format!("verdict: {}", verdict.id()),
        Effect::Urges(urgency) => format!("urgency: {}", urgency.id()),
        Effect::Marks { columns, state } => format!("{}: {}", columns.join(", "), state.id()),
        Effect::Notes | Effect::Tells => "note".to_owned(),
    }
}
