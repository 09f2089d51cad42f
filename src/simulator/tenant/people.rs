//! The accounts of a tenant, by position, id and address.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use super::generate::Generated;
use super::person::Person;

/// All accounts, live and deleted, each with a position of its own.
#[derive(Debug)]
pub(crate) enum People {
    /// Held in memory, from a tenant file.
    Listed(Listed),
    /// Computed from position and seed.
    Generated(Generated),
}

/// Accounts of a tenant file with the ways to find them.
#[derive(Debug)]
pub(crate) struct Listed {
    people: Vec<Person>,
    by_id: HashMap<Uuid, u32>,
    by_address: HashMap<String, Vec<u32>>,
}

impl Listed {
    /// Indexes the accounts by every address they bear (UPN, `mail`, proxy addresses).
    pub(super) fn new(people: Vec<Person>) -> Self {
        let mut by_id = HashMap::new();
        let mut by_address: HashMap<String, Vec<u32>> = HashMap::new();
        for (index, person) in (0u32..).zip(&people) {
            by_id.insert(person.id, index);
            let words = person.smtp_addresses().chain([person.upn.as_str()]).chain(person.mail.as_deref());
            for word in words {
                let found = by_address.entry(word.to_lowercase()).or_default();
                if !found.contains(&index) {
                    found.push(index);
                }
            }
        }
        Self { people, by_id, by_address }
    }
}

impl People {
    /// How many positions there are, deleted accounts included.
    pub(crate) fn slots(&self) -> u32 {
        match self {
            Self::Listed(listed) => u32::try_from(listed.people.len()).unwrap_or(u32::MAX),
            Self::Generated(generated) => generated.users(),
        }
    }

    /// The account at a position.
    pub(crate) fn at(&self, index: u32) -> Option<Cow<'_, Person>> {
        match self {
            Self::Listed(listed) => listed.people.get(index as usize).map(Cow::Borrowed),
            Self::Generated(generated) => (index < generated.users()).then(|| Cow::Owned(generated.person(index))),
        }
    }

    /// Whether the account at a position is deleted; cheaper than making the account.
    pub(crate) fn is_deleted(&self, index: u32) -> bool {
        match self {
            Self::Listed(listed) => listed.people.get(index as usize).is_some_and(Person::is_deleted),
            Self::Generated(generated) => generated.is_deleted(index),
        }
    }

    /// The position of an object id.
    pub(crate) fn by_id(&self, id: Uuid) -> Option<u32> {
        match self {
            Self::Listed(listed) => listed.by_id.get(&id).copied(),
            Self::Generated(generated) => generated.by_id(id),
        }
    }

    /// Positions of the accounts that may bear an address as UPN, `mail` or proxy address; the caller looks closer.
    pub(crate) fn by_address(&self, address: &str) -> Vec<u32> {
        match self {
            Self::Listed(listed) => listed.by_address.get(&address.to_lowercase()).cloned().unwrap_or_default(),
            Self::Generated(generated) => generated.by_address(address).into_iter().collect(),
        }
    }

    /// The live account that Exchange would open for an id, UPN or SMTP address.
    pub(crate) fn recipient(&self, word: &str) -> Option<Cow<'_, Person>> {
        let candidates = match Uuid::parse_str(word) {
            Ok(id) => self.by_id(id).into_iter().collect(),
            Err(_) => self.by_address(word),
        };
        let live = candidates.into_iter().filter_map(|index| self.at(index)).filter(|person| !person.is_deleted());
        let mut fallback = None;
        for person in live {
            if person.id.to_string().eq_ignore_ascii_case(word)
                || person.smtp_addresses().any(|own| own.eq_ignore_ascii_case(word))
            {
                return Some(person);
            }
            if person.upn.eq_ignore_ascii_case(word) {
                fallback = Some(person);
            }
        }
        fallback
    }

    /// Units assigned, by product id.
    pub(super) fn consumed_units(&self) -> BTreeMap<Uuid, i64> {
        let mut units = BTreeMap::new();
        match self {
            Self::Listed(listed) => {
                for licence in
                    listed.people.iter().filter(|person| !person.is_deleted()).flat_map(|person| &person.licences)
                {
                    *units.entry(licence.product.id).or_default() += 1;
                }
            }
            Self::Generated(generated) => {
                for product in (0..generated.users()).filter_map(|index| generated.product_at(index)) {
                    *units.entry(product).or_default() += 1;
                }
            }
        }
        units
    }
}
