//! Which roster addresses an account of the directory bears, and how strongly.

use std::collections::HashMap;

use crate::evidence::mailbox::{Account, MatchedBy};
use crate::evidence::store::{RunId, Store, StoreError, Subject};

/// The roster's addresses, for looking accounts up as a listing goes by.
#[derive(Debug, Default)]
pub struct Roster {
    by_address: HashMap<Box<str>, u64>,
    by_object: HashMap<Box<str>, Vec<u64>>,
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

/// How an account was matched by one address alone; empty: not at all.
pub fn matched_by(account: &Account, address: &str) -> Vec<MatchedBy> {
    let wanted = key(address);
    let mut by: Vec<_> = addresses(account).filter(|(address, _)| key(address) == wanted).map(|(_, by)| by).collect();
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

    fn roster(addresses: &[&str]) -> Roster {
        let mut roster = Roster::default();
        for (id, address) in (1..).zip(addresses) {
            roster.add(Subject { id, address: (*address).to_owned(), object_id: None, mailbox: None });
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
    fn international_domains_meet_in_their_wire_form() {
        assert_eq!(key("Jörg@Bücher.example"), "jörg@xn--bcher-kva.example");
        assert_eq!(matched_by(&account(), "ADA@CONTOSO.example").first(), Some(&MatchedBy::PrimarySmtp));
    }
}
