//! One roster entry as every format shows it.

pub use crate::verdict::{EvidenceLine, FindingLine, IntegrationLine};
use crate::verdict::{EwsToday, GraphState, LicenceState, RoutingState, Urgency, Verdict};

/// Everything a report says about one roster entry. Texts are in the report's language, ids never change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Data line of the roster, from 1 over all files.
    pub row: u64,
    /// The address as the roster writes it.
    pub address: String,
    /// Display name: the directory's, else the roster's, else empty.
    pub display_name: String,
    /// Directory object id, else empty.
    pub object_id: String,
    /// The verdict.
    pub verdict: Verdict,
    /// Id of the rule that decided.
    pub reason: String,
    /// Why, in a sentence: the cause to fix first.
    pub cause: String,
    /// What stops for this user, and when.
    pub what_stops: String,
    /// What to do next.
    pub next_action: String,
    /// How soon it stops.
    pub urgency: Urgency,
    /// Another way out, else empty.
    pub alternative: String,
    /// What the licences amount to.
    pub licence: LicenceState,
    /// What the EWS probe saw.
    pub ews_today: EwsToday,
    /// Where Autodiscover routes.
    pub routing: RoutingState,
    /// Whether Graph answers.
    pub graph: GraphState,
    /// Names of the products assigned, as Microsoft sells them.
    pub products: Vec<String>,
    /// Cutover wave from the roster, else empty.
    pub wave: String,
    /// Department from the roster, else empty.
    pub department: String,
    /// Owner from the roster, else empty.
    pub owner: String,
    /// Mail domain, lower case, else empty.
    pub domain: String,
    /// What was found, fact by fact.
    pub evidence: Vec<EvidenceLine>,
    /// What every rule that spoke said, the deciding one first.
    pub findings: Vec<FindingLine>,
    /// State of each integration the profile names.
    pub integrations: Vec<IntegrationLine>,
    /// The roster's own columns, in the order of [`crate::report`]'s head, untouched.
    pub extras: Vec<String>,
}
