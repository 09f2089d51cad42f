//! A plan as it is kept with its run: who was to move when, by which rules.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Plan;
use super::calendar::Slot;
use super::constraints::Rules;
use super::measure::Measure;
use super::people::Census;

/// A kept plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// Identifier of the run it was made for.
    pub run: String,
    /// When it was made.
    pub made: Timestamp,
    /// The rules it keeps to.
    pub rules: Rules,
    /// The waves, in order.
    pub waves: Vec<KeptWave>,
    /// Who waits, by key.
    pub waiting: Vec<String>,
    /// How good it was.
    pub measure: Measure,
}

/// One wave of a kept plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptWave {
    /// The day and its capacity.
    #[serde(flatten)]
    pub slot: Slot,
    /// Who moves, by key: the directory's object id, or the address where that is not known.
    pub people: Vec<String>,
}

impl Kept {
    /// What of a plan is kept.
    #[must_use]
    pub fn of(plan: &Plan, census: &Census, rules: &Rules, run: &str, made: Timestamp) -> Self {
        let mut waves: Vec<KeptWave> =
            plan.waves.iter().map(|slot| KeptWave { slot: *slot, people: Vec::new() }).collect();
        let mut waiting = Vec::new();
        for (member, seat) in census.members.iter().zip(&plan.seats) {
            let list = seat.wave().and_then(|wave| waves.get_mut(usize::from(wave))).map(|wave| &mut wave.people);
            list.unwrap_or(&mut waiting).push(member.key.to_string());
        }
        Self { run: run.to_owned(), made, rules: rules.clone(), waves, waiting, measure: plan.measure.clone() }
    }

    /// The day of everybody who has one.
    #[must_use]
    pub fn dates(&self) -> HashMap<&str, Date> {
        let mut dates = HashMap::with_capacity(self.waves.iter().map(|wave| wave.people.len()).sum());
        for wave in &self.waves {
            dates.extend(wave.people.iter().map(|key| (key.as_str(), wave.slot.date)));
        }
        dates
    }

    /// The waves that are over on a day.
    #[must_use]
    pub fn past(&self, today: Date) -> Vec<Slot> {
        self.waves.iter().map(|wave| wave.slot).filter(|slot| slot.date <= today).collect()
    }
}
