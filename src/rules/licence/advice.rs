//! Names of products, and which one to take.

use uuid::Uuid;

use crate::facts::Standing;

use super::super::reading::Reading;
use super::super::rule::Params;

/// Errors of an assignment that the table of words has a remedy for.
const ERRORS: [(&str, &str); 6] = [
    ("CountViolation", "licence_error/count"),
    ("MutuallyExclusiveViolation", "licence_error/exclusive"),
    ("DependencyViolation", "licence_error/dependency"),
    ("ProhibitedInUsageLocationViolation", "licence_error/location"),
    ("UniquenessViolation", "licence_error/uniqueness"),
    ("Other", "licence_error/other"),
];

/// What to do about the error of an assignment.
pub fn error_remedy(reading: &Reading<'_>, error: &str) -> String {
    let key = ERRORS
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(error))
        .map_or("licence_error/other", |(_, key)| key);
    reading.word(key)
}

/// The selling name of a product: the facts', else the tenant's part number, else its id.
pub fn product_name(reading: &Reading<'_>, sku: Option<Uuid>) -> String {
    let Some(sku) = sku else { return reading.word("licence/some_product") };
    if let Some(known) = reading.case.facts.licensing().product(sku) {
        return known.name.clone();
    }
    let tenant = reading.case.tenant.skus.value().and_then(|skus| skus.iter().find(|known| known.id == sku));
    tenant.map_or_else(|| sku.to_string(), |known| known.part_number.clone())
}

/// The selling names of several products.
pub fn product_names(reading: &Reading<'_>, skus: &[Uuid]) -> Vec<String> {
    skus.iter().map(|sku| product_name(reading, Some(*sku))).collect()
}

/// What there is to know about the deciding product's name, or about any the account holds.
pub fn about_product(reading: &Reading<'_>, deciding: Option<Uuid>, held: &[Uuid]) -> String {
    let licensing = reading.case.facts.licensing();
    let note =
        deciding.iter().chain(held).find_map(|sku| licensing.upgrade(*sku).filter(|known| !known.note.is_empty()));
    note.map(|known| format!(" {}: {}", known.part_number, known.note)).unwrap_or_default()
}

/// What to assign, as a clause: what the account has and is switched off, what the tenant has free units of, or what
/// to buy, the cheapest usual step first.
pub fn upgrade(reading: &Reading<'_>) -> String {
    let licensing = reading.case.facts.licensing();
    if let Some(sku) = reading.licence.switched_off {
        let product = product_name(reading, Some(sku));
        return reading.words("licence/switch_on", &Params::one("product", product));
    }
    let own = reading.licence.sku.and_then(|sku| licensing.upgrade(sku)).map(|known| known.steps.as_slice());
    let steps = own.filter(|steps| !steps.is_empty()).unwrap_or(licensing.first_step(&reading.case.options.cloud));
    let products: Vec<_> = steps.iter().filter_map(|step| licensing.product_by_part_number(step)).collect();
    let free = products.iter().find_map(|product| {
        let skus = reading.case.tenant.skus.value()?;
        let held = skus.iter().find(|sku| sku.id == product.sku_id)?;
        let usable = matches!(licensing.capability(&held.capability), Some(Standing::Counts | Standing::CountsWarning));
        let units = held.enabled_units.saturating_sub(held.consumed_units);
        (usable && units > 0).then_some((product, units))
    });
    if let Some((product, units)) = free {
        let params = Params::one("product", &product.name).and("units", units.to_string());
        return reading.words("licence/use_free", &params);
    }
    let Some((first, others)) = products.split_first() else { return reading.word("licence/buy_any") };
    let params = Params::one("product", &first.name).and("part_number", &first.part_number);
    if others.is_empty() {
        return reading.words("licence/buy", &params);
    }
    let others: Vec<&str> = others.iter().map(|product| product.name.as_str()).collect();
    reading.words("licence/buy_one_of", &params.and("others", others.join(", ")))
}
