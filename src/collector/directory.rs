//! Who the addresses are: the whole directory page by page, or each address by itself, whichever costs fewer calls.

use std::panic::resume_unwind;
use std::sync::Arc;

use serde::Serialize;

use super::Collector;
use super::matching::{Roster, matched_by};
use super::pending::Pending;
use crate::evidence::mailbox::{Account, DeletedAccount, DirectoryMatch, GraphAnswer};
use crate::evidence::observation::{Cause, Observation, Source};
use crate::evidence::question::Question;
use crate::evidence::store::{Candidate, LARGEST_ANSWER, Lacking, StoreError, Subject};
use crate::service::graph::{Links, Unread};
use crate::service::one_line;
use crate::transport::Trouble;

/// Listings of the directory, as the store names them.
const USERS: &str = "users";
const DELETED: &str = "deleted_users";
/// Users on a page, and look-ups in a batch.
const USERS_A_PAGE: u64 = 999;
const LOOKUPS_A_BATCH: u64 = 20;
/// Subjects whose candidates are held at once; a hostile directory may have stored many and large ones.
const MATCHED_AT_ONCE: usize = 100;
/// Rosters from this size on read the whole list when the directory does not tell its size.
const UNKNOWN_SIZE: usize = 2000;

/// Who of the roster is on a page.
type Matching<T> = fn(&Roster, &[T]) -> Result<Vec<Candidate>, Trouble>;

impl Collector {
    /// Finds every address in the directory; gives the refusal when the directory may not be read at all.
    pub(super) async fn directory(&self) -> Result<Option<Trouble>, StoreError> {
        let lacking = self.lacking()?;
        let open = lacking.count(Question::Directory);
        if open == 0 {
            return Ok(None);
        }
        self.board.expect(Question::Directory, open);
        let roster = Arc::new(Roster::of(&self.store, self.run)?);
        let deleted = self.list_deleted(&roster).await?;
        self.writer.settle().await?;
        if self.is_list_cheaper(open, roster.len()).await? {
            let users = self.list_users(&roster).await?;
            self.writer.settle().await?;
            if let Err(refusal) = &users
                && matches!(refusal.cause, Cause::NotPermitted | Cause::SignIn)
            {
                return Ok(Some(refusal.clone()));
            }
            self.close_directory(&lacking, users, &deleted).await?;
        } else {
            let pending = Pending::of(self, Question::Directory, &lacking);
            self.each(pending, async |subject| self.look_up(subject, &deleted).await).await?;
        }
        Ok(None)
    }

    /// Whether the whole list costs fewer calls than each address by itself; says which and why.
    async fn is_list_cheaper(&self, open: u64, roster: usize) -> Result<bool, StoreError> {
        let begun = self.store.listing(self.run, USERS)?.is_some();
        let lookups = open.div_ceil(LOOKUPS_A_BATCH);
        let (cheaper, why) = if begun {
            (true, "the list was begun before".to_owned())
        } else if let Ok(users) = self.services.graph.count_users().await {
            let pages = users.div_ceil(USERS_A_PAGE).max(1);
            (pages <= lookups, format!("{users} users are {pages} pages, {open} look-ups are {lookups} batches"))
        } else {
            (roster > UNKNOWN_SIZE, "the directory does not say how large it is".to_owned())
        };
        let way = if cheaper { "the whole list of users" } else { "each address by itself" };
        self.board.remark(format!("directory: reading {way} ({why})"));
        Ok(cheaper)
    }

    async fn list_users(&self, roster: &Arc<Roster>) -> Result<Result<(), Trouble>, StoreError> {
        let page = async |next: Option<&str>| self.services.graph.users(next).await;
        self.list(USERS, page, roster, |roster, accounts: &[Account]| {
            gathered(accounts.iter().flat_map(|account| candidates(roster, account)))
        })
        .await
    }

    async fn list_deleted(&self, roster: &Arc<Roster>) -> Result<Result<(), Trouble>, StoreError> {
        let page = async |next: Option<&str>| self.services.graph.deleted_users(next).await;
        self.list(DELETED, page, roster, |roster, deleted: &[(DeletedAccount, Vec<String>)]| {
            let of = |(account, addresses): &(_, Vec<_>)| deleted_candidates(roster, account, addresses);
            gathered(deleted.iter().flat_map(of))
        })
        .await
    }

    /// Follows a listing page by page from where it stands, storing what matches with where it goes on. A page is on its
    /// way while the one before it is read, matched and stored.
    async fn list<T: 'static>(
        &self,
        name: &'static str,
        fetch: impl AsyncFn(Option<&str>) -> Result<Unread<T>, Trouble>,
        roster: &Arc<Roster>,
        matching: Matching<T>,
    ) -> Result<Result<(), Trouble>, StoreError> {
        let state = self.store.listing(self.run, name)?;
        if state == Some(None) {
            return Ok(Ok(()));
        }
        let mut page = match state.flatten() {
            // A link from an earlier day may have expired: begin again rather than give up.
            Some(link) => match fetch(Some(&link)).await {
                Err(_) => fetch(None).await,
                page => page,
            },
            None => fetch(None).await,
        };
        let mut links = Links::default();
        loop {
            let present = match page {
                Ok(present) => present,
                Err(trouble) => return Ok(Err(trouble)),
            };
            let next = present.next.clone();
            // What goes wrong with this page ends the listing at once; what goes wrong with the next one when it is its turn.
            let stored = async {
                match self.store_page(name, present, roster, matching, &mut links).await {
                    Ok(Ok(())) => Ok(()),
                    end => Err(end),
                }
            };
            let following = async {
                match &next {
                    Some(link) => Ok(Some(fetch(Some(link)).await)),
                    None => Ok(None),
                }
            };
            match tokio::try_join!(stored, following) {
                Ok(((), Some(following))) => page = following,
                Ok(((), None)) => return Ok(Ok(())),
                Err(end) => return end,
            }
        }
    }

    /// Reads a page on another core, and stores who of the roster is on it and where the list goes on.
    async fn store_page<T: 'static>(
        &self,
        name: &'static str,
        page: Unread<T>,
        roster: &Arc<Roster>,
        matching: Matching<T>,
        links: &mut Links,
    ) -> Result<Result<(), Trouble>, StoreError> {
        let (next, roster) = (page.next.clone(), Arc::clone(roster));
        let read = tokio::task::spawn_blocking(move || {
            let entries = page.entries()?;
            Ok((entries.len(), matching(&roster, &entries)?))
        });
        let checked =
            read.await.unwrap_or_else(|fault| resume_unwind(fault.into_panic())).and_then(|(entries, found)| {
                links.follow(next.as_deref(), entries)?;
                Ok(found)
            });
        match checked {
            Ok(found) => {
                self.writer.candidates(found).await?;
                self.writer.listing(name, next).await?;
                Ok(Ok(()))
            }
            Err(trouble) => Ok(Err(trouble)),
        }
    }

    async fn look_up(&self, subject: Subject, deleted: &Result<(), Trouble>) -> Result<(), StoreError> {
        let found =
            self.services.graph.find(&subject.address, subject.roster_object.as_deref()).await.map(|accounts| {
                let with_reason = |mut account: Account| {
                    account.matched_by = matched_by(&account, &subject);
                    account
                };
                accounts.into_iter().map(with_reason).filter(|account| !account.matched_by.is_empty()).collect()
            });
        let found = match found {
            Ok(accounts) => {
                let mut found = self.store.candidates(self.run, subject.id..=subject.id)?;
                let deleted = found.remove(&subject.id).unwrap_or_default().deleted;
                Ok(DirectoryMatch { accounts, deleted })
            }
            Err(trouble) => Err(trouble),
        };
        self.close_subject(subject.id, found, deleted).await
    }

    /// Turns candidates into outcomes. When the list broke off, what was not found is unknown, not absent; what
    /// was found may still have a double on a page never seen, so it is unknown too.
    async fn close_directory(
        &self,
        lacking: &Lacking,
        users: Result<(), Trouble>,
        deleted: &Result<(), Trouble>,
    ) -> Result<(), StoreError> {
        if let Err(trouble) = &users {
            self.board.remark(format!("the directory could not be read to its end: {trouble}"));
        }
        let mut pending = Pending::of(self, Question::Directory, lacking);
        loop {
            let subjects = pending.by_ref().take(MATCHED_AT_ONCE).collect::<Result<Vec<_>, _>>()?;
            if subjects.is_empty() {
                break;
            }
            self.close_subjects(&subjects, &users, deleted).await?;
        }
        self.writer.settle().await?;
        if users.is_ok() && deleted.is_ok() {
            self.store.drop_candidates(self.run)?;
        }
        Ok(())
    }

    async fn close_subjects(
        &self,
        subjects: &[Subject],
        users: &Result<(), Trouble>,
        deleted: &Result<(), Trouble>,
    ) -> Result<(), StoreError> {
        let (Some(first), Some(last)) = (subjects.first(), subjects.last()) else { return Ok(()) };
        let mut matches = self.store.candidates(self.run, first.id..=last.id)?;
        for subject in subjects {
            let found = users.clone().map(|()| matches.remove(&subject.id).unwrap_or_default());
            self.close_subject(subject.id, found, deleted).await?;
        }
        Ok(())
    }

    /// Gives a directory question its outcome, and with it those that follow from it.
    async fn close_subject(
        &self,
        subject: u64,
        found: Result<DirectoryMatch, Trouble>,
        deleted: &Result<(), Trouble>,
    ) -> Result<(), StoreError> {
        // Nobody found, and the recycle bin not seen: deleted or never there, we cannot say.
        let found = match (found, deleted) {
            (Ok(found), Err(trouble)) if found.accounts.is_empty() => Err(trouble.clone()),
            (found, _) => found,
        };
        match found.as_ref().map(DirectoryMatch::the_one) {
            Ok(Some(account)) if !account.is_certainly_guest() => {
                let mailbox = account.primary_smtp.clone().or_else(|| account.mail.clone());
                self.writer.account(subject, account.id.clone(), mailbox).await?;
            }
            // Nobody, several, or somebody else's user: there is no mailbox of ours to ask about.
            Ok(_) => {
                for question in Question::CORE.into_iter().filter(|question| *question != Question::Directory) {
                    self.writer.observe(subject, question, &Observation::<GraphAnswer>::NotAsked).await?;
                }
            }
            Err(_) => {}
        }
        let outcome = self.observed(found, Source::Directory);
        self.writer.observe(subject, Question::Directory, &outcome).await?;
        self.board.done(Question::Directory, 1);
        Ok(())
    }
}

/// Largest sum of the candidates of one page, in bytes; a page of 999 accounts has about 20 million.
const LARGEST_PAGE: usize = 64 << 20;

/// The candidates of a page. An account is stored with every line of the roster it matches, so that one which bears
/// everybody's address must not be believed.
fn gathered(candidates: impl Iterator<Item = Result<Candidate, Trouble>>) -> Result<Vec<Candidate>, Trouble> {
    let (mut room, mut gathered) = (LARGEST_PAGE, Vec::new());
    for candidate in candidates {
        let candidate = candidate?;
        let size = candidate.body.len();
        room = room.checked_sub(size).filter(|_| size <= LARGEST_ANSWER).ok_or_else(|| {
            let detail =
                format!("the directory describes {} at a length no account has", one_line(&candidate.object_id));
            Trouble::new(Cause::Unreadable, detail)
        })?;
        gathered.push(candidate);
    }
    Ok(gathered)
}

fn candidates<'a>(roster: &Roster, account: &'a Account) -> impl Iterator<Item = Result<Candidate, Trouble>> + use<'a> {
    let matches = roster.matches(account).into_iter();
    matches
        .map(|(subject, matched_by)| candidate(subject, &account.id, false, &Account { matched_by, ..account.clone() }))
}

fn deleted_candidates(
    roster: &Roster,
    account: &DeletedAccount,
    addresses: &[String],
) -> Vec<Result<Candidate, Trouble>> {
    let mut subjects: Vec<_> = addresses.iter().filter_map(|address| roster.by_address(address)).collect();
    subjects.sort_unstable();
    subjects.dedup();
    subjects.into_iter().map(|subject| candidate(subject, &account.id, true, account)).collect()
}

/// An account as it is kept for a line of the roster. One that cannot be kept is a trouble: passed over, it would be
/// nobody, and nobody is a verdict.
fn candidate(subject: u64, id: &str, deleted: bool, account: &impl Serialize) -> Result<Candidate, Trouble> {
    let body = serde_json::to_string(account).map_err(|error| {
        Trouble::new(Cause::Unreadable, format!("the directory's {} cannot be kept: {error}", one_line(id)))
    })?;
    Ok(Candidate { subject, object_id: id.to_owned(), deleted, body })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_that_cannot_be_kept_is_a_trouble_and_not_nobody() {
        // JSON has no object whose names are lists.
        let no_json = std::collections::BTreeMap::from([(vec![1], 1)]);
        let trouble = gathered([candidate(1, "7", false, &no_json)].into_iter()).unwrap_err();
        assert!(trouble.cause == Cause::Unreadable && trouble.detail.contains("the directory's 7"), "{trouble}");
        let kept = gathered([candidate(1, "7", true, &Account::default())].into_iter()).unwrap();
        assert!(kept[0].deleted && kept[0].subject == 1);
    }
}
