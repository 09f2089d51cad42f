//! Each question put once, and what came of it.

use super::needs::{Ask, NEEDS, Need, ROLE, Weight};
use crate::cli::services::Connected;
use crate::evidence::Cause;
use crate::evidence::mailbox::{EwsAnswer, GraphAnswer, GraphRefusal, RouteEnd};
use crate::service::graph::mailbox::Probe;
use crate::transport::{Resource, Trouble};

/// What came of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It will be answered.
    Ready(String),
    /// A permission or role is missing; what to do.
    Missing(String),
    /// It failed for another reason.
    Trouble(String),
    /// It is not asked.
    Left(String),
}

/// A question and its outcome.
pub(super) struct Check {
    pub(super) need: &'static Need,
    pub(super) outcome: Outcome,
}

impl Check {
    /// Whether the main job cannot run for it.
    pub(super) fn stops_the_job(&self) -> bool {
        self.need.weight == Weight::Main && !matches!(self.outcome, Outcome::Ready(_))
    }
}

/// The permissions of both tokens.
pub(super) struct Roles {
    graph: Result<Vec<String>, Trouble>,
    exchange: Result<Vec<String>, Trouble>,
}

impl Roles {
    /// Signs in for both services, as far as the profile asks them.
    pub(super) async fn of(connected: &Connected) -> Self {
        let client = &connected.services.client;
        let graph = client.roles(Resource::Graph).await;
        let exchange = if connected.services.exchange.asks_backend() || connected.services.ews.is_some() {
            client.roles(Resource::Exchange).await
        } else {
            Ok(Vec::new())
        };
        Self { graph, exchange }
    }

    pub(super) fn of_resource(&self, resource: Resource) -> &Result<Vec<String>, Trouble> {
        match resource {
            Resource::Graph => &self.graph,
            Resource::Exchange => &self.exchange,
        }
    }

    fn met(&self, need: &Need) -> bool {
        let Some(resource) = need.resource else { return true };
        self.of_resource(resource).as_ref().is_ok_and(|roles| need.is_met(roles))
    }

    /// The needs of a run that no token meets, without those that are only worth knowing.
    pub(super) fn unmet<'a>(&'a self, connected: &'a Connected) -> impl Iterator<Item = &'static Need> + 'a {
        NEEDS.iter().filter(|need| {
            let signed_in = need.resource.is_some_and(|resource| self.of_resource(resource).is_ok());
            need.weight != Weight::Extra && need.is_asked(&connected.profile.sources) && signed_in && !self.met(need)
        })
    }
}

/// A mailbox to try things on.
#[derive(Default)]
struct Patient {
    object_id: String,
    address: String,
}

/// Puts every question once.
pub(super) async fn all(connected: &Connected, roles: &Roles, mailbox: Option<&str>) -> Vec<Check> {
    let mut checks = Vec::with_capacity(NEEDS.len());
    let mut patient = mailbox.map(|address| Patient { object_id: address.to_owned(), address: address.to_owned() });
    for need in &NEEDS {
        let signed_out = need.resource.and_then(|resource| roles.of_resource(resource).as_ref().err());
        let outcome = if !need.is_asked(&connected.profile.sources) {
            Outcome::Left("not among this tenant's sources".to_owned())
        } else if let Some(trouble) = signed_out {
            Outcome::Trouble(format!("no sign-in: {}", trouble.detail))
        } else {
            try_once(connected, need, roles, &mut patient).await
        };
        checks.push(Check { need, outcome });
    }
    checks
}

async fn try_once(connected: &Connected, need: &'static Need, roles: &Roles, patient: &mut Option<Patient>) -> Outcome {
    let services = &connected.services;
    let graph = &services.graph;
    let told = |trouble: Trouble| of_trouble(need, roles, trouble);
    match need.ask {
        Ask::Directory => try_directory(connected, patient).await.map_or_else(told, |()| Outcome::Ready(String::new())),
        Ask::Organization => match graph.identity().await {
            Ok(_) if !roles.met(need) => Outcome::Missing(need.grant()),
            Ok(identity) => Outcome::Ready(format!("{} ({})", identity.name, identity.id)),
            Err(trouble) => told(trouble),
        },
        Ask::Licences => {
            graph.skus().await.map_or_else(told, |skus| Outcome::Ready(format!("{} products", skus.len())))
        }
        Ask::Mailboxes => match patient {
            None => untried(need, roles),
            Some(patient) => {
                let own = roles.of_resource(Resource::Graph).clone().unwrap_or_default();
                let answer = graph.open_mailbox(&patient.object_id, Probe::for_roles(&own)).await;
                answer.map_or_else(told, |answer| of_mailbox(need, roles, &answer))
            }
        },
        Ask::OrganizationSwitches => match &services.exchange.organization {
            Some(supply) => supply.page(None).await.map_or_else(told, |_| Outcome::Ready(String::new())),
            None => Outcome::Left("not among this tenant's sources".to_owned()),
        },
        Ask::MailboxSwitches => {
            try_mailbox_switches(connected).await.map_or_else(told, |()| Outcome::Ready(String::new()))
        }
        Ask::Ews => match (&services.ews, patient) {
            (Some(ews), Some(patient)) => {
                ews.open_inbox(&patient.address).await.map_or_else(told, |answer| of_ews(need, roles, &answer))
            }
            (Some(_), None) => untried(need, roles),
            (None, _) => Outcome::Left("not among this tenant's sources".to_owned()),
        },
        Ask::Routing => match (&services.autodiscover, patient) {
            (Some(autodiscover), Some(patient)) => {
                autodiscover.route(&patient.address).await.map_or_else(told, |routing| match routing.end {
                    RouteEnd::ExchangeOnline { .. } => Outcome::Ready("Exchange Online".to_owned()),
                    RouteEnd::OnPremises { url } => Outcome::Ready(format!("on-premises: {url}")),
                    RouteEnd::Unresolved { detail } | RouteEnd::NotExchange { detail } => Outcome::Ready(detail),
                })
            }
            _ => Outcome::Ready("needs no permission; no mailbox to try it on".to_owned()),
        },
        Ask::Applications => {
            let found = graph.applications(&services.interest).await;
            found.map_or_else(told, |_| Outcome::Ready(String::new()))
        }
        Ask::Notices => graph.notices().await.map_or_else(told, |_| Outcome::Ready(String::new())),
        Ask::Delegates => match patient {
            None => untried(need, roles),
            Some(patient) => {
                let found = graph.delegates(&patient.object_id).await;
                found.map_or_else(told, |_| Outcome::Ready(String::new()))
            }
        },
    }
}

/// Asks the backend for what no file tells: a file that can be read says nothing of permissions.
async fn try_mailbox_switches(connected: &Connected) -> Result<(), Trouble> {
    let (exchange, imports) = (&connected.services.exchange, &connected.profile.sources.imports);
    match (&exchange.cas_mailboxes, &exchange.mailboxes) {
        (Some(switches), _) if imports.cas_mailboxes.is_none() => switches.page(None).await.map(drop),
        (_, Some(mailboxes)) => mailboxes.page(None).await.map(drop),
        _ => Ok(()),
    }
}

/// Reads the directory's first page, and finds a mailbox there to try the other questions on.
async fn try_directory(connected: &Connected, patient: &mut Option<Patient>) -> Result<(), Trouble> {
    let accounts = connected.services.graph.users(None).await?.entries()?;
    let with_mail = accounts
        .iter()
        .find(|account| account.enabled == Some(true) && account.primary_smtp.is_some() && !account.plans.is_empty());
    let found = with_mail
        .and_then(|account| Some(Patient { object_id: account.id.clone(), address: account.primary_smtp.clone()? }));
    *patient = patient.take().or(found);
    Ok(())
}

/// Without a mailbox the token's own word counts.
fn untried(need: &'static Need, roles: &Roles) -> Outcome {
    if roles.met(need) {
        Outcome::Ready("the token carries the permission; no mailbox to try it on (--mailbox names one)".to_owned())
    } else {
        Outcome::Missing(need.grant())
    }
}

/// A refusal is a missing permission; which one, the token tells: with the permission there, the role is what lacks.
fn of_trouble(need: &'static Need, roles: &Roles, trouble: Trouble) -> Outcome {
    let refused = matches!(trouble.cause, Cause::NotPermitted | Cause::SignIn);
    match (refused, roles.met(need), need.ask) {
        (true, false, _) => Outcome::Missing(need.grant()),
        (true, true, Ask::OrganizationSwitches | Ask::MailboxSwitches) => Outcome::Missing(format!(
            "assign the role {ROLE} to the application's service principal (Entra, Roles and administrators)"
        )),
        _ => Outcome::Trouble(trouble.to_string()),
    }
}

fn of_mailbox(need: &'static Need, roles: &Roles, answer: &GraphAnswer) -> Outcome {
    match answer {
        GraphAnswer::Refused { by: GraphRefusal::AccessDenied, .. } if !roles.met(need) => {
            Outcome::Missing(need.grant())
        }
        GraphAnswer::Refused { message, .. } => Outcome::Ready(format!("this mailbox is refused: {message}")),
        GraphAnswer::Answers { .. } => Outcome::Ready(String::new()),
        _ => Outcome::Ready("the mailbox that was tried has an answer of its own".to_owned()),
    }
}

fn of_ews(need: &'static Need, roles: &Roles, answer: &EwsAnswer) -> Outcome {
    match answer {
        EwsAnswer::NotPermitted { .. } if !roles.met(need) => Outcome::Missing(format!(
            "{}, or confine it with RBAC for Applications (Application EWS.AccessAsApp)",
            need.grant()
        )),
        EwsAnswer::NotPermitted { message, .. } => Outcome::Ready(format!("this mailbox is refused: {message}")),
        // The organization's gate stands before everything else, the permission included.
        EwsAnswer::RefusedSwitch { reason } | EwsAnswer::RefusedPolicy { reason } if roles.met(need) => {
            Outcome::Ready(format!("EWS answers: {reason}"))
        }
        EwsAnswer::RefusedSwitch { .. } | EwsAnswer::RefusedPolicy { .. } => Outcome::Missing(need.grant()),
        EwsAnswer::RefusedOther { message, .. } => Outcome::Ready(format!("EWS answers: {message}")),
        EwsAnswer::Works | EwsAnswer::NoMailbox { .. } => Outcome::Ready(String::new()),
    }
}
