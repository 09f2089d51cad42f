//! `readiness.html`: one file that asks no server for anything.
//!
//! The users lie in it as compressed data (JSON, gzip, base64), so that 100,000 of them can be mailed; base64 cannot end
//! the element it stands in, whatever the roster holds. Texts that repeat stand in a dictionary once. The page draws
//! only the rows in sight, and its content-security policy permits exactly its own script and style, by hash.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use base64::write::EncoderWriter;
use flate2::{Compression, GzBuilder};
use jiff::Timestamp;
use minijinja::{Value, context};
use serde::Serialize;
use serde_json::json;

use super::head::Branding;
use super::page::{self, Page};
use super::row::{EvidenceLine, Row};
use super::{ReportError, View};
use crate::verdict::{EwsToday, GraphState, LicenceState, RoutingState, Urgency, Verdict};

/// Stands in the template where the users go. No value can hold it: `<` is escaped in all of them.
const USERS: &str = "<ewsready-users/>";
/// Texts a dictionary holds at most, and hashes of texts seen once.
const DICTIONARY: usize = 100_000;
const SEEN: usize = 1_000_000;

/// Writes the file.
///
/// # Errors
///
/// [`ReportError`] when `out` fails, a template is wrong, or the rows cannot be read.
pub fn write(view: &View, out: &mut dyn Write) -> Result<(), ReportError> {
    let mut page = Vec::new();
    view.templates.render("report.html", context(view)?, &mut page)?;
    let marker = USERS.as_bytes();
    let at = page.windows(marker.len()).position(|window| window == marker).ok_or_else(|| ReportError::Template {
        name: "report.html".to_owned(),
        detail: "it has no place for {{ users_data }}".to_owned(),
    })?;
    let failed = ReportError::format("html");
    out.write_all(&page[..at]).map_err(|error| failed(&error))?;
    write_users(view, out)?;
    out.write_all(&page[at + marker.len()..]).map_err(|error| failed(&error))
}

fn context(view: &View) -> Result<Value, ReportError> {
    let css = view.templates.text("report.css")? + &accent(&view.head.branding);
    let js = view.templates.text("report.js")?;
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'",
        hash(&js),
        hash(&css)
    );
    Ok(context! {
        policy => policy,
        css => Value::from_safe_string(css),
        js => Value::from_safe_string(js),
        users_data => Value::from_safe_string(USERS.to_owned()),
        labels => Value::from_serialize(labels(view)),
        logo => logo(&view.head.branding),
        ..Value::from_serialize(Page::new(view))
    })
}

/// The client's accent colour as a style; empty without one.
pub(super) fn accent(branding: &Branding) -> String {
    page::accent(branding).map_or_else(String::new, |colour| format!(":root{{--accent:#{colour:06x}}}\n"))
}

/// The hash a content-security policy knows a script or style by (CSP Level 3, "hash-source").
pub(super) fn hash(text: &str) -> String {
    STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, text.as_bytes()))
}

/// The logo as a data URL; empty without one.
pub(super) fn logo(branding: &Branding) -> String {
    branding.logo.as_ref().map_or_else(String::new, |logo| {
        let media_type = if logo.media_type == "image/jpeg" { "image/jpeg" } else { "image/png" };
        format!("data:{media_type};base64,{}", STANDARD.encode(&logo.bytes))
    })
}

/// What the script needs: labels, and the words for the numbers in the data.
fn labels(view: &View) -> serde_json::Value {
    let texts = &view.texts;
    let words = |section: &str, ids: &[&'static str]| -> Vec<String> {
        ids.iter().map(|id| texts.get(section, id).to_owned()).collect()
    };
    let verdicts = Verdict::ALL.iter().map(|verdict| verdict.id());
    json!({
        "language": texts.language(),
        "group": texts.get("number", "group"),
        "verdict": verdicts.map(|id| [id, texts.get("verdict", id), texts.get("verdict_sign", id)]).collect::<Vec<_>>(),
        "urgency": words("urgency_short", &ids(Urgency::ALL, Urgency::id)),
        "licence": words("licence", &ids(LicenceState::ALL, LicenceState::id)),
        "ews_today": words("ews_today", &ids(EwsToday::ALL, EwsToday::id)),
        "routing": words("routing", &ids(RoutingState::ALL, RoutingState::id)),
        "graph": words("graph", &ids(GraphState::ALL, GraphState::id)),
        "text": texts.section("html"),
        "column": texts.section("column"),
        "question": texts.section("question"),
        "integration": texts.section("integration"),
        "integration_state": texts.section("integration_state"),
        "roster": view.head.extra_columns,
    })
}

fn ids<T: Copy>(all: &[T], id: impl Fn(T) -> &'static str) -> Vec<&'static str> {
    all.iter().map(|&one| id(one)).collect()
}

/// Writes `{"base":…,"rows":[…],"texts":[…]}`, compressed and in base64.
fn write_users(view: &View, out: &mut dyn Write) -> Result<(), ReportError> {
    let failed = ReportError::format("html");
    let mut packer = Packer::new(view.head.started.map_or(0, Timestamp::as_second));
    let mut zip = GzBuilder::new().mtime(0).write(EncoderWriter::new(out, &STANDARD), Compression::default());
    let mut line = Vec::new();
    write!(line, "{{\"base\":{},\"rows\":[", packer.base).map_err(|error| failed(&error))?;
    for (place, row) in view.spool.rows()?.enumerate() {
        let row = row?;
        if place > 0 {
            line.push(b',');
        }
        serde_json::to_writer(&mut line, &packer.row(&row)).map_err(|error| failed(&error))?;
        zip.write_all(&line).map_err(|error| failed(&error))?;
        line.clear();
    }
    line.extend_from_slice(b"],\"texts\":");
    serde_json::to_writer(&mut line, &packer.texts()).map_err(|error| failed(&error))?;
    line.push(b'}');
    zip.write_all(&line).map_err(|error| failed(&error))?;
    let mut base64 = zip.finish().map_err(|error| failed(&error))?;
    base64.finish().map(drop).map_err(|error| failed(&error))
}

/// A member of a row's list. A number in the place of a text is its place in the dictionary.
#[derive(Serialize)]
#[serde(untagged)]
enum Item<'a> {
    Number(i64),
    Text(&'a str),
    Nothing(()),
    List(Vec<Item<'a>>),
}

/// Packs rows: lists instead of objects, numbers for ids, the second and every further use of a text as its place in a
/// dictionary. A text met once stays where it is, so that names and addresses do not fill the dictionary.
struct Packer {
    base: i64,
    places: HashMap<String, i64>,
    seen: HashSet<u64>,
}

impl Packer {
    fn new(base: i64) -> Self {
        Self { base, places: HashMap::new(), seen: HashSet::new() }
    }

    fn text<'a>(&mut self, text: &'a str) -> Item<'a> {
        if let Some(&place) = self.places.get(text) {
            return Item::Number(place);
        }
        // A hasher with fixed keys: a random one could, by a collision, change the file from run to run.
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let hash = hasher.finish();
        if self.seen.contains(&hash) && self.places.len() < DICTIONARY {
            let place = i64::try_from(self.places.len()).unwrap_or(i64::MAX);
            self.places.insert(text.to_owned(), place);
            return Item::Number(place);
        }
        if self.seen.len() < SEEN {
            self.seen.insert(hash);
        }
        Item::Text(text)
    }

    /// The dictionary, by place.
    fn texts(self) -> Vec<String> {
        let mut texts: Vec<(i64, String)> = self.places.into_iter().map(|(text, place)| (place, text)).collect();
        texts.sort_unstable();
        texts.into_iter().map(|(_, text)| text).collect()
    }

    /// A row in the order that `report.js` reads (`FIELDS` there).
    fn row<'a>(&mut self, row: &'a Row) -> Item<'a> {
        let number = |value: usize| Item::Number(i64::try_from(value).unwrap_or(i64::MAX));
        let products = row.products.iter().map(|product| self.text(product)).collect();
        let evidence = row.evidence.iter().flat_map(|line| self.evidence(line)).collect();
        let findings = row.findings.iter().flat_map(|line| [&line.rule, &line.text, &line.action]);
        let findings = findings.map(|text| self.text(text)).collect();
        let integrations = row
            .integrations
            .iter()
            .flat_map(|line| [&line.integration, &line.state, &line.rule, &line.text, &line.action])
            .map(|text| self.text(text))
            .collect();
        let extras = row.extras.iter().map(|text| self.text(text)).collect();
        Item::List(vec![
            Item::Number(i64::try_from(row.row).unwrap_or(i64::MAX)),
            Item::Text(&row.address),
            Item::Text(&row.display_name),
            Item::Text(&row.object_id),
            number(row.verdict as usize),
            self.text(&row.reason),
            self.text(&row.cause),
            self.text(&row.what_stops),
            self.text(&row.next_action),
            number(row.urgency as usize),
            self.text(&row.alternative),
            number(row.licence as usize),
            number(row.ews_today as usize),
            number(row.routing as usize),
            number(row.graph as usize),
            Item::List(products),
            self.text(&row.wave),
            self.text(&row.department),
            self.text(&row.owner),
            self.text(&row.domain),
            Item::List(evidence),
            Item::List(findings),
            Item::List(integrations),
            Item::List(extras),
        ])
    }

    /// Question, answer, source, and the moment in seconds after `base`.
    fn evidence<'a>(&mut self, line: &'a EvidenceLine) -> [Item<'a>; 4] {
        let at = line.at.map_or(Item::Nothing(()), |at| Item::Number(at.as_second() - self.base));
        [self.text(&line.question), self.text(&line.answer), self.text(&line.source), at]
    }
}
