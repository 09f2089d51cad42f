//! The sample schedules, checked by the tools they are for where these are there, and against our own command line.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper that cannot go on ends the test it serves")]

mod support;

use std::path::PathBuf;
use std::process::Command;

use support::{Sandbox, repository};

const FOLDER: &str = "samples/schedules";

fn sample(name: &str) -> PathBuf {
    repository(FOLDER).join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(sample(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Runs a tool; `None`, with a word about it, where it is not installed.
fn tool(program: &str, arguments: &[&str]) -> Option<support::Finished> {
    match Command::new(program).args(arguments).output() {
        Ok(output) => Some(support::Finished(output)),
        Err(error) => {
            eprintln!("SKIPPED: {program} {}: {error}", arguments.join(" "));
            None
        }
    }
}

/// A YAML file as JSON, by way of Python; `None` where it or its YAML library is missing.
fn yaml(name: &str) -> Option<serde_json::Value> {
    let script = "import json, sys\ntry:\n    import yaml\nexcept ImportError:\n    sys.exit(9)\n\
                  print(json.dumps(yaml.safe_load(open(sys.argv[1])), default=str))";
    let read = tool("python3", &["-c", script, sample(name).to_str()?])?;
    if read.code() == 9 {
        eprintln!("SKIPPED: {name}: python3 has no yaml");
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

#[test]
fn systemd_accepts_service_and_timer() {
    let (service, timer) = (sample("ewsready.service"), sample("ewsready.timer"));
    let arguments = ["verify", service.to_str().unwrap(), timer.to_str().unwrap()];
    if let Some(verified) = tool("systemd-analyze", &arguments) {
        assert_eq!(verified.expect(0).stderr(), "");
        let calendar = text("ewsready.timer");
        let when = calendar.lines().find_map(|line| line.strip_prefix("OnCalendar=")).unwrap();
        tool("systemd-analyze", &["calendar", when]).unwrap().expect(0);
    }
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
    if let Some(linted) = tool("xmllint", &["--noout", sample("ewsready-task.xml").to_str().unwrap()]) {
        linted.expect(0);
    }
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
    if let Some(linted) = tool("actionlint", &[sample("github-actions.yml").to_str().unwrap()]) {
        linted.expect(0);
    }
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
    if let Some(linted) = tool("hadolint", &["--ignore", "DL3008", sample("Dockerfile").to_str().unwrap()]) {
        linted.expect(0);
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
