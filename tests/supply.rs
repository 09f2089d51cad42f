//! What comes along: the oldest Rust, the lock file, the package, the manual.
#![allow(clippy::expect_used, reason = "a test that cannot go on says so and stops")]

mod support;

use std::process::Command;

use serde_json::Value;
use support::{Sandbox, repository};

fn cargo(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO"));
    let output = command.current_dir(repository("")).args(arguments).output().expect("cargo starts");
    assert!(output.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn version(text: &str) -> Vec<u64> {
    text.split('.').take(2).map(|part| part.parse().expect("a number")).collect()
}

#[test]
fn nothing_in_the_lock_file_asks_for_a_newer_rust_than_the_stated_one() {
    // Locked: the file is there, whole, and says what is built.
    let told = cargo(&["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", host()]);
    let told: Value = serde_json::from_str(&told).expect("JSON");
    let packages = told["packages"].as_array().expect("packages");
    let stated = packages.iter().find(|package| package["name"] == "ewsready").expect("this package");
    let stated = stated["rust_version"].as_str().expect("a stated Rust");
    let readme = std::fs::read_to_string(repository("README.md")).expect("the README");
    assert!(readme.contains(&format!("{stated} or newer")), "the README states another Rust than {stated}");
    let newer = packages.iter().filter_map(|package| {
        let wants = package["rust_version"].as_str()?;
        (version(wants) > version(stated)).then(|| format!("{} {} wants {wants}", package["name"], package["version"]))
    });
    assert_eq!(newer.collect::<Vec<_>>(), Vec::<String>::new(), "stated is {stated}");
    assert!(packages.len() > 100, "else this test looks at nothing");
}

/// The platform of this computer, as cargo names it.
fn host() -> &'static str {
    let linux = if cfg!(target_arch = "aarch64") { "aarch64-unknown-linux-gnu" } else { "x86_64-unknown-linux-gnu" };
    match std::env::consts::OS {
        "macos" => "aarch64-apple-darwin",
        "windows" => "x86_64-pc-windows-msvc",
        _ => linux,
    }
}

#[test]
fn the_package_holds_what_the_program_embeds_and_no_tests() {
    let listed = cargo(&["package", "--list", "--offline", "--allow-dirty"]);
    let listed: Vec<&str> = listed.lines().collect();
    for needed in ["Cargo.lock", "LICENSE", "README.md", "src/main.rs", "src/evidence/store/schema.sql"] {
        assert!(listed.contains(&needed), "{needed} is missing");
    }
    // What the source embeds lies in these folders, and all of it comes along.
    for folder in ["src", "templates", "samples"] {
        for name in files(folder) {
            assert!(listed.contains(&name.as_str()), "{name} is missing");
        }
    }
    let unwanted = listed.iter().filter(|name| name.starts_with("tests/") || name.starts_with(".ci/"));
    assert_eq!(unwanted.count(), 0);
}

/// Every file below a folder of the repository, by its path in it.
fn files(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(repository(folder)).expect("a folder").map(|entry| entry.expect("an entry").path());
    let name =
        |path: std::path::PathBuf| format!("{folder}/{}", path.file_name().unwrap_or_default().to_string_lossy());
    let below = |path: std::path::PathBuf| if path.is_dir() { files(&name(path)) } else { vec![name(path)] };
    entries.flat_map(below).filter(|name| !name.ends_with(".snap.new")).collect()
}

#[test]
fn the_manual_has_a_page_for_every_command() {
    let sandbox = Sandbox::new();
    let first = sandbox.run(&["man"]).expect(0).stdout();
    assert!(first.contains(".TH ewsready 1") && first.contains("ewsready\\-assess(1)"), "{first}");
    sandbox.run(&["man", "pages/man1"]).expect(0);
    let help = sandbox.run(&["--help"]).expect(0).stdout();
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let commands: Vec<&str> = commands.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(commands.len() > 15, "{commands:?}");
    for command in commands.iter().filter(|command| **command != "help") {
        let page = String::from_utf8(sandbox.read(&format!("pages/man1/ewsready-{command}.1"))).expect("UTF-8");
        assert!(page.contains(&format!(".TH ewsready-{command} 1")) && page.contains(".SH OPTIONS"), "{page}");
    }
    assert!(sandbox.path("pages/man1/ewsready-runs-prune.1").exists());
    let assess = String::from_utf8(sandbox.read("pages/man1/ewsready-assess.1")).expect("UTF-8");
    assert!(assess.contains("\\-\\-anonymize"), "{assess}");
    let again = sandbox.run(&["man"]).expect(0).stdout();
    assert_eq!(first, again, "no day and no folder in it");
}
