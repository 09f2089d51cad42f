//! Two runs, user by user.

use std::collections::{BTreeMap, HashMap};

use schemars::JsonSchema;
use serde::Serialize;

use super::{Earlier, Judged, Outcome, RunLabel};
use crate::evidence::ObjectId;
use crate::verdict::Verdict;

/// What happened to a user between two runs. In the order in which a reader wants them: what got worse comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Blocked, and was not.
    NewlyBlocked,
    /// Needs a license upgrade, and was ready.
    NewlyNeedsLicence,
    /// Could not be assessed this time; whatever it was, it is not resolved.
    NotAssessed,
    /// Still blocked or in need of a licence, for another cause.
    OtherCause,
    /// Assessed again after it was not; what changed is unknown.
    AssessedAgain,
    /// No longer blocked, but in need of a licence.
    NoLongerBlocked,
    /// Ready to move, and was not.
    NewlyReady,
    /// On the roster now.
    Joined,
    /// No longer on the roster.
    Left,
    /// The evidence of the earlier run reads differently by today's rules, facts or settings.
    Rules,
    /// The same user under another address, otherwise unchanged.
    Renamed,
}

impl Kind {
    /// Every kind, in order.
    pub const ALL: &'static [Self] = &[
        Self::NewlyBlocked,
        Self::NewlyNeedsLicence,
        Self::NotAssessed,
        Self::OtherCause,
        Self::AssessedAgain,
        Self::NoLongerBlocked,
        Self::NewlyReady,
        Self::Joined,
        Self::Left,
        Self::Rules,
        Self::Renamed,
    ];

    /// Its id in files and on the command line.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::NewlyBlocked => "newly_blocked",
            Self::NewlyNeedsLicence => "newly_needs_licence",
            Self::NotAssessed => "not_assessed",
            Self::OtherCause => "other_cause",
            Self::AssessedAgain => "assessed_again",
            Self::NoLongerBlocked => "no_longer_blocked",
            Self::NewlyReady => "newly_ready",
            Self::Joined => "joined",
            Self::Left => "left",
            Self::Rules => "rules",
            Self::Renamed => "renamed",
        }
    }

    /// Whether the user is worse off than before.
    #[must_use]
    pub fn regressed(self) -> bool {
        matches!(self, Self::NewlyBlocked | Self::NewlyNeedsLicence)
    }
}

/// One change of one user. A user may have two: one by the tenant and one by the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What happened.
    pub kind: Kind,
    /// The address today; of one who left, the last.
    pub address: Box<str>,
    /// The earlier address, where it is another.
    pub was_address: Option<Box<str>>,
    /// Directory object id; empty: none known.
    pub object_id: Box<str>,
    /// The roster's owner; empty: none.
    pub owner: Box<str>,
    /// What it was; `None`: not on the roster.
    pub before: Option<Outcome>,
    /// What it is; `None`: not on the roster any more.
    pub after: Option<Outcome>,
    /// Why it is so, in a sentence; may be empty.
    pub cause: Box<str>,
}

/// Everything that moved between two runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// The earlier run.
    pub from: RunLabel,
    /// The later run.
    pub to: RunLabel,
    /// Whether what the earlier report said is known; without it a change of the rules cannot be told.
    pub rules_known: bool,
    /// Users on both rosters.
    pub on_both: u64,
    /// Every change, by kind and then in roster order.
    pub users: Vec<Change>,
}

impl Changes {
    /// Changes of one kind.
    #[must_use]
    pub fn count(&self, kind: Kind) -> u64 {
        self.of(kind).count() as u64
    }

    /// The changes of one kind, in roster order.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &Change> {
        self.users.iter().filter(move |change| change.kind == kind)
    }

    /// Users who are worse off.
    #[must_use]
    pub fn regressed(&self) -> u64 {
        self.users.iter().filter(|change| change.kind.regressed()).count() as u64
    }

    /// Causes of one kind's changes with their users, most users first: what it was and what it is.
    #[must_use]
    pub fn causes(&self, kind: Kind) -> Vec<(Option<&Outcome>, Option<&Outcome>, u64)> {
        let mut counts = BTreeMap::new();
        for change in self.of(kind) {
            *counts.entry((change.before.as_ref(), change.after.as_ref())).or_insert(0) += 1;
        }
        let mut causes: Vec<_> = counts.into_iter().map(|((before, after), users)| (before, after, users)).collect();
        causes.sort_by_key(|(.., users)| std::cmp::Reverse(*users));
        causes
    }
}

/// Compares two runs. Users are the same when the directory says so (object id), whatever their address; the address
/// decides only where an object id is missing. An entry that repeats an address is compared once.
#[must_use]
pub fn compare(from: RunLabel, old: &[Earlier], to: RunLabel, new: &[Judged]) -> Changes {
    let old: Vec<&Earlier> = old.iter().filter(|earlier| !earlier.judged.repeat).collect();
    let new: Vec<&Judged> = new.iter().filter(|judged| !judged.repeat).collect();
    let partner = partners(&old, &new);
    let mut known = vec![false; new.len()];
    let mut users = Vec::new();
    for (earlier, partner) in old.iter().zip(&partner) {
        match partner {
            Some(place) => {
                known[*place] = true;
                users.extend(moved(&earlier.judged, new[*place]));
            }
            None => users.push(change(Kind::Left, Some(&earlier.judged), None)),
        }
        users.extend(by_rules(earlier));
    }
    let joined = new.iter().zip(&known).filter(|(_, known)| !**known);
    users.extend(joined.map(|(judged, _)| change(Kind::Joined, None, Some(judged))));
    users.sort_by_key(|change| change.kind);
    Changes {
        rules_known: old.iter().all(|earlier| earlier.reported.is_some()),
        on_both: known.iter().filter(|known| **known).count() as u64,
        from,
        to,
        users,
    }
}

/// For each old entry the place of the new one that is the same user.
fn partners(old: &[&Earlier], new: &[&Judged]) -> Vec<Option<usize>> {
    let mut by_id: HashMap<&ObjectId, Vec<usize>> = HashMap::new();
    let mut by_address: HashMap<&str, usize> = HashMap::new();
    for (place, judged) in new.iter().enumerate() {
        if !judged.object_id.is_empty() {
            by_id.entry(&judged.object_id).or_default().push(place);
        }
        by_address.entry(&judged.address).or_insert(place);
    }
    let mut taken = vec![false; new.len()];
    let mut partner = vec![None; old.len()];
    // Both, then the object id alone, then the address alone: an entry that fits better is not taken by another.
    for pass in [Pass::Both, Pass::ObjectId, Pass::Address] {
        for (earlier, partner) in old.iter().zip(&mut partner).filter(|(_, partner)| partner.is_none()) {
            let judged = &earlier.judged;
            let same_id = by_id.get(&judged.object_id).map(Vec::as_slice).unwrap_or_default();
            let found = match pass {
                Pass::Both => same_id.iter().find(|place| new[**place].address == judged.address),
                Pass::ObjectId => same_id.iter().find(|place| !taken[**place]),
                // Two different object ids are two accounts, even if one took over the other's address.
                Pass::Address => by_address
                    .get(&*judged.address)
                    .filter(|place| judged.object_id.is_empty() || new[**place].object_id.is_empty()),
            };
            if let Some(place) = found.copied().filter(|place| !taken[*place]) {
                taken[place] = true;
                *partner = Some(place);
            }
        }
    }
    partner
}

#[derive(Clone, Copy)]
enum Pass {
    Both,
    ObjectId,
    Address,
}

/// What the tenant's change made of a user.
fn moved(before: &Judged, after: &Judged) -> Option<Change> {
    let kind =
        kind(&before.outcome, &after.outcome).or_else(|| (before.address != after.address).then_some(Kind::Renamed))?;
    Some(change(kind, Some(before), Some(after)))
}

fn kind(before: &Outcome, after: &Outcome) -> Option<Kind> {
    use Verdict::{Blocked, MoveToGraphEac, NeedsLicenseUpgrade, NotAssessed};
    match (before.verdict, after.verdict) {
        (NotAssessed, NotAssessed) | (MoveToGraphEac, MoveToGraphEac) => None,
        (_, NotAssessed) => Some(Kind::NotAssessed),
        (NotAssessed, _) => Some(Kind::AssessedAgain),
        (_, MoveToGraphEac) => Some(Kind::NewlyReady),
        (MoveToGraphEac | NeedsLicenseUpgrade, Blocked) => Some(Kind::NewlyBlocked),
        (MoveToGraphEac, NeedsLicenseUpgrade) => Some(Kind::NewlyNeedsLicence),
        (Blocked, NeedsLicenseUpgrade) => Some(Kind::NoLongerBlocked),
        (Blocked, Blocked) | (NeedsLicenseUpgrade, NeedsLicenseUpgrade) => {
            (before.reason != after.reason).then_some(Kind::OtherCause)
        }
    }
}

/// What the rules' change made of an earlier user.
fn by_rules(earlier: &Earlier) -> Option<Change> {
    let reported = earlier.reported.as_ref().filter(|reported| **reported != earlier.judged.outcome)?;
    let change = change(Kind::Rules, None, Some(&earlier.judged));
    Some(Change { before: Some(reported.clone()), ..change })
}

fn change(kind: Kind, before: Option<&Judged>, after: Option<&Judged>) -> Change {
    let text = |read: fn(&Judged) -> &str| -> Box<str> {
        let values = [after, before].into_iter().flatten().map(read);
        values.into_iter().find(|text| !text.is_empty()).unwrap_or_default().into()
    };
    let id = [after, before].into_iter().flatten().map(|judged| &judged.object_id).find(|id| !id.is_empty());
    let was = before.zip(after).filter(|(before, after)| before.address != after.address);
    Change {
        kind,
        address: text(|judged| &judged.address),
        was_address: was.map(|(before, _)| before.address.clone()),
        object_id: id.map(|id| id.to_string().into()).unwrap_or_default(),
        owner: text(|judged| &judged.owner),
        before: before.map(|before| before.outcome.clone()),
        after: after.map(|after| after.outcome.clone()),
        cause: after.map(|after| (&*after.cause).into()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
