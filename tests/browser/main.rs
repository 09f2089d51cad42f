//! `readiness.html` in headless Chromium. Needs chromedriver and Chromium; says so and passes where there is none.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail by panicking")]

mod driver;
#[path = "../report/fixture.rs"]
mod fixture;

use driver::Browser;
use ewsready::report::{FormatKind, View, write_all};
use serde_json::{Value, json};
use tempfile::TempDir;

const DOWN: &str = "\u{e015}";
const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";
/// What 100,000 users may take to open, in milliseconds; about 1,500 were measured on two cores.
const OPENS_WITHIN: f64 = 10_000.0;

struct Page {
    browser: Browser,
    opened_in: f64,
    _files: [TempDir; 2],
}

/// The page of these rows, opened; `None` where there is no browser.
fn open(view: (View, TempDir), width: u32) -> Option<Page> {
    let browser = Browser::start(width, 900)?;
    let (view, rows) = view;
    let folder = tempfile::tempdir().unwrap();
    let files = write_all(&view, folder.path(), &[FormatKind::Html]).unwrap();
    let opened_in = browser.open(&files[0]);
    Some(Page { browser, opened_in, _files: [rows, folder] })
}

/// Addresses in sight, in the order of the table.
fn shown(browser: &Browser) -> Vec<String> {
    let list = browser.run(
        "return [...document.querySelectorAll('#rows [data-column=address]')].map((cell) => cell.firstChild.textContent)",
    );
    serde_json::from_value(list).unwrap()
}

fn count(browser: &Browser) -> u64 {
    let rows = browser.run("return Number(document.getElementById('grid').getAttribute('aria-rowcount')) - 1");
    rows.as_u64().unwrap()
}

fn search(browser: &Browser, text: &str) {
    let text = Value::from(text);
    browser.run(&format!(
        "const input = document.getElementById('search'); input.value = {text}; input.dispatchEvent(new Event('input'))"
    ));
}

#[test]
fn the_page_asks_nobody_and_complains_of_nothing() {
    let Some(page) = open(fixture::view(), 1300) else { return };
    page.browser.run("document.querySelector('#rows [role=row]').click()");
    page.browser.run("document.getElementById('theme').click()");
    assert_eq!(page.browser.requests(), Vec::<String>::new());
    assert_eq!(page.browser.complaints(), Vec::<String>::new());
}

#[test]
fn users_are_searched_filtered_and_sorted() {
    let Some(page) = open(fixture::view(), 1300) else { return };
    let browser = &page.browser;
    assert_eq!(count(browser), 60);
    search(browser, "USER00007 brandt");
    browser.wait_for("document.querySelectorAll('#rows [role=row]').length === 1");
    assert_eq!(shown(browser), ["user00007@contoso.example"]);
    search(browser, "nobody of this name");
    browser.wait_for("document.querySelectorAll('#rows [role=row]').length === 0");
    browser.run("document.getElementById('clear').click()");
    browser.wait_for("document.querySelectorAll('#rows [role=row]').length > 1");

    browser.run("document.querySelector('.tile.not_assessed').click()");
    assert_eq!(count(browser), 6, "the tile filters by its verdict");
    let select = |id: &str, place: u32| {
        browser.run(&format!(
            "const list = document.getElementById('{id}'); list.selectedIndex = {place}; list.dispatchEvent(new Event('change'))"
        ));
        count(browser)
    };
    let in_wave = select("by-wave", 2);
    assert!(in_wave < 6, "filters add up: {in_wave}");
    browser.run("document.getElementById('clear').click()");
    browser.wait_for("document.querySelectorAll('#rows [role=row]').length > 6");
    assert_eq!(select("by-domain", 2), 6, "fabrikam.example");

    browser.run("document.getElementById('clear').click()");
    browser.wait_for("document.querySelectorAll('#rows [role=row]').length > 6");
    let sort = "document.querySelector('#head [data-column=address] button').click()";
    browser.run(sort);
    assert_eq!(shown(browser)[0], "=1+1@contoso.example");
    browser.run(sort);
    assert_eq!(shown(browser)[0], "user00060@contoso.example");
    let sorted = browser.run("return document.querySelector('#head [data-column=address]').getAttribute('aria-sort')");
    assert_eq!(sorted, "descending");
}

#[test]
fn a_user_is_opened_by_mouse_and_by_keyboard() {
    let Some(page) = open(fixture::view(), 1300) else { return };
    let browser = &page.browser;
    browser.run("document.querySelectorAll('#rows [role=row]')[2].click()");
    let text = browser.run("return document.getElementById('panel').innerText").to_string();
    for part in [
        "user00003@contoso.example",
        "user-agent filter",
        "Exchange admin REST",
        "2026-11-20T08:15:03Z",
        "cost centre 3",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    browser.run("document.getElementById('next').click()");
    assert_eq!(browser.run("return document.getElementById('panel-title').textContent"), "user00004@contoso.example");
    browser.keys(&[ESCAPE]);
    browser.wait_for("!document.getElementById('panel').open");
    // Focus is back on the user that was open; from there on by keys alone.
    browser.keys(&[DOWN, DOWN, ENTER]);
    browser.wait_for("document.getElementById('panel').open");
    assert_eq!(browser.run("return document.getElementById('panel-title').textContent"), "user00006@contoso.example");
}

#[test]
fn hostile_text_is_text() {
    let Some(page) = open(fixture::view(), 1300) else { return };
    let browser = &page.browser;
    for (row, text) in fixture::rows().iter().skip(20).zip(fixture::HOSTILE) {
        search(browser, &row.address);
        let found = "document.querySelectorAll('#rows [role=row]').length === 1 && document.querySelector('#rows [data-column=address]')";
        browser.wait_for(&format!("{found}?.firstChild.textContent === '{}'", row.address));
        browser.run("document.querySelector('#rows [role=row]').click()");
        let name = "const names = [...document.querySelectorAll('#panel-body dt')];
            return names.find((name) => name.textContent === 'Display name').nextSibling.textContent";
        assert_eq!(browser.run(name), *text);
        browser.run("document.getElementById('panel').close()");
    }
    assert_eq!(browser.run("return document.querySelectorAll('img, iframe, script[src], b').length"), 0);
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn paper_shows_the_users_and_no_controls() {
    let Some(page) = open(fixture::view(), 1300) else { return };
    let browser = &page.browser;
    browser.run("addEventListener('beforeprint', () => { window.printed = document.querySelectorAll('#print tbody tr').length })");
    let pdf = browser.post("/print", &json!({}));
    assert!(pdf.as_str().unwrap().starts_with("JVBERi0"), "a PDF");
    assert_eq!(browser.run("return window.printed"), 60);
    browser.cdp("Emulation.setEmulatedMedia", &json!({"media": "print"}));
    let seen = "return ['filters', 'grid', 'theme'].filter((id) => document.getElementById(id).offsetParent !== null)";
    assert_eq!(browser.run(seen), json!([]));
}

#[test]
fn a_telephone_needs_no_sideways_scrolling() {
    let Some(page) = open(fixture::view(), 500) else { return };
    let browser = &page.browser;
    let size = json!({"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": true});
    browser.cdp("Emulation.setDeviceMetricsOverride", &size);
    let wide = browser.run("return document.documentElement.scrollWidth - innerWidth");
    assert!(wide.as_i64().unwrap() <= 0, "{wide} pixels too wide");
    let cells = "return [...document.querySelectorAll('#rows [role=row]')[0].children].filter((one) => one.checkVisibility()).length";
    browser.wait_for("document.querySelector('#rows [role=row]').offsetHeight === 64");
    assert_eq!(browser.run(cells), 2, "address and verdict, the rest below the address");
    browser.run("document.querySelector('#rows [role=row]').click()");
    let panel = browser.run("return document.getElementById('panel').getBoundingClientRect().width");
    assert_eq!(panel, 390);
}

#[test]
fn every_text_stands_out_from_its_ground_in_light_and_in_dark() {
    let Some(page) = open(fixture::view(), 1300) else { return };
    for scheme in ["light", "dark"] {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        page.browser.cdp("Emulation.setEmulatedMedia", &features);
        page.browser.wait_for(&format!("document.documentElement.dataset.theme === '{scheme}'"));
        page.browser
            .run("if (!document.getElementById('panel').open) document.querySelector('#rows [role=row]').click()");
        let faint = page.browser.run(include_str!("contrast.js"));
        assert_eq!(faint, json!([]), "{scheme}");
    }
}

#[test]
fn every_control_has_a_name_and_headings_go_down_by_one() {
    let Some(page) = open(fixture::view(), 1300) else { return };
    let nameless = page.browser.run(
        "return [...document.querySelectorAll('button, input, select')]
            .filter((one) => !(one.textContent.trim() || one.labels?.[0]?.textContent.trim() || one.getAttribute('aria-label')))
            .map((one) => one.outerHTML)",
    );
    assert_eq!(nameless, json!([]));
    let levels =
        page.browser.run("return [...document.querySelectorAll('h1,h2,h3')].map((one) => Number(one.tagName[1]))");
    let levels: Vec<u64> = serde_json::from_value(levels).unwrap();
    assert_eq!(levels[0], 1);
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
}

#[test]
fn a_hundred_thousand_users_open_and_scroll() {
    let Some(browser) = Browser::start(1300, 900) else { return };
    drop(browser);
    let rows = (1..=100_000).map(fixture::row);
    let Some(page) = open(fixture::view_of(fixture::head(), rows), 1300) else { return };
    let browser = &page.browser;
    println!("100,000 users opened in {:.0} ms", page.opened_in);
    assert!(page.opened_in < OPENS_WITHIN, "{} ms", page.opened_in);
    assert_eq!(count(browser), 100_000);
    let drawn = browser.run("return document.querySelectorAll('#rows [role=row]').length");
    assert!(drawn.as_u64().unwrap() < 60, "only the rows in sight are drawn: {drawn}");
    browser.run("const body = document.getElementById('body'); body.scrollTop = body.scrollHeight");
    browser.wait_for("document.querySelector('#rows [role=row]:last-child').dataset.place === '99999'");
    assert_eq!(shown(browser).last().unwrap(), "user100000@contoso.example");
    let took = browser.run(
        "const from = performance.now(); document.querySelector('#head [data-column=address] button').click();
         return performance.now() - from",
    );
    println!("sorted in {took} ms");
    search(browser, "user99999");
    browser.wait_for("document.querySelectorAll('#rows [role=row]').length === 1");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
