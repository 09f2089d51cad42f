//! Microsoft Teams: delegation, calendar app, presence.

use super::agents::{Passage, feature_passage, together};
use super::gate::{Caller, Closed, gate};
use super::reading::{Identity, Place, Reading};
use super::rule::{Effect, Mark, Open, Outcome, Params, Question, Rule, RuleTexts, ask};
use super::sources::{IS_HERE, TEAMS};

const FACTS: &str = "integrations.toml";
const ALL: &[&str] = &["teams_delegation", "teams_calendar", "teams_presence"];
const OVER_EWS: &[&str] = &["teams_delegation", "teams_calendar"];
const SETTINGS: &[Question] = &[Question::Organization, Question::MailboxSettings];

const fn marks(columns: &'static [&'static str], state: Mark) -> Effect {
    Effect::Marks { columns, state }
}

const AGENT_TEXTS: RuleTexts = RuleTexts {
    says: "A user-agent filter keeps this feature of Teams out; it needs {agents}.",
    stops: "",
    next: "Have the Exchange administrators add {agents} to EwsAllowList, or take them out of EwsBlockList, of organisation and mailbox.",
    alternative: "",
};

/// There is no mailbox.
pub static NO_MAILBOX: Rule = Rule {
    id: "teams/no-mailbox",
    question: "Is there no mailbox that Teams could use?",
    effect: marks(ALL, Mark::Broken),
    asks: &[Question::Directory, Question::Graph, Question::Routing, Question::Recipient],
    facts: FACTS,
    sources: &[TEAMS],
    texts: RuleTexts {
        says: "There is no mailbox: Teams shows this user no calendar.",
        stops: "",
        next: "Settle the verdict's cause first.",
        alternative: "",
    },
    check: |reading| match (&reading.identity, &reading.located) {
        (Err(open), _) => Outcome::Unknown(open.clone()),
        (Ok(Identity::Nobody), _) => Outcome::says(),
        (Ok(_), Ok(located)) => Outcome::says_if(located.place == Place::Nowhere),
        (Ok(_), Err(open)) => Outcome::Unknown(open.clone()),
    },
};

/// The mailbox is on-premises.
pub static ON_PREMISES: Rule = Rule {
    id: "teams/on-premises",
    question: "Is the mailbox on-premises?",
    effect: marks(ALL, Mark::AtRisk),
    asks: &[Question::Directory, Question::Graph, Question::Routing, Question::Recipient],
    facts: FACTS,
    sources: &[TEAMS],
    texts: RuleTexts {
        says: "The mailbox is on-premises: Teams needs Exchange Server 2016 CU3 or later with OAuth and Autodiscover V2 published.",
        stops: "",
        next: "Test with the Teams tests of Microsoft's Remote Connectivity Analyzer.",
        alternative: "",
    },
    check: |reading| match &reading.located {
        Ok(located) => Outcome::says_if(located.place == Place::OnPremises),
        Err(open) => Outcome::Unknown(open.clone()),
    },
};

/// The settings close EWS to Teams.
pub static EWS_CLOSED: Rule = Rule {
    id: "teams/ews-closed",
    question: "Do the settings close EWS to Teams?",
    effect: marks(OVER_EWS, Mark::Broken),
    asks: SETTINGS,
    facts: "retirement.toml",
    sources: &[TEAMS, IS_HERE],
    texts: RuleTexts {
        says: "The settings close EWS to Teams: {closed}.",
        stops: "",
        next: "Have the Exchange administrators let the Teams application {app} in.",
        alternative: "",
    },
    check: |reading| {
        let id = reading.case.facts.integration("teams").and_then(|known| known.app_ids.first());
        let Some(app) = id else { return Outcome::Silent };
        let by_settings = match gate(&reading.case, Caller { app: Some(app), agent: None }) {
            // The user-agent filter is judged feature by feature, by rules of their own.
            Ok(closed) => Ok(closed.into_iter().filter(|by| *by != Closed::AgentFilter).collect::<Vec<_>>()),
            Err(open) => {
                let left: Vec<Open> = open.into_iter().filter(|open| !is_about_agents(open)).collect();
                if left.is_empty() { Ok(Vec::new()) } else { Err(left) }
            }
        };
        match by_settings {
            Err(open) => Outcome::Unknown(open),
            Ok(closed) if closed.is_empty() => Outcome::Silent,
            Ok(closed) => Outcome::Says(Params::one("closed", super::ews::closed_by(reading, &closed)).and("app", app)),
        }
    },
};

/// A user-agent filter keeps delegation out.
pub static DELEGATION_AGENTS: Rule = Rule {
    id: "teams/delegation-agents",
    question: "Does a user-agent filter keep the scheduling for others out?",
    effect: marks(&["teams_delegation"], Mark::Broken),
    asks: SETTINGS,
    facts: FACTS,
    sources: &[TEAMS],
    texts: AGENT_TEXTS,
    check: |reading| agents(reading, "teams_delegation"),
};

/// A user-agent filter keeps the calendar out.
pub static CALENDAR_AGENTS: Rule = Rule {
    id: "teams/calendar-agents",
    question: "Does a user-agent filter keep the calendar app out?",
    effect: marks(&["teams_calendar"], Mark::Broken),
    asks: SETTINGS,
    facts: FACTS,
    sources: &[TEAMS],
    texts: AGENT_TEXTS,
    check: |reading| agents(reading, "teams_calendar"),
};

/// A user-agent filter keeps presence out.
pub static PRESENCE_AGENTS: Rule = Rule {
    id: "teams/presence-agents",
    question: "Does a user-agent filter keep presence from the calendar out?",
    effect: marks(&["teams_presence"], Mark::Broken),
    asks: SETTINGS,
    facts: FACTS,
    sources: &[TEAMS],
    texts: AGENT_TEXTS,
    check: |reading| agents(reading, "teams_presence"),
};

fn is_about_agents(open: &Open) -> bool {
    use super::rule::Why;
    matches!(&open.why, Why::Unsettled { key, .. } if *key == "agent_unknown" || *key == "filters_disagree")
}

fn agents(reading: &Reading<'_>, column: &str) -> Outcome {
    let needed = reading.case.facts.integration("teams").and_then(|known| known.agents.get(column));
    let Some(needed) = needed else { return Outcome::Silent };
    let organization = ask(Question::Organization, &reading.case.tenant.organization);
    let mailbox = ask(Question::MailboxSettings, &reading.case.evidence.cas);
    let (organization, mailbox) = match (organization, mailbox) {
        (Err(open), _) | (_, Err(open)) => return Outcome::Unknown(open),
        (Ok(_), Ok(None)) => return Outcome::Silent,
        (Ok(organization), Ok(Some(mailbox))) => (organization, mailbox),
    };
    let passages = (feature_passage(&organization.agents, needed), feature_passage(&mailbox.agents, needed));
    match together(passages.0, passages.1) {
        Passage::Unfiltered | Passage::LetIn => Outcome::Silent,
        Passage::KeptOut => Outcome::Says(Params::one("agents", needed.join(", "))),
        Passage::Unclear => {
            Outcome::Unknown(Open::unsettled(Question::MailboxSettings, "filters_disagree", Params::default()))
        }
    }
}

#[cfg(test)]
pub(super) mod speaks {
    use super::*;
    use crate::evidence::mailbox::{AgentFilter, AgentRule};
    use crate::rules::testing::{Owned, Speaks};

    pub const ALL: &[Speaks] = &[
        (&NO_MAILBOX, |case| {
            case.licensed(&[]);
            case.without_mailbox();
        }),
        (&ON_PREMISES, |case| {
            case.on_premises();
        }),
        (&EWS_CLOSED, |case| {
            case.cas().ews_enabled = Some(false);
        }),
        (&DELEGATION_AGENTS, |case| {
            filtered(case);
        }),
        (&CALENDAR_AGENTS, |case| {
            filtered(case);
        }),
        (&PRESENCE_AGENTS, |case| {
            filtered(case);
        }),
    ];

    fn filtered(case: &mut Owned) {
        let (enforce, allow) = (Some(AgentRule::AllowList), vec!["Outlook*".to_owned()]);
        case.organization().agents = AgentFilter { enforce, allow, block: Vec::new() };
    }
}
