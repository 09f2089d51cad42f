//! How fast each service is asked and how patient we are. Published limits are the defaults.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::gate::ScopeId;
use super::quota::Limit;
use super::width::Range;

/// The pace of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Tries for one question that a single mailbox answers with push-back or trouble.
    pub attempts: u32,
    /// How long one service may refuse or be away before this run gives it up. A longer pause that a service
    /// orders ends its part of the run at once, resumable.
    pub patience: Duration,
    /// Time for one request, from connect to last byte.
    pub request: Duration,
    /// First wait after trouble without an order; doubles up to a minute.
    pub backoff: Duration,
    /// Pace of each service, in the order of [`ScopeId::ALL`].
    pub scopes: [ScopePace; ScopeId::ALL.len()],
}

/// The pace of one service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScopePace {
    /// Published or prudent limit; `None`: only the width limits.
    pub limit: Option<Limit>,
    /// Requests in flight.
    pub width: Range,
}

/// A named set of paces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum PaceSet {
    /// A quarter of the normal pace, for tenants at work.
    Gentle,
    /// The published limits.
    #[default]
    Normal,
    /// Twice the width where no limit is published.
    Fast,
}

const fn pace(limit: Option<(u32, u32)>, start: u32, most: u32) -> ScopePace {
    let limit = match limit {
        Some((requests, seconds)) => Some(Limit { requests, seconds }),
        None => None,
    };
    ScopePace { limit, width: Range { start, most } }
}

/// Normal pace, in the order of [`ScopeId::ALL`].
///
/// * Token endpoint: no published limit; a handful of requests a run.
/// * Directory: 8,000 resource units in 10 s for an application in a tenant (Microsoft Graph: throttling
///   limits); half of it, so that the tenant's other work of the same application goes on.
/// * Graph mailboxes: 10,000 in 10 min and 4 concurrent, per application and mailbox in one text, per application
///   in another; a `$batch` of 20 runs 4 wide, so 20 items in flight keep to the narrower reading.
/// * Exchange admin REST: nothing published; about 3 sessions an administrator.
/// * Autodiscover: nothing published, anonymous, used by address harvesters: 150 a second, and less as soon as it
///   pushes back.
/// * EWS: at most 10 open requests advised, 27 a budget; charged to the target mailbox.
/// * On-premises servers: theirs to protect.
const NORMAL: [ScopePace; ScopeId::ALL.len()] = [
    pace(Some((60, 10)), 1, 2),
    pace(Some((4_000, 10)), 4, 8),
    pace(None, 20, 320),
    pace(None, 1, 3),
    pace(Some((1_500, 10)), 4, 32),
    pace(None, 4, 16),
    pace(Some((100, 10)), 1, 4),
];

impl Pace {
    /// A named set.
    #[must_use]
    pub fn of(set: PaceSet) -> Self {
        let mut scopes = NORMAL;
        for scope in &mut scopes {
            let scale = |value: u32| match set {
                PaceSet::Gentle => value.div_ceil(4),
                PaceSet::Normal => value,
                PaceSet::Fast => value.saturating_mul(2),
            };
            scope.width = Range { start: scale(scope.width.start), most: scale(scope.width.most) };
            if set == PaceSet::Gentle {
                scope.limit = scope.limit.map(|limit| Limit { requests: scale(limit.requests), ..limit });
            }
        }
        Self {
            attempts: 8,
            patience: Duration::from_mins(30),
            request: Duration::from_secs(60),
            backoff: Duration::from_millis(500),
            scopes,
        }
    }

    /// The pace of one service.
    #[must_use]
    pub fn scope(&self, id: ScopeId) -> ScopePace {
        self.scopes[id as usize]
    }

    /// Where one service's pace is changed.
    pub fn scope_mut(&mut self, id: ScopeId) -> &mut ScopePace {
        &mut self.scopes[id as usize]
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self::of(PaceSet::Normal)
    }
}
