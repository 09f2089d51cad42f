//! Which roster addresses an account of the directory bears, and how strongly.

use std::collections::HashMap;

use crate::evidence::mailbox::{Account, MatchedBy};
use crate::evidence::store::{RunId, Store, StoreError, Subject};

/// The roster's addresses, for looking accounts up as a listing goes by.
#[derive(Debug, Default)]
pub struct Roster {
    by_address: HashMap<Box<str>, u64>,
    by_object: HashMap<Box<str>, Vec<u64>>,
    /// By the object id the roster itself gives.
    by_roster_object: HashMap<Box<str>, Vec<u64>>,
}

impl Roster {
    /// Reads the roster's addresses, and the object ids known so far.
    pub fn of(store: &Store, run: RunId) -> Result<Self, StoreError> {
        let mut roster = Self::default();
        store.each_subject(run, |subject| roster.add(subject))?;
        Ok(roster)
    }

    fn add(&mut self, subject: Subject) {
        if let Some(object) = subject.object_id {
            self.by_object.entry(object.to_lowercase().into()).or_default().push(subject.id);
        }
        if let Some(object) = subject.roster_object {
            self.by_roster_object.entry(object.into()).or_default().push(subject.id);
        }
        self.by_address.insert(subject.address.into(), subject.id);
    }

    /// How many addresses there are.
    pub fn len(&self) -> usize {
        self.by_address.len()
    }

    /// The subject with an address.
    pub fn by_address(&self, address: &str) -> Option<u64> {
        self.by_address.get(key(address).as_str()).copied()
    }

    /// The subjects that are a directory object.
    pub fn by_object(&self, object: &str) -> &[u64] {
        self.by_object.get(object.to_lowercase().as_str()).map_or(&[], Vec::as_slice)
    }

    /// The subjects an account answers to, each with every way it was matched, strongest first.
    pub fn matches(&self, account: &Account) -> Vec<(u64, Vec<MatchedBy>)> {
        let mut found: HashMap<u64, Vec<MatchedBy>> = HashMap::new();
        for subject in self.by_roster_object.get(account.id.to_lowercase().as_str()).into_iter().flatten() {
            found.entry(*subject).or_default().push(MatchedBy::ObjectId);
        }
        let mut note = |address: &str, by: MatchedBy| {
            if let Some(subject) = self.by_address(address) {
                found.entry(subject).or_default().push(by);
            }
        };
        for (address, by) in addresses(account) {
            note(address, by);
        }
        let mut found: Vec<_> = found.into_iter().collect();
        for (_, by) in &mut found {
            by.sort_unstable();
            by.dedup();
        }
        found.sort_unstable();
        found
    }
}

/// Every address of an account, with what it is there.
fn addresses(account: &Account) -> impl Iterator<Item = (&str, MatchedBy)> {
    let primary = account.primary_smtp.as_deref();
    let smtp = account.smtp_addresses.iter().map(move |address| {
        let is_primary = primary.is_some_and(|primary| primary == address);
        (address.as_str(), if is_primary { MatchedBy::PrimarySmtp } else { MatchedBy::Alias })
    });
    let upn = Some((account.user_principal_name.as_str(), MatchedBy::UserPrincipalName));
    let mail = account.mail.as_deref().map(|mail| (mail, MatchedBy::Mail));
    smtp.chain(upn).chain(mail)
}

/// How an account was matched by one subject alone; empty: not at all.
pub fn matched_by(account: &Account, subject: &Subject) -> Vec<MatchedBy> {
    let wanted = key(&subject.address);
    let by_object = subject.roster_object.as_deref().filter(|object| account.id.eq_ignore_ascii_case(object));
    let by_address = addresses(account).filter(|(address, _)| key(address) == wanted).map(|(_, by)| by);
    let mut by: Vec<_> = by_object.map(|_| MatchedBy::ObjectId).into_iter().chain(by_address).collect();
    by.sort_unstable();
    by.dedup();
    by
}

/// The form addresses are compared in: lower case, domain in A-labels.
pub fn key(address: &str) -> String {
    let lower = address.trim().to_lowercase();
    match lower.rsplit_once('@') {
        Some((local, domain)) if !domain.is_ascii() => match idna::domain_to_ascii(domain) {
            Ok(domain) => format!("{local}@{domain}"),
            Err(_) => lower,
        },
        _ => lower,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(id: u64, address: &str) -> Subject {
        Subject { id, address: address.to_owned(), ..Subject::default() }
    }

    fn roster(addresses: &[&str]) -> Roster {
        let mut roster = Roster::default();
        for (id, address) in (1..).zip(addresses) {
            roster.add(subject(id, address));
        }
        roster
    }

    fn account() -> Account {
        Account {
            user_principal_name: "Ada@contoso.example".to_owned(),
            mail: Some("ada@contoso.example".to_owned()),
            primary_smtp: Some("ADA@contoso.example".to_owned()),
            smtp_addresses: vec!["ADA@contoso.example".to_owned(), "countess@contoso.example".to_owned()],
            ..Account::default()
        }
    }

    #[test]
    fn every_attribute_matches_without_regard_to_case() {
        let roster = roster(&["ada@contoso.example", "countess@contoso.example", "bob@contoso.example"]);
        let matches = roster.matches(&account());
        assert_eq!(
            matches,
            [
                (1, vec![MatchedBy::PrimarySmtp, MatchedBy::UserPrincipalName, MatchedBy::Mail]),
                (2, vec![MatchedBy::Alias]),
            ]
        );
    }

    #[test]
    fn an_object_id_of_the_roster_finds_its_account_under_any_address() {
        let mut roster = Roster::default();
        roster.add(Subject { roster_object: Some("ab".to_owned()), ..subject(7, "renamed@contoso.example") });
        let account = Account { id: "AB".to_owned(), ..account() };
        assert_eq!(roster.matches(&account), [(7, vec![MatchedBy::ObjectId])]);
    }

    #[test]
    fn international_domains_meet_in_their_wire_form() {
        assert_eq!(key("Jörg@Bücher.example"), "jörg@xn--bcher-kva.example");
        assert_eq!(matched_by(&account(), &subject(1, "ADA@CONTOSO.example")).first(), Some(&MatchedBy::PrimarySmtp));
    }
}
