//! What is told of a whole tenant, or only where more is asked; and that every rule of the integrations is shown here.

use std::collections::BTreeSet;

use serde_json::Value;

use super::support::repository;
use super::{CAUSES, World, exports, found, report, users};

/// Rules that a test of this folder shows beside those of [`CAUSES`].
const SHOWN: &[&str] = &[
    "apps/delegated-unseen",
    "apps/list-value",
    "apps/seen-in-mailbox",
    "dynamics/consent-missing",
    "hybrid/public-folders",
    "hybrid/rich-coexistence",
    "hybrid/sovereign-cloud",
    "salesforce/consent-missing",
    "salesforce/ends-soon",
    "salesforce/no-consent",
    "salesforce/organization-consent",
    "salesforce/service-account",
    "salesforce/user-reconnects",
];

/// The sample tenant with something written otherwise.
fn tenant(changes: &[(&str, &str)]) -> World {
    let mut text = std::fs::read_to_string(repository("samples/tenants/integrations.toml")).unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "{from} is not in the sample tenant");
        text = text.replace(from, to);
    }
    World::of(&text)
}

fn notes(report: &Value) -> String {
    report["tenant"]["ews_notes"].to_string()
}

#[test]
fn every_rule_of_the_integrations_is_shown_through_the_program() {
    let world = World::new();
    let listed = world.sandbox.run(&["rules"]).expect(0).stdout();
    let families = ["salesforce/", "dynamics/", "teams/", "apps/", "hybrid/"];
    let ids: BTreeSet<&str> = listed
        .split_whitespace()
        .filter(|word| families.iter().any(|family| word.starts_with(family) && word.len() > family.len()))
        .collect();
    assert!(ids.len() > 40, "{ids:?}");
    let shown: BTreeSet<&str> = CAUSES.iter().flat_map(|(_, rules)| *rules).chain(SHOWN).copied().collect();
    let missing: Vec<&str> = ids.difference(&shown).copied().collect();
    assert_eq!(missing, Vec::<&str>::new());
    let unknown: Vec<&str> = SHOWN.iter().copied().filter(|id| !ids.contains(id)).collect();
    assert_eq!(unknown, Vec::<&str>::new());
}

#[test]
fn what_soap_tells_of_a_mailbox() {
    let world = World::new();
    let (report, _) = world.assess("", "autodiscover_soap = true\n", 0);
    let users = users(&report);
    let section = found(users["sam.section@contoso.example"]);
    let remedy = section["salesforce/no-autodiscover"];
    assert!(remedy.contains("point autodiscover.<domain> at Exchange"), "{remedy}");
    assert!(section["routing/no-exchange-section"].contains("Get-WebServicesVirtualDirectory"), "{section:?}");
    // Who is on an Exchange Server is sent there, which is no lack.
    for (address, user) in &users {
        let told = found(user).contains_key("routing/no-exchange-section");
        assert_eq!(told, address == "sam.section@contoso.example", "{address}: {user:#}");
    }
}

#[test]
fn an_organisation_at_null_puts_lightning_sync_at_risk() {
    let (report, _) = tenant(&[("ews_enabled = true", "ews_enabled = \"null\"")]).assess("", "", 0);
    let users = users(&report);
    assert!(found(users["clara.clean@contoso.example"])["salesforce/ends-soon"].contains("Einstein Activity Capture"));
}

#[test]
fn teams_is_kept_out_by_a_list_without_it() {
    let (report, _) = tenant(&[("\"cc15fd57-2c6c-4117-a88c-83b1d56b4bbe\", ", "")]).assess("", "", 0);
    let clara = users(&report)["clara.clean@contoso.example"].clone();
    let lines = clara["integrations"].as_array().unwrap();
    for column in ["teams_delegation", "teams_calendar"] {
        let line = lines.iter().find(|line| line["integration"] == column).unwrap();
        assert_eq!((&line["rule"], &line["state"]), (&"teams/ews-closed".into(), &"broken".into()), "{line}");
        let text = line["text"].as_str().unwrap();
        assert!(text.contains("the application is not on the organisation's list (3 listed)"), "{text}");
        assert!(line["action"].as_str().unwrap().contains("cc15fd57-2c6c-4117-a88c-83b1d56b4bbe"), "{line}");
    }
    let presence = lines.iter().find(|line| line["integration"] == "teams_presence").unwrap();
    assert_eq!(presence["state"], "ok", "presence works over REST: {presence}");
}

#[test]
fn public_folders_are_told_once_and_only_where_there_are_any() {
    let told = "The organisation has public folders. Graph will never open them";
    assert!(!notes(&report().0).contains(told), "there are none");
    let (with, _) =
        tenant(&[("ews_enabled = true\n#", "ews_enabled = true\npublic_folders = true\n#")]).assess("", "", 0);
    assert!(notes(&with).contains(told) && notes(&with).contains("2027-04-01"), "{}", notes(&with));
    // The same from an export of Exchange Online PowerShell.
    let world = World::new();
    let organization = |root: &str| {
        format!(
            "[{{\"Name\":\"contosointegrations.onmicrosoft.com\",\"EwsEnabled\":true,\"EwsAllowedAppIDs\":\"x\",\
             \"PublicFoldersEnabled\":\"Local\",\"RootPublicFolderMailbox\":\"{root}\"}}]"
        )
    };
    for (root, expected) in
        [("cd5ec7c4-1f2e-4d3c-8b9a-0f1e2d3c4b5a", true), ("00000000-0000-0000-0000-000000000000", false)]
    {
        world.sandbox.write("organization.json", organization(root));
        let (report, _) = world.assess("", "organization = 'organization.json'\n", 0);
        assert_eq!(notes(&report).contains(told), expected, "{root}");
    }
}

const CONSENT: &str = "graph_roles = [\"Calendars.ReadWrite\"]";

#[test]
fn a_missing_consent_to_einstein_activity_capture_is_told_by_the_name_of_its_application() {
    let told =
        "Salesforce Einstein Activity Capture (1f0c5b7e-9d2a-4c38-b6e4-7a5d3c9e8b21) is in the tenant and holds no";
    assert!(!notes(&report().0).contains(told), "it holds one");
    let (without, _) = tenant(&[(CONSENT, "graph_roles = []")]).assess("", "", 0);
    assert!(notes(&without).contains(told), "{}", notes(&without));
    assert!(notes(&without).contains("Have an application administrator consent"), "{}", notes(&without));
    // Users who have consented, each for themselves, are a consent too, unless Salesforce connects for everybody.
    let delegated = tenant(&[(CONSENT, "delegated_graph = [\"Calendars.ReadWrite\", \"offline_access\"]")]);
    let (report, _) = delegated.assess("salesforce_connection = 'user-oauth'\n", "", 0);
    assert!(!notes(&report).contains(told), "{}", notes(&report));
    let app = report["tenant"]["apps"]
        .as_array()
        .unwrap()
        .iter()
        .find(|app| app["name"] == "Salesforce Einstein Activity Capture");
    assert!(app.unwrap()["permissions"].to_string().contains("Calendars.ReadWrite"), "{app:?}");
    let (report, _) = delegated.assess("salesforce_connection = 'organization-oauth'\n", "", 0);
    assert!(notes(&report).contains(told), "{}", notes(&report));
}

#[test]
fn delegated_permissions_that_nobody_shows_are_no_missing_ones() {
    let unseen = tenant(&[(CONSENT, "graph_roles = []"), (" \"Directory.Read.All\",", "")]);
    let (report, _) = unseen.assess("", "", 0);
    let notes = notes(&report);
    assert!(notes.contains("Delegated permissions of applications were not shown to us"), "{notes}");
    assert!(notes.contains("Grant Directory.Read.All"), "{notes}");
    assert!(!notes.contains("holds no permission on calendars"), "{notes}");
    let apps = report["tenant"]["apps"].to_string();
    assert!(apps.contains("Fabrikam Backup"), "application permissions show all the same: {apps}");
}

#[test]
fn the_report_with_every_integration_is_valid_against_the_published_schema() {
    let world = World::new();
    let schema: Value = serde_json::from_str(&world.sandbox.run(&["schema"]).expect(0).stdout()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let report = &report().0;
    let errors: Vec<String> =
        validator.iter_errors(report).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert_eq!(errors, Vec::<String>::new());
    assert!(report["users"].as_array().unwrap().iter().any(|user| user["integrations"].to_string().contains("broken")));
}

#[test]
fn hosts_exports_and_applications_are_told_in_the_report_s_language() {
    let world = World::new();
    world.assess("", exports::SOURCES, 0);
    world.sandbox.run(&["report", "--out", "de", "--language", "de"]).expect(0);
    let report: Value = serde_json::from_slice(&world.sandbox.read("de/readiness.json")).unwrap();
    let method = report["method"].to_string();
    for told in [
        "Zeilen gehören zu Benutzern dieser Liste",
        "Zu niemandem darin: 1, stranger@fabrikam.example (Zeile",
        "angebotene Anmeldung:",
        "nicht veröffentlicht (",
    ] {
        assert!(method.contains(told), "{told}: {method}");
    }
    for english in ["lines belong to", "sign-in offered", "not published", "Is the mailbox"] {
        assert!(!method.contains(english), "{english}: {method}");
    }
    let apps = report["tenant"]["apps"].to_string();
    assert!(apps.contains("Geht für Postfächer in der Cloud weiter") && !apps.contains("Goes on"), "{apps}");
    let page = String::from_utf8(world.sandbox.read("de/readiness.html")).unwrap();
    assert!(page.contains("<dt>Integrationen</dt>") && !page.contains("<dt>Integrations</dt>"));
}

#[test]
fn an_audit_search_is_read_in_each_form_it_is_written_in_and_nothing_but_ews_counts() {
    let app = "b1c2d3e4-5f60-4718-9a2b-3c4d5e6f7081";
    let record = |client: &str, count: u32| {
        let data = serde_json::json!({"AppId": app, "MailboxOwnerUPN": "clara.clean@contoso.example",
            "ClientInfoString": client, "CreationTime": "2026-11-12T08:00:00", "OperationCount": count});
        format!(
            "5f1d,2026-11-12T08:00:00.0000000Z,50,MailItemsAccessed,x,\"{}\"\n",
            data.to_string().replace('"', "\"\"")
        )
    };
    let purview = format!(
        "RecordId,CreationDate,RecordType,Operation,UserId,AuditData\n{}{}{}",
        record("Client=WebServices;ExchangeWebServices", 3),
        record("Client=OWA;Action=ViaProxy", 90),
        "5f1d,2026-11-12T08:00:00Z,50,New-X,x,not json\n"
    );
    let find = format!(
        "\"CreationTime\",\"Id\",\"Operation\",\"AppId\",\"ClientInfoString\",\"MailboxOwnerUPN\",\"OperationCount\"\r\n\
         \"11/12/2026 8:00:00 AM\",\"1\",\"Create\",\"{app}\",\"Client=WebServices;Action=ViaProxy\",\"clara.clean@contoso.example\",\"\"\r\n\
         \"11/11/2026 8:00:00 AM\",\"2\",\"MailItemsAccessed\",\"{app}\",\"Client=WebServices\",\"clara.clean@contoso.example\",\"2\"\r\n\
         \"11/13/2026 8:00:00 AM\",\"3\",\"Create\",\"{app}\",\"Client=REST;\",\"clara.clean@contoso.example\",\"70\"\r\n"
    );
    let world = World::new();
    for (form, text) in [("Purview", purview), ("Find-EwsUsage", find)] {
        world.sandbox.write("audit.csv", text);
        let (report, said) = world.assess("", "ews_audit = 'audit.csv'\n", 0);
        let clara = users(&report)["clara.clean@contoso.example"].clone();
        let seen = clara["findings"].as_array().unwrap().iter().find(|found| found["rule"] == "apps/seen-in-mailbox");
        let text = seen.unwrap_or_else(|| panic!("{form}: {clara:#}"))["text"].as_str().unwrap();
        assert!(text.contains("Fabrikam Backup (3 calls, last on 2026-11-12)"), "{form}: {text}");
        assert!(said.contains("About something else than EWS: 1."), "{form}: {said}");
    }
    world.sandbox.write(
        "audit.csv",
        format!(
            "\"CreatedDateTime\",\"UserPrincipalName\",\"AppId\",\"SignInEventTypes\"\n\"x\",\"y\",\"{app}\",\"z\"\n"
        ),
    );
    let (_, said) = {
        let config = world.simulator.config(&world.sandbox, "");
        let text = std::fs::read_to_string(&config).unwrap();
        std::fs::write(&config, format!("{text}[tenants.sim.sources]\news_audit = 'audit.csv'\n")).unwrap();
        let done = world.sandbox.run(&["assess", "roster.csv", "--tenant", "sim", "--out", "refused"]).expect(2);
        ((), done.stderr())
    };
    assert!(said.contains("it lists sign-ins of an application, which do not show what was opened"), "{said}");
    assert!(said.contains("Ews-Usage-Results.csv"), "{said}");
}
