//! The gate in front of EWS: switches, application list, user-agent filters, cloud and date
//! (Microsoft: "Control access to EWS in Exchange", and the retirement plan of 1 October 2026).

use jiff::Timestamp;

use crate::simulator::tenant::{Cloud, Exchange, Mailbox, Switch};

/// From here on the application list is mandatory in the worldwide cloud: 10 October 2026.
const LIST_MANDATORY: i64 = 1_791_590_400;
/// From here on EWS is gone: 1 April 2027.
const GONE: i64 = 1_806_537_600;

/// Why the gate is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closed {
    /// A switch of organisation or mailbox is off.
    Switch,
    /// The application list or a user-agent filter; the answer does not say which.
    Policy,
}

impl Closed {
    /// The text of `X-EWS-Policy-Reason`.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Switch => "EWS is disabled for this user or tenant",
            Self::Policy => "EWS is blocked by policy for this user or tenant",
        }
    }
}

/// Who calls, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller<'a> {
    pub(super) app_id: &'a str,
    pub(super) agent: &'a str,
    pub(super) now: Timestamp,
    pub(super) cloud: Cloud,
}

/// The organisation's part of the gate.
pub(super) fn organization(exchange: &Exchange, caller: Caller<'_>) -> Result<(), Closed> {
    let dated = caller.cloud == Cloud::Global;
    if dated && caller.now.as_second() >= GONE {
        return Err(Closed::Switch);
    }
    match exchange.ews_enabled {
        Switch::Off => return Err(Closed::Switch),
        Switch::Null => {}
        Switch::On => {
            let listed = exchange.allowed_apps.iter().any(|app| app.trim().eq_ignore_ascii_case(caller.app_id));
            let needed = !exchange.allowed_apps.is_empty() || dated && caller.now.as_second() >= LIST_MANDATORY;
            if needed && !listed {
                return Err(Closed::Policy);
            }
        }
    }
    if exchange.agents.permits(caller.agent) { Ok(()) } else { Err(Closed::Policy) }
}

/// The mailbox's part of the gate.
pub(super) fn mailbox(mailbox: &Mailbox, agent: &str) -> Result<(), Closed> {
    if mailbox.ews_enabled == Switch::Off {
        return Err(Closed::Switch);
    }
    if mailbox.agents.permits(agent) { Ok(()) } else { Err(Closed::Policy) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::tenant::Agents;

    fn gate(switch: Switch, apps: &[&str], at: &str, cloud: Cloud) -> Result<(), Closed> {
        let exchange = Exchange {
            ews_enabled: switch,
            allowed_apps: apps.iter().map(|app| (*app).to_owned()).collect(),
            agents: Agents::default(),
            on_premises: Vec::new(),
            ..Exchange::default()
        };
        let now = at.parse().expect("a time");
        organization(&exchange, Caller { app_id: "app-one", agent: "test/1", now, cloud })
    }

    #[test]
    fn the_table_of_switch_list_date_and_cloud() {
        let (before, after, end) = ("2026-10-09T23:59:59Z", "2026-10-10T00:00:00Z", "2027-04-01T00:00:00Z");
        let global = Cloud::Global;
        for (switch, apps, at, cloud, expected) in [
            (Switch::Null, &[][..], after, global, Ok(())),
            (Switch::Null, &["other"][..], after, global, Ok(())),
            (Switch::On, &[][..], before, global, Ok(())),
            (Switch::On, &[][..], after, global, Err(Closed::Policy)),
            (Switch::On, &[][..], after, Cloud::GccHigh, Ok(())),
            (Switch::On, &["APP-ONE "][..], after, global, Ok(())),
            (Switch::On, &["other"][..], before, global, Err(Closed::Policy)),
            (Switch::Off, &["app-one"][..], before, global, Err(Closed::Switch)),
            (Switch::Null, &[][..], end, global, Err(Closed::Switch)),
            (Switch::On, &["app-one"][..], end, Cloud::Dod, Ok(())),
        ] {
            assert_eq!(gate(switch, apps, at, cloud), expected, "{switch:?} {apps:?} {at} {cloud:?}");
        }
    }
}
