//! Ids of enumerations for the schema.

use crate::verdict::{EwsToday, GraphState, LicenceState, RoutingState, Urgency, Verdict};

/// The schema of an enumeration's ids.
fn ids(ids: impl Iterator<Item = &'static str>) -> schemars::Schema {
    schemars::json_schema!({ "type": "string", "enum": ids.collect::<Vec<_>>() })
}

pub(super) fn verdict_ids(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    ids(Verdict::ALL.iter().map(|one| one.id()))
}

pub(super) fn urgency_ids(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    ids(Urgency::ALL.iter().map(|one| one.id()))
}

pub(super) fn licence_ids(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    ids(LicenceState::ALL.iter().map(|one| one.id()))
}

pub(super) fn ews_ids(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    ids(EwsToday::ALL.iter().map(|one| one.id()))
}

pub(super) fn routing_ids(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    ids(RoutingState::ALL.iter().map(|one| one.id()))
}

pub(super) fn graph_ids(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    ids(GraphState::ALL.iter().map(|one| one.id()))
}
