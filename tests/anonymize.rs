//! A report for sharing holds nobody's name, and says the same.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so and stops")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;
use support::{Sandbox, repository};

/// A mailbox's name that is also a word of ordinary sentences.
const ORDINARY: [&str; 1] = ["support"];

/// Everything a file says, unpacked, in small letters.
fn texts(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut text = String::new();
    if bytes.starts_with(b"PK") {
        let mut package = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("a package");
        for part in 0..package.len() {
            let mut part = package.by_index(part).expect("a part");
            text.push_str(&part.name().expect("a name"));
            let mut content = Vec::new();
            part.read_to_end(&mut content).expect("unpacks");
            text.push_str(&String::from_utf8_lossy(&content));
        }
    } else {
        text = String::from_utf8(bytes).expect("UTF-8");
        if let Some((_, packed)) = text.split_once("id=\"data\">") {
            let packed = STANDARD.decode(packed.split("</script>").next().unwrap_or_default()).expect("base64");
            let mut users = String::new();
            flate2::read::GzDecoder::new(&*packed).read_to_string(&mut users).expect("gzip");
            text.push_str(&users);
        }
    }
    text.to_lowercase()
}

/// Every file below a folder with what it says.
fn all(folder: &Path, found: &mut BTreeMap<String, String>) {
    for file in std::fs::read_dir(folder).expect("a folder") {
        let path = file.expect("a file").path();
        match path.is_dir() {
            true => all(&path, found),
            false => drop(found.insert(path.display().to_string(), texts(&path))),
        }
    }
}

/// Everything in roster and store that says who it is about: names, addresses, ids, domains, tenant.
fn names(sandbox: &Sandbox, roster: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::from(["contoso".to_owned(), "customer service".to_owned()]);
    let mut lines = csv::Reader::from_path(roster).expect("the roster");
    for line in lines.records().map(|line| line.expect("a line")) {
        names.extend([0, 1, 4].map(|column| line.get(column).unwrap_or_default().trim().to_lowercase()));
    }
    let store = rusqlite::Connection::open(sandbox.path("ewsready.sqlite")).expect("the store");
    let mut bodies = store.prepare("SELECT body FROM observation UNION ALL SELECT body FROM tenant_fact").expect("SQL");
    let bodies = bodies.query_map([], |row| row.get::<_, String>(0)).expect("rows");
    let address = Regex::new(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+").expect("a pattern");
    let person =
        Regex::new(r#""(?:id|object_id|group)":"([0-9a-f-]{36})"|"display_name":"([^"]+)""#).expect("a pattern");
    for body in bodies.map(|body| body.expect("a body")) {
        names.extend(address.find_iter(&body).map(|found| found.as_str().to_lowercase()));
        // A product's id is everybody's: the tenant's products are a list with part numbers.
        if !body.contains("part_number") {
            let found = person.captures_iter(&body).filter_map(|found| found.get(1).or(found.get(2)));
            names.extend(found.map(|found| found.as_str().to_lowercase()));
        }
    }
    let key: Vec<u8> = store.query_row("SELECT key FROM pseudonym_key", [], |row| row.get(0)).expect("the key");
    names.extend([STANDARD.encode(&key).to_lowercase(), key.iter().map(|byte| format!("{byte:02x}")).collect()]);
    names.retain(|name| name.len() > 2 && !ORDINARY.contains(&name.as_str()));
    names
}

/// Whether a text holds a name by itself.
fn holds(text: &str, name: &str) -> bool {
    let letter = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    text.match_indices(name)
        .any(|(at, _)| !letter(text[..at].chars().next_back()) && !letter(text[at + name.len()..].chars().next()))
}

/// What must be the same in both reports.
fn judged(rows: &[BTreeMap<String, String>]) -> Vec<Vec<&str>> {
    let columns = ["row", "verdict", "reason", "urgency", "licence", "ews_today", "routing", "graph"];
    rows.iter().map(|row| columns.iter().map(|column| row[*column].as_str()).collect()).collect()
}

#[test]
fn an_anonymised_report_names_nobody_and_says_the_same() {
    let sandbox = Sandbox::new();
    let roster = repository("samples/roster.csv");
    let path = roster.display().to_string();
    let formats = "csv,json,ndjson,html,xlsx,md,ps1";
    sandbox.run(&["assess", &path, "--tenant", "demo", "--delegates", "--out", "plain", "--format", formats]).expect(4);
    let said = sandbox.run(&["report", "--anonymize", "--out", "shared/en", "--format", formats]).expect(4);
    sandbox.run(&["report", "--anonymize", "--language", "de", "--out", "shared/de", "--format", formats]).expect(4);
    let planned = sandbox.run(&["plan", "--anonymize", "--capacity", "20", "--out", "shared/plan"]).expect(0);
    sandbox.run(&["plan", "--capacity", "20", "--out", "plain/plan"]).expect(0);
    sandbox.run(&["runs", "export", "--anonymize", "--out", "shared/runs.csv"]).expect(0);
    sandbox.write("shared/said.txt", said.stdout() + &planned.stdout());

    let names = names(&sandbox, &roster);
    assert!(names.len() >= 180, "only {} names to look for", names.len());
    let (mut plain, mut shared) = (BTreeMap::new(), BTreeMap::new());
    all(&sandbox.path("plain"), &mut plain);
    all(&sandbox.path("shared"), &mut shared);
    assert_eq!(shared.len(), 2 * 7 + 6 + 2, "{:?}", shared.keys());
    for (file, text) in &shared {
        let left: Vec<&String> = names.iter().filter(|name| holds(text, name)).collect();
        assert!(left.is_empty(), "{file} names {left:?}");
    }
    let seen = |name: &&String| plain.values().any(|text| holds(text, name));
    assert!(names.iter().filter(seen).count() > 120, "else this test looks for the wrong names");

    let (before, after) = (sandbox.csv("plain/readiness.csv"), sandbox.csv("shared/en/readiness.csv"));
    assert_eq!(judged(&before), judged(&after));
    assert_eq!(before[0].keys().collect::<Vec<_>>(), after[0].keys().collect::<Vec<_>>(), "the columns stay");
    let json = |name: &str| -> serde_json::Value { serde_json::from_slice(&sandbox.read(name)).expect("JSON") };
    let (before, after) = (json("plain/readiness.json"), json("shared/en/readiness.json"));
    assert_eq!(before["summary"]["verdicts"], after["summary"]["verdicts"]);
    assert_ne!(after["tenant"]["profile"], "demo");
    let waves = |name: &str| sandbox.csv(name).iter().map(|row| row["wave"].clone()).collect::<Vec<_>>();
    assert_eq!(waves("plain/plan/waves.csv"), waves("shared/plan/waves.csv"));
}

#[test]
fn the_same_person_has_the_same_pseudonym_everywhere_and_every_month_and_another_in_another_store() {
    let sandbox = Sandbox::new();
    let roster = repository("samples/roster.csv").display().to_string();
    let assess = |month: &str, store: &str, out: &str| {
        let command = ["assess", &roster, "--tenant", "demo", "--anonymize", "--store", store, "--out", out];
        let mut command = sandbox.command(&[&command[..], &["--format", "csv,json"]].concat());
        command.env("EWSREADY_NOW", format!("2026-{month}-01T06:00:00Z"));
        support::Finished(command.output().expect("it starts")).expect(4);
        sandbox.csv(&format!("{out}/readiness.csv"))
    };
    let who = |rows: &[BTreeMap<String, String>]| -> Vec<[String; 5]> {
        let columns = ["address", "display_name", "object_id", "Department", "Owner"];
        rows.iter().map(|row| columns.map(|column| row[column].clone())).collect()
    };
    let (october, november) = (assess("10", "one.sqlite", "october"), assess("11", "one.sqlite", "november"));
    assert_eq!(who(&october), who(&november));
    let elsewhere = assess("11", "two.sqlite", "elsewhere");
    for (here, there) in who(&november).iter().zip(&who(&elsewhere)) {
        assert_ne!(here[0], there[0]);
    }
    let distinct: BTreeSet<&String> = november.iter().map(|row| &row["address"]).collect();
    let plain = sandbox.run(&["report", "--store", "one.sqlite", "--out", "plain", "--format", "csv"]).expect(4);
    assert!(plain.stdout().contains("Contoso"), "what is stored has its real names");
    let real = sandbox.csv("plain/readiness.csv");
    let real: BTreeSet<String> = real.iter().map(|row| row["address"].to_lowercase()).collect();
    assert_eq!(distinct.len(), real.len(), "nobody is taken for somebody else");

    // The plan and the JSON name them alike, and nothing seems to have moved.
    sandbox.run(&["plan", "--anonymize", "--store", "one.sqlite", "--out", "plan", "--format", "csv"]).expect(0);
    assert!(sandbox.csv("plan/waves.csv").iter().all(|row| distinct.contains(&row["address"])));
    let json = String::from_utf8(sandbox.read("november/readiness.json")).expect("UTF-8");
    assert!(distinct.iter().all(|address| json.contains(address.as_str())));
    let compared = sandbox.run(&["compare", "--anonymize", "--store", "one.sqlite", "--format", "json"]).expect(0);
    let compared: serde_json::Value = serde_json::from_str(&compared.stdout()).expect("JSON");
    assert_eq!(compared["changes"]["users"].as_array().map(Vec::len), Some(0), "{compared}");
}
