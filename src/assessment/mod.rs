//! From the store to the report: every row judged in roster order, spooled, and rendered. Offline.

pub mod head;
pub mod history;
pub mod mask;
pub mod planning;
pub mod rollup;

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use rayon::prelude::*;

use self::history::Who;
use self::mask::Mask;
use crate::compare::{Judged, Words};
use crate::evidence::store::{EntryRecord, Kiosk, RawEntry, RunRecord, Settings, Store, StoreError};
use crate::evidence::{Cause, MailboxEvidence, TenantEvidence, Unknown};
use crate::facts::Facts;
use crate::failure::{Exit, Failure};
use crate::private;
use crate::report::row::Row;
use crate::report::{FormatKind, Head, ReportError, SpoolWriter, Templates, Texts, View, terminal, write_all};
use crate::rules::{Case, EntryFacts, KioskPolicy, Options};
use crate::verdict::{Judgement, RuleSays, Verdict, explain, judge};

/// Rows judged at once: enough to keep the cores busy, few enough to stay small.
const CHUNK: usize = 512;

/// What the reader wants of a report.
#[derive(Clone)]
pub struct Wishes {
    /// Day to judge by; `None`: the run's own.
    pub as_of: Option<Date>,
    /// Language of the texts.
    pub language: String,
    /// Formats.
    pub formats: Vec<FormatKind>,
    /// Folder with templates that replace the built-in ones.
    pub templates: Option<PathBuf>,
    /// Pseudonyms in the place of names.
    pub anonymize: bool,
}

impl Default for Wishes {
    /// What judging alone wants: the run's own day, English, no file.
    fn default() -> Self {
        Self { as_of: None, language: "en".to_owned(), formats: Vec::new(), templates: None, anonymize: false }
    }
}

/// A report that is written.
pub struct Written {
    /// What was written.
    pub view: View,
    paths: Vec<PathBuf>,
    /// Every entry as it was judged.
    pub judged: Vec<Judged>,
}

impl Written {
    /// The summary for the terminal, with where the files are.
    pub fn summary(&self, width: usize, colour: bool) -> String {
        let mut text = terminal::summary(&self.view, width, colour);
        text.push_str("\nFiles\n");
        for path in &self.paths {
            text.push_str(&format!("  {}\n", path.display()));
        }
        text
    }

    /// The exit code the rows decide.
    pub fn exit(&self) -> Exit {
        if self.view.summary.verdict(Verdict::NotAssessed) > 0 { Exit::Incomplete } else { Exit::Done }
    }
}

/// Judges a stored run and writes its report.
///
/// # Errors
/// In words, when store or report fails; no file is half-written then.
pub fn write(store: &Store, run: &str, facts: &Facts, wishes: &Wishes, out: &Path) -> Result<Written, Failure> {
    let run = find_run(store, Some(run))?;
    let (view, judged) = view(store, &run, facts, wishes, out)?;
    let paths = write_all(&view, out, &wishes.formats)?;
    Ok(Written { view, paths, judged })
}

fn view(
    store: &Store,
    run: &RunRecord,
    facts: &Facts,
    wishes: &Wishes,
    out: &Path,
) -> Result<(View, Vec<Judged>), Failure> {
    let judge = Judge::of(store, run, facts, wishes)?;
    let mut spool = SpoolWriter::create_in(out)?;
    let judged = judge.each_row(store, |row| spool.push(row))?;
    let (spool, summary) = spool.finish()?;
    let head = judge.head(store, &wishes.language)?;
    let mut view = View::new(head, spool, summary)?;
    if let Some(folder) = &wishes.templates {
        view.templates = Templates::overridden_by(folder)?;
    }
    let history = history::history(store, run, facts, &judged, view.head.as_of)?;
    view.history = match &judge.mask {
        Some(mask) => mask.history(history),
        None => history,
    };
    Ok((view, judged))
}

/// What the rules need of the profile, from what the run kept of it.
fn options(settings: &Settings, wishes: &Wishes) -> Result<Options, Failure> {
    Ok(Options {
        cloud: settings.cloud.clone(),
        integrations: settings.integrations.clone(),
        kiosk: match settings.kiosk {
            Kiosk::Upgrade => KioskPolicy::Upgrade,
            Kiosk::Graph => KioskPolicy::Graph,
        },
        own_app_id: settings.own_app_id.clone(),
        own_user_agent: Some(crate::transport::wire::USER_AGENT.to_owned()),
        apps: settings.apps.clone(),
        salesforce_connection: settings.salesforce_connection.clone(),
        dynamics_app: settings.dynamics_app.clone(),
        texts: crate::rules::Texts::with(Texts::embedded(&wishes.language)?.judging().clone()),
        ..Options::on(wishes.as_of.unwrap_or(settings.as_of))
    })
}

/// Judges the entries of one run.
pub struct Judge<'a> {
    run: &'a RunRecord,
    tenant: TenantEvidence,
    facts: &'a Facts,
    options: Options,
    mask: Option<Mask<'a>>,
}

impl<'a> Judge<'a> {
    /// Reads what judging needs of the run.
    ///
    /// # Errors
    /// In words, when the store fails.
    pub fn of(store: &Store, run: &'a RunRecord, facts: &'a Facts, wishes: &Wishes) -> Result<Self, Failure> {
        let tenant = store.tenant_evidence(run.id)?;
        let mask = wishes.anonymize.then(|| Mask::of(store, run, &tenant, facts)).transpose()?;
        Ok(Self { run, tenant, facts, options: options(&run.settings, wishes)?, mask })
    }

    /// One entry's row, and what every rule made of it.
    pub fn explain(&self, (entry, evidence): (EntryRecord, MailboxEvidence)) -> (Row, Vec<RuleSays>) {
        let evidence = self.complete(&entry, evidence);
        let known = entry_facts(&entry);
        let case = self.case(&known, &evidence);
        let (judgement, says) = (judge(&case), explain(&case));
        (row(entry, known, judgement), says)
    }

    /// The day judged by.
    pub fn as_of(&self) -> Date {
        self.options.as_of
    }

    /// The head of a report about this run.
    ///
    /// # Errors
    /// In words, when the store fails.
    pub fn head(&self, store: &Store, language: &str) -> Result<Head, Failure> {
        let head = head::head(store, self.run, &self.tenant, self.facts, &self.options, language)?;
        match &self.mask {
            Some(mask) => Ok(mask.head(head, &Texts::embedded(language)?)),
            None => Ok(head),
        }
    }

    /// What puts pseudonyms in the place of names, where that is wished.
    pub fn mask(&self) -> Option<&Mask<'a>> {
        self.mask.as_ref()
    }

    /// Judges every entry in roster order, several at a time: `keep` makes of each what `take` then gets.
    ///
    /// # Errors
    /// In words, when the store fails.
    pub fn each<T: Send>(
        &self,
        store: &Store,
        keep: impl Fn(&EntryRecord, &MailboxEvidence, &Judgement) -> T + Sync,
        mut take: impl FnMut(T),
    ) -> Result<(), Failure> {
        let one = |raw: RawEntry| -> Result<T, StoreError> {
            let (entry, evidence) = raw.parse()?;
            let evidence = self.complete(&entry, evidence);
            let mut judgement = judge(&self.case(&entry_facts(&entry), &evidence));
            if let Some(mask) = &self.mask {
                judgement = mask.judgement(judgement, &mask.person(&entry, &evidence));
            }
            Ok(keep(&entry, &evidence, &judgement))
        };
        let chunk = |chunk: Vec<RawEntry>| -> Result<(), StoreError> {
            let kept: Vec<T> = chunk.into_par_iter().map(one).collect::<Result<_, _>>()?;
            kept.into_iter().for_each(&mut take);
            Ok(())
        };
        store.each_entry(self.run.id, CHUNK, chunk).map_err(Failure::from)
    }

    fn case<'c>(&'c self, entry: &'c EntryFacts, evidence: &'c MailboxEvidence) -> Case<'c> {
        Case { entry, evidence, tenant: &self.tenant, facts: self.facts, options: &self.options }
    }

    /// What a stopped run never came to ask is unknown, not unasked for.
    fn complete(&self, entry: &EntryRecord, mut evidence: MailboxEvidence) -> MailboxEvidence {
        if self.run.finished.is_none() && entry.address.is_some() {
            let detail = "the run was stopped before this was asked".to_owned();
            evidence.mark_unasked(&Unknown { cause: Cause::Stopped, detail, at: self.run.started });
        }
        evidence
    }

    /// Judges every entry in roster order, hands out each row as it is to be shown, and gives what comparisons need of
    /// them: who it is, as it is, and the cause as it is to be shown.
    ///
    /// # Errors
    /// In words, when the store or the taker fails.
    pub fn each_row(
        &self,
        store: &Store,
        mut take: impl FnMut(&Row) -> Result<(), ReportError> + Send,
    ) -> Result<Vec<Judged>, Failure> {
        let (mut words, mut judged, mut done) = (Words::default(), Vec::new(), Vec::new());
        let mut hand_out = |rows: Vec<(Who, Row, Option<Row>)>| -> Result<(), ReportError> {
            for (who, row, masked) in rows {
                let shown = masked.as_ref().unwrap_or(&row);
                take(shown)?;
                judged.push(history::judged(&mut words, who, &row, &shown.cause));
            }
            Ok(())
        };
        let one = |raw: RawEntry| raw.parse().map(|(entry, evidence)| self.shown(entry, evidence));
        // The rows of one chunk are handed out while the next is judged: the former is one thread's work.
        let chunk = |chunk: Vec<RawEntry>| -> Result<(), Failure> {
            let before = std::mem::take(&mut done);
            let judging = || chunk.into_par_iter().map(one).collect::<Result<Vec<_>, StoreError>>();
            let (rows, handed) = rayon::join(judging, || hand_out(before));
            handed?;
            done = rows?;
            Ok(())
        };
        store.each_entry(self.run.id, CHUNK, chunk)?;
        hand_out(done)?;
        Ok(judged)
    }

    /// Judges every entry in roster order.
    ///
    /// # Errors
    /// In words, when the store fails.
    pub fn all(&self, store: &Store) -> Result<Vec<Judged>, Failure> {
        self.each_row(store, |_| Ok(()))
    }

    /// Who it is, the row, and the row as it may be shared, where that is wished.
    fn shown(&self, entry: EntryRecord, evidence: MailboxEvidence) -> (Who, Row, Option<Row>) {
        let who = Who::of(&entry);
        let person = self.mask.as_ref().map(|mask| (mask, mask.person(&entry, &evidence)));
        let row = self.row(entry, evidence);
        let masked = person.map(|(mask, person)| mask.row(row.clone(), &person));
        (who, row, masked)
    }

    fn row(&self, entry: EntryRecord, evidence: MailboxEvidence) -> Row {
        let evidence = self.complete(&entry, evidence);
        let known = entry_facts(&entry);
        let judgement = judge(&self.case(&known, &evidence));
        row(entry, known, judgement)
    }
}

fn entry_facts(entry: &EntryRecord) -> EntryFacts {
    let known = entry.known.clone();
    EntryFacts {
        row: entry.row,
        written: entry.written.clone(),
        address: entry.address.clone(),
        problem: entry.problem.clone(),
        repeat_of: entry.subject.filter(|first| *first != entry.row),
        display_name: known.display_name,
        department: known.department,
        wave: known.wave,
        owner: known.owner,
        salesforce_email: known.salesforce_email,
        dynamics_profile: known.dynamics_profile,
    }
}

fn row(entry: EntryRecord, facts: EntryFacts, judgement: Judgement) -> Row {
    let domain =
        entry.address.as_deref().and_then(|address| address.rsplit_once('@')).map(|(_, domain)| domain.to_owned());
    Row {
        row: entry.row,
        address: entry.written,
        display_name: judgement.display_name,
        object_id: judgement.object_id,
        verdict: judgement.verdict,
        reason: judgement.reason.to_owned(),
        cause: judgement.cause,
        what_stops: judgement.what_stops,
        next_action: judgement.next_action,
        urgency: judgement.urgency,
        alternative: judgement.alternative,
        licence: judgement.licence,
        ews_today: judgement.ews_today,
        routing: judgement.routing,
        graph: judgement.graph,
        products: judgement.products,
        wave: facts.wave.unwrap_or_default(),
        department: facts.department.unwrap_or_default(),
        owner: facts.owner.unwrap_or_default(),
        domain: domain.unwrap_or_default(),
        evidence: judgement.evidence,
        findings: judgement.findings,
        integrations: judgement.integrations,
        extras: entry.columns,
    }
}

/// A run by its identifier or a beginning that only it has; without one the newest.
///
/// # Errors
/// In words, when there is none, or when the name does not say which.
pub fn find_run(store: &Store, name: Option<&str>) -> Result<RunRecord, Failure> {
    let path = store.path().display();
    let Some(name) = name else {
        let none = || Failure::usage(format!("the store {path} holds no run"), "ewsready assess makes one");
        return store.newest_run()?.ok_or_else(none);
    };
    if name.is_empty() {
        // What an unset variable of a script leaves; the newest run was not meant by it.
        return Err(Failure::usage("the run's name is empty", "ewsready runs lists the runs that can be named"));
    }
    let mut found = store.runs_beginning(name)?;
    if found.len() > 1 {
        let one =
            |run: &RunRecord| format!("{} ({}, {})", run.uuid, run.tenant, run.started.strftime("%Y-%m-%d %H:%M:%SZ"));
        let list: Vec<String> = found.iter().map(one).collect();
        let message = format!("the identifiers of {} runs begin with '{name}'", list.len());
        return Err(Failure::usage(message, format!("name one of {}", list.join(", "))));
    }
    let none = || Failure::usage(format!("the store {path} has no run '{name}'"), "ewsready runs lists them");
    found.pop().ok_or_else(none)
}

/// Makes sure that reports can be written before hours are spent on them.
///
/// # Errors
/// In words, when the folder cannot be made or written.
pub fn check_folder(out: &Path) -> Result<(), Failure> {
    private::folder(out).and_then(|()| tempfile::tempfile_in(out).map(drop)).map_err(|error| {
        Failure::usage(
            format!("the output folder {} cannot be written: {error}", out.display()),
            "name another with --out, or mend its rights",
        )
    })
}
