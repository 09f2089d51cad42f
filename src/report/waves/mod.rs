//! Cutover waves for people: `waves.csv`, a list a wave to write to, `waves.html`, `waves.xlsx` and the terminal, all
//! from one view.

mod files;
mod page;
mod sums;
pub mod terminal;

use std::path::{Path, PathBuf};

use jiff::civil::{Date, Weekday};

use super::{FormatKind, Head, ReportError, Templates, Texts};
use crate::plan::constraints::Rules;
use crate::plan::infeasible::{Infeasible, Relax};
use crate::plan::measure::Measure;
use crate::plan::people::{Census, Member, Standing};
use crate::plan::progress::Against;
use crate::plan::ties::TieKind;
use crate::plan::{CutBy, Plan, Reason, Seat};

pub use sums::{WaveSum, sums};

/// Everything the formats show of a plan.
#[derive(Debug)]
pub struct Waves<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// Whom it is about.
    pub census: &'a Census,
    /// What it keeps to.
    pub rules: &'a Rules,
    /// Run and tenant.
    pub head: &'a Head,
    /// Labels in the report's language.
    pub texts: &'a Texts,
    /// Templates.
    pub templates: &'a Templates,
    /// The same people under other rules.
    pub variants: &'a [Compared],
    /// How the project stands against the plan of an earlier run.
    pub progress: Option<Against>,
    /// Each wave, added up.
    pub sums: Vec<WaveSum>,
}

/// A variant of the plan, or why there is none.
#[derive(Debug, Clone)]
pub struct Compared {
    /// What was changed.
    pub name: String,
    /// What came of it; the sentence says what is short.
    pub outcome: Result<Measure, String>,
}

impl Waves<'_> {
    /// Writes the files of the formats asked for (CSV brings the lists) into `folder`; gives their paths.
    ///
    /// # Errors
    /// [`ReportError`] when a file cannot be written.
    pub fn write_all(&self, folder: &Path, formats: &[FormatKind]) -> Result<Vec<PathBuf>, ReportError> {
        files::write_all(self, folder, formats)
    }

    /// The number of a wave for people, from 1.
    #[must_use]
    pub fn number(wave: u16) -> u64 {
        u64::from(wave) + 1
    }

    /// The day of a wave.
    #[must_use]
    pub fn date(&self, wave: u16) -> Option<Date> {
        self.plan.waves.get(usize::from(wave)).map(|slot| slot.date)
    }

    /// The group of somebody: empty, `G12` or, where the group is in several waves, `G12/2`.
    #[must_use]
    pub fn group(seat: &Seat) -> String {
        match seat {
            Seat::Wave { group: 0, .. } | Seat::Waits => String::new(),
            Seat::Wave { group, part: 0, .. } => format!("G{group}"),
            Seat::Wave { group, part, .. } => format!("G{group}/{part}"),
        }
    }

    /// Why somebody is in his wave, or in none.
    #[must_use]
    pub fn why(&self, place: usize) -> String {
        let (Some(member), Some(seat)) = (self.census.members.get(place), self.plan.seats.get(place)) else {
            return String::new();
        };
        let Seat::Wave { why, .. } = seat else {
            let cause: &str = &member.cause;
            return self.texts.fill("plan", "why_waits", &[("state", self.standing(member)), ("cause", cause)]);
        };
        let reason = match why.reason {
            Reason::Turn(turn) => {
                let name = self.rules.integrations.get(usize::from(turn)).map_or("", String::as_str);
                self.texts.fill("plan_reason", "turn", &[("integration", name)])
            }
            other => self.texts.get("plan_reason", other.id()).to_owned(),
        };
        let with = why.with.and_then(|(other, kind)| {
            let other = self.census.members.get(other as usize)?;
            Some(self.texts.fill("plan", "why_with", &[("name", shown(other)), ("tie", &self.tie(kind))]))
        });
        let licence = matches!(member.standing, Standing::Licence { .. }).then(|| self.text("why_licence").to_owned());
        [with, Some(reason), licence].into_iter().flatten().collect::<Vec<_>>().join("; ")
    }

    /// What ties two, in words.
    #[must_use]
    pub fn tie(&self, kind: TieKind) -> String {
        match kind {
            TieKind::Column(place) => self.rules.ties.columns.keys().nth(place.into()).cloned().unwrap_or_default(),
            other => self.texts.get("plan_tie", other.id()).to_owned(),
        }
    }

    /// Why a tie is cut, in words.
    #[must_use]
    pub fn cut_by(&self, by: CutBy) -> &str {
        self.text(match by {
            CutBy::Capacity => "cut_capacity",
            CutBy::Fixed => "cut_fixed",
            CutBy::Past => "cut_past",
        })
    }

    /// Whether somebody is ready, in words.
    #[must_use]
    pub fn standing(&self, member: &Member) -> &str {
        self.texts.get("verdict", member.standing.verdict().id())
    }

    /// A text of the plan's own.
    fn text(&self, key: &'static str) -> &str {
        self.texts.get("plan", key)
    }

    /// How good the plan is, a sentence each, beside what no plan could beat.
    #[must_use]
    pub fn quality(&self) -> Vec<String> {
        let (measure, texts) = (&self.plan.measure, self.texts);
        let number = |value: u64| texts.number(value);
        let percent = |share: f64| format!("{:.0}", share * 100.0);
        let limit = texts.get("plan_limit", &measure.limit);
        let mut lines = vec![
            texts.fill(
                "plan",
                "quality_waves",
                &[
                    ("n", &number(measure.waves as u64)),
                    ("least", &number(measure.least_waves as u64)),
                    ("limit", limit),
                ],
            ),
            texts.fill(
                "plan",
                "quality_ties",
                &[
                    ("kept", &number(measure.ties - measure.cut)),
                    ("total", &number(measure.ties)),
                    ("cut", &number(measure.cut_weight)),
                    ("least", &number(measure.least_cut)),
                ],
            ),
            texts.fill(
                "plan",
                "quality_load",
                &[
                    ("busiest", &percent(measure.busiest)),
                    ("lightest", &percent(measure.lightest)),
                    ("mean", &percent(measure.mean)),
                ],
            ),
        ];
        if measure.wishes.0 > 0 {
            let (wished, met) = measure.wishes;
            lines.push(texts.fill("plan", "quality_wishes", &[("met", &number(met)), ("total", &number(wished))]));
        }
        if measure.kept.0 > 0 {
            let (kept, moved) = measure.kept;
            lines.push(texts.fill("plan", "quality_kept", &[("moved", &number(moved)), ("total", &number(kept))]));
        }
        lines
    }

    /// What the plan does not know, a sentence each; empty: it knows everything it could.
    #[must_use]
    pub fn gaps(&self) -> Vec<String> {
        let (asked, texts) = (self.census.asked, self.texts);
        let number = |value: u64| texts.number(value);
        let mut lines = Vec::new();
        if asked.delegates == 0 && asked.delegates_open == 0 {
            lines.push(self.text("gap_delegates").to_owned());
        } else if asked.delegates_open > 0 {
            lines.push(texts.fill("plan", "gap_delegates_open", &[("n", &number(asked.delegates_open))]));
        }
        if asked.recipients == 0 {
            lines.push(self.text("gap_recipients").to_owned());
        }
        if asked.managers == 0 {
            lines.push(self.text("gap_managers").to_owned());
        }
        if !self.census.ties.outside.is_empty() {
            let outside = number(self.census.ties.outside.len() as u64);
            lines.push(texts.fill("plan", "gap_outside", &[("n", &outside)]));
        }
        if !self.plan.waiting.is_empty() {
            lines.push(texts.fill("plan", "gap_waiting", &[("n", &number(self.plan.waiting.len() as u64))]));
        }
        if asked.unusable > 0 {
            lines.push(texts.fill("plan", "gap_unusable", &[("n", &number(asked.unusable))]));
        }
        lines
    }
}

/// The name of somebody, else the address.
fn shown(member: &Member) -> &str {
    if member.name.is_empty() { &member.address } else { &member.name }
}

/// The short name of a day of the week.
fn weekday(texts: &Texts, date: Date) -> &str {
    texts.get("plan_weekday", weekday_id(date.weekday()))
}

fn weekday_id(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "mon",
        Weekday::Tuesday => "tue",
        Weekday::Wednesday => "wed",
        Weekday::Thursday => "thu",
        Weekday::Friday => "fri",
        Weekday::Saturday => "sat",
        Weekday::Sunday => "sun",
    }
}

/// Why there is no plan, in a sentence.
#[must_use]
pub fn shortage(texts: &Texts, no: &Infeasible) -> String {
    let number = |value: u64| texts.number(value);
    let values = [
        ("people", &*number(no.people)),
        ("waves", &*number(no.waves as u64)),
        ("room", &*number(no.room)),
        ("end", &*no.end.to_string()),
        ("limit", texts.get("plan_limit", no.limit.id())),
    ];
    let short = texts.fill("plan", "infeasible", &values);
    let done = no.done_on.map(|day| texts.fill("plan", "infeasible_done", &[("day", &day.to_string())]));
    [Some(short), done].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// What would help, one rule each.
#[must_use]
pub fn relaxations(texts: &Texts, no: &Infeasible) -> Vec<String> {
    let number = |value: u32| texts.number(value.into());
    let percent = |share: f64| format!("{:.0}", share * 100.0);
    let fill = |key: &'static str, values: &[(&str, &str)]| texts.fill("plan_relax", key, values);
    let line = |relax: &Relax| match relax {
        Relax::Capacity { from, to } => fill("capacity", &[("from", &number(*from)), ("to", &number(*to))]),
        Relax::Pilot { from, to } => fill("pilot", &[("from", &number(*from)), ("to", &number(*to))]),
        Relax::Wave { date, from, to } => {
            fill("wave", &[("date", &date.to_string()), ("from", &number(*from)), ("to", &number(*to))])
        }
        Relax::Weekday(day) => fill("weekday", &[("day", texts.get("plan_weekday", weekday_id(day.0)))]),
        Relax::Blackout(days) => fill("blackout", &[("days", &days.to_string())]),
        Relax::Start { from, to } => fill("start", &[("from", &from.to_string()), ("to", &to.to_string())]),
        Relax::End { from, to } => fill("end", &[("from", &from.to_string()), ("to", &to.to_string())]),
        Relax::Licences { more } => fill("licences", &[("n", &number(*more))]),
        Relax::Spread { from, to } => fill("spread", &[("from", &percent(*from)), ("to", &percent(*to))]),
    };
    no.relax.iter().map(line).collect()
}
