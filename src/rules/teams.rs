//! Microsoft Teams: delegation, calendar app, presence.

use crate::evidence::joined::Published;
use crate::evidence::mailbox::Delegate;

use super::agents::{Passage, feature_passage, together};
use super::gate::{Caller, Closed, gate};
use super::hybrid::{in_the_way, on_premises_host};
use super::reading::{Identity, Place, Reading};
use super::rule::{Effect, Mark, Open, Outcome, Params, Question, Rule, RuleTexts, ask};
use super::sources::{IS_HERE, TEAMS};

const FACTS: &str = "integrations.toml";
const ALL: &[&str] = &["teams_delegation", "teams_calendar", "teams_presence"];
const OVER_EWS: &[&str] = &["teams_delegation", "teams_calendar"];
const OVER_REST: &[&str] = &["teams_calendar", "teams_presence"];
const LOCATED: &[Question] = &[Question::Directory, Question::Graph, Question::Routing, Question::Recipient];
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
        says: "The mailbox is on-premises: Teams needs Exchange Server 2016 CU3 or later (for delegation 2013 CU19 suffices) with OAuth, EWS, /api and Autodiscover V2 published; the version shows to nobody without credentials.",
        stops: "",
        next: "Check the version (Get-ExchangeServer), then test with the Teams tests of Microsoft's Remote Connectivity Analyzer.",
        alternative: "",
    },
    check: |reading| match &reading.located {
        Ok(located) => Outcome::says_if(located.place == Place::OnPremises),
        Err(open) => Outcome::Unknown(open.clone()),
    },
};

/// EWS is not published for Teams.
pub static EWS_NOT_PUBLISHED: Rule = Rule {
    id: "teams/ews-not-published",
    question: "Is the on-premises EWS, to which Autodiscover sends Teams, not published?",
    effect: marks(OVER_EWS, Mark::Broken),
    asks: LOCATED,
    facts: FACTS,
    sources: &[TEAMS],
    texts: RuleTexts {
        says: "The mailbox is on-premises, and EWS on {host}, to which Autodiscover sends Teams, is not published: {detail}.",
        stops: "",
        next: "Publish /EWS/Exchange.asmx of {host} without a login page in front of it, so that a caller without credentials gets 401.",
        alternative: "",
    },
    check: |reading| in_the_way(reading, |probe| &probe.ews),
};

/// The REST directory is not published for Teams.
pub static API_NOT_PUBLISHED: Rule = Rule {
    id: "teams/api-not-published",
    question: "Is the on-premises REST directory /api, which Teams asks, not published?",
    effect: marks(OVER_REST, Mark::Broken),
    asks: LOCATED,
    facts: FACTS,
    sources: &[TEAMS],
    texts: RuleTexts {
        says: "The mailbox is on-premises, and https://{host}/api, which Teams asks, does not ask for credentials: {detail}.",
        stops: "",
        next: "Publish /api of {host} beside EWS and Autodiscover; a caller without credentials has to get 401.",
        alternative: "",
    },
    check: |reading| in_the_way(reading, |probe| &probe.api),
};

/// The server offers no OAuth.
pub static NO_OAUTH: Rule = Rule {
    id: "teams/no-oauth",
    question: "Does the on-premises server offer no OAuth?",
    effect: marks(ALL, Mark::Broken),
    asks: LOCATED,
    facts: FACTS,
    sources: &[TEAMS],
    texts: RuleTexts {
        says: "The mailbox is on-premises, and EWS on {host} offers {schemes}, but no OAuth (Bearer), with which Teams signs in.",
        stops: "",
        next: "Run the Hybrid Configuration Wizard to set up OAuth between the servers and the cloud, and switch it on for the EWS virtual directory.",
        alternative: "",
    },
    check: |reading| match on_premises_host(reading) {
        Some(probe) if probe.ews == Published::AsksForCredentials && !probe.offers("Bearer") => {
            let schemes = match probe.schemes.as_slice() {
                [] => reading.word("hybrid/no_scheme"),
                schemes => schemes.join(", "),
            };
            Outcome::Says(Params::one("host", &probe.host).and("schemes", schemes))
        }
        _ => Outcome::Silent,
    },
};

/// A delegate lacks a right that Teams asks for.
pub static DELEGATE_RIGHTS: Rule = Rule {
    id: "teams/delegate-rights",
    question: "Does a delegate lack a right that Teams asks for?",
    effect: marks(&["teams_delegation"], Mark::AtRisk),
    asks: &[Question::Recipient],
    facts: FACTS,
    sources: &[TEAMS],
    texts: RuleTexts {
        says: "Scheduling in Teams for this user needs the role Author or Editor on the calendar and the right to send on behalf; missing: {delegates}.",
        stops: "",
        next: "Give each delegate both: Set-MailboxFolderPermission on the calendar (Editor or Author), and Set-Mailbox -GrantSendOnBehalfTo.",
        alternative: "",
    },
    check: |reading| {
        let Some(delegates) = reading.case.evidence.delegates.value() else { return Outcome::Silent };
        let Some(Some(mailbox)) = reading.case.evidence.recipient.value() else { return Outcome::Silent };
        let lacks: Vec<String> =
            delegates.iter().filter_map(|delegate| lacking(reading, delegate, &mailbox.send_on_behalf)).collect();
        if lacks.is_empty() { Outcome::Silent } else { Outcome::Says(Params::one("delegates", lacks.join("; "))) }
    },
};

/// Whether an entry of `GrantSendOnBehalfTo` is this delegate: Exchange writes an address, an alias, a display name, or
/// either of them at the end of a path.
fn is_named(entry: &str, delegate: &Delegate) -> bool {
    let last = entry.rsplit('/').next().unwrap_or(entry);
    let last = last.strip_prefix("CN=").map_or(last, |name| name.split(',').next().unwrap_or(name));
    let alias = delegate.address.split('@').next().unwrap_or_default();
    let names = [delegate.address.as_str(), delegate.name.as_str(), alias];
    names.into_iter().any(|name| !name.is_empty() && name.eq_ignore_ascii_case(last.trim()))
}

/// What a delegate certainly lacks. Exchange names those who may send on behalf in many ways, so that only an empty list
/// proves that somebody is not on it.
fn lacking(reading: &Reading<'_>, delegate: &Delegate, send_on_behalf: &[String]) -> Option<String> {
    let role = delegate.role.to_ascii_lowercase();
    let writes = role == "write" || role.starts_with("delegate");
    let sends = send_on_behalf.iter().any(|entry| is_named(entry, delegate));
    let params = Params::one("address", &delegate.address);
    if writes && send_on_behalf.is_empty() {
        return Some(reading.words("teams/lacks_send_on_behalf", &params));
    }
    (sends && !writes).then(|| reading.words("teams/lacks_calendar_role", &params))
}

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
    use crate::rules::testing::{Owned, Speaks, known, shows};

    pub const ALL: &[Speaks] = &[
        (&NO_MAILBOX, |case| {
            case.licensed(&[]);
            case.without_mailbox();
        }),
        (&ON_PREMISES, |case| {
            case.on_premises();
        }),
        (&EWS_NOT_PUBLISHED, |case| {
            case.on_premises();
            let form = Published::LoginPage { detail: "it redirects to login.contoso.example".to_owned() };
            shows(case, form, Published::AsksForCredentials, &[]);
        }),
        (&API_NOT_PUBLISHED, |case| {
            case.on_premises();
            let missing = Published::Missing { detail: "it answers 404".to_owned() };
            shows(case, Published::AsksForCredentials, missing, &["Negotiate", "Bearer"]);
        }),
        (&NO_OAUTH, |case| {
            case.on_premises();
            let asks = || Published::AsksForCredentials;
            shows(case, asks(), asks(), &["Negotiate", "NTLM"]);
        }),
        (&DELEGATE_RIGHTS, |case| {
            case.evidence.delegates = known(vec![ben("write")]);
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

    fn ben(role: &str) -> Delegate {
        let (address, name) = ("ben@contoso.example".to_owned(), "Ben Example".to_owned());
        Delegate { address, name, role: role.to_owned() }
    }

    #[test]
    fn who_may_send_on_behalf_is_found_under_every_name_exchange_gives() {
        for name in [
            "Ben Example",
            "BEN@contoso.example",
            "ben",
            "contoso.example/People/Ben Example",
            "CN=Ben Example,OU=People",
        ] {
            assert!(is_named(name, &ben("read")), "{name}");
        }
        for name in ["Benno Example", "Example", "contoso.example/Ben Example/Ada", "", "b"] {
            assert!(!is_named(name, &ben("read")), "{name}");
        }
    }

    fn filtered(case: &mut Owned) {
        let (enforce, allow) = (Some(AgentRule::AllowList), vec!["Outlook*".to_owned()]);
        case.organization().agents = AgentFilter { enforce, allow, ..AgentFilter::default() };
    }
}
