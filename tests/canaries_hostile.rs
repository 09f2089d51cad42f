//! Hostile servers: wherever a redirect or next link leads, no credential goes along, and what a server repeats of ours
//! is not repeated by us.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so and stops")]

mod support;
#[path = "support/world.rs"]
mod world;

use serde_json::json;
use support::{Finished, Sandbox};
use world::{Seen, Server, json_reply};

const TOKEN: &str = "eyJjYW5hcnkiOjF9.eyJyb2xlcyI6WyJVc2VyLlJlYWQuQWxsIiwiTWFpbGJveFNldHRpbmdzLlJlYWQiXX0.c2ln";
const SECRET: &str = "canary-secret";

/// Everything another host was told.
fn told(stranger: &Server) -> String {
    stranger.requests().iter().map(|request| format!("{}\n{}\n", request.head, request.body)).collect()
}

/// Services that work until they lead elsewhere; `elsewhere` is another origin.
fn misleading(elsewhere: String) -> Server {
    Server::start(move |request| {
        let away = || (307, format!("location: {elsewhere}{}\r\n", request.target), String::new());
        let path = request.target.split('?').next().unwrap_or_default();
        if path.ends_with("/token") {
            json_reply(&json!({"token_type": "Bearer", "expires_in": 3599, "access_token": TOKEN}))
        } else if path.ends_with("/$count") {
            (200, "content-type: text/plain\r\n".to_owned(), "1".to_owned())
        } else if path == "/v1.0/users" {
            let next = format!("{elsewhere}/v1.0/users?$skiptoken=1");
            json_reply(&json!({"value": [], "@odata.nextLink": next}))
        } else if path.ends_with("/InvokeCommand") {
            let next = format!("{elsewhere}/adminapi/beta/x/InvokeCommand");
            let one = json!({"PrimarySmtpAddress": "ada@contoso.example", "RecipientTypeDetails": "UserMailbox",
                "EwsEnabled": true, "EwsApplicationAccessPolicy": null});
            json_reply(&json!({"value": [one], "@odata.nextLink": next}))
        } else {
            away()
        }
    })
}

fn configure(sandbox: &Sandbox, url: &str) {
    sandbox.write("secret.txt", SECRET);
    sandbox.write("r.csv", "email\nada@contoso.example\nbob@contoso.example\n");
    sandbox.write(
        "ewsready.toml",
        format!(
            "[tenants.sim]\ntenant = 'contoso.example'\nclient_id = 'app'\n\
             credential = {{ kind = 'secret', file = 'secret.txt' }}\n\
             pace = {{ attempts = 2, patience_seconds = 1, request_seconds = 5, backoff_milliseconds = 1 }}\n\
             [tenants.sim.endpoints]\nauthority = '{url}'\ngraph = '{url}'\nexchange = '{url}'\nautodiscover = '{url}'\n"
        ),
    );
}

fn assess(sandbox: &Sandbox) -> Finished {
    let arguments = ["assess", "r.csv", "--tenant", "sim", "--format", "csv", "-vv", "--trace", "t.jsonl"];
    sandbox.run(&arguments)
}

#[test]
fn no_token_follows_a_redirect_or_a_next_link_to_another_host() {
    let stranger = Server::start(|_| json_reply(&json!({"value": []})));
    let friend = misleading(stranger.url());
    let sandbox = Sandbox::new();
    configure(&sandbox, &friend.url());
    let done = assess(&sandbox);
    let own = friend.requests();
    let asked = |what: &str| own.iter().any(|request| request.target.contains(what));
    assert!(asked("/v1.0/users") && asked("InvokeCommand"), "{}", done.stderr());
    assert!(own.iter().any(|request| request.head.contains(TOKEN)), "the friend was given the token");
    let told = told(&stranger);
    for secret in [TOKEN, SECRET, "uthorization:"] {
        assert!(!told.contains(secret), "{told}");
    }
    // Autodiscover is followed, with nothing but the address.
    let followed = stranger.requests();
    assert!(followed.iter().all(|request| request.target.starts_with("/autodiscover/")), "{followed:?}");
}

#[test]
fn no_secret_follows_a_redirect_of_the_sign_in() {
    let stranger = Server::start(|_| json_reply(&json!({"token_type": "Bearer", "access_token": "x"})));
    let elsewhere = stranger.url();
    for status in [301, 302, 307, 308] {
        let to = elsewhere.clone();
        let friend = Server::start(move |request: &Seen| {
            (status, format!("location: {to}{}\r\n", request.target), String::new())
        });
        let sandbox = Sandbox::new();
        configure(&sandbox, &friend.url());
        let said = assess(&sandbox).expect(3).stderr();
        assert!(said.contains("error:"), "{said}");
    }
    assert!(stranger.requests().is_empty(), "{}", told(&stranger));
}

#[test]
fn a_server_that_repeats_our_token_is_not_quoted() {
    let friend = Server::start(|request| {
        if request.target.ends_with("/token") {
            return json_reply(&json!({"token_type": "Bearer", "expires_in": 3599, "access_token": TOKEN}));
        }
        let told = request.head.replace("\r\n", " ");
        let body =
            json!({"error": {"code": "X", "message": told, "details": [{"message": told}]}, "errorMessage": told});
        let echo = told.split(TOKEN).collect::<Vec<_>>().join(TOKEN);
        (403, format!("content-type: application/json\r\nx-ews-policy-reason: {echo}\r\n"), body.to_string())
    });
    let sandbox = Sandbox::new();
    configure(&sandbox, &friend.url());
    let done = assess(&sandbox);
    let everything = [done.stdout(), done.stderr()].concat();
    assert!(!everything.contains(TOKEN), "{everything}");
    for name in ["ewsready.sqlite", "t.jsonl"] {
        assert!(memchr::memmem::find(&sandbox.read(name), TOKEN.as_bytes()).is_none(), "{name}");
    }
}

#[test]
fn plain_http_leads_to_this_computer_only() {
    for endpoint in ["authority", "graph", "exchange", "autodiscover"] {
        let sandbox = Sandbox::new();
        configure(&sandbox, "https://127.0.0.1:1");
        let text = String::from_utf8(sandbox.read("ewsready.toml")).expect("text");
        let plain = text.replace(
            &format!("{endpoint} = 'https://127.0.0.1:1'"),
            &format!("{endpoint} = 'http://graph.contoso.example'"),
        );
        sandbox.write("ewsready.toml", plain);
        let said = assess(&sandbox).expect(2).stderr();
        assert!(said.contains("is not encrypted") && said.contains(&format!("endpoints.{endpoint}")), "{said}");
    }
}
