//! Counts rows while they go by, in bounded memory.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use super::{
    Action, Demand, Group, GroupName, IntegrationSum, MAX_GROUPS, MAX_VARIANTS, Natural, Summary, VerdictCounts,
};
use crate::report::row::Row;
use crate::verdict::{GraphState, LicenceState, Urgency, Verdict};

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
