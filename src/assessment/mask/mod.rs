//! `--anonymize`: a report with pseudonyms in the place of everything that says who it is about.
//!
//! The mask is put on what is shown, after it was judged: verdicts, counts and what is stored cannot change by it. What
//! identifies a person or the customer goes: names, addresses, object ids, domains, hosts, tenant, files, departments,
//! owners, the roster's other columns, custom applications, notes, client and logo. What decides verdicts stays: products,
//! states, dates, Microsoft's and vendors' own ids and hosts. Every struct is taken apart field by field, so that a new
//! one does not compile before somebody has decided about it.

mod head;
pub mod words;

use std::path::Path;

use uuid::Uuid;

use self::words::{Known, Sentences};
use crate::compare::trend::LongBlocked;
use crate::compare::{Change, Changes, History, Kind, Trend};
use crate::evidence::store::{Annotation, EntryRecord, RunRecord, Store};
use crate::evidence::{MailboxEvidence, TenantEvidence};
use crate::facts::Facts;
use crate::failure::Failure;
use crate::plan::people::{Census, Member};
use crate::plan::progress::{Against, Line, Progress};
use crate::pseudonym::Pseudonyms;
use crate::report::row::Row;
use crate::verdict::{EvidenceLine, FindingLine, IntegrationLine, Judgement};

/// Words of a wave's name that say nothing about the customer.
const WAVE_WORDS: [&str; 14] =
    ["wave", "welle", "pilot", "phase", "batch", "stufe", "step", "week", "woche", "kw", "cw", "w", "later", "none"];

/// A part of a domain shorter than this is no name of an organisation.
const SHORTEST_LABEL: usize = 4;

/// How a file of the user's is named as a source of evidence.
const IMPORT: &str = "import ";

/// Puts pseudonyms in the place of names, for one tenant.
pub struct Mask<'a> {
    names: Pseudonyms,
    sentences: Sentences,
    tenant: Known,
    nobody: Known,
    facts: &'a Facts,
}

/// What is known about one entry, to find it in the sentences about it.
pub struct Person(Known);

impl<'a> Mask<'a> {
    /// With the key that the store keeps for the run's tenant.
    ///
    /// # Errors
    /// When the store fails.
    pub fn of(store: &Store, run: &RunRecord, tenant: &TenantEvidence, facts: &'a Facts) -> Result<Self, Failure> {
        let names = Pseudonyms::of_key(&store.pseudonym_key(&run.tenant)?);
        let tenant = tenant_words(tenant, &names, facts);
        Ok(Self { names, sentences: Sentences::new()?, tenant, nobody: Known::default(), facts })
    }

    /// What is known about an entry.
    pub fn person(&self, entry: &EntryRecord, evidence: &MailboxEvidence) -> Person {
        let mut known = Known::default();
        let accounts = evidence.directory.value().map(|found| found.accounts.as_slice()).unwrap_or_default();
        let recipient = evidence.recipient.value().and_then(Option::as_ref);
        let about = &entry.known;
        let people = [&about.display_name, &about.owner, &about.manager].into_iter().flatten();
        let people = people.chain(accounts.iter().filter_map(|account| account.display_name.as_ref()));
        let people = people.chain(recipient.into_iter().flat_map(|recipient| &recipient.send_on_behalf));
        people.chain([&entry.written]).for_each(|name| known.add(name, self.someone(name)));
        let joined = evidence.joined.value();
        let connection = joined.and_then(|joined| joined.salesforce_connection.as_ref());
        let record = joined.and_then(|joined| joined.dynamics.as_ref());
        let labels = connection.map(|connection| &connection.configuration).into_iter();
        let labels = labels.chain(record.map(|record| &record.profile)).chain(&about.dynamics_profile);
        labels.chain(&about.department).for_each(|label| known.add(label, self.names.name("value", label)));
        Person(known)
    }

    /// A row as it may be shared.
    pub fn row(&self, row: Row, person: &Person) -> Row {
        let text = |text: String| self.text(&text, &person.0);
        let extras = row.extras.iter().map(|cell| self.cell(cell, &row)).collect();
        Row {
            row: row.row,
            address: self.someone(&row.address),
            display_name: self.someone(&row.display_name),
            object_id: if row.object_id.is_empty() { String::new() } else { self.names.guid(&row.object_id) },
            verdict: row.verdict,
            reason: row.reason,
            cause: text(row.cause),
            what_stops: text(row.what_stops),
            next_action: text(row.next_action),
            urgency: row.urgency,
            alternative: text(row.alternative),
            licence: row.licence,
            ews_today: row.ews_today,
            routing: row.routing,
            graph: row.graph,
            products: row.products,
            wave: self.wave(&row.wave),
            department: self.names.name("department", &row.department),
            owner: self.someone(&row.owner),
            domain: if row.domain.is_empty() { String::new() } else { self.names.host(&row.domain) },
            evidence: row.evidence.into_iter().map(|line| self.evidence(line, person)).collect(),
            findings: row.findings.into_iter().map(|line| self.finding(line, person)).collect(),
            integrations: row.integrations.into_iter().map(|line| self.integration(line, person)).collect(),
            extras,
        }
    }

    /// The sentences of a judgement as they may be shared; what else it holds stays, as comparing and planning need it.
    pub fn judgement(&self, judgement: Judgement, person: &Person) -> Judgement {
        Judgement { cause: self.text(&judgement.cause, &person.0), ..judgement }
    }

    fn evidence(&self, line: EvidenceLine, person: &Person) -> EvidenceLine {
        let EvidenceLine { question, answer, source, at } = line;
        let source = match source.strip_prefix(IMPORT) {
            Some(file) => format!("{IMPORT}{}", self.file(file)),
            None => source,
        };
        EvidenceLine { question, answer: self.text(&answer, &person.0), source, at }
    }

    fn finding(&self, line: FindingLine, person: &Person) -> FindingLine {
        let FindingLine { rule, text, action } = line;
        FindingLine { rule, text: self.text(&text, &person.0), action: self.text(&action, &person.0) }
    }

    fn integration(&self, line: IntegrationLine, person: &Person) -> IntegrationLine {
        let IntegrationLine { integration, state, rule, text, action } = line;
        let (text, action) = (self.text(&text, &person.0), self.text(&action, &person.0));
        IntegrationLine { integration, state, rule, text, action }
    }

    /// What moved, as it may be shared. The causes of today's run are masked already, with its rows.
    pub fn changes(&self, changes: Changes) -> Changes {
        let Changes { from, to, rules_known, on_both, users } = changes;
        let one = |change: Change| {
            let Change { kind, address, was_address, object_id, owner, before, after, cause } = change;
            let earlier = kind == Kind::Rules;
            Change {
                kind,
                address: self.someone(&address).into(),
                was_address: was_address.map(|address| self.someone(&address).into()),
                object_id: if object_id.is_empty() { object_id } else { self.names.guid(&object_id).into() },
                owner: self.someone(&owner).into(),
                before,
                after,
                cause: if earlier { self.text(&cause, &self.nobody).into() } else { cause },
            }
        };
        Changes { from, to, rules_known, on_both, users: users.into_iter().map(one).collect() }
    }

    /// The trend as it may be shared.
    pub fn trend(&self, trend: Trend) -> Trend {
        let Trend { points, long_blocked, forecast } = trend;
        let one = |blocked: LongBlocked| LongBlocked { owner: self.someone(&blocked.owner).into(), ..blocked };
        Trend { points, long_blocked: long_blocked.into_iter().map(one).collect(), forecast }
    }

    /// What earlier runs and people add, as it may be shared: what people wrote is left out.
    pub fn history(&self, history: History) -> History {
        let History { changes, trend, plan, notes } = history;
        let note = |Annotation { reason, owner, due, comment: _ }: Annotation| {
            // A date is kept; a due date in words may be anything.
            let due = if due.parse::<jiff::civil::Date>().is_ok() { due } else { String::new() };
            Annotation { reason, owner: self.someone(&owner), due, comment: String::new() }
        };
        History {
            changes: changes.map(|changes| self.changes(changes)),
            trend: self.trend(trend),
            plan: plan.map(|against| self.against(against)),
            notes: notes.into_iter().map(note).collect(),
        }
    }

    /// How people stand against a plan, as it may be shared.
    pub fn against(&self, against: Against) -> Against {
        let one = |line: Line| {
            let Line { key, address, state, planned, now } = line;
            let key = self.names.name("person", &key).into();
            Line { key, address: self.someone(&address).into(), state, planned, now }
        };
        let Against { run, made, progress: Progress { lines } } = against;
        Against { run, made, progress: Progress { lines: lines.into_iter().map(one).collect() } }
    }

    /// Everybody of a plan, as they may be shown: to be called when the plan is made and kept.
    pub fn census(&self, census: Census) -> Census {
        let one = |member: Member| {
            let group = |text: &str| match text == &*member.department {
                true => self.names.name("department", text),
                false => self.names.name("value", text),
            };
            Member {
                key: self.names.name("person", &member.key).into(),
                address: self.someone(&member.address).into(),
                name: self.someone(&member.name).into(),
                department: self.names.name("department", &member.department).into(),
                owner: self.someone(&member.owner).into(),
                wish: self.wave(&member.wish).into(),
                together: group(&member.together).into(),
                spread: group(&member.spread).into(),
                ..member
            }
        };
        let Census { members, ties, asked } = census;
        Census { members: members.into_iter().map(one).collect(), ties, asked }
    }

    /// The profile's name.
    pub fn profile(&self, name: &str) -> String {
        self.names.name("tenant", name)
    }

    /// A sentence.
    fn text(&self, text: &str, person: &Known) -> String {
        self.sentences.mask(text, &self.names, |id| self.is_known(id), [person, &self.tenant])
    }

    /// A person's name or address, or what stands in the place of one.
    fn someone(&self, who: &str) -> String {
        self.names.address(who.trim())
    }

    /// A cell of the roster's own columns: the same pseudonym as where the row shows it by itself.
    fn cell(&self, cell: &str, row: &Row) -> String {
        match cell.trim() {
            cell if cell == row.wave.trim() => self.wave(cell),
            cell if cell == row.department.trim() => self.names.name("department", cell),
            cell if cell.contains('@') || cell == row.owner.trim() || cell == row.display_name => self.someone(cell),
            cell => self.names.name("value", cell),
        }
    }

    fn wave(&self, wave: &str) -> String {
        let harmless = |word: &str| word.is_empty() || WAVE_WORDS.contains(&word.to_lowercase().as_str());
        match wave.split(|letter: char| !letter.is_alphabetic()).all(harmless) {
            true => wave.to_owned(),
            false => self.names.name("wave", wave),
        }
    }

    /// A file of the user's: its kind stays.
    fn file(&self, name: &str) -> String {
        file(&self.names, name)
    }

    /// Whether an identifier is one that everybody may know: a vendor's application, a product, a plan.
    fn is_known(&self, id: &str) -> bool {
        let licensing = self.facts.licensing();
        let sold = |id: Uuid| licensing.product(id).is_some() || licensing.plan(id).is_some();
        self.facts.client(id).is_some() || id.parse().is_ok_and(sold)
    }
}

fn file(names: &Pseudonyms, name: &str) -> String {
    let kind = Path::new(name).extension().map(|kind| format!(".{}", kind.to_string_lossy())).unwrap_or_default();
    names.name("file", name) + &kind
}

/// What names the customer in sentences: the tenant, the telling part of its domains, its own applications, its files.
fn tenant_words(tenant: &TenantEvidence, names: &Pseudonyms, facts: &Facts) -> Known {
    let mut known = Known::default();
    if let Some(identity) = tenant.identity.value() {
        known.add(&identity.name, names.name("org", &identity.name));
        let domains = identity.domains.iter().map(|domain| domain.name.as_str());
        for label in domains.filter_map(telling) {
            known.add(label, names.name("org", label));
        }
    }
    let custom = tenant.applications.value().into_iter().flatten().filter(|app| facts.client(&app.app_id).is_none());
    custom.for_each(|app| known.add(&app.name, names.name("app", &app.name)));
    let exports = tenant.exports.value().into_iter().flatten();
    exports.for_each(|export| known.add(&export.file, file(names, &export.file)));
    known
}

/// The longest part of a domain but the last, which says whose it is.
fn telling(domain: &str) -> Option<&str> {
    let own = domain.strip_suffix(".onmicrosoft.com").or_else(|| domain.rsplit_once('.').map(|(own, _)| own))?;
    own.split('.').max_by_key(|label| label.len()).filter(|label| label.len() >= SHORTEST_LABEL)
}
