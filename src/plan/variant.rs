//! `--what-if`: the same people under other rules.

use super::constraints::{Day, Days, Policy, Rules, RulesError, date};

/// Rules with something changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// What was changed, as written.
    pub name: String,
    /// The rules.
    pub rules: Rules,
}

/// How a value changes the rules.
type Change = fn(&mut Rules, &str) -> Result<(), String>;

/// What can be changed, with an example.
const KEYS: [(&str, &str, Change); 10] = [
    ("capacity", "800", |rules, text| number(text).map(|value| rules.capacity = value)),
    ("start", "2026-12-05", |rules, text| date(text).map(|value| rules.start = Some(value))),
    ("end", "2027-03-13", |rules, text| date(text).map(|value| rules.end = Some(value))),
    ("weekdays", "saturday,sunday", |rules, text| {
        let days = text.split(',').map(str::parse::<Day>).collect::<Result<_, _>>();
        days.map(|days| rules.weekdays = days)
    }),
    ("blackout", "2026-12-19..2027-01-03 (added), or none", |rules, text| match text {
        "none" => {
            rules.blackout.clear();
            Ok(())
        }
        _ => text.parse::<Days>().map(|days| rules.blackout.push(days)),
    }),
    ("licences", "200 (in stock)", |rules, text| number(text).map(|value| rules.licences.in_stock = Some(value))),
    ("licences-per-month", "50", |rules, text| number(text).map(|value| rules.licences.per_month = Some(value))),
    ("pilot-capacity", "30", |rules, text| {
        let capacity = Some(number(text)?);
        rules
            .pilot
            .as_mut()
            .map(|pilot| pilot.capacity = capacity)
            .ok_or_else(|| "there is no pilot in the plan".to_owned())
    }),
    ("blocked", "last, or wait", |rules, text| policy(text).map(|value| rules.blocked = value)),
    ("not-assessed", "last, or wait", |rules, text| policy(text).map(|value| rules.not_assessed = value)),
];

fn number(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| format!("'{text}' is no whole number"))
}

fn policy(text: &str) -> Result<Policy, String> {
    match text {
        "last" => Ok(Policy::Last),
        "wait" => Ok(Policy::Wait),
        _ => Err(format!("'{text}' is neither last nor wait")),
    }
}

impl Variant {
    /// The rules with every `KEY=VALUE` applied.
    ///
    /// # Errors
    /// When a key or value is not understood.
    pub fn of(rules: &Rules, changes: &[String]) -> Result<Self, RulesError> {
        let wrong = |text: String| RulesError::Rule(format!("--what-if {text}"));
        let mut rules = rules.clone();
        for change in changes {
            let (key, value) = change
                .split_once('=')
                .ok_or_else(|| wrong(format!("{change}: write it as KEY=VALUE, for example capacity=800")))?;
            let known = KEYS.iter().find(|(name, ..)| *name == key.trim());
            let (.., apply) = known.ok_or_else(|| {
                let keys: Vec<&str> = KEYS.iter().map(|(name, ..)| *name).collect();
                wrong(format!("{key}: only {} can be changed", keys.join(", ")))
            })?;
            apply(&mut rules, value.trim()).map_err(|why| wrong(format!("{change}: {why}")))?;
        }
        rules.check()?;
        Ok(Self { name: changes.join(", "), rules })
    }

    /// What can be changed, for the help text.
    pub fn keys() -> impl Iterator<Item = (&'static str, &'static str)> {
        KEYS.iter().map(|(key, example, _)| (*key, *example))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variant(changes: &[&str]) -> Result<Rules, String> {
        let changes: Vec<String> = changes.iter().map(|change| (*change).to_owned()).collect();
        Variant::of(&Rules::default(), &changes).map(|variant| variant.rules).map_err(|error| error.to_string())
    }

    #[test]
    fn each_key_changes_its_rule_and_all_examples_are_understood() {
        for (key, example) in Variant::keys().filter(|(key, _)| *key != "pilot-capacity") {
            let value = example.split([' ']).next().unwrap().trim_end_matches(',');
            let changed = variant(&[&format!("{key}={value}")]).unwrap();
            let same = changed == Rules::default();
            assert!(!same, "{key}={value} changes nothing");
        }
    }

    #[test]
    fn what_is_not_understood_is_told() {
        assert!(variant(&["capasity=3"]).unwrap_err().contains("only capacity, start"));
        assert!(variant(&["capacity"]).unwrap_err().contains("KEY=VALUE"));
        assert!(variant(&["capacity=many"]).unwrap_err().contains("no whole number"));
        assert!(variant(&["capacity=0"]).unwrap_err().contains("capacity of a wave is 0"));
        assert!(variant(&["pilot-capacity=3"]).unwrap_err().contains("no pilot"));
    }
}
