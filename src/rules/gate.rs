//! What the settings say about EWS for one application on one mailbox: organisation switch, application list,
//! mailbox switch and user-agent filters, on a day, in a cloud.
//!
//! "Control access to EWS in Exchange"; the retirement announcements in `retirement.toml`.

use crate::evidence::mailbox::CasMailbox;
use crate::evidence::tenant::{AppList, OrganizationEws};
use crate::facts::{GateState, GateTable, Period};

use super::agents::{Passage, passage, together};
use super::case::Case;
use super::reading::Settled;
use super::rule::{Open, Params, Question, ask};

/// One caller of EWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller<'a> {
    /// Application id, lower case; none: not known.
    pub app: Option<&'a str>,
    /// User agent; none: not known.
    pub agent: Option<&'a str>,
}

/// What closes EWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Closed {
    /// It has ended in this cloud.
    Ended,
    /// The organisation's switch is False.
    OrganizationSwitch,
    /// The organisation's switch is True and its list is empty.
    EmptyList,
    /// The application is not on the organisation's list.
    NotListed,
    /// The mailbox's switch is False.
    MailboxSwitch,
    /// A user-agent filter.
    AgentFilter,
}

impl Closed {
    /// The name in the table of words.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Ended => "ended",
            Self::OrganizationSwitch => "organization_switch",
            Self::EmptyList => "empty_list",
            Self::NotListed => "not_listed",
            Self::MailboxSwitch => "mailbox_switch",
            Self::AgentFilter => "agent_filter",
        }
    }

    /// Whether a refusal by it is one by switch, as against one by policy.
    #[must_use]
    pub fn is_switch(self) -> bool {
        matches!(self, Self::OrganizationSwitch | Self::MailboxSwitch)
    }
}

/// What the settings say: open (nothing closes it), or everything that closes it.
pub type Gate = Settled<Vec<Closed>>;

/// What the settings say for a caller. Everything that certainly closes EWS is named; it is open only when every
/// setting is known and none closes it.
pub fn gate(case: &Case<'_>, caller: Caller<'_>) -> Gate {
    let period = case.cloud().and_then(|cloud| cloud.retirement.period(case.options.as_of));
    if period.is_some_and(|period| all_closed(&period.gate)) {
        return Ok(vec![Closed::Ended]);
    }
    let organization = ask(Question::Organization, &case.tenant.organization);
    let mailbox = ask(Question::MailboxSettings, &case.evidence.cas).and_then(|found| {
        found.as_ref().ok_or_else(|| Open::unsettled(Question::MailboxSettings, "no_such_mailbox", Params::default()))
    });
    let mut closed = Vec::new();
    let mut open = Vec::new();
    for part in [
        organization_gate(period, &organization, &mailbox, caller.app),
        mailbox
            .as_ref()
            .map(|found| (found.ews_enabled == Some(false)).then_some(Closed::MailboxSwitch))
            .map_err(Clone::clone),
        agent_gate(&organization, &mailbox, caller.agent),
    ] {
        match part {
            Ok(reason) => closed.extend(reason),
            Err(why) => open.extend(why),
        }
    }
    if closed.is_empty() && !open.is_empty() {
        open.dedup();
        return Err(open);
    }
    Ok(closed)
}

fn all_closed(table: &GateTable) -> bool {
    let all = [table.null, table.true_empty, table.true_listed, table.true_unlisted, table.r#false];
    all.iter().all(|state| *state == GateState::Closed)
}

type Part = Settled<Option<Closed>>;

/// The organisation's switch and list, by the period's table. Where the table does not tell the possible cases
/// apart, it does not matter which of them it is.
fn organization_gate(
    period: Option<&Period>,
    organization: &Settled<&OrganizationEws>,
    mailbox: &Settled<&CasMailbox>,
    app: Option<&str>,
) -> Part {
    let organization = organization.clone()?;
    let Some(period) = period else {
        return Err(Open::unsettled(Question::Organization, "before_facts", Params::default()));
    };
    let table = &period.gate;
    let (cases, reason, unclear) = match (organization.ews_enabled, &organization.app_list) {
        (None, _) => (vec![table.null], Closed::Ended, "period_unclear"),
        (Some(true), AppList::Hidden) => {
            (vec![table.true_empty, table.true_listed, table.true_unlisted], Closed::NotListed, "list_hidden")
        }
        (Some(true), AppList::Seen(apps)) if apps.is_empty() => {
            (vec![table.true_empty], Closed::EmptyList, "period_unclear")
        }
        (Some(true), AppList::Seen(apps)) => match app {
            Some(app) if apps.contains(&app.to_lowercase()) => {
                (vec![table.true_listed], Closed::Ended, "period_unclear")
            }
            Some(_) => (vec![table.true_unlisted], Closed::NotListed, "period_unclear"),
            None => (vec![table.true_listed, table.true_unlisted], Closed::NotListed, "app_unnamed"),
        },
        (Some(false), _) => {
            let cases = match mailbox {
                Ok(found) if found.ews_enabled == Some(true) => vec![table.false_mailbox_true],
                Ok(_) => vec![table.r#false],
                Err(_) => vec![table.r#false, table.false_mailbox_true],
            };
            (cases, Closed::OrganizationSwitch, "period_unclear")
        }
    };
    let unclear = || Open::unsettled(Question::Organization, unclear, Params::default());
    match cases.split_first() {
        Some((first, rest)) if rest.iter().all(|other| other == first) => match first {
            GateState::Open => Ok(None),
            GateState::Closed => Ok(Some(reason)),
            GateState::Unknown => Err(unclear()),
        },
        _ => Err(unclear()),
    }
}

fn agent_gate(organization: &Settled<&OrganizationEws>, mailbox: &Settled<&CasMailbox>, agent: Option<&str>) -> Part {
    let organization = passage(&organization.clone()?.agents, agent);
    let mailbox = passage(&mailbox.clone()?.agents, agent);
    match together(organization, mailbox) {
        Passage::Unfiltered | Passage::LetIn => Ok(None),
        Passage::KeptOut => Ok(Some(Closed::AgentFilter)),
        Passage::Unclear => {
            let key = if organization == Passage::Unclear || mailbox == Passage::Unclear {
                "agent_unknown"
            } else {
                "filters_disagree"
            };
            Err(Open::unsettled(Question::MailboxSettings, key, Params::default()))
        }
    }
}

/// The callers that matter to a case: the applications the profile names, or else our own.
#[must_use]
pub fn callers<'a>(case: &Case<'a>) -> Vec<Caller<'a>> {
    if case.options.apps.is_empty() {
        return vec![own(case)];
    }
    case.options.apps.iter().map(|app| Caller { app: Some(app), agent: None }).collect()
}

/// Our own application, as the probes use it.
#[must_use]
pub fn own<'a>(case: &Case<'a>) -> Caller<'a> {
    Caller { app: case.options.own_app_id.as_deref(), agent: case.options.own_user_agent.as_deref() }
}

#[cfg(test)]
mod tests;
