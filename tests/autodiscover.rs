//! Autodiscover beyond V2, and DNS, through the program: POX for a signed-in person where SOAP fails, nothing of the kind
//! for an application, and name servers whose answers are held against where the mailboxes are.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so and stops")]

mod support;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, UdpSocket};
use std::process::Stdio;

use hickory_resolver::proto::op::{Message, OpCode};
use hickory_resolver::proto::rr::rdata::{CNAME, MX, SRV};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use serde_json::Value;
use support::{Sandbox, Simulator, repository};

const TENANT: &str = "6a1d0c3e-8f27-4b95-a0c4-1e2d3f4a5b6c";

/// The tenant for signing in, whose SOAP Autodiscover fails.
fn soap_fails(sandbox: &Sandbox) -> Simulator {
    sandbox.write(
        "r.csv",
        "email\nalma.reuter@contoso.example\nbastian.holt@contoso.example\nnora.none@contoso.example\n",
    );
    let tenant = std::fs::read_to_string(repository("tests/clients/sign-in.toml")).expect("a tenant");
    let (bastian, trouble) = ("name = \"Bastian Holt\"\n", "trouble = { autodiscover = \"no-exchange-section\" }\n");
    assert!(tenant.contains(bastian));
    let tenant = tenant.replacen(&format!("[[user]]\n{bastian}"), &format!("[[user]]\n{bastian}{trouble}"), 1);
    let nora = "[[user]]\nname = \"Nora None\"\nlicences = []\nmailbox = \"none\"\n";
    let file = sandbox.write("tenant.toml", format!("{tenant}\n{nora}")).display().to_string();
    sandbox.simulator(&[&file, "--fault", "soap-fails", "--counters"])
}

fn configure(sandbox: &Sandbox, url: &str, application: u32, credential: &str) {
    sandbox.write("secret.txt", "open-sesame+/=&%");
    sandbox.write(
        "ewsready.toml",
        format!(
            "[tenants.sim]\ntenant = '{TENANT}'\nclient_id = '10000000-0000-4000-8000-00000000000{application}'\n\
             credential = {{ {credential} }}\n\
             pace = {{ attempts = 2, backoff_milliseconds = 1 }}\nsources = {{ autodiscover_soap = true }}\n\
             [tenants.sim.endpoints]\nauthority = '{url}'\ngraph = '{url}'\nexchange = '{url}'\nautodiscover = '{url}'\n"
        ),
    );
}

fn requests(simulator: &Simulator, kind: &str) -> u64 {
    simulator.counts()["requests"][kind].as_u64().unwrap_or(0)
}

fn report(sandbox: &Sandbox) -> Value {
    serde_json::from_slice(&sandbox.read("out/readiness.json")).expect("JSON")
}

/// What the report tells of the user settings of an address.
fn user_settings(report: &Value, address: &str) -> (String, String) {
    let user = report["users"].as_array().expect("users").iter().find(|user| user["address"] == address);
    let lines = user.expect("the user")["evidence"].as_array().expect("evidence");
    let line = lines.iter().find(|line| line["question"] == "user_settings").unwrap_or_else(|| panic!("{lines:#?}"));
    let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
    (text("answer"), text("source"))
}

#[test]
fn where_soap_fails_pox_answers_a_signed_in_person_and_is_named_as_the_source() {
    let sandbox = Sandbox::new();
    let simulator = soap_fails(&sandbox);
    configure(&sandbox, &simulator.url, 4, "kind = 'device-code'");
    let mut child = sandbox
        .command(&["assess", "r.csv", "--tenant", "sim", "--out", "out"])
        .env_remove("EWSREADY_NOW")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(child.stderr.take().expect("its messages")).lines();
    support::approve(&mut lines, "alma.reuter@contoso.example");
    let said: Vec<String> = lines.map_while(Result::ok).collect();
    child.stdout.take().expect("its output").read_to_string(&mut String::new()).expect("text");
    let code = child.wait().expect("an end").code();
    assert!(matches!(code, Some(0 | 4)), "{code:?}: {said:#?}");
    let report = report(&sandbox);
    let (answer, source) = user_settings(&report, "alma.reuter@contoso.example");
    let expected = "/EWS/Exchange.asmx (told by POX; SOAP gave no answer: Autodiscover SOAP answered \
                    InternalServerError for the whole call)";
    assert!(answer.ends_with(expected), "{answer}");
    assert_eq!(source, "Autodiscover POX");
    assert!(requests(&simulator, "autodiscover.pox") > 0, "{}", simulator.counts());
    // Somebody POX does not know: to a person that is about the user, and no lack where there is no mailbox.
    let (answer, source) = user_settings(&report, "nora.none@contoso.example");
    assert!(answer.starts_with("500 The email address can't be found. (told by POX;"), "{answer}");
    assert_eq!(source, "Autodiscover POX");
    let explain = |address: &str| sandbox.run(&["explain", address]).expect(0).stdout();
    assert!(explain("nora.none@contoso.example").contains("Autodiscover POX"));
    assert!(!report["users"][2].to_string().contains("no-exchange-section"), "{}", report["users"][2]);
    // Settings without EXPR and EXCH, as POX names them.
    let bastian = report["users"][1].to_string();
    assert!(
        bastian.contains("routing/no-exchange-section") && bastian.contains("salesforce/no-autodiscover"),
        "{bastian}"
    );
    let explained = explain("bastian.holt@contoso.example");
    assert!(explained.contains("an answer without an EWS address (told by POX;"), "{explained}");
    assert!(explained.contains("No EXPR or EXCH settings"), "{explained}");
}

#[test]
fn an_application_gets_nothing_from_pox_and_that_settles_nothing() {
    let sandbox = Sandbox::new();
    let simulator = soap_fails(&sandbox);
    configure(&sandbox, &simulator.url, 1, "kind = 'secret', file = 'secret.txt'");
    let mut command = sandbox.command(&["assess", "r.csv", "--tenant", "sim", "--out", "out"]);
    let done = support::Finished(command.env_remove("EWSREADY_NOW").output().expect("the program starts"));
    assert!(matches!(done.code(), 0 | 4), "{}", done.stderr());
    let report = report(&sandbox);
    let (answer, source) = user_settings(&report, "alma.reuter@contoso.example");
    assert!(answer.contains("the answer settles nothing") && answer.contains("POX was not asked"), "{answer}");
    assert_eq!(source, "Autodiscover SOAP");
    assert_eq!(requests(&simulator, "autodiscover.pox"), 0);
    let alma = report["users"][0].to_string();
    assert!(!alma.contains("no-exchange-section") && !alma.contains("no-autodiscover"), "{alma}");
    assert_eq!(report["users"][0]["routing"], "exchange_online", "V2 says where it is");
}

/// A name server on loopback that knows these records, for as long as the test's process lives.
fn name_server(records: impl Fn(&str, RecordType) -> Vec<RData> + Send + 'static) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let address = socket.local_addr().expect("its address");
    std::thread::spawn(move || {
        let mut buffer = [0; 1500];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let Ok(question) = Message::from_vec(&buffer[..length]) else { continue };
            let query = question.queries[0].clone();
            let mut answer = Message::response(question.metadata.id, OpCode::Query);
            answer.add_query(query.clone());
            for data in records(&query.name().to_string().to_lowercase(), query.query_type()) {
                answer.add_answer(Record::from_rdata(query.name().clone(), 60, data));
            }
            let _ = socket.send_to(&answer.to_vec().expect("an answer"), from);
        }
    });
    address
}

/// The lines of the sheet Domains, and of the JSON, by domain.
fn domains(mail: &'static str, autodiscover: &'static str) -> (BTreeMap<String, Vec<String>>, Value) {
    use calamine::{Data, Reader, Xlsx, open_workbook};
    let host = |name: &str| Name::from_ascii(name).expect("a name");
    let server = name_server(move |name, kind| match (name, kind) {
        ("contoso.example.", RecordType::MX) => vec![RData::MX(MX::new(10, host(mail)))],
        ("autodiscover.contoso.example.", RecordType::CNAME) => vec![RData::CNAME(CNAME(host(autodiscover)))],
        ("_autodiscover._tcp.contoso.example.", RecordType::SRV) => {
            vec![RData::SRV(SRV::new(0, 0, 443, host("panel.hosting.example.")))]
        }
        _ => Vec::new(),
    });
    let sandbox = Sandbox::new();
    let simulator = sandbox.simulator(&[&repository("samples/tenants/integrations.toml").display().to_string()]);
    // Two in Exchange Online, one on an Exchange Server.
    sandbox
        .write("r.csv", "email\nclara.clean@contoso.example\nsam.nobody@contoso.example\ntom.server@contoso.example\n");
    let config = simulator.config(&sandbox, "");
    let text = std::fs::read_to_string(&config).expect("the configuration");
    std::fs::write(&config, format!("{text}dns = '{server}'\n")).expect("the configuration");
    sandbox.run(&["assess", "r.csv", "--tenant", "sim", "--out", "out"]).expect(0);
    let mut book: Xlsx<_> = open_workbook(sandbox.path("out/readiness.xlsx")).expect("a workbook");
    let sheet = book.worksheet_range("Domains").expect("the sheet");
    let rows = sheet.rows().map(|row| row.iter().map(Data::to_string).collect::<Vec<_>>());
    (rows.map(|row| (row[0].clone(), row)).collect(), report(&sandbox)["tenant"]["domains"].clone())
}

#[test]
fn dns_stands_in_the_domains_sheet_held_against_where_the_mailboxes_are() {
    let (sheet, json) = domains("mx.filter.example.", "mail.contoso-onprem.example.");
    let line = &sheet["contoso.example"];
    let all = line.join(" | ");
    assert!(line.contains(&"mx.filter.example".to_owned()), "{all}");
    assert!(line.contains(&"mail.contoso-onprem.example".to_owned()), "{all}");
    for told in [
        "Mail goes to mx.filter.example first, not to Microsoft 365.",
        "right for addresses on Exchange Server (1); those in Exchange Online (2) depend on that server",
        "A record _autodiscover._tcp leads to panel.hosting.example",
    ] {
        assert!(all.contains(told), "{told}: {all}");
    }
    let line = json.as_array().expect("domains").iter().find(|line| line["name"] == "contoso.example").expect("it");
    assert_eq!(line["mail_exchanger"], "mx.filter.example");
    assert_eq!(line["autodiscover"], "mail.contoso-onprem.example");
    // The initial domain is Microsoft's own and is not asked about.
    assert!(!sheet["contosointegrations.onmicrosoft.com"].join(" ").contains("none"));
}

#[test]
fn an_alias_at_microsoft_365_is_held_against_the_mailboxes_that_are_not_there() {
    let (sheet, _) = domains("contoso-example.mail.protection.outlook.com.", "autodiscover.outlook.com.");
    let all = sheet["contoso.example"].join(" | ");
    assert!(all.contains("addresses of the domain are on Exchange Server (1): point it there"), "{all}");
    assert!(!all.contains("Mail goes to"), "{all}");
}

#[test]
fn a_name_server_that_is_none_is_refused_with_line_and_form() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "ewsready.toml",
        "[tenants.sim]\ntenant = 'x'\nclient_id = 'y'\ncredential = { kind = 'device-code' }\n[tenants.sim.endpoints]\ndns = 'ns.contoso.example'\n",
    );
    let said = sandbox.run(&["config", "--tenant", "sim"]).expect(2).stderr();
    assert!(said.contains("line 6") && said.contains("'ns.contoso.example' is no name server"), "{said}");
    assert!(said.contains("192.0.2.53:53"), "{said}");
}
