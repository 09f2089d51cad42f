use super::*;
use crate::evidence::mailbox::{DirectoryMatch, GraphAnswer};
use crate::evidence::question::Question;
use crate::evidence::{Cause, MailboxEvidence, Observation, Source};
use jiff::Timestamp;

fn now() -> Timestamp {
    "2026-11-20T08:00:00Z".parse().unwrap()
}

fn entry(row: u64, subject: Option<u64>, address: Option<&str>) -> EntryRecord {
    let written = address.unwrap_or("tbd").to_owned();
    let problem = address.is_none().then(|| "not an address".to_owned());
    EntryRecord { row, subject, written, address: address.map(str::to_owned), problem, ..EntryRecord::default() }
}

fn start(resume: bool) -> Start {
    Start { now: now(), resume_since: resume.then_some(Timestamp::UNIX_EPOCH), also: None }
}

fn begin(store: &mut Store, fingerprint: &str, resume: bool) -> (RunRecord, bool) {
    store
        .begin::<StoreError>("contoso", &Settings::default(), start(resume), |sink| {
            sink.push(&entry(1, Some(1), Some("ada@contoso.example")))?;
            sink.push(&entry(2, None, None))?;
            sink.push(&entry(3, Some(1), Some("ada@contoso.example")))?;
            sink.push(&entry(4, Some(4), Some("bob@contoso.example")))?;
            Ok((RosterRecord::default(), fingerprint.to_owned()))
        })
        .unwrap()
}

fn all(store: &Store, run: RunId) -> Vec<(EntryRecord, MailboxEvidence)> {
    let mut rows = Vec::new();
    store
        .each_entry::<StoreError>(run, 3, |chunk| {
            for raw in chunk {
                rows.push(raw.parse()?);
            }
            Ok(())
        })
        .unwrap();
    rows
}

#[tokio::test]
async fn an_answer_larger_than_any_honest_one_stays_unknown_and_open() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join("s.sqlite")).unwrap();
    let (run, _) = begin(&mut store, "f", false);
    let writer = Writer::start(&store, run.id).unwrap();
    let message = "x".repeat(LARGEST_ANSWER);
    let answer = Observation::known(GraphAnswer::NoMailbox { message }, Source::Graph, now());
    writer.observe(1, Question::Graph, &answer).await.unwrap();
    writer.settle().await.unwrap();
    let unknown = all(&store, run.id)[0].1.graph.why_unknown().unwrap().clone();
    assert!(unknown.cause == Cause::Unreadable && unknown.detail.contains("256 KiB"), "{unknown:?}");
    assert_eq!(store.open_questions(run.id).unwrap(), 1);
}

#[tokio::test]
async fn every_line_comes_back_in_order_with_its_evidence_and_repeats_share_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join("s.sqlite")).unwrap();
    let (run, _) = begin(&mut store, "f", false);
    let writer = Writer::start(&store, run.id).unwrap();
    let answers = Observation::known(GraphAnswer::Answers { purpose: None }, Source::Graph, now());
    writer.observe(1, Question::Graph, &answers).await.unwrap();
    let unknown: Observation<DirectoryMatch> = Observation::unknown(Cause::Outage, "away", now());
    writer.observe(4, Question::Directory, &unknown).await.unwrap();
    writer.settle().await.unwrap();

    let rows = all(&store, run.id);
    assert_eq!(rows.iter().map(|(entry, _)| entry.row).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(rows[0].1.graph, answers);
    assert_eq!(rows[2].1.graph, answers);
    assert_eq!(rows[1].0.problem.as_deref(), Some("not an address"));
    assert_eq!(rows[3].1.directory, unknown);
    assert!(store.tenant_evidence(run.id).unwrap().graph_opened_any);
}

#[tokio::test]
async fn a_run_goes_on_only_over_the_same_roster_and_only_with_open_questions() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join("s.sqlite")).unwrap();
    let (first, resumed) = begin(&mut store, "f", true);
    assert!(!resumed);
    let (again, resumed) = begin(&mut store, "f", true);
    assert!(resumed && again.id == first.id, "an unfinished run goes on");
    let (other, resumed) = begin(&mut store, "g", true);
    assert!(!resumed && other.id != first.id, "another roster is another run");
    store.finish(other.id, now()).unwrap();
    let (third, resumed) = begin(&mut store, "g", true);
    assert!(!resumed && third.id != other.id, "a complete run is never changed");

    let writer = Writer::start(&store, third.id).unwrap();
    let unknown: Observation<GraphAnswer> = Observation::unknown(Cause::Throttled, "429", now());
    writer.observe(1, Question::Graph, &unknown).await.unwrap();
    writer.settle().await.unwrap();
    store.finish(third.id, now()).unwrap();
    let (fourth, resumed) = begin(&mut store, "g", true);
    assert!(resumed && fourth.id == third.id, "what stayed unknown is asked again");
    store.reopen(third.id).unwrap();
    assert_eq!(store.open_questions(third.id).unwrap(), 0);
    let (fifth, resumed) = begin(&mut store, "g", false);
    assert!(!resumed && fifth.id != third.id, "fresh starts over");
}

#[test]
fn a_roster_that_fails_half_way_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join("s.sqlite")).unwrap();
    let failed = store.begin::<StoreError>("contoso", &Settings::default(), start(true), |sink| {
        sink.push(&entry(1, Some(1), Some("ada@contoso.example")))?;
        Err(StoreError::Ended("the roster broke off".to_owned()))
    });
    assert!(failed.is_err());
    assert!(store.runs().unwrap().is_empty());
}

#[test]
fn a_store_that_may_not_be_written_is_read_and_left_as_it_lies() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("100% of us?.sqlite");
    let mut store = Store::open(&path).unwrap();
    let (run, _) = begin(&mut store, "f", false);
    let live = Store::open_unwritable(&path).unwrap();
    assert_eq!(all(&live, run.id).len(), 4, "also what another program has only in its log");
    drop((store, live));
    let files = || std::fs::read_dir(folder.path()).unwrap().count();
    let (before, bytes) = (files(), std::fs::read(&path).unwrap());
    let store = Store::open_unwritable(&path).unwrap();
    assert_eq!(all(&store, run.id).len(), 4);
    assert!(store.finish(run.id, now()).is_err());
    drop(store);
    assert_eq!((files(), std::fs::read(&path).unwrap() == bytes), (before, true));
}

#[test]
fn what_a_run_keeps_of_its_profile_is_read_as_it_was_written_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join("s.sqlite")).unwrap();
    let (run, _) = begin(&mut store, "f", false);
    let keep = |column: &str, text: &str| {
        store.connection.execute(&format!("UPDATE run SET {column} = ?1"), [text]).unwrap();
        store.newest_run().map(Option::unwrap)
    };
    let kept = keep("settings", r#"{"as_of":"2026-11-20","kiosk":"graph"}"#).unwrap().settings;
    assert_eq!((kept.as_of.to_string().as_str(), kept.kiosk), ("2026-11-20", Kiosk::Graph));
    for wrong in [r#"{"as_of":"soon"}"#, r#"{"as_of":"2026-11-20","kiosk":"maybe"}"#] {
        assert!(matches!(keep("settings", wrong), Err(StoreError::Content(_))), "{wrong}");
    }
    keep("settings", r#"{"as_of":"2026-11-20"}"#).unwrap();
    let error = keep("started", "yesterday").unwrap_err();
    assert!(error.to_string().contains("'yesterday' is no moment"), "{error}");
    assert_eq!(run.settings.kiosk, Kiosk::Upgrade);
}

#[test]
fn only_what_is_no_database_is_no_store_of_ours() {
    let said = |code| refused(Path::new("s"), &rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None));
    assert!(matches!(said(rusqlite::ffi::SQLITE_NOTADB), StoreError::Foreign(_)));
    for code in [rusqlite::ffi::SQLITE_BUSY, rusqlite::ffi::SQLITE_IOERR, rusqlite::ffi::SQLITE_READONLY] {
        assert!(matches!(said(code), StoreError::Open(..)), "{code}");
    }
}

#[test]
fn one_run_at_a_time_and_only_stores_we_know() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.sqlite");
    let store = Store::open(&path).unwrap();
    assert!(matches!(Store::open(&path), Err(StoreError::Busy(_))));
    drop(store);
    let store = Store::open(&path).unwrap();
    store.connection.execute_batch("PRAGMA user_version = 99").unwrap();
    drop(store);
    assert!(matches!(Store::open(&path), Err(StoreError::Newer(_, 99))));
    let foreign = folder.path().join("roster.csv");
    std::fs::write(&foreign, "Email\nada@contoso.example\n".repeat(100)).unwrap();
    assert!(matches!(Store::open(&foreign), Err(StoreError::Foreign(_))));
    assert!(matches!(Store::open_existing(&folder.path().join("none")), Err(StoreError::Open(..))));
}

#[cfg(unix)]
#[test]
fn the_file_its_log_and_its_lock_are_their_owner_s_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join("s.sqlite")).unwrap();
    begin(&mut store, "f", false);
    let mut seen: Vec<(String, u32)> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|file| file.unwrap())
        .map(|file| (file.file_name().into_string().unwrap(), file.metadata().unwrap().permissions().mode() & 0o777))
        .collect();
    seen.sort();
    let expected = ["s.sqlite", "s.sqlite-shm", "s.sqlite-wal", "s.sqlite.lock"].map(|name| (name.to_owned(), 0o600));
    assert_eq!(seen, expected);
}

#[test]
fn a_store_of_format_1_is_brought_up_to_this_one_and_keeps_its_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.sqlite");
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(include_str!("tests/format-1.sql")).unwrap();
    let evidence = |store: &Connection| {
        let sql = "SELECT subject || ' ' || question || ' ' || open || ' ' || body FROM observation ORDER BY 1";
        let mut rows = store.prepare(sql).unwrap();
        let rows = rows.query_map([], |row| row.get::<_, String>(0)).unwrap();
        rows.collect::<Result<Vec<_>, _>>().unwrap()
    };
    let before = evidence(&old);
    assert!(before.len() > 10);
    drop(old);
    let busy = take_lock(&path).unwrap();
    assert!(matches!(Store::open_existing(&path), Err(StoreError::Busy(_))), "nobody changes a file in use");
    drop(busy);
    let store = Store::open_existing(&path).unwrap();
    assert_eq!(store.check_format().unwrap(), FORMAT);
    let run = store.newest_run().unwrap().unwrap();
    assert_eq!(all(&store, run.id).len(), 4);
    assert_eq!(evidence(&store.connection), before);
    assert_eq!(store.judging(run.id).unwrap(), None, "format 1 did not keep verdicts");
    let judging = Judging { at: now(), tool: "1".to_owned(), rules: "r".to_owned() };
    let kept = Kept { row: 1, verdict: "blocked", reason: "identity/deleted", object_id: String::new() };
    store.keep_judged(run.id, &judging, [kept]).unwrap();
    assert_eq!(store.judging(run.id).unwrap(), Some(judging));
}

#[test]
fn kept_verdicts_come_back_with_their_entries_and_go_with_their_run() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join("s.sqlite")).unwrap();
    let (run, _) = begin(&mut store, "f", false);
    let judging = Judging { at: now(), tool: "1".to_owned(), rules: "r".to_owned() };
    let rows = (1..=4).map(|row| Kept { row, verdict: "blocked", reason: "identity/guest", object_id: "o".to_owned() });
    store.keep_judged(run.id, &judging, rows.clone()).unwrap();
    store.keep_judged(run.id, &judging, rows).unwrap();
    let mut kept = Vec::new();
    store.each_kept(run.id, |entry| kept.push((entry.row, entry.repeat, entry.address))).unwrap();
    let expected = [
        (1, false, "ada@contoso.example"),
        (2, false, "tbd"),
        (3, true, "ada@contoso.example"),
        (4, false, "bob@contoso.example"),
    ];
    assert_eq!(kept, expected.map(|(row, repeat, address)| (row, repeat, address.to_owned())));
    store.forget(&[run.id]).unwrap();
    let rows: i64 = store.connection.query_row("SELECT count(*) FROM judged", [], |row| row.get(0)).unwrap();
    assert_eq!((rows, store.judging(run.id).unwrap()), (0, None));
}

#[test]
fn annotations_are_replaced_cause_by_cause() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("s.sqlite")).unwrap();
    let note = |reason: &str, owner: &str| Annotation {
        reason: reason.to_owned(),
        owner: owner.to_owned(),
        ..Annotation::default()
    };
    store.keep_annotations("contoso", &[note("a/b", "Ada"), note("c/d", "Bob")]).unwrap();
    store.keep_annotations("contoso", &[note("a/b", "Eve"), note("c/d", "")]).unwrap();
    store.keep_annotations("fabrikam", &[note("a/b", "Kim")]).unwrap();
    assert_eq!(store.annotations("contoso").unwrap(), [note("a/b", "Eve")]);
}

#[test]
fn nothing_of_a_removed_run_stays_in_the_bytes_and_the_other_runs_stay_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.sqlite");
    let mut store = Store::open(&path).unwrap();
    let bytes = |word: &str| {
        let files = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path());
        let all: Vec<u8> = files.flat_map(|file| std::fs::read(file).unwrap()).collect();
        memchr::memmem::find(&all, word.as_bytes()).is_some()
    };
    let people = |store: &mut Store, tenant: &str, domain: &str| {
        let begun = store.begin::<StoreError>(tenant, &Settings::default(), start(false), |sink| {
            for row in 1..=600 {
                let address = format!("person{row}@{domain}.example");
                sink.push(&entry(row, Some(row), Some(&address)))?;
            }
            Ok((RosterRecord::default(), domain.to_owned()))
        });
        begun.unwrap().0.id
    };
    let (gone, stays) = (people(&mut store, "contoso", "adatum"), people(&mut store, "fabrikam", "fabrikam"));
    let note = Annotation { reason: "a/b".to_owned(), owner: "Lovelace".to_owned(), ..Annotation::default() };
    store.keep_annotations("contoso", std::slice::from_ref(&note)).unwrap();
    let key = store.pseudonym_key("contoso").unwrap();
    // What an older version deleted is still there, page by page.
    store.connection.execute("DELETE FROM entry WHERE run = ?1 AND row > 100", [gone.0]).unwrap();
    store.checkpoint();
    assert!(bytes("person599@adatum.example") && bytes("Lovelace"), "else this test proves nothing");

    let reader = store.reader().unwrap();
    reader.connection.execute_batch("BEGIN; SELECT count(*) FROM entry;").unwrap();
    store.connection.busy_timeout(Duration::ZERO).unwrap();
    assert!(matches!(store.forget(&[gone]), Err(StoreError::NotShredded(..))), "a reader holds the old pages");
    drop(reader);
    store.forget(&[]).unwrap();
    for word in ["adatum", "Lovelace", "person599@adatum.example"] {
        assert!(!bytes(word), "{word} is still in the store");
    }
    assert!(bytes("person599@fabrikam.example"));
    assert_eq!(store.entry_count(stays).unwrap(), 600);
    assert_ne!(store.pseudonym_key("contoso").unwrap(), key, "old pseudonyms lead nowhere any more");
    assert_eq!(store.pseudonym_key("fabrikam").unwrap(), store.pseudonym_key("fabrikam").unwrap());
}
