//! `readiness.html` as a file; in a browser it is tried by `tests/browser.rs`.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ewsready::report::head::Logo;
use ewsready::report::{View, html};
use flate2::read::GzDecoder;
use serde_json::Value;

use super::fixture;

fn page(view: &View) -> String {
    let mut out = Vec::new();
    html::write(view, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    text.split_once(start).unwrap().1.split_once(end).unwrap().0
}

fn data(page: &str) -> Value {
    let packed = STANDARD.decode(between(page, "id=\"data\">", "</script>")).unwrap();
    let mut text = String::new();
    GzDecoder::new(packed.as_slice()).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn the_page_carries_every_user_unchanged() {
    let (view, _rows) = fixture::view();
    let data = data(&page(&view));
    let word = |value: &Value| match value.as_u64() {
        Some(place) => data["texts"][usize::try_from(place).unwrap()].as_str().unwrap().to_owned(),
        None => value.as_str().unwrap().to_owned(),
    };
    for (packed, row) in data["rows"].as_array().unwrap().iter().zip(fixture::rows()) {
        assert_eq!(packed[0], row.row);
        assert_eq!(packed[1], row.address);
        assert_eq!(packed[2], row.display_name);
        assert_eq!(word(&packed[6]), row.cause);
        assert_eq!(word(&packed[23][2]), row.extras[2]);
        assert_eq!(packed[20].as_array().unwrap().len(), row.evidence.len() * 4);
    }
}

#[test]
fn nothing_in_the_page_reaches_outside_or_breaks_out() {
    let (view, _rows) = fixture::view();
    let page = page(&view);
    assert!(page.contains("default-src &#x27;none&#x27;") || page.contains("default-src 'none'"));
    for reach in ["src=\"http", "href=\"http", "url(http", "@import", "fetch(", "XMLHttpRequest", "<iframe"] {
        assert!(!page.contains(reach), "{reach}");
    }
    assert_eq!(page.matches("<script").count(), 3, "the page's own three");
    assert_eq!(page.matches("</script>").count(), 3);
    assert!(!page.contains("<b>Sales"), "a department is text");
    assert!(!page.contains("<b>=1+1"), "an application's name is text");
}

#[test]
fn the_policy_knows_exactly_this_script_and_this_style() {
    let mut head = fixture::head();
    head.branding.accent = "#00695c".to_owned();
    let (view, _rows) = fixture::view_of(head, fixture::rows());
    let page = page(&view);
    let hash = |text: &str| STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, text.as_bytes()));
    let policy = between(&page, "Content-Security-Policy\" content=\"", "\">").replace("&#x2f;", "/");
    let style = between(&page, "<style>", "</style>");
    assert!(style.contains("--accent:#00695c"));
    assert!(policy.contains(&hash(style)), "{policy}");
    let script = page.rsplit_once("<script>").unwrap().1.split_once("</script>").unwrap().0;
    assert!(policy.contains(&hash(script)), "{policy}");
}

#[test]
fn an_accent_that_is_no_colour_is_left_out_and_a_logo_is_embedded() {
    let mut head = fixture::head();
    head.branding.accent = "red}body{display:none".to_owned();
    head.branding.logo = Some(Logo { media_type: "image/png\" onerror=".to_owned(), bytes: vec![1, 2, 3] });
    let (view, _rows) = fixture::view_of(head, fixture::rows());
    let page = page(&view);
    assert!(!page.contains("display:none}") || !page.contains("red}body"));
    assert!(page.contains("data:image/png;base64,AQID") || page.contains("data:image&#x2f;png;base64,AQID"));
    assert!(!page.contains("onerror="), "a media type is one of two");
}
