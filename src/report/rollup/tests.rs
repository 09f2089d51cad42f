use std::io::Cursor;

use calamine::{Reader as _, Xlsx};
use jiff::civil::date;

use super::*;

fn point(day: Date, left: u64) -> CoursePoint {
    CoursePoint { day, rows: 100, verdicts: [left, 0, 100 - left, 0], left, complete: true }
}

fn figures(left: u64, late: bool) -> Figures {
    let course = vec![point(date(2026, 9, 1), left + 8), point(date(2026, 10, 1), left)];
    Figures {
        name: "Contoso & Söhne".to_owned(),
        simulated: false,
        run: "3f6e0c0e".to_owned(),
        day: date(2026, 10, 1),
        days_left: Some(182),
        rows: 100,
        verdicts: [left, 0, 100 - left, 0],
        moved: Some(Moved { left: -8, ready: 9, regressed: 1 }),
        pace: Some(Outlook {
            per_week: 1.86,
            needed_per_week: Some(0.4),
            done: (!late).then(|| date(2027, 1, 9)),
            late,
        }),
        course,
        behind: Some(2),
        causes: vec![Cause { verdict: Verdict::Blocked, reason: "identity/guest".to_owned(), users: left }],
    }
}

fn line(tenant: &str, state: State, figures: Option<Figures>) -> TenantLine {
    let told = |text: &str| if state.failed() { text.to_owned() } else { String::new() };
    TenantLine {
        tenant: tenant.to_owned(),
        state,
        exit_code: if state.failed() { 3 } else { 0 },
        message: told("the client secret is <wrong>"),
        hint: told("make a new one"),
        report: if state.failed() { String::new() } else { tenant.to_owned() },
        has_page: !state.failed(),
        store: String::new(),
        figures,
    }
}

fn example() -> Rollup {
    let lines = vec![
        line("calm", State::Assessed, Some(figures(3, false))),
        line("=busy", State::Assessed, Some(figures(40, false))),
        line("late", State::Assessed, Some(figures(10, true))),
        line("lost", State::SignIn, None),
        line("dark", State::SignIn, Some(figures(20, false))),
    ];
    Rollup::new(date(2026, 10, 2), Exit::SignIn, lines)
}

fn rendered(format: RollupFormat, language: &str) -> Vec<u8> {
    format.render(&example(), &Texts::embedded(language).unwrap(), &Templates::default()).unwrap()
}

#[test]
fn whoever_needs_somebody_is_first_then_who_is_late_then_who_has_most_left() {
    let order: Vec<String> = example().tenants.into_iter().map(|line| line.tenant).collect();
    assert_eq!(order, ["dark", "lost", "late", "=busy", "calm"]);
}

#[test]
fn the_sums_leave_out_what_nobody_knows_and_count_it() {
    let totals = example().totals();
    assert_eq!((totals.tenants, totals.failed, totals.without, totals.late), (5, 2, 1, 1));
    assert_eq!((totals.rows, totals.verdicts), (400, [73, 0, 327, 0]));
    let cause = Cause { verdict: Verdict::Blocked, reason: "identity/guest".to_owned(), users: 73 };
    assert_eq!(totals.causes, [(cause, 4)]);
}

#[test]
fn what_is_not_known_is_empty_and_never_a_nought() {
    let file = String::from_utf8(rendered(RollupFormat::Csv, "en")).unwrap();
    let lines: Vec<&str> = file.lines().collect();
    assert_eq!(lines[0], COLUMNS.join(","));
    assert!(
        lines[2].starts_with("lost,sign_in,3,,,,,,,,the client secret is <wrong>,make a new one,,,"),
        "{}",
        lines[2]
    );
    assert!(lines[4].starts_with("'=busy,assessed,0,100,40,0,60,0,3f6e0c0e,'=busy,,,"), "{}", lines[4]);
    let json: serde_json::Value = serde_json::from_slice(&rendered(RollupFormat::Json, "en")).unwrap();
    assert_eq!(json["tenants"][1]["blocked"], serde_json::Value::Null);
    assert_eq!(
        (&json["tenants"][2]["done"], &json["tenants"][2]["left_change"]),
        (&serde_json::Value::Null, &(-8).into())
    );
    assert_eq!(json["tenants"][0]["course"][0]["left"], 28);
    assert_eq!(json["causes"][0]["tenants"], 4);
    assert_eq!(json["totals"]["verdicts"]["blocked"], 73);
}

#[test]
fn the_page_tells_failures_first_escapes_what_it_is_told_and_runs_nothing() {
    for language in Texts::languages() {
        let page = String::from_utf8(rendered(RollupFormat::Html, language)).unwrap();
        let place = |text: &str| page.find(text).unwrap_or_else(|| panic!("{language}: {text} is not there"));
        assert!(place("id=\"failed\"") < place("id=\"sums\"") && place("id=\"sums\"") < place("id=\"tenants\""));
        assert!(page.contains("the client secret is &lt;wrong&gt;") && !page.contains("<wrong>"));
        assert!(page.contains("Contoso &amp; Söhne") && page.contains("href=\"late&#x2f;readiness.html\""));
        assert!(page.contains("default-src &#x27;none&#x27;") && !page.contains("<script") && !page.contains("style="));
        assert!(!["src=\"http", "href=\"http", "url(http", "@import"].iter().any(|load| page.contains(load)));
        assert_eq!(page.matches("<polyline").count(), 4, "a course for each that has two runs");
    }
}

#[test]
fn the_summary_for_a_ticket_has_every_tenant_and_no_markup_of_theirs() {
    let text = String::from_utf8(rendered(RollupFormat::Md, "en")).unwrap();
    assert!(text.contains("**Could not be assessed: 2 of 5 tenants**"), "{text}");
    assert!(text.contains(
        "- **lost** (sign-in or permission refused): the client secret is &lt;wrong&gt;. What to do: make a new one."
    ));
    assert!(text.contains("| late | assessed | 100 | 10 | 0 | 90 | 0 | 10 | −8 | 182 | never (too late) |"), "{text}");
    assert!(text.contains("| lost | sign-in or permission refused | | | | | | | | | |"), "{text}");
}

#[test]
fn the_workbook_has_a_row_a_tenant_and_a_row_a_run_and_two_renderings_are_the_same() {
    let file = rendered(RollupFormat::Xlsx, "en");
    assert!(file == rendered(RollupFormat::Xlsx, "en"));
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(file)).unwrap();
    assert_eq!(book.sheet_names(), ["Summary", "All tenants", "Course", "Causes"]);
    let rows = |book: &mut Xlsx<_>, sheet: &str| -> Vec<Vec<String>> {
        let range = book.worksheet_range(sheet).unwrap();
        range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect()
    };
    let tenants = rows(&mut book, "All tenants");
    assert_eq!(
        tenants.iter().skip(1).map(|row| &*row[0]).collect::<Vec<_>>(),
        ["dark", "lost", "late", "=busy", "calm"]
    );
    let place = |title: &str| tenants[0].iter().position(|cell| cell == title).unwrap();
    assert_eq!((&*tenants[2][place("Blocked")], &*tenants[3][place("Change")]), ("", "-8"));
    let course = rows(&mut book, "Course");
    assert_eq!(course.len(), 9, "{course:?}");
    assert_eq!(course[1][3], "28");
    assert_eq!(rows(&mut book, "Causes")[1][1], "identity/guest");
    let summary = rows(&mut book, "Summary");
    let said = |text: &str| summary.iter().flatten().any(|cell| cell == text);
    assert!(said("Could not be assessed: 2 of 5 tenants") && said("make a new one"), "{summary:?}");
}
