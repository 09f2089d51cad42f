//! Who belongs together, and how much: what the evidence and the roster say, resolved to people of the roster.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde::{Deserialize, Serialize};

use super::people::Member;

/// What a tie of each kind weighs; 0: it does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Weights {
    /// A calendar delegate (Graph roles `delegateWithPrivateEventAccess`, `delegateWithoutPrivateEventAccess`).
    pub delegate: u32,
    /// Who may send on behalf (`GrantSendOnBehalfTo`).
    pub send_on_behalf: u32,
    /// Who may write to the calendar (Graph role `write`).
    pub write: u32,
    /// Who may only read it (Graph roles `read`, `limitedRead`, `custom`).
    pub read: u32,
    /// Who works in a shared, room or equipment mailbox.
    pub shared: u32,
    /// Who may only read such a mailbox's calendar.
    pub shared_read: u32,
    /// The roster's manager column.
    pub manager: u32,
    /// Other roster columns that name a person, by their heading.
    pub columns: BTreeMap<String, u32>,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            delegate: 10,
            send_on_behalf: 10,
            write: 6,
            read: 0,
            shared: 8,
            shared_read: 3,
            manager: 4,
            columns: BTreeMap::new(),
        }
    }
}

/// Two roster addresses of one mailbox are never parted while anything else can be.
const SAME_MAILBOX: u32 = 1_000;

/// Why two belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TieKind {
    /// Two addresses of one mailbox.
    SameMailbox,
    /// Calendar delegate.
    Delegate,
    /// May send on behalf.
    SendOnBehalf,
    /// May write to the calendar.
    Write,
    /// May read the calendar.
    Read,
    /// Works in a shared mailbox.
    Shared,
    /// May read a shared mailbox's calendar.
    SharedRead,
    /// Manager.
    Manager,
    /// Named by another roster column: its place among the plan file's.
    Column(u8),
}

impl TieKind {
    /// Its key among the texts.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::SameMailbox => "same_mailbox",
            Self::Delegate => "delegate",
            Self::SendOnBehalf => "send_on_behalf",
            Self::Write => "write",
            Self::Read => "read",
            Self::Shared => "shared",
            Self::SharedRead => "shared_read",
            Self::Manager => "manager",
            Self::Column(_) => "column",
        }
    }

    /// What it weighs.
    fn weight(self, weights: &Weights) -> u32 {
        match self {
            Self::SameMailbox => SAME_MAILBOX,
            Self::Delegate => weights.delegate,
            Self::SendOnBehalf => weights.send_on_behalf,
            Self::Write => weights.write,
            Self::Read => weights.read,
            Self::Shared => weights.shared,
            Self::SharedRead => weights.shared_read,
            Self::Manager => weights.manager,
            Self::Column(place) => weights.columns.values().nth(place.into()).copied().unwrap_or(0),
        }
    }

    /// The kind of a calendar permission by its Graph role (`calendarRoleType`); none: free and busy times, or nothing.
    #[must_use]
    pub fn of_role(role: &str) -> Option<Self> {
        match role {
            "delegateWithPrivateEventAccess" | "delegateWithoutPrivateEventAccess" => Some(Self::Delegate),
            "write" => Some(Self::Write),
            "read" | "limitedRead" | "custom" => Some(Self::Read),
            _ => None,
        }
    }

    /// The same permission on a mailbox that belongs to nobody alone.
    fn on_shared(self) -> Self {
        match self {
            Self::Delegate | Self::SendOnBehalf | Self::Write => Self::Shared,
            Self::Read => Self::SharedRead,
            other => other,
        }
    }
}

/// Two who belong together. `a` is the one whose mailbox or roster line says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tie {
    /// Owner of the mailbox.
    pub a: u32,
    /// The other.
    pub b: u32,
    /// How much, all kinds between the two added up.
    pub weight: u32,
    /// The strongest kind.
    pub kind: TieKind,
}

/// A name that a mailbox or line gives for somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Who names.
    pub owner: u32,
    /// The name, as written.
    pub name: Box<str>,
    /// What for.
    pub kind: TieKind,
}

/// What kind of name it is: an alias that equals somebody's display name must not make either ambiguous.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NameKind {
    /// Address or sign-in name.
    Address,
    /// Directory object id.
    ObjectId,
    /// The part of an address before the at sign.
    Alias,
    /// Display name.
    Display,
}

/// Several bear the name.
const SEVERAL: u32 = u32::MAX;

/// Names of everybody on the roster. Names are kept as 64-bit hashes: a million of them collide with a probability
/// below one in ten million.
#[derive(Debug, Default)]
pub struct Names {
    by_hash: HashMap<u64, u32>,
}

/// The hash of a name; names are compared without regard to case and surrounding blanks.
#[must_use]
pub fn hash(kind: NameKind, name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    kind.hash(&mut hasher);
    name.trim().to_lowercase().hash(&mut hasher);
    hasher.finish()
}

impl Names {
    /// Notes a name of somebody.
    pub fn add(&mut self, name: u64, member: u32) {
        let bearer = self.by_hash.entry(name).or_insert(member);
        if *bearer != member {
            *bearer = SEVERAL;
        }
    }

    /// Whose name it is, when it is one person's: an address, an object id, then an alias, then a display name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<u32> {
        let one = |kind, name: &str| self.by_hash.get(&hash(kind, name)).copied().filter(|member| *member != SEVERAL);
        // Exchange names a user by canonical name: the last part is the name.
        let last = name.rsplit('/').next().unwrap_or(name);
        if name.contains('@') {
            return one(NameKind::Address, name.trim_start_matches("smtp:").trim_start_matches("SMTP:"));
        }
        one(NameKind::ObjectId, last).or_else(|| one(NameKind::Alias, last)).or_else(|| one(NameKind::Display, last))
    }
}

/// All ties, resolved.
#[derive(Debug, Default)]
pub struct Ties {
    /// Between people of the roster, each pair once, by owner and other.
    pub ties: Vec<Tie>,
    /// Names that nobody, or more than one, on the roster bears.
    pub outside: Vec<Reference>,
}

/// Resolves references to people and adds up what is between two.
#[must_use]
pub fn resolve(members: &[Member], names: &Names, references: Vec<Reference>, weights: &Weights) -> Ties {
    let mut found = Ties::default();
    let mut pairs: Vec<Tie> = same_mailbox(members);
    for reference in references {
        let Some(owner) = members.get(reference.owner as usize) else { continue };
        let kind = if owner.kind.is_shared() { reference.kind.on_shared() } else { reference.kind };
        let weight = kind.weight(weights);
        if weight == 0 {
            continue;
        }
        match names.find(&reference.name) {
            Some(other) if other == reference.owner => {}
            Some(other) => pairs.push(Tie { a: reference.owner, b: other, weight, kind }),
            None => found.outside.push(Reference { kind, ..reference }),
        }
    }
    found.ties = added_up(pairs);
    found
}

fn same_mailbox(members: &[Member]) -> Vec<Tie> {
    let mut first: HashMap<&str, u32> = HashMap::with_capacity(members.len());
    let mut pairs = Vec::new();
    for (place, member) in (0_u32..).zip(members) {
        let earlier = *first.entry(&member.key).or_insert(place);
        if earlier != place {
            pairs.push(Tie { a: earlier, b: place, weight: SAME_MAILBOX, kind: TieKind::SameMailbox });
        }
    }
    pairs
}

/// One tie for each pair: the weights summed, kind and direction of the strongest.
fn added_up(mut pairs: Vec<Tie>) -> Vec<Tie> {
    let ends = |tie: &Tie| (tie.a.min(tie.b), tie.a.max(tie.b));
    pairs.sort_unstable_by_key(|tie| (ends(tie), std::cmp::Reverse(tie.weight), tie.kind, tie.a));
    // The same permission told twice (as a delegate, and by a repeated entry) is still one.
    pairs.dedup_by_key(|tie| (ends(tie), tie.kind));
    pairs.dedup_by(|next, kept| {
        let same = ends(next) == ends(kept);
        if same {
            kept.weight = kept.weight.saturating_add(next.weight);
        }
        same
    });
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::people::{MailboxKind, tests::member};

    fn names(list: &[(NameKind, &str, u32)]) -> Names {
        let mut names = Names::default();
        list.iter().for_each(|(kind, name, member)| names.add(hash(*kind, name), *member));
        names
    }

    #[test]
    fn exchange_s_many_names_for_a_person_are_found_where_they_are_unique() {
        let names = names(&[
            (NameKind::Address, "bastian.holt@contoso.example", 1),
            (NameKind::Alias, "bastian.holt", 1),
            (NameKind::ObjectId, "3f6e0c0e-0000-4000-8000-000000000001", 1),
            (NameKind::Display, "Bastian Holt", 1),
            (NameKind::Display, "Anna Berg", 2),
            (NameKind::Display, "Anna Berg", 3),
        ]);
        for name in [
            "Bastian.Holt@contoso.example",
            "SMTP:bastian.holt@contoso.example",
            "BASTIAN.HOLT",
            "bastian holt ",
            "EURPR01A001.prod.example/Hosted/contoso/Bastian Holt",
            "3F6E0C0E-0000-4000-8000-000000000001",
        ] {
            assert_eq!(names.find(name), Some(1), "{name}");
        }
        assert_eq!(names.find("Anna Berg"), None);
        assert_eq!(names.find("nobody@contoso.example"), None);
    }

    #[test]
    fn kinds_between_two_add_up_in_both_directions_and_repeats_do_not() {
        let mut members = vec![member("a"), member("b"), member("team")];
        members[2].kind = MailboxKind::Shared;
        let names = names(&[(NameKind::Address, "a@x", 0), (NameKind::Address, "b@x", 1)]);
        let reference = |owner, name: &str, kind| Reference { owner, name: name.into(), kind };
        let references = vec![
            reference(0, "b@x", TieKind::Delegate),
            reference(0, "b@x", TieKind::Delegate),
            reference(0, "b@x", TieKind::SendOnBehalf),
            reference(1, "a@x", TieKind::Manager),
            reference(2, "a@x", TieKind::Write),
            reference(2, "b@x", TieKind::Read),
            reference(0, "gone@x", TieKind::Delegate),
            reference(0, "a@x", TieKind::Delegate),
        ];
        let ties = resolve(&members, &names, references, &Weights::default());
        let expected = [(0, 1, 24, TieKind::Delegate), (2, 0, 8, TieKind::Shared), (2, 1, 3, TieKind::SharedRead)];
        let found: Vec<_> = ties.ties.iter().map(|tie| (tie.a, tie.b, tie.weight, tie.kind)).collect();
        assert_eq!(found, expected);
        assert_eq!(ties.outside.len(), 1);
    }
}
