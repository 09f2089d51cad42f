//! Exports meet the roster: by the roster's address, or any other address of the account behind it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::{Exports, Person};
use crate::evidence::joined::{AppUse, ExportKind, Joined, JoinedExport, MailboxUse};
use crate::evidence::mailbox::DirectoryMatch;
use crate::evidence::question::Question;
use crate::evidence::store::{EntryRecord, RawEntry, RunId, Store, StoreError, Writer};
use crate::evidence::tenant::TenantFact;
use crate::evidence::{MailboxEvidence, Observation, Source};

/// Entries looked at at once.
const CHUNK: usize = 2048;
/// Lines without a partner that are named.
const EXAMPLES: usize = 20;

/// Joins exports to a run's roster and keeps what was joined with the run. Returns what became of each export.
///
/// # Errors
/// When the store fails.
pub async fn join(
    exports: Exports,
    store: &Store,
    run: RunId,
    now: Timestamp,
) -> Result<Vec<JoinedExport>, StoreError> {
    let Exports { read, people, mut usage, apps: _ } = exports;
    let files: Vec<&str> = read.iter().map(|read| read.file.as_str()).collect();
    let source = Source::Import(files.join(", "));
    let (found, matched) = partners(store, run, &people)?;
    let writer = Writer::start(store, run)?;
    for (subject, joined) in &found {
        let known = Observation::known(joined.clone(), source.clone(), now);
        writer.observe(*subject, Question::Joined, &known).await?;
    }
    count_mailboxes(&people, &mut usage);
    let told: Vec<JoinedExport> = read
        .into_iter()
        .map(|read| {
            let strangers = read.waiting.iter().filter(|(_, address)| !matched.contains(&**address));
            let unmatched = strangers.clone().count() as u64;
            JoinedExport {
                matched: read.matched + read.waiting.len() as u64 - unmatched,
                unmatched,
                examples: strangers.take(EXAMPLES).map(|(line, address)| (*line, address.to_string())).collect(),
                kind: read.kind,
                file: read.file,
                lines: read.lines,
                blank: read.blank,
                other: read.other,
            }
        })
        .collect();
    if told.iter().any(|export| matches!(export.kind, ExportKind::EwsUsage | ExportKind::EwsAudit)) {
        let uses: Vec<AppUse> = usage.into_values().map(sorted).collect();
        writer.observe_tenant(TenantFact::EwsUsage, &Observation::known(uses, source.clone(), now)).await?;
    }
    writer.observe_tenant(TenantFact::Exports, &Observation::known(told.clone(), source, now)).await?;
    writer.settle().await?;
    Ok(told)
}

type Partners<'p> = (HashMap<u64, Joined>, HashSet<&'p str>);

/// What the exports say about each subject, and which of their addresses have a partner.
fn partners<'p>(store: &Store, run: RunId, people: &'p BTreeMap<Arc<str>, Person>) -> Result<Partners<'p>, StoreError> {
    let (mut found, mut matched) = (HashMap::new(), HashSet::new());
    store.each_entry(run, CHUNK, |chunk: Vec<RawEntry>| -> Result<(), StoreError> {
        for raw in chunk {
            let (entry, evidence) = raw.parse()?;
            let Some(subject) = entry.subject else { continue };
            let mut joined = Joined::default();
            for address in addresses(&entry, &evidence) {
                let Some((address, person)) = people.get_key_value(address.as_str()) else { continue };
                matched.insert(&**address);
                add(&mut joined, person);
            }
            found.entry(subject).or_insert(joined);
        }
        Ok(())
    })?;
    Ok((found, matched))
}

/// Every address of a subject, the roster's and the primary one first, each once, lower case.
fn addresses(entry: &EntryRecord, evidence: &MailboxEvidence) -> Vec<String> {
    let mut all: Vec<String> = entry.address.iter().map(|address| address.to_lowercase()).collect();
    if let Some(account) = evidence.directory.value().and_then(DirectoryMatch::the_one) {
        let own = account.primary_smtp.iter().chain([&account.user_principal_name]).chain(&account.mail);
        all.extend(own.chain(&account.smtp_addresses).map(|address| address.to_lowercase()));
    }
    let mut seen = HashSet::new();
    all.retain(|address| seen.insert(address.clone()));
    all
}

/// What stands under the stronger address counts.
fn add(joined: &mut Joined, person: &Person) {
    joined.salesforce_user = joined.salesforce_user.take().or_else(|| person.user.clone());
    joined.salesforce_connection = joined.salesforce_connection.take().or_else(|| person.connection.clone());
    joined.dynamics = joined.dynamics.take().or_else(|| person.dynamics.clone());
    joined.ews_apps.extend(person.uses.iter().map(|used| MailboxUse {
        app_id: used.app.to_string(),
        calls: used.calls,
        last: used.last,
    }));
}

/// In how many mailboxes, of the roster or not, the audit search saw each application.
fn count_mailboxes(people: &BTreeMap<Arc<str>, Person>, usage: &mut BTreeMap<String, AppUse>) {
    for used in people.values().flat_map(|person| &person.uses) {
        let app_id = used.app.to_string();
        let known = usage.entry(app_id.clone()).or_insert_with(|| AppUse { app_id, ..AppUse::default() });
        known.mailboxes += 1;
        known.last = known.last.max(used.last);
    }
}

fn sorted(mut used: AppUse) -> AppUse {
    used.actions.sort_by(|(a, calls), (b, others)| others.cmp(calls).then_with(|| a.cmp(b)));
    used
}
