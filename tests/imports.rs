//! Exports in place of the admin backend say the same, and what they do not say stays unknown.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so and stops")]

mod support;

use std::collections::BTreeMap;

use ewsready::transport::{HttpWire, Request, Wire};
use serde_json::{Value, json};
use support::{Sandbox, Simulator, repository};

const APP: &str = "7be0a3d1-52c4-4e0f-8f6d-9a1b6c2e4d10";
const TENANT: &str = "4f1c9a52-7d0e-4b6b-9c57-2f6f5a1de8c3";

/// What a cmdlet gives on the simulated tenant.
fn cmdlet(url: &str, name: &str, parameters: &Value) -> Value {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let wire = HttpWire::new(std::time::Duration::from_secs(10)).expect("a client");
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", APP)
            .append_pair("client_secret", "demo-secret-that-opens-nothing-real")
            .append_pair("scope", "https://outlook.office365.com/.default")
            .finish();
        let to = format!("{url}/{TENANT}/oauth2/v2.0/token").parse().expect("an address");
        let answer = wire.send(Request::post(to, "application/x-www-form-urlencoded", form)).await.expect("an answer");
        let token: Value = serde_json::from_slice(&answer.body).expect("JSON");
        let bearer = format!("Bearer {}", token["access_token"].as_str().expect("a token"));
        let body = json!({"CmdletInput": {"CmdletName": name, "Parameters": parameters}}).to_string();
        let to = format!("{url}/adminapi/beta/{TENANT}/InvokeCommand").parse().expect("an address");
        let request = Request::post(to, "application/json", body)
            .header("authorization", &bearer)
            .header("x-anchormailbox", "APP:x")
            .header("prefer", "odata.maxpagesize=1000");
        let answer = wire.send(request).await.expect("an answer");
        serde_json::from_slice::<Value>(&answer.body).expect("JSON")["value"].clone()
    })
}

fn exports(sandbox: &Sandbox, simulator: &Simulator) {
    let switch = json!({"RetrieveEwsOperationAccessPolicy": true});
    let everything = json!({"ResultSize": "Unlimited"});
    let organization = cmdlet(&simulator.url, "Get-OrganizationConfig", &switch);
    sandbox.write("organization.json", organization[0].to_string());
    let complete = |name: &str| {
        let mut objects = cmdlet(&simulator.url, name, &everything);
        for object in objects.as_array_mut().expect("a list") {
            object["ResultSize"] = json!("Unlimited");
        }
        objects.to_string()
    };
    sandbox.write("cas.json", complete("Get-CASMailbox"));
    sandbox.write("mailboxes.json", complete("Get-Mailbox"));
}

/// `Export-Csv` of Windows PowerShell: a type line, UTF-16, `True` and `False`, lists in braces.
fn as_csv(sandbox: &Sandbox, from: &str, to: &str) {
    let objects: Vec<BTreeMap<String, Value>> = serde_json::from_slice(&sandbox.read(from)).expect("a list");
    let columns: Vec<_> = objects[0].keys().cloned().collect();
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let line = |cells: Vec<String>| format!("{}\r\n", cells.join(","));
    let mut text = "#TYPE Selected.System.Management.Automation.PSCustomObject\r\n".to_owned();
    text.push_str(&line(columns.iter().map(|name| quoted(name)).collect()));
    for object in &objects {
        let cell = |name: &String| match &object[name] {
            Value::Null => String::new(),
            Value::Bool(flag) => quoted(if *flag { "True" } else { "False" }),
            Value::Array(items) => {
                quoted(&format!("{{{}}}", items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")))
            }
            value => quoted(value.as_str().unwrap_or_default()),
        };
        text.push_str(&line(columns.iter().map(cell).collect()));
    }
    let bytes: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    sandbox.write(to, bytes);
}

/// Rows by what decides them, of a run with more in the configuration.
fn assess(sandbox: &Sandbox, simulator: &Simulator, more: &str) -> (Vec<[String; 6]>, String) {
    simulator.config(sandbox, &format!("pace = {{ attempts = 3, backoff_milliseconds = 10 }}\n{more}"));
    let roster = repository("samples/roster.csv").display().to_string();
    let done = sandbox.run(&["assess", &roster, "--tenant", "sim", "--out", "out", "--format", "csv,json", "--fresh"]);
    assert!([0, 4].contains(&done.code()), "{}", done.stderr());
    let columns = ["address", "verdict", "reason", "urgency", "ews_today", "licence"];
    let rows = sandbox.csv("out/readiness.csv");
    (rows.iter().map(|row| columns.map(|column| row[column].clone())).collect(), done.stderr())
}

#[test]
fn exported_files_give_the_verdicts_of_the_backend() {
    let sandbox = Sandbox::new();
    let simulator = sandbox.simulator(&[]);
    exports(&sandbox, &simulator);
    let (backend, _) = assess(&sandbox, &simulator, "");
    let json = "sources = { exchange_admin = false, organization = 'organization.json', cas_mailboxes = 'cas.json', \
                mailboxes = 'mailboxes.json' }\n";
    let (imported, said) = assess(&sandbox, &simulator, json);
    assert_eq!(imported, backend);
    assert!(said.contains("cas.json: ") && said.contains("to nobody in it"), "{said}");
    let report = String::from_utf8(sandbox.read("out/readiness.json")).expect("text");
    assert!(report.contains("import cas.json") && !report.contains("Exchange admin REST"), "the source is named");
    as_csv(&sandbox, "cas.json", "cas.csv");
    as_csv(&sandbox, "mailboxes.json", "mailboxes.csv");
    let (imported, _) =
        assess(&sandbox, &simulator, &json.replace("cas.json", "cas.csv").replace("mailboxes.json", "mailboxes.csv"));
    assert_eq!(imported, backend);
}

#[test]
fn an_organization_read_without_the_switch_leaves_the_list_unknown_and_never_empty() {
    let sandbox = Sandbox::new();
    let simulator = sandbox.simulator(&[]);
    let organization = cmdlet(&simulator.url, "Get-OrganizationConfig", &json!({}));
    assert!(organization[0]["EwsAllowedAppIDs"].is_null(), "the simulator hides it as Exchange does");
    sandbox.write("organization.json", organization[0].to_string());
    assess(&sandbox, &simulator, "sources = { organization = 'organization.json' }\n");
    let store = ewsready::evidence::store::Store::open(&sandbox.path("ewsready.sqlite")).expect("the store");
    let run = store.newest_run().expect("the store holds").expect("a run");
    let tenant = store.tenant_evidence(run.id).expect("evidence");
    let organization = tenant.organization.value().expect("it was told");
    assert_eq!(organization.app_list, ewsready::evidence::tenant::AppList::Hidden);
    assert_eq!(organization.ews_enabled, Some(true));
}

#[test]
fn another_tenant_s_files_are_recognised_and_nobody_loses_a_mailbox_by_them() {
    let sandbox = Sandbox::new();
    let simulator = sandbox.simulator(&[]);
    exports(&sandbox, &simulator);
    let (backend, _) = assess(&sandbox, &simulator, "");
    for name in ["organization.json", "cas.json", "mailboxes.json"] {
        let text = String::from_utf8(sandbox.read(name)).expect("text");
        let foreign = text
            .replace("contoso", "fabrikam")
            .replace("\"ExternalDirectoryObjectId\":\"", "\"ExternalDirectoryObjectId\":\"f");
        sandbox.write(name, foreign);
    }
    let sources =
        "sources = { organization = 'organization.json', cas_mailboxes = 'cas.json', mailboxes = 'mailboxes.json' }\n";
    let (imported, said) = assess(&sandbox, &simulator, sources);
    assert!(
        said.contains("organization.json is of another tenant: its organization is fabrikam.onmicrosoft.com"),
        "{said}"
    );
    as_with_nothing(&imported, &backend);
    let report = String::from_utf8(sandbox.read("out/readiness.json")).expect("text");
    assert!(report.contains("none is anybody of this roster: is it another tenant's?"), "the reason is in the report");
}

/// What the files alone could tell is open now, and nothing turned into something else.
#[track_caller]
fn as_with_nothing(imported: &[[String; 6]], backend: &[[String; 6]]) {
    let mut open = 0;
    for (row, known) in imported.iter().zip(backend) {
        if row[1] != known[1] {
            assert_eq!((row[1].as_str(), row[2].as_str()), ("not_assessed", "open/recipient"), "{row:?} was {known:?}");
            open += 1;
        }
    }
    assert!(open > 0, "somebody without a mailbox is known as such by a complete list only");
}

#[test]
fn a_file_that_does_not_say_it_is_complete_leaves_open_who_is_missing_in_it() {
    let sandbox = Sandbox::new();
    let simulator = sandbox.simulator(&[]);
    exports(&sandbox, &simulator);
    let (backend, _) = assess(&sandbox, &simulator, "");
    let plain = String::from_utf8(sandbox.read("mailboxes.json")).expect("text").replace("Unlimited", "1000");
    sandbox.write("mailboxes.json", plain);
    let (imported, _) = assess(&sandbox, &simulator, "sources = { mailboxes = 'mailboxes.json' }\n");
    as_with_nothing(&imported, &backend);
}

#[test]
fn files_without_object_ids_are_matched_by_the_directory_s_primary_address_and_prove_nobody_s_absence() {
    let sandbox = Sandbox::new();
    let simulator = sandbox.simulator(&[]);
    exports(&sandbox, &simulator);
    let (backend, _) = assess(&sandbox, &simulator, "");
    for name in ["cas.json", "mailboxes.json"] {
        let mut objects: Vec<BTreeMap<String, Value>> = serde_json::from_slice(&sandbox.read(name)).expect("a list");
        objects.iter_mut().for_each(|object| drop(object.remove("ExternalDirectoryObjectId")));
        sandbox.write(name, serde_json::to_string(&objects).expect("JSON"));
    }
    let sources = "sources = { exchange_admin = false, organization = 'organization.json', cas_mailboxes = 'cas.json', \
                   mailboxes = 'mailboxes.json' }\n";
    let (imported, _) = assess(&sandbox, &simulator, sources);
    as_with_nothing(&imported, &backend);
    // Whoever has a mailbox is found in the files, be the roster's address an alias or a name to sign in with.
    let report: Value = serde_json::from_slice(&sandbox.read("out/readiness.json")).expect("JSON");
    let users = report["users"].as_array().expect("users").iter().filter(|user| user["graph"] == "answers");
    for user in users {
        let text = user.to_string();
        assert!(!text.contains("by their addresses alone"), "{text}");
    }
}

#[test]
fn a_wrong_file_is_named_before_anything_is_asked() {
    let sandbox = Sandbox::new();
    let simulator = sandbox.simulator(&[]);
    exports(&sandbox, &simulator);
    simulator.config(&sandbox, "sources = { cas_mailboxes = 'mailboxes.json' }\n");
    let roster = repository("samples/roster.csv").display().to_string();
    let said = sandbox.run(&["assess", &roster, "--tenant", "sim"]).expect(2).stderr();
    assert!(
        said.contains("mailboxes.json is an export of Get-Mailbox, and one of Get-CASMailbox is wanted here"),
        "{said}"
    );
    simulator.config(&sandbox, "sources = { cas_mailboxes = 'absent.json' }\n");
    let said = sandbox.run(&["assess", &roster, "--tenant", "sim"]).expect(2).stderr();
    assert!(said.contains("absent.json cannot be read"), "{said}");
    assert!(!sandbox.path("ewsready.sqlite").exists());
}

#[test]
fn a_filter_that_an_export_leaves_out_is_said_to_be_unseen_and_not_to_be_missing() {
    let sandbox = Sandbox::new();
    let simulator = sandbox.simulator(&[]);
    exports(&sandbox, &simulator);
    let mut objects: Vec<BTreeMap<String, Value>> = serde_json::from_slice(&sandbox.read("cas.json")).expect("a list");
    objects.iter_mut().for_each(|object| drop(object.remove("EwsApplicationAccessPolicy")));
    sandbox.write("cas.json", serde_json::to_string(&objects).expect("JSON"));
    let (_, said) = assess(&sandbox, &simulator, "sources = { cas_mailboxes = 'cas.json' }\n");
    assert!(said.contains("cas.json has no column EwsApplicationAccessPolicy"), "{said}");
    let report = String::from_utf8(sandbox.read("out/readiness.json")).expect("text");
    assert!(report.contains("whether there is a user-agent filter is not in the export"), "the row says it too");
}
