//! What all rows together amount to, counted while they go by.
//!
//! Memory is bounded whatever the roster holds: only the first [`MAX_GROUPS`] different waves, departments and domains are
//! counted by name, the rest together; and a rule whose texts differ from user to user becomes one line.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::HashMap;

use super::View;
use super::head::LicenceLine;
use super::row::Row;
use crate::verdict::{GraphState, LicenceState, Urgency, Verdict};

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
    /// One line a cause with its remedy, what to do first at the top; see [`Action::order`].
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

/// The day EWS ends in this cloud and how far it is, in words.
#[must_use]
pub fn deadline_sentence(view: &View) -> String {
    let texts = &view.texts;
    let organization = &view.head.organization;
    let Some(day) = organization.retirement else { return texts.get("summary", "deadline_unknown").to_owned() };
    let days = organization.days_left(view.head.as_of).unwrap_or(0);
    let number = texts.number(days.unsigned_abs().into());
    let distance = match days {
        0 => texts.get("summary", "days_today").to_owned(),
        1.. => texts.fill("summary", "days_left", &[("n", &number)]),
        _ => texts.fill("summary", "days_past", &[("n", &number)]),
    };
    format!("{day} ({distance})")
}

/// How many full mailbox plans are asked for, are free, and are to be bought, in words.
#[must_use]
pub fn demand_sentence(view: &View) -> String {
    let need = view.summary.plans_needed();
    let full = view.head.licences.iter().filter(|line| line.mailbox == Some(LicenceState::Full));
    let free = full.map(LicenceLine::free).sum();
    let numbers = [need, free, need.saturating_sub(free)].map(|number| view.texts.number(number));
    let [need, free, buy] = &numbers;
    view.texts.fill("summary", "demand_total", &[("need", need), ("free", free), ("buy", buy)])
}

/// What to do about one line of the demand: the product to buy where the facts know the way up, else what the state of
/// the licences asks for.
#[must_use]
pub fn need_sentence(view: &View, line: &Demand) -> String {
    let texts = &view.texts;
    let way = if buys(line.licence) { view.head.upgrade(&line.products) } else { None };
    let Some((way, product)) = way.and_then(|way| way.to.first().map(|product| (way, product))) else {
        return texts.get("licence_need", line.licence.id()).to_owned();
    };
    let others = way.to.get(1..).unwrap_or_default().join(", ");
    let free = texts.number(view.head.free_units(product).unwrap_or(0));
    let key = if others.is_empty() { "need_product" } else { "need_product_or" };
    let values = [("product", product.as_str()), ("others", &others), ("free", &free)];
    let sentence = texts.fill("summary", key, &values);
    if way.note.is_empty() { sentence } else { format!("{sentence} {}", way.note) }
}

/// Users for whom each product is the first step up, by the product's name.
#[must_use]
pub fn purchases(view: &View) -> BTreeMap<&str, u64> {
    let mut wanted = BTreeMap::new();
    for line in view.summary.demand.iter().filter(|line| buys(line.licence)) {
        if let Some(product) = view.head.upgrade(&line.products).and_then(|way| way.to.first()) {
            *wanted.entry(product.as_str()).or_default() += line.users;
        }
    }
    wanted
}

/// Whether this state of the licences asks for another product rather than for a setting, a payment or patience.
fn buys(licence: LicenceState) -> bool {
    matches!(licence, LicenceState::Kiosk | LicenceState::F1NoMailboxRight | LicenceState::None)
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
    fn new(text: &str) -> Self {
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

/// Counts rows as they go by.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    rows: u64,
    verdicts: VerdictCounts,
    urgencies: [u64; Urgency::ALL.len()],
    actions: HashMap<String, Variants<Action>>,
    waves: Groups,
    departments: Groups,
    domains: Groups,
    demand: BTreeMap<(LicenceState, Vec<String>), (u64, u64)>,
    integrations: HashMap<[String; 3], Variants<IntegrationSum>>,
}

impl Tally {
    /// Counts one row; gives the number of its wave's group, in the order of first appearance.
    pub(crate) fn count(&mut self, row: &Row) -> u32 {
        self.rows += 1;
        self.verdicts[row.verdict as usize] += 1;
        self.urgencies[row.urgency as usize] += 1;
        self.count_action(row);
        self.count_integrations(row);
        if row.verdict == Verdict::NeedsLicenseUpgrade {
            self.count_demand(row);
        }
        self.departments.count(&row.department, row.verdict);
        self.domains.count(&row.domain, row.verdict);
        self.waves.count(&row.wave, row.verdict)
    }

    fn count_action(&mut self, row: &Row) {
        let text = generic(&row.next_action, row);
        let variants = self.actions.entry(row.reason.clone()).or_default();
        let action = variants.entry(&text, || Action {
            reason: row.reason.clone(),
            verdict: row.verdict,
            cause: generic(&row.cause, row).into_owned(),
            action: text.clone().into_owned(),
            users: 0,
            urgencies: [0; Urgency::ALL.len()],
            alternative: 0,
            example: row.address.clone(),
        });
        action.users += 1;
        action.urgencies[row.urgency as usize] += 1;
        action.alternative += u64::from(has_alternative(row));
    }

    fn count_demand(&mut self, row: &Row) {
        let mut key = (row.licence, row.products.clone());
        if self.demand.len() >= MAX_GROUPS && !self.demand.contains_key(&key) {
            key.1.clear();
        }
        let (users, alternative) = self.demand.entry(key).or_default();
        *users += 1;
        *alternative += u64::from(has_alternative(row));
    }

    fn count_integrations(&mut self, row: &Row) {
        for line in &row.integrations {
            let key = [&line.integration, &line.state, &line.rule].map(Clone::clone);
            let text = generic(&line.action, row);
            let sum = self.integrations.entry(key).or_default().entry(&text, || IntegrationSum {
                integration: line.integration.clone(),
                state: line.state.clone(),
                rule: line.rule.clone(),
                text: generic(&line.text, row).into_owned(),
                action: text.clone().into_owned(),
                users: 0,
            });
            sum.users += 1;
        }
    }

    /// The sums, and for each wave group as numbered by [`Tally::count`] its position in [`Summary::waves`].
    pub(crate) fn finish(self) -> (Summary, Vec<u32>) {
        let (waves, wave_order) = self.waves.finish();
        let mut actions: Vec<Action> = self.actions.into_values().flat_map(Variants::finish).collect();
        actions.sort_by_cached_key(Action::order);
        let mut integrations: Vec<IntegrationSum> =
            self.integrations.into_values().flat_map(Variants::finish).collect();
        integrations.sort_by(|a, b| {
            let key = |sum: &IntegrationSum| {
                let ok = sum.state == "ok";
                (sum.integration.clone(), ok, Reverse(sum.users), sum.rule.clone(), sum.action.clone())
            };
            key(a).cmp(&key(b))
        });
        let demand = self.demand.into_iter();
        let mut demand: Vec<Demand> = demand
            .map(|((licence, products), (users, alternative))| Demand { licence, products, users, alternative })
            .collect();
        demand.sort_by_key(|line| Reverse(line.users));
        let summary = Summary {
            rows: self.rows,
            verdicts: self.verdicts,
            urgencies: self.urgencies,
            actions,
            waves,
            departments: self.departments.finish().0,
            domains: self.domains.finish().0,
            demand,
            integrations,
        };
        (summary, wave_order)
    }
}

/// A text of a row without what is the user's own, so that the same advice to two users is one advice.
fn generic<'a>(text: &'a str, row: &Row) -> Cow<'a, str> {
    let mut text = Cow::Borrowed(text);
    for own in [&row.address, &row.object_id] {
        if !own.is_empty() && text.contains(own.as_str()) {
            text = Cow::Owned(text.replace(own.as_str(), "<…>"));
        }
    }
    text
}

/// Lines of one rule that differ by what they ask for.
#[derive(Debug)]
struct Variants<T> {
    lines: Vec<(String, T)>,
    /// Whether there were more than are told apart.
    many: bool,
}

impl<T> Default for Variants<T> {
    fn default() -> Self {
        Self { lines: Vec::new(), many: false }
    }
}

impl<T: Merge> Variants<T> {
    /// The line of this action; the last one where there are too many different ones.
    fn entry(&mut self, action: &str, new: impl FnOnce() -> T) -> &mut T {
        let known = self.lines.iter().position(|(text, _)| text == action);
        self.many |= known.is_none() && self.lines.len() == MAX_VARIANTS;
        let place = known.unwrap_or(self.lines.len()).min(MAX_VARIANTS - 1);
        if place == self.lines.len() {
            self.lines.push((action.to_owned(), new()));
        }
        &mut self.lines[place].1
    }

    /// The lines; one with the first one's texts where there were too many.
    fn finish(self) -> Vec<T> {
        let lines = self.lines.into_iter().map(|(_, line)| line);
        if !self.many {
            return lines.collect();
        }
        lines
            .reduce(|mut all, line| {
                all.merge(&line);
                all
            })
            .into_iter()
            .collect()
    }
}

/// A line that can take in the users of another.
trait Merge {
    fn merge(&mut self, other: &Self);
}

impl Merge for Action {
    fn merge(&mut self, other: &Self) {
        self.users += other.users;
        self.alternative += other.alternative;
        self.urgencies.iter_mut().zip(other.urgencies).for_each(|(sum, count)| *sum += count);
    }
}

impl Merge for IntegrationSum {
    fn merge(&mut self, other: &Self) {
        self.users += other.users;
    }
}

/// Whether a user who needs a license upgrade has another way out: the row names one, and Graph answers.
fn has_alternative(row: &Row) -> bool {
    !row.alternative.is_empty() && row.graph == GraphState::Answers
}

/// The values of one grouping column.
#[derive(Debug, Default)]
struct Groups {
    numbers: HashMap<GroupName, u32>,
    verdicts: Vec<VerdictCounts>,
    /// The group of the last row: rosters come sorted more often than not.
    last: Option<(String, u32)>,
}

impl Groups {
    fn count(&mut self, value: &str, verdict: Verdict) -> u32 {
        let number = match &self.last {
            Some((last, number)) if last == value => *number,
            _ => self.number(value),
        };
        self.verdicts[number as usize][verdict as usize] += 1;
        number
    }

    fn number(&mut self, value: &str) -> u32 {
        let mut name = if value.is_empty() { GroupName::Empty } else { GroupName::Named(Natural::new(value)) };
        if self.numbers.len() >= MAX_GROUPS && !self.numbers.contains_key(&name) && name != GroupName::Empty {
            name = GroupName::Others;
        }
        let next = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(name).or_insert(next);
        if number == next {
            self.verdicts.push(VerdictCounts::default());
        }
        self.last = Some((value.to_owned(), number));
        number
    }

    /// The groups in natural order, and the place of each by its number.
    fn finish(self) -> (Vec<Group>, Vec<u32>) {
        let mut named: Vec<(GroupName, u32)> = self.numbers.into_iter().collect();
        named.sort_unstable();
        let mut order = vec![0; named.len()];
        let mut groups = Vec::with_capacity(named.len());
        for (place, (name, number)) in (0_u32..).zip(named) {
            order[number as usize] = place;
            groups.push(Group { name, verdicts: self.verdicts[number as usize] });
        }
        (groups, order)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(values: &[&str]) -> Vec<Option<String>> {
        let mut groups = Groups::default();
        for value in values {
            groups.count(value, Verdict::Blocked);
        }
        groups.finish().0.iter().map(|group| group.name.text().map(str::to_owned)).collect()
    }

    #[test]
    fn groups_sort_by_number_and_the_nameless_last() {
        let found = groups(&["Wave 10", "", "wave 2", "Wave 1", "Pilot", "Wave 10"]);
        let expected = ["Pilot", "Wave 1", "wave 2", "Wave 10"].map(|name| Some(name.to_owned()));
        assert_eq!(found[..4], expected);
        assert_eq!(found[4], None);
    }

    #[test]
    fn too_many_values_are_counted_together() {
        let mut groups = Groups::default();
        for value in 0..MAX_GROUPS + 500 {
            groups.count(&format!("{value}"), Verdict::MoveToGraphEac);
        }
        let (groups, _) = groups.finish();
        assert_eq!(groups.iter().map(Group::users).sum::<u64>(), MAX_GROUPS as u64 + 500);
        assert_eq!(groups.last().unwrap().name, GroupName::Others);
        assert_eq!(groups.last().unwrap().users(), 500);
    }

    #[test]
    fn a_rule_whose_texts_differ_from_user_to_user_is_one_line() {
        let sum = |users| IntegrationSum {
            integration: String::new(),
            state: String::new(),
            rule: String::new(),
            text: String::new(),
            action: String::new(),
            users,
        };
        let mut few = Variants::default();
        let mut many = Variants::default();
        for number in 0..100 {
            few.entry(&format!("do {}", number % MAX_VARIANTS), || sum(0)).users += 1;
            many.entry(&format!("do {number}"), || sum(0)).users += 1;
        }
        let counts =
            |variants: Variants<IntegrationSum>| variants.finish().iter().map(|sum| sum.users).collect::<Vec<_>>();
        assert_eq!(counts(few).len(), MAX_VARIANTS);
        assert_eq!(counts(many), [100]);
    }

    #[test]
    fn a_number_larger_than_any_integer_sorts_without_harm() {
        assert_eq!(groups(&[&"9".repeat(60), "1"])[0].as_deref(), Some("1"));
    }
}
