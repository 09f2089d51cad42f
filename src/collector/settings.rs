//! Mailbox settings in bulk, matched to the roster as the pages go by.

use super::matching::Roster;
use super::pending::Pending;
use super::{Collector, no_source};
use crate::evidence::observation::{Cause, Observation, Source};
use crate::evidence::question::Question;
use crate::evidence::store::{Lacking, Rows, StoreError};
use crate::service::exchange_admin::Keyed;
use crate::service::graph::Links;
use crate::service::supply::Supply;
use crate::transport::Trouble;

impl Collector {
    /// EWS settings and kind of every mailbox.
    pub(super) async fn mailbox_settings(&self, lacking: &Lacking) -> Result<(), StoreError> {
        let roster = Roster::of(&self.store, self.run)?;
        let exchange = &self.services.exchange;
        let cas = self.list_settings(Question::Cas, lacking, &roster, exchange.cas_mailboxes.as_deref());
        let recipients = self.list_settings(Question::Recipient, lacking, &roster, exchange.mailboxes.as_deref());
        let (cas, recipients) = tokio::join!(cas, recipients);
        cas.and(recipients)
    }

    async fn list_settings<T: serde::Serialize>(
        &self,
        question: Question,
        lacking: &Lacking,
        roster: &Roster,
        supply: Option<&dyn Supply<Keyed<T>>>,
    ) -> Result<(), StoreError> {
        let wanted = lacking.count(question);
        self.board.expect(question, wanted);
        let Some(supply) = supply else {
            let open: Observation<Option<T>> = no_source("the Exchange admin backend", self.clock.now());
            return self.close_all(question, Pending::of(self, question, lacking), &open).await;
        };
        self.remark_gap(supply);
        // The links of this backend live for minutes only: an interrupted listing begins again, and names those too who
        // have their outcome.
        let (mut next, mut links) = (None::<String>, Links::default());
        let mut counted = Counted::default();
        let everybody = if wanted == 0 { 0 } else { lacking.accounts() };
        // A list that changes while it is read may name somebody twice.
        let mut seen = Rows::default();
        let trouble = loop {
            // Everybody of a small roster may be found long before a large tenant ends; a file's lines are counted.
            if seen.count() >= everybody && (counted.lines == 0 || !matches!(supply.source(), Source::Import(_))) {
                break None;
            }
            let page = match supply.page(next.as_deref()).await {
                Ok(page) => page,
                Err(trouble) => break Some(trouble),
            };
            let entries = page.items.len();
            for mailbox in page.items {
                counted.identified |= mailbox.object_id.is_some();
                let found = self.store_settings(question, roster, mailbox, supply).await?;
                counted.lines += 1;
                counted.matched += u64::from(!found.is_empty());
                found.into_iter().for_each(|subject| seen.insert(subject));
            }
            if let Err(trouble) = links.follow(page.next.as_deref(), entries) {
                break Some(trouble);
            }
            next = page.next;
            if next.is_none() {
                break None;
            }
        };
        if let Some(trouble) = &trouble {
            self.board.remark(format!("mailbox settings stay unknown for those not yet seen: {trouble}"));
        }
        let rest = match (trouble, supply.source()) {
            (Some(trouble), _) => Err(trouble),
            (None, Source::Import(file)) => self.not_in_file(&file, supply.is_complete(), &counted).map(|()| None),
            // Who was not listed to the end of the list has no mailbox in Exchange Online.
            (None, _) => Ok(None),
        };
        let rest: Observation<Option<T>> = self.observed(rest, supply.source());
        self.close_all(question, Pending::of(self, question, lacking).but(&seen), &rest).await
    }

    /// A file is as complete as somebody made it: who is not in it has no mailbox if the file says that it is whole,
    /// knows this roster's people and names mailboxes by more than an address, which may have changed; else it stays
    /// unknown.
    fn not_in_file(&self, file: &str, complete: bool, counted: &Counted) -> Result<(), Trouble> {
        let Counted { lines, matched, identified } = *counted;
        let others = lines - matched;
        self.board.remark(format!("{file}: {matched} lines belong to this roster, {others} to nobody in it"));
        let detail = match (matched, complete, identified) {
            (0, _, _) => {
                format!("{file} has {lines} lines and none is anybody of this roster: is it another tenant's?")
            }
            (_, true, true) => return Ok(()),
            (_, true, false) => format!(
                "{file} names mailboxes by their addresses alone, and none by this one's; templates/export-exchange.ps1 makes one with ExternalDirectoryObjectId"
            ),
            (_, false, _) => format!(
                "{file} has no line for this mailbox and does not say that it is complete; templates/export-exchange.ps1 makes one that does"
            ),
        };
        Err(Trouble::new(Cause::Inconclusive, detail))
    }

    /// Stores one mailbox's settings for whoever of the roster it is; returns who that is.
    async fn store_settings<T: serde::Serialize>(
        &self,
        question: Question,
        roster: &Roster,
        mailbox: Keyed<T>,
        supply: &dyn Supply<Keyed<T>>,
    ) -> Result<Vec<u64>, StoreError> {
        let mut subjects: Vec<u64> =
            mailbox.object_id.as_deref().map(|id| roster.by_object(id).collect()).unwrap_or_default();
        if mailbox.object_id.is_none() {
            subjects.extend(mailbox.primary_smtp.iter().flat_map(|address| roster.by_any_address(address)));
        }
        if subjects.is_empty() {
            return Ok(subjects);
        }
        tracing::trace!(?question, ?subjects, "matched");
        let at = supply.at().unwrap_or(self.clock.now());
        let outcome = match mailbox.value {
            Ok(settings) => Observation::known(Some(settings), supply.source(), at),
            Err(detail) => Observation::unknown(Cause::Unreadable, detail, at),
        };
        for subject in &subjects {
            self.writer.observe(*subject, question, &outcome).await?;
            self.board.done(question, 1);
        }
        Ok(subjects)
    }
}

/// What a listing of settings held.
#[derive(Debug, Default)]
struct Counted {
    lines: u64,
    /// Lines that are somebody's of this roster.
    matched: u64,
    /// Whether any line has an object id.
    identified: bool,
}
