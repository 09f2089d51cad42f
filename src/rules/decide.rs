//! First match wins, with open questions in the way.
//!
//! Rules of one kind of effect are walked in their order. The first that speaks decides, unless a rule before it
//! stayed open that would have given another answer: then nothing is decided. An open rule that would have given the
//! same answer is not in the way: whatever it says, the answer stands.

use super::reading::Reading;
use super::rule::{Open, Outcome, Params, Rule};

/// What walking the rules came to.
#[derive(Debug)]
pub enum Decision<A> {
    /// One rule decides.
    Decided {
        /// The answer.
        answer: A,
        /// The rule.
        rule: &'static Rule,
        /// The parameters of its texts.
        params: Params,
    },
    /// An open question is in the way.
    Open {
        /// The rule that stayed open.
        rule: &'static Rule,
        /// Its open questions.
        open: Vec<Open>,
    },
    /// No rule speaks, and none is open.
    Silent,
}

/// Walks rules, each with the answer it would give and its outcome.
pub fn decide<A: Copy + PartialEq>(rules: impl IntoIterator<Item = (&'static Rule, A, Outcome)>) -> Decision<A> {
    let mut waiting: Vec<(&'static Rule, A, Vec<Open>)> = Vec::new();
    for (rule, answer, outcome) in rules {
        match outcome {
            Outcome::Silent => {}
            Outcome::Unknown(open) => waiting.push((rule, answer, open)),
            Outcome::Says(params) => {
                return match waiting.into_iter().find(|(_, other, _)| *other != answer) {
                    Some((rule, _, open)) => Decision::Open { rule, open },
                    None => Decision::Decided { answer, rule, params },
                };
            }
        }
    }
    match waiting.into_iter().next() {
        Some((rule, _, open)) => Decision::Open { rule, open },
        None => Decision::Silent,
    }
}

/// Walks rules over a reading, asking no more of them than it takes.
pub fn over<A: Copy + PartialEq>(
    reading: &Reading<'_>,
    rules: impl IntoIterator<Item = (&'static Rule, A)>,
) -> Decision<A> {
    decide(rules.into_iter().map(|(rule, answer)| (rule, answer, (rule.check)(reading))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{Question, registry};

    fn decided(outcomes: &[(u8, Outcome)]) -> Option<u8> {
        let rules =
            registry().iter().copied().zip(outcomes).map(|(rule, (answer, outcome))| (rule, *answer, outcome.clone()));
        match decide(rules) {
            Decision::Decided { answer, .. } => Some(answer),
            Decision::Open { .. } | Decision::Silent => None,
        }
    }

    fn open() -> Outcome {
        Outcome::Unknown(Open::unsettled(Question::Graph, "kind_unclear", Params::default()))
    }

    #[test]
    fn first_that_speaks_decides_unless_an_open_one_could_have_said_otherwise() {
        let says = Outcome::says;
        assert_eq!(decided(&[(1, Outcome::Silent), (2, says()), (3, says())]), Some(2));
        assert_eq!(decided(&[(1, open()), (2, says())]), None);
        assert_eq!(decided(&[(2, open()), (2, says())]), Some(2));
        assert_eq!(decided(&[(2, says()), (1, open())]), Some(2));
        assert_eq!(decided(&[(2, open()), (1, Outcome::Silent)]), None);
        assert_eq!(decided(&[]), None);
    }
}
