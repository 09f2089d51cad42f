//! The states of a row's columns.

use crate::evidence::mailbox::{EwsAnswer, RouteEnd};
use crate::evidence::{Cause, Observation};
use crate::rules::Reading;
use crate::rules::reading::{DENIED_EVERYWHERE, GraphReading};
use crate::rules::rule::Why;
use crate::rules::states::{EwsToday, GraphState, RoutingState};

/// What the EWS probe saw.
pub(super) fn ews_today(reading: &Reading<'_>) -> EwsToday {
    match &reading.case.evidence.ews {
        Observation::NotAsked => EwsToday::NotAsked,
        Observation::Unknown(unknown) if unknown.cause == Cause::NotPermitted => EwsToday::NotPermitted,
        Observation::Unknown(_) => EwsToday::Unknown,
        Observation::Known { value, .. } => match value {
            EwsAnswer::Works => EwsToday::Works,
            EwsAnswer::RefusedSwitch { .. } => EwsToday::RefusedSwitch,
            EwsAnswer::RefusedPolicy { .. } => EwsToday::RefusedPolicy,
            EwsAnswer::RefusedOther { .. } => EwsToday::RefusedOther,
            EwsAnswer::NoMailbox { .. } => EwsToday::NoMailbox,
            EwsAnswer::NotPermitted { .. } => EwsToday::NotPermitted,
        },
    }
}

/// Where Autodiscover routes.
pub(super) fn routing(reading: &Reading<'_>) -> RoutingState {
    match &reading.case.evidence.routing {
        Observation::NotAsked => RoutingState::NotAsked,
        Observation::Unknown(_) => RoutingState::Unknown,
        Observation::Known { value, .. } => match value.end {
            RouteEnd::ExchangeOnline { .. } => RoutingState::ExchangeOnline,
            RouteEnd::OnPremises { .. } => RoutingState::OnPremises,
            RouteEnd::Unresolved { .. } => RoutingState::Unresolved,
            RouteEnd::NotExchange { .. } => RoutingState::NotExchange,
        },
    }
}

/// Whether Graph answers. A kind of mailbox that Graph does not open is, to Graph, no mailbox.
pub(super) fn graph(reading: &Reading<'_>) -> GraphState {
    match &reading.graph {
        Ok(GraphReading::Answers(_)) => GraphState::Answers,
        Ok(GraphReading::NoMailbox(_) | GraphReading::Unsupported(_) | GraphReading::UnknownToExchange(_)) => {
            GraphState::NoMailbox
        }
        Ok(GraphReading::AccessPolicy(_) | GraphReading::AgentPolicy(_) | GraphReading::OutOfScope(_)) => {
            GraphState::RefusedPolicy
        }
        Err(open) => match open.first().map(|open| &open.why) {
            Some(Why::NotAsked) | None => GraphState::NotAsked,
            Some(Why::InVain { cause: Cause::NotPermitted, .. }) => GraphState::NotPermitted,
            Some(Why::Unsettled { key, .. }) if *key == DENIED_EVERYWHERE => GraphState::NotPermitted,
            Some(Why::InVain { .. } | Why::Unsettled { .. }) => GraphState::Unknown,
        },
    }
}
