//! What keeps needing EWS between an Exchange Server and the cloud, and where Graph does not reach yet.

use crate::evidence::joined::{HostProbe, Published};
use crate::evidence::mailbox::RouteEnd;
use crate::facts::Cloud;

use super::reading::{Place, Reading};
use super::rule::{Effect, Outcome, Params, Question, Rule, RuleTexts};
use super::sources::{DEPRECATION, HYBRID, HYBRID_GRAPH};

/// The host to which Autodiscover sends this user, whose mailbox is on-premises, as it showed itself without credentials.
pub fn on_premises_host<'a>(reading: &Reading<'a>) -> Option<&'a HostProbe> {
    if !matches!(&reading.located, Ok(located) if located.place == Place::OnPremises) {
        return None;
    }
    let Some(RouteEnd::OnPremises { url }) = reading.case.evidence.routing.value().map(|routing| &routing.end) else {
        return None;
    };
    let url = url::Url::parse(url).ok()?;
    let name = url.host_str()?;
    let probes = reading.case.tenant.on_premises.value()?;
    probes.iter().find(|probe| probe.host.eq_ignore_ascii_case(name))
}

/// Says what of that host stands in the way of a service in the cloud.
pub fn in_the_way(reading: &Reading<'_>, part: fn(&HostProbe) -> &Published) -> Outcome {
    let probe = on_premises_host(reading);
    match probe.and_then(|probe| Some((&probe.host, part(probe).stands_in_the_way()?))) {
        Some((host, detail)) => Outcome::Says(Params::one("host", host).and("detail", detail)),
        None => Outcome::Silent,
    }
}

/// Rich coexistence between Exchange Server and the cloud.
pub static COEXISTENCE: Rule = Rule {
    id: "hybrid/rich-coexistence",
    question: "Does a hybrid application of Exchange Server use EWS in the cloud?",
    effect: Effect::Tells,
    asks: &[Question::Applications],
    facts: "integrations.toml",
    sources: &[HYBRID, HYBRID_GRAPH],
    texts: RuleTexts {
        says: "{app} lets Exchange Server see the cloud's free/busy, MailTips and photos over EWS. Only Exchange Server SE with the May 2026 hotfix (15.2.2562.41) or later can use Graph instead, in the worldwide cloud; 2016 and 2019 cannot.",
        stops: "",
        next: "Bring the servers to Exchange Server SE with that hotfix and give the application its Graph permissions; until then EwsEnabled has to be True with {app} on the list. Without it, coexistence ends on {ends}.",
        alternative: "",
    },
    check: |reading| {
        let prefix = reading.case.facts.hybrid().app_prefix.as_str();
        let known = reading.case.tenant.applications.value();
        let hybrid = known
            .into_iter()
            .flatten()
            .filter(|app| app.enabled != Some(false) && app.name.to_lowercase().starts_with(prefix));
        let names: Vec<String> = hybrid.map(|app| format!("{} ({})", app.name, app.app_id)).collect();
        if names.is_empty() { Outcome::Silent } else { Outcome::Says(Params::one("app", names.join(", "))) }
    },
};

/// The mailbox is on-premises, its archive in the cloud.
pub static ONLINE_ARCHIVE: Rule = Rule {
    id: "hybrid/online-archive",
    question: "Has an on-premises mailbox its archive in the cloud?",
    effect: Effect::Notes,
    asks: &[Question::Directory, Question::Graph, Question::Routing, Question::Recipient],
    facts: "integrations.toml",
    sources: &[HYBRID, HYBRID_GRAPH],
    texts: RuleTexts {
        says: "The mailbox is on-premises and has, or may have, its archive in the cloud: Exchange Server reaches it over EWS, and Graph does not cover it yet.",
        stops: "",
        next: "Keep EwsEnabled True, the hybrid application on the list and its EWS permission; move the mailbox to the cloud, or the archive back, before {ends}.",
        alternative: "",
    },
    check: |reading| {
        let on_premises = matches!(&reading.located, Ok(located) if located.place == Place::OnPremises);
        let archive =
            matches!(reading.case.evidence.recipient.value(), Some(Some(found)) if found.archive == Some(true));
        let plans = &reading.case.facts.hybrid().archive_plans;
        let licensed = reading.account().is_some_and(|account| {
            account.plans.iter().any(|plan| plans.contains(&plan.plan) && plan.capability == "Enabled")
        });
        Outcome::says_if(on_premises && (archive || licensed))
    },
};

/// There are public folders, which Graph does not open.
pub static PUBLIC_FOLDERS: Rule = Rule {
    id: "hybrid/public-folders",
    question: "Has the organisation public folders, which Graph does not open?",
    effect: Effect::Tells,
    asks: &[Question::Organization],
    facts: "retirement.toml",
    sources: &[DEPRECATION],
    texts: RuleTexts {
        says: "The organisation has public folders. Graph will never open them in general; Microsoft plans their import and export for the fourth quarter of 2026. Whatever reads or writes them over EWS stops on {ends}.",
        stops: "",
        next: "Ask the owner of each application that is needed on the list whether it uses public folders; move those folders into shared mailboxes or Microsoft 365 groups before that day, or back them up with something that does without EWS.",
        alternative: "",
    },
    check: |reading| match reading.case.tenant.organization.value() {
        Some(organization) => Outcome::says_if(organization.public_folders == Some(true)),
        None => Outcome::Silent,
    },
};

/// The cloud is not the worldwide one.
pub static SOVEREIGN: Rule = Rule {
    id: "hybrid/sovereign-cloud",
    question: "Is the tenant in a cloud in which Graph lacks what replaces EWS?",
    effect: Effect::Tells,
    asks: &[],
    facts: "clouds.toml",
    sources: &[DEPRECATION, HYBRID_GRAPH],
    texts: RuleTexts {
        says: "The tenant is in {place}: Microsoft plans there what Graph lacks against EWS for the fourth quarter of 2026 at the earliest, the EWS usage report does not exist, and the Graph way of hybrid coexistence is for the worldwide cloud only.",
        stops: "",
        next: "Test each application on Graph in this cloud before its move, and read the tenant's Message Center for this cloud's own day.",
        alternative: "",
    },
    check: |reading| {
        let own_hosts = |cloud: &&Cloud| {
            let worldwide = reading.case.facts.cloud("worldwide");
            worldwide.is_some_and(|worldwide| worldwide.graph != cloud.graph)
        };
        match reading.case.cloud().filter(own_hosts) {
            Some(cloud) => Outcome::Says(Params::one("place", &cloud.name)),
            None => Outcome::Silent,
        }
    },
};

#[cfg(test)]
pub(super) mod speaks {
    use super::*;
    use crate::evidence::mailbox::AssignedPlan;
    use crate::evidence::tenant::Application;
    use crate::rules::testing::{OTHER_APP, Speaks, known, plan};

    pub const ALL: &[Speaks] = &[
        (&COEXISTENCE, |case| {
            let (app_id, name) = (OTHER_APP.to_owned(), "ExchangeServerApp-5d6e".to_owned());
            case.tenant.applications = known(vec![Application { app_id, name, ..Application::default() }]);
        }),
        (&ONLINE_ARCHIVE, |case| {
            case.on_premises();
            let (capability, service) = ("Enabled".to_owned(), "exchange".to_owned());
            case.account().plans = vec![AssignedPlan { plan: plan("EXCHANGE_S_ARCHIVE"), capability, service }];
        }),
        (&PUBLIC_FOLDERS, |case| {
            case.organization().public_folders = Some(true);
        }),
        (&SOVEREIGN, |case| {
            case.options.cloud = "gcc_high".to_owned();
        }),
    ];
}
