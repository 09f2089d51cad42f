//! Generated tenants: every account follows from its position and the seed, so that a million of them need no memory.

mod belonging;

use std::sync::{Arc, OnceLock};

use uuid::Uuid;

use super::file::{ApplicationSpec, Cloud, DomainSpec, ServerSpec};
use super::people::People;
use super::person::{
    AgentList, Agents, AssignmentState, Capability, GraphAccess, Licence, Mailbox, Person, Place, Purpose, Switch,
};
use super::products::{Product, product};
use super::{Exchange, Subscription, Tenant};
use crate::simulator::faults::Faults;

const GIVEN: [&str; 32] = [
    "Alma", "Bastian", "Clara", "Darius", "Edda", "Farid", "Gesine", "Hakan", "Imke", "Jonas", "Katja", "Leander",
    "Mina", "Nils", "Oda", "Pavel", "Quirin", "Rana", "Selma", "Tarek", "Ulla", "Vito", "Wanda", "Xaver", "Yara",
    "Zeno", "Bente", "Cosmo", "Dilan", "Emre", "Fenja", "Goran",
];
const SURNAMES: [&str; 32] = [
    "Adler", "Brandt", "Castell", "Drees", "Ebner", "Falk", "Gerlach", "Holt", "Imhof", "Jansen", "Kessler", "Lorenz",
    "Marten", "Nowak", "Olsen", "Pohl", "Quandt", "Reuter", "Sander", "Tiede", "Ulrich", "Voss", "Wendt", "Yilmaz",
    "Zander", "Berger", "Conrad", "Dorn", "Engel", "Frank", "Gross", "Hagen",
];
const COUNTRIES: [&str; 5] = ["DE", "DE", "AT", "CH", "PL"];
const DOMAIN: &str = "contoso.example";
const INITIAL: &str = "contoso.onmicrosoft.com";
const ON_PREMISES: &str = "mail.contoso-onprem.example";

/// What is special about a generated account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    Plain,
    Shared,
    Room,
    Equipment,
    PlanOff,
    Suspended,
    AssignmentFailed,
    OnPremises,
    Guest,
    Disabled,
    AliasOnRoster,
    OtherUpn,
    EwsOff,
    AgentBlocked,
    AccessPolicy,
    Delegates,
    Deleted,
}

/// What is special about an account, and the product it holds.
type Fate = (Case, Option<&'static Arc<Product>>);

/// Shares in ten thousand: what is special, and the product held.
const SHARES: [(u32, Case, Option<&str>); 27] = [
    (3500, Case::Plain, Some("ENTERPRISEPACK")),
    (1250, Case::Plain, Some("SPE_E5")),
    (900, Case::Plain, Some("STANDARDPACK")),
    (400, Case::Plain, Some("SPB")),
    (300, Case::Plain, Some("EXCHANGESTANDARD")),
    (600, Case::Plain, Some("DESKLESSPACK")),
    (300, Case::Plain, Some("SPE_F1")),
    (120, Case::Plain, Some("M365_F1_COMM")),
    (60, Case::Plain, Some("M365_F1")),
    (150, Case::Plain, None),
    (60, Case::PlanOff, Some("ENTERPRISEPACK")),
    (40, Case::Suspended, Some("STANDARDPACK")),
    (40, Case::AssignmentFailed, Some("ENTERPRISEPACK")),
    (350, Case::Shared, None),
    (220, Case::Room, None),
    (40, Case::Equipment, None),
    (250, Case::OnPremises, Some("ENTERPRISEPACK")),
    (160, Case::Guest, None),
    (100, Case::Disabled, Some("ENTERPRISEPACK")),
    (80, Case::AliasOnRoster, Some("SPE_E5")),
    (150, Case::OtherUpn, Some("ENTERPRISEPACK")),
    (100, Case::EwsOff, Some("SPE_E5")),
    (20, Case::AgentBlocked, Some("ENTERPRISEPACK")),
    (20, Case::AccessPolicy, Some("ENTERPRISEPACK")),
    (600, Case::Delegates, Some("SPE_E5")),
    (60, Case::Deleted, None),
    (130, Case::Plain, Some("POWER_BI_STANDARD")),
];

/// A population that is nothing but its size and its seed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Generated {
    users: u32,
    seed: u64,
}

/// The finalizer of SplitMix64: every bit of the input moves every bit of the output.
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// A word of a list by a roll.
fn pick<'a>(list: &[&'a str], roll: u64) -> &'a str {
    let at = usize::try_from(roll % list.len() as u64).unwrap_or(0);
    list.get(at).copied().unwrap_or_default()
}

impl Generated {
    pub(super) fn users(self) -> u32 {
        self.users
    }

    fn roll(self, index: u32, what: u64) -> u64 {
        mix(mix(self.seed ^ (what << 40)) ^ u64::from(index))
    }

    fn case(self, index: u32) -> Fate {
        /// The table of shares unrolled, one entry in ten thousand, so that a population is scanned fast.
        static UNROLLED: OnceLock<Vec<Fate>> = OnceLock::new();
        let unrolled = UNROLLED.get_or_init(|| {
            let entry = |(share, case, part): (u32, Case, Option<&str>)| {
                std::iter::repeat_n((case, part.and_then(product)), share as usize)
            };
            SHARES.into_iter().flat_map(entry).collect()
        });
        let at = usize::try_from(self.roll(index, 1) % unrolled.len().max(1) as u64).unwrap_or(0);
        unrolled.get(at).copied().unwrap_or((Case::Plain, None))
    }

    pub(super) fn is_deleted(self, index: u32) -> bool {
        self.case(index).0 == Case::Deleted
    }

    pub(super) fn product_at(self, index: u32) -> Option<Uuid> {
        self.case(index).1.map(|product| product.id)
    }

    /// The object id; position and id can be had from each other.
    fn id(self, index: u32) -> Uuid {
        let high = (mix(mix(self.seed) ^ u64::from(index)) & !0xF000) | 0x4000;
        let third = u64::from(((mix(high) >> 32) as u32 & 0x3FFF_FFFF) | 0x8000_0000);
        let fourth = u64::from(index ^ self.mask(high));
        Uuid::from_u64_pair(high, (third << 32) | fourth)
    }

    fn mask(self, high: u64) -> u32 {
        (mix(high ^ self.seed) >> 32) as u32
    }

    pub(super) fn by_id(self, id: Uuid) -> Option<u32> {
        let (high, low) = id.as_u64_pair();
        let index = (low as u32) ^ self.mask(high);
        (index < self.users && self.id(index) == id).then_some(index)
    }

    /// Every address carries its position plus one as its only run of digits.
    pub(super) fn by_address(self, address: &str) -> Option<u32> {
        let digits = address.trim_start_matches(|c: char| !c.is_ascii_digit());
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        let index = digits.get(..end)?.parse::<u32>().ok()?.checked_sub(1)?;
        let person = (index < self.users).then(|| self.person(index))?;
        let mail = person.mail.as_deref().is_some_and(|mail| mail.eq_ignore_ascii_case(address));
        (mail || person.answers_to(address)).then_some(index)
    }

    pub(super) fn person(self, index: u32) -> Person {
        let (case, product) = self.case(index);
        let (display_name, local, primary) = self.names(index, case);
        let (given, surname) = self.given_and_surname(index);
        let mut person = Person {
            id: self.id(index),
            upn: primary.clone(),
            display_name,
            given_name: Some(given.to_owned()),
            surname: Some(surname.to_owned()),
            mail: Some(primary.clone()),
            aliases: vec![format!("{local}@{INITIAL}")],
            roster_address: Some(primary.clone()),
            primary: Some(primary),
            enabled: true,
            guest: false,
            synchronized: (self.roll(index, 3) % 10 < 6).then_some(true),
            country: Some(pick(&COUNTRIES, self.roll(index, 4)).to_owned()),
            department: Some(self.department(index)),
            title: None,
            created_days_ago: 30 + (self.roll(index, 6) % 3000) as u32,
            deleted_days_ago: None,
            licences: product.map(Licence::of).into_iter().collect(),
            mailbox: Mailbox::at(Place::Nowhere),
        };
        if person.licences.iter().any(Licence::gives_mailbox) {
            person.mailbox.place = Place::Cloud;
        }
        person.mailbox.archive = self.roll(index, 7).is_multiple_of(10) && person.in_cloud();
        self.bend(&mut person, case, index);
        self.acquaint(&mut person, index);
        person
    }

    fn given_and_surname(self, index: u32) -> (&'static str, &'static str) {
        let names = self.roll(index, 2);
        (pick(&GIVEN, names), pick(&SURNAMES, names >> 20))
    }

    /// Display name, the part before the at sign, and primary address.
    fn names(self, index: u32, case: Case) -> (String, String, String) {
        let (given, surname) = self.given_and_surname(index);
        let number = u64::from(index) + 1;
        let (name, local) = match case {
            Case::Room => (format!("Room {number}"), format!("room{number}")),
            Case::Equipment => (format!("Van {number}"), format!("van{number}")),
            Case::Shared => (format!("Team {number}"), format!("team{number}")),
            _ => {
                let local = format!("{}.{}{number}", given.to_lowercase(), surname.to_lowercase());
                (format!("{given} {surname} {number}"), local)
            }
        };
        let primary = format!("{local}@{DOMAIN}");
        (name, local, primary)
    }

    /// Makes an ordinary account the special one its case asks for.
    fn bend(self, person: &mut Person, case: Case, index: u32) {
        match case {
            Case::Plain | Case::Delegates => {}
            Case::Shared => resource(person, Purpose::Shared),
            Case::Room => resource(person, Purpose::Room),
            Case::Equipment => resource(person, Purpose::Equipment),
            Case::PlanOff => {
                for licence in &mut person.licences {
                    licence.off =
                        licence.product.plans.iter().filter(|plan| plan.gives_mailbox()).map(|plan| plan.id).collect();
                }
                person.mailbox.place = Place::Nowhere;
            }
            Case::Suspended => {
                person.licences.iter_mut().for_each(|licence| licence.capability = Capability::Suspended);
                person.mailbox.place = Place::Nowhere;
            }
            Case::AssignmentFailed => {
                for licence in &mut person.licences {
                    licence.state = AssignmentState::Error;
                    licence.error = Some("CountViolation".to_owned());
                    licence.group = Some(self.id(u32::MAX));
                }
                person.mailbox.place = Place::Nowhere;
            }
            Case::OnPremises => {
                person.mailbox.place = Place::OnPremises(ON_PREMISES.to_owned());
                person.synchronized = Some(true);
            }
            Case::Guest => guest(person, index),
            Case::Disabled => person.enabled = false,
            Case::AliasOnRoster => person.roster_address = person.aliases.first().cloned(),
            Case::OtherUpn => person.upn = format!("u{}@{DOMAIN}", u64::from(index) + 1),
            Case::EwsOff => person.mailbox.ews_enabled = Switch::Off,
            Case::AgentBlocked => {
                person.mailbox.agents =
                    Agents { enforce: Some(AgentList::Block), allow: Vec::new(), block: vec!["ewsready*".to_owned()] };
            }
            Case::AccessPolicy => person.mailbox.graph = GraphAccess::AccessPolicy,
            Case::Deleted => {
                person.deleted_days_ago = Some(1 + (self.roll(index, 8) % 29) as u32);
                person.mailbox.place = Place::Nowhere;
            }
        }
    }
}

fn resource(person: &mut Person, purpose: Purpose) {
    (person.given_name, person.surname) = (None, None);
    person.enabled = false;
    person.synchronized = None;
    person.mailbox.place = Place::Cloud;
    person.mailbox.purpose = purpose;
}

fn guest(person: &mut Person, index: u32) {
    let address = format!("guest{}@fabrikam.example", u64::from(index) + 1);
    person.guest = true;
    person.upn = format!("{}#EXT#@{INITIAL}", address.replace('@', "_"));
    person.mail = Some(address.clone());
    person.primary = Some(address.clone());
    person.aliases.clear();
    person.synchronized = None;
    person.roster_address = Some(address);
}

/// A tenant around a generated population.
pub(super) fn tenant(users: u32, seed: u64) -> Tenant {
    let people = Generated { users, seed };
    let id = Uuid::from_u64_pair((mix(seed ^ 0x7e) & !0xF000) | 0x4000, mix(seed ^ 0x7f) >> 2 | 1 << 63);
    let client_id = Uuid::from_u64_pair((mix(seed ^ 0xc1) & !0xF000) | 0x4000, mix(seed ^ 0xc2) >> 2 | 1 << 63);
    let mut parts: Vec<&str> = SHARES.iter().filter_map(|(_, _, part)| *part).collect();
    parts.sort_unstable();
    parts.dedup();
    let subscriptions = parts.into_iter().filter_map(product).map(|product| Subscription {
        product: Arc::clone(product),
        seats: i64::from(users),
        capability: Capability::Enabled,
    });
    Tenant {
        id,
        name: format!("Contoso, generated ({users} accounts, seed {seed})"),
        country: "DE".to_owned(),
        synchronized: Some(true),
        cloud: Cloud::Global,
        domains: domains(),
        exchange: Exchange {
            ews_enabled: Switch::On,
            allowed_apps: vec![client_id.to_string()],
            agents: Agents::default(),
            public_folders: false,
            on_premises: vec![ServerSpec::named(ON_PREMISES)],
        },
        applications: vec![assessor(client_id)],
        subscriptions: subscriptions.collect(),
        notices: Vec::new(),
        people: People::Generated(people),
        faults: Faults::default(),
        consumed: OnceLock::new(),
    }
}

fn domains() -> Vec<DomainSpec> {
    let domain = |name: &str, default, initial| DomainSpec {
        name: name.to_owned(),
        default,
        initial,
        email: true,
        federated: false,
    };
    vec![domain(DOMAIN, true, false), domain(INITIAL, false, true)]
}

/// The application that assesses a generated tenant, with every permission it may want.
fn assessor(client_id: Uuid) -> ApplicationSpec {
    let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect();
    ApplicationSpec {
        name: "ewsready".to_owned(),
        client_id,
        secret: Some("generated-tenant-secret".to_owned()),
        secret_expired: false,
        certificate: None,
        federated: Vec::new(),
        public_client: false,
        enabled: true,
        owner: None,
        graph_roles: words(&[
            "User.Read.All",
            "Organization.Read.All",
            "Domain.Read.All",
            "LicenseAssignment.Read.All",
            "Application.Read.All",
            "Directory.Read.All",
            "MailboxSettings.Read",
            "Calendars.Read",
            "Mail.ReadBasic.All",
            "ServiceMessage.Read.All",
        ]),
        exchange_roles: words(&["full_access_as_app", "Exchange.ManageAsApp"]),
        delegated_graph: Vec::new(),
        delegated_exchange: Vec::new(),
        admin_role: Some("Global Reader".to_owned()),
        refused_with: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_are_ten_thousand() {
        assert_eq!(SHARES.iter().map(|(share, ..)| share).sum::<u32>(), 10_000);
    }

    #[test]
    fn every_account_is_found_by_its_id_and_addresses_and_only_by_them() {
        let people = Generated { users: 2_000, seed: 7 };
        for index in 0..2_000 {
            let person = people.person(index);
            assert_eq!(people.by_id(person.id), Some(index));
            for address in person.smtp_addresses().chain([person.upn.as_str()]) {
                assert_eq!(people.by_address(address), Some(index), "{address}");
            }
        }
        assert_eq!(people.by_id(Uuid::nil()), None);
        assert_eq!(people.by_address("nobody.here12@contoso.example"), None);
        assert_eq!(people.by_address("no.digits@contoso.example"), None);
    }

    #[test]
    fn the_same_seed_gives_the_same_people_and_another_seed_others() {
        let (one, same, other) =
            (Generated { users: 50, seed: 1 }, Generated { users: 50, seed: 1 }, Generated { users: 50, seed: 2 });
        assert!((0..50).all(|index| one.person(index) == same.person(index)));
        assert!((0..50).any(|index| one.person(index) != other.person(index)));
    }

    #[test]
    fn proportions_are_those_of_the_table() {
        let people = Generated { users: 100_000, seed: 3 };
        let share = |wanted: Case| (0..100_000).filter(|index| people.case(*index).0 == wanted).count();
        for (wanted, expected) in [(Case::Room, 2_200), (Case::OnPremises, 2_500), (Case::Delegates, 6_000)] {
            let found = share(wanted);
            assert!(found.abs_diff(expected) < expected / 5, "{wanted:?}: {found} of {expected}");
        }
    }
}
