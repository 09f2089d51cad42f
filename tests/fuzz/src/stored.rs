//! Runs that were stored: whatever stands in the fields of the file, judging it again ends in a report or in words.

use std::sync::{Once, OnceLock};

use ewsready::assessment::{Judge, Wishes, find_run, history};
use ewsready::evidence::store::Store;
use ewsready::facts::Facts;
use rusqlite::Connection;

use super::files::{file, path};
use super::{chosen, parts};

/// The fields that an input fills, in its order: the statement that writes one.
pub const FIELDS: [&str; 24] = [
    "UPDATE run SET settings = ?1 WHERE id = 1",
    "UPDATE run SET roster = ?1 WHERE id = 1",
    "UPDATE entry SET known = ?1 WHERE run = 1",
    "UPDATE entry SET columns = ?1 WHERE run = 1",
    "UPDATE observation SET body = ?1 WHERE run = 1 AND question = 1",
    "UPDATE observation SET body = ?1 WHERE run = 1 AND question = 2",
    "UPDATE observation SET body = ?1 WHERE run = 1 AND question = 3",
    "UPDATE observation SET body = ?1 WHERE run = 1 AND question = 4",
    "UPDATE observation SET body = ?1 WHERE run = 1 AND question = 5",
    "UPDATE observation SET body = ?1 WHERE run = 1 AND question = 6",
    "UPDATE observation SET body = ?1 WHERE run = 1 AND question = 7",
    "UPDATE observation SET body = ?1 WHERE run = 1 AND question = 8",
    "UPDATE observation SET body = ?1 WHERE run = 1 AND question = 9",
    "UPDATE tenant_fact SET body = ?1 WHERE run = 1 AND name = 'identity'",
    "UPDATE tenant_fact SET body = ?1 WHERE run = 1 AND name = 'skus'",
    "UPDATE tenant_fact SET body = ?1 WHERE run = 1 AND name = 'organization'",
    "UPDATE tenant_fact SET body = ?1 WHERE run = 1 AND name = 'applications'",
    "UPDATE tenant_fact SET body = ?1 WHERE run = 1 AND name = 'notices'",
    "UPDATE tenant_fact SET body = ?1 WHERE run = 1 AND name = 'exports'",
    "UPDATE tenant_fact SET body = ?1 WHERE run = 1 AND name = 'ews_usage'",
    "UPDATE tenant_fact SET body = ?1 WHERE run = 1 AND name = 'on_premises'",
    "UPDATE tenant_fact SET body = ?1 WHERE run = 1 AND name = 'dns'",
    "UPDATE traffic SET body = ?1 WHERE run = 1",
    "UPDATE plan SET body = ?1 WHERE run = 1",
];

/// A stored run with one entry, every field of which says as little as it may.
const RUN: &str = r#"
    INSERT INTO run VALUES (1, '6b0f7c7e-3f0f-4d7e-9c55-0c2b8f6f9a51', 'contoso', 'f', '2026-11-20T08:00:00Z',
        '2026-11-20T09:00:00Z', '{"cloud":"worldwide","as_of":"2026-11-20","integrations":["salesforce"]}', '{}');
    INSERT INTO entry VALUES (1, 1, 1, 'ada@contoso.example', NULL, '{}', '[]');
    INSERT INTO subject VALUES (1, 1, 'ada@contoso.example', NULL, NULL, NULL);
    INSERT INTO traffic VALUES (1, 'graph', '{}');
    INSERT INTO plan VALUES (1, '2026-11-20T08:00:00Z', '{}');
    INSERT INTO observation SELECT 1, 1, value, 0, '{"state":"not_asked"}' FROM json_each('[1,2,3,4,5,6,7,8,9]');
    INSERT INTO tenant_fact SELECT 1, value, 0, '{"state":"not_asked"}' FROM json_each(
        '["identity","skus","organization","applications","notices","exports","ews_usage","on_premises","dns"]');
    PRAGMA journal_mode = DELETE;
"#;

/// The file before an input is written into it.
fn template() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| {
        let path = path("template.sqlite");
        drop(Store::open(&path).expect("a store"));
        Connection::open(&path).and_then(|connection| connection.execute_batch(RUN)).expect("a run");
        std::fs::read(&path).expect("the file")
    })
}

/// Judging takes this thread alone: handing one entry to another thread and waiting for it costs more than judging it.
fn alone() {
    static ALONE: Once = Once::new();
    let pool = || rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global();
    ALONE.call_once(|| pool().expect("a pool of this thread"));
}

/// A stored run: the fields of a sound file, or the file itself.
pub fn store(data: &[u8]) {
    alone();
    let (kind, rest) = chosen(data);
    for log in ["stored.sqlite-wal", "stored.sqlite-shm"] {
        let _ = std::fs::remove_file(path(log));
    }
    if kind % 8 == 7 {
        file("stored.sqlite", rest);
    } else {
        filled(&file("stored.sqlite", template()), rest);
    }
    let Ok(store) = Store::open_existing(&path("stored.sqlite")) else { return };
    let Ok(run) = find_run(&store, None) else { return };
    let wishes = Wishes::default();
    let facts = Facts::embedded();
    let Ok(judge) = Judge::of(&store, &run, facts, &wishes) else { return };
    let judged = judge.all(&store);
    let _ = judge.head(&store, "en");
    let _ = store.entries_with(run.id, "ada@contoso.example").map(|raw| {
        raw.into_iter().filter_map(|raw| raw.parse().ok()).for_each(|entry| drop(judge.explain(entry)));
    });
    if let Ok(judged) = judged {
        let _ = history::history(&store, &run, facts, &judged, judge.as_of());
    }
    if let Ok(Some(kept)) = ewsready::assessment::planning::newest(&store, &run) {
        let _ = (kept.dates(), kept.past(jiff::civil::date(2026, 12, 1)));
    }
    let _ = (store.traffic(run.id), store.routed_on_premises(run.id), store.judging(run.id));
}

fn filled(path: &std::path::Path, data: &[u8]) {
    let connection = Connection::open(path).expect("the store");
    connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY; BEGIN").expect("a transaction");
    for (statement, part) in FIELDS.iter().zip(parts(data)).filter(|(_, part)| !part.is_empty()) {
        let text = String::from_utf8_lossy(part);
        connection.execute(statement, [text]).expect("the field");
    }
    connection.execute_batch("COMMIT").expect("the transaction");
}
