//! When no plan keeps to the rules: which to relax, and by how much. Every piece of advice was tried.

use jiff::civil::{Date, Weekday};
use jiff::{ToSpan as _, Unit};

use super::bound::{self, Limit};
use super::calendar::Calendar;
use super::constraints::{Day, Days, Rules, RulesError};
use super::setup::Setup;
use super::{Request, fewest};

/// Why there is no plan, and what would make one.
#[derive(Debug, Clone, PartialEq)]
pub struct Infeasible {
    /// Mailboxes to be moved.
    pub people: u64,
    /// Waves there are before the end.
    pub waves: usize,
    /// Mailboxes they take together.
    pub room: u64,
    /// What is short.
    pub limit: Limit,
    /// Everything must be done before this day.
    pub end: Date,
    /// When the waves would be done, could they go on after the end.
    pub done_on: Option<Date>,
    /// What to relax; each suffices by itself. Empty: no single rule does.
    pub relax: Vec<Relax>,
}

/// One rule, relaxed as little as suffices.
#[derive(Debug, Clone, PartialEq)]
pub enum Relax {
    /// Capacity of a wave.
    Capacity {
        /// As it is.
        from: u32,
        /// As it has to be.
        to: u32,
    },
    /// Capacity of the pilot's wave.
    Pilot {
        /// As it is.
        from: u32,
        /// As it has to be.
        to: u32,
    },
    /// Capacity of one wave that people are fixed to.
    Wave {
        /// Its day.
        date: Date,
        /// As it is.
        from: u32,
        /// As it has to be.
        to: u32,
    },
    /// One more day of the week.
    Weekday(Day),
    /// Waves on these days after all.
    Blackout(Days),
    /// Begin earlier.
    Start {
        /// As it is.
        from: Date,
        /// The latest that suffices.
        to: Date,
    },
    /// End later, where the end is the plan's own.
    End {
        /// As it is.
        from: Date,
        /// As it has to be.
        to: Date,
    },
    /// More licences in stock.
    Licences {
        /// How many more.
        more: u32,
    },
    /// A larger share of one value in a wave.
    Spread {
        /// As it is.
        from: f64,
        /// As it has to be.
        to: f64,
    },
}

/// Finds what is short and what would help.
///
/// # Errors
/// When a rule makes no sense for this roster.
pub fn explain(request: Request<'_>, calendar: &Calendar) -> Result<Infeasible, RulesError> {
    let setup = Setup::new(request, calendar, None)?;
    let rules = request.rules;
    let endless = Calendar { slots: calendar.endless(rules), ..calendar.clone() };
    let beyond = Setup::new(request, &endless, None)?;
    let limit = bound::least_waves(&beyond.nodes, &beyond.groups.units, &beyond.terms());
    let packed = fewest(&beyond, limit.0);
    let done_on = packed.and_then(|packed| {
        let last = packed.wave.iter().max()?;
        endless.slots.get(usize::from(*last)).map(|slot| slot.date)
    });
    let fixed = overfull(&setup);
    let limit = match fixed.first() {
        Some(Relax::Pilot { .. }) => Limit::Pilot,
        Some(_) => Limit::Fixed,
        None => limit.1,
    };
    // Waves that the fixed do not fit in are wrong whatever the rest does.
    let relax = if fixed.is_empty() { trials(request, calendar, done_on) } else { fixed };
    Ok(Infeasible {
        people: setup.nodes.len() as u64,
        waves: calendar.slots.len(),
        room: calendar.slots.iter().map(|slot| u64::from(slot.capacity)).sum(),
        limit,
        end: calendar.end,
        done_on,
        relax,
    })
}

/// Waves that do not take those fixed to them, with who belongs to them.
fn overfull(setup: &Setup<'_>) -> Vec<Relax> {
    let mut load = vec![0_u32; setup.capacity.len()];
    for unit in &setup.groups.units {
        if let Some(load) = unit.pin.and_then(|pin| load.get_mut(usize::from(pin))) {
            *load += unit.size();
        }
    }
    let over = load.into_iter().enumerate().filter(|(wave, load)| *load > setup.capacity[*wave]);
    over.map(|(wave, to)| match (wave, &setup.rules.pilot) {
        (0, Some(_)) => Relax::Pilot { from: setup.capacity[0], to },
        _ => Relax::Wave { date: setup.slots[wave].date, from: setup.capacity[wave], to },
    })
    .collect()
}

/// Whether there is a plan under other rules.
fn works(request: Request<'_>, rules: &Rules) -> bool {
    let request = Request { rules, earlier: None, ..request };
    let calendar = Calendar::of(rules, request.today, request.retirement);
    let Ok(setup) = Setup::new(request, &calendar, None) else { return false };
    let least = bound::least_waves(&setup.nodes, &setup.groups.units, &setup.terms());
    fewest(&setup, least.0).is_some()
}

/// Every single rule, relaxed as little as suffices.
fn trials(request: Request<'_>, calendar: &Calendar, done_on: Option<Date>) -> Vec<Relax> {
    let tried = [
        capacity(request),
        weekday(request),
        blackout(request),
        start(request, calendar),
        end(request, done_on),
        licences(request),
        spread(request),
    ];
    tried.into_iter().flatten().collect()
}

/// The least value in a range that works, where more is always better.
fn least(range: std::ops::RangeInclusive<u32>, works: impl Fn(u32) -> bool) -> Option<u32> {
    let (mut low, mut high) = (*range.start(), *range.end());
    if low > high || !works(high) {
        return None;
    }
    while low < high {
        let middle = u32::midpoint(low, high);
        if works(middle) { high = middle } else { low = middle + 1 }
    }
    Some(high)
}

fn capacity(request: Request<'_>) -> Option<Relax> {
    let from = request.rules.capacity;
    let people = u32::try_from(request.census.members.len()).unwrap_or(u32::MAX);
    let with = |capacity: u32| works(request, &Rules { capacity, ..request.rules.clone() });
    least(from.saturating_add(1)..=people, with).map(|to| Relax::Capacity { from, to })
}

fn weekday(request: Request<'_>) -> Option<Relax> {
    let offered = [Weekday::Sunday, Weekday::Saturday, Weekday::Friday, Weekday::Wednesday].map(Day);
    let new = offered.into_iter().filter(|day| !request.rules.weekdays.contains(day));
    let with = |day: &Day| {
        let weekdays = [request.rules.weekdays.as_slice(), &[*day]].concat();
        works(request, &Rules { weekdays, ..request.rules.clone() })
    };
    new.into_iter().find(with).map(Relax::Weekday)
}

fn blackout(request: Request<'_>) -> Option<Relax> {
    let without = |days: &Days| {
        let blackout = request.rules.blackout.iter().copied().filter(|other| other != days).collect();
        works(request, &Rules { blackout, ..request.rules.clone() })
    };
    // The shortest first: it is the easiest to win back.
    let mut all = request.rules.blackout.clone();
    all.sort_by_key(|days| days.from.until((Unit::Day, days.to)).map_or(0, |span| span.get_days()));
    all.into_iter().find(without).map(Relax::Blackout)
}

fn start(request: Request<'_>, calendar: &Calendar) -> Option<Relax> {
    let from = calendar.start;
    let tomorrow = request.today.saturating_add(1.day());
    let days = tomorrow.until((Unit::Day, from)).map_or(0, |span| span.get_days());
    let earlier = |days: u32| from.saturating_sub(i64::from(days).days());
    let with = |days: u32| works(request, &Rules { start: Some(earlier(days)), ..request.rules.clone() });
    least(1..=u32::try_from(days).ok()?, with).map(|days| Relax::Start { from, to: earlier(days) })
}

fn end(request: Request<'_>, done_on: Option<Date>) -> Option<Relax> {
    let from = request.rules.end.filter(|end| *end < request.retirement)?;
    let to = done_on?.saturating_add(1.day());
    (to <= request.retirement).then_some(Relax::End { from, to })
}

fn licences(request: Request<'_>) -> Option<Relax> {
    if !request.rules.licences.limited() {
        return None;
    }
    let stock = request.rules.licences.in_stock.unwrap_or(0);
    let people = u32::try_from(request.census.members.len()).unwrap_or(u32::MAX);
    let with = |more: u32| {
        let mut rules = request.rules.clone();
        rules.licences.in_stock = Some(stock.saturating_add(more));
        works(request, &rules)
    };
    least(1..=people, with).map(|more| Relax::Licences { more })
}

fn spread(request: Request<'_>) -> Option<Relax> {
    let rule = request.rules.spread.as_ref()?;
    let with = |percent: u32| {
        let mut rules = request.rules.clone();
        if let Some(rule) = &mut rules.spread {
            rule.share = f64::from(percent) / 100.0;
        }
        works(request, &rules)
    };
    // Whole per cents: nobody plans finer.
    let from = (rule.share * 100.0).floor() as u32 + 1;
    least(from..=100, with).map(|to| Relax::Spread { from: rule.share, to: f64::from(to) / 100.0 })
}
