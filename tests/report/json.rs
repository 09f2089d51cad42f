//! `readiness.json` against its published schema, and `readiness.ndjson` against it.

use ewsready::report::json::{SCHEMA, line_schema, schema, write, write_lines};
use serde_json::Value;

use super::fixture;

fn report() -> Value {
    let (view, _rows) = fixture::view();
    let mut out = Vec::new();
    write(&view, &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn the_file_is_valid_against_the_published_schema() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let report = report();
    let errors: Vec<String> =
        validator.iter_errors(&report).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert_eq!(errors, Vec::<String>::new());
}

#[test]
fn the_schema_refuses_what_is_not_the_format() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let mut wrong = report();
    wrong["users"][0]["verdict"] = "maybe".into();
    assert!(!validator.is_valid(&wrong), "an unknown verdict");
    let mut short = report();
    short["users"][3].as_object_mut().unwrap().remove("evidence");
    assert!(!validator.is_valid(&short), "a member that is missing");
    let mut other = report();
    other["schema"] = "ewsready/readiness/2".into();
    assert!(!validator.is_valid(&other), "another version");
}

#[test]
fn the_contract_members_are_there_and_the_sums_agree() {
    let report = report();
    assert_eq!(report["schema"], SCHEMA);
    let users = report["users"].as_array().unwrap();
    assert_eq!(users.len(), 60);
    for (id, count) in report["summary"]["verdicts"].as_object().unwrap() {
        assert_eq!(users.iter().filter(|user| user["verdict"] == *id).count() as u64, count.as_u64().unwrap(), "{id}");
    }
    let found: u64 = report["findings"].as_array().unwrap().iter().map(|line| line["users"].as_u64().unwrap()).sum();
    assert_eq!(found, 60, "every user stands under one cause");
    assert_eq!(report["run"]["simulated"], true);
    assert_eq!(report["tenant"]["days_left"], 132);
}

#[test]
fn hostile_text_comes_back_as_it_was() {
    let report = report();
    for (row, text) in fixture::rows().iter().skip(20).zip(fixture::HOSTILE) {
        let user = &report["users"][usize::try_from(row.row).unwrap() - 1];
        assert_eq!(user["display_name"], *text);
        assert_eq!(user["roster"][2][1], *text);
    }
}

#[test]
fn ndjson_holds_the_same_users_a_line_each() {
    let (view, _rows) = fixture::view();
    let mut out = Vec::new();
    write_lines(&view, &mut out).unwrap();
    let lines: Vec<Value> =
        String::from_utf8(out).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(Value::from(lines.clone()), report()["users"]);
    let validator = jsonschema::validator_for(&line_schema()).unwrap();
    assert!(lines.iter().all(|line| validator.is_valid(line)));
}

#[test]
fn the_schema_stays_as_it_is() {
    insta::assert_snapshot!("schema", format!("{:#}", schema()));
}
