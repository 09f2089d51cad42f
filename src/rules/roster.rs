//! What the roster line itself says.

use super::reading::Reading;
use super::rule::{Effect, Outcome, Params, Rule, RuleTexts};
use super::states::Verdict;

const CONTRACT: &str = "https://datatracker.ietf.org/doc/html/rfc5321#section-4.1.2";

/// The line has no address that could be looked up.
pub static UNUSABLE_ADDRESS: Rule = Rule {
    id: "roster/unusable-address",
    question: "Does the roster line hold an address that can be looked up?",
    effect: Effect::Decides(Verdict::NotAssessed),
    asks: &[],
    facts: "integrations.toml",
    sources: &[CONTRACT],
    texts: RuleTexts {
        says: "Line {row} of the roster holds no address that can be looked up: {problem}.",
        stops: "Nobody can tell, as nobody knows whose mailbox is meant.",
        next: "Correct line {row} of the roster (it reads `{address}`) and run the assessment again.",
        alternative: "",
    },
    check: |reading| {
        let entry = reading.case.entry;
        if entry.address.is_some() {
            return Outcome::Silent;
        }
        let problem = entry.problem.clone().unwrap_or_else(|| reading.word("roster/no_address"));
        Outcome::Says(row(reading).and("problem", problem))
    },
};

/// The address stands on an earlier line already.
pub static REPEAT: Rule = Rule {
    id: "roster/repeat",
    question: "Does the address stand on an earlier line of the roster?",
    effect: Effect::Notes,
    asks: &[],
    facts: "integrations.toml",
    sources: &[CONTRACT],
    texts: RuleTexts {
        says: "The address stands on line {first} already; this line is judged like that one.",
        stops: "",
        next: "Remove line {row} or line {first} from the roster, unless the repetition is meant.",
        alternative: "",
    },
    check: |reading| match reading.case.entry.repeat_of {
        Some(first) => Outcome::Says(row(reading).and("first", first.to_string())),
        None => Outcome::Silent,
    },
};

fn row(reading: &Reading<'_>) -> Params {
    Params::one("row", reading.case.entry.row.to_string())
}

#[cfg(test)]
pub(super) mod speaks {
    use super::*;
    use crate::rules::testing::Speaks;

    pub const ALL: &[Speaks] = &[
        (&UNUSABLE_ADDRESS, |case| {
            case.entry.address = None;
        }),
        (&REPEAT, |case| {
            case.entry.repeat_of = Some(1);
        }),
    ];
}
