//! What templates see: the head and the sums, in words and ready-made figures, never a row.

use std::collections::BTreeMap;

use serde::Serialize;

use super::changes::ChangesPage;
use super::head::{AppLine, Branding, DomainLine, LicenceLine, RuleLine, ServiceLine};
use super::sentences::{deadline_sentence, demand_sentence, need_sentence, purchases};
use super::standing::StandingPage;
use super::summary::{Action, Group, GroupName, VerdictCounts};
use super::trend::TrendPage;
use super::{Texts, View};
use crate::verdict::{Urgency, Verdict};

/// Groups shown in a chart before the rest is added up.
const GROUPS: usize = 30;

/// The context of every template.
#[derive(Debug, Serialize)]
pub struct Page<'a> {
    /// All texts, by section and key.
    t: &'a BTreeMap<String, BTreeMap<String, String>>,
    language: &'a str,
    title: &'a str,
    client: &'a str,
    author: &'a str,
    tenant: &'a str,
    tenant_id: &'a str,
    profile: &'a str,
    cloud: &'a str,
    run_id: &'a str,
    tool_version: &'a str,
    simulated: bool,
    /// What must not be overlooked: not assessed, old facts.
    alarms: Vec<String>,
    deadline: String,
    organization: &'a str,
    notes: &'a [String],
    roster: String,
    rows: u64,
    as_of: String,
    facts_as_of: String,
    collected: String,
    verdicts: Vec<VerdictLine<'a>>,
    urgencies: Vec<UrgencyLine<'a>>,
    waves: Vec<Bar<'a>>,
    departments: Vec<Bar<'a>>,
    domains: Vec<Bar<'a>>,
    /// What to do, most pressing first.
    actions: Vec<ActionLine<'a>>,
    not_assessed: Vec<ActionLine<'a>>,
    demand: Vec<DemandLine<'a>>,
    demand_total: String,
    demand_without: String,
    integrations: Vec<IntegrationLine<'a>>,
    apps: &'a [AppLine],
    licences: Vec<Licence<'a>>,
    domain_lines: &'a [DomainLine],
    services: &'a [ServiceLine],
    rules: Vec<RuleLine>,
    parameters: Vec<(&'a str, &'a str)>,
    permissions: &'a [String],
    caveats: &'a [String],
    /// What moved since the run before; none without one.
    changes: Option<ChangesPage>,
    trend: TrendPage,
    /// How the run stands against the waves planned before; none without a plan.
    plan: Option<StandingPage>,
}

#[derive(Debug, Serialize)]
struct VerdictLine<'a> {
    id: &'static str,
    name: &'a str,
    sign: &'a str,
    meaning: &'a str,
    users: u64,
    /// Per cent of all rows, one decimal.
    share: String,
    /// Per cent of the largest verdict, for a bar.
    width: String,
}

#[derive(Debug, Serialize)]
struct UrgencyLine<'a> {
    id: &'static str,
    name: &'a str,
    users: u64,
}

/// Users of a group as a stacked bar.
#[derive(Debug, Serialize)]
struct Bar<'a> {
    name: &'a str,
    users: u64,
    segments: Vec<Segment<'a>>,
}

/// Part of a bar, in per cent of the widest bar.
#[derive(Debug, Serialize)]
struct Segment<'a> {
    verdict: &'static str,
    name: &'a str,
    users: u64,
    x: String,
    width: String,
}

#[derive(Debug, Serialize)]
struct ActionLine<'a> {
    verdict: &'static str,
    verdict_name: &'a str,
    sign: &'a str,
    reason: &'a str,
    cause: &'a str,
    action: &'a str,
    users: u64,
    now: u64,
    alternative: u64,
    urgency: &'a str,
    /// Who takes care of it, until when, and what else was written; empty: nothing came back.
    owner: &'a str,
    due: &'a str,
    comment: &'a str,
}

#[derive(Debug, Serialize)]
struct DemandLine<'a> {
    licence: &'a str,
    products: String,
    users: u64,
    alternative: u64,
    need: String,
}

#[derive(Debug, Serialize)]
struct IntegrationLine<'a> {
    name: &'a str,
    state: &'a str,
    state_name: &'a str,
    users: u64,
    text: &'a str,
    action: &'a str,
}

#[derive(Debug, Serialize)]
struct Licence<'a> {
    #[serde(flatten)]
    line: &'a LicenceLine,
    mailbox_name: &'a str,
    free: u64,
    wanted: u64,
}

impl<'a> Page<'a> {
    /// The figures of a view.
    pub fn new(view: &'a View) -> Self {
        let (head, summary, texts) = (&view.head, &view.summary, &view.texts);
        let stamp = |at: jiff::Timestamp| format!("{} UTC", at.strftime("%Y-%m-%d %H:%M"));
        Self {
            t: texts.sections(),
            language: texts.language(),
            title: title(view),
            client: &head.branding.client,
            author: &head.branding.author,
            tenant: &head.tenant.name,
            tenant_id: &head.tenant.id,
            profile: &head.tenant.profile,
            cloud: &head.tenant.cloud,
            run_id: &head.run_id,
            tool_version: &head.tool_version,
            simulated: head.simulated,
            alarms: alarms(view),
            deadline: deadline_sentence(view),
            organization: organization(view),
            notes: &head.organization.notes,
            roster: roster(view),
            rows: summary.rows,
            as_of: head.as_of.to_string(),
            facts_as_of: head.facts_as_of.to_string(),
            collected: head.finished.map(stamp).unwrap_or_default(),
            verdicts: verdicts(view),
            urgencies: urgencies(view),
            waves: bars(&summary.waves, texts),
            departments: bars(&summary.departments, texts),
            domains: bars(&summary.domains, texts),
            actions: summary.first_actions().map(|action| action_line(action, view)).collect(),
            not_assessed: summary.not_assessed().map(|action| action_line(action, view)).collect(),
            demand: demand(view),
            demand_total: if summary.demand.is_empty() { String::new() } else { demand_sentence(view) },
            demand_without: match summary.could_go_without() {
                0 => String::new(),
                users => texts.fill("summary", "demand_without", &[("n", &texts.number(users))]),
            },
            integrations: integrations(view),
            apps: &head.apps,
            licences: licences(view),
            domain_lines: &head.domains,
            services: &head.services,
            rules: head.rules.iter().map(|rule| RuleLine { effect: rule.shown.clone(), ..rule.clone() }).collect(),
            parameters: head
                .parameters
                .iter()
                .map(|(name, value)| (texts.get("parameter", name), value.as_str()))
                .collect(),
            permissions: &head.permissions,
            caveats: &head.caveats,
            changes: view.history.changes.as_ref().map(|changes| ChangesPage::new(changes, texts)),
            trend: TrendPage::new(&view.history.trend, texts),
            plan: view.history.plan.as_ref().map(|against| StandingPage::new(against, texts)),
        }
    }
}

/// The client's accent colour as 0xRRGGBB, where the branding names one. A light one is darkened until white on it and
/// it on white can be read (WCAG 2.2, contrast 4.5 to 1).
pub fn accent(branding: &Branding) -> Option<u32> {
    let digits = branding.accent.strip_prefix('#')?;
    let is_colour = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut colour = u32::from_str_radix(digits, 16).ok().filter(|_| is_colour)?;
    while 1.05 / (luminance(colour) + 0.05) < 4.5 {
        let [_, red, green, blue] = colour.to_be_bytes().map(|part| (u16::from(part) * 9 / 10) as u8);
        colour = u32::from_be_bytes([0, red, green, blue]);
    }
    Some(colour)
}

/// Relative luminance of a colour (WCAG 2.2).
fn luminance(colour: u32) -> f64 {
    let [_, red, green, blue] = colour.to_be_bytes().map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/// Title of the report: the branding's, else ours.
pub fn title(view: &View) -> &str {
    let own = &view.head.branding.title;
    if own.is_empty() { view.texts.get("summary", "title") } else { own }
}

/// How many entries, and out of which files.
pub fn roster(view: &View) -> String {
    let entries = view.texts.entries(view.summary.rows);
    let files = view.head.roster.join(", ");
    if files.is_empty() { entries } else { format!("{entries} ({files})") }
}

/// The organisation's EWS state in words, also when it is not known.
pub fn organization(view: &View) -> &str {
    let state = &view.head.organization.state;
    if state.is_empty() { view.texts.get("summary", "organization_unknown") } else { state }
}

/// What must not be overlooked besides a simulated tenant.
pub fn alarms(view: &View) -> Vec<String> {
    let (summary, texts) = (&view.summary, &view.texts);
    let mut alarms = Vec::new();
    let missing = summary.verdict(Verdict::NotAssessed);
    if missing > 0 {
        let values = [("n", &*texts.number(missing)), ("total", &*texts.number(summary.rows))];
        alarms.push(texts.fill("summary", "not_assessed_some", &values));
    }
    if !view.head.facts_warning.is_empty() {
        alarms.push(view.head.facts_warning.clone());
    }
    alarms
}

/// The groups a summary lists, by name: all, or the largest with the rest added up.
pub fn shown_groups<'a>(groups: &'a [Group], texts: &'a Texts) -> Vec<(&'a str, VerdictCounts)> {
    let named = |group: &'a Group| match &group.name {
        GroupName::Empty => texts.get("column", "group_empty"),
        GroupName::Others => texts.get("column", "group_other"),
        GroupName::Named(_) => group.name.text().unwrap_or_default(),
    };
    if groups.len() <= GROUPS {
        return groups.iter().map(|group| (named(group), group.verdicts)).collect();
    }
    let mut sizes: Vec<u64> = groups.iter().map(Group::users).collect();
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    let least = sizes[GROUPS - 1];
    let mut rest = VerdictCounts::default();
    let mut list = Vec::with_capacity(GROUPS + 1);
    for group in groups {
        if group.users() >= least && list.len() < GROUPS && group.name != GroupName::Others {
            list.push((named(group), group.verdicts));
        } else {
            rest.iter_mut().zip(group.verdicts).for_each(|(sum, count)| *sum += count);
        }
    }
    list.push((texts.get("column", "group_other"), rest));
    list
}

/// Whether a grouping says anything: at least one row has a value.
pub fn has_names(groups: &[Group]) -> bool {
    groups.iter().any(|group| group.name != GroupName::Empty)
}

/// A share in per cent; nothing of nothing.
pub(super) fn percent(part: u64, whole: u64) -> f64 {
    // Counts stay far below 2^53, where whole numbers end to be exact.
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}

fn verdicts(view: &View) -> Vec<VerdictLine<'_>> {
    let (summary, texts) = (&view.summary, &view.texts);
    let most = summary.verdicts.iter().copied().max().unwrap_or(0);
    let line = |verdict: Verdict| VerdictLine {
        id: verdict.id(),
        name: texts.get("verdict", verdict.id()),
        sign: texts.get("verdict_sign", verdict.id()),
        meaning: texts.get("verdict_meaning", verdict.id()),
        users: summary.verdict(verdict),
        share: format!("{:.1}", percent(summary.verdict(verdict), summary.rows))
            .replace('.', texts.get("number", "decimal")),
        width: format!("{:.2}", percent(summary.verdict(verdict), most)),
    };
    Verdict::ALL.iter().map(|&verdict| line(verdict)).collect()
}

fn urgencies(view: &View) -> Vec<UrgencyLine<'_>> {
    let line = |urgency: Urgency| UrgencyLine {
        id: urgency.id(),
        name: view.texts.get("urgency", urgency.id()),
        users: view.summary.urgencies[urgency as usize],
    };
    Urgency::ALL.iter().map(|&urgency| line(urgency)).collect()
}

fn bars<'a>(groups: &'a [Group], texts: &'a Texts) -> Vec<Bar<'a>> {
    if !has_names(groups) {
        return Vec::new();
    }
    let shown = shown_groups(groups, texts);
    let most = shown.iter().map(|(_, counts)| counts.iter().sum()).max().unwrap_or(0);
    shown.into_iter().map(|(name, counts)| bar(name, &counts, most, texts)).collect()
}

fn bar<'a>(name: &'a str, counts: &VerdictCounts, most: u64, texts: &'a Texts) -> Bar<'a> {
    let mut before = 0;
    let mut segments = Vec::new();
    for (&verdict, &users) in Verdict::ALL.iter().zip(counts) {
        segments.push(Segment {
            verdict: verdict.id(),
            name: texts.get("verdict", verdict.id()),
            users,
            x: format!("{:.2}", percent(before, most)),
            width: format!("{:.2}", percent(users, most)),
        });
        before += users;
    }
    Bar { name, users: before, segments }
}

fn action_line<'a>(action: &'a Action, view: &'a View) -> ActionLine<'a> {
    let texts = &view.texts;
    let note = view.history.note(&action.reason);
    ActionLine {
        verdict: action.verdict.id(),
        verdict_name: texts.get("verdict", action.verdict.id()),
        sign: texts.get("verdict_sign", action.verdict.id()),
        reason: &action.reason,
        cause: &action.cause,
        action: &action.action,
        users: action.users,
        now: action.urgent(Urgency::Now),
        alternative: action.alternative,
        urgency: texts.get("urgency_short", action.worst().id()),
        owner: note.map(|note| note.owner.as_str()).unwrap_or_default(),
        due: note.map(|note| note.due.as_str()).unwrap_or_default(),
        comment: note.map(|note| note.comment.as_str()).unwrap_or_default(),
    }
}

fn demand(view: &View) -> Vec<DemandLine<'_>> {
    let line = |line| need_sentence(view, line);
    let lines = view.summary.demand.iter().map(|demand| DemandLine {
        licence: view.texts.get("licence", demand.licence.id()),
        products: demand.products.join(", "),
        users: demand.users,
        alternative: demand.alternative,
        need: line(demand),
    });
    lines.collect()
}

fn integrations(view: &View) -> Vec<IntegrationLine<'_>> {
    let texts = &view.texts;
    let lines = view.summary.integrations.iter().map(|sum| IntegrationLine {
        name: texts.get("integration", &sum.integration),
        state: &sum.state,
        state_name: texts.get("integration_state", &sum.state),
        users: sum.users,
        text: &sum.text,
        action: &sum.action,
    });
    lines.collect()
}

fn licences(view: &View) -> Vec<Licence<'_>> {
    let wanted = purchases(view);
    let lines = view.head.licences.iter().map(|line| Licence {
        line,
        mailbox_name: line.mailbox.map_or("", |state| view.texts.get("licence", state.id())),
        free: line.free(),
        wanted: wanted.get(line.name.as_str()).copied().unwrap_or(0),
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_accent_can_be_read_whatever_was_asked_for() {
        let accent = |text: &str| accent(&Branding { accent: text.to_owned(), ..Branding::default() });
        assert_eq!(accent("#1F4e79"), Some(0x1F_4E79));
        assert_eq!(accent("#00695c"), Some(0x00_695C));
        for light in ["#ffff00", "#ffffff", "#80c0ff"] {
            let dark = accent(light).unwrap();
            assert!(1.05 / (luminance(dark) + 0.05) >= 4.5, "{light} becomes {dark:06x}");
        }
        for wrong in ["", "red", "#12345", "#+12345", "#12345g", "1f4e79"] {
            assert_eq!(accent(wrong), None, "{wrong}");
        }
    }
}
