//! Six months of one tenant: what `compare` says of each pair of months, and the trend over all of them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper that cannot go on ends the test it serves")]

mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use calamine::Reader as _;
use support::Sandbox;

/// An account as it is this month. The number is its identity: the object id is made of it.
#[derive(Clone)]
struct Person {
    number: u32,
    address: &'static str,
    owner: &'static str,
    /// What makes it other than a licensed, enabled person's mailbox: lines of the tenant file.
    special: Vec<&'static str>,
}

const DISABLED: &str = "enabled = false";
const POLICY: &str = "graph = 'access-policy'";
const UNLICENSED: &str = "licences = []";
const KIOSK: &str = "licences = ['O365 F3']";
const THROTTLED: &str = "trouble = { graph = 'throttled', retry_after_s = 0 }";

/// The tenant, and the roster that its owner keeps.
struct Tenant {
    people: Vec<Person>,
    sandbox: Sandbox,
}

impl Tenant {
    fn new() -> Self {
        let person = |number, address, owner, special: &[&'static str]| Person {
            number,
            address,
            owner,
            special: special.to_vec(),
        };
        let people = vec![
            person(1, "ada", "North", &[]),
            person(2, "bob", "North", &[]),
            person(3, "cem", "North", &[]),
            person(4, "dora", "North", &[UNLICENSED]),
            person(5, "emil", "North", &[UNLICENSED]),
            person(6, "finn", "South", &[DISABLED]),
            person(7, "gina", "South", &[DISABLED]),
            person(8, "hugo", "South", &[DISABLED]),
            person(9, "ines", "South", &[POLICY]),
            person(10, "jan", "South", &[POLICY]),
            person(11, "kim", "South", &[]),
            person(12, "lou", "South", &[]),
            person(13, "mia", "South", &[KIOSK]),
        ];
        Self { people, sandbox: Sandbox::new() }
    }

    fn change(&mut self, number: u32, change: impl FnOnce(&mut Person)) {
        change(self.people.iter_mut().find(|person| person.number == number).unwrap());
    }

    fn is(&mut self, number: u32, special: &[&'static str]) {
        self.change(number, |person| person.special = special.to_vec());
    }

    fn joins(&mut self, number: u32, address: &'static str) {
        self.people.push(Person { number, address, owner: "North", special: Vec::new() });
    }

    fn leaves(&mut self, number: u32) {
        self.people.retain(|person| person.number != number);
    }

    fn file(&self) -> String {
        let mut file = "[tenant]\nid = '4f1c9a52-7d0e-4b6b-9c57-2f6f5a1de8c3'\nname = 'Contoso'\n\
            domains = [{ name = 'contoso.example', default = true }, { name = 'contoso.onmicrosoft.com', initial = true }]\n\
            [exchange]\news_enabled = true\n\
            [[application]]\nname = 'assessment'\nclient_id = '7be0a3d1-52c4-4e0f-8f6d-9a1b6c2e4d10'\nsecret = 'of-the-test'\n\
            graph_roles = ['User.Read.All', 'Organization.Read.All', 'Domain.Read.All', 'LicenseAssignment.Read.All', \
            'Application.Read.All', 'MailboxSettings.Read', 'ServiceMessage.Read.All']\n\
            exchange_roles = ['full_access_as_app', 'Exchange.ManageAsApp']\nadmin_role = 'Global Reader'\n\
            [[product]]\nsku = 'ENTERPRISEPACK'\nalias = ['E3']\nseats = 60\n\
            [[product]]\nsku = 'DESKLESSPACK'\nalias = ['O365 F3']\nseats = 10\n\
            [defaults]\nlicences = ['E3']\ncreated_days_ago = 900\n"
            .to_owned();
        for Person { number, address, special, .. } in &self.people {
            let special = special.join("\n");
            writeln!(
                file,
                "[[user]]\nid = '00000000-0000-4000-8000-{number:012}'\nname = 'Person {number}'\n\
                 address = '{address}@contoso.example'\n{special}"
            )
            .unwrap();
        }
        file
    }

    /// Assesses the tenant as it is, on the first of a month; gives the exit code.
    fn assess(&self, month: u32, profile: &str, more: &[&str]) -> i32 {
        let file = self.sandbox.write("tenant.toml", self.file());
        let mut roster = "Email,Owner\n".to_owned();
        for person in &self.people {
            writeln!(roster, "{}@contoso.example,{}", person.address, person.owner).unwrap();
        }
        self.sandbox.write("roster.csv", roster);
        let simulator = self.sandbox.simulator(&[file.to_str().unwrap()]);
        simulator.config(&self.sandbox, profile);
        let command = ["assess", "roster.csv", "--tenant", "sim", "--out", "out", "--quiet"];
        let mut command = self.sandbox.command(&[&command[..], more].concat());
        let output = command.env("EWSREADY_NOW", format!("2026-{month:02}-01T06:00:00Z")).output().unwrap();
        support::Finished(output).code()
    }

    /// What `compare` says of the last two months: kind, address, and from what to what.
    fn moved(&self) -> Vec<String> {
        let csv = self.sandbox.run(&["compare", "--format", "csv"]).expect(0).stdout();
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let rows = reader.deserialize::<BTreeMap<String, String>>().map(Result::unwrap);
        rows.map(|row| {
            let name = |column: &str| row[column].strip_suffix("@contoso.example").unwrap_or(&row[column]).to_owned();
            let was = name("was_address");
            let was = if was.is_empty() { was } else { format!("{was}=") };
            format!("{} {was}{}: {} -> {}", row["change"], name("address"), row["reason_before"], row["reason"])
        })
        .collect()
    }
}

#[test]
#[allow(clippy::too_many_lines, reason = "six months read as one story")]
fn six_months_are_compared_line_by_line() {
    let mut tenant = Tenant::new();
    assert_eq!(tenant.assess(6, "", &["--fail-on", "blocked>0"]), 10, "June");
    let page = String::from_utf8(tenant.sandbox.read("out/readiness.html")).unwrap();
    assert!(!page.contains("id=\"changes\"") && !page.contains("id=\"trend\""), "there is nothing to compare with");

    tenant.change(1, |ada| ada.address = "ada.smith");
    tenant.joins(14, "nele");
    tenant.leaves(12);
    assert_eq!(tenant.assess(7, "", &["--fail-on", "new_blocked>0"]), 0, "July: nobody is newly blocked");
    assert_eq!(
        tenant.moved(),
        [
            "joined nele:  -> graph/answers",
            "left lou: graph/answers -> ",
            "renamed ada=ada.smith: graph/answers -> graph/answers",
        ]
    );

    // The policy now keeps the application out of other mailboxes.
    for (number, special) in [(9, &[][..]), (10, &[]), (3, &[POLICY]), (11, &[POLICY])] {
        tenant.is(number, special);
    }
    assert_eq!(tenant.assess(8, "", &["--fail-on", "new_blocked>1"]), 10, "August");
    assert_eq!(
        tenant.moved(),
        [
            "newly_blocked cem: graph/answers -> graph/access-policy",
            "newly_blocked kim: graph/answers -> graph/access-policy",
            "newly_ready ines: graph/access-policy -> graph/answers",
            "newly_ready jan: graph/access-policy -> graph/answers",
        ]
    );

    // Half of the tenant is throttled away: finn and hugo are disabled, which is certain without Graph.
    let before: Vec<Person> = tenant.people.clone();
    for person in tenant.people.iter_mut().filter(|person| person.number % 2 == 0) {
        person.special.push(THROTTLED);
    }
    assert_eq!(tenant.assess(9, "", &["--fail-on", "blocked>0"]), 4, "September: incomplete figures come first");
    assert_eq!(
        tenant.moved(),
        [
            "not_assessed bob: graph/answers -> open/graph",
            "not_assessed dora: licence/none -> open/graph",
            "not_assessed jan: graph/answers -> open/graph",
            "not_assessed nele: graph/answers -> open/graph",
        ]
    );

    // Licences are bought. Nobody who was not assessed counts as resolved.
    tenant.people = before;
    tenant.is(4, &[]);
    tenant.is(5, &[]);
    assert_eq!(tenant.assess(10, "", &[]), 0, "October");
    assert_eq!(
        tenant.moved(),
        [
            "assessed_again bob: open/graph -> graph/answers",
            "assessed_again dora: open/graph -> graph/answers",
            "assessed_again jan: open/graph -> graph/answers",
            "assessed_again nele: open/graph -> graph/answers",
            "newly_ready emil: licence/none -> graph/answers",
        ]
    );

    // One is put right, one falls from one cause into another, and the profile thinks better of kiosk licences: that is
    // no change of the tenant.
    tenant.is(6, &[]);
    tenant.is(8, &[POLICY]);
    assert_eq!(tenant.assess(11, "kiosk = 'graph'", &[]), 0, "November");
    assert_eq!(
        tenant.moved(),
        [
            "other_cause hugo: identity/account-disabled -> graph/access-policy",
            "newly_ready finn: identity/account-disabled -> graph/answers",
            "rules mia: licence/kiosk -> graph/answers",
        ]
    );
    the_trend_of_all_six(&tenant.sandbox);
    every_report_shows_it(&tenant.sandbox);
}

fn the_trend_of_all_six(sandbox: &Sandbox) {
    let text = sandbox.run(&["compare"]).expect(0).stdout();
    let trend: Vec<&str> = text.lines().skip_while(|line| *line != "Trend").collect();
    assert_eq!(
        trend,
        [
            "Trend",
            "  2026-06-01  Blocked: 5  Needs license upgrade: 2  Move to Graph/EAC: 6  Not assessed: 0",
            "  2026-07-01  Blocked: 5  Needs license upgrade: 2  Move to Graph/EAC: 6  Not assessed: 0",
            "  2026-08-01  Blocked: 5  Needs license upgrade: 2  Move to Graph/EAC: 6  Not assessed: 0",
            "  2026-09-01  Blocked: 5  Needs license upgrade: 1  Move to Graph/EAC: 3  Not assessed: 4  too many rows not assessed",
            "  2026-10-01  Blocked: 5  Needs license upgrade: 0  Move to Graph/EAC: 8  Not assessed: 0",
            "  2026-11-01  Blocked: 4  Needs license upgrade: 0  Move to Graph/EAC: 9  Not assessed: 0",
            "  To make 2027-04-01, 0.2 users a week must become ready.",
            "  So far: 0.1 users a week (slowest stretch 0.0, fastest 0.2).",
            "  Everybody can move: 2027-05-24 at that pace, 2027-03-03 at the fastest, never at the slowest.",
            "  On 2027-04-01, users left at that pace: 1 (from 0 to 4).",
            "  Runs left out, because too many of their rows are not assessed: 1.",
            "  Blocked for three months or more",
            "    2 users  graph/access-policy  South  Since 2026-06-01",
            "    1 user  graph/access-policy  North  Since 2026-08-01",
            "    1 user  identity/account-disabled  South  Since 2026-06-01",
        ]
    );
}

/// The comparison stands in workbook, page, summary and JSON, and a second rendering gives the same bytes.
fn every_report_shows_it(sandbox: &Sandbox) {
    let mut book: calamine::Xlsx<_> = calamine::open_workbook(sandbox.path("out/readiness.xlsx")).unwrap();
    let rows = |book: &mut calamine::Xlsx<_>, sheet| -> Vec<Vec<String>> {
        let range = book.worksheet_range(sheet).unwrap();
        range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect()
    };
    let changes = rows(&mut book, "Changes");
    assert_eq!(changes.len(), 4, "{changes:?}");
    assert_eq!(changes[1][..2], ["Still held back, by another cause", "hugo@contoso.example"]);
    let trend = rows(&mut book, "Trend");
    assert_eq!(trend[4][..1], ["2026-09-01"]);
    assert_eq!(trend[4][2..8], ["13", "5", "1", "3", "4", "10"]);
    assert_eq!(trend[6][8], "graph/access-policy: 3, identity/account-disabled: 1");

    let page = String::from_utf8(sandbox.read("out/readiness.html")).unwrap();
    assert!(page.contains("id=\"changes\">Since 2026-10-01") && page.contains("<polyline class=\"left\""));
    assert_eq!(page.matches("<circle class=\"dot\"").count(), 5, "five complete months");
    assert_eq!(page.matches("<circle class=\"dot open\"").count(), 1, "and the half throttled one");
    let summary = String::from_utf8(sandbox.read("out/summary.md")).unwrap();
    assert!(summary.contains("## Since 2026-10-01\n\n- Still held back, by another cause: 1;"), "{summary}");
    let json: serde_json::Value = serde_json::from_slice(&sandbox.read("out/readiness.json")).unwrap();
    assert_eq!(json["changes"]["counts"]["newly_ready"], 1);
    assert_eq!(json["changes"]["users"][2]["kind"], "rules");
    assert_eq!(json["trend"]["points"].as_array().unwrap().len(), 6);
    let schema: serde_json::Value = serde_json::from_str(&sandbox.run(&["schema"]).expect(0).stdout()).unwrap();
    jsonschema::validate(&schema, &json).unwrap();

    sandbox.run(&["report", "--out", "again", "--quiet"]).expect(0);
    for file in ["readiness.xlsx", "readiness.html", "readiness.json", "summary.md"] {
        assert!(sandbox.read(&format!("out/{file}")) == sandbox.read(&format!("again/{file}")), "{file}");
    }
}

/// The wave's day of every address of a plan, without the domain; empty: it waits.
fn planned(sandbox: &Sandbox, file: &str) -> BTreeMap<String, String> {
    let rows = sandbox.csv(file).into_iter();
    rows.map(|row| (row["address"].replace("@contoso.example", ""), row["date"].clone())).collect()
}

#[test]
fn the_plan_of_one_month_is_what_the_next_is_held_against() {
    let mut tenant = Tenant::new();
    assert_eq!(tenant.assess(7, "", &[]), 0, "July");
    assert_eq!(tenant.assess(8, "", &["--fail-on", "plan_behind>0"]), 0, "August: nobody planned");
    let unplanned = tenant.sandbox.run(&["compare"]).expect(0).stdout();
    assert!(!unplanned.contains("plan of"), "{unplanned}");
    let json: serde_json::Value = serde_json::from_slice(&tenant.sandbox.read("out/readiness.json")).unwrap();
    assert!(json["plan"].is_null(), "without a plan nothing is said");

    // Two waves: 8 August, and after a pause 12 September.
    let plan = ["plan", "--capacity", "4", "--blackout", "2026-08-09..2026-09-11", "--out", "plan", "--quiet"];
    let mut command = tenant.sandbox.command(&plan);
    support::Finished(command.env("EWSREADY_NOW", "2026-08-02T06:00:00Z").output().unwrap()).expect(0);
    let days = planned(&tenant.sandbox, "plan/waves.csv");
    let of = |day: &str| days.iter().filter(|(_, date)| *date == day).map(|(name, _)| name.clone()).collect::<Vec<_>>();
    let (first, second) = (of("2026-08-08"), of("2026-09-12"));
    assert_eq!((first.len(), second.len()), (4, 4), "{days:?}");
    assert_eq!(days.values().filter(|day| day.is_empty()).count(), 5);

    // By September one of the first wave could not move, one of the second cannot any more, and finn is set free.
    let number = |name: &str| tenant.people.iter().find(|person| person.address == name).unwrap().number;
    let ready = |names: &[String]| {
        names.iter().find(|name| ["ada", "bob", "cem", "kim", "lou"].contains(&name.as_str())).unwrap().clone()
    };
    let (late, lost) = (ready(&first), ready(&second));
    let (late_number, lost_number) = (number(&late), number(&lost));
    tenant.is(late_number, &[POLICY]);
    tenant.is(lost_number, &[DISABLED]);
    tenant.is(6, &[]);
    assert_eq!(tenant.assess(9, "", &["--fail-on", "plan_behind>1"]), 10, "September");
    let text = tenant.sandbox.run(&["compare"]).expect(0).stdout();
    let moved: Vec<&String> = first.iter().filter(|name| **name != late).collect();
    let moved: Vec<&String> =
        moved.into_iter().filter(|name| !["dora", "emil", "mia"].contains(&name.as_str())).collect();
    let needy = first.len() - 1 - moved.len();
    let standing: Vec<&str> = text
        .lines()
        .skip_while(|line| !line.starts_with("Against the plan"))
        .take_while(|line| !line.is_empty())
        .collect();
    assert_eq!(
        standing[0],
        format!(
            "Against the plan of 2026-08-02: behind {}, taken as moved {}, ahead 1, on plan 3, still waiting 4.",
            2 + needy,
            moved.len()
        )
    );
    let told = |line: String| assert!(standing.contains(&line.as_str()), "{line} is not in {standing:?}");
    told(format!("  behind: {late}@contoso.example, planned for 2026-08-08"));
    told(format!("  behind: {lost}@contoso.example, planned for 2026-09-12"));
    told("  ahead: finn@contoso.example, had no wave".to_owned());
    moved.iter().for_each(|name| told(format!("  taken as moved: {name}@contoso.example, planned for 2026-08-08")));
    every_report_holds_it_against_the_plan(&tenant.sandbox, &late);

    a_newer_plan_names_the_day_of_who_was_set_free(&tenant.sandbox);
}

fn a_newer_plan_names_the_day_of_who_was_set_free(sandbox: &Sandbox) {
    let mut command = sandbox.command(&["plan", "--capacity", "4", "--out", "plan", "--fresh"]);
    let done = support::Finished(command.env("EWSREADY_NOW", "2026-09-02T06:00:00Z").output().unwrap()).expect(0);
    assert!(done.stdout().contains("Against the plan of 2026-08-02: "), "{}", done.stdout());
    let day = planned(sandbox, "plan/waves.csv")["finn"].clone();
    let text = sandbox.run(&["compare"]).expect(0).stdout();
    assert!(text.contains(&format!("ahead: finn@contoso.example, had no wave, now {day}")), "{text}");
    assert!(text.contains("Against the plan of 2026-08-02"), "measured against the earlier plan still: {text}");
}

fn every_report_holds_it_against_the_plan(sandbox: &Sandbox, late: &str) {
    let line = format!("plan_behind,{late}@contoso.example,,00000000-");
    let csv = sandbox.run(&["compare", "--format", "csv"]).expect(0).stdout();
    assert!(csv.contains(&line) && csv.contains(",planned 2026-08-08\r\n"), "{csv}");
    let compared: serde_json::Value =
        serde_json::from_str(&sandbox.run(&["compare", "--format", "json"]).expect(0).stdout()).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&sandbox.read("out/readiness.json")).unwrap();
    assert_eq!(json["plan"], compared["plan"]);
    assert_eq!(json["plan"]["counts"]["ahead"], 1);
    assert_eq!(json["plan"]["users"][0]["state"], "behind");
    let schema: serde_json::Value = serde_json::from_str(&sandbox.run(&["schema"]).expect(0).stdout()).unwrap();
    jsonschema::validate(&schema, &json).unwrap();
    let page = String::from_utf8(sandbox.read("out/readiness.html")).unwrap();
    assert!(page.contains("id=\"plan\">Against the plan of 2026-08-02") && page.contains("planned for 2026-08-08"));
    let summary = String::from_utf8(sandbox.read("out/summary.md")).unwrap();
    assert!(summary.contains("Against the plan of 2026-08-02: behind "), "{summary}");
    let mut book: calamine::Xlsx<_> = calamine::open_workbook(sandbox.path("out/readiness.xlsx")).unwrap();
    let range = book.worksheet_range("Changes").unwrap();
    let rows: Vec<String> = range.rows().map(|row| format!("{}|{}|{}", row[0], row[1], row[7])).collect();
    assert!(rows.contains(&format!("Plan: behind|{late}@contoso.example|planned for 2026-08-08")), "{rows:?}");
    let shown = sandbox.run(&["report", "--out", "again"]).stdout();
    assert!(shown.contains("Since 2026-08-01") && shown.contains("Against the plan of 2026-08-02"), "{shown}");
}
