//! Why this verdict and not the next: what every rule made of a case, and where that left it.

use crate::rules::states::Verdict;
use crate::rules::{Case, Field, Outcome, Params, Rule, open};

use super::{Judging, verdict_of};

/// What one rule made of a case.
#[derive(Debug, Clone)]
pub struct RuleSays {
    /// The rule.
    pub rule: &'static Rule,
    /// What it made of the case.
    pub outcome: Outcome,
    /// The same in words: what it found, or why it stayed open; empty where it is silent.
    pub text: String,
    /// Where that left it.
    pub standing: Standing,
}

/// Where a rule stands beside the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It does not apply.
    Silent,
    /// It decides the verdict.
    Decides,
    /// It spoke, but a rule before it decided.
    Outranked,
    /// It stayed open, and could have given another verdict than the one that would follow: nothing is decided.
    InTheWay,
    /// It spoke, but an open rule is in its way.
    Waits,
    /// It stayed open, and that changes nothing.
    Open,
    /// It spoke of something else than the verdict.
    Told,
}

impl Standing {
    /// The identifier in JSON.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::Decides => "decides",
            Self::Outranked => "outranked",
            Self::InTheWay => "in_the_way",
            Self::Waits => "waits",
            Self::Open => "open",
            Self::Told => "told",
        }
    }
}

/// What every rule made of a case, spoken or silent, in order.
#[must_use]
pub fn explain(case: &Case<'_>) -> Vec<RuleSays> {
    let judging = Judging::of(case);
    let ruling = judging.verdict();
    let all = judging.common(&judging.urgency());
    let mut walk =
        Walk { decided: ruling.decided.then_some(ruling.rule.id), first: judging.first_to_speak(), past: false };
    judging
        .outcomes
        .iter()
        .map(|(rule, outcome)| RuleSays {
            rule,
            text: judging.in_words(rule, outcome, &all),
            standing: walk.standing(rule, outcome),
            outcome: outcome.clone(),
        })
        .collect()
}

/// Where the walk through the rules has come to.
struct Walk {
    decided: Option<&'static str>,
    first: Option<(&'static str, Verdict)>,
    past: bool,
}

impl Walk {
    fn standing(&mut self, rule: &'static Rule, outcome: &Outcome) -> Standing {
        let Some(verdict) = verdict_of(rule.effect) else {
            return match outcome {
                Outcome::Silent => Standing::Silent,
                Outcome::Says(_) => Standing::Told,
                Outcome::Unknown(_) => Standing::Open,
            };
        };
        let before = !self.past;
        if self.first.is_some_and(|(id, _)| id == rule.id) {
            self.past = true;
        }
        match outcome {
            Outcome::Silent => Standing::Silent,
            Outcome::Says(_) if self.decided == Some(rule.id) => Standing::Decides,
            Outcome::Says(_) if self.decided.is_some() => Standing::Outranked,
            Outcome::Says(_) => Standing::Waits,
            Outcome::Unknown(_) if before && self.first.is_none_or(|(_, first)| first != verdict) => Standing::InTheWay,
            Outcome::Unknown(_) => Standing::Open,
        }
    }
}

impl Judging<'_> {
    fn first_to_speak(&self) -> Option<(&'static str, Verdict)> {
        self.ruled(verdict_of)
            .find(|(_, _, outcome)| matches!(outcome, Outcome::Says(_)))
            .map(|(rule, verdict, _)| (rule.id, verdict))
    }

    fn in_words(&self, rule: &'static Rule, outcome: &Outcome, all: &Params) -> String {
        match outcome {
            Outcome::Silent => String::new(),
            Outcome::Says(params) => self.text(rule, Field::Says, params, all),
            Outcome::Unknown(questions) => {
                let told = questions.iter().map(|question| {
                    let params = open::params(&self.reading, question);
                    self.text(open::rule_of(question.question), Field::Says, &params, all)
                });
                told.collect::<Vec<_>>().join(" ")
            }
        }
    }
}
