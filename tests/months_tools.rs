//! What stands around the monthly run: notes that come back, thresholds, the webhook, old stores, export, roll-up.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper that cannot go on ends the test it serves")]

mod support;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use calamine::Reader as _;
use support::Sandbox;

const ROSTER: &str = "Email,Owner\n\
    alma.reuter@contoso.example,North\nfenja.berger@contoso.example,South\njutta.kramer@contoso.example,South\n";

/// The demo tenant on the first of a month of 2026.
fn assess(sandbox: &Sandbox, month: u32, roster: &str, more: &[&str]) -> support::Finished {
    sandbox.write("roster.csv", roster);
    let command = ["assess", "roster.csv", "--tenant", "demo", "--out", "out", "--quiet"];
    let mut command = sandbox.command(&[&command[..], more].concat());
    command.env("EWSREADY_NOW", format!("2026-{month:02}-01T06:00:00Z"));
    support::Finished(command.output().unwrap())
}

/// Reason, owner, due date and comment of every line of the Actions sheet.
fn actions(sandbox: &Sandbox) -> Vec<[String; 4]> {
    let mut book: calamine::Xlsx<_> = calamine::open_workbook(sandbox.path("out/readiness.xlsx")).unwrap();
    let range = book.worksheet_range("Actions").unwrap();
    let header: Vec<String> = range.rows().next().unwrap().iter().map(ToString::to_string).collect();
    let place = |title: &str| header.iter().position(|cell| cell == title).unwrap();
    let places = ["Reason", "Owner", "Due date", "Comment"].map(place);
    range.rows().skip(1).map(|row| places.map(|place| row[place].to_string())).collect()
}

#[test]
fn what_was_written_beside_a_cause_is_there_next_month() {
    let sandbox = Sandbox::new();
    assess(&sandbox, 9, ROSTER, &[]).expect(0);
    assert!(actions(&sandbox).iter().all(|line| line[1..] == ["", "", ""]));

    // The workbook comes back filled in: the sheet as it was handed out, with a date as Excel writes one.
    let mut book = rust_xlsxwriter::Workbook::new();
    book.add_worksheet().set_name("Summary").unwrap().write(0, 0, "EWS readiness").unwrap();
    let sheet = book.add_worksheet();
    sheet.set_name("Actions").unwrap();
    for (column, title) in (0_u16..).zip(["Verdict", "Owner", "Due date", "Comment", "Reason"]) {
        sheet.write(0, column, title).unwrap();
    }
    let date = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd");
    let due = rust_xlsxwriter::ExcelDateTime::from_ymd(2026, 12, 15).unwrap();
    sheet.write(1, 1, "Ines").unwrap().write_with_format(1, 2, &due, &date).unwrap();
    sheet.write(1, 3, "=asked twice").unwrap().write(1, 4, "graph/access-policy").unwrap();
    book.save(sandbox.path("returned.xlsx")).unwrap();

    assess(&sandbox, 10, ROSTER, &["--actions", "returned.xlsx"]).expect(0);
    let expected = ["graph/access-policy", "Ines", "2026-12-15", "=asked twice"].map(str::to_owned);
    assert!(actions(&sandbox).contains(&expected), "{:?}", actions(&sandbox));
    let json: serde_json::Value = serde_json::from_slice(&sandbox.read("out/readiness.json")).unwrap();
    let findings = json["findings"].as_array().unwrap();
    let written = |finding: &serde_json::Value| {
        ["rule", "owner", "due", "comment"].map(|key| finding[key].as_str().unwrap().to_owned())
    };
    assert_eq!(
        findings.iter().map(written).filter(|line| line[1..] != ["", "", ""]).collect::<Vec<_>>(),
        std::slice::from_ref(&expected)
    );
    let page = String::from_utf8(sandbox.read("out/readiness.html")).unwrap();
    let agreed =
        "Owner: <strong>Ines</strong></span><span>Due date: <strong>2026-12-15</strong></span><span>=asked twice";
    assert_eq!(page.matches(agreed).count(), 1, "the page's actions have it too");

    // The report itself comes back unchanged, and the month after that nothing at all.
    std::fs::copy(sandbox.path("out/readiness.xlsx"), sandbox.path("returned.xlsx")).unwrap();
    assess(&sandbox, 11, ROSTER, &["--actions", "returned.xlsx"]).expect(0);
    assert!(actions(&sandbox).contains(&expected));
    sandbox.write("actions.csv", "reason,owner,due,comment\ngraph/access-policy,,,\n");
    assess(&sandbox, 12, ROSTER, &[]).expect(0);
    assert!(actions(&sandbox).contains(&expected));
    sandbox.run(&["report", "--out", "out", "--actions", "actions.csv", "--quiet"]).expect(0);
    assert!(!actions(&sandbox).contains(&expected), "what was erased is gone");
}

#[test]
fn a_threshold_ends_with_ten_and_says_which_one() {
    let sandbox = Sandbox::new();
    let told = assess(&sandbox, 9, ROSTER, &["--fail-on", "blocked>5,needs_license_upgrade>0"]);
    assert_eq!(told.code(), 0, "{}", told.stderr());
    sandbox.run(&["report", "--fail-on", "blocked>=2"]).expect(10);
    let told = sandbox.run(&["report", "--fail-on", "blocked>50%,new_blocked>0"]).expect(10).stderr();
    assert!(told.contains("--fail-on blocked>50%: exceeded with 2 users"), "{told}");
    assert!(told.contains("--fail-on new_blocked>0: there is no earlier complete run"), "{told}");
    let told = sandbox.run(&["report", "--fail-on", "bloked>0"]).expect(2).stderr();
    assert!(told.contains("the nearest is 'blocked'") && told.contains("hint: write for example"), "{told}");
}

/// Takes one request and answers it; gives what came.
fn receive(listener: &TcpListener, status: &str) -> String {
    let (mut stream, _) = listener.accept().unwrap();
    let (mut request, mut chunk) = (Vec::new(), [0; 4096]);
    let whole = |request: &[u8]| {
        let text = String::from_utf8_lossy(request);
        let (head, body) = text.split_once("\r\n\r\n")?;
        let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        (body.len() >= length.unwrap_or(0_usize)).then_some(())
    };
    while whole(&request).is_none() {
        let read = stream.read(&mut chunk).unwrap();
        assert!(read > 0, "the request broke off");
        request.extend_from_slice(&chunk[..read]);
    }
    write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
    String::from_utf8(request).unwrap()
}

#[test]
fn the_summary_is_posted_without_anybody_s_name_and_the_url_is_never_shown() {
    let sandbox = Sandbox::new();
    assess(&sandbox, 9, ROSTER, &[]).expect(0);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook/secret-of-the-url", listener.local_addr().unwrap());
    for (shape, status, mark) in [
        ("teams", "202 Accepted", "AdaptiveCard"),
        ("slack", "200 OK", "plain_text"),
        ("json", "500 No", "ewsready/message/1"),
    ] {
        let report = ["report", "--webhook-env", "HOOK", "--webhook-shape", shape];
        let mut command = sandbox.command(&report);
        command.env("HOOK", &url).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        let child = command.spawn().unwrap();
        let request = receive(&listener, status);
        let done = support::Finished(child.wait_with_output().unwrap()).expect(0);
        assert!(request.starts_with("POST /hook/secret-of-the-url HTTP/1.1\r\n"), "{request}");
        assert!(request.contains(mark) && request.contains("Blocked") | request.contains("\"blocked\":2"), "{request}");
        for person in ["alma", "fenja", "Reuter", "Berger", "@contoso"] {
            assert!(!request.contains(person), "{person}: {request}");
        }
        assert!(!done.stderr().contains("secret-of-the-url"));
        let failed = done.stderr().contains("the summary was not posted: 127.0.0.1 answered with HTTP 500");
        assert_eq!(failed, status.starts_with('5'), "{}", done.stderr());
    }
    let mut command = sandbox.command(&["report", "--webhook-env", "HOOK"]);
    let refused = support::Finished(command.env("HOOK", "http://hooks.example/secret-of-the-url").output().unwrap());
    assert!(refused.stderr().contains("the URL in HOOK is not https") && !refused.stderr().contains("secret"));
    assert_eq!(refused.code(), 2);
    let told = sandbox.run(&["report", "--webhook-env", "NO_SUCH_HOOK"]).expect(2).stderr();
    assert!(told.contains("NO_SUCH_HOOK"), "{told}");
}

#[test]
fn a_store_of_format_1_is_migrated_and_compared_and_a_newer_one_is_refused() {
    let sandbox = Sandbox::new();
    let path = sandbox.path("ewsready.sqlite");
    let old = rusqlite::Connection::open(&path).unwrap();
    let dump = std::fs::read_to_string(support::repository("src/evidence/store/tests/format-1.sql")).unwrap();
    old.execute_batch(&dump).unwrap();
    drop(old);
    let roster = "Email\nalma.reuter@contoso.example\nhakan.voss@contoso.example\nrana.engel@contoso.example\n";
    assess(&sandbox, 11, roster, &[]).expect(0);
    let text = sandbox.run(&["compare"]).expect(0).stdout();
    assert!(text.contains("What the earlier report said was not kept"), "{text}");
    assert!(text.contains("Left the roster: 1\n  jutta.kramer@contoso.example"), "{text}");

    let newer = rusqlite::Connection::open(&path).unwrap();
    newer.execute_batch("PRAGMA user_version = 5").unwrap();
    drop(newer);
    let told = sandbox.run(&["compare"]).expect(2).stderr();
    assert!(told.contains("was written by a newer ewsready (format 5; this one reads up to 4)"), "{told}");
}

#[test]
fn a_run_is_named_by_a_beginning_that_only_it_has_and_never_by_nothing() {
    let sandbox = Sandbox::new();
    assess(&sandbox, 9, ROSTER, &[]).expect(0);
    assess(&sandbox, 10, ROSTER, &[]).expect(0);
    let store = rusqlite::Connection::open(sandbox.path("ewsready.sqlite")).unwrap();
    store.execute("UPDATE run SET uuid = 'abc' || id || '0000-0000-5000-8000-000000000000'", []).unwrap();
    let left = || sandbox.run(&["runs"]).expect(0).stdout().lines().count() - 1;
    for command in [&["runs", "remove", ""][..], &["report", ""], &["plan", ""], &["runs", "export", ""]] {
        let told = sandbox.run(command).expect(2).stderr();
        assert!(told.contains("the run's name is empty"), "{command:?}: {told}");
    }
    let told = sandbox.run(&["runs", "remove", "abc"]).expect(2).stderr();
    assert!(told.contains("the identifiers of 2 runs begin with 'abc'"), "{told}");
    assert!(told.contains("abc10000-0000-5000-8000-000000000000 (demo, 2026-09-01"), "{told}");
    for nobody in ["1", "%", "abc_"] {
        assert!(sandbox.run(&["runs", "remove", nobody]).expect(2).stderr().contains("has no run"), "{nobody}");
    }
    assert_eq!(left(), 2, "nothing was removed");
    sandbox.run(&["runs", "remove", "ABC2"]).expect(0);
    assert_eq!(sandbox.run(&["runs", "prune", "--keep", "1"]).expect(0).stderr(), "0 runs removed\n");
    sandbox.run(&["runs", "remove", "abc10000-0000-5000-8000-000000000000"]).expect(0);
    assert_eq!(left(), 0);
}

#[test]
fn runs_are_exported_pruned_and_rolled_up_and_one_bad_store_stops_nobody() {
    let sandbox = Sandbox::new();
    let one = ROSTER.lines().take(2).fold(String::new(), |roster, line| roster + line + "\n");
    assess(&sandbox, 9, ROSTER, &[]).expect(0);
    let told = sandbox.run(&["compare"]).expect(2).stderr();
    assert!(told.contains("does not hold two complete runs"), "{told}");
    assess(&sandbox, 10, ROSTER, &[]).expect(0);
    assess(&sandbox, 11, &one, &[]).expect(0);

    let table = sandbox.run(&["runs", "export"]).expect(0).stdout();
    assert!(table.starts_with("run,tenant,started,as_of,row,address,"), "{table}");
    assert_eq!(table.lines().count(), 2);
    sandbox.run(&["runs", "export", "--all", "--format", "csv", "--out", "all.csv"]).expect(0);
    let rows = sandbox.csv("all.csv");
    assert_eq!(rows.len(), 7);
    assert_eq!(
        (&*rows[1]["as_of"], &*rows[1]["reason"], &*rows[1]["owner"]),
        ("2026-09-01", "graph/access-policy", "South")
    );

    sandbox.write("broken.sqlite", "no store at all, but long enough to be read as one");
    let code = sandbox.run(&["rollup", "ewsready.sqlite", "broken.sqlite", "none.sqlite", "--out", "all"]).code();
    assert_eq!(code, 4, "a failing tenant is visible");
    let lines = sandbox.csv("all/rollup.csv");
    assert_eq!(lines.iter().map(|line| &*line["state"]).collect::<Vec<_>>(), ["failed", "failed", "assessed"]);
    let demo = &lines[2];
    let columns = ["tenant", "day", "runs", "entries", "move_to_graph_eac", "left_change", "regressed", "days_left"];
    assert_eq!(columns.map(|column| &*demo[column]), ["demo", "2026-11-01", "3", "1", "1", "-2", "0", "132"]);
    assert!(
        lines[0]["message"].contains("is not a store") && lines[1]["message"].contains("no such file"),
        "{lines:?}"
    );
    assert!(lines.iter().take(2).all(|line| !line["hint"].is_empty() && line["entries"].is_empty()), "{lines:?}");
    let json: serde_json::Value = serde_json::from_slice(&sandbox.read("all/rollup.json")).unwrap();
    assert_eq!((&json["tenants"][2]["tenant"], &json["totals"]["failed"]), (&"demo".into(), &2.into()));
    assert_eq!(json["tenants"][2]["course"].as_array().unwrap().len(), 3);
    let book: calamine::Xlsx<_> = calamine::open_workbook(sandbox.path("all/rollup.xlsx")).unwrap();
    assert_eq!(book.sheet_names(), ["Summary", "All tenants", "Course", "Causes"]);
    assert!(String::from_utf8(sandbox.read("all/rollup.md")).unwrap().contains("| demo | assessed |"));
    let page = String::from_utf8(sandbox.read("all/rollup.html")).unwrap();
    assert!(page.contains("Could not be assessed: 2 of 3 tenants") && page.contains("broken.sqlite"), "{page}");
    let shown = sandbox.run(&["rollup", "ewsready.sqlite"]).expect(0).stdout();
    assert!(shown.starts_with("demo: assessed, 2026-11-01"), "{shown}");
    let store = rusqlite::Connection::open(sandbox.path("ewsready.sqlite")).unwrap();
    store.execute("UPDATE run SET finished = NULL WHERE id = 3", []).unwrap();
    let shown = sandbox.run(&["rollup", "ewsready.sqlite"]).expect(4).stdout();
    assert!(shown.starts_with("demo: stopped on the way, 2026-10-01"), "the last complete run counts: {shown}");
    assert!(shown.contains("the run of 2026-11-01 06:00 UTC was stopped on the way"), "{shown}");
    store.execute("UPDATE run SET finished = started WHERE id = 3", []).unwrap();

    sandbox.run(&["runs", "prune", "--keep", "1"]).expect(0);
    assert_eq!(sandbox.run(&["runs"]).expect(0).stdout().lines().count(), 2);
    let store = rusqlite::Connection::open(sandbox.path("ewsready.sqlite")).unwrap();
    for table in ["entry", "judged", "judging", "observation"] {
        let sql = format!("SELECT count(*) FROM {table} WHERE run NOT IN (SELECT id FROM run)");
        assert_eq!(store.query_row(&sql, [], |row| row.get::<_, i64>(0)).unwrap(), 0, "{table}");
    }
}
