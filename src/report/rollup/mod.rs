//! Many tenants on one sheet: `rollup.csv`, `.json`, `.md`, `.html` and `.xlsx`, a line a tenant, whoever needs somebody
//! first, and the causes of all of them together.
//!
//! Figures are of a tenant's newest run that left any. A tenant that failed this time keeps its line, with what is wrong,
//! what to do, and its last figures by their day; what nobody knows stays empty and is never a nought.

mod page;
mod record;
mod text;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use super::format::keep_all;
use super::{ReportError, Templates, Texts, xlsx};
use crate::compare::{Changes, Kind, Trend};
use crate::failure::Exit;
use crate::plan::progress::{Against, State as Standing};
use crate::private::Whole;
use crate::verdict::Verdict;

pub(super) use page::{outlook, question};
pub use record::{COLUMNS, Cell, cells};
pub use text::text;

/// All tenants of a command.
#[derive(Debug, Clone)]
pub struct Rollup {
    /// The day it is about.
    pub as_of: Date,
    /// The code the command ends with.
    pub exit: Exit,
    /// A line a tenant, whoever needs somebody first.
    pub tenants: Vec<TenantLine>,
}

/// One tenant.
#[derive(Debug, Clone, PartialEq)]
pub struct TenantLine {
    /// Profile of the tenant; of a store that cannot be read, empty.
    pub tenant: String,
    /// How it came out.
    pub state: State,
    /// The exit code that fits its state.
    pub exit_code: u8,
    /// What is wrong, in a sentence; empty: nothing.
    pub message: String,
    /// What to do about it.
    pub hint: String,
    /// The folder of its report, from the roll-up's own; empty: none was written.
    pub report: String,
    /// Whether the report has a page to lead to.
    pub has_page: bool,
    /// The store it is in; empty: the command's own.
    pub store: String,
    /// What its newest run with figures says; `None`: there is none.
    pub figures: Option<Figures>,
}

/// How a tenant came out. What needs somebody comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Its store cannot be read.
    Failed,
    /// Wrong roster or configuration.
    Configuration,
    /// The sign-in was refused, or a permission is missing.
    SignIn,
    /// It was stopped before anything was asked.
    NotBegun,
    /// It was stopped on the way.
    Stopped,
    /// Some of its rows are not assessed.
    Incomplete,
    /// Every row is assessed, and a threshold is exceeded.
    Threshold,
    /// Every row is assessed.
    Assessed,
}

impl State {
    /// Its id in files.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Configuration => "configuration",
            Self::SignIn => "sign_in",
            Self::NotBegun => "not_begun",
            Self::Stopped => "stopped",
            Self::Incomplete => "incomplete",
            Self::Threshold => "threshold",
            Self::Assessed => "assessed",
        }
    }

    /// By the exit code, and whether a report was written.
    #[must_use]
    pub fn of(exit: Exit, has_report: bool) -> Self {
        match exit {
            Exit::Done => Self::Assessed,
            Exit::Incomplete => Self::Incomplete,
            Exit::Threshold => Self::Threshold,
            Exit::Resumable | Exit::Interrupted | Exit::Terminated if has_report => Self::Stopped,
            Exit::Resumable | Exit::Interrupted | Exit::Terminated => Self::NotBegun,
            Exit::SignIn => Self::SignIn,
            Exit::Usage => Self::Configuration,
        }
    }

    /// Whether nothing was found out this time.
    #[must_use]
    pub fn failed(self) -> bool {
        self <= Self::NotBegun
    }
}

/// What the newest run of a tenant says.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    /// Display name of the tenant; empty: not known.
    pub name: String,
    /// Whether the tenant is a simulated one.
    pub simulated: bool,
    /// Id of the run.
    pub run: String,
    /// Day of the run.
    pub day: Date,
    /// Days from the roll-up's day to the end of EWS in the tenant's cloud; negative after it.
    pub days_left: Option<i32>,
    /// Roster entries.
    pub rows: u64,
    /// Entries per verdict, in the order of [`Verdict::ALL`].
    pub verdicts: [u64; Verdict::ALL.len()],
    /// Those who cannot move yet, or of whom it is not known, run by run, oldest first.
    pub course: Vec<CoursePoint>,
    /// What moved since the run before; `None`: there is none.
    pub moved: Option<Moved>,
    /// Where the pace so far leads; `None`: not known.
    pub pace: Option<Outlook>,
    /// Mailboxes behind the plan of waves; `None`: nobody planned.
    pub behind: Option<u64>,
    /// Causes of those who cannot move yet, most users first.
    pub causes: Vec<Cause>,
}

/// One run of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct CoursePoint {
    /// Its day.
    pub day: Date,
    /// Roster entries.
    pub rows: u64,
    /// Entries per verdict, in the order of [`Verdict::ALL`].
    pub verdicts: [u64; Verdict::ALL.len()],
    /// Those who cannot move yet.
    pub left: u64,
    /// Whether nearly all entries are assessed.
    pub complete: bool,
}

/// What moved since the run before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// Change of those who cannot move yet.
    pub left: i64,
    /// Users who became ready.
    pub ready: u64,
    /// Users who are worse off.
    pub regressed: u64,
}

/// Where the pace so far leads.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outlook {
    /// Users a week who became ready.
    pub per_week: f64,
    /// Users a week who must become ready; `None`: the date is past.
    pub needed_per_week: Option<f64>,
    /// The day nobody is left; `None`: never.
    pub done: Option<Date>,
    /// Whether that is after the end of EWS.
    pub late: bool,
}

/// One cause of users who cannot move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// Their verdict.
    pub verdict: Verdict,
    /// Rule id.
    pub reason: String,
    /// Users.
    pub users: u64,
}

impl Figures {
    /// From what comparisons know of a run; `None` without a point for it. `as_of`: the day of the roll-up.
    #[must_use]
    pub fn of(history: Course<'_>, as_of: Date) -> Option<Self> {
        let (trend, point) = (history.trend, history.trend.points.last()?);
        let course = trend.points.iter().map(|point| CoursePoint {
            day: point.label.day(),
            rows: point.rows,
            verdicts: point.verdicts,
            left: point.left(),
            complete: point.is_complete(),
        });
        let before = trend.points.len().checked_sub(2).and_then(|place| trend.points.get(place));
        let moved = history.changes.zip(before).map(|(changes, before)| Moved {
            left: point.left() as i64 - before.left() as i64,
            ready: changes.count(Kind::NewlyReady),
            regressed: changes.regressed(),
        });
        let forecast = trend.forecast.as_ref();
        let pace = forecast.and_then(|forecast| {
            let average = &forecast.pace.as_ref()?.average;
            Some(Outlook {
                per_week: average.per_week,
                needed_per_week: forecast.needed_per_week,
                done: average.done,
                late: average.done.is_none_or(|day| day > forecast.deadline),
            })
        });
        let days_left = history.retirement.and_then(|end| as_of.until(end).ok()).map(|span| span.get_days());
        let causes = point.causes.iter().filter(|(outcome, _)| outcome.verdict != Verdict::MoveToGraphEac);
        let mut causes: Vec<Cause> = causes
            .map(|(outcome, users)| Cause {
                verdict: outcome.verdict,
                reason: outcome.reason.to_string(),
                users: *users,
            })
            .collect();
        causes.sort_by_key(|cause| std::cmp::Reverse(cause.users));
        Some(Self {
            name: history.name.to_owned(),
            simulated: history.simulated,
            run: point.label.run.clone(),
            day: point.label.day(),
            days_left,
            rows: point.rows,
            verdicts: point.verdicts,
            course: course.collect(),
            moved,
            pace,
            behind: history.plan.map(|against| against.progress.count(Standing::Behind) as u64),
            causes,
        })
    }

    /// Entries with this verdict.
    #[must_use]
    pub fn verdict(&self, verdict: Verdict) -> u64 {
        self.verdicts[verdict as usize]
    }

    /// Those who cannot move yet, or of whom it is not known.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.rows - self.verdict(Verdict::MoveToGraphEac)
    }
}

/// What [`Figures`] are made of.
#[derive(Debug, Clone, Copy)]
pub struct Course<'a> {
    /// Display name of the tenant.
    pub name: &'a str,
    /// Whether it is a simulated one.
    pub simulated: bool,
    /// The day EWS ends in its cloud.
    pub retirement: Option<Date>,
    /// All runs up to the one shown.
    pub trend: &'a Trend,
    /// What moved at that one.
    pub changes: Option<&'a Changes>,
    /// How it stands against the plan.
    pub plan: Option<&'a Against>,
}

/// All tenants added up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    /// Tenants.
    pub tenants: u64,
    /// Of them, those of which nothing was found out this time.
    pub failed: u64,
    /// Of them, those without any figures.
    pub without: u64,
    /// Of them, those whose pace does not make the date.
    pub late: u64,
    /// Roster entries.
    pub rows: u64,
    /// Entries per verdict.
    pub verdicts: [u64; Verdict::ALL.len()],
    /// Causes over all tenants with the tenants they are found in, most users first.
    pub causes: Vec<(Cause, u64)>,
}

impl Rollup {
    /// Puts the lines in order: by what needs somebody, then whoever is late, then most left to do; else as they came.
    #[must_use]
    pub fn new(as_of: Date, exit: Exit, mut tenants: Vec<TenantLine>) -> Self {
        tenants.sort_by_key(|line| {
            let figures = line.figures.as_ref();
            let late = figures.and_then(|figures| figures.pace).is_some_and(|pace| pace.late);
            (line.state, !late, std::cmp::Reverse(figures.map_or(0, Figures::left)))
        });
        Self { as_of, exit, tenants }
    }

    /// All tenants added up.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let mut totals = Totals { tenants: self.tenants.len() as u64, ..Totals::default() };
        let mut causes: BTreeMap<(Verdict, &str), (u64, u64)> = BTreeMap::new();
        for line in &self.tenants {
            totals.failed += u64::from(line.state.failed());
            let Some(figures) = &line.figures else {
                totals.without += 1;
                continue;
            };
            totals.late += u64::from(figures.pace.is_some_and(|pace| pace.late));
            totals.rows += figures.rows;
            totals.verdicts.iter_mut().zip(figures.verdicts).for_each(|(sum, count)| *sum += count);
            for cause in &figures.causes {
                let (users, tenants) = causes.entry((cause.verdict, &cause.reason)).or_default();
                (*users, *tenants) = (*users + cause.users, *tenants + 1);
            }
        }
        let cause = |((verdict, reason), (users, tenants)): ((Verdict, &str), (u64, u64))| {
            (Cause { verdict, reason: reason.to_owned(), users }, tenants)
        };
        totals.causes = causes.into_iter().map(cause).collect();
        totals.causes.sort_by_key(|(cause, _)| std::cmp::Reverse(cause.users));
        totals
    }

    /// Writes files into `folder`, each whole or not at all; gives their paths.
    ///
    /// # Errors
    /// [`ReportError`] when one cannot be rendered or written: then no file is touched. When one cannot be replaced, the
    /// others are.
    pub fn write_all(
        &self,
        folder: &Path,
        formats: &[RollupFormat],
        texts: &Texts,
        templates: &Templates,
    ) -> Result<Vec<PathBuf>, ReportError> {
        let write = |format: &RollupFormat| {
            let content = format.render(self, texts, templates)?;
            let path = folder.join(format.file_name());
            let put = |out: &mut BufWriter<File>| out.write_all(&content).map_err(ReportError::write(&path));
            Whole::written(path.clone(), ReportError::about, put)
        };
        keep_all(formats.iter().map(write).collect::<Result<_, _>>()?)
    }
}

/// A file the roll-up is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum RollupFormat {
    /// `rollup.csv`
    Csv,
    /// `rollup.json`
    Json,
    /// `rollup.xlsx`
    Xlsx,
    /// `rollup.html`
    Html,
    /// `rollup.md`
    Md,
}

impl RollupFormat {
    /// Every format.
    pub const ALL: [Self; 5] = [Self::Csv, Self::Json, Self::Xlsx, Self::Html, Self::Md];

    /// Its file's name.
    #[must_use]
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Csv => "rollup.csv",
            Self::Json => "rollup.json",
            Self::Xlsx => "rollup.xlsx",
            Self::Html => "rollup.html",
            Self::Md => "rollup.md",
        }
    }

    /// The file.
    ///
    /// # Errors
    /// [`ReportError`] when its writer fails.
    pub fn render(self, rollup: &Rollup, texts: &Texts, templates: &Templates) -> Result<Vec<u8>, ReportError> {
        match self {
            Self::Csv => record::csv(rollup).map_err(|error| ReportError::format("csv")(&error)),
            Self::Json => record::json(rollup).map_err(|error| ReportError::format("json")(&error)),
            Self::Xlsx => xlsx::rollup::write(rollup, texts).map_err(|error| ReportError::format("xlsx")(&error)),
            Self::Html => page::html(rollup, texts, templates),
            Self::Md => page::markdown(rollup, texts, templates),
        }
    }
}

#[cfg(test)]
mod tests;
