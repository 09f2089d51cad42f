//! What the licences of an account amount to: the best of its Exchange plans.
//!
//! Plans count by id, read from the tenant's own products and, for products it does not list, from the facts
//! ("Product names and service plan identifiers for licensing"). Since January 2023 Exchange Online accepts several
//! Exchange licences on one user and grants what the highest one gives.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::evidence::Observation;
use crate::evidence::mailbox::{Account, AssignedPlan, Assignment};
use crate::evidence::tenant::Sku;
use crate::facts::{ProductKind, Right, Standing};

use super::super::case::Case;
use super::super::reading::{GraphReading, Identity, Settled};
use super::super::rule::{Open, Params, Question, ask};
use super::super::states::LicenceState;

/// What the licences amount to, and by which product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Licence {
    /// The state.
    pub state: LicenceState,
    /// Why it is unknown; empty when it is not.
    pub open: Vec<Open>,
    /// What the deciding plan gives, or would.
    pub right: Right,
    /// The product that decides.
    pub sku: Option<Uuid>,
    /// The error of the deciding assignment.
    pub error: Option<String>,
    /// The group that makes the deciding assignment.
    pub group: Option<String>,
    /// A product whose full mailbox plan the account has, but switched off.
    pub switched_off: Option<Uuid>,
    /// Products that count with a warning: in their grace period, or assigned with an error.
    pub warned: Vec<Uuid>,
}

/// One Exchange mailbox plan that a product offers to the account.
struct Offer {
    sku: Option<Uuid>,
    plan: Uuid,
    right: Right,
    standing: Standing,
    error: Option<String>,
    group: Option<String>,
    unlisted: Option<String>,
}

impl Licence {
    /// Reads the licences of the account behind a case.
    #[must_use]
    pub fn of(case: &Case<'_>, identity: &Settled<Identity<'_>>, graph: &Settled<GraphReading<'_>>) -> Self {
        let graph_answers = graph.as_ref().map(|graph| matches!(graph, GraphReading::Answers(_)));
        match identity {
            Ok(Identity::One(account)) => Reader { case, account, graph_answers }.read(),
            Ok(Identity::Nobody | Identity::Several) => Self::plain(LicenceState::NotAsked),
            Err(open) => {
                let asked = !matches!(case.evidence.directory, Observation::NotAsked);
                let state = if asked { LicenceState::Unknown } else { LicenceState::NotAsked };
                Self { open: open.clone(), ..Self::plain(state) }
            }
        }
    }

    fn plain(state: LicenceState) -> Self {
        Self {
            state,
            open: Vec::new(),
            right: Right::None,
            sku: None,
            error: None,
            group: None,
            switched_off: None,
            warned: Vec::new(),
        }
    }
}

struct Reader<'a> {
    case: &'a Case<'a>,
    account: &'a Account,
    graph_answers: Result<bool, &'a Vec<Open>>,
}

/// A plan within a product, wherever it was read.
struct PlanInSku<'a> {
    id: Uuid,
    name: Option<&'a str>,
    provisioning: Option<&'a str>,
}

impl Reader<'_> {
    fn read(&self) -> Licence {
        let mut open = Vec::new();
        let mut offers = Vec::new();
        let mut warned = Vec::new();
        for (sku, assignments) in self.assigned() {
            match self.plans_of(sku) {
                Ok(plans) => {
                    for plan in plans {
                        offers.extend(self.offer(sku, &plan, &assignments, &mut warned, &mut open));
                    }
                }
                Err(why) => open.extend(why),
            }
        }
        self.read_unlisted_products(&mut offers, &mut open);
        warned.sort_unstable();
        warned.dedup();
        Licence { warned, ..self.best(offers, open) }
    }

    /// Every product assigned, with how; a product without a recorded assignment counts as assigned directly.
    fn assigned(&self) -> BTreeMap<Uuid, Vec<Assignment>> {
        let mut assigned: BTreeMap<Uuid, Vec<Assignment>> = BTreeMap::new();
        for assignment in &self.account.assignments {
            assigned.entry(assignment.sku).or_default().push(assignment.clone());
        }
        for licence in &self.account.licences {
            assigned.entry(licence.sku).or_insert_with(|| {
                vec![Assignment {
                    sku: licence.sku,
                    group: None,
                    state: "Active".to_owned(),
                    error: None,
                    disabled_plans: licence.disabled_plans.clone(),
                }]
            });
        }
        assigned
    }

    fn tenant_sku(&self, sku: Uuid) -> Option<&Sku> {
        self.case.tenant.skus.value()?.iter().find(|known| known.id == sku)
    }

    /// The plans in a product: the tenant's word first, then the facts'; an unlisted product is left to the account's
    /// own plans, and is an open question where the directory lists none of these.
    fn plans_of(&self, sku: Uuid) -> Settled<Vec<PlanInSku<'_>>> {
        if let Some(known) = self.tenant_sku(sku) {
            let plans = known.plans.iter().filter(|plan| !plan.applies_to.eq_ignore_ascii_case("Company"));
            return Ok(plans
                .map(|plan| PlanInSku { id: plan.id, name: Some(&plan.name), provisioning: Some(&plan.provisioning) })
                .collect());
        }
        if let Some(known) = self.case.facts.licensing().product(sku) {
            let plans = known.exchange_plans.iter();
            return Ok(plans.map(|id| PlanInSku { id: *id, name: None, provisioning: None }).collect());
        }
        if self.account.plans.is_empty() {
            let open = ask(Question::Products, &self.case.tenant.skus).err();
            let unlisted =
                || Open::unsettled(Question::Licence, "unlisted_product", Params::one("sku", sku.to_string()));
            return Err(open.unwrap_or_else(unlisted));
        }
        Ok(Vec::new())
    }

    fn offer(
        &self,
        sku: Uuid,
        plan: &PlanInSku<'_>,
        assignments: &[Assignment],
        warned: &mut Vec<Uuid>,
        open: &mut Vec<Open>,
    ) -> Option<Offer> {
        let (right, unlisted) = match self.case.facts.licensing().plan(plan.id) {
            Some(known) if known.right == Right::None => return None,
            Some(known) if known.right == Right::Unknown => (Right::Unknown, Some(known.title.clone())),
            Some(known) => (known.right, None),
            None => {
                let name = plan.name.filter(|name| name.to_uppercase().contains("EXCHANGE"))?;
                (Right::Unknown, Some(name.to_owned()))
            }
        };
        let best = assignments.iter().min_by_key(|assignment| rank(self.assigned_standing(assignment, plan.id)))?;
        let by_assignment = self.assigned_standing(best, plan.id);
        let standing = worse(by_assignment, self.product_standing(sku));
        let standing = worse(standing, self.account_standing(plan.id, standing, open));
        let standing = self.provisioned_standing(plan, standing, open);
        if standing == Standing::CountsWarning {
            warned.push(sku);
        }
        Some(Offer {
            sku: Some(sku),
            plan: plan.id,
            right,
            standing,
            error: best.error.clone(),
            group: best.group.clone(),
            unlisted,
        })
    }

    /// An unknown word counts, with a warning: the directory does list the assignment.
    fn assigned_standing(&self, assignment: &Assignment, plan: Uuid) -> Standing {
        let standing = self.case.facts.licensing().assignment(&assignment.state).unwrap_or(Standing::CountsWarning);
        if counts(standing) && assignment.disabled_plans.contains(&plan) { Standing::Off } else { standing }
    }

    /// What the tenant says of the product as a whole.
    fn product_standing(&self, sku: Uuid) -> Standing {
        let licensing = self.case.facts.licensing();
        let word = self.tenant_sku(sku).map(|known| licensing.capability(&known.capability));
        word.flatten().unwrap_or(Standing::Counts)
    }

    /// What the tenant says of the plan within the product. A plan that is in preparation, or failed for the tenant,
    /// counts all the same where Graph opens the mailbox; and where the tenant's products could not be read, nothing
    /// but Graph's answer tells a plan in preparation from a ready one.
    fn provisioned_standing(&self, plan: &PlanInSku<'_>, so_far: Standing, open: &mut Vec<Open>) -> Standing {
        if !counts(so_far) && so_far != Standing::Pending {
            return so_far;
        }
        let licensing = self.case.facts.licensing();
        let provisioned = plan
            .provisioning
            .map_or(Standing::Counts, |word| licensing.provisioning(word).unwrap_or(Standing::CountsWarning));
        let standing = worse(so_far, provisioned);
        let provisional = matches!(standing, Standing::Pending | Standing::Error);
        match (self.graph_answers, ask(Question::Products, &self.case.tenant.skus)) {
            (Ok(true), _) if provisional => Standing::CountsWarning,
            (Err(graph), Ok(_)) if provisional => {
                open.extend(graph.iter().cloned());
                standing
            }
            (Ok(false) | Err(_), Err(products)) => {
                open.extend(products);
                Standing::Pending
            }
            (Ok(_) | Err(_), _) => standing,
        }
    }

    /// What the account's own plan entries say. Several may stand for one plan, stale ones among them: the best
    /// counts. No entry: the tenant's word stands, if it was read.
    fn account_standing(&self, plan: Uuid, so_far: Standing, open: &mut Vec<Open>) -> Standing {
        if !counts(so_far) {
            return so_far;
        }
        let entries = self.account.plans.iter().filter(|entry| entry.plan == plan);
        let said: Vec<Standing> = entries.map(|entry| self.capability(entry)).collect();
        let best = said.iter().copied().min_by_key(|standing| rank(*standing));
        let mixed = best.is_some_and(counts) && said.contains(&Standing::Suspended);
        if best.is_none() || mixed {
            // Only the tenant's products tell whether the plan is usable, and which product of several gives it.
            open.extend(ask(Question::Products, &self.case.tenant.skus).err().unwrap_or_default());
        }
        match best {
            Some(Standing::Gone) => Standing::Pending,
            Some(standing) => standing,
            None => so_far,
        }
    }

    fn capability(&self, entry: &AssignedPlan) -> Standing {
        self.case.facts.licensing().capability(&entry.capability).unwrap_or(Standing::CountsWarning)
    }

    /// Plans of the account that no product explains: those of a product nobody lists count; otherwise a usable
    /// entry contradicts the products, and what it gives stays open.
    fn read_unlisted_products(&self, offers: &mut Vec<Offer>, open: &mut Vec<Open>) {
        let licensing = self.case.facts.licensing();
        let has_unlisted =
            self.assigned().keys().any(|sku| self.tenant_sku(*sku).is_none() && licensing.product(*sku).is_none());
        for entry in &self.account.plans {
            if offers.iter().any(|offer| offer.plan == entry.plan) {
                continue;
            }
            let standing = self.capability(entry);
            let known = licensing.plan(entry.plan);
            let unlisted = known.is_none() && entry.service.eq_ignore_ascii_case("exchange");
            let right = known.map_or(if unlisted { Right::Unknown } else { Right::None }, |plan| plan.right);
            if right == Right::None || !counts(standing) && !has_unlisted {
                continue;
            }
            let title = known.map_or_else(|| entry.plan.to_string(), |plan| plan.title.clone());
            if has_unlisted {
                let unlisted = (right == Right::Unknown).then_some(title);
                let plan = entry.plan;
                offers.push(Offer { sku: None, plan, right, standing, error: None, group: None, unlisted });
            } else if !offers.iter().any(|offer| counts(offer.standing) && offer.right >= right) {
                let why = Params::one("plan", title);
                open.extend(Open::unsettled(Question::Licence, "unexplained_plan", why));
            }
        }
    }

    /// The best offer wins; evidence that is missing outweighs everything but a full mailbox plan that counts.
    fn best(&self, offers: Vec<Offer>, open: Vec<Open>) -> Licence {
        let switched_off = offers
            .iter()
            .find(|offer| offer.right == Right::Full && offer.standing == Standing::Off)
            .and_then(|offer| offer.sku);
        let mut offers = offers;
        offers.sort_by_key(|offer| (self.place(offer), std::cmp::Reverse(offer.right)));
        let best = offers.into_iter().next();
        let full = best.as_ref().is_some_and(|offer| offer.right == Right::Full && counts(offer.standing));
        if !open.is_empty() && !full {
            return Licence { open, switched_off, ..Licence::plain(LicenceState::Unknown) };
        }
        let Some(offer) = best else {
            return Licence {
                sku: self.account.licences.first().map(|licence| licence.sku),
                ..Licence::plain(LicenceState::None)
            };
        };
        let state = self.state(&offer);
        let open = match (&offer.unlisted, state) {
            (Some(plan), LicenceState::Unknown) => {
                Open::unsettled(Question::Licence, "unlisted_plan", Params::one("plan", plan))
            }
            _ => Vec::new(),
        };
        Licence {
            open,
            right: offer.right,
            sku: offer.sku,
            error: offer.error,
            group: offer.group,
            switched_off,
            ..Licence::plain(state)
        }
    }

    /// Where an offer stands among the others, the best first.
    fn place(&self, offer: &Offer) -> u8 {
        match (offer.standing, offer.right) {
            (Standing::Counts | Standing::CountsWarning, Right::Full) => 0,
            (Standing::Counts | Standing::CountsWarning, Right::Kiosk) if !self.is_f1(offer.sku) => 1,
            (Standing::Counts | Standing::CountsWarning, Right::Kiosk) => 2,
            (Standing::Counts | Standing::CountsWarning, _) => 3,
            (Standing::Pending, _) => 4,
            (Standing::Suspended, _) => 5,
            (Standing::Error, _) => 6,
            (Standing::Off, _) => 7,
            (Standing::Gone, _) => 8,
        }
    }

    fn state(&self, offer: &Offer) -> LicenceState {
        match self.place(offer) {
            0 => LicenceState::Full,
            1 => LicenceState::Kiosk,
            2 => LicenceState::F1NoMailboxRight,
            3 => LicenceState::Unknown,
            4 => LicenceState::Pending,
            5 => LicenceState::Suspended,
            6 => LicenceState::Error,
            7 => LicenceState::PlanOff,
            _ => LicenceState::None,
        }
    }

    fn is_f1(&self, sku: Option<Uuid>) -> bool {
        let kind = sku.and_then(|sku| self.case.facts.licensing().upgrade(sku)).map(|upgrade| upgrade.kind);
        kind == Some(ProductKind::F1NoMailboxRight)
    }
}

/// Whether a standing lets a plan be used.
fn counts(standing: Standing) -> bool {
    matches!(standing, Standing::Counts | Standing::CountsWarning)
}

/// Standings from best to worst, where several say something of one plan.
fn rank(standing: Standing) -> u8 {
    match standing {
        Standing::Counts => 0,
        Standing::CountsWarning => 1,
        Standing::Pending => 2,
        Standing::Error => 3,
        Standing::Suspended => 4,
        Standing::Off => 5,
        Standing::Gone => 6,
    }
}

fn worse(one: Standing, other: Standing) -> Standing {
    if rank(one) >= rank(other) { one } else { other }
}
