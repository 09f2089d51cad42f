//! The facts behind a verdict, one line each: what came out, who said so, when.

use crate::evidence::mailbox::{
    Account, AgentFilter, AgentRule, DirectoryMatch, EwsAnswer, GraphAnswer, GraphRefusal, MailboxPurpose, RouteEnd,
    Routing, UserSettings,
};
use crate::evidence::tenant::AppList;
use crate::evidence::{Observation, Source};
use crate::rules::{Open, Params, Question, Reading, Why, open};

use super::EvidenceLine;

/// Names of the products assigned, as Microsoft sells them; part number or id for those the facts do not list.
pub(super) fn products(reading: &Reading<'_>) -> Vec<String> {
    let held = reading.account().map_or(&[][..], |account| &account.licences);
    held.iter().map(|held| crate::rules::licence::product_name(reading, Some(held.sku))).collect()
}

/// One line for each question about the mailbox, and one for the organisation's settings.
pub(super) fn lines(reading: &Reading<'_>) -> Vec<EvidenceLine> {
    let words = Words { reading };
    let evidence = reading.case.evidence;
    let mut lines = vec![
        words.line("directory", Question::Directory, &evidence.directory, |found| words.directory(found)),
        words.line("licence", Question::Directory, &evidence.directory, |_| words.licence()),
        words.line("recipient", Question::Recipient, &evidence.recipient, |found| match found {
            None => words.say("recipient/none"),
            Some(found) if found.inactive => words.with("recipient/inactive", Params::one("kind", &found.kind)),
            Some(found) => words.with("recipient/some", Params::one("kind", &found.kind)),
        }),
        words.line("mailbox_settings", Question::MailboxSettings, &evidence.cas, |found| match found {
            None => words.say("mailbox_settings/none"),
            Some(found) => {
                let params = Params::one("switch", words.switch(found.ews_enabled));
                words.with("mailbox_settings/some", params.and("filter", words.filter(&found.agents)))
            }
        }),
        words.line("organization", Question::Organization, &reading.case.tenant.organization, |found| {
            let params = Params::one("switch", words.switch(found.ews_enabled))
                .and("list", words.list(&found.app_list))
                .and("filter", words.filter(&found.agents));
            words.with("organization/some", params)
        }),
        words.line("graph", Question::Graph, &evidence.graph, |answer| words.graph(answer)),
        words.line("routing", Question::Routing, &evidence.routing, |routing| words.routing(routing)),
        words.line("ews", Question::Ews, &evidence.ews, |answer| words.ews(answer)),
    ];
    if evidence.user_settings != Observation::NotAsked {
        lines.push(words.user_settings(&evidence.user_settings));
    }
    lines
}

struct Words<'r, 'a> {
    reading: &'r Reading<'a>,
}

impl Words<'_, '_> {
    fn say(&self, key: &str) -> String {
        self.with(key, Params::default())
    }

    fn with(&self, key: &str, params: Params) -> String {
        self.reading.words(&format!("evidence/{key}"), &params)
    }

    fn line<T>(
        &self,
        name: &str,
        question: Question,
        observation: &Observation<T>,
        answer: impl FnOnce(&T) -> String,
    ) -> EvidenceLine {
        let (answer, source, at) = match observation {
            Observation::Known { value, source, at } => (answer(value), source.to_string(), Some(*at)),
            Observation::Unknown(unknown) => {
                let why = Why::InVain { cause: unknown.cause, detail: unknown.detail.clone() };
                let params = open::params(self.reading, &Open { question, why });
                (self.with("unknown", params), asked(question).to_string(), Some(unknown.at))
            }
            Observation::NotAsked => (self.say("not_asked"), String::new(), None),
        };
        EvidenceLine { question: name.to_owned(), answer, source, at }
    }

    /// What Autodiscover tells Exchange's own clients; POX is named as the source where SOAP gave no answer.
    fn user_settings(&self, observation: &Observation<UserSettings>) -> EvidenceLine {
        let line = self.line("user_settings", Question::Routing, observation, |found| {
            let url = found.external_ews_url.as_ref().or(found.internal_ews_url.as_ref()).or(found.error.as_ref());
            let told = url.cloned().unwrap_or_else(|| self.say("user_settings/none"));
            match &found.soap_failed {
                Some(why) => self.with("user_settings/pox", Params::one("told", told).and("why", why)),
                None => told,
            }
        });
        let source = observation.value().map_or(Source::AutodiscoverSoap, UserSettings::source);
        EvidenceLine { source: source.to_string(), ..line }
    }

    fn directory(&self, found: &DirectoryMatch) -> String {
        if let Some(account) = found.the_one() {
            return self.account(account);
        }
        match (found.accounts.as_slice(), found.deleted.len()) {
            ([], 0) => self.say("directory/none"),
            ([], count) => self.with("directory/deleted", Params::one("count", count.to_string())),
            (accounts, _) => {
                let names: Vec<&str> = accounts.iter().map(|account| account.user_principal_name.as_str()).collect();
                let params = Params::one("count", names.len().to_string()).and("accounts", names.join(", "));
                self.with("directory/several", params)
            }
        }
    }

    fn account(&self, account: &Account) -> String {
        let enabled = match account.enabled {
            Some(true) => "directory/enabled",
            Some(false) => "directory/disabled",
            None => "directory/enabled_unsaid",
        };
        let sync = match account.on_premises_sync {
            Some(true) => "directory/synchronized",
            Some(false) => "directory/formerly",
            None => "directory/cloud_only",
        };
        let params = Params::one("upn", &account.user_principal_name).and("enabled", self.say(enabled));
        self.with("directory/one", params.and("sync", self.say(sync)))
    }

    fn licence(&self) -> String {
        if self.reading.account().is_none() {
            return self.say("not_asked");
        }
        let products = products(self.reading);
        let products = if products.is_empty() { self.reading.word("licence/no_products") } else { products.join(", ") };
        let params = Params::one("state", self.reading.licence.state.id()).and("products", products);
        self.with("licence/state", params)
    }

    fn switch(&self, switch: Option<bool>) -> String {
        self.say(match switch {
            None => "switch/null",
            Some(true) => "switch/true",
            Some(false) => "switch/false",
        })
    }

    fn list(&self, list: &AppList) -> String {
        match list {
            AppList::Hidden => self.say("list/hidden"),
            AppList::Seen(apps) if apps.is_empty() => self.say("list/empty"),
            AppList::Seen(apps) => self.with("list/count", Params::one("count", apps.len().to_string())),
        }
    }

    fn filter(&self, filter: &AgentFilter) -> String {
        let (key, count) = match filter.enforce {
            None if filter.unseen => return self.say("filter/unseen"),
            None => return self.say("filter/none"),
            Some(AgentRule::AllowList) => ("filter/allow", filter.allow.len()),
            Some(AgentRule::BlockList) => ("filter/block", filter.block.len()),
        };
        self.with(key, Params::one("count", count.to_string()))
    }

    fn graph(&self, answer: &GraphAnswer) -> String {
        let (key, message) = match answer {
            GraphAnswer::Answers { purpose } => {
                let purpose = self.say(match purpose {
                    None => "graph/no_purpose",
                    Some(MailboxPurpose::User) => "purpose/user",
                    Some(MailboxPurpose::Linked) => "purpose/linked",
                    Some(MailboxPurpose::Shared) => "purpose/shared",
                    Some(MailboxPurpose::Room) => "purpose/room",
                    Some(MailboxPurpose::Equipment) => "purpose/equipment",
                    Some(MailboxPurpose::Others) => "purpose/others",
                });
                return self.with("graph/answers", Params::one("purpose", purpose));
            }
            GraphAnswer::NoMailbox { message } => ("graph/no_mailbox", message),
            GraphAnswer::UnsupportedMailbox { message } => ("graph/unsupported", message),
            GraphAnswer::UnknownToExchange { message } => ("graph/unknown_to_exchange", message),
            GraphAnswer::Refused { by: GraphRefusal::AccessPolicy, message } => ("graph/access_policy", message),
            GraphAnswer::Refused { by: GraphRefusal::UserAgentPolicy, message } => ("graph/agent_policy", message),
            GraphAnswer::Refused { by: GraphRefusal::AccessDenied, message } => ("graph/denied", message),
        };
        self.with(key, Params::one("message", message))
    }

    fn routing(&self, routing: &Routing) -> String {
        let hops: Vec<String> = routing.hops.iter().map(|hop| format!("{} ({})", hop.host, hop.status)).collect();
        let hops = if hops.is_empty() { self.say("routing/no_hops") } else { hops.join(" -> ") };
        let (key, name, value) = match &routing.end {
            RouteEnd::ExchangeOnline { url } => ("routing/online", "url", url),
            RouteEnd::OnPremises { url } => ("routing/on_premises", "url", url),
            RouteEnd::Unresolved { detail } => ("routing/unresolved", "detail", detail),
            RouteEnd::NotExchange { detail } => ("routing/not_exchange", "detail", detail),
        };
        self.with(key, Params::one(name, value).and("hops", hops))
    }

    fn ews(&self, answer: &EwsAnswer) -> String {
        let (key, reason) = match answer {
            EwsAnswer::Works => return self.say("ews/works"),
            EwsAnswer::RefusedSwitch { reason } | EwsAnswer::RefusedPolicy { reason } => {
                ("ews/refused", reason.clone())
            }
            EwsAnswer::RefusedOther { code, message } => ("ews/refused_other", format!("{code}: {message}")),
            EwsAnswer::NoMailbox { code } => ("ews/no_mailbox", code.clone()),
            EwsAnswer::NotPermitted { code, message } => ("ews/not_permitted", format!("{code}: {message}")),
        };
        self.with(key, Params::one("reason", reason))
    }
}

/// Who was asked, where no answer says it.
fn asked(question: Question) -> Source {
    match question {
        Question::Graph => Source::Graph,
        Question::Routing => Source::AutodiscoverV2,
        Question::Recipient | Question::Organization | Question::MailboxSettings => Source::ExchangeAdmin,
        Question::Ews => Source::Ews,
        Question::Directory
        | Question::AccountState
        | Question::Licence
        | Question::Products
        | Question::Tenant
        | Question::Applications
        | Question::Notices => Source::Directory,
    }
}
