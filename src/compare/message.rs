//! The summary as a chat program takes it: counts and rule ids, nobody's name or address.

use serde_json::{Value, json};

use super::{Changes, Kind, Trend};
use crate::plan::progress::{Against, State};
use crate::report::Texts;
use crate::verdict::Verdict;

/// What a webhook expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Shape {
    /// A Microsoft Teams workflow: an Adaptive Card in a message.
    Teams,
    /// A Slack incoming webhook: blocks.
    Slack,
    /// Anything else: our own JSON.
    Json,
}

impl Shape {
    /// The shape that the owner of this host expects (Power Automate and Microsoft 365 connectors for Teams;
    /// `hooks.slack.com` for Slack).
    #[must_use]
    pub fn of_host(host: &str) -> Self {
        let is = |domain: &str| {
            let host = host.to_ascii_lowercase();
            host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
        };
        let teams =
            ["logic.azure.com", "logic.azure.us", "powerplatform.com", "powerautomate.com", "webhook.office.com"];
        match host {
            _ if teams.into_iter().any(is) => Self::Teams,
            _ if is("slack.com") || is("slack-gov.com") => Self::Slack,
            _ => Self::Json,
        }
    }
}

/// Causes named at most.
const CAUSES: usize = 5;

/// What is posted, before it has a shape.
#[derive(Debug, Clone)]
pub struct Message<'a> {
    /// Title of the report.
    pub title: &'a str,
    /// Tenant, by its display name or profile.
    pub tenant: &'a str,
    /// Day the verdicts are about.
    pub as_of: jiff::civil::Date,
    /// The deadline in words.
    pub deadline: &'a str,
    /// Whether the tenant is a simulated one.
    pub simulated: bool,
    /// Roster entries.
    pub rows: u64,
    /// Entries per verdict, in the order of [`Verdict::ALL`].
    pub verdicts: [u64; Verdict::ALL.len()],
    /// What moved, if there is an earlier run.
    pub changes: Option<&'a Changes>,
    /// How the run stands against the plan, if there is one.
    pub plan: Option<&'a Against>,
    /// All runs.
    pub trend: &'a Trend,
    /// Labels.
    pub texts: &'a Texts,
}

impl Message<'_> {
    /// The body to post.
    #[must_use]
    pub fn body(&self, shape: Shape) -> Value {
        match shape {
            Shape::Teams => self.teams(),
            Shape::Slack => self.slack(),
            Shape::Json => self.plain(),
        }
    }

    fn heading(&self) -> String {
        format!("{}: {}", self.title, self.tenant)
    }

    fn facts(&self) -> Vec<(String, String)> {
        let verdict = |verdict: &Verdict| {
            let count = self.verdicts[*verdict as usize];
            (self.texts.get("verdict", verdict.id()).to_owned(), self.texts.number(count))
        };
        let changed = self.changes.into_iter().flat_map(|changes| {
            let counted = Kind::ALL.iter().map(move |kind| (*kind, changes.count(*kind)));
            counted.filter(|(_, users)| *users > 0)
        });
        let changed =
            changed.map(|(kind, users)| (self.texts.get("change", kind.id()).to_owned(), self.texts.number(users)));
        let planned = self.standing().into_iter().filter(|(_, count)| *count > 0).map(|(state, count)| {
            let state = self.texts.get("plan_progress", state.id());
            (self.texts.fill("plan_progress", "kind", &[("state", state)]), self.texts.number(count))
        });
        let deadline = (self.texts.get("summary", "deadline").to_owned(), self.deadline.to_owned());
        Verdict::ALL.iter().map(verdict).chain([deadline]).chain(changed).chain(planned).collect()
    }

    /// How many are behind or ahead of the plan, or have moved; nothing without a plan.
    fn standing(&self) -> Vec<(State, u64)> {
        let count = |against: &Against, state| (state, against.progress.count(state) as u64);
        let states = [State::Behind, State::Ahead, State::Moved];
        self.plan.map_or_else(Vec::new, |against| states.map(|state| count(against, state)).to_vec())
    }

    /// The most frequent causes of those who cannot move, by rule id.
    fn causes(&self) -> Vec<(&str, u64)> {
        let held = [Verdict::Blocked, Verdict::NeedsLicenseUpgrade];
        let point = self.trend.points.last();
        let causes = point.into_iter().flat_map(|point| &point.causes);
        let held = causes.filter(|(outcome, _)| held.contains(&outcome.verdict));
        let mut causes: Vec<(&str, u64)> = held.map(|(outcome, users)| (&*outcome.reason, *users)).collect();
        causes.sort_by_key(|(_, users)| std::cmp::Reverse(*users));
        causes.truncate(CAUSES);
        causes
    }

    fn remarks(&self) -> Vec<String> {
        let simulated = self.simulated.then(|| self.texts.get("summary", "simulated").to_owned());
        let causes: Vec<String> =
            self.causes().iter().map(|(reason, users)| format!("{reason}: {}", self.texts.number(*users))).collect();
        let causes = (!causes.is_empty()).then(|| causes.join(", "));
        simulated.into_iter().chain(causes).collect()
    }

    /// Adaptive Cards 1.4 within a message (Microsoft Learn: "Post a workflow when a webhook request is received").
    fn teams(&self) -> Value {
        let facts: Vec<Value> =
            self.facts().iter().map(|(title, value)| json!({ "title": title, "value": value })).collect();
        let mut body = vec![
            json!({ "type": "TextBlock", "text": self.heading(), "weight": "Bolder", "size": "Medium", "wrap": true }),
            json!({ "type": "FactSet", "facts": facts }),
        ];
        body.extend(self.remarks().iter().map(|text| json!({ "type": "TextBlock", "text": text, "wrap": true })));
        json!({ "type": "message", "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": { "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard",
                "version": "1.4", "body": body },
        }] })
    }

    /// Slack, "Block Kit": plain text, because names of tenants must not become markup.
    fn slack(&self) -> Value {
        let plain = |text: String| json!({ "type": "plain_text", "text": text, "emoji": false });
        let lines: Vec<String> =
            self.facts().iter().map(|(title, value)| format!("{title}: {value}")).chain(self.remarks()).collect();
        // A header takes 150 characters, a section 3000.
        let heading: String = self.heading().chars().take(150).collect();
        let text: String = lines.join("\n").chars().take(3000).collect();
        json!({ "text": heading, "blocks": [
            { "type": "header", "text": plain(heading.clone()) },
            { "type": "section", "text": plain(text) },
        ] })
    }

    fn plain(&self) -> Value {
        let verdicts: serde_json::Map<String, Value> = Verdict::ALL
            .iter()
            .map(|verdict| (verdict.id().to_owned(), self.verdicts[*verdict as usize].into()))
            .collect();
        let changes = self.changes.map(|changes| {
            let counted = Kind::ALL.iter().map(|kind| (kind.id().to_owned(), Value::from(changes.count(*kind))));
            counted.collect::<serde_json::Map<String, Value>>()
        });
        let plan: serde_json::Map<String, Value> =
            self.standing().into_iter().map(|(state, count)| (state.id().to_owned(), count.into())).collect();
        let plan = self.plan.map(|_| plan);
        let causes: Vec<Value> =
            self.causes().iter().map(|(rule, users)| json!({ "rule": rule, "users": users })).collect();
        json!({ "schema": "ewsready/message/1", "title": self.title, "tenant": self.tenant, "as_of": self.as_of,
            "simulated": self.simulated, "rows": self.rows, "verdicts": verdicts, "changes": changes, "plan": plan, "causes": causes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::testing::{judged, label};
    use crate::compare::{Earlier, TrendBuilder, compare};
    use crate::plan::progress::{Line, Progress};

    #[test]
    fn the_shape_follows_the_host_and_only_the_real_one() {
        assert_eq!(Shape::of_host("prod-01.westeurope.logic.azure.com"), Shape::Teams);
        assert_eq!(Shape::of_host("contoso.webhook.office.com"), Shape::Teams);
        assert_eq!(Shape::of_host("hooks.slack.com"), Shape::Slack);
        assert_eq!(Shape::of_host("notslack.com"), Shape::Json);
        assert_eq!(Shape::of_host("hooks.example"), Shape::Json);
    }

    #[test]
    fn every_shape_carries_the_counts_and_nobody_s_address() {
        let row = |verdict| judged(1, "ada@contoso.example", "id-of-ada", verdict, "identity/guest");
        let old = [Earlier { judged: row(Verdict::MoveToGraphEac), reported: None }];
        let new = [row(Verdict::Blocked)];
        let changes = compare(label(9, 1), &old, label(10, 1), &new);
        let mut trend = TrendBuilder::default();
        trend.add(label(10, 1), &new);
        let (trend, texts) = (trend.finish(None), Texts::embedded("en").unwrap());
        let line = |state| Line {
            key: "id-of-ada".into(),
            address: "ada@contoso.example".into(),
            state,
            planned: None,
            now: None,
        };
        let progress = Progress { lines: vec![line(State::Behind), line(State::OnPlan)] };
        let plan = Against { run: "run".to_owned(), made: jiff::civil::date(2026, 9, 2), progress };
        let message = Message {
            title: "EWS readiness",
            tenant: "Contoso",
            as_of: jiff::civil::date(2026, 10, 1),
            deadline: "2027-04-01",
            simulated: true,
            rows: 1,
            verdicts: [1, 0, 0, 0],
            changes: Some(&changes),
            plan: Some(&plan),
            trend: &trend,
            texts: &texts,
        };
        for shape in [Shape::Teams, Shape::Slack, Shape::Json] {
            let body = message.body(shape).to_string();
            assert!(body.contains("Contoso") && body.contains("identity/guest"), "{body}");
            assert!(!body.contains("ada@") && !body.contains("id-of-ada"), "{body}");
        }
        let facts = &message.body(Shape::Teams)["attachments"][0]["content"]["body"][1]["facts"];
        assert_eq!(facts[0], json!({ "title": "Blocked", "value": "1" }));
        assert_eq!(facts[6], json!({ "title": "Plan: behind", "value": "1" }));
        assert_eq!(message.body(Shape::Json)["changes"]["newly_blocked"], 1);
        assert_eq!(message.body(Shape::Json)["plan"], json!({ "behind": 1, "ahead": 0, "moved": 0 }));
        assert!(message.body(Shape::Slack)["blocks"][1]["text"]["text"].as_str().unwrap().contains("Newly blocked: 1"));
    }
}
