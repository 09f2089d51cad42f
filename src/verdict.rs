//! What all findings about one roster entry together mean.
//!
//! Every rule is asked once. The rules that decide stand in [`registry`] in the order of precedence; the first that
//! speaks gives the verdict, unless a rule before it stayed open that would have given another one: then the entry is
//! *not assessed*, and the open question is the reason ([`crate::rules::decide`]).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::evidence::{MailboxEvidence, TenantEvidence};
use crate::facts::Facts;
use crate::rules::decide::{Decision, decide};
use crate::rules::rule::{Why, ask};
use crate::rules::{
    Case, Effect, EntryFacts, Field, Mark, Open, Options, Outcome, Params, Question, Reading, Rule, open, registry,
};

pub use crate::rules::states::{EwsToday, GraphState, LicenceState, RoutingState, Urgency, Verdict};
pub use explain::{RuleSays, Standing, explain};

mod evidence;
mod explain;
mod states;

/// One fact about a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceLine {
    /// What was asked, for example `directory`, `licence`, `mailbox_settings`, `graph`, `routing`, `ews`.
    pub question: String,
    /// What came out, in words.
    pub answer: String,
    /// Who said so; empty when nobody was asked.
    pub source: String,
    /// When; absent when nobody was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

/// What one rule said about a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingLine {
    /// Rule id.
    pub rule: String,
    /// What it found.
    pub text: String,
    /// What to do about it; may be empty.
    pub action: String,
}

/// The state of one integration for a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntegrationLine {
    /// For example `salesforce_lightning_sync`, `salesforce_eac`, `dynamics_sync`, `teams_calendar`.
    pub integration: String,
    /// `ok`, `broken`, `at_risk` or `unknown`.
    pub state: String,
    /// Rule that says so; empty for `ok`.
    pub rule: String,
    /// Why; empty for `ok`.
    pub text: String,
    /// What to do; empty for `ok`.
    pub action: String,
}

/// Everything the findings about one roster entry mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// Id of the rule that decided.
    pub reason: &'static str,
    /// Why, in a sentence: the cause to fix first.
    pub cause: String,
    /// What stops for this user, and when.
    pub what_stops: String,
    /// What to do next.
    pub next_action: String,
    /// How soon it stops.
    pub urgency: Urgency,
    /// Another way out, else empty.
    pub alternative: String,
    /// What the licences amount to.
    pub licence: LicenceState,
    /// What the EWS probe saw.
    pub ews_today: EwsToday,
    /// Where Autodiscover routes.
    pub routing: RoutingState,
    /// Whether Graph answers.
    pub graph: GraphState,
    /// Names of the products assigned, as Microsoft sells them.
    pub products: Vec<String>,
    /// Display name: the directory's, else the roster's, else empty.
    pub display_name: String,
    /// Directory object id, else empty.
    pub object_id: String,
    /// What every rule that spoke said, the deciding one first.
    pub findings: Vec<FindingLine>,
    /// What was found, fact by fact.
    pub evidence: Vec<EvidenceLine>,
    /// State of each integration the profile names.
    pub integrations: Vec<IntegrationLine>,
}

/// Judges one roster entry.
#[must_use]
pub fn judge(case: &Case<'_>) -> Judgement {
    let judging = Judging::of(case);
    let verdict = judging.verdict();
    let urgency = judging.urgency();
    let reading = &judging.reading;
    let all = judging.common(&urgency);
    let said = |field| judging.text(verdict.rule, field, &verdict.params, &all);
    let cause = said(Field::Says);
    let next_action = said(Field::Next);
    let alternative = if reading.graph_answers() { said(Field::Alternative) } else { String::new() };
    let deciding = FindingLine { rule: verdict.rule.id.to_owned(), text: cause.clone(), action: next_action.clone() };
    let integrations = judging.integrations(&all);
    let account = reading.account();
    let name = account.and_then(|account| account.display_name.clone()).or_else(|| case.entry.display_name.clone());
    Judgement {
        verdict: verdict.verdict,
        reason: verdict.rule.id,
        what_stops: said(Field::Stops),
        urgency: urgency.urgency,
        alternative,
        licence: reading.licence.state,
        ews_today: states::ews_today(reading),
        routing: states::routing(reading),
        graph: states::graph(reading),
        products: evidence::products(reading),
        display_name: name.unwrap_or_default(),
        object_id: account.map(|account| account.id.clone()).unwrap_or_default(),
        findings: judging.findings(&verdict, &urgency, &all, deciding, &integrations),
        evidence: evidence::lines(reading),
        integrations,
        cause,
        next_action,
    }
}

/// What is told once for the tenant: settings, announcements, permissions that are missing for every mailbox alike.
#[must_use]
pub fn tenant_findings(tenant: &TenantEvidence, facts: &Facts, options: &Options) -> Vec<FindingLine> {
    let entry = EntryFacts::default();
    let nothing = MailboxEvidence::default();
    let case = Case { entry: &entry, evidence: &nothing, tenant, facts, options };
    let judging = Judging::of(&case);
    let all = judging.common(&judging.urgency());
    let told = judging.outcomes.iter().filter(|(rule, _)| rule.effect == Effect::Tells);
    told.filter_map(|(rule, outcome)| judging.finding(rule, outcome, &all)).collect()
}

/// One case with what every rule makes of it.
struct Judging<'a> {
    reading: Reading<'a>,
    outcomes: Vec<(&'static Rule, Outcome)>,
}

/// A verdict, and the rule and parameters it rests on.
struct Ruling {
    verdict: Verdict,
    rule: &'static Rule,
    params: Params,
    decided: bool,
}

/// How soon EWS stops, the rule that says so, and what to say about it.
struct Urging {
    urgency: Urgency,
    rule: Option<&'static Rule>,
    stops: String,
}

impl<'a> Judging<'a> {
    fn of(case: &Case<'a>) -> Self {
        let reading = Reading::of(*case);
        let outcomes = registry().iter().map(|rule| (*rule, (rule.check)(&reading))).collect();
        Self { reading, outcomes }
    }

    /// The rules of one kind of effect, each with the answer it would give and its outcome.
    fn ruled<A>(&self, answer: impl Fn(Effect) -> Option<A>) -> impl Iterator<Item = (&'static Rule, A, Outcome)> {
        self.outcomes.iter().filter_map(move |(rule, outcome)| Some((*rule, answer(rule.effect)?, outcome.clone())))
    }

    fn verdict(&self) -> Ruling {
        match decide(self.ruled(verdict_of)) {
            Decision::Decided { answer, rule, params } => Ruling { verdict: answer, rule, params, decided: true },
            Decision::Open { open, .. } => self.undecided(&open),
            Decision::Silent => self.undecided(&Open::unsettled(Question::Graph, "nothing_settles", Params::default())),
        }
    }

    /// Not assessed: by what is told of the whole run, or else by the first open question.
    fn undecided(&self, open: &[Open]) -> Ruling {
        let verdict = Verdict::NotAssessed;
        let known = self.ruled(verdict_of).find_map(|(rule, answer, outcome)| match outcome {
            Outcome::Says(params) if answer == verdict => Some((rule, params)),
            _ => None,
        });
        if let Some((rule, params)) = known {
            return Ruling { verdict, rule, params, decided: true };
        }
        let (rule, params) = match open.iter().min_by_key(|open| open.question) {
            Some(first) => (open::rule_of(first.question), open::params(&self.reading, first)),
            None => (open::rule_of(Question::Directory), Params::default()),
        };
        Ruling { verdict, rule, params, decided: false }
    }

    fn urgency(&self) -> Urging {
        let decision = decide(self.ruled(|effect| match effect {
            Effect::Urges(urgency) => Some(urgency),
            _ => None,
        }));
        let ends = Params::one("ends", self.reading.ends());
        let open = match decision {
            Decision::Decided { answer, rule, params } => {
                let stops = self.text(rule, Field::Stops, &params, &ends);
                return Urging { urgency: answer, rule: Some(rule), stops };
            }
            Decision::Open { open, .. } => open,
            Decision::Silent => Vec::new(),
        };
        // Where EWS itself was not heard, that is what there is to say; else what stayed open of the settings.
        let unheard = ask(Question::Ews, &self.reading.case.evidence.ews).err().unwrap_or_default();
        let not_asked = Open { question: Question::Ews, why: Why::NotAsked };
        let why = open::params(&self.reading, unheard.first().or(open.first()).unwrap_or(&not_asked));
        let stops = self.reading.words("stops/unknown", &Params([ends.0, why.0].concat()));
        Urging { urgency: Urgency::Unknown, rule: None, stops }
    }

    /// Parameters every sentence may use.
    fn common(&self, urgency: &Urging) -> Params {
        let entry = self.reading.case.entry;
        Params::one("address", entry.address.clone().unwrap_or_else(|| entry.written.clone()))
            .and("stops", &urgency.stops)
            .and("ends", self.reading.ends())
            .and("by_when", self.by_when(urgency.urgency))
    }

    fn by_when(&self, urgency: Urgency) -> String {
        let ends = Params::one("ends", self.reading.ends());
        match urgency {
            Urgency::Now => self.reading.words("by_when/now", &ends),
            Urgency::Soon => self.reading.words("by_when/soon", &ends),
            Urgency::ByDeadline | Urgency::None | Urgency::Unknown => self.reading.before(),
        }
    }

    fn text(&self, rule: &Rule, field: Field, own: &Params, all: &Params) -> String {
        let params = Params([own.0.as_slice(), all.0.as_slice()].concat());
        self.reading.case.options.texts.rule(rule, field, &params)
    }

    fn finding(&self, rule: &'static Rule, outcome: &Outcome, all: &Params) -> Option<FindingLine> {
        let Outcome::Says(params) = outcome else { return None };
        Some(FindingLine {
            rule: rule.id.to_owned(),
            text: self.text(rule, Field::Says, params, all),
            action: self.text(rule, Field::Next, params, all),
        })
    }

    /// The deciding rule first, then every other that spoke: causes that come after it, the one urgency, the marks that
    /// give an integration its state, notes.
    fn findings(
        &self,
        verdict: &Ruling,
        urgency: &Urging,
        all: &Params,
        deciding: FindingLine,
        integrations: &[IntegrationLine],
    ) -> Vec<FindingLine> {
        let told = self.outcomes.iter().filter(|(rule, _)| match rule.effect {
            _ if rule.id == verdict.rule.id => false,
            // "Nothing stands against the move" holds only where it decides.
            Effect::Decides(answer) => answer != Verdict::MoveToGraphEac,
            Effect::Urges(_) => urgency.rule.is_some_and(|urging| urging.id == rule.id),
            Effect::Marks { .. } => integrations.iter().any(|line| line.rule == rule.id),
            Effect::Notes => true,
            Effect::Tells => false,
        });
        let others = told.filter_map(|(rule, outcome)| self.finding(rule, outcome, all));
        std::iter::once(deciding).chain(others).collect()
    }

    /// The columns of the profile's integrations.
    fn columns(&self) -> impl Iterator<Item = &'a str> {
        self.reading.integrations().flat_map(|known| known.columns.iter().map(String::as_str))
    }

    fn integrations(&self, all: &Params) -> Vec<IntegrationLine> {
        self.columns().map(|column| self.integration(column, all)).collect()
    }

    fn integration(&self, column: &str, all: &Params) -> IntegrationLine {
        let decision = decide(self.ruled(|effect| match effect {
            Effect::Marks { columns, state } if columns.contains(&column) => Some(state),
            _ => None,
        }));
        let line = |state: &str, rule: &'static Rule, params: &Params| IntegrationLine {
            integration: column.to_owned(),
            state: state.to_owned(),
            rule: rule.id.to_owned(),
            text: self.text(rule, Field::Says, params, all),
            action: self.text(rule, Field::Next, params, all),
        };
        match decision {
            Decision::Decided { answer, rule, params } => line(Mark::id(answer), rule, &params),
            Decision::Open { open, .. } => match open.first() {
                Some(first) => line("unknown", open::rule_of(first.question), &open::params(&self.reading, first)),
                None => line("unknown", open::rule_of(Question::Ews), &Params::default()),
            },
            Decision::Silent => IntegrationLine {
                integration: column.to_owned(),
                state: "ok".to_owned(),
                rule: String::new(),
                text: String::new(),
                action: String::new(),
            },
        }
    }
}

fn verdict_of(effect: Effect) -> Option<Verdict> {
    match effect {
        Effect::Decides(verdict) => Some(verdict),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
