//! What all rows together amount to, counted while they go by.
//!
//! Memory is bounded whatever the roster holds: only the first [`MAX_GROUPS`] different waves, departments and domains are
//! counted by name, the rest together; and a rule whose texts differ from user to user becomes one line.

use std::cmp::Reverse;

use crate::verdict::{LicenceState, Urgency, Verdict};

mod tally;

pub(crate) use tally::Tally;

/// Different values of a grouping column that are counted by name.
pub const MAX_GROUPS: usize = 2_000;
/// Different actions of one rule that are told apart; where there are more, they differ by user, not by remedy.
pub const MAX_VARIANTS: usize = 12;

/// Users per verdict, in the order of [`Verdict::ALL`].
pub type VerdictCounts = [u64; Verdict::ALL.len()];

/// The sums of a report.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// Roster entries.
    pub rows: u64,
    /// Entries per verdict.
    pub verdicts: VerdictCounts,
    /// Entries per urgency, in the order of [`Urgency::ALL`].
    pub urgencies: [u64; Urgency::ALL.len()],
    /// One line a cause with its remedy, what to do first at the top.
    pub actions: Vec<Action>,
    /// By the roster's wave, in natural order, entries without one last.
    pub waves: Vec<Group>,
    /// By the roster's department, likewise.
    pub departments: Vec<Group>,
    /// By mail domain, likewise.
    pub domains: Vec<Group>,
    /// Users with the verdict *needs license upgrade*, per state of their licences and products, most users first.
    pub demand: Vec<Demand>,
    /// Integrations and their causes, most users first.
    pub integrations: Vec<IntegrationSum>,
}

impl Summary {
    /// Entries with this verdict.
    #[must_use]
    pub fn verdict(&self, verdict: Verdict) -> u64 {
        self.verdicts[verdict as usize]
    }

    /// The actions worth a place under "what to do first": those that ask for something.
    pub fn first_actions(&self) -> impl Iterator<Item = &Action> {
        self.actions.iter().filter(|action| !action.action.is_empty())
    }

    /// Why entries are not assessed, most users first.
    pub fn not_assessed(&self) -> impl Iterator<Item = &Action> {
        self.actions.iter().filter(|action| action.verdict == Verdict::NotAssessed)
    }

    /// Full mailbox plans asked for: kiosk-only users, users without right to their mailbox and users without a plan.
    #[must_use]
    pub fn plans_needed(&self) -> u64 {
        self.demand.iter().filter(|line| buys(line.licence)).map(|line| line.users).sum()
    }

    /// Users who need a license upgrade but could go to EAC without, because Graph answers for their mailbox.
    #[must_use]
    pub fn could_go_without(&self) -> u64 {
        self.demand.iter().map(|line| line.alternative).sum()
    }
}

/// One cause and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// Rule that decided.
    pub reason: String,
    /// The verdict it leads to.
    pub verdict: Verdict,
    /// The cause, as the first user's row states it.
    pub cause: String,
    /// What to do; empty: nothing.
    pub action: String,
    /// Users affected.
    pub users: u64,
    /// Of them, per urgency, in the order of [`Urgency::ALL`].
    pub urgencies: [u64; Urgency::ALL.len()],
    /// Of them, those with another way out.
    pub alternative: u64,
    /// Address of the first of them.
    pub example: String,
}

impl Action {
    /// Users of this urgency.
    #[must_use]
    pub fn urgent(&self, urgency: Urgency) -> u64 {
        self.urgencies[urgency as usize]
    }

    /// The most pressing urgency among the users.
    #[must_use]
    pub fn worst(&self) -> Urgency {
        Urgency::ALL.iter().copied().find(|&urgency| self.urgent(urgency) > 0).unwrap_or(Urgency::Unknown)
    }

    /// Sorts first what stops most users today, then what stops them soonest, then what affects most users; causes
    /// that keep users from moving stand before the move itself, because they take longest.
    fn order(&self) -> impl Ord + use<> {
        (
            Reverse(self.urgent(Urgency::Now)),
            self.verdict == Verdict::MoveToGraphEac,
            Reverse(self.urgent(Urgency::Soon)),
            Reverse(self.users),
            self.reason.clone(),
            self.action.clone(),
        )
    }
}

/// Users with the same value in a roster column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Which value.
    pub name: GroupName,
    /// Users per verdict.
    pub verdicts: VerdictCounts,
}

impl Group {
    /// Users in all.
    #[must_use]
    pub fn users(&self) -> u64 {
        self.verdicts.iter().sum()
    }
}

/// A value of a grouping column; sorts naturally (`Wave 2` before `Wave 10`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupName {
    /// What the roster says.
    Named(Natural),
    /// Everything past [`MAX_GROUPS`].
    Others,
    /// The roster says nothing.
    Empty,
}

impl GroupName {
    /// The value as the roster has it; `None` for the two groups that are none.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Named(name) => Some(&name.text),
            Self::Others | Self::Empty => None,
        }
    }
}

/// A text that sorts by its numbers and, between them, by its letters without regard to case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Natural {
    key: Vec<(String, u128)>,
    text: String,
}

impl Natural {
    pub(super) fn new(text: &str) -> Self {
        let mut key = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let letters = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
            let (word, after) = rest.split_at(letters);
            let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
            let (number, after) = after.split_at(digits);
            key.push((word.to_lowercase(), number.parse().unwrap_or(u128::MAX)));
            rest = after;
        }
        Self { key, text: text.to_owned() }
    }
}

/// Users who need a license upgrade, with one state of their licences and the same products.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    /// What their licences amount to today.
    pub licence: LicenceState,
    /// Products they have today; empty: none, or too many combinations to count by name.
    pub products: Vec<String>,
    /// How many.
    pub users: u64,
    /// Of them, those who could go to EAC without an upgrade.
    pub alternative: u64,
}

/// One integration in one state for one cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntegrationSum {
    /// The integration's id.
    pub integration: String,
    /// `ok`, `broken`, `at_risk`, `unknown`.
    pub state: String,
    /// Rule that says so; empty for `ok`.
    pub rule: String,
    /// Why, as the first user's row states it.
    pub text: String,
    /// What to do.
    pub action: String,
    /// Users.
    pub users: u64,
}

/// Whether this state of the licences asks for another product rather than for a setting, a payment or patience.
pub(super) fn buys(licence: LicenceState) -> bool {
    matches!(licence, LicenceState::Kiosk | LicenceState::F1NoMailboxRight | LicenceState::None)
}
