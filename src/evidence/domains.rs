//! What DNS says about the tenant's mail domains.

use serde::{Deserialize, Serialize};

/// The records of one domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainRecords {
    /// Its name, lower case.
    pub name: String,
    /// Where its mail goes, the preferred host first.
    pub mx: Found,
    /// Where `autodiscover.<domain>` leads: the name it is an alias of, or addresses of its own.
    pub autodiscover: Found,
    /// Where `_autodiscover._tcp.<domain>` leads.
    pub srv: Found,
}

/// What a name server answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "found", rename_all = "snake_case")]
pub enum Found {
    /// Records.
    Records {
        /// Their values, lower case, without the dot at the end.
        values: Vec<String>,
    },
    /// There are none.
    Nothing,
    /// No usable answer.
    Failed {
        /// What happened.
        detail: String,
    },
}
