//! An invented assessment: 60 varied rows with hostile texts among them, and as many more as a benchmark wants.

#![allow(dead_code, clippy::unwrap_used, reason = "shared by several test programs, each of which uses a part")]

use ewsready::report::head::{
    AppLine, Branding, DomainLine, Head, LicenceLine, Organization, RuleLine, ServiceLine, Tenant, UpgradeLine,
};
use ewsready::report::row::{EvidenceLine, FindingLine, IntegrationLine, Row};
use ewsready::report::{SpoolWriter, View};
use ewsready::verdict::{EwsToday, GraphState, LicenceState, RoutingState, Urgency, Verdict};
use jiff::Timestamp;
use jiff::civil::date;
use tempfile::TempDir;

/// Texts that try to be something else than text.
pub const HOSTILE: &[&str] = &[
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1:A9)",
    "\t=1+1",
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "\"quoted\" and 'single' and ’curly’",
    "$(Remove-Item C:\\ -Recurse) `$env:TEMP` ; exit",
    "two\nlines\r\nand more",
    "\u{202e}gnp.exe\u{202c} \u{200f}right to left",
    "NUL\0and bell\u{7}",
    "<!-- ]]> {{ 7*7 }} {% raw %} &amp; \\u003c",
    "| pipe | **bold** [link](javascript:alert(1)) # head",
    "名前 🦀 ＝１＋１",
];

/// One kind of user.
struct Case {
    verdict: Verdict,
    reason: &'static str,
    cause: &'static str,
    action: &'static str,
    stops: &'static str,
    alternative: &'static str,
    urgency: Urgency,
    licence: LicenceState,
    ews: EwsToday,
    routing: RoutingState,
    graph: GraphState,
    products: &'static [&'static str],
}

const STOPS: &str = "Calendar and contact sync over EWS, on 2027-04-01 at the latest";

const READY: Case = Case {
    verdict: Verdict::MoveToGraphEac,
    reason: "graph/answers",
    cause: "Graph opens the mailbox, nothing stands in the way",
    action: "Move the user to Graph/EAC before EWS ends",
    stops: STOPS,
    alternative: "",
    urgency: Urgency::ByDeadline,
    licence: LicenceState::Full,
    ews: EwsToday::Works,
    routing: RoutingState::ExchangeOnline,
    graph: GraphState::Answers,
    products: &["Microsoft 365 E3"],
};

const CASES: &[Case] = &[
    READY,
    Case {
        verdict: Verdict::NeedsLicenseUpgrade,
        reason: "licence/kiosk",
        cause: "The only mailbox plan is Exchange Online Kiosk (Office 365 F3)",
        action: "Upgrade to Exchange Online Plan 1 or better, or move the user to EAC as he is",
        alternative: "Graph answers: can move to EAC without an upgrade",
        licence: LicenceState::Kiosk,
        products: &["Office 365 F3"],
        ..READY
    },
    Case {
        verdict: Verdict::Blocked,
        reason: "location/on-premises",
        cause: "The mailbox is on an on-premises server: Autodiscover ends at mail.fabrikam.example",
        action: "Migrate the mailbox to Exchange Online first",
        urgency: Urgency::None,
        licence: LicenceState::None,
        ews: EwsToday::NotAsked,
        routing: RoutingState::OnPremises,
        graph: GraphState::NoMailbox,
        products: &[],
        ..READY
    },
    Case {
        verdict: Verdict::Blocked,
        reason: "graph/user-agent-policy",
        cause: "EWS is switched off for this mailbox and the user-agent filter keeps Graph out",
        action: "Clear EwsApplicationAccessPolicy of the mailbox (Set-CASMailbox)",
        stops: "Sync is down now",
        urgency: Urgency::Now,
        ews: EwsToday::RefusedSwitch,
        graph: GraphState::RefusedPolicy,
        ..READY
    },
    Case {
        verdict: Verdict::NeedsLicenseUpgrade,
        reason: "licence/plan-off",
        cause: "Exchange Online (Plan 2) is switched off within Office 365 E3",
        action: "Switch the Exchange plan on in the product already assigned",
        urgency: Urgency::Soon,
        licence: LicenceState::PlanOff,
        ews: EwsToday::NoMailbox,
        graph: GraphState::NoMailbox,
        products: &["Office 365 E3", "Power BI (free)"],
        ..READY
    },
    Case {
        verdict: Verdict::NotAssessed,
        reason: "open/graph",
        cause: "Graph asked to wait again and again for 15 minutes",
        action: "Run the same command again: it asks only what is missing",
        stops: "",
        urgency: Urgency::Unknown,
        licence: LicenceState::Unknown,
        ews: EwsToday::Unknown,
        routing: RoutingState::Unknown,
        graph: GraphState::Unknown,
        products: &[],
        ..READY
    },
    Case {
        verdict: Verdict::Blocked,
        reason: "identity/not-in-directory",
        cause: "No account of the tenant bears this address",
        action: "Correct the roster, or take the line out",
        stops: "",
        urgency: Urgency::None,
        licence: LicenceState::NotAsked,
        ews: EwsToday::NotAsked,
        routing: RoutingState::Unresolved,
        graph: GraphState::NotAsked,
        products: &[],
        ..READY
    },
    Case { urgency: Urgency::Soon, ..READY },
    Case {
        verdict: Verdict::NeedsLicenseUpgrade,
        reason: "licence/f1-no-mailbox-right",
        cause: "Microsoft 365 F1 has a mailbox for the Teams calendar that its user may not use",
        action: "Assign a product with mailbox rights",
        urgency: Urgency::Soon,
        licence: LicenceState::F1NoMailboxRight,
        products: &["Microsoft 365 F1"],
        ..READY
    },
];

const WAVES: &[&str] = &["Wave 2", "Wave 10", "Wave 1", "Pilot", ""];
const DEPARTMENTS: &[&str] = &["Sales", "Service & Support", "Vertrieb Süd", "Finance", "Logistics", "Sales EMEA"];
const FIRST_NAMES: &[&str] =
    &["Anna", "Bruno", "Chloé", "Dmitri", "Eun-ji", "Farida", "Günther", "Hana", "Íñigo", "Jasper", "Kerstin", "Li"];
const LAST_NAMES: &[&str] = &["Adler", "Brandt", "Costa", "Duarte", "Ek", "Fischer", "Grünwald", "Hoang"];

/// The moment the invented run began.
pub fn moment() -> Timestamp {
    "2026-11-20T08:15:00Z".parse().unwrap()
}

fn evidence(case: &Case, number: usize) -> Vec<EvidenceLine> {
    let at = moment() + jiff::SignedDuration::from_secs(i64::try_from(number % 600).unwrap());
    let line = |question: &str, answer: String, source: &str| EvidenceLine {
        question: question.to_owned(),
        answer,
        source: source.to_owned(),
        at: Some(at),
    };
    let mut lines = vec![
        line("directory", "one account, found by its primary SMTP address".to_owned(), "Graph directory"),
        line("licence", format!("{}: {}", case.licence.id(), case.products.join(", ")), "Graph directory"),
        line("mailbox_settings", "EWS on, no user-agent filter".to_owned(), "Exchange admin REST"),
        line("graph", format!("{} (user mailbox)", case.graph.id()), "Graph mailbox"),
        line("routing", format!("{}: autodiscover-s.outlook.com 200", case.routing.id()), "Autodiscover V2"),
    ];
    let asked = case.ews != EwsToday::NotAsked;
    lines.push(EvidenceLine {
        question: "ews".to_owned(),
        answer: case.ews.id().to_owned(),
        source: if asked { "EWS".to_owned() } else { String::new() },
        at: asked.then_some(at),
    });
    lines
}

fn integrations(case: &Case, number: usize) -> Vec<IntegrationLine> {
    let ready = case.graph == GraphState::Answers;
    let eac = IntegrationLine {
        integration: "salesforce_eac".to_owned(),
        state: if ready { "ok" } else { "broken" }.to_owned(),
        rule: if ready { "" } else { "salesforce/graph-closed" }.to_owned(),
        text: if ready { "" } else { "EAC connects over Graph, which does not open this mailbox" }.to_owned(),
        action: if ready { "" } else { "Remove what keeps Graph out, then connect EAC" }.to_owned(),
    };
    let at_risk = number.is_multiple_of(3);
    let dynamics = IntegrationLine {
        integration: "dynamics_sync".to_owned(),
        state: if at_risk { "at_risk" } else { "ok" }.to_owned(),
        rule: if at_risk { "dynamics/address-differs" } else { "" }.to_owned(),
        text: if at_risk { "The sign-in name differs from the primary address" } else { "" }.to_owned(),
        action: if at_risk { "Align UPN and primary SMTP address" } else { "" }.to_owned(),
    };
    vec![eac, dynamics]
}

/// Row `number` (from 1) of an invented roster of any length.
pub fn row(number: usize) -> Row {
    let case = &CASES[if number % 7 == 6 { 0 } else { number % CASES.len() }];
    let first = FIRST_NAMES[number % FIRST_NAMES.len()];
    let last = LAST_NAMES[(number / 5) % LAST_NAMES.len()];
    let domain = if number.is_multiple_of(9) { "fabrikam.example" } else { "contoso.example" };
    let wave = WAVES[(number / 3) % WAVES.len()];
    let department = DEPARTMENTS[(number / 2) % DEPARTMENTS.len()];
    let found = case.licence != LicenceState::NotAsked;
    Row {
        row: number as u64,
        address: format!("user{number:05}@{domain}"),
        display_name: if found { format!("{first} {last}") } else { String::new() },
        object_id: if found { format!("00000000-0000-4000-8000-{number:012}") } else { String::new() },
        verdict: case.verdict,
        reason: case.reason.to_owned(),
        cause: case.cause.to_owned(),
        what_stops: case.stops.to_owned(),
        next_action: case.action.to_owned(),
        urgency: case.urgency,
        alternative: case.alternative.to_owned(),
        licence: case.licence,
        ews_today: case.ews,
        routing: case.routing,
        graph: case.graph,
        products: case.products.iter().map(|&name| name.to_owned()).collect(),
        wave: wave.to_owned(),
        department: department.to_owned(),
        owner: "Noor Haddad".to_owned(),
        domain: domain.to_owned(),
        evidence: evidence(case, number),
        findings: vec![
            FindingLine { rule: case.reason.to_owned(), text: case.cause.to_owned(), action: case.action.to_owned() },
            FindingLine {
                rule: "ews/null-switch".to_owned(),
                text: "The organisation switch is Null".to_owned(),
                action: String::new(),
            },
        ],
        integrations: integrations(case, number),
        extras: vec![wave.to_owned(), department.to_owned(), format!("cost centre {}", number % 40)],
    }
}

/// The 60 rows, hostile texts in names, addresses and the roster's own columns.
pub fn rows() -> Vec<Row> {
    let mut rows: Vec<Row> = (1..=60).map(row).collect();
    for (row, text) in rows.iter_mut().skip(20).zip(HOSTILE) {
        row.display_name = (*text).to_owned();
        row.extras[2] = (*text).to_owned();
    }
    rows[40].address = "=1+1@contoso.example".to_owned();
    rows[41].display_name = "Ada Lovelace-".repeat(40_000 / 13 + 1)[..40_000].to_owned();
    rows[42].department = "</script><b>Sales</b>".to_owned();
    rows[43].wave = "=HYPERLINK(\"http://evil.example\")".to_owned();
    rows[44].address = "o'brien’s@contoso.example".to_owned();
    rows
}

/// The head of the invented run.
pub fn head() -> Head {
    Head {
        run_id: "0190f3c8-1111-7000-8000-000000000001".to_owned(),
        tool_version: "0.1.0".to_owned(),
        started: Some(moment()),
        finished: Some("2026-11-20T08:27:41Z".parse().unwrap()),
        as_of: date(2026, 11, 20),
        facts_as_of: date(2026, 11, 18),
        simulated: true,
        roster: vec!["samples/roster.csv".to_owned()],
        extra_columns: ["Wave", "Department", "licence"].map(str::to_owned).to_vec(),
        integrations: ["salesforce_eac", "dynamics_sync"].map(str::to_owned).to_vec(),
        branding: Branding {
            client: "Contoso & Söhne".to_owned(),
            author: "Northwind Consulting".to_owned(),
            ..Branding::default()
        },
        tenant: Tenant {
            profile: "demo".to_owned(),
            id: "11111111-2222-4333-8444-555555555555".to_owned(),
            name: "Contoso".to_owned(),
            cloud: "worldwide".to_owned(),
        },
        organization: Organization {
            state: "The organisation's EWS switch is Null: EWS still works, but Microsoft can switch it off on seven \
                    days' notice; the list of permitted applications is not looked at until then."
                .to_owned(),
            notes: vec!["A change of the application list takes up to 24 hours to arrive.".to_owned()],
            retirement: Some(date(2027, 4, 1)),
        },
        licences: licences(),
        upgrades: upgrades(),
        domains: domains(),
        apps: apps(),
        services: services(),
        rules: rules(),
        parameters: vec![("kiosk".to_owned(), "upgrade".to_owned()), ("workers".to_owned(), "16".to_owned())],
        permissions: ["User.Read.All", "MailboxSettings.Read", "full_access_as_app"].map(str::to_owned).to_vec(),
        caveats: vec!["The directory lags behind a licence change by up to an hour.".to_owned()],
        ..Head::default()
    }
}

fn licences() -> Vec<LicenceLine> {
    let line = |name: &str, part: &str, enabled, consumed, mailbox| LicenceLine {
        sku: "05e9a617-0261-4cee-bb44-138d3ef5d965".to_owned(),
        name: name.to_owned(),
        part_number: part.to_owned(),
        status: "Enabled".to_owned(),
        enabled,
        consumed,
        mailbox,
    };
    vec![
        line("Microsoft 365 E3", "SPE_E3", 40, 38, Some(LicenceState::Full)),
        line("Office 365 F3", "DESKLESSPACK", 10, 7, Some(LicenceState::Kiosk)),
        line("Power BI (free)", "POWER_BI_STANDARD", 1_000_000, 31, None),
    ]
}

fn upgrades() -> Vec<UpgradeLine> {
    let line = |from: &str, to: &[&str]| UpgradeLine {
        from: from.to_owned(),
        to: to.iter().map(|&name| name.to_owned()).collect(),
        note: String::new(),
    };
    vec![
        line("Office 365 F3", &["Exchange Online (Plan 1)", "Microsoft 365 E3"]),
        line("Microsoft 365 F1", &["Microsoft 365 E3"]),
    ]
}

fn domains() -> Vec<DomainLine> {
    vec![
        DomainLine {
            name: "contoso.example".to_owned(),
            verified: true,
            mail_exchanger: "contoso-example.mail.protection.outlook.com".to_owned(),
            autodiscover: "CNAME autodiscover.outlook.com".to_owned(),
            note: String::new(),
        },
        DomainLine {
            name: "fabrikam.example".to_owned(),
            verified: true,
            mail_exchanger: "mail.fabrikam.example".to_owned(),
            autodiscover: "A 192.0.2.10".to_owned(),
            note: "Mail and Autodiscover go to an on-premises server".to_owned(),
        },
    ]
}

fn apps() -> Vec<AppLine> {
    vec![
        AppLine {
            app_id: "77777777-1111-4222-8333-444444444444".to_owned(),
            name: "Contoso CRM sync".to_owned(),
            owner: "own".to_owned(),
            permissions: vec!["full_access_as_app".to_owned()],
            state: "not_listed".to_owned(),
            enabled: Some(true),
            last_seen: Some(date(2026, 11, 2)),
            advice: "Put it on EwsAllowedAppIDs until it is moved, or move it to Graph".to_owned(),
            ..AppLine::default()
        },
        AppLine { name: "<b>=1+1</b>".to_owned(), state: "unknown".to_owned(), ..AppLine::default() },
    ]
}

fn services() -> Vec<ServiceLine> {
    vec![
        ServiceLine {
            service: "Graph mailbox".to_owned(),
            requests: 1_204,
            retries: 31,
            pushbacks: 28,
            waited_ms: 91_400,
            gave_up: 1,
            limit: "4 at a time and 10,000 in 10 minutes a mailbox".to_owned(),
        },
        ServiceLine { service: "EWS".to_owned(), requests: 58, ..ServiceLine::default() },
    ]
}

fn rules() -> Vec<RuleLine> {
    let mut rules: Vec<RuleLine> = CASES
        .iter()
        .map(|case| RuleLine {
            id: case.reason.to_owned(),
            question: format!("Is it so that: {}?", case.cause),
            effect: case.verdict.id().to_owned(),
            shown: case.verdict.id().to_owned(),
            as_of: date(2026, 11, 18),
            source: "Microsoft Learn, Exchange Online".to_owned(),
        })
        .collect();
    rules.dedup();
    rules
}

/// A view over the given rows; the folder holds its temporary file and has to live as long.
pub fn view_of(head: Head, rows: impl IntoIterator<Item = Row>) -> (View, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = SpoolWriter::create_in(folder.path()).unwrap();
    for row in rows {
        writer.push(&row).unwrap();
    }
    let (spool, summary) = writer.finish().unwrap();
    (View::new(head, spool, summary).unwrap(), folder)
}

/// The view of the 60 rows.
pub fn view() -> (View, TempDir) {
    view_of(head(), rows())
}
