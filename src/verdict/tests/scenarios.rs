//! The people of a tenant, and what has to come out for each. The expectations are the client's, not the code's.

use jiff::SignedDuration;

use super::*;
use crate::evidence::mailbox::*;
use crate::evidence::tenant::SkuPlan;
use crate::evidence::{MailboxEvidence, Observation};
use crate::rules::KioskPolicy;
use crate::rules::testing::*;
use crate::verdict::Verdict::{Blocked, MoveToGraphEac, NeedsLicenseUpgrade, NotAssessed};

type Scenario = (&'static str, fn(&mut Owned), Verdict, &'static str);

const SCENARIOS: &[Scenario] = &[
    (
        "full licence, Graph answers",
        |case| {
            let _ = case;
        },
        MoveToGraphEac,
        "graph/answers",
    ),
    (
        "Office 365 F3, once K1",
        |case| {
            case.licensed(&["DESKLESSPACK"]);
        },
        NeedsLicenseUpgrade,
        "licence/kiosk",
    ),
    (
        "the same, with a profile that is content with Graph",
        |case| {
            case.licensed(&["DESKLESSPACK"]);
            case.options.kiosk = KioskPolicy::Graph;
        },
        MoveToGraphEac,
        "graph/answers",
    ),
    (
        "kiosk, but no mailbox",
        |case| {
            case.licensed(&["DESKLESSPACK"]);
            case.without_mailbox();
        },
        Blocked,
        "graph/no-mailbox",
    ),
    (
        "Microsoft 365 F1 with the kiosk plan",
        |case| {
            case.licensed(&["M365_F1_COMM"]);
        },
        NeedsLicenseUpgrade,
        "licence/f1-no-mailbox-right",
    ),
    (
        "Microsoft 365 F1 with Foundation",
        |case| {
            case.licensed(&["M365_F1"]);
            case.without_mailbox();
        },
        NeedsLicenseUpgrade,
        "licence/none",
    ),
    (
        "no licence",
        |case| {
            case.licensed(&[]);
            case.without_mailbox();
        },
        NeedsLicenseUpgrade,
        "licence/none",
    ),
    (
        "no licence, and the mailbox lives on for a while",
        |case| {
            case.licensed(&[]);
        },
        NeedsLicenseUpgrade,
        "licence/none",
    ),
    (
        "no licence, synchronized, and Exchange Online's own word missing",
        |case| {
            case.licensed(&[]);
            case.without_mailbox();
            case.account().on_premises_sync = Some(true);
            case.evidence.recipient = Observation::NotAsked;
        },
        NotAssessed,
        "open/recipient",
    ),
    (
        "no licence, synchronized, and all sources asked",
        |case| {
            case.licensed(&[]);
            case.without_mailbox();
            case.account().on_premises_sync = Some(true);
        },
        NeedsLicenseUpgrade,
        "licence/none",
    ),
    (
        "no licence, and Autodiscover could not be asked",
        |case| {
            case.licensed(&[]);
            case.without_mailbox();
            case.evidence.routing = unknown();
        },
        NotAssessed,
        "open/routing",
    ),
    (
        "Exchange plan switched off inside an E3",
        |case| {
            case.account().licences[0].disabled_plans = vec![plan("EXCHANGE_S_ENTERPRISE")];
            case.without_mailbox();
        },
        NeedsLicenseUpgrade,
        "licence/plan-off",
    ),
    (
        "suspended",
        |case| {
            case.account().plans[0].capability = "Suspended".to_owned();
            case.without_mailbox();
        },
        NeedsLicenseUpgrade,
        "licence/suspended",
    ),
    (
        "licence in error",
        |case| {
            case.account().assignments = vec![failed()];
            case.without_mailbox();
        },
        NeedsLicenseUpgrade,
        "licence/error",
    ),
    (
        "still being provisioned",
        |case| {
            case.skus()[0].plans.iter_mut().for_each(|plan| plan.provisioning = "PendingProvisioning".to_owned());
            case.without_mailbox();
        },
        NotAssessed,
        "licence/pending",
    ),
    (
        "being provisioned, and Graph answers already",
        |case| {
            case.skus()[0].plans.iter_mut().for_each(|plan| plan.provisioning = "PendingProvisioning".to_owned());
        },
        MoveToGraphEac,
        "graph/answers",
    ),
    (
        "a plan nobody knows",
        |case| {
            case.skus()[0].plans = vec![unlisted()];
        },
        NotAssessed,
        "open/licence",
    ),
    (
        "on-premises",
        |case| {
            case.on_premises();
        },
        Blocked,
        "location/on-premises",
    ),
    (
        "on-premises, without a licence: none is to be bought",
        |case| {
            case.licensed(&[]);
            case.on_premises();
        },
        Blocked,
        "location/on-premises",
    ),
    (
        "on-premises, and Exchange Online not asked",
        |case| {
            case.on_premises();
            case.evidence.recipient = Observation::NotAsked;
        },
        Blocked,
        "location/on-premises",
    ),
    (
        "on-premises, and Graph could not be asked",
        |case| {
            case.on_premises();
            case.evidence.graph = unknown();
        },
        Blocked,
        "location/on-premises",
    ),
    (
        "on-premises by Autodiscover alone",
        |case| {
            case.on_premises();
            case.evidence.graph = unknown();
            case.evidence.recipient = Observation::NotAsked;
        },
        NotAssessed,
        "open/graph",
    ),
    (
        "a mail user of a synchronized account",
        |case| {
            case.on_premises();
            case.evidence.recipient = recipient("MailUser");
            case.evidence.routing = unknown();
        },
        Blocked,
        "location/on-premises",
    ),
    (
        "just migrated: Autodiscover still sends on-premises",
        |case| {
            case.evidence.routing = known(route(RouteEnd::OnPremises { url: ON_PREMISES_URL.to_owned() }));
        },
        MoveToGraphEac,
        "graph/answers",
    ),
    (
        "not in the directory",
        |case| {
            case.evidence = only_directory(DirectoryMatch::default());
        },
        Blocked,
        "identity/not-in-directory",
    ),
    (
        "not in the directory, and the tenant's domains not known",
        |case| {
            case.evidence = only_directory(DirectoryMatch::default());
            case.tenant.identity = unknown();
        },
        Blocked,
        "identity/not-in-directory",
    ),
    (
        "foreign domain",
        |case| {
            case.evidence = only_directory(DirectoryMatch::default());
            case.entry.address = Some("eve@fabrikam.example".to_owned());
        },
        Blocked,
        "identity/foreign-domain",
    ),
    (
        "deleted ten days ago",
        |case| {
            case.evidence = only_directory(DirectoryMatch { accounts: Vec::new(), deleted: vec![deleted()] });
        },
        Blocked,
        "identity/deleted",
    ),
    (
        "deleted and recreated, without mailbox",
        |case| {
            case.directory().deleted.push(deleted());
            case.without_mailbox();
        },
        Blocked,
        "identity/recreated",
    ),
    (
        "deleted and recreated, and it works",
        |case| {
            case.directory().deleted.push(deleted());
        },
        MoveToGraphEac,
        "graph/answers",
    ),
    (
        "two accounts",
        |case| {
            case.directory().accounts.push(ada());
        },
        Blocked,
        "identity/ambiguous",
    ),
    (
        "two accounts, and the roster names the object",
        |case| {
            case.directory().accounts.push(ada());
            case.account().matched_by.push(MatchedBy::ObjectId);
        },
        MoveToGraphEac,
        "graph/answers",
    ),
    (
        "guest",
        |case| {
            case.account().user_type = Some("Guest".to_owned());
            case.without_mailbox();
        },
        Blocked,
        "identity/guest",
    ),
    (
        "guest by name alone",
        |case| {
            case.account().user_principal_name = "eve_fabrikam.example#EXT#@contoso.example".to_owned();
            case.evidence.graph = unknown();
        },
        Blocked,
        "identity/guest",
    ),
    (
        "disabled account",
        |case| {
            case.account().enabled = Some(false);
        },
        Blocked,
        "identity/account-disabled",
    ),
    (
        "disabled account without mailbox or licence",
        |case| {
            case.licensed(&[]);
            case.account().enabled = Some(false);
            case.without_mailbox();
        },
        Blocked,
        "identity/account-disabled",
    ),
    (
        "disabled, and whose mailbox it is not known",
        |case| {
            case.account().enabled = Some(false);
            case.evidence.graph = known(GraphAnswer::Answers { purpose: None });
            case.evidence.recipient = Observation::NotAsked;
        },
        NotAssessed,
        "open/recipient",
    ),
    (
        "shared mailbox, disabled and unlicensed as is normal",
        |case| {
            case.shared();
        },
        MoveToGraphEac,
        "graph/answers",
    ),
    (
        "room mailbox, by Graph alone",
        |case| {
            case.shared();
            case.evidence.graph = known(GraphAnswer::Answers { purpose: Some(MailboxPurpose::Room) });
            case.evidence.recipient = Observation::NotAsked;
        },
        MoveToGraphEac,
        "graph/answers",
    ),
    (
        "discovery mailbox",
        |case| {
            case.evidence.graph = no_mailbox();
            case.evidence.recipient = recipient("DiscoveryMailbox");
        },
        Blocked,
        "mailbox/unsupported-type",
    ),
    (
        "a kind of mailbox Graph does not open",
        |case| {
            case.evidence.graph = known(GraphAnswer::UnsupportedMailbox { message: "not supported".to_owned() });
        },
        Blocked,
        "mailbox/unsupported-type",
    ),
    (
        "alias on the roster",
        |case| {
            case.account().matched_by = vec![MatchedBy::Alias];
        },
        Blocked,
        "identity/alias-only",
    ),
    (
        "alias on the roster, and no integration minds",
        |case| {
            case.account().matched_by = vec![MatchedBy::Alias];
            case.options.integrations = vec!["teams".to_owned()];
        },
        MoveToGraphEac,
        "graph/answers",
    ),
    (
        "alias that is the user principal name",
        |case| {
            case.account().matched_by = vec![MatchedBy::UserPrincipalName, MatchedBy::Alias];
            case.account().primary_smtp = Some("ada.example@contoso.example".to_owned());
        },
        MoveToGraphEac,
        "graph/answers",
    ),
    (
        "mailbox EWS switch off: urgent, and no verdict",
        |case| {
            case.cas().ews_enabled = Some(false);
            case.evidence.ews = refused_by_switch();
        },
        MoveToGraphEac,
        "graph/answers",
    ),
    (
        "application not listed: urgent, and no verdict",
        |case| {
            case.options.own_app_id = Some(OTHER_APP.to_owned());
            case.evidence.ews = refused_by_policy();
        },
        MoveToGraphEac,
        "graph/answers",
    ),
    (
        "user-agent filter that bites Graph too",
        |case| {
            case.evidence.graph = refused(GraphRefusal::UserAgentPolicy);
        },
        Blocked,
        "graph/user-agent-policy",
    ),
    (
        "access policy",
        |case| {
            case.evidence.graph = refused(GraphRefusal::AccessPolicy);
        },
        Blocked,
        "graph/access-policy",
    ),
    (
        "outside our scope",
        |case| {
            case.evidence.graph = refused(GraphRefusal::AccessDenied);
        },
        Blocked,
        "graph/out-of-scope",
    ),
    (
        "permission missing for the tenant",
        |case| {
            case.evidence.graph = refused(GraphRefusal::AccessDenied);
            case.tenant.graph_opened_any = false;
        },
        NotAssessed,
        "graph/not-permitted",
    ),
    (
        "permission missing, and unlicensed",
        |case| {
            case.licensed(&[]);
            case.evidence.graph = refused(GraphRefusal::AccessDenied);
            case.tenant.graph_opened_any = false;
        },
        NotAssessed,
        "graph/not-permitted",
    ),
    (
        "throttled for ever",
        |case| {
            case.evidence.graph = unknown();
        },
        NotAssessed,
        "open/graph",
    ),
    (
        "throttled for ever, and a guest all the same",
        |case| {
            case.evidence.graph = unknown();
            case.account().user_type = Some("Guest".to_owned());
        },
        Blocked,
        "identity/guest",
    ),
    (
        "EWS answers garbage: no verdict hangs on it",
        |case| {
            case.evidence.ews = unknown();
        },
        MoveToGraphEac,
        "graph/answers",
    ),
    (
        "the directory did not answer",
        |case| {
            case.evidence.directory = unknown();
        },
        NotAssessed,
        "open/directory",
    ),
    (
        "Graph not asked, as no source is configured",
        |case| {
            case.evidence.graph = Observation::NotAsked;
        },
        NotAssessed,
        "open/graph",
    ),
    (
        "no mailbox, and nothing explains it",
        |case| {
            case.without_mailbox();
        },
        Blocked,
        "graph/no-mailbox",
    ),
    (
        "no mailbox, and the products could not be read",
        |case| {
            case.without_mailbox();
            case.tenant.skus = unknown();
        },
        NotAssessed,
        "open/products",
    ),
    (
        "just created",
        |case| {
            case.without_mailbox();
            case.account().created = Some(at() - SignedDuration::from_hours(3));
        },
        NotAssessed,
        "graph/just-created",
    ),
    (
        "Exchange does not know the account",
        |case| {
            case.evidence.graph = known(GraphAnswer::UnknownToExchange { message: "not found".to_owned() });
        },
        NotAssessed,
        "graph/unknown-to-exchange",
    ),
    (
        "no usable address",
        |case| {
            case.entry.address = None;
            case.entry.written = "ada at contoso".to_owned();
            case.entry.problem = Some("it has no @".to_owned());
            case.evidence = MailboxEvidence::default();
        },
        NotAssessed,
        "roster/unusable-address",
    ),
    (
        "repeated",
        |case| {
            case.entry.repeat_of = Some(1);
            case.entry.row = 7;
        },
        MoveToGraphEac,
        "graph/answers",
    ),
    (
        "a mailbox without an account: the sources disagree",
        |case| {
            case.directory().accounts.clear();
        },
        NotAssessed,
        "open/directory",
    ),
];

fn failed() -> Assignment {
    Assignment {
        sku: sku("ENTERPRISEPACK"),
        group: Some("Sales licences".to_owned()),
        state: "Error".to_owned(),
        error: Some("CountViolation".to_owned()),
        disabled_plans: Vec::new(),
    }
}

fn unlisted() -> SkuPlan {
    SkuPlan {
        id: uuid::Uuid::from_u128(7),
        name: "EXCHANGE_S_NEXT".to_owned(),
        provisioning: "Success".to_owned(),
        applies_to: "User".to_owned(),
    }
}

fn deleted() -> DeletedAccount {
    DeletedAccount {
        id: "00000000-0000-4000-8000-0000000000de".to_owned(),
        user_principal_name: "ada@contoso.example".to_owned(),
        deleted: Some("2026-11-10T09:00:00Z".parse().unwrap()),
    }
}

fn only_directory(found: DirectoryMatch) -> MailboxEvidence {
    MailboxEvidence { directory: known(found), ..MailboxEvidence::default() }
}

#[test]
fn everybody_is_judged_as_the_client_expects() {
    let mut told = Vec::new();
    for (name, change, verdict, reason) in SCENARIOS {
        let mut case = Owned::ada();
        change(&mut case);
        let judgement = judge(&case.case());
        assert_eq!((judgement.verdict, judgement.reason), (*verdict, *reason), "{name}: {}", judgement.cause);
        assert_readable(&judgement);
        told.push(format!(
            "# {name}\n{} | {} | {}\n  cause: {}\n  stops: {}\n  next: {}\n  else: {}",
            verdict.id(),
            reason,
            judgement.urgency.id(),
            judgement.cause,
            judgement.what_stops,
            judgement.next_action,
            judgement.alternative
        ));
    }
    insta::assert_snapshot!("scenarios", told.join("\n\n"));
}
