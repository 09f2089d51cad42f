//! The format, version 1.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;

use super::{SCHEMA, ids};
use crate::compare::History;
use crate::evidence::store::Annotation;
use crate::report::changes::ChangesJson;
use crate::report::columns;
use crate::report::head::{AppLine, DomainLine, Head, LicenceLine, RuleLine, ServiceLine};
use crate::report::row::Row;
use crate::report::standing::StandingJson;
use crate::report::summary::{Action, Group, GroupName, Summary, VerdictCounts};
use crate::report::trend::TrendJson;
use crate::verdict::{Urgency, Verdict};

/// The report of one run of ewsready.
#[derive(JsonSchema)]
#[schemars(rename = "readiness")]
#[expect(dead_code, reason = "describes the file that `write` streams; a test validates one against the other")]
pub(super) struct Readiness<'a> {
    /// Name and version of the format.
    #[schemars(extend("const" = SCHEMA))]
    schema: String,
    /// What ran, when, on which facts.
    run: Run<'a>,
    /// Whom it looked at.
    tenant: Tenant<'a>,
    /// Everything counted.
    summary: Sums<'a>,
    /// One entry a cause with its remedy, what to do first at the top.
    findings: Vec<Finding<'a>>,
    /// How it was found out.
    method: Method<'a>,
    /// What moved since the run before; null: there is none.
    changes: Option<ChangesJson<'a>>,
    /// Counts over all runs up to this one.
    trend: TrendJson<'a>,
    /// How the run stands against the waves planned for an earlier one; null: nobody planned.
    plan: Option<StandingJson<'a>>,
    /// One entry a roster line, in roster order.
    users: Vec<User<'a>>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Run<'a> {
    /// Id of the run.
    id: &'a str,
    /// Version of the program.
    tool_version: &'a str,
    /// When collecting began.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    started: Option<Timestamp>,
    /// When collecting ended.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    finished: Option<Timestamp>,
    /// The day the verdicts are about.
    #[schemars(with = "String", extend("format" = "date"))]
    as_of: Date,
    /// The oldest as-of date of the facts used.
    #[schemars(with = "String", extend("format" = "date"))]
    facts_as_of: Date,
    /// What is to be said about the age of the facts; empty when they are fresh.
    facts_warning: &'a str,
    /// The roster's files.
    roster: &'a [String],
    /// Language of the texts; ids never change.
    language: &'a str,
    /// Whether the tenant is a simulated one.
    simulated: bool,
}

impl<'a> Run<'a> {
    pub(super) fn new(head: &'a Head) -> Self {
        Self {
            id: &head.run_id,
            tool_version: &head.tool_version,
            started: head.started,
            finished: head.finished,
            as_of: head.as_of,
            facts_as_of: head.facts_as_of,
            facts_warning: &head.facts_warning,
            roster: &head.roster,
            language: if head.language.is_empty() { "en" } else { &head.language },
            simulated: head.simulated,
        }
    }
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Tenant<'a> {
    /// Name of the profile.
    profile: &'a str,
    /// Tenant id.
    id: &'a str,
    /// Display name.
    name: &'a str,
    /// Cloud.
    cloud: &'a str,
    /// The organisation's EWS state in a sentence; empty: not known.
    ews_state: &'a str,
    /// What follows from it.
    ews_notes: &'a [String],
    /// The day EWS ends in this cloud.
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    retirement: Option<Date>,
    /// Days from `as_of` to that day; negative after it.
    days_left: Option<i32>,
    /// Products.
    licences: &'a [LicenceLine],
    /// Mail domains.
    domains: &'a [DomainLine],
    /// Applications that use EWS or belong to an integration.
    apps: &'a [AppLine],
}

impl<'a> Tenant<'a> {
    pub(super) fn new(head: &'a Head) -> Self {
        Self {
            profile: &head.tenant.profile,
            id: &head.tenant.id,
            name: &head.tenant.name,
            cloud: &head.tenant.cloud,
            ews_state: &head.organization.state,
            ews_notes: &head.organization.notes,
            retirement: head.organization.retirement,
            days_left: head.organization.days_left(head.as_of),
            licences: &head.licences,
            domains: &head.domains,
            apps: &head.apps,
        }
    }
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Sums<'a> {
    /// Roster entries.
    rows: u64,
    /// Entries per verdict id; every verdict is present.
    verdicts: BTreeMap<&'static str, u64>,
    /// Entries per urgency id; every urgency is present.
    urgency: BTreeMap<&'static str, u64>,
    /// By the roster's wave.
    waves: Vec<GroupSums<'a>>,
    /// By the roster's department.
    departments: Vec<GroupSums<'a>>,
    /// By mail domain.
    domains: Vec<GroupSums<'a>>,
    /// Users who need a license upgrade, per state of their licences and products.
    licence_demand: Vec<Demand<'a>>,
    /// Users who need a license upgrade but could go to EAC without, because Graph answers.
    could_go_without_upgrade: u64,
    /// State of the integrations.
    integrations: Vec<IntegrationSums<'a>>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct GroupSums<'a> {
    /// The value; null for entries without one and, when `others` is true, for all past the counted ones.
    name: Option<&'a str>,
    /// Whether this sums up every value past those counted by name.
    others: bool,
    /// Entries per verdict id.
    verdicts: BTreeMap<&'static str, u64>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Demand<'a> {
    #[schemars(schema_with = "ids::licence_ids")]
    licence: &'static str,
    /// Products the users have today.
    products: &'a [String],
    users: u64,
    could_go_without_upgrade: u64,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct IntegrationSums<'a> {
    integration: &'a str,
    state: &'a str,
    rule: &'a str,
    text: &'a str,
    action: &'a str,
    /// The day the integration ends with EWS; null: it does not.
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    ends: Option<Date>,
    users: u64,
}

impl<'a> Sums<'a> {
    pub(super) fn new(summary: &'a Summary, head: &Head) -> Self {
        let integrations = summary.integrations.iter().map(|sum| IntegrationSums {
            integration: &sum.integration,
            state: &sum.state,
            rule: &sum.rule,
            text: &sum.text,
            action: &sum.action,
            ends: head.integration_end(&sum.integration),
            users: sum.users,
        });
        let demand = summary.demand.iter().map(|line| Demand {
            licence: line.licence.id(),
            products: &line.products,
            users: line.users,
            could_go_without_upgrade: line.alternative,
        });
        Self {
            rows: summary.rows,
            verdicts: verdicts(&summary.verdicts),
            urgency: urgencies(&summary.urgencies),
            waves: groups(&summary.waves),
            departments: groups(&summary.departments),
            domains: groups(&summary.domains),
            licence_demand: demand.collect(),
            could_go_without_upgrade: summary.could_go_without(),
            integrations: integrations.collect(),
        }
    }
}

fn groups(groups: &[Group]) -> Vec<GroupSums<'_>> {
    let sums = |group: &'_ Group| (group.name == GroupName::Others, verdicts(&group.verdicts));
    groups
        .iter()
        .map(|group| {
            let (others, verdicts) = sums(group);
            GroupSums { name: group.name.text(), others, verdicts }
        })
        .collect()
}

fn verdicts(counts: &VerdictCounts) -> BTreeMap<&'static str, u64> {
    Verdict::ALL.iter().map(|verdict| verdict.id()).zip(counts.iter().copied()).collect()
}

fn urgencies(counts: &[u64; Urgency::ALL.len()]) -> BTreeMap<&'static str, u64> {
    Urgency::ALL.iter().map(|urgency| urgency.id()).zip(counts.iter().copied()).collect()
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Finding<'a> {
    /// Rule that decided.
    rule: &'a str,
    #[schemars(schema_with = "ids::verdict_ids")]
    verdict: &'static str,
    /// The cause, as the first user's entry states it.
    cause: &'a str,
    /// What to do; empty: nothing.
    action: &'a str,
    /// Users affected.
    users: u64,
    /// Of them, per urgency id.
    urgency: BTreeMap<&'static str, u64>,
    /// Who takes care of it, from the Actions sheet that came back; empty: nobody is named.
    owner: &'a str,
    /// Until when, as written there; a date as YYYY-MM-DD.
    due: &'a str,
    /// What else was written there.
    comment: &'a str,
}

impl<'a> Finding<'a> {
    pub(super) fn new(action: &'a Action, history: &'a History) -> Self {
        let note = history.note(&action.reason);
        let written = |read: fn(&Annotation) -> &String| note.map(|note| read(note).as_str()).unwrap_or_default();
        Self {
            rule: &action.reason,
            verdict: action.verdict.id(),
            cause: &action.cause,
            action: &action.action,
            users: action.users,
            urgency: urgencies(&action.urgencies),
            owner: written(|note| &note.owner),
            due: written(|note| &note.due),
            comment: written(|note| &note.comment),
        }
    }
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Method<'a> {
    services: &'a [ServiceLine],
    rules: &'a [RuleLine],
    /// Settings of the run, by name.
    parameters: BTreeMap<&'a str, &'a str>,
    permissions: &'a [String],
    caveats: &'a [String],
}

impl<'a> Method<'a> {
    pub(super) fn new(head: &'a Head) -> Self {
        Self {
            services: &head.services,
            rules: &head.rules,
            parameters: head.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
            permissions: &head.permissions,
            caveats: &head.caveats,
        }
    }
}

/// One roster line.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "user")]
pub(super) struct User<'a> {
    /// Data line of the roster, from 1 over all files.
    row: u64,
    /// The address as the roster writes it.
    address: &'a str,
    display_name: &'a str,
    /// Directory object id; empty: none known.
    object_id: &'a str,
    #[schemars(schema_with = "ids::verdict_ids")]
    verdict: &'static str,
    /// Id of the rule that decided.
    reason: &'a str,
    /// Why, in a sentence.
    cause: &'a str,
    /// What stops for this user, and when.
    what_stops: &'a str,
    next_action: &'a str,
    #[schemars(schema_with = "ids::urgency_ids")]
    urgency: &'static str,
    /// Another way out; empty: none.
    alternative: &'a str,
    #[schemars(schema_with = "ids::licence_ids")]
    licence: &'static str,
    #[schemars(schema_with = "ids::ews_ids")]
    ews_today: &'static str,
    #[schemars(schema_with = "ids::routing_ids")]
    routing: &'static str,
    #[schemars(schema_with = "ids::graph_ids")]
    graph: &'static str,
    /// Products assigned.
    products: &'a [String],
    wave: &'a str,
    department: &'a str,
    owner: &'a str,
    /// Mail domain, lower case.
    domain: &'a str,
    /// When the newest fact was observed.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    checked_at: Option<Timestamp>,
    evidence: Vec<Evidence<'a>>,
    /// What every rule that spoke said, the deciding one first.
    findings: Vec<UserFinding<'a>>,
    integrations: Vec<Integration<'a>>,
    /// The roster's own columns, by name in the roster's order; a list, because a roster may repeat a name.
    roster: Vec<(&'a str, &'a str)>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Evidence<'a> {
    /// What was asked.
    question: &'a str,
    /// What came out, in words.
    answer: &'a str,
    /// Who said so; empty when nobody was asked.
    source: &'a str,
    /// When; null when nobody was asked.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    at: Option<Timestamp>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct UserFinding<'a> {
    rule: &'a str,
    text: &'a str,
    action: &'a str,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Integration<'a> {
    integration: &'a str,
    /// `ok`, `broken`, `at_risk` or `unknown`.
    state: &'a str,
    rule: &'a str,
    text: &'a str,
    action: &'a str,
}

impl<'a> User<'a> {
    pub(super) fn new(row: &'a Row, head: &'a Head) -> Self {
        let evidence = row.evidence.iter().map(|line| Evidence {
            question: &line.question,
            answer: &line.answer,
            source: &line.source,
            at: line.at,
        });
        let findings =
            row.findings.iter().map(|line| UserFinding { rule: &line.rule, text: &line.text, action: &line.action });
        let integrations = row.integrations.iter().map(|line| Integration {
            integration: &line.integration,
            state: &line.state,
            rule: &line.rule,
            text: &line.text,
            action: &line.action,
        });
        let roster = head.extra_columns.iter().zip(&row.extras);
        Self {
            row: row.row,
            address: &row.address,
            display_name: &row.display_name,
            object_id: &row.object_id,
            verdict: row.verdict.id(),
            reason: &row.reason,
            cause: &row.cause,
            what_stops: &row.what_stops,
            next_action: &row.next_action,
            urgency: row.urgency.id(),
            alternative: &row.alternative,
            licence: row.licence.id(),
            ews_today: row.ews_today.id(),
            routing: row.routing.id(),
            graph: row.graph.id(),
            products: &row.products,
            wave: &row.wave,
            department: &row.department,
            owner: &row.owner,
            domain: &row.domain,
            checked_at: columns::checked_at(row),
            evidence: evidence.collect(),
            findings: findings.collect(),
            integrations: integrations.collect(),
            roster: roster.map(|(name, value)| (name.as_str(), value.as_str())).collect(),
        }
    }
}
