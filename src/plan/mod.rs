//! Cutover waves that keep people together.
//!
//! A run's judged entries become [`people`], what they and the evidence say about each other becomes [`ties`], tied
//! people become [`groups`], and groups are [`pack`]ed into the waves a [`calendar`] allows under the [`constraints`].
//! The objective, in this order: finish early, cut few ties, load the waves evenly; each is shown beside a bound that no
//! plan can beat. A plan that cannot be made says what to relax ([`infeasible`]); one that was made is [`kept`] with its
//! run, is followed as far as possible when it is made again, and tells next month who is ahead and who is behind
//! ([`progress`]).

pub mod bound;
pub mod calendar;
pub mod constraints;
pub mod cut;
pub mod groups;
pub mod infeasible;
pub mod kept;
pub mod measure;
pub mod net;
pub mod pack;
pub mod people;
pub mod progress;
mod setup;
pub mod ties;
pub mod tree;
pub mod variant;
mod why;

use jiff::civil::Date;

use calendar::{Calendar, Slot};
use constraints::{Rules, RulesError};
use infeasible::Infeasible;
use kept::Kept;
use measure::Measure;
use pack::Packed;
use people::Census;
use setup::Setup;
use ties::Tie;
pub use why::{Reason, Why};

/// What a plan is made of.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Everybody, and who belongs to whom.
    pub census: &'a Census,
    /// What to keep to.
    pub rules: &'a Rules,
    /// The day of the run: waves are after it.
    pub today: Date,
    /// The day EWS ends in the cloud: waves are before it.
    pub retirement: Date,
    /// The plan made before, to be followed where its rules are still the same.
    pub earlier: Option<&'a Kept>,
}

/// What became of one address of the roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seat {
    /// It moves in this wave.
    Wave {
        /// Which: an index into [`Plan::waves`].
        wave: u16,
        /// Its group; 0: it moves by itself.
        group: u32,
        /// Part of the group, from 1, where the group is in several waves; else 0.
        part: u16,
        /// Why it is in this wave.
        why: Why,
    },
    /// It waits until its cause is resolved.
    Waits,
}

impl Seat {
    /// The wave, where it has one.
    #[must_use]
    pub fn wave(&self) -> Option<u16> {
        match self {
            Self::Wave { wave, .. } => Some(*wave),
            Self::Waits => None,
        }
    }
}

/// Why a tie is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CutBy {
    /// The group is larger than a wave.
    Capacity,
    /// The pilot, the roster or the plan file puts the two into different waves.
    Fixed,
    /// One of the two moved in an earlier wave, before this plan was made.
    Past,
}

/// A tie between people of different waves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutTie {
    /// The tie; its ends are indexes into the census.
    pub tie: Tie,
    /// Wave of its owner.
    pub from: u16,
    /// Wave of the other.
    pub to: u16,
    /// Why.
    pub by: CutBy,
}

/// Who moves when.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The waves, in order; those before `past` are over.
    pub waves: Vec<Slot>,
    /// How many waves were over when the plan was made.
    pub past: usize,
    /// For each member of the census, what became of it.
    pub seats: Vec<Seat>,
    /// Ties between different waves, the heaviest first.
    pub cut: Vec<CutTie>,
    /// Ties of which one end waits.
    pub waiting: Vec<Tie>,
    /// How good it is.
    pub measure: Measure,
}

/// What came of planning.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// A plan.
    Plan(Box<Plan>),
    /// There is none under these rules.
    Infeasible(Infeasible),
}

/// Plans the waves.
///
/// # Errors
/// When a rule makes no sense for this roster.
pub fn make(request: Request<'_>) -> Result<Outcome, RulesError> {
    let earlier = request.earlier.filter(|kept| kept.rules == *request.rules);
    // The pilot is first only once.
    let begun = request.earlier.is_some_and(|kept| !kept.past(request.today).is_empty());
    let without_pilot = Rules { pilot: None, ..request.rules.clone() };
    let request = if begun { Request { rules: &without_pilot, ..request } } else { request };
    let calendar = Calendar::of(request.rules, request.today, request.retirement);
    for followed in [earlier, None] {
        let setup = Setup::new(request, &calendar, followed)?;
        if setup.nodes.is_empty() {
            return Ok(Outcome::Plan(Box::new(setup.plan(Packed::default(), (0, bound::Limit::Capacity)))));
        }
        let terms = setup.terms();
        let least = bound::least_waves(&setup.nodes, &setup.groups.units, &terms);
        if let Some(packed) = fewest(&setup, least.0.max(setup.kept_waves())) {
            return Ok(Outcome::Plan(Box::new(setup.plan(packed, least))));
        }
        if followed.is_none() {
            break;
        }
    }
    infeasible::explain(request, &calendar).map(Outcome::Infeasible)
}

/// Packs into as few waves as it can be done, at least `least`: steps grow until it fits, then the gap is halved.
fn fewest(setup: &Setup<'_>, least: usize) -> Option<Packed> {
    let most = setup.capacity.len();
    let terms = setup.terms();
    let try_with = |waves: usize| pack::pack(&setup.nodes, &setup.net, &setup.groups.units, &terms, waves);
    let (mut waves, mut step, mut too_few) = (least.max(1), 1, least.max(1).saturating_sub(1));
    let mut best = loop {
        if waves > most {
            if too_few >= most {
                return None;
            }
            waves = most;
        }
        match try_with(waves) {
            Some(packed) => break packed,
            None => too_few = waves,
        }
        waves += step;
        step *= 2;
    };
    while too_few + 1 < waves {
        let middle = usize::midpoint(too_few, waves);
        match try_with(middle) {
            Some(packed) => (best, waves) = (packed, middle),
            None => too_few = middle,
        }
    }
    Some(best)
}
