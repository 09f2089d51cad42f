//! Worlds: what is really so, and the evidence that a complete and faithful assessment finds in it.

use std::collections::BTreeSet;

use jiff::civil::Date;
use proptest::prelude::*;

use crate::evidence::mailbox::*;
use crate::evidence::tenant::{AppList, OrganizationEws};
use crate::evidence::{MailboxEvidence, Observation};
use crate::rules::KioskPolicy;
use crate::rules::testing::*;

/// Whom the address belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Nobody,
    Deleted,
    Foreign,
    Two,
    Guest,
    Member,
}

/// Where the mailbox is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Where {
    Cloud,
    OnPremises,
    Nowhere,
}

/// What keeps Graph out of the mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Barrier {
    Nothing,
    AccessPolicy,
    Scope,
    Agents,
}

/// What is really so.
#[derive(Debug, Clone)]
pub struct World {
    pub who: Who,
    pub place: Where,
    pub kind: &'static str,
    pub barrier: Barrier,
    pub enabled: bool,
    pub synchronized: Option<bool>,
    pub alias: bool,
    pub recreated: bool,
    pub new: bool,
    pub licences: Vec<(&'static str, Assigned)>,
    pub cloud: &'static str,
    pub day: Date,
    pub switch: Option<bool>,
    pub list: usize,
    pub mailbox_switch: Option<bool>,
    pub filter: Option<AgentRule>,
    pub kiosk: KioskPolicy,
    pub routed: bool,
}

/// How a product is assigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assigned {
    Well,
    Off,
    Suspended,
    Failed,
    Pending,
    Grace,
}

const PRODUCTS: [&str; 8] =
    ["ENTERPRISEPACK", "SPB", "DESKLESSPACK", "SPE_F1", "M365_F1_COMM", "M365_F1", "EMS", "LITEPACK"];
const KINDS: [&str; 5] = ["UserMailbox", "SharedMailbox", "RoomMailbox", "EquipmentMailbox", "DiscoveryMailbox"];
const CLOUDS: [&str; 3] = ["worldwide", "gcc", "gcc_high"];
const DAYS: [&str; 4] = ["2026-09-01", "2026-10-10", "2026-11-20", "2027-04-02"];

fn assigned() -> impl Strategy<Value = (&'static str, Assigned)> {
    use Assigned::{Failed, Grace, Off, Pending, Suspended, Well};
    let how = prop_oneof![4 => Just(Well), 1 => Just(Off), 1 => Just(Suspended), 1 => Just(Failed), 1 => Just(Pending), 1 => Just(Grace)];
    (prop::sample::select(&PRODUCTS[..]), how)
}

fn switch() -> impl Strategy<Value = Option<bool>> {
    prop::sample::select(&[None, Some(true), Some(false)][..])
}

/// Any world.
pub fn worlds() -> impl Strategy<Value = World> {
    let person = (
        prop_oneof![
            1 => Just(Who::Nobody), 1 => Just(Who::Deleted), 1 => Just(Who::Foreign), 1 => Just(Who::Two),
            1 => Just(Who::Guest), 12 => Just(Who::Member)
        ],
        prop_oneof![4 => Just(Where::Cloud), 2 => Just(Where::OnPremises), 2 => Just(Where::Nowhere)],
        prop_oneof![4 => Just("UserMailbox"), 2 => prop::sample::select(&KINDS[..])],
        prop_oneof![
            6 => Just(Barrier::Nothing), 1 => Just(Barrier::AccessPolicy), 1 => Just(Barrier::Scope),
            1 => Just(Barrier::Agents)
        ],
        prop::bool::weighted(0.8),
        switch(),
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.1),
        prop::collection::vec(assigned(), 0..3),
    );
    let tenant = (
        prop::sample::select(&CLOUDS[..]),
        prop::sample::select(&DAYS[..]),
        switch(),
        0..4usize,
        switch(),
        prop_oneof![3 => Just(None), 1 => Just(Some(AgentRule::AllowList)), 1 => Just(Some(AgentRule::BlockList))],
        prop_oneof![Just(KioskPolicy::Upgrade), Just(KioskPolicy::Graph)],
        any::<bool>(),
    );
    (person, tenant).prop_map(|(person, tenant)| {
        let (who, place, kind, barrier, enabled, synchronized, alias, recreated, new, licences) = person;
        let (cloud, day, switch, list, mailbox_switch, filter, kiosk, routed) = tenant;
        World {
            who,
            // A guest's mailbox is in another organisation, and so is a stranger's; nobody has none here.
            place: if who == Who::Member { place } else { Where::Nowhere },
            kind,
            barrier,
            // The accounts of shared and system mailboxes cannot sign in.
            enabled: enabled && kind == "UserMailbox",
            // Without synchronization no cloud account can stand for an on-premises mailbox.
            synchronized: if place == Where::OnPremises { Some(true) } else { synchronized },
            alias,
            recreated,
            new,
            licences,
            cloud,
            day: day.parse().unwrap(),
            switch,
            list,
            mailbox_switch,
            filter,
            kiosk,
            routed,
        }
    })
}

impl World {
    /// The complete, faithful evidence of this world.
    pub fn evidence(&self) -> Owned {
        let mut case = Owned::ada();
        case.options.cloud = self.cloud.to_owned();
        case.options.as_of = self.day;
        case.options.kiosk = self.kiosk;
        case.options.integrations = ["salesforce", "dynamics", "teams"].map(str::to_owned).to_vec();
        case.tenant.organization = known(OrganizationEws {
            ews_enabled: self.switch,
            app_list: match self.list {
                0 => AppList::Hidden,
                1 => AppList::Seen(BTreeSet::new()),
                2 => AppList::Seen(BTreeSet::from([OWN_APP.to_owned()])),
                _ => AppList::Seen(BTreeSet::from([OTHER_APP.to_owned()])),
            },
            agents: AgentFilter {
                enforce: self.filter,
                allow: vec!["ewsready/*".to_owned()],
                ..AgentFilter::default()
            },
            ..OrganizationEws::default()
        });
        self.licence(&mut case);
        self.account(&mut case);
        match self.place {
            Where::Cloud => self.in_cloud(&mut case),
            Where::OnPremises => {
                case.on_premises();
                if !self.enabled {
                    case.evidence.recipient = recipient("MailUser");
                }
            }
            Where::Nowhere => {
                case.without_mailbox();
                if self.routed {
                    case.evidence.routing = known(route(RouteEnd::ExchangeOnline { url: ONLINE_URL.to_owned() }));
                }
            }
        }
        self.find(&mut case);
        case
    }

    fn licence(&self, case: &mut Owned) {
        let mut names: Vec<&str> = self.licences.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        names.dedup();
        case.licensed(&names);
        let mut entries = Vec::new();
        for (index, (name, how)) in self.licences.iter().enumerate() {
            if self.licences.iter().take(index).any(|(before, _)| before == name) {
                continue;
            }
            let id = sku(name);
            let plans: Vec<_> = tenant_sku(id).plans.iter().map(|plan| plan.id).collect();
            let (state, error) = match how {
                Assigned::Failed => ("Error", Some("CountViolation".to_owned())),
                _ => ("Active", None),
            };
            let disabled_plans = if *how == Assigned::Off { plans.clone() } else { Vec::new() };
            let state = state.to_owned();
            case.account().assignments.retain(|assignment| assignment.sku != id);
            case.account().assignments.push(Assignment { sku: id, group: None, state, error, disabled_plans });
            let capability = match how {
                Assigned::Suspended => "Suspended",
                Assigned::Grace => "Warning",
                _ => "Enabled",
            };
            let provisioning = if *how == Assigned::Pending { "PendingProvisioning" } else { "Success" };
            for held in case.skus().iter_mut().filter(|held| held.id == id) {
                held.capability = capability.to_owned();
                held.plans.iter_mut().for_each(|plan| plan.provisioning = provisioning.to_owned());
            }
            // The directory keeps an entry for each product's plan; of one that is off, it keeps what is left.
            let capability = if matches!(how, Assigned::Off | Assigned::Failed) { "Deleted" } else { capability };
            entries.extend(plans.iter().map(|plan| AssignedPlan {
                plan: *plan,
                capability: capability.to_owned(),
                service: "exchange".to_owned(),
            }));
        }
        case.account().plans = entries;
    }

    fn account(&self, case: &mut Owned) {
        let account = case.account();
        account.enabled = Some(self.enabled);
        account.on_premises_sync = self.synchronized;
        if self.alias {
            account.matched_by = vec![MatchedBy::Alias];
            account.primary_smtp = Some("ada.example@contoso.example".to_owned());
        }
        if self.new {
            account.created = Some(at() - jiff::SignedDuration::from_hours(2));
        }
        if self.recreated {
            case.directory().deleted.push(gone());
        }
    }

    fn in_cloud(&self, case: &mut Owned) {
        case.evidence.cas = known(Some(CasMailbox { ews_enabled: self.mailbox_switch, ..CasMailbox::default() }));
        case.evidence.recipient = recipient(self.kind);
        let purpose = match self.kind {
            "UserMailbox" => MailboxPurpose::User,
            "SharedMailbox" => MailboxPurpose::Shared,
            "RoomMailbox" => MailboxPurpose::Room,
            _ => MailboxPurpose::Equipment,
        };
        case.evidence.graph = match self.barrier {
            Barrier::AccessPolicy => refused(GraphRefusal::AccessPolicy),
            Barrier::Scope => refused(GraphRefusal::AccessDenied),
            Barrier::Agents => refused(GraphRefusal::UserAgentPolicy),
            Barrier::Nothing if self.kind == "DiscoveryMailbox" => {
                known(GraphAnswer::UnsupportedMailbox { message: "not supported".to_owned() })
            }
            Barrier::Nothing => known(GraphAnswer::Answers { purpose: Some(purpose) }),
        };
        case.evidence.ews = self.ews(case);
    }

    /// EWS does what the settings say, as far as they say anything.
    fn ews(&self, case: &Owned) -> Observation<EwsAnswer> {
        use crate::rules::gate::{gate, own};
        match gate(&case.case(), own(&case.case())) {
            Ok(closed) if closed.is_empty() => known(EwsAnswer::Works),
            Ok(closed) if closed.iter().any(|by| by.is_switch()) => refused_by_switch(),
            Ok(_) => refused_by_policy(),
            Err(_) if self.routed => known(EwsAnswer::Works),
            Err(_) => refused_by_policy(),
        }
    }

    fn find(&self, case: &mut Owned) {
        let nobody = |deleted| MailboxEvidence {
            directory: known(DirectoryMatch { accounts: Vec::new(), deleted }),
            ..MailboxEvidence::default()
        };
        match self.who {
            Who::Nobody => case.evidence = nobody(Vec::new()),
            Who::Deleted => case.evidence = nobody(vec![gone()]),
            Who::Foreign => {
                case.evidence = nobody(Vec::new());
                case.entry.address = Some("eve@fabrikam.example".to_owned());
            }
            Who::Two => {
                let twin = Account { id: "twin".to_owned(), ..ada() };
                case.directory().accounts.push(twin);
            }
            Who::Guest => case.account().user_type = Some("Guest".to_owned()),
            Who::Member => {}
        }
    }
}

fn gone() -> DeletedAccount {
    DeletedAccount {
        id: "00000000-0000-4000-8000-0000000000de".to_owned(),
        user_principal_name: "ada@contoso.example".to_owned(),
        deleted: Some("2026-11-10T09:00:00Z".parse().unwrap()),
    }
}
