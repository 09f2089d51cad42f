//! Answers recorded from real servers, through the code that reads them. The recordings are not part of this
//! repository: `EWSREADY_TRACES=FOLDER cargo test --test traces` takes a folder with the files named here, and without
//! it the test says that it was skipped. What each recording taught is also held by a test beside the code.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so and stops")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use ewsready::evidence::Cause;
use ewsready::evidence::mailbox::{EwsAnswer, GraphAnswer, MailboxPurpose};
use ewsready::service::autodiscover::pox::{self, Caller, Pox};
use ewsready::service::autodiscover::soap::{self, UserAnswer};
use ewsready::service::ews;
use ewsready::service::graph::{batch, mailbox};
use ewsready::transport::retry::json_by_status;
use ewsready::transport::{Answer, Reading, pushback};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("EWSREADY_TRACES").map(PathBuf::from);
    if folder.is_none() {
        println!("SKIPPED: EWSREADY_TRACES names no folder with recorded answers");
    }
    folder
}

/// A recording: a body with its status, or a whole answer with status line and headers (`.http`).
fn answer(folder: &Path, name: &str, status: u16) -> Answer {
    let bytes = std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
    if !name.ends_with(".http") {
        let status = StatusCode::from_u16(status).expect("a status");
        return Answer { status, headers: HeaderMap::new(), body: Bytes::from(bytes) };
    }
    let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let name = HeaderName::try_from(name.trim()).expect("a header");
        headers.append(name, HeaderValue::try_from(value.trim()).expect("a value"));
    }
    Answer { status: status.expect("a status"), headers, body: Bytes::from(body.to_owned()) }
}

/// What an EWS recording comes to, in one word or two.
fn ews_meaning(answer: &Answer) -> String {
    let document = ews::document(answer);
    match ews::reading(answer, &document) {
        Reading::Pushback(wait, _) => format!("wait {}", wait.map_or(0, |wait| wait.as_millis())),
        Reading::Transient(cause, _) => format!("again, then {}", cause.id()),
        Reading::Final => match ews::interpret(answer, &document) {
            Ok(EwsAnswer::Works) => "works".to_owned(),
            Ok(EwsAnswer::NotPermitted { .. }) => "not permitted".to_owned(),
            Ok(EwsAnswer::NoMailbox { .. }) => "no mailbox".to_owned(),
            Ok(other) => format!("{other:?}"),
            Err(trouble) => trouble.cause.id().to_owned(),
        },
    }
}

#[test]
fn ews() {
    let Some(folder) = folder() else { return };
    let recordings = [
        ("01-success-inbox-exo.xml", 200, "works"),
        ("02-success-calendarfolder.xml", 200, "works"),
        ("03-success-one-line.xml", 200, "works"),
        ("04-success-default-namespace-mixed.xml", 200, "works"),
        ("05-error-id-malformed.xml", 200, "inconclusive"),
        ("06-error-itemnotfound-ex2010.http", 200, "inconclusive"),
        ("07-401-ntlm-negotiate-ex2010.http", 401, "inconclusive"),
        ("08-error-parentfoldernotfound-ex2010.http", 200, "inconclusive"),
        ("14-serverbusy-backoff-297749.xml", 500, "wait 297749"),
        ("15-serverbusy-backoff-short.xml", 500, "wait 100"),
        ("23-schemavalidation-docs.xml", 500, "inconclusive"),
        ("24-schemavalidation-recorded.xml", 500, "inconclusive"),
        ("25-incorrectschemaversion.xml", 500, "inconclusive"),
        ("26-soap-client-accessdenied-exception.xml", 500, "not permitted"),
        ("33-401-bearer-invalid-token.http", 401, "sign_in"),
        ("34-503-iis-queue.http", 503, "again, then outage"),
        ("35-not-well-formed.xml", 200, "again, then unreadable"),
        ("36-empty-fault.xml", 500, "again, then inconclusive"),
    ];
    for (name, status, meaning) in recordings {
        assert_eq!(ews_meaning(&answer(&folder.join("ews"), name, status)), meaning, "{name}");
    }
}

#[test]
fn graph() {
    let Some(folder) = folder().map(|folder| folder.join("graph")) else { return };
    let throttled = answer(&folder, "17-429-decimal-retry-after.http", 429);
    assert!(matches!(json_by_status(&throttled), Reading::Pushback(..)));
    let now = "2026-11-18T12:51:51Z".parse().expect("a moment");
    assert_eq!(pushback::ordered_wait(&throttled, now), Some(Duration::from_secs_f64(2.128)));

    let unreadable =
        mailbox::interpret(&answer(&folder, "27-not-json-trailing-comma.json", 400)).expect_err("no answer");
    assert_eq!(unreadable.cause, Cause::Inconclusive);
    assert!(unreadable.detail.contains("400"), "{unreadable}");

    let parts = batch::parse(&answer(&folder, "29-batch-204-body-null-and-302.json", 200).body).expect("a batch");
    let statuses: Vec<_> = ["1", "2", "3", "4"].iter().map(|id| parts[*id].status.as_u16()).collect();
    assert_eq!(statuses, [302, 200, 401, 204]);

    // No report is asked for: a redirect in place of an answer is followed by nobody, and settles nothing.
    let redirect = answer(&folder, "35-report-302.http", 302);
    let cause = match json_by_status(&redirect) {
        Reading::Transient(cause, _) => cause,
        _ => mailbox::interpret(&redirect).expect_err("no answer").cause,
    };
    assert!(matches!(cause, Cause::Inconclusive | Cause::Unreadable), "{cause:?}");

    let settings = mailbox::interpret(&answer(&folder, "33-mailboxsettings-cs-CZ.json", 200));
    assert_eq!(settings, Ok(GraphAnswer::Answers { purpose: Some(MailboxPurpose::User) }));
}

#[test]
fn pox_recordings() {
    let Some(folder) = folder().map(|folder| folder.join("pox")) else { return };
    let read = |name: &str, caller| pox::interpret(&answer(&folder, name, 200).body, caller);
    let settings = |name: &str| match read(name, Caller::Application) {
        Ok(Pox::Settings(settings)) => settings,
        other => panic!("{name}: {other:?}"),
    };
    let online = settings("01-exo-exch-expr-web.xml");
    assert_eq!(online.ews_url.as_deref(), Some("https://outlook.office365.com/EWS/Exchange.asmx"));
    assert_eq!((online.online, online.has_exchange_section()), (Some(true), true));
    let insecure = settings("02-ewsurl-is-plain-http.xml");
    assert!(insecure.ews_url.is_none_or(|url| url.starts_with("https://")) && insecure.insecure.is_some());
    let own = settings("03-onprem-2007-exch-expr-web-internal.xml");
    assert_eq!(own.ews_url.as_deref(), Some("https://mail.contoso.com/ews/exchange.asmx"));
    let causes = [
        ("04-namespaces-damaged-to-https.xml", Caller::Person),
        ("05-error-600-invalid-request.xml", Caller::Person),
        ("12-error-500-app-only-token.xml", Caller::Application),
    ];
    for (name, caller) in causes {
        assert_eq!(read(name, caller).expect_err(name).cause, Cause::Inconclusive, "{name}");
    }
    assert!(matches!(read("06-redirectaddr-subdomain.xml", Caller::Person), Ok(Pox::RedirectAddress(_))));
    assert!(matches!(read("13-error-500-with-delegated-user.xml", Caller::Person), Ok(Pox::UnknownAddress { .. })));
}

#[test]
fn soap_recordings() {
    let Some(folder) = folder().map(|folder| folder.join("soap")) else { return };
    let read = |name: &str| soap::interpret(&answer(&folder, name, 200).body);
    let first = |name: &str| read(name).unwrap_or_else(|trouble| panic!("{name}: {trouble}")).swap_remove(0);
    let UserAnswer::Settings(settings) = first("01-getusersettings-exo.xml") else { panic!("no settings") };
    assert_eq!(settings.external_ews_url.as_deref(), Some("https://outlook.office365.com/EWS/Exchange.asmx"));
    assert_eq!(settings.error, None);
    assert_eq!(read("02-getusersettings-two-users.xml").expect("two users").len(), 2);
    let mixed = read("03-getusersettings-mixed-redirectaddress.xml").expect("two users");
    assert!(matches!(mixed.as_slice(), [UserAnswer::Settings(_), UserAnswer::RedirectAddress(_)]), "{mixed:?}");
    assert!(matches!(first("06-redirectaddress.xml"), UserAnswer::RedirectAddress(_)));
    for name in ["04-internalservicefault.xml", "05-foreign-soap-fault.xml", "11-internalservererror.xml"] {
        assert_eq!(read(name).expect_err(name).cause, Cause::Inconclusive, "{name}");
    }
}

/// The recordings come with a list of them; a new one has to be read here.
#[test]
fn every_recording_is_read() {
    let Some(folder) = folder() else { return };
    let mut list = csv::Reader::from_path(folder.join("manifest.csv")).expect("the list");
    let names = list.records().map(|line| line.expect("a line")[0].rsplit('/').next().unwrap_or_default().to_owned());
    let missing: Vec<String> = names.filter(|name| !include_str!("traces.rs").contains(name.as_str())).collect();
    assert_eq!(missing, Vec::<String>::new());
}
