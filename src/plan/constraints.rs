//! What the plan has to keep to: the plan file, and what the command line adds to it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};

use super::people::Told;
use super::ties::Weights;

/// Everything a plan has to keep to. A file may leave out any key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rules {
    /// Mailboxes a wave takes.
    pub capacity: u32,
    /// The first day a wave may be on; none: the first fitting day at least a week after the run.
    #[serde(deserialize_with = "days::maybe")]
    pub start: Option<Date>,
    /// The day before which everything must be done, where it is earlier than the end of EWS.
    #[serde(deserialize_with = "days::maybe")]
    pub end: Option<Date>,
    /// The days of the week waves are on.
    pub weekdays: Vec<Day>,
    /// Days without waves.
    pub blackout: Vec<Days>,
    /// Single waves with a capacity of their own; a date that is no usual day becomes one more wave.
    pub wave: Vec<WaveRule>,
    /// Who goes first.
    pub pilot: Option<Pilot>,
    /// Roster column whose values should share waves, for example `department`.
    pub together: Option<String>,
    /// Roster column whose values should not all be in one wave.
    pub spread: Option<Spread>,
    /// Integrations in the order they are cut over, for example `["salesforce", "dynamics"]`.
    pub integrations: Vec<String>,
    /// Roster column that names a user's integration; without it, the Salesforce and Dynamics columns tell.
    pub integration_column: Option<String>,
    /// Licences there are for those who need one first.
    pub licences: Licences,
    /// What becomes of blocked mailboxes.
    pub blocked: Policy,
    /// What becomes of mailboxes that could not be assessed.
    pub not_assessed: Policy,
    /// Whether those whose EWS is refused today go first.
    pub urgent_first: bool,
    /// What the roster's wave column counts for.
    pub roster_waves: RosterWaves,
    /// The date of each name in the roster's wave column; without it, the names stand in natural order, the pilot first.
    #[serde(deserialize_with = "days::named")]
    pub wave_dates: BTreeMap<String, Date>,
    /// How much each kind of tie weighs.
    pub ties: Weights,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            capacity: 500,
            start: None,
            end: None,
            weekdays: vec![Day(Weekday::Saturday)],
            blackout: Vec::new(),
            wave: Vec::new(),
            pilot: None,
            together: None,
            spread: None,
            integrations: Vec::new(),
            integration_column: None,
            licences: Licences::default(),
            blocked: Policy::Wait,
            not_assessed: Policy::Wait,
            urgent_first: true,
            roster_waves: RosterWaves::Wish,
            wave_dates: BTreeMap::new(),
            ties: Weights::default(),
        }
    }
}

/// One wave with a capacity of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaveRule {
    /// Its day.
    #[serde(deserialize_with = "days::one")]
    pub date: Date,
    /// Mailboxes it takes.
    pub capacity: u32,
}

/// Who goes first: everybody one of the three names, with whoever belongs to them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pilot {
    /// Addresses.
    pub members: Vec<String>,
    /// Values of the department column.
    pub departments: Vec<String>,
    /// Values of the wave column.
    pub waves: Vec<String>,
    /// Mailboxes the pilot takes; none: as every wave.
    pub capacity: Option<u32>,
    /// Days to learn from the pilot before the next wave.
    pub pause_days: u16,
}

/// No more than a share of those with the same value in one wave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// The roster column.
    pub by: String,
    /// The greatest share of a value's mailboxes in one wave, above 0, at most 1.
    pub share: f64,
}

/// Licences for those who need one before they can move.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Licences {
    /// On hand at the start; planned again later, on the day after that run. Licences are counted only where any of
    /// the three is given.
    pub in_stock: Option<u32>,
    /// More at the beginning of every month after the start.
    pub per_month: Option<u32>,
    /// More at the beginning of single months, `"2027-01" = 200`.
    pub by_month: BTreeMap<Month, u32>,
}

impl Licences {
    /// Whether there is a stock to keep to.
    #[must_use]
    pub fn limited(&self) -> bool {
        self.in_stock.is_some() || self.per_month.is_some() || !self.by_month.is_empty()
    }

    /// Licences that have come by a day, counted from the month of `start`.
    #[must_use]
    pub fn available(&self, start: Date, day: Date) -> u32 {
        if !self.limited() {
            return u32::MAX;
        }
        let months = (i32::from(day.year()) - i32::from(start.year())) * 12 + i32::from(day.month() - start.month());
        let monthly = self.per_month.unwrap_or(0).saturating_mul(u32::try_from(months).unwrap_or(0));
        let single: u32 =
            self.by_month.iter().filter(|(month, _)| **month <= Month::of(day)).map(|(_, more)| more).sum();
        self.in_stock.unwrap_or(0).saturating_add(monthly).saturating_add(single)
    }
}

/// What becomes of mailboxes that are not ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// They wait outside the waves until their cause is resolved.
    #[default]
    Wait,
    /// They are planned, after everybody else.
    Last,
}

/// What the roster's wave column counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RosterWaves {
    /// Nothing.
    Ignore,
    /// Followed where room and order allow it.
    #[default]
    Wish,
    /// Followed always, even where it cuts ties.
    Fixed,
}

macro_rules! as_text {
    ($($name:ident),+) => {$(
        impl TryFrom<String> for $name {
            type Error = String;
            fn try_from(text: String) -> Result<Self, String> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }
    )+};
}
as_text!(Day, Days, Month);

/// A day of the week, written in English.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day(pub Weekday);

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

impl FromStr for Day {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let found = WEEKDAYS.iter().find(|(name, _)| name.eq_ignore_ascii_case(text.trim()));
        found
            .map(|(_, day)| Self(*day))
            .ok_or_else(|| format!("'{text}' is no day of the week; write for example saturday"))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(WEEKDAYS.iter().find(|(_, day)| *day == self.0).map_or("", |(name, _)| name))
    }
}

/// A day, or the days from one to another, both included: `2026-12-24` or `2026-12-19..2027-01-03`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Days {
    /// The first.
    pub from: Date,
    /// The last.
    pub to: Date,
}

impl Days {
    /// Whether a day is among them.
    #[must_use]
    pub fn contains(&self, day: Date) -> bool {
        self.from <= day && day <= self.to
    }
}

impl FromStr for Days {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (from, to) = text.split_once("..").unwrap_or((text, text));
        let days = Self { from: date(from)?, to: date(to)? };
        if days.to < days.from { Err(format!("'{text}' ends before it begins")) } else { Ok(days) }
    }
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.from == self.to { write!(f, "{}", self.from) } else { write!(f, "{}..{}", self.from, self.to) }
    }
}

/// A month: `2027-01`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Month(i16, i8);

impl Month {
    /// The month of a day.
    #[must_use]
    pub fn of(day: Date) -> Self {
        Self(day.year(), day.month())
    }
}

impl FromStr for Month {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let day = format!("{}-01", text.trim()).parse::<Date>();
        day.map(Self::of).map_err(|_| format!("'{text}' is no month; write for example 2027-01"))
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0, self.1)
    }
}

/// A day as a person writes it.
///
/// # Errors
/// In words.
pub fn date(text: &str) -> Result<Date, String> {
    text.trim().parse().map_err(|_| format!("'{}' is no date; write for example 2026-12-05", text.trim()))
}

/// Days in a plan file: TOML's own, or a text.
mod days {
    use std::collections::BTreeMap;

    use jiff::civil::Date;
    use serde::de::{Deserialize, Deserializer, Error};

    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Written {
        Toml(toml::value::Datetime),
        Text(String),
    }

    impl Written {
        fn day<E: Error>(self) -> Result<Date, E> {
            let text = match self {
                Self::Toml(day) => day.to_string(),
                Self::Text(text) => text,
            };
            super::date(&text).map_err(E::custom)
        }
    }

    pub fn one<'de, D: Deserializer<'de>>(from: D) -> Result<Date, D::Error> {
        Written::deserialize(from)?.day()
    }

    pub fn maybe<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Date>, D::Error> {
        Option::<Written>::deserialize(from)?.map(Written::day).transpose()
    }

    pub fn named<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, Date>, D::Error> {
        let written = BTreeMap::<String, Written>::deserialize(from)?;
        written.into_iter().map(|(name, day)| Ok((name, day.day()?))).collect()
    }
}

/// Why rules cannot be used, for a person.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// The file cannot be read.
    #[error("the plan file {} cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file says something that is not understood.
    #[error("the plan file {} cannot be used: {detail}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Where and what, in words.
        detail: String,
    },
    /// A rule that makes no sense.
    #[error("the plan cannot be made: {0}")]
    Rule(String),
}

impl Rules {
    /// Reads a plan file.
    ///
    /// # Errors
    /// When it cannot be read, has an unknown key or a value that is none.
    pub fn read(path: &Path) -> Result<Self, RulesError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| RulesError::Read { path: path.to_owned(), source })?;
        toml::from_str(&text)
            .map_err(|error| RulesError::File { path: path.to_owned(), detail: error.to_string().trim().to_owned() })
    }

    /// What no calendar could make good.
    ///
    /// # Errors
    /// When a rule makes no sense.
    pub fn check(&self) -> Result<(), RulesError> {
        let wrong = |text: &str| Err(RulesError::Rule(text.to_owned()));
        match self {
            _ if self.capacity == 0 => wrong("the capacity of a wave is 0; give one with --capacity or capacity = 500"),
            _ if self.weekdays.is_empty() && self.wave.is_empty() => {
                wrong("there is no day of the week for waves; give weekdays = [\"saturday\"]")
            }
            Self { spread: Some(spread), .. } if !(spread.share > 0.0 && spread.share <= 1.0) => {
                wrong("spread.share is no share; give one above 0 and at most 1, for example 0.25")
            }
            Self { pilot: Some(pilot), .. } if pilot.capacity == Some(0) => wrong("the pilot's capacity is 0"),
            Self { integration_column: None, integrations, .. }
                if integrations.iter().any(|name| Told::of(name).is_none()) =>
            {
                wrong(
                    "integrations names one that the roster's own columns do not tell; they tell salesforce, lightning \
                       and dynamics, and integration_column = \"NAME\" names a column for others",
                )
            }
            Self { start: Some(start), end: Some(end), .. } if start >= end => wrong("the plan ends before it starts"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date as day;

    #[test]
    fn a_file_says_everything_there_is() {
        let rules: Rules = toml::from_str(include_str!("../../samples/plans/weekends.toml")).unwrap();
        rules.check().unwrap();
        assert_eq!(rules.weekdays, [Day(Weekday::Saturday)]);
        assert!(rules.blackout.iter().any(|days| days.contains(day(2026, 12, 26))));
        assert!(rules.pilot.is_some());
        let written = toml::to_string(&rules).unwrap();
        assert_eq!(toml::from_str::<Rules>(&written).unwrap(), rules);
    }

    #[test]
    fn what_is_not_understood_is_told_with_its_place() {
        let cases = [
            ("capasity = 3", "capasity"),
            ("weekdays = ['caturday']", "no day of the week"),
            ("blackout = ['2027-01-03..2026-12-24']", "ends before it begins"),
            ("blackout = ['tomorrow']", "no date"),
            ("[licences.by_month]\n'2027' = 3", "no month"),
        ];
        for (text, part) in cases {
            let error = toml::from_str::<Rules>(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn an_integration_needs_a_column_that_tells_it() {
        let check = |text: &str| toml::from_str::<Rules>(text).unwrap().check().map_err(|error| error.to_string());
        assert_eq!(check("integrations = ['Dynamics 365', 'Lightning Sync']"), Ok(()));
        assert_eq!(check("integrations = ['teams']\nintegration_column = 'App'"), Ok(()));
        let told = check("integrations = ['salesforce', 'teams']").unwrap_err();
        assert!(told.contains("they tell salesforce, lightning and dynamics"), "{told}");
    }

    #[test]
    fn licences_come_month_by_month() {
        let licences: Licences =
            toml::from_str("in_stock = 5\nper_month = 10\nby_month = { '2027-02' = 100 }").unwrap();
        let start = day(2026, 12, 5);
        let at = |year, month, dom| licences.available(start, day(year, month, dom));
        assert_eq!([at(2026, 12, 31), at(2027, 1, 1), at(2027, 2, 1)], [5, 15, 125]);
        assert_eq!(Licences::default().available(start, start), u32::MAX);
    }
}
