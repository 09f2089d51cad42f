//! Every kind of credential signs in, and every refusal has a sentence of its own.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so and stops")]

mod support;
#[path = "support/world.rs"]
mod world;

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use ewsready::clock::Clock;
use ewsready::service::entra::{Account, Credential, Entra};
use ewsready::transport::{HttpWire, Pace, Request, Resource, TokenSource, Transport, Wire};
use serde_json::json;
use support::{Finished, Sandbox, Simulator, repository};
use world::{Server, federated_token, json_reply};

const TENANT: &str = "6a1d0c3e-8f27-4b95-a0c4-1e2d3f4a5b6c";

fn application(number: u32) -> String {
    format!("10000000-0000-4000-8000-00000000000{number}")
}

fn simulator(sandbox: &Sandbox) -> Simulator {
    sandbox.simulator(&[&repository("tests/clients/sign-in.toml").display().to_string()])
}

/// A configuration for one application with one credential.
fn configure(sandbox: &Sandbox, simulator: &Simulator, application: &str, credential: &str) {
    let url = &simulator.url;
    let client_id = if application.is_empty() { String::new() } else { format!("client_id = '{application}'\n") };
    sandbox.write(
        "ewsready.toml",
        format!(
            "[tenants.sim]\ntenant = '{TENANT}'\n{client_id}credential = {{ {credential} }}\n\
             [tenants.sim.endpoints]\nauthority = '{url}'\ngraph = '{url}'\nexchange = '{url}'\nautodiscover = '{url}'\n"
        ),
    );
}

/// The doctor by the computer's clock, which the simulator follows too.
fn doctor(sandbox: &Sandbox) -> Command {
    let mut command = sandbox.command(&["doctor", "--tenant", "sim", "-vv"]);
    command.env_remove("EWSREADY_NOW");
    for name in ["ACTIONS_ID_TOKEN_REQUEST_URL", "AZURE_FEDERATED_TOKEN_FILE", "IDENTITY_ENDPOINT", "IDENTITY_HEADER"] {
        command.env_remove(name);
    }
    command
}

fn finished(command: &mut Command) -> Finished {
    Finished(command.output().expect("the program starts"))
}

#[track_caller]
fn signed_in(done: &Finished, permission: &str) {
    let said = done.stdout();
    let graph = said.lines().find(|line| line.contains("Microsoft Graph  signed in"));
    assert!(graph.is_some_and(|line| line.contains(permission)), "{said}\n{}", done.stderr());
}

#[test]
fn a_secret_comes_from_a_variable_a_file_or_standard_input() {
    let sandbox = Sandbox::new();
    let simulator = simulator(&sandbox);
    let secret = "open-sesame+/=&%";
    configure(&sandbox, &simulator, &application(1), "kind = 'secret', env = 'THE_SECRET'");
    signed_in(&finished(doctor(&sandbox).env("THE_SECRET", secret)), "User.Read.All");
    sandbox.write("secret.txt", format!("{secret}\r\n"));
    configure(&sandbox, &simulator, &application(1), "kind = 'secret', file = 'secret.txt'");
    signed_in(&finished(&mut doctor(&sandbox)), "User.Read.All");
    configure(&sandbox, &simulator, &application(1), "kind = 'secret', file = '-'");
    let mut child = doctor(&sandbox)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("its input").write_all(secret.as_bytes()).expect("the secret is read");
    signed_in(&Finished(child.wait_with_output().expect("an end")), "User.Read.All");
}

#[test]
fn a_certificate_signs_and_the_signature_is_checked() {
    let sandbox = Sandbox::new();
    let simulator = simulator(&sandbox);
    let read = |name: &str| std::fs::read_to_string(repository(name)).expect("a file");
    let (certificate, key) = (read("tests/clients/assertion.crt.pem"), read("tests/clients/assertion.key.pem"));
    sandbox.write("both.pem", format!("{key}\n{certificate}"));
    configure(&sandbox, &simulator, &application(2), "kind = 'certificate', file = 'both.pem'");
    signed_in(&finished(&mut doctor(&sandbox)), "User.Read.All");
    sandbox.write("only.crt", &certificate);
    sandbox.write("only.key", &key);
    configure(&sandbox, &simulator, &application(2), "kind = 'certificate', file = 'only.crt', key_file = 'only.key'");
    signed_in(&finished(&mut doctor(&sandbox)), "User.Read.All");
    configure(&sandbox, &simulator, &application(2), "kind = 'certificate', file = 'only.crt'");
    let said = finished(&mut doctor(&sandbox)).expect(3).stderr();
    assert!(said.contains("only.crt holds no private key"), "{said}");
    // Another application does not know this certificate.
    configure(&sandbox, &simulator, &application(1), "kind = 'certificate', file = 'both.pem'");
    let said = finished(&mut doctor(&sandbox)).expect(3).stdout();
    assert!(said.contains("NO SIGN-IN: the certificate's signature was not accepted (AADSTS700027)"), "{said}");
}

#[test]
fn a_pfx_file_signs_in_with_its_password_from_a_variable_or_a_file() {
    let sandbox = Sandbox::new();
    let simulator = simulator(&sandbox);
    // As openssl writes them today, and with -legacy, as older Windows does.
    for name in ["modern.pfx", "legacy.pfx"] {
        std::fs::copy(repository("tests/clients").join(name), sandbox.path(name)).expect("a file");
        let credential = format!("kind = 'certificate', file = '{name}', password_env = 'THE_PASSWORD'");
        configure(&sandbox, &simulator, &application(2), &credential);
        signed_in(&finished(doctor(&sandbox).env("THE_PASSWORD", "canary-pfx-password")), "User.Read.All");
        let said = finished(doctor(&sandbox).env("THE_PASSWORD", "other")).expect(3).stderr();
        assert!(said.contains(&format!("{name} cannot be opened with this password, or is no PFX file")), "{said}");
    }
    sandbox.write("password.txt", "canary-pfx-password\n");
    let credential = "kind = 'certificate', file = 'modern.pfx', password_file = 'password.txt'";
    configure(&sandbox, &simulator, &application(2), credential);
    signed_in(&finished(&mut doctor(&sandbox)), "User.Read.All");
}

#[test]
fn a_federated_token_comes_from_a_file_that_is_read_each_time() {
    let sandbox = Sandbox::new();
    let simulator = simulator(&sandbox);
    sandbox.write("token", federated_token());
    configure(&sandbox, &simulator, &application(3), "kind = 'federated', file = 'token'");
    signed_in(&finished(&mut doctor(&sandbox)), "User.Read.All");
    configure(&sandbox, &simulator, &application(3), "kind = 'federated'");
    let token = sandbox.path("token");
    signed_in(&finished(doctor(&sandbox).env("AZURE_FEDERATED_TOKEN_FILE", &token)), "User.Read.All");
    let said = finished(&mut doctor(&sandbox)).expect(3).stderr();
    assert!(said.contains("there is no token to exchange"), "{said}");
}

#[test]
fn github_actions_gives_a_token_for_our_audience_and_is_trusted_over_tls_only() {
    let sandbox = Sandbox::new();
    let simulator = simulator(&sandbox);
    let github = Server::start(|request| {
        let bearer = request.header("authorization") == Some("bearer job-token");
        let audience = request.target.contains("audience=api%3A%2F%2FAzureADTokenExchange");
        match bearer && audience && request.target.starts_with("/token?run=1") {
            true => json_reply(&json!({"value": federated_token()})),
            false => (403, String::new(), String::new()),
        }
    });
    configure(&sandbox, &simulator, &application(3), "kind = 'federated'");
    let mut command = doctor(&sandbox);
    command.env("ACTIONS_ID_TOKEN_REQUEST_URL", format!("{}/token?run=1", github.url()));
    signed_in(&finished(command.env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "job-token")), "User.Read.All");
    let said = finished(command.env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "wrong")).expect(3).stdout();
    assert!(said.contains("id-token: write"), "{said}");
    let said = finished(command.env("ACTIONS_ID_TOKEN_REQUEST_URL", "http://github.example/token")).expect(3).stderr();
    assert!(said.contains("is not encrypted"), "{said}");
}

/// A token as the simulator gives it to the application with a secret.
fn token_of(url: &str) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let wire = HttpWire::new(std::time::Duration::from_secs(10)).expect("a client");
        let body = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", &application(1))
            .append_pair("client_secret", "open-sesame+/=&%")
            .append_pair("scope", "https://graph.microsoft.com/.default")
            .finish();
        let to = format!("{url}/{TENANT}/oauth2/v2.0/token").parse().expect("an address");
        let answer = wire.send(Request::post(to, "application/x-www-form-urlencoded", body)).await.expect("an answer");
        let body: serde_json::Value = serde_json::from_slice(&answer.body).expect("JSON");
        body["access_token"].as_str().expect("a token").to_owned()
    })
}

#[test]
fn a_machine_s_identity_is_asked_with_its_header_and_again_while_it_is_not_ready() {
    let sandbox = Sandbox::new();
    let simulator = simulator(&sandbox);
    let (token, asked) = (token_of(&simulator.url), AtomicU32::new(0));
    let imds = Server::start(move |request| {
        let fits = request.header("metadata") == Some("true")
            && request
                .target
                .starts_with("/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2F")
            && !request.target.contains("default");
        match (fits, asked.fetch_add(1, Ordering::SeqCst)) {
            (false, _) => (400, String::new(), json!({"error": "bad_request_102"}).to_string()),
            (true, 0) => (404, String::new(), String::new()),
            (true, _) => json_reply(&json!({"access_token": token, "expires_in": "3599", "token_type": "Bearer"})),
        }
    });
    configure(&sandbox, &simulator, "", "kind = 'managed-identity'");
    let mut command = doctor(&sandbox);
    signed_in(&finished(command.env("AZURE_POD_IDENTITY_AUTHORITY_HOST", imds.url())), "MailboxSettings.Read");
}

#[test]
fn app_service_is_asked_with_its_own_header() {
    let sandbox = Sandbox::new();
    let simulator = simulator(&sandbox);
    let token = token_of(&simulator.url);
    let service = Server::start(move |request| {
        let user_assigned = request.target.contains("client_id=7b1e");
        match request.header("x-identity-header") == Some("the-header") && user_assigned {
            true => json_reply(&json!({"access_token": token, "expires_on": "1999999999"})),
            false => (401, String::new(), json!({"message": "no identity"}).to_string()),
        }
    });
    configure(&sandbox, &simulator, "7b1e", "kind = 'managed-identity'");
    let mut command = doctor(&sandbox);
    command.env("IDENTITY_ENDPOINT", format!("{}/msi/token", service.url()));
    signed_in(&finished(command.env("IDENTITY_HEADER", "the-header")), "MailboxSettings.Read");
    let said = finished(command.env("IDENTITY_HEADER", "other")).expect(3).stdout();
    assert!(said.contains("gives no token (no identity)"), "{said}");
}

#[test]
fn a_person_signs_in_at_a_browser_once_for_every_service() {
    let sandbox = Sandbox::new();
    let simulator = simulator(&sandbox);
    configure(&sandbox, &simulator, &application(4), "kind = 'device-code'");
    let mut child = doctor(&sandbox)
        .arg("--quiet")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(child.stderr.take().expect("its messages")).lines();
    support::approve(&mut lines, "alma.reuter@contoso.example");
    let rest: Vec<_> = lines.map_while(Result::ok).collect();
    let mut said = String::new();
    std::io::Read::read_to_string(&mut child.stdout.take().expect("its output"), &mut said).expect("text");
    child.wait().expect("an end");
    assert!(
        said.contains("Microsoft Graph  signed in; the token carries User.Read.All, MailboxSettings.Read"),
        "{said}"
    );
    assert!(said.contains("Exchange Online  signed in; the token carries EWS.AccessAsUser.All"), "{said}");
    assert!(rest.iter().all(|line| !line.starts_with("Sign in:")), "one person is asked once: {rest:?}");
    assert!(rest.iter().any(|line| line.contains("sees less")), "{rest:?}");
}

/// Signs every application of a tenant in that is refused with its own code.
#[tokio::test]
async fn every_code_of_entra_has_its_own_sentence_and_next_step() {
    const CODES: [u32; 48] = [
        7_000_215, 7_000_222, 7_000_112, 70_001, 700_016, 90_002, 900_382, 900_432, 90_038, 50_034, 51_004, 50_020,
        50_076, 50_079, 50_158, 53_003, 530_032, 50_131, 65_001, 500_011, 650_052, 650_057, 700_027, 50_012, 700_024,
        500_133, 70_011, 28_002, 700_022, 1_002_012, 7_000_218, 700_025, 50_194, 90_124, 9_001_023, 50_196, 90_055,
        50_033, 90_006, 90_012, 90_024, 90_033, 90_090, 70_012, 70_021, 70_018, 70_019, 700_229,
    ];
    let mut file = format!(
        "[tenant]\nid = '{TENANT}'\nname = 'Contoso'\ndomains = [{{ name = 'contoso.example', default = true }}, \
         {{ name = 'contoso.onmicrosoft.com', initial = true }}]\n"
    );
    for code in CODES {
        let _ = write!(
            file,
            "[[application]]\nname = '{code}'\nclient_id = '20000000-0000-4000-8000-{code:012}'\nsecret = 'x'\n\
             refused_with = {code}\n"
        );
    }
    let tenant = ewsready::simulator::Tenant::from_toml("codes.toml", &file).expect("a tenant");
    let clock = Clock::system();
    let options = ewsready::simulator::Options { clock, ..Default::default() };
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let running = ewsready::simulator::start(Arc::new(tenant), options, address).await.expect("a simulator");
    let authority: url::Url = running.url().parse().expect("an address");
    let mut sentences = String::new();
    for code in CODES {
        let wire = HttpWire::new(std::time::Duration::from_secs(10)).expect("a client");
        let pace = Pace { attempts: 1, patience: std::time::Duration::ZERO, ..Pace::default() };
        let transport = Arc::new(Transport::new(Arc::new(wire), pace, clock));
        let account = Account {
            authority: &authority,
            tenant: TENANT,
            client_id: format!("20000000-0000-4000-8000-{code:012}"),
            resources: ["https://graph.microsoft.com", "https://outlook.office365.com"],
        };
        let entra = Entra::new(transport, clock, account, Credential::Secret("x".into())).expect("an address");
        let trouble = entra.fetch(Resource::Graph).await.expect_err("a refusal");
        assert!(trouble.detail.contains(&format!("AADSTS{code}")), "{code}: {trouble}");
        assert!(trouble.request.is_some(), "{code} names no request");
        let _ = writeln!(sentences, "{}", trouble.detail);
    }
    insta::assert_snapshot!(sentences);
}
