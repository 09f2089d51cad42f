//! A case to start from: Ada of Contoso, whose mailbox is in the cloud, fully licensed, and answers everybody.
//! Tests change one thing of it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::date;
use uuid::Uuid;

use crate::evidence::joined::{ExportKind, HostProbe, Joined, JoinedExport, Published};
use crate::evidence::mailbox::*;
use crate::evidence::tenant::*;
use crate::evidence::{Cause, MailboxEvidence, Observation, Source, TenantEvidence};
use crate::facts::Facts;

use super::case::{Case, EntryFacts, Options};

pub const OWN_APP: &str = "aaaaaaaa-0000-4000-8000-000000000001";
pub const OTHER_APP: &str = "aaaaaaaa-0000-4000-8000-000000000002";
pub const OWN_AGENT: &str = "ewsready/1.0";
pub const ON_PREMISES_URL: &str = "https://mail.contoso.example/EWS/Exchange.asmx";
pub const ONLINE_URL: &str = "https://outlook.office365.com/EWS/Exchange.asmx";

/// A case that owns its parts.
#[derive(Debug, Clone)]
pub struct Owned {
    pub entry: EntryFacts,
    pub evidence: MailboxEvidence,
    pub tenant: TenantEvidence,
    pub options: Options,
}

/// The moment of every observation.
pub fn at() -> Timestamp {
    "2026-11-20T08:00:00Z".parse().unwrap()
}

pub fn known<T>(value: T) -> Observation<T> {
    Observation::known(value, Source::Graph, at())
}

pub fn unknown<T>() -> Observation<T> {
    Observation::unknown(Cause::Throttled, "429 for ten minutes", at())
}

/// The SKU id of a part number.
pub fn sku(part_number: &str) -> Uuid {
    Facts::embedded().licensing().product_by_part_number(part_number).unwrap().sku_id
}

/// The id of a service plan by name.
pub fn plan(name: &str) -> Uuid {
    let licensing = Facts::embedded().licensing();
    licensing.plans().find(|plan| plan.name == name).unwrap().plan_id
}

/// A tenant's product as the facts know it, all well.
pub fn tenant_sku(id: Uuid) -> Sku {
    let licensing = Facts::embedded().licensing();
    let product = licensing.product(id).unwrap();
    let plans = product.exchange_plans.iter().map(|id| SkuPlan {
        id: *id,
        name: licensing.plan(*id).unwrap().name.clone(),
        provisioning: "Success".to_owned(),
        applies_to: "User".to_owned(),
    });
    Sku {
        id,
        part_number: product.part_number.clone(),
        capability: "Enabled".to_owned(),
        enabled_units: 10,
        consumed_units: 10,
        plans: plans.collect(),
    }
}

pub fn ada() -> Account {
    Account {
        id: "00000000-0000-4000-8000-0000000000ad".to_owned(),
        matched_by: vec![MatchedBy::PrimarySmtp, MatchedBy::UserPrincipalName, MatchedBy::Mail],
        user_principal_name: "ada@contoso.example".to_owned(),
        mail: Some("ada@contoso.example".to_owned()),
        primary_smtp: Some("ada@contoso.example".to_owned()),
        smtp_addresses: vec!["ada@contoso.example".to_owned()],
        display_name: Some("Ada Example".to_owned()),
        enabled: Some(true),
        user_type: Some("Member".to_owned()),
        usage_location: Some("DE".to_owned()),
        on_premises_sync: None,
        created: Some("2020-01-01T00:00:00Z".parse().unwrap()),
        licences: Vec::new(),
        plans: Vec::new(),
        assignments: Vec::new(),
    }
}

impl Owned {
    /// Everything works.
    pub fn ada() -> Self {
        let mut case = Self {
            entry: EntryFacts {
                row: 1,
                written: "Ada@contoso.example".to_owned(),
                address: Some("ada@contoso.example".to_owned()),
                ..EntryFacts::default()
            },
            evidence: MailboxEvidence {
                directory: known(DirectoryMatch { accounts: vec![ada()], deleted: Vec::new() }),
                cas: known(Some(CasMailbox { ews_enabled: Some(true), ..CasMailbox::default() })),
                recipient: known(Some(Recipient { kind: "UserMailbox".to_owned(), ..Recipient::default() })),
                graph: known(GraphAnswer::Answers { purpose: Some(MailboxPurpose::User) }),
                routing: known(route(RouteEnd::ExchangeOnline { url: ONLINE_URL.to_owned() })),
                ews: known(EwsAnswer::Works),
                ..MailboxEvidence::default()
            },
            tenant: TenantEvidence {
                identity: known(TenantIdentity {
                    id: "cccccccc-0000-4000-8000-000000000001".to_owned(),
                    name: "Contoso".to_owned(),
                    domains: vec![Domain { name: "contoso.example".to_owned(), default: true, ..Domain::default() }],
                    synchronized: Some(false),
                }),
                skus: known(Vec::new()),
                organization: known(OrganizationEws {
                    ews_enabled: Some(true),
                    app_list: AppList::Seen(BTreeSet::from([OWN_APP.to_owned()])),
                    agents: AgentFilter::default(),
                    ..OrganizationEws::default()
                }),
                graph_roles: Observation::NotAsked,
                exchange_roles: Observation::NotAsked,
                applications: known(vec![Application {
                    app_id: OTHER_APP.to_owned(),
                    name: "Salesforce Einstein Activity Capture".to_owned(),
                    enabled: Some(true),
                    application_permissions: BTreeSet::from(["Calendars.ReadWrite".to_owned()]),
                    ..Application::default()
                }]),
                notices: Observation::NotAsked,
                exports: Observation::NotAsked,
                ews_usage: Observation::NotAsked,
                on_premises: Observation::NotAsked,
                dns: Observation::NotAsked,
                graph_opened_any: true,
                ews_opened_any: true,
            },
            options: Options {
                own_app_id: Some(OWN_APP.to_owned()),
                own_user_agent: Some(OWN_AGENT.to_owned()),
                ..Options::on(date(2026, 11, 20))
            },
        };
        case.licensed(&["ENTERPRISEPACK"]);
        case
    }

    pub fn case(&self) -> Case<'_> {
        Case {
            entry: &self.entry,
            evidence: &self.evidence,
            tenant: &self.tenant,
            facts: Facts::embedded(),
            options: &self.options,
        }
    }

    /// The one account.
    pub fn account(&mut self) -> &mut Account {
        &mut self.directory().accounts[0]
    }

    pub fn directory(&mut self) -> &mut DirectoryMatch {
        value(&mut self.evidence.directory)
    }

    pub fn skus(&mut self) -> &mut Vec<Sku> {
        value(&mut self.tenant.skus)
    }

    pub fn organization(&mut self) -> &mut OrganizationEws {
        value(&mut self.tenant.organization)
    }

    pub fn cas(&mut self) -> &mut CasMailbox {
        value(&mut self.evidence.cas).as_mut().unwrap()
    }

    /// Gives the account these products, directly, all well, and the tenant too.
    pub fn licensed(&mut self, part_numbers: &[&str]) {
        let ids: Vec<Uuid> = part_numbers.iter().map(|part_number| sku(part_number)).collect();
        self.tenant.skus = known(ids.iter().map(|id| tenant_sku(*id)).collect());
        let licensing = Facts::embedded().licensing();
        let account = self.account();
        account.licences = ids.iter().map(|sku| AssignedLicence { sku: *sku, disabled_plans: Vec::new() }).collect();
        account.assignments = Vec::new();
        let plans = ids.iter().flat_map(|id| &licensing.product(*id).unwrap().exchange_plans);
        account.plans = plans
            .map(|plan| AssignedPlan { plan: *plan, capability: "Enabled".to_owned(), service: "exchange".to_owned() })
            .collect();
    }

    /// Takes the mailbox away: Graph, Exchange and EWS find none, Autodiscover does not resolve the address.
    pub fn without_mailbox(&mut self) {
        self.evidence.graph = no_mailbox();
        self.evidence.recipient = known(None);
        self.evidence.cas = known(None);
        self.evidence.ews = known(EwsAnswer::NoMailbox { code: "ErrorNonExistentMailbox".to_owned() });
        self.evidence.routing = known(route(RouteEnd::Unresolved { detail: "it redirects to itself".to_owned() }));
    }

    /// Moves the mailbox to an Exchange Server.
    pub fn on_premises(&mut self) {
        self.without_mailbox();
        self.account().on_premises_sync = Some(true);
        self.evidence.routing = known(route(RouteEnd::OnPremises { url: ON_PREMISES_URL.to_owned() }));
    }

    /// Makes it a shared mailbox without licence, its account disabled.
    pub fn shared(&mut self) {
        self.licensed(&[]);
        self.account().enabled = Some(false);
        self.evidence.graph = known(GraphAnswer::Answers { purpose: Some(MailboxPurpose::Shared) });
        self.evidence.recipient = recipient("SharedMailbox");
    }
}

fn value<T>(observation: &mut Observation<T>) -> &mut T {
    match observation {
        Observation::Known { value, .. } => value,
        Observation::Unknown(_) | Observation::NotAsked => panic!("not known"),
    }
}

pub fn route(end: RouteEnd) -> Routing {
    Routing { end, hops: vec![Hop { host: "outlook.office365.com".to_owned(), status: 200 }] }
}

pub fn recipient(kind: &str) -> Observation<Option<Recipient>> {
    known(Some(Recipient { kind: kind.to_owned(), ..Recipient::default() }))
}

pub fn no_mailbox() -> Observation<GraphAnswer> {
    known(GraphAnswer::NoMailbox { message: "The mailbox is either inactive, soft-deleted, or on-premise.".to_owned() })
}

pub fn refused(by: GraphRefusal) -> Observation<GraphAnswer> {
    known(GraphAnswer::Refused { by, message: "Access is denied.".to_owned() })
}

pub fn refused_by_policy() -> Observation<EwsAnswer> {
    known(EwsAnswer::RefusedPolicy { reason: "EWS is blocked by policy for this user or tenant".to_owned() })
}

pub fn refused_by_switch() -> Observation<EwsAnswer> {
    known(EwsAnswer::RefusedSwitch { reason: "EWS is disabled for this user or tenant".to_owned() })
}

/// Joins an export of a kind, which says this of the user.
pub fn joined_with(case: &mut Owned, kind: ExportKind, joined: Joined) {
    let (file, examples) = ("export.csv".to_owned(), Vec::new());
    let export = JoinedExport { kind, file, lines: 1, matched: 1, unmatched: 0, examples, blank: 0, other: 0 };
    case.tenant.exports = known(vec![export]);
    case.evidence.joined = known(joined);
}

/// What the on-premises host shows without credentials.
pub fn shows(case: &mut Owned, ews: Published, api: Published, schemes: &[&str]) {
    let (host, schemes) =
        ("mail.contoso.example".to_owned(), schemes.iter().map(|scheme| (*scheme).to_owned()).collect());
    case.tenant.on_premises = known(vec![HostProbe { host, ews, api, schemes, at: at() }]);
}

/// A rule and a change that makes it speak.
pub type Speaks = (&'static super::Rule, fn(&mut Owned));
