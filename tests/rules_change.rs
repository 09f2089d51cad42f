//! A change of the rules is told from a change of the tenant because the program knows what it judges by.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

#[path = "../src/build.rs"]
#[allow(dead_code, reason = "the script's own beginning is not run here")]
mod build;
mod support;

use std::path::Path;

use support::{Sandbox, repository};

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn the_program_bears_the_digest_of_the_sources_that_judge() {
    assert_eq!(build::digest(&repository("src")).unwrap(), ewsready::assessment::history::JUDGING);
}

#[test]
fn any_change_of_a_source_that_judges_gives_another_digest_and_any_other_change_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let sources = folder.path().join("src");
    copy(&repository("src"), &sources);
    let digest = || build::digest(&sources).unwrap();
    let before = digest();
    std::fs::write(sources.join("report/csv.rs"), "// another report").unwrap();
    std::fs::write(sources.join("rules/notes.md"), "no source").unwrap();
    let rule = sources.join("rules/location.rs");
    let text = std::fs::read_to_string(&rule).unwrap();
    std::fs::write(&rule, text.replace('\n', "\r\n")).unwrap();
    assert_eq!(digest(), before, "nothing that judges changed");
    let mut seen = vec![before];
    let mut differs = |what: &str| {
        let now = digest();
        assert!(!seen.contains(&now), "{what}");
        seen.push(now);
    };
    std::fs::write(&rule, text + "// one letter more").unwrap();
    differs("a rule");
    std::fs::rename(&rule, sources.join("rules/place.rs")).unwrap();
    differs("a name");
    std::fs::remove_file(sources.join("rules/place.rs")).unwrap();
    differs("a rule less");
    for (name, what) in [("verdict.rs", "the verdict"), ("facts/licences.rs", "the facts' reading")] {
        std::fs::write(sources.join(name), "// rewritten").unwrap();
        differs(what);
    }
}

/// What an earlier program said is kept with its digest: where that is another, the old evidence is judged again.
#[test]
fn what_an_earlier_state_of_the_rules_said_shows_as_a_change_of_the_rules() {
    let sandbox = Sandbox::new();
    sandbox.write("roster.csv", "Email\nalma.reuter@contoso.example\njutta.kramer@contoso.example\n");
    let assess = |day: &str| {
        let mut command = sandbox.command(&["assess", "roster.csv", "--tenant", "demo", "--out", "out", "--quiet"]);
        support::Finished(command.env("EWSREADY_NOW", day).output().unwrap()).expect(0);
    };
    assess("2026-10-01T06:00:00Z");
    assess("2026-11-01T06:00:00Z");
    let moved = || sandbox.run(&["compare", "--format", "csv"]).expect(0).stdout().lines().count() - 1;
    assert_eq!(moved(), 0, "nothing moved");
    let store = rusqlite::Connection::open(sandbox.path("ewsready.sqlite")).unwrap();
    let forge = |sql: &str| assert_eq!(store.execute(sql, []).unwrap(), 1, "{sql}");
    // October's report, as if a rule had spoken otherwise then.
    forge("UPDATE judged SET verdict = 'blocked', reason = 'identity/guest' WHERE run = 1 AND row = 1");
    forge("UPDATE judging SET rules = 'of another program' WHERE run = 1");
    let text = sandbox.run(&["compare"]).expect(0).stdout();
    assert_eq!(moved(), 1, "{text}");
    assert!(text.contains("alma.reuter@contoso.example: Blocked [identity/guest] -> Move to Graph/EAC"), "{text}");
    assert!(!text.contains("Newly ready"), "{text}");
}
