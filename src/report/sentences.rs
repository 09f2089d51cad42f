//! Sentences and lists that need more than one part of the view.

use std::collections::BTreeMap;

use super::View;
use super::head::LicenceLine;
use super::summary::{Demand, buys};
use crate::verdict::LicenceState;

/// The day EWS ends in this cloud and how far it is, in words.
#[must_use]
pub fn deadline_sentence(view: &View) -> String {
    let texts = &view.texts;
    let organization = &view.head.organization;
    let Some(day) = organization.retirement else { return texts.get("summary", "deadline_unknown").to_owned() };
    let days = organization.days_left(view.head.as_of).unwrap_or(0);
    let number = texts.number(days.unsigned_abs().into());
    let distance = match days {
        0 => texts.get("summary", "days_today").to_owned(),
        1.. => texts.fill("summary", "days_left", &[("n", &number)]),
        _ => texts.fill("summary", "days_past", &[("n", &number)]),
    };
    format!("{day} ({distance})")
}

/// How many full mailbox plans are asked for, are free, and are to be bought, in words. Where no product is known to
/// give a full mailbox, nothing is said about free ones: unknown is not none.
#[must_use]
pub fn demand_sentence(view: &View) -> String {
    let need = view.summary.plans_needed();
    let full: Vec<&LicenceLine> =
        view.head.licences.iter().filter(|line| line.mailbox == Some(LicenceState::Full)).collect();
    let free = full.iter().map(|line| line.free()).sum();
    let key = if full.is_empty() { "demand_need" } else { "demand_total" };
    let numbers = [need, free, need.saturating_sub(free)].map(|number| view.texts.number(number));
    let [need, free, buy] = &numbers;
    view.texts.fill("summary", key, &[("need", need), ("free", free), ("buy", buy)])
}

/// What to do about one line of the demand: the product to buy where the facts know the way up, else what the state of
/// the licences asks for.
#[must_use]
pub fn need_sentence(view: &View, line: &Demand) -> String {
    let texts = &view.texts;
    let way = if buys(line.licence) { view.head.upgrade(&line.products) } else { None };
    let Some((way, product)) = way.and_then(|way| way.to.first().map(|product| (way, product))) else {
        return texts.get("licence_need", line.licence.id()).to_owned();
    };
    let others = way.to.get(1..).unwrap_or_default().join(", ");
    let key = if others.is_empty() { "need_product" } else { "need_product_or" };
    let mut sentence = texts.fill("summary", key, &[("product", product.as_str()), ("others", &others)]);
    if let Some(free) = view.head.free_units(product).filter(|&free| free > 0) {
        let free = texts.number(free);
        sentence = format!("{sentence} {}", texts.fill("summary", "need_free", &[("product", product), ("n", &free)]));
    }
    if way.note.is_empty() { sentence } else { format!("{sentence} {}", way.note) }
}

/// Users for whom each product is the first step up, by the product's name.
#[must_use]
pub fn purchases(view: &View) -> BTreeMap<&str, u64> {
    let mut wanted = BTreeMap::new();
    for line in view.summary.demand.iter().filter(|line| buys(line.licence)) {
        if let Some(product) = view.head.upgrade(&line.products).and_then(|way| way.to.first()) {
            *wanted.entry(product.as_str()).or_default() += line.users;
        }
    }
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Head, SpoolWriter};

    #[test]
    fn nothing_is_said_about_free_plans_that_are_not_known() {
        let sentence = |mailbox| {
            let folder = tempfile::tempdir().unwrap();
            let (spool, summary) = SpoolWriter::create_in(folder.path()).unwrap().finish().unwrap();
            let line = LicenceLine { mailbox, enabled: 5, ..LicenceLine::default() };
            let head = Head { licences: vec![line], ..Head::default() };
            demand_sentence(&View::new(head, spool, summary).unwrap())
        };
        assert!(sentence(Some(LicenceState::Full)).contains("5 are free"));
        assert!(!sentence(None).contains("free"));
    }
}
