//! Clouds: where they are reached, and when EWS ends in each.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::Deserialize;

use super::read::{FactsError, File, Head};

/// One of Microsoft's clouds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cloud {
    /// `worldwide`, `gcc`, `gcc_high`, `dod` or `china`.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Base address of the Entra authority.
    pub authority: String,
    /// Base address of Microsoft Graph.
    pub graph: String,
    /// Base address of Exchange Online: EWS, and the resource of its tokens.
    pub exchange: String,
    /// Base address at which Autodiscover V2 is entered.
    pub autodiscover: String,
    /// Base address of SOAP and POX Autodiscover.
    pub autodiscover_secure: String,
    /// Base address of the Exchange admin backend.
    pub admin: String,
    /// Hosts of Exchange Online in this cloud, lower case: an EWS address at one of them is a cloud mailbox.
    pub exchange_hosts: Vec<String>,
    /// Endings of the MX hosts of this cloud.
    pub mx_suffixes: Vec<String>,
    /// The CNAME target of `autodiscover.<domain>` for a domain whose mailboxes are all in this cloud.
    pub autodiscover_cname: String,
    /// How a tenant's OpenID configuration shows that it lives here.
    pub openid: OpenIdSigns,
    /// When EWS ends here.
    pub retirement: Retirement,
}

/// Words of a tenant's OpenID configuration that tell its cloud.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OpenIdSigns {
    /// Values of `tenant_region_sub_scope`.
    pub sub_scopes: Vec<String>,
    /// Values of `tenant_region_scope`.
    pub regions: Vec<String>,
    /// Values of `cloud_instance_name`.
    pub instances: Vec<String>,
}

/// The end of EWS in one cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retirement {
    /// The published end; none: not published.
    pub ends_on: Option<Date>,
    /// The day to plan for where none is published.
    pub plan_by: Date,
    /// From this day Microsoft sets tenants whose switch is Null to False; none: not announced for this cloud.
    pub null_flips_from: Option<Date>,
    /// Days between the Message Center notice and that.
    pub notice_days: u16,
    /// What the organisation's switch means, period by period, oldest first.
    pub periods: Vec<Period>,
}

impl Retirement {
    /// The period a day lies in; none: before everything these facts know.
    #[must_use]
    pub fn period(&self, day: Date) -> Option<&Period> {
        self.periods.iter().rev().find(|period| period.from <= day)
    }
}

/// What the organisation's switch means from one day until the next period begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// Name of the period.
    pub id: String,
    /// Its first day.
    pub from: Date,
    /// What EWS does for an application.
    pub gate: GateTable,
}

/// What EWS does for an application, by the organisation's switch and its application list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateTable {
    /// `EwsEnabled` is Null.
    pub null: GateState,
    /// True with an empty list.
    pub true_empty: GateState,
    /// True, and the application is listed.
    pub true_listed: GateState,
    /// True, and the list has entries, but not this application.
    pub true_unlisted: GateState,
    /// False.
    pub r#false: GateState,
    /// False, and the mailbox's own switch is explicitly True.
    pub false_mailbox_true: GateState,
}

/// Whether EWS lets a call through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateState {
    /// It does.
    Open,
    /// It does not.
    Closed,
    /// Microsoft has not said, or it is not known.
    Unknown,
}

/// How long a changed setting takes to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Propagation {
    /// Hours for `EwsEnabled`.
    pub switch_hours: u16,
    /// Hours for the application list.
    pub list_hours: u16,
}

#[derive(Deserialize)]
struct HostsFile {
    cloud: Vec<Hosts>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hosts {
    id: String,
    name: String,
    authority: String,
    graph: String,
    exchange: String,
    autodiscover: String,
    autodiscover_secure: String,
    admin: String,
    exchange_hosts: Vec<String>,
    mx_suffixes: Vec<String>,
    autodiscover_cname: String,
    #[serde(default)]
    openid: OpenIdSigns,
}

#[derive(Deserialize)]
struct RetirementFile {
    propagation: Propagation,
    cloud: Vec<End>,
    period: Vec<PeriodEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    id: toml::Spanned<String>,
    ends_on: Option<Date>,
    plan_by: Date,
    null_flips_from: Option<Date>,
    notice_days: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PeriodEntry {
    id: String,
    clouds: Vec<toml::Spanned<String>>,
    from: Date,
    gate: GateTable,
}

/// What the two files about clouds hold together.
pub(super) struct Clouds {
    pub heads: [Head; 2],
    pub clouds: Vec<Cloud>,
    pub propagation: Propagation,
}

/// Reads hosts and calendar, which have to name the same clouds.
pub(super) fn read(hosts: File<'_>, calendar: File<'_>) -> Result<Clouds, FactsError> {
    let (hosts_head, HostsFile { cloud: entries }) = hosts.toml::<HostsFile>()?;
    let (calendar_head, RetirementFile { propagation, cloud: ends, period: periods }) =
        calendar.toml::<RetirementFile>()?;
    let known: BTreeSet<String> = entries.iter().map(|entry| entry.id.clone()).collect();
    let named = ends.iter().map(|end| &end.id).chain(periods.iter().flat_map(|period| &period.clouds));
    if let Some(stranger) = named.into_iter().find(|id| !known.contains(id.get_ref())) {
        let message = format!("cloud `{}` is not in {}", stranger.get_ref(), hosts.name);
        return Err(calendar.error(Some(stranger.span()), message));
    }
    let mut clouds = Vec::with_capacity(entries.len());
    for entry in entries {
        let end = ends
            .iter()
            .find(|end| *end.id.get_ref() == entry.id)
            .ok_or_else(|| calendar.error(None, format!("no [[cloud]] entry for `{}`", entry.id)))?;
        clouds.push(assemble(entry, end, &periods));
    }
    Ok(Clouds { heads: [hosts_head, calendar_head], clouds, propagation })
}

fn assemble(hosts: Hosts, end: &End, periods: &[PeriodEntry]) -> Cloud {
    let mut own: Vec<Period> = periods
        .iter()
        .filter(|period| period.clouds.iter().any(|id| *id.get_ref() == hosts.id))
        .map(|period| Period { id: period.id.clone(), from: period.from, gate: period.gate })
        .collect();
    own.sort_by_key(|period| period.from);
    Cloud {
        id: hosts.id,
        name: hosts.name,
        authority: hosts.authority,
        graph: hosts.graph,
        exchange: hosts.exchange,
        autodiscover: hosts.autodiscover,
        autodiscover_secure: hosts.autodiscover_secure,
        admin: hosts.admin,
        exchange_hosts: hosts.exchange_hosts.iter().map(|host| host.to_lowercase()).collect(),
        mx_suffixes: hosts.mx_suffixes,
        autodiscover_cname: hosts.autodiscover_cname,
        openid: hosts.openid,
        retirement: Retirement {
            ends_on: end.ends_on,
            plan_by: end.plan_by,
            null_flips_from: end.null_flips_from,
            notice_days: end.notice_days,
            periods: own,
        },
    }
}
