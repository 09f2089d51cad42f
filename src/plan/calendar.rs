//! The days there can be waves on.

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::constraints::Rules;

/// A day a wave can be on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// The day.
    pub date: Date,
    /// Mailboxes it takes.
    pub capacity: u32,
}

/// Days between the run and the first wave, where the plan does not say when to start: people want to be told.
const NOTICE_DAYS: i32 = 7;
/// Waves looked at beyond the end, to say how much is missing.
const BEYOND: usize = 1_000;

/// All days for waves, and the day before which they must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// Waves before the end.
    pub slots: Vec<Slot>,
    /// Everything must be done before this day.
    pub end: Date,
    /// Whether the end is the plan's own, earlier than that of EWS.
    pub own_end: bool,
    /// The first day there could be a wave.
    pub start: Date,
}

impl Calendar {
    /// The waves that rules allow after `today` and before EWS ends.
    #[must_use]
    pub fn of(rules: &Rules, today: Date, retirement: Date) -> Self {
        let end = rules.end.map_or(retirement, |own| own.min(retirement));
        let start = start(rules, today);
        let slots = days(rules, start).take_while(|slot| slot.date < end).collect();
        Self { slots, end, own_end: end < retirement, start }
    }

    /// The same waves and those after the end, as many as anybody could ask for.
    #[must_use]
    pub fn endless(&self, rules: &Rules) -> Vec<Slot> {
        days(rules, self.start).take(self.slots.len() + BEYOND).collect()
    }
}

/// The first day after the run there may be a wave on.
fn start(rules: &Rules, today: Date) -> Date {
    let tomorrow = today.saturating_add(1.day());
    rules.start.map_or_else(|| today.saturating_add(NOTICE_DAYS.days()), |start| start.max(tomorrow))
}

/// Every wave from a day on, the pilot's first.
fn days(rules: &Rules, start: Date) -> impl Iterator<Item = Slot> + '_ {
    let all = start.series(1.day()).filter_map(|date| slot(rules, date));
    let mut after_pilot = None;
    all.filter_map(move |slot| match (&rules.pilot, after_pilot) {
        (Some(pilot), None) => {
            after_pilot = Some(slot.date.saturating_add(i32::from(pilot.pause_days).days()));
            Some(Slot { capacity: pilot.capacity.unwrap_or(slot.capacity), ..slot })
        }
        (_, Some(from)) if slot.date < from => None,
        _ => Some(slot),
    })
}

/// The wave on a day, if there is one.
fn slot(rules: &Rules, date: Date) -> Option<Slot> {
    let single = rules.wave.iter().find(|wave| wave.date == date);
    let usual = rules.weekdays.iter().any(|day| day.0 == date.weekday());
    let capacity = match single {
        Some(wave) => wave.capacity,
        None if usual => rules.capacity,
        None => 0,
    };
    let free = !rules.blackout.iter().any(|days| days.contains(date));
    (free && capacity > 0).then_some(Slot { date, capacity })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::constraints::{Day, Pilot, WaveRule};
    use jiff::civil::{Weekday, date};

    fn dates(rules: &Rules) -> Vec<String> {
        let calendar = Calendar::of(rules, date(2026, 11, 20), date(2027, 1, 31));
        calendar.slots.iter().map(|slot| format!("{} {}", slot.date, slot.capacity)).collect()
    }

    #[test]
    fn waves_are_on_their_weekdays_and_never_on_a_blackout_day_or_past_the_end() {
        let rules = Rules {
            blackout: vec!["2026-12-19..2027-01-03".parse().unwrap()],
            wave: vec![
                WaveRule { date: date(2026, 12, 9), capacity: 50 },
                WaveRule { date: date(2027, 1, 9), capacity: 0 },
            ],
            ..Rules::default()
        };
        let expected = [
            "2026-11-28 500",
            "2026-12-05 500",
            "2026-12-09 50",
            "2026-12-12 500",
            "2027-01-16 500",
            "2027-01-23 500",
            "2027-01-30 500",
        ];
        assert_eq!(dates(&rules), expected);
    }

    #[test]
    fn the_pilot_is_alone_until_something_was_learned() {
        let rules = Rules {
            weekdays: vec![Day(Weekday::Saturday), Day(Weekday::Wednesday)],
            end: Some(date(2026, 12, 20)),
            pilot: Some(Pilot { capacity: Some(20), pause_days: 10, ..Pilot::default() }),
            ..Rules::default()
        };
        assert_eq!(
            dates(&rules),
            ["2026-11-28 20", "2026-12-09 500", "2026-12-12 500", "2026-12-16 500", "2026-12-19 500"]
        );
        let late = Rules { start: Some(date(2026, 11, 1)), ..rules };
        assert_eq!(dates(&late)[0], "2026-11-21 20", "a wave in the past is none");
    }
}
