//! The products a simulated tenant may hold.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde::Deserialize;
use uuid::{Uuid, uuid};

/// Exchange Foundation: the `exchange` service without a mailbox.
const FOUNDATION: [Uuid; 2] =
    [uuid!("113feb6c-3fe4-4440-bddc-54d774bf0318"), uuid!("922ba911-5694-4e99-a794-73aed9bfeec8")];

/// Plans that bring a mailbox.
const MAILBOX_PLANS: [Uuid; 4] = [
    uuid!("9aaf7827-d63c-4b61-89c3-182f06f82e5c"),
    uuid!("efb87545-963c-4e0d-99df-69c6916d9eb0"),
    uuid!("e9b4930a-925f-45e2-ac2a-3f7788ca6fdd"),
    uuid!("4a82b400-a79f-41a4-b4e2-e94f5787b113"),
];

/// A product as Microsoft's licensing reference lists it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Product {
    /// String id, for example `ENTERPRISEPACK`; the key of the table.
    #[serde(skip)]
    pub(crate) part_number: String,
    pub(crate) id: Uuid,
    /// The name it is sold under.
    pub(crate) name: String,
    pub(crate) plans: Vec<Plan>,
}

/// A service plan of a product.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    pub(crate) name: String,
    pub(crate) id: Uuid,
    /// The service the directory files it under.
    pub(crate) service: String,
}

impl Plan {
    /// Whether the plan brings a mailbox.
    pub(crate) fn gives_mailbox(&self) -> bool {
        MAILBOX_PLANS.contains(&self.id)
    }

    /// `Company` plans cannot be given to a user.
    pub(crate) fn applies_to(&self) -> &'static str {
        if FOUNDATION.contains(&self.id) { "Company" } else { "User" }
    }
}

/// The product with this part number.
pub(crate) fn product(part_number: &str) -> Option<&'static Arc<Product>> {
    static TABLE: OnceLock<BTreeMap<String, Arc<Product>>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        // The table is part of the program; the test below holds it readable.
        let raw: BTreeMap<String, Product> = toml::from_str(include_str!("products.toml")).unwrap_or_default();
        raw.into_iter().map(|(key, product)| (key.clone(), Arc::new(Product { part_number: key, ..product }))).collect()
    });
    table.get(part_number)
}

/// All part numbers, for a message about an unknown one.
pub(crate) fn part_numbers() -> Vec<String> {
    let raw: BTreeMap<String, Product> = toml::from_str(include_str!("products.toml")).unwrap_or_default();
    raw.into_keys().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_reads_and_tells_mailbox_plans_from_foundation() {
        let f1 = product("M365_F1").expect("listed");
        assert!(!f1.plans.is_empty() && f1.plans.iter().all(|plan| !plan.gives_mailbox()));
        assert!(product("M365_F1_COMM").expect("listed").plans.iter().any(Plan::gives_mailbox));
        assert!(part_numbers().len() > 15);
    }
}
