//! Where Autodiscover sends a client. None of it decides a verdict by itself; the place of the mailbox does.

use crate::evidence::mailbox::{RouteEnd, UserSettings};

use super::reading::{Place, Reading};
use super::rule::{Effect, Outcome, Params, Question, Rule, RuleTexts};
use super::sources::{AUTODISCOVER_POX, AUTODISCOVER_SOAP, AUTODISCOVER_V2};

const FACTS: &str = "clouds.toml";

/// Something that is not Exchange answers.
pub static NOT_EXCHANGE: Rule = Rule {
    id: "routing/not-exchange",
    question: "Does something that is not Exchange answer Autodiscover for this address?",
    effect: Effect::Notes,
    asks: &[Question::Routing],
    facts: FACTS,
    sources: &[AUTODISCOVER_V2],
    texts: RuleTexts {
        says: "Autodiscover ends at {host}, which is not Exchange ({detail}): a web host's or panel's answer stands in the way.",
        stops: "",
        next: "Have the domain's DNS administrators point autodiscover.<domain> at Exchange and take away the answer of {host}.",
        alternative: "",
    },
    check: |reading| match reading.case.evidence.routing.value().map(|routing| &routing.end) {
        Some(RouteEnd::NotExchange { detail }) => {
            Outcome::Says(Params::one("host", last_host(reading)).and("detail", detail))
        }
        _ => Outcome::Silent,
    },
};

/// Autodiscover resolves the address nowhere, although there is a cloud mailbox.
pub static UNRESOLVED: Rule = Rule {
    id: "routing/unresolved",
    question: "Does Autodiscover resolve the address of a cloud mailbox?",
    effect: Effect::Notes,
    asks: &[Question::Routing, Question::Graph],
    facts: FACTS,
    sources: &[AUTODISCOVER_V2],
    texts: RuleTexts {
        says: "There is a cloud mailbox, but Autodiscover does not resolve this address ({detail}): clients that look for it by this address will not find it.",
        stops: "",
        next: "Check that the address is a proxy address of the mailbox (Get-Mailbox {address}) and its domain an accepted domain (Get-AcceptedDomain).",
        alternative: "",
    },
    check: |reading| match reading.case.evidence.routing.value().map(|routing| &routing.end) {
        Some(RouteEnd::Unresolved { detail }) if in_cloud(reading) => Outcome::Says(Params::one("detail", detail)),
        _ => Outcome::Silent,
    },
};

/// Autodiscover gives an EWS address without encryption.
pub static PLAIN_HTTP: Rule = Rule {
    id: "routing/plain-http",
    question: "Does Autodiscover give an EWS address without encryption?",
    effect: Effect::Notes,
    asks: &[Question::Routing],
    facts: FACTS,
    sources: &[AUTODISCOVER_V2],
    texts: RuleTexts {
        says: "Autodiscover gives {url}, an address without encryption.",
        stops: "",
        next: "Have the Exchange administrators publish EWS over https (Set-WebServicesVirtualDirectory -ExternalUrl).",
        alternative: "",
    },
    check: |reading| match reading.case.evidence.routing.value().map(|routing| &routing.end) {
        Some(RouteEnd::OnPremises { url })
            if url.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://")) =>
        {
            Outcome::Says(Params::one("url", url))
        }
        _ => Outcome::Silent,
    },
};

/// SOAP Autodiscover answers without an Exchange section.
pub static NO_EXCHANGE_SECTION: Rule = Rule {
    id: "routing/no-exchange-section",
    question: "Does Autodiscover answer without an address of EWS (no EXPR or EXCH settings)?",
    effect: Effect::Notes,
    asks: &[Question::Routing],
    facts: FACTS,
    sources: &[AUTODISCOVER_SOAP, AUTODISCOVER_POX],
    texts: RuleTexts {
        says: "Autodiscover answered, but named neither an external nor an internal EWS address ({error}); test tools report this as \"No EXPR or EXCH settings\".",
        stops: "",
        next: "Check which server answered, and whether its EWS virtual directory has its addresses (Get-WebServicesVirtualDirectory).",
        alternative: "",
    },
    check: |reading| match reading.case.evidence.user_settings.value() {
        Some(settings) if lacks_section(reading, settings) => {
            let error = settings.error.clone().unwrap_or_else(|| reading.word("routing/no_error"));
            Outcome::Says(Params::one("error", error))
        }
        _ => Outcome::Silent,
    },
};

/// Whether Autodiscover, which answers for the user, names no address of EWS. Of an address that it does not know that is
/// said only where there is a mailbox to be found.
pub fn lacks_section(reading: &Reading<'_>, settings: &UserSettings) -> bool {
    settings.lacks_exchange_section() && (settings.error.is_none() || in_cloud(reading))
}

fn in_cloud(reading: &Reading<'_>) -> bool {
    reading.located.as_ref().is_ok_and(|located| located.place == Place::Cloud)
}

fn last_host(reading: &Reading<'_>) -> String {
    let hops = reading.case.evidence.routing.value().map(|routing| &routing.hops);
    hops.and_then(|hops| hops.last()).map_or_else(|| reading.word("routing/some_host"), |hop| hop.host.clone())
}

#[cfg(test)]
pub(super) mod speaks {
    use super::*;
    use crate::rules::testing::{Speaks, known, route};

    pub const ALL: &[Speaks] = &[
        (&NOT_EXCHANGE, |case| {
            case.evidence.routing = known(route(RouteEnd::NotExchange { detail: "an HTML page".to_owned() }));
        }),
        (&UNRESOLVED, |case| {
            case.evidence.routing = known(route(RouteEnd::Unresolved { detail: "to itself".to_owned() }));
        }),
        (&PLAIN_HTTP, |case| {
            case.evidence.routing =
                known(route(RouteEnd::OnPremises { url: "HTTP://mail.contoso.example".to_owned() }));
        }),
        (&NO_EXCHANGE_SECTION, |case| {
            case.evidence.user_settings = known(UserSettings::default());
        }),
    ];
}
