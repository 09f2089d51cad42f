//! Hostile services: the directory that everything hangs on, the questions about single mailboxes, the sign-in.

use std::net::TcpStream;
use std::time::Duration;

use crate::attacks::{ATTACKS, Attack, reply};
use crate::proxy::{Play, Proxy, Seen};
use crate::support::Sandbox;
use crate::{Measured, hold, measured};

/// Mailboxes on the roster: enough for every service to be asked as wide as it ever is at the start.
const MAILBOXES: usize = 40;
/// Peak memory allowed, in MiB; a run that nobody attacks takes about 35 in a debug build.
const MOST: u64 = 300;
const LONGEST: Duration = Duration::from_secs(240);

/// A run over a simulator some of whose answers are `play`'s.
fn assess(is_target: fn(&str) -> bool, play: Play, seconds: u32) -> (Sandbox, Measured) {
    assess_roster(None, is_target, play, seconds)
}

/// The same with a roster of the test's own in place of the simulated people.
fn assess_roster(
    own_roster: Option<&str>,
    is_target: fn(&str) -> bool,
    play: Play,
    seconds: u32,
) -> (Sandbox, Measured) {
    let sandbox = Sandbox::new();
    let roster = sandbox.path("roster.csv").display().to_string();
    let users = MAILBOXES.to_string();
    let mut simulator = sandbox.simulator(&["--users", &users, "--seed", "9", "--write-roster", &roster]);
    if let Some(text) = own_roster {
        sandbox.write("roster.csv", text);
    }
    simulator.url = Proxy::start(&simulator.url, is_target, play).url;
    let pace = format!(
        "[tenants.sim.pace]\nattempts = 2\npatience_seconds = 1\nrequest_seconds = {seconds}\nbackoff_milliseconds = 1\n\
         [tenants.sim.pace.on_premises]\nrequests = 10000\nseconds = 10\n"
    );
    simulator.config(&sandbox, &pace);
    let measured = measured(&sandbox, &["assess", "roster.csv", "--tenant", "sim", "--out", "out", "--format", "csv"]);
    (sandbox, measured)
}

/// Every line of the roster is in the report, and whoever was not assessed reads why; gives these reasons.
fn causes(name: &str, sandbox: &Sandbox) -> Vec<String> {
    let rows = sandbox.csv("out/readiness.csv");
    assert_eq!(rows.len(), MAILBOXES, "{name}: lines in and rows out differ");
    let open = rows.iter().filter(|row| row["verdict"] == "not_assessed");
    let causes: Vec<String> = open.map(|row| row["cause"].clone()).collect();
    assert!(causes.iter().all(|cause| cause.len() > 20 && cause.len() < 2000), "{name}: {causes:?}");
    causes
}

fn says(attack: &Attack, text: &str) -> bool {
    attack.says.iter().any(|words| text.contains(words))
}

/// The list of users, which everything hangs on.
fn is_directory(target: &str) -> bool {
    target.starts_with("/v1.0/users?")
}

/// What is asked about single mailboxes, everywhere at once.
fn is_probe(target: &str) -> bool {
    let lower = target.to_ascii_lowercase();
    ["/$batch", "/ews/exchange.asmx", "/autodiscover.json", "/invokecommand"].iter().any(|part| lower.contains(part))
}

fn is_sign_in(target: &str) -> bool {
    target.ends_with("/token")
}

#[test]
fn a_hostile_directory_leaves_everybody_not_assessed_and_says_why() {
    for attack in &ATTACKS {
        let (sandbox, measured) = assess(is_directory, attack.play, attack.seconds);
        hold(&format!("directory: {}", attack.name), &measured, MOST, LONGEST);
        let causes = causes(attack.name, &sandbox);
        assert_eq!(causes.len(), MAILBOXES, "{}: some were assessed", attack.name);
        for cause in &causes {
            assert!(says(attack, cause), "{}: {cause}", attack.name);
        }
    }
}

#[test]
fn hostile_answers_about_mailboxes_leave_them_not_assessed_and_say_why() {
    for attack in &ATTACKS {
        let (sandbox, measured) = assess(is_probe, attack.play, attack.seconds);
        hold(&format!("mailboxes: {}", attack.name), &measured, MOST, LONGEST);
        let causes = causes(attack.name, &sandbox);
        assert!(causes.iter().any(|cause| says(attack, cause)), "{}: {causes:?}", attack.name);
    }
}

#[test]
fn a_hostile_sign_in_ends_the_run_in_a_sentence() {
    for attack in &ATTACKS {
        let (_, measured) = assess(is_sign_in, attack.play, attack.seconds);
        hold(&format!("sign-in: {}", attack.name), &measured, MOST, LONGEST);
        let said = measured.finished.stderr();
        assert!(said.contains("error:") || said.contains("sign"), "{}: {said}", attack.name);
    }
}

#[test]
fn tokens_that_have_ended_or_never_end_are_no_reason_to_hang() {
    let plays: [(&str, Play, i32, &str); 2] = [
        (
            "none",
            |s, _| reply(s, "", br#"{"token_type":"Bearer","access_token":"a.e30.c","expires_in":0}"#),
            3,
            "already ended",
        ),
        (
            "endless",
            |s, _| {
                reply(s, "", br#"{"token_type":"Bearer","access_token":"a.e30.c","expires_in":9223372036854775807}"#)
            },
            4,
            "lacks User.Read.All",
        ),
    ];
    for (name, play, code, words) in plays {
        let (_, measured) = assess(is_sign_in, play, 20);
        hold(name, &measured, MOST, LONGEST);
        let said = measured.finished.stderr();
        assert_eq!(measured.finished.code(), code, "{name}: {said}");
        assert!(said.contains(words), "{name}: {said}");
    }
}

/// The users' pages go on for ever, each under a new address.
fn endless_pages(stream: &mut TcpStream, seen: &Seen) -> std::io::Result<()> {
    let page: u64 = seen.target.rsplit("skiptoken=").next().and_then(|page| page.parse().ok()).unwrap_or_default();
    let next = format!("http://{}/v1.0/users?$skiptoken={}", seen.host(), page + 1);
    reply(stream, "", format!("{{\"value\":[],\"@odata.nextLink\":\"{next}\"}}").as_bytes())
}

/// One account of 8 MiB that bears the addresses of everybody.
fn everybody(stream: &mut TcpStream, _: &Seen) -> std::io::Result<()> {
    let name = "Ada".repeat((8 << 20) / 3);
    let addresses: Vec<String> =
        (1..=MAILBOXES).map(|number| format!("\"smtp:user{number}@contoso.example\"")).collect();
    let addresses = addresses.join(",");
    reply(
        stream,
        "",
        format!("{{\"value\":[{{\"id\":\"1\",\"displayName\":\"{name}\",\"proxyAddresses\":[{addresses}]}}]}}")
            .as_bytes(),
    )
}

/// 8 MiB of text where a switch belongs: errors like to quote.
fn quoted(stream: &mut TcpStream, _: &Seen) -> std::io::Result<()> {
    let text = "y".repeat(8 << 20);
    reply(stream, "", format!("{{\"value\":[{{\"id\":\"1\",\"accountEnabled\":\"{text}\"}}]}}").as_bytes())
}

#[test]
fn a_list_of_users_without_end_or_measure_is_given_up_with_its_cause() {
    let plays: [(&str, Play, &str); 3] = [
        ("a text in the place of a switch", quoted, "cannot be read"),
        ("endless pages", endless_pages, "pages in a row hold nothing"),
        ("everybody", everybody, "at a length no account has"),
    ];
    let roster: String = (1..=MAILBOXES).map(|number| format!("user{number}@contoso.example\n")).collect();
    for (name, play, words) in plays {
        let (sandbox, measured) = assess_roster(Some(&roster), is_directory, play, 20);
        hold(name, &measured, MOST, LONGEST);
        let causes = causes(name, &sandbox);
        assert!(causes.len() == MAILBOXES && causes.iter().all(|cause| cause.contains(words)), "{name}: {causes:?}");
    }
}

/// A batch every part of which is a success that says nothing.
fn empty_parts(stream: &mut TcpStream, _: &Seen) -> std::io::Result<()> {
    let parts: Vec<String> = (0..20).map(|id| format!("{{\"id\":\"{id}\",\"status\":200,\"body\":{{}}}}")).collect();
    reply(stream, "", format!("{{\"responses\":[{}]}}", parts.join(",")).as_bytes())
}

#[test]
fn parts_of_a_batch_that_hold_nothing_open_no_mailbox() {
    let (sandbox, measured) = assess(|target| target.ends_with("/$batch"), empty_parts, 20);
    hold("empty parts", &measured, MOST, LONGEST);
    let causes = causes("empty parts", &sandbox);
    let rows = sandbox.csv("out/readiness.csv");
    assert!(rows.iter().all(|row| row["verdict"] != "move_to_graph_eac"), "a mailbox was opened by nothing");
    assert!(causes.iter().any(|cause| cause.contains("holds nothing of what was asked")), "{causes:?}");
}
