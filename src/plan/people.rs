//! The mailboxes a plan is about, gathered from the judged entries of a run.

use std::collections::HashSet;
use std::sync::Arc;

use super::constraints::{Rules, RulesError};
use super::ties::{self, NameKind, Names, Reference, TieKind, Ties};
use crate::evidence::MailboxEvidence;
use crate::evidence::mailbox::{DirectoryMatch, GraphAnswer, MailboxPurpose};
use crate::evidence::store::EntryRecord;
use crate::verdict::{Judgement, LicenceState, Urgency, Verdict};

/// What kind of mailbox it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailboxKind {
    /// A person's.
    Person,
    /// Shared by several.
    Shared,
    /// A room's.
    Room,
    /// A thing's.
    Equipment,
}

impl MailboxKind {
    /// Whether it belongs to nobody alone.
    #[must_use]
    pub fn is_shared(self) -> bool {
        self != Self::Person
    }

    /// Its key among the texts.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Shared => "shared",
            Self::Room => "room",
            Self::Equipment => "equipment",
        }
    }

    /// `RecipientTypeDetails` of Exchange first, then Graph's `userPurpose`.
    fn of(evidence: &MailboxEvidence) -> Self {
        let recipient = evidence.recipient.value().and_then(Option::as_ref).map(|recipient| recipient.kind.as_str());
        let purpose = match evidence.graph.value() {
            Some(GraphAnswer::Answers { purpose }) => *purpose,
            _ => None,
        };
        match (recipient, purpose) {
            (Some("SharedMailbox"), _) | (None, Some(MailboxPurpose::Shared)) => Self::Shared,
            (Some("RoomMailbox"), _) | (None, Some(MailboxPurpose::Room)) => Self::Room,
            (Some("EquipmentMailbox"), _) | (None, Some(MailboxPurpose::Equipment)) => Self::Equipment,
            _ => Self::Person,
        }
    }
}

/// Whether a mailbox can be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Graph answers.
    Ready,
    /// It needs its licence put right first; `buys`: with a product that has to be in stock.
    Licence {
        /// Whether that takes one from the stock.
        buys: bool,
    },
    /// Something else has to be fixed first.
    Blocked,
    /// Nobody knows yet.
    NotAssessed,
}

impl Standing {
    fn of(judgement: &Judgement) -> Self {
        let buys =
            matches!(judgement.licence, LicenceState::Kiosk | LicenceState::F1NoMailboxRight | LicenceState::None);
        match Self::of_verdict(judgement.verdict) {
            Self::Licence { .. } => Self::Licence { buys },
            other => other,
        }
    }

    /// What a verdict alone says, without what a licence would cost.
    #[must_use]
    pub fn of_verdict(verdict: Verdict) -> Self {
        match verdict {
            Verdict::MoveToGraphEac => Self::Ready,
            Verdict::NeedsLicenseUpgrade => Self::Licence { buys: false },
            Verdict::Blocked => Self::Blocked,
            Verdict::NotAssessed => Self::NotAssessed,
        }
    }

    /// The verdict it comes from.
    #[must_use]
    pub fn verdict(self) -> Verdict {
        match self {
            Self::Ready => Verdict::MoveToGraphEac,
            Self::Licence { .. } => Verdict::NeedsLicenseUpgrade,
            Self::Blocked => Verdict::Blocked,
            Self::NotAssessed => Verdict::NotAssessed,
        }
    }
}

/// Whose integration the roster's own columns tell, where no other column is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// Salesforce, by the column of the address there.
    Salesforce,
    /// Dynamics 365, by the column of the profile there.
    Dynamics,
}

impl Told {
    /// By the integration's name in the plan file.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        let name = name.to_lowercase();
        match () {
            () if name.contains("salesforce") || name.contains("lightning") => Some(Self::Salesforce),
            () if name.contains("dynamics") => Some(Self::Dynamics),
            () => None,
        }
    }
}

/// One address of the roster.
#[derive(Debug, Clone)]
pub struct Member {
    /// Directory object id, lower case, where it is known, else the address: the same mailbox next month.
    pub key: Box<str>,
    /// The address, as the roster writes it.
    pub address: Box<str>,
    /// Display name.
    pub name: Box<str>,
    /// What kind of mailbox it is.
    pub kind: MailboxKind,
    /// Whether it can be moved.
    pub standing: Standing,
    /// How soon its EWS stops.
    pub urgency: Urgency,
    /// Id of the rule that decided the verdict.
    pub reason: &'static str,
    /// The cause of the verdict, in a sentence.
    pub cause: Arc<str>,
    /// Department.
    pub department: Arc<str>,
    /// Who answers for it.
    pub owner: Arc<str>,
    /// What the roster's wave column says.
    pub wish: Arc<str>,
    /// Value of the column that should share waves; empty: none.
    pub together: Arc<str>,
    /// Value of the column that should not all be in one wave; empty: none.
    pub spread: Arc<str>,
    /// Place of its integration in the order of the rules.
    pub integration: Option<u8>,
}

/// How much is known about who belongs together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Asked {
    /// Mailboxes whose calendar permissions are known.
    pub delegates: u64,
    /// Mailboxes that Graph opens and whose calendar permissions were asked in vain.
    pub delegates_open: u64,
    /// Mailboxes whose send-on-behalf right is known.
    pub recipients: u64,
    /// Lines with a manager.
    pub managers: u64,
    /// All mailboxes.
    pub mailboxes: u64,
    /// Roster lines without a usable address.
    pub unusable: u64,
}

/// Everybody, and who belongs to whom.
#[derive(Debug, Default)]
pub struct Census {
    /// Everybody with an address of their own, in roster order.
    pub members: Vec<Member>,
    /// Who belongs together.
    pub ties: Ties,
    /// How much is known about that.
    pub asked: Asked,
}

/// Where in the roster to find what the rules name.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    together: Option<Place>,
    spread: Option<Place>,
    integration: Option<Place>,
    integrations: Vec<String>,
    people: Vec<Place>,
}

/// A column: of the roster's own, or the department, however its heading is spelt.
#[derive(Debug, Clone, Copy)]
enum Place {
    Department,
    Own(usize),
}

impl Columns {
    /// Finds the columns that the rules name.
    ///
    /// # Errors
    /// When the roster has no such column.
    pub fn find(rules: &Rules, headings: &[String]) -> Result<Self, RulesError> {
        let place = |name: &String| {
            let own = headings.iter().position(|heading| heading.trim().eq_ignore_ascii_case(name.trim()));
            let department = name.trim().eq_ignore_ascii_case("department").then_some(Place::Department);
            own.map(Place::Own).or(department).ok_or_else(|| {
                RulesError::Rule(format!("the roster has no column '{name}'; it has {}", headings.join(", ")))
            })
        };
        Ok(Self {
            together: rules.together.as_ref().map(place).transpose()?,
            spread: rules.spread.as_ref().map(|spread| place(&spread.by)).transpose()?,
            integration: rules.integration_column.as_ref().map(place).transpose()?,
            integrations: rules.integrations.iter().map(|name| name.to_lowercase()).collect(),
            people: rules.ties.columns.keys().map(place).collect::<Result<_, _>>()?,
        })
    }

    fn cell<'a>(&self, place: Option<Place>, entry: &'a EntryRecord) -> &'a str {
        let text = match place {
            None => None,
            Some(Place::Department) => entry.known.department.as_deref(),
            Some(Place::Own(column)) => entry.columns.get(column).map(String::as_str),
        };
        text.unwrap_or_default().trim()
    }

    fn integration(&self, entry: &EntryRecord) -> Option<u8> {
        let uses = |name: &String| match self.integration {
            Some(_) => self.cell(self.integration, entry).to_lowercase().contains(name.as_str()),
            None => Told::of(name).is_some_and(|told| match told {
                Told::Salesforce => entry.known.salesforce_email.is_some(),
                Told::Dynamics => entry.known.dynamics_profile.is_some(),
            }),
        };
        self.integrations.iter().position(uses).and_then(|place| u8::try_from(place).ok())
    }
}

/// What one judged entry gives to the plan.
#[derive(Debug)]
pub struct Seed {
    member: Member,
    names: Vec<u64>,
    references: Vec<(Box<str>, TieKind)>,
    delegates: Option<bool>,
    recipient: bool,
}

impl Seed {
    /// Takes from an entry what planning needs; `None`: it has no usable address, or repeats an earlier line.
    #[must_use]
    pub fn of(
        entry: &EntryRecord,
        evidence: &MailboxEvidence,
        judgement: &Judgement,
        columns: &Columns,
    ) -> Option<Self> {
        let address = entry.address.as_deref()?;
        if entry.subject != Some(entry.row) {
            return None;
        }
        let known = &entry.known;
        let arc = |text: &Option<String>| Arc::from(text.as_deref().unwrap_or_default().trim());
        let id = judgement.object_id.to_lowercase();
        let member = Member {
            key: if id.is_empty() { address.into() } else { id.into() },
            address: entry.written.trim().into(),
            name: judgement.display_name.as_str().into(),
            kind: MailboxKind::of(evidence),
            standing: Standing::of(judgement),
            urgency: judgement.urgency,
            reason: judgement.reason,
            cause: judgement.cause.as_str().into(),
            department: arc(&known.department),
            owner: arc(&known.owner),
            wish: arc(&known.wave),
            together: columns.cell(columns.together, entry).into(),
            spread: columns.cell(columns.spread, entry).into(),
            integration: columns.integration(entry),
        };
        let recipient = evidence.recipient.value();
        Some(Self {
            names: names(address, &member, evidence),
            references: references(entry, evidence, columns),
            delegates: match &evidence.delegates {
                // Where Graph opens no mailbox there is no calendar to be known: that is told as the cause it waits for.
                observed if observed.is_unknown() => answers(evidence).then_some(false),
                observed => observed.value().map(|_| true),
            },
            recipient: recipient.is_some(),
            member,
        })
    }
}

fn answers(evidence: &MailboxEvidence) -> bool {
    matches!(evidence.graph.value(), Some(GraphAnswer::Answers { .. }))
}

fn names(address: &str, member: &Member, evidence: &MailboxEvidence) -> Vec<u64> {
    let account = evidence.directory.value().and_then(DirectoryMatch::the_one);
    let mut addresses: HashSet<String> = HashSet::from([address.to_lowercase()]);
    if let Some(account) = account {
        let all = account.smtp_addresses.iter().chain(&account.mail).chain([&account.user_principal_name]);
        addresses.extend(all.map(|address| address.to_lowercase()));
    }
    let mut names: Vec<u64> = Vec::with_capacity(addresses.len() * 2 + 2);
    for address in &addresses {
        names.push(ties::hash(NameKind::Address, address));
        names.extend(address.rsplit_once('@').map(|(local, _)| ties::hash(NameKind::Alias, local)));
    }
    names.extend(account.map(|account| ties::hash(NameKind::ObjectId, &account.id)));
    if !member.name.is_empty() {
        names.push(ties::hash(NameKind::Display, &member.name));
    }
    names
}

fn references(entry: &EntryRecord, evidence: &MailboxEvidence, columns: &Columns) -> Vec<(Box<str>, TieKind)> {
    let mut found: Vec<(Box<str>, TieKind)> = Vec::new();
    for delegate in evidence.delegates.value().into_iter().flatten() {
        found.extend(TieKind::of_role(&delegate.role).map(|kind| (delegate.address.as_str().into(), kind)));
    }
    let recipient = evidence.recipient.value().and_then(Option::as_ref);
    for name in recipient.into_iter().flat_map(|recipient| &recipient.send_on_behalf) {
        found.push((name.as_str().into(), TieKind::SendOnBehalf));
    }
    if let Some(manager) = entry.known.manager.as_deref().map(str::trim).filter(|name| !name.is_empty()) {
        found.push((manager.into(), TieKind::Manager));
    }
    for (number, column) in (0_u8..).zip(&columns.people) {
        let name = columns.cell(Some(*column), entry);
        if !name.is_empty() {
            found.push((name.into(), TieKind::Column(number)));
        }
    }
    found
}

/// Gathers the people of a run, entry by entry, in roster order.
#[derive(Debug, Default)]
pub struct Gathering {
    members: Vec<Member>,
    names: Names,
    references: Vec<Reference>,
    asked: Asked,
    /// One copy of each text that many share.
    texts: HashSet<Arc<str>>,
}

impl Gathering {
    /// Takes one entry's seed; `usable`: the line has an address.
    pub fn push(&mut self, seed: Option<Seed>, usable: bool) {
        self.asked.unusable += u64::from(!usable);
        let Some(mut seed) = seed else { return };
        let place = u32::try_from(self.members.len()).unwrap_or(u32::MAX);
        seed.names.iter().for_each(|name| self.names.add(*name, place));
        self.asked.mailboxes += 1;
        self.asked.recipients += u64::from(seed.recipient);
        self.asked.delegates += u64::from(seed.delegates == Some(true));
        self.asked.delegates_open += u64::from(seed.delegates == Some(false));
        for (name, kind) in seed.references {
            self.asked.managers += u64::from(kind == TieKind::Manager);
            self.references.push(Reference { owner: place, name, kind });
        }
        let member = &mut seed.member;
        for text in [
            &mut member.cause,
            &mut member.department,
            &mut member.owner,
            &mut member.wish,
            &mut member.together,
            &mut member.spread,
        ] {
            self.share(text);
        }
        self.members.push(seed.member);
    }

    fn share(&mut self, text: &mut Arc<str>) {
        match self.texts.get(text) {
            Some(known) => *text = Arc::clone(known),
            None => drop(self.texts.insert(Arc::clone(text))),
        }
    }

    /// Resolves who belongs to whom.
    #[must_use]
    pub fn finish(self, rules: &Rules) -> Census {
        let ties = ties::resolve(&self.members, &self.names, self.references, &rules.ties);
        Census { members: self.members, ties, asked: self.asked }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A mailbox that is ready, by its name.
    pub(crate) fn member(name: &str) -> Member {
        let empty: Arc<str> = Arc::from("");
        Member {
            key: name.into(),
            address: format!("{name}@contoso.example").into(),
            name: name.into(),
            kind: MailboxKind::Person,
            standing: Standing::Ready,
            urgency: Urgency::ByDeadline,
            reason: "",
            cause: Arc::clone(&empty),
            department: Arc::clone(&empty),
            owner: Arc::clone(&empty),
            wish: Arc::clone(&empty),
            together: Arc::clone(&empty),
            spread: empty,
            integration: None,
        }
    }
}
