//! The applications of a report: who uses EWS or may use it, how they stand to the list, and what becomes of them.

use crate::evidence::TenantEvidence;
use crate::facts::Facts;
use crate::report::Texts;
use crate::report::head::{ActionCalls, AppLine};
use crate::rules::apps::{Need, Standing, standings};
use crate::rules::{Options, Params};

/// The tenant that owns Microsoft's own applications.
const MICROSOFT: &str = "f8cdef31-a31e-4b4a-93e4-5f571e91255a";

/// Every application that uses EWS or may use it, is listed, or belongs to an integration.
pub fn lines(tenant: &TenantEvidence, facts: &Facts, options: &Options, texts: &Texts) -> Vec<AppLine> {
    let told = Told { tenant, facts, options, texts };
    standings(tenant, facts, options).iter().map(|standing| told.line(standing)).collect()
}

/// What a line is made from beside the application itself.
struct Told<'a> {
    tenant: &'a TenantEvidence,
    facts: &'a Facts,
    options: &'a Options,
    texts: &'a Texts,
}

impl Told<'_> {
    fn line(&self, standing: &Standing<'_>) -> AppLine {
        let Self { tenant, facts, options, texts } = self;
        let (app, client) = (standing.application, facts.client(standing.app_id));
        let name = app.map(|app| app.name.clone()).filter(|name| !name.is_empty());
        let name = name
            .or_else(|| client.map(|client| client.name.clone()))
            .unwrap_or_else(|| texts.get("app_state", "nameless").to_owned());
        let state = match standing.listed {
            None => "unknown",
            Some(true) => "listed",
            Some(false) => "not_listed",
        };
        let permissions =
            app.into_iter().flat_map(|app| app.application_permissions.iter().chain(&app.delegated_permissions));
        let calls = standing.used.into_iter().flat_map(|used| &used.actions);
        let client_says = client.map(|client| client.said(texts.language()));
        let said = client_says.map(|said| said.at_end.to_owned()).filter(|said| !said.is_empty());
        let unsaid = || options.texts.word("apps/at_end_unknown", &Params::default());
        let at_end = match said {
            Some(said) => said,
            None if standing.needed == Need::Without => String::new(),
            None => unsaid(),
        };
        AppLine {
            app_id: standing.app_id.to_owned(),
            name,
            owner: app.and_then(|app| app.owner_tenant.as_deref()).map(|id| maker(id, tenant)).unwrap_or_default(),
            permissions: permissions.cloned().collect(),
            state: state.to_owned(),
            enabled: app.and_then(|app| app.enabled),
            last_seen: standing.used.and_then(|used| used.last),
            advice: client_says.map(|said| said.advice.to_owned()).unwrap_or_default(),
            need: standing.needed.id().to_owned(),
            calls: calls.map(|(action, calls)| ActionCalls { action: action.clone(), calls: *calls }).collect(),
            mailboxes: standing.used.map_or(0, |used| used.mailboxes),
            at_end,
        }
    }
}

/// Who makes an application, by the tenant that owns it.
fn maker(owner: &str, tenant: &TenantEvidence) -> String {
    match tenant.identity.value() {
        _ if owner.eq_ignore_ascii_case(MICROSOFT) => "Microsoft".to_owned(),
        Some(own) if own.id.eq_ignore_ascii_case(owner) => own.name.clone(),
        _ => owner.to_owned(),
    }
}
