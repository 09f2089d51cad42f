//! What the licences give, and what Graph and EWS say.

use super::*;

pub const ALL: &[Scenario] = &[
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
        "no mailbox, and Autodiscover could not be asked: it may be on-premises",
        |case| {
            case.without_mailbox();
            case.evidence.routing = unknown();
        },
        NotAssessed,
        "open/routing",
    ),
];
