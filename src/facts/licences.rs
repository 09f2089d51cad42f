//! Licences: what service plans give, what products carry, and the usual way up.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use uuid::Uuid;

use super::read::{FactsError, File, Head};

/// What an Exchange service plan gives its user, best last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Right {
    /// No mailbox.
    None,
    /// A mailbox whose rights are not documented.
    Unknown,
    /// A kiosk mailbox, without EWS right.
    Kiosk,
    /// A full mailbox with EWS right.
    Full,
}

/// An Exchange service plan.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExchangePlan {
    /// Service plan id.
    pub plan_id: Uuid,
    /// Its name on the wire, for example `EXCHANGE_S_DESKLESS`.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// What it gives.
    pub right: Right,
    /// What else is known.
    pub note: String,
}

/// A product as Microsoft sells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// SKU id.
    pub sku_id: Uuid,
    /// Part number (`skuPartNumber`), for example `DESKLESSPACK`.
    pub part_number: String,
    /// Selling name.
    pub name: String,
    /// Exchange service plans in it.
    pub exchange_plans: Vec<Uuid>,
}

/// What a product without EWS right is to its user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProductKind {
    /// A frontline suite with a kiosk mailbox.
    Kiosk,
    /// Microsoft 365 F1: a kiosk plan for the Teams calendar, but no right to the mailbox.
    F1NoMailboxRight,
    /// A Teams product with a kiosk plan inside.
    KioskInTeams,
    /// No mailbox.
    None,
    /// An archive only.
    Archive,
    /// For a device or resource account.
    Resource,
    /// Rights not documented.
    Unknown,
}

/// The usual way from a product to one with EWS right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upgrade {
    /// Part number of the product to leave or add to.
    pub part_number: String,
    /// Its SKU id; none for retired ones that Microsoft's table lacks.
    pub sku_id: Option<Uuid>,
    /// What it is.
    pub kind: ProductKind,
    /// Part numbers that give the right, the cheapest usual step first; empty where none is needed.
    pub steps: Vec<String>,
    /// What to know about it, in a sentence.
    pub note: String,
}

/// How a state word of the directory is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It counts.
    Counts,
    /// It counts, with a warning.
    CountsWarning,
    /// Not there yet.
    Pending,
    /// Suspended or locked out.
    Suspended,
    /// Failed.
    Error,
    /// Switched off.
    Off,
    /// To be ignored.
    Gone,
}

#[derive(Deserialize)]
struct WordsFile {
    capability: BTreeMap<String, Standing>,
    provisioning: BTreeMap<String, Standing>,
    assignment: BTreeMap<String, Standing>,
    first_step: BTreeMap<String, Vec<toml::Spanned<String>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProductRow {
    sku_id: Uuid,
    part_number: String,
    name: String,
    exchange_plans: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UpgradeRow {
    part_number: String,
    sku_id: Option<Uuid>,
    kind: ProductKind,
    steps: String,
    note: String,
}

/// Everything the facts say about licences.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Licensing {
    plans: HashMap<Uuid, ExchangePlan>,
    products: HashMap<Uuid, Product>,
    by_part_number: HashMap<String, Uuid>,
    upgrades: Vec<Upgrade>,
    upgrade_of: HashMap<Uuid, usize>,
    capability: BTreeMap<String, Standing>,
    provisioning: BTreeMap<String, Standing>,
    assignment: BTreeMap<String, Standing>,
    first_step: BTreeMap<String, Vec<String>>,
}

impl Licensing {
    /// The Exchange plan with an id; none: these facts do not list it.
    #[must_use]
    pub fn plan(&self, id: Uuid) -> Option<&ExchangePlan> {
        self.plans.get(&id)
    }

    /// Every Exchange plan, in no particular order.
    pub fn plans(&self) -> impl Iterator<Item = &ExchangePlan> {
        self.plans.values()
    }

    /// The product with an id; none: these facts do not list it.
    #[must_use]
    pub fn product(&self, sku: Uuid) -> Option<&Product> {
        self.products.get(&sku)
    }

    /// Every product, in no particular order.
    pub fn products(&self) -> impl Iterator<Item = &Product> {
        self.products.values()
    }

    /// The product with a part number, whatever its case.
    #[must_use]
    pub fn product_by_part_number(&self, part_number: &str) -> Option<&Product> {
        self.by_part_number.get(&part_number.to_lowercase()).and_then(|sku| self.products.get(sku))
    }

    /// The usual way up from a product.
    #[must_use]
    pub fn upgrade(&self, sku: Uuid) -> Option<&Upgrade> {
        self.upgrade_of.get(&sku).and_then(|index| self.upgrades.get(*index))
    }

    /// Part numbers that give a mailbox to somebody without any in a cloud, the cheapest usual step first.
    #[must_use]
    pub fn first_step(&self, cloud: &str) -> &[String] {
        self.first_step.get(cloud).map_or(&[], Vec::as_slice)
    }

    /// How `capabilityStatus` is read; none: a word these facts do not list.
    #[must_use]
    pub fn capability(&self, word: &str) -> Option<Standing> {
        lookup(&self.capability, word)
    }

    /// How `provisioningStatus` is read; none: a word these facts do not list.
    #[must_use]
    pub fn provisioning(&self, word: &str) -> Option<Standing> {
        lookup(&self.provisioning, word)
    }

    /// How the state of an assignment is read; none: a word these facts do not list.
    #[must_use]
    pub fn assignment(&self, word: &str) -> Option<Standing> {
        lookup(&self.assignment, word)
    }
}

fn lookup(words: &BTreeMap<String, Standing>, word: &str) -> Option<Standing> {
    words.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, standing)| *standing)
}

/// Reads plans, products, ways up and words, in this order.
pub(super) fn read(
    plans: File<'_>,
    products: File<'_>,
    upgrades: File<'_>,
    words: File<'_>,
) -> Result<([Head; 4], Licensing), FactsError> {
    let mut licensing = Licensing::default();
    let (plans_head, rows) = plans.csv::<ExchangePlan>()?;
    licensing.plans = rows.into_iter().map(|(_, plan)| (plan.plan_id, plan)).collect();
    let products_head = read_products(products, plans, &mut licensing)?;
    let upgrades_head = read_upgrades(upgrades, products, &mut licensing)?;
    let (words_head, file) = words.toml::<WordsFile>()?;
    licensing.capability = file.capability;
    licensing.provisioning = file.provisioning;
    licensing.assignment = file.assignment;
    for (cloud, steps) in file.first_step {
        if let Some(step) = steps.iter().find(|step| licensing.product_by_part_number(step.get_ref()).is_none()) {
            let message = format!("part number `{}` is not in {}", step.get_ref(), products.name);
            return Err(words.error(Some(step.span()), message));
        }
        licensing.first_step.insert(cloud, steps.into_iter().map(toml::Spanned::into_inner).collect());
    }
    Ok(([plans_head, products_head, upgrades_head, words_head], licensing))
}

fn read_products(file: File<'_>, plans: File<'_>, licensing: &mut Licensing) -> Result<Head, FactsError> {
    let (head, rows) = file.csv::<ProductRow>()?;
    for (line, row) in rows {
        let mut exchange_plans = Vec::new();
        for id in row.exchange_plans.split_whitespace() {
            let id = Uuid::parse_str(id)
                .map_err(|_| file.error_in_line(line, format!("`{id}` is not a service plan id")))?;
            if !licensing.plans.contains_key(&id) {
                return Err(file.error_in_line(line, format!("service plan {id} is not in {}", plans.name)));
            }
            exchange_plans.push(id);
        }
        licensing.by_part_number.entry(row.part_number.to_lowercase()).or_insert(row.sku_id);
        let product = Product { sku_id: row.sku_id, part_number: row.part_number, name: row.name, exchange_plans };
        if licensing.products.insert(product.sku_id, product).is_some() {
            return Err(file.error_in_line(line, format!("SKU {} is there twice", row.sku_id)));
        }
    }
    Ok(head)
}

fn read_upgrades(file: File<'_>, products: File<'_>, licensing: &mut Licensing) -> Result<Head, FactsError> {
    let (head, rows) = file.csv::<UpgradeRow>()?;
    for (line, row) in rows {
        let steps: Vec<String> = row.steps.split(';').filter(|step| !step.is_empty()).map(str::to_owned).collect();
        if let Some(step) = steps.iter().find(|step| licensing.product_by_part_number(step).is_none()) {
            return Err(file.error_in_line(line, format!("part number `{step}` is not in {}", products.name)));
        }
        if let Some(sku) = row.sku_id {
            licensing.upgrade_of.insert(sku, licensing.upgrades.len());
        }
        licensing.upgrades.push(Upgrade {
            part_number: row.part_number,
            sku_id: row.sku_id,
            kind: row.kind,
            steps,
            note: row.note,
        });
    }
    Ok(head)
}
