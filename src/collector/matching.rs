//! Which roster addresses an account of the directory bears, and how strongly.

use crate::evidence::mailbox::{Account, MatchedBy};
use crate::evidence::store::{RunId, Store, StoreError, Subject};

/// The roster's addresses, for looking accounts up as a listing goes by. 24 bytes an address and as many an object id:
/// of the words themselves only a digest is kept.
#[derive(Debug, Default)]
pub struct Roster {
    by_address: Index,
    by_object: Index,
    /// By the object id the roster itself gives.
    by_roster_object: Index,
    /// By the primary address of the account, where the roster has another one.
    by_mailbox: Index,
}

impl Roster {
    /// Reads the roster's addresses, and the object ids known so far.
    pub fn of(store: &Store, run: RunId) -> Result<Self, StoreError> {
        let mut roster = Self::default();
        store.each_subject(run, |subject| roster.add(&subject))?;
        Ok(roster.in_order())
    }

    fn add(&mut self, subject: &Subject) {
        if let Some(object) = &subject.object_id {
            self.by_object.add(&object.to_lowercase(), subject.id);
        }
        if let Some(object) = &subject.roster_object {
            self.by_roster_object.add(object, subject.id);
        }
        if let Some(mailbox) = subject.mailbox.as_deref().map(key).filter(|mailbox| *mailbox != subject.address) {
            self.by_mailbox.add(&mailbox, subject.id);
        }
        self.by_address.add(&subject.address, subject.id);
    }

    fn in_order(mut self) -> Self {
        for index in [&mut self.by_address, &mut self.by_object, &mut self.by_roster_object, &mut self.by_mailbox] {
            index.0.sort_unstable();
            index.0.shrink_to_fit();
        }
        self
    }

    /// How many addresses there are.
    pub fn len(&self) -> usize {
        self.by_address.0.len()
    }

    /// The subject with an address.
    pub fn by_address(&self, address: &str) -> Option<u64> {
        self.by_address.of(&key(address)).next()
    }

    /// The subjects with an address, on the roster or as the primary one of their account.
    pub fn by_any_address(&self, address: &str) -> Vec<u64> {
        let address = key(address);
        let mut subjects: Vec<_> = self.by_address.of(&address).chain(self.by_mailbox.of(&address)).collect();
        subjects.sort_unstable();
        subjects.dedup();
        subjects
    }

    /// The subjects that are a directory object.
    pub fn by_object<'a>(&'a self, object: &str) -> impl Iterator<Item = u64> + use<'a> {
        self.by_object.of(&object.to_lowercase())
    }

    /// The subjects an account answers to, each with every way it was matched, strongest first.
    pub fn matches(&self, account: &Account) -> Vec<(u64, Vec<MatchedBy>)> {
        let by_object = self.by_roster_object.of(&account.id.to_lowercase());
        let by_address = addresses(account).filter_map(|(address, by)| Some((self.by_address(address)?, by)));
        let mut matches: Vec<_> = by_object.map(|subject| (subject, MatchedBy::ObjectId)).chain(by_address).collect();
        matches.sort_unstable();
        matches.dedup();
        let mut found: Vec<(u64, Vec<MatchedBy>)> = Vec::new();
        for (subject, by) in matches {
            match found.last_mut() {
                Some((last, ways)) if *last == subject => ways.push(by),
                _ => found.push((subject, vec![by])),
            }
        }
        found
    }
}

/// Words and the subjects they belong to, in the order of the words' digests.
#[derive(Debug, Default)]
struct Index(Vec<(Digest, u64)>);

/// Half of a SHA-256, as two numbers: no two words of any roster share one.
type Digest = [u64; 2];

impl Index {
    fn add(&mut self, word: &str, subject: u64) {
        self.0.push((digest(word), subject));
    }

    fn of<'a>(&'a self, word: &str) -> impl Iterator<Item = u64> + use<'a> {
        let found = match self.0.is_empty() {
            true => &[],
            false => self.found(digest(word)),
        };
        found.iter().map(|(_, subject)| *subject)
    }

    fn found(&self, digest: Digest) -> &[(Digest, u64)] {
        let rest = self.0.get(self.first(digest)..).unwrap_or_default();
        let count = rest.iter().take_while(|(known, _)| *known == digest).count();
        rest.get(..count).unwrap_or_default()
    }

    /// Where a digest stands, or would. Digests are spread evenly, so that its size says about where: halving would touch
    /// places all over a large index, and each is a wait for memory.
    fn first(&self, digest: Digest) -> usize {
        let (mut low, mut high) = (0, self.0.len());
        let (mut under, mut over) = (0, u64::MAX);
        for _ in 0..GUESSES {
            let share = u128::from(digest[0] - under) * (high - low) as u128 / (u128::from(over - under) + 1);
            let guess = low + share as usize;
            let Some((known, _)) = self.0.get(guess).filter(|_| guess < high) else { return low };
            if *known < digest {
                (low, under) = (guess + 1, known[0]);
            } else {
                (high, over) = (guess, known[0]);
            }
        }
        let rest = self.0.get(low..high).unwrap_or_default();
        low + rest.partition_point(|(known, _)| *known < digest)
    }
}

/// Guesses at a place. Each leaves about the root of what was left; a few hundred thousand are one after five.
const GUESSES: u32 = 8;

fn digest(word: &str) -> Digest {
    let whole = ring::digest::digest(&ring::digest::SHA256, word.as_bytes());
    let mut half = Digest::default();
    for (number, bytes) in half.iter_mut().zip(whole.as_ref().as_chunks().0) {
        *number = u64::from_be_bytes(*bytes);
    }
    half
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
            roster.add(&subject(id, address));
        }
        roster.in_order()
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
        roster.add(&Subject { roster_object: Some("ab".to_owned()), ..subject(7, "renamed@contoso.example") });
        let roster = roster.in_order();
        let account = Account { id: "AB".to_owned(), ..account() };
        assert_eq!(roster.matches(&account), [(7, vec![MatchedBy::ObjectId])]);
    }

    #[test]
    fn an_address_is_the_roster_s_or_the_account_s_primary_one() {
        let mut roster = Roster::default();
        let primary = |address: &str| Some(address.to_owned());
        roster.add(&Subject { mailbox: primary("Ada@contoso.example"), ..subject(1, "countess@contoso.example") });
        roster.add(&Subject { mailbox: primary("BOB@contoso.example"), ..subject(2, "bob@contoso.example") });
        let roster = roster.in_order();
        assert_eq!(roster.by_any_address("ada@contoso.example"), [1]);
        assert_eq!(roster.by_any_address("Countess@contoso.example"), [1]);
        assert_eq!(roster.by_any_address("bob@contoso.example"), [2]);
        assert!(roster.by_mailbox.0.len() == 1 && roster.by_any_address("eve@contoso.example").is_empty());
    }

    #[test]
    fn an_index_finds_each_word_and_no_other() {
        for size in [0, 1, 2, 3, 1000] {
            let mut index = Index::default();
            for number in 0..size {
                index.add(&format!("w{number}"), number);
                index.add(&format!("w{number}"), number + size);
            }
            index.0.sort_unstable();
            for number in 0..size {
                assert_eq!(index.of(&format!("w{number}")).collect::<Vec<_>>(), [number, number + size]);
                assert_eq!(index.of(&format!("x{number}")).count(), 0);
            }
            assert_eq!(index.found([0, 0]).len() + index.found([u64::MAX, u64::MAX]).len(), 0);
        }
    }

    #[test]
    fn an_index_of_uneven_digests_is_searched_all_the_same() {
        let digests = (0..500).map(|number| [u64::MAX - 500 + number / 2, number]);
        let index = Index(digests.clone().zip(0..).collect());
        assert!(digests.zip(0..).all(|(digest, number)| index.found(digest) == [(digest, number)]));
        assert!(index.found([7, 7]).is_empty());
    }

    #[test]
    fn international_domains_meet_in_their_wire_form() {
        assert_eq!(key("Jörg@Bücher.example"), "jörg@xn--bcher-kva.example");
        assert_eq!(matched_by(&account(), &subject(1, "ADA@CONTOSO.example")).first(), Some(&MatchedBy::PrimarySmtp));
    }
}
