//! The tenant's products, what each gives a mailbox, and what to buy instead of one that gives too little.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::evidence::TenantEvidence;
use crate::evidence::tenant::Sku;
use crate::facts::{Facts, ProductKind, Right};
use crate::report::head::{LicenceLine, UpgradeLine};
use crate::rules::Options;
use crate::verdict::LicenceState;

/// A line a product of the tenant.
pub fn products(tenant: &TenantEvidence, facts: &Facts) -> Vec<LicenceLine> {
    let line = |sku: &Sku| LicenceLine {
        sku: sku.id.to_string(),
        name: name(facts, sku.id, &sku.part_number),
        part_number: sku.part_number.clone(),
        status: sku.capability.clone(),
        enabled: sku.enabled_units,
        consumed: sku.consumed_units,
        mailbox: mailbox(facts, sku),
    };
    tenant.skus.value().map(|skus| skus.iter().map(line).collect()).unwrap_or_default()
}

fn name(facts: &Facts, sku: Uuid, part_number: &str) -> String {
    facts.licensing().product(sku).map_or_else(|| part_number.to_owned(), |product| product.name.clone())
}

/// What the best Exchange plan of a product gives; `None`: it has no plan with a mailbox.
fn mailbox(facts: &Facts, sku: &Sku) -> Option<LicenceState> {
    let plans = sku.plans.iter().filter_map(|plan| facts.licensing().plan(plan.id));
    let f1 = facts.licensing().upgrade(sku.id).is_some_and(|upgrade| upgrade.kind == ProductKind::F1NoMailboxRight);
    match plans.map(|plan| plan.right).max()? {
        Right::None => None,
        Right::Unknown => Some(LicenceState::Unknown),
        Right::Kiosk if f1 => Some(LicenceState::F1NoMailboxRight),
        Right::Kiosk => Some(LicenceState::Kiosk),
        Right::Full => Some(LicenceState::Full),
    }
}

/// The usual steps from each of the tenant's products that lack the right, and from none at all.
pub fn upgrades(tenant: &TenantEvidence, facts: &Facts, options: &Options) -> Vec<UpgradeLine> {
    let licensing = facts.licensing();
    let names = |steps: &[String]| {
        let name = |step: &String| {
            licensing.product_by_part_number(step).map_or_else(|| step.clone(), |product| product.name.clone())
        };
        steps.iter().map(name).collect::<Vec<_>>()
    };
    let held: BTreeSet<Uuid> = tenant.skus.value().into_iter().flatten().map(|sku| sku.id).collect();
    let of_product = |sku: Uuid| {
        let upgrade = licensing.upgrade(sku)?;
        let from = licensing.product(sku)?.name.clone();
        Some(UpgradeLine { from, to: names(&upgrade.steps), note: upgrade.note.clone() })
    };
    let nothing = UpgradeLine { to: names(licensing.first_step(&options.cloud)), ..UpgradeLine::default() };
    held.into_iter().filter_map(of_product).chain([nothing]).collect()
}
