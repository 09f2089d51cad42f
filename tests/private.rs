//! Whatever the commands leave behind is readable by its owner alone, with the umask that most computers have.
#![cfg(unix)]
#![allow(clippy::expect_used, reason = "a test that cannot go on says so and stops")]

mod support;

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use support::{Finished, NOW, Sandbox, repository};

/// Runs the program with umask 022, which leaves ordinary files open to everybody's eyes.
fn run(sandbox: &Sandbox, arguments: &[&str]) -> Finished {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "umask 022; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_ewsready")]).args(arguments);
    command.current_dir(sandbox.path("")).env("EWSREADY_NOW", NOW).env("NO_COLOR", "1").stdin(Stdio::null());
    Finished(command.output().expect("the program starts"))
}

/// Rights of every file and folder below a folder.
fn rights(folder: &Path, below: &str, found: &mut BTreeMap<String, u32>) {
    for file in std::fs::read_dir(folder).expect("a folder") {
        let file = file.expect("a file");
        let name = format!("{below}{}", file.file_name().to_string_lossy());
        let kind = file.metadata().expect("its rights");
        found.insert(name.clone(), kind.permissions().mode() & 0o7777);
        if kind.is_dir() {
            rights(&file.path(), &format!("{name}/"), found);
        }
    }
}

#[test]
fn every_file_that_commands_leave_is_its_owner_s_alone() {
    let sandbox = Sandbox::new();
    let roster = repository("samples/roster.csv").display().to_string();
    let simulator = sandbox.simulator(&[]);
    sandbox.write("few.csv", "Email\nalma.reuter@contoso.example\n");
    simulator.config(&sandbox, "rosters = ['few.csv']");
    let config = String::from_utf8(sandbox.read("ewsready.toml")).expect("UTF-8");
    sandbox.write("ewsready.toml", config.clone() + &config.replace("tenants.sim", "tenants.other"));
    let ours = ["ewsready.toml", "secret.txt", "few.csv"];

    let trace = ["--trace", "traces.jsonl", "--delegates"];
    let assess = ["assess", &roster, "--tenant", "demo", "--out", "made/by/us", "--format", "csv,ndjson,html,xlsx"];
    run(&sandbox, &[&assess[..], &trace].concat()).expect(4);
    run(&sandbox, &["assess", "--all-tenants", "--out", "all", "--format", "csv"]).expect(0);
    run(&sandbox, &["report", "--out", "again"]).expect(0);
    run(&sandbox, &["plan", "--out", "planned", "--capacity", "30"]).expect(0);
    run(&sandbox, &["runs", "export", "--all", "--out", "runs.csv"]).expect(0);
    run(&sandbox, &["rollup", "ewsready.sqlite", "--out", "rolled"]).expect(4);
    run(&sandbox, &["runs", "prune", "--keep", "1"]).expect(0);
    let init = ["init", "--name", "new", "--tenant-id", "new.example", "--client-id"];
    let id = ["00000000-0000-0000-0000-000000000000", "--credential", "certificate", "--config", "new.toml"];
    run(&sandbox, &[&init[..], &id].concat()).expect(0);

    let mut found = BTreeMap::new();
    rights(&sandbox.path(""), "", &mut found);
    found.retain(|name, _| !ours.contains(&name.as_str()));
    let made = [
        "credentials.toml",
        "ewsready.sqlite",
        "ewsready.sqlite.lock",
        "traces.jsonl",
        "made/by/us/readiness.xlsx",
        "all/sim/readiness.csv",
        "all/rollup.json",
        "again/remediation.ps1",
        "planned/waves.xlsx",
        "planned/waves",
        "runs.csv",
        "rolled/rollup.xlsx",
        "new.toml",
    ];
    for name in made {
        assert!(found.contains_key(name), "{name} is not among {found:?}");
    }
    for (name, mode) in &found {
        let expected = if sandbox.path(name).is_dir() { 0o700 } else { 0o600 };
        assert_eq!(*mode, expected, "{name} has the rights {mode:o}");
    }
}
