//! What the README shows works as it stands there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on stops")]

mod support;

use support::{Sandbox, repository};

fn readme() -> String {
    std::fs::read_to_string(repository("README.md")).unwrap()
}

/// The lines of every fenced block of a language.
fn blocks(language: &str) -> Vec<String> {
    let text = readme();
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).filter_map(|rest| rest.split("\n```").next().map(str::to_owned)).collect()
}

/// The README's commands of the program itself, without `cargo run --release --`.
fn commands() -> Vec<String> {
    let lines: Vec<_> =
        blocks("sh").iter().flat_map(|block| block.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    lines.iter().filter_map(|line| line.strip_prefix("cargo run --release -- ").map(str::to_owned)).collect()
}

#[test]
fn the_first_command_leaves_the_files_and_the_summary_it_promises() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("samples")).unwrap();
    std::fs::copy(repository("samples/roster.csv"), sandbox.path("samples/roster.csv")).unwrap();
    let commands = commands();
    let first = commands.first().expect("the README begins with a command");
    let done = sandbox.run(&first.split_whitespace().collect::<Vec<_>>()).expect(4);
    for file in ["readiness.xlsx", "readiness.csv", "readiness.json", "readiness.html", "summary.md", "remediation.ps1"]
    {
        assert!(readme().contains(&format!("`{file}`")), "{file} is not in the README");
        assert!(!sandbox.read(&format!("readiness/{file}")).is_empty());
    }
    let shown = blocks("text").first().cloned().expect("a picture of the result");
    assert!(done.stdout().starts_with(&shown), "the README shows\n{shown}\nbut it is\n{}", done.stdout());
}

#[test]
fn the_test_command_is_where_the_checks_look_for_it() {
    let text = readme();
    let after = text.split("<!-- test-command -->\n```sh\n").nth(1).expect("the marked block");
    assert!(after.starts_with("cargo test\n"), "{after}");
}

#[test]
fn every_command_and_option_it_names_exists() {
    let sandbox = Sandbox::new();
    let help = sandbox.run(&["--help"]).expect(0).stdout();
    let mut all = help.clone();
    for command in help.lines().filter_map(|line| line.strip_prefix("  ")).filter_map(|line| line.split(' ').next()) {
        if !command.is_empty() && command != "help" && command.chars().all(|letter| letter.is_ascii_lowercase()) {
            all.push_str(&sandbox.run(&[command, "--help"]).expect(0).stdout());
        }
    }
    let text = readme();
    for word in text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '-')) {
        let option = word.starts_with("--") && word.chars().any(char::is_alphabetic);
        let of_cargo = ["--release", "--bench", "--path", "--locked", "--all-features", "--target", "--test", "--lib"];
        if option && word != "--keep" && !of_cargo.contains(&word) {
            assert!(all.contains(word), "the README names {word}, which no command knows");
        }
    }
    for command in text.split("`ewsready ").skip(1).filter_map(|rest| rest.split([' ', '`']).next()) {
        assert!(help.contains(&format!("\n  {command} ")), "the README names `ewsready {command}`, which there is not");
    }
}

#[test]
fn the_configuration_template_is_valid_and_its_defaults_are_ours() {
    let template = repository("templates/ewsready.toml");
    let facts = ewsready::facts::Facts::embedded();
    let profile = ewsready::config::load(Some(&template), "contoso", facts).unwrap();
    assert_eq!(profile.pace, ewsready::transport::Pace::default());
    assert_eq!(profile.sources, ewsready::config::Sources::default());
}

/// An administrator gets one answer to what the program needs, wherever it is asked.
#[test]
fn reports_ask_for_the_permissions_of_the_readme_and_for_no_others() {
    let readme = readme();
    let wanted: Vec<&str> = readme.lines().filter(|line| line.starts_with("| `")).collect();
    let named =
        regex::Regex::new(r"\b[A-Z][A-Za-z]+\.(Read|ReadBasic|ReadWrite|ManageAsApp|AccessAs)[A-Za-z]*(\.All)?")
            .unwrap();
    // Exchange's role for RBAC for Applications, which the table names in words.
    let others = ["EWS.AccessAsApp"];
    for file in ["src/rules/english.rs", "templates/texts/de.toml"] {
        let text = std::fs::read_to_string(repository(file)).unwrap();
        assert!(named.is_match(&text), "{file} names no permission at all");
        for permission in named.find_iter(&text).map(|found| found.as_str()) {
            let known = others.contains(&permission) || wanted.iter().any(|line| line.contains(permission));
            assert!(known, "{file} asks for {permission}, which the README does not");
        }
    }
}
