//! Whom the address belongs to, and where the mailbox is.

use super::*;

pub const ALL: &[Scenario] = &[
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
        "a member of another tenant's name whose mailbox is here",
        |case| {
            case.account().user_principal_name = "eve_fabrikam.example#EXT#@contoso.example".to_owned();
        },
        MoveToGraphEac,
        "graph/answers",
    ),
    (
        "an account of the type that was made here and has its mailbox here",
        |case| {
            case.account().user_type = Some("Guest".to_owned());
        },
        MoveToGraphEac,
        "graph/answers",
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
        "throttled for ever, and a guest all the same",
        |case| {
            case.evidence.graph = unknown();
            case.account().user_type = Some("Guest".to_owned());
        },
        Blocked,
        "identity/guest",
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
