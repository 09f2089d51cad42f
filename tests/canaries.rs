//! Planted secrets occur in nothing the program leaves: no file, log, trace, store or terminal output, at the highest
//! verbosity, when all goes well and on every way it can fail.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so and stops")]

mod support;
#[path = "support/world.rs"]
mod world;

use std::path::Path;
use std::process::Command;

use serde_json::json;
use support::{Finished, Sandbox, Simulator, repository};
use world::{Private, Proxy, Server, federated_token, json_reply};

const SECRET: &str = "canary-secret-7Q~x+/=&%";
const PASSWORD: &str = "canary-proxy-password";
const HEADER: &str = "canary-identity-header";
const JOB_TOKEN: &str = "canary-job-token";
/// Opens the PFX files beside the certificate.
const PFX_PASSWORD: &str = "canary-pfx-password";

/// Looks for every canary, in every form it travels in, in everything below a folder.
struct Hunt {
    /// What must not be found, with its name.
    canaries: Vec<(String, Vec<u8>)>,
    /// Files that hold a secret because the test put it there.
    planted: Vec<&'static str>,
}

impl Hunt {
    fn new() -> Self {
        use base64::Engine;
        use base64::engine::general_purpose::STANDARD;
        let mut canaries = Vec::new();
        for secret in [SECRET, PASSWORD, HEADER, JOB_TOKEN, PFX_PASSWORD] {
            let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            for form in [secret.to_owned(), encoded, STANDARD.encode(secret), STANDARD.encode(format!("ada:{secret}"))]
            {
                canaries.push((secret.to_owned(), form.into_bytes()));
            }
        }
        // Every line of the private key stands for the key.
        let key = std::fs::read_to_string(repository("tests/clients/assertion.key.pem")).expect("a key");
        for line in key.lines().filter(|line| !line.starts_with("-----")) {
            canaries.push(("the private key".to_owned(), line.as_bytes().to_vec()));
        }
        Self {
            canaries,
            planted: vec!["secret.txt", "both.pem", "tenant.toml", "token", "credentials.toml", "tls.key", "key.pfx"],
        }
    }

    #[track_caller]
    fn search(&self, what: &str, place: &str, content: &[u8]) {
        for (name, canary) in &self.canaries {
            assert!(memchr::memmem::find(content, canary).is_none(), "{what}: {name} is in {place}");
        }
        // Tokens and assertions are recognised by their form: three parts, the first an object in base64url.
        for start in memchr::memmem::find_iter(content, b"eyJ") {
            let rest = &content[start..];
            let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
            let token: Vec<_> = rest.iter().take_while(|byte| is_part(byte)).copied().collect();
            let dots = token.iter().filter(|byte| **byte == b'.').count();
            assert!(dots < 2, "{what}: a token is in {place}: {}", String::from_utf8_lossy(&token));
        }
    }

    #[track_caller]
    fn everything(&self, what: &str, sandbox: &Sandbox, done: &Finished) {
        self.search(what, "standard output", &done.0.stdout);
        self.search(what, "standard error", &done.0.stderr);
        self.folder(what, &sandbox.path(""));
    }

    #[track_caller]
    fn folder(&self, what: &str, folder: &Path) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                self.folder(what, &path);
            } else if !self.planted.contains(&name.as_str()) {
                self.search(what, &path.display().to_string(), &std::fs::read(&path).expect("a file"));
            }
        }
    }
}

const TENANT: &str = "6a1d0c3e-8f27-4b95-a0c4-1e2d3f4a5b6c";

fn simulator(sandbox: &Sandbox, arguments: &[&str]) -> Simulator {
    let text = std::fs::read_to_string(repository("tests/clients/sign-in.toml")).expect("a tenant");
    let path = sandbox.write("tenant.toml", text.replace("open-sesame+/=&%", SECRET)).display().to_string();
    sandbox.write("r.csv", "email\nalma.reuter@contoso.example\nbastian.holt@contoso.example\n");
    sandbox.simulator(&[&[path.as_str()], arguments].concat())
}

const PACE: &str = "pace = { attempts = 2, patience_seconds = 1, request_seconds = 5, backoff_milliseconds = 1 }\n";

fn configure(sandbox: &Sandbox, url: &str, application: u32, credential: &str) {
    sandbox.write(
        "ewsready.toml",
        format!(
            "[tenants.sim]\ntenant = '{TENANT}'\nclient_id = '10000000-0000-4000-8000-00000000000{application}'\n\
             credential = {{ {credential} }}\n{PACE}[tenants.sim.endpoints]\nauthority = '{url}'\ngraph = '{url}'\n\
             exchange = '{url}'\nautodiscover = '{url}'\n"
        ),
    );
}

fn assess(sandbox: &Sandbox) -> Command {
    let mut command = sandbox
        .command(&["assess", "r.csv", "--tenant", "sim", "--out", "out", "--trace", "t.jsonl", "-vv", "--fresh"]);
    command.env_remove("EWSREADY_NOW").env("THE_SECRET", SECRET).env("RUST_BACKTRACE", "1");
    command
}

fn finished(mut command: Command) -> Finished {
    Finished(command.output().expect("the program starts"))
}

#[test]
fn no_secret_is_left_behind_when_all_goes_well() {
    let hunt = Hunt::new();
    let sandbox = Sandbox::new();
    let simulator = simulator(&sandbox, &[]);
    configure(&sandbox, &simulator.url, 1, "kind = 'secret', env = 'THE_SECRET'");
    let done = finished(assess(&sandbox));
    assert!(sandbox.path("out/readiness.json").exists(), "{}", done.stderr());
    let trace = String::from_utf8(sandbox.read("t.jsonl")).expect("text");
    assert!(trace.contains("oauth2/v2.0/token") && trace.contains("[secret]"), "the trace shows the sign-in");
    hunt.everything("a run", &sandbox, &done);
    let doctor = sandbox.command(&["doctor", "--tenant", "sim", "-vv", "--trace", "d.jsonl"]);
    let mut doctor = doctor;
    hunt.everything(
        "a look",
        &sandbox,
        &finished({
            doctor.env("THE_SECRET", SECRET);
            doctor
        }),
    );
    let mut config = sandbox.command(&["config"]);
    config.env("THE_SECRET", SECRET);
    let said = finished(config);
    assert!(said.stdout().contains("THE_SECRET (set)"), "{}", said.stdout());
    hunt.everything("the configuration", &sandbox, &said);
}

#[test]
fn no_key_and_no_assertion_is_left_behind() {
    let hunt = Hunt::new();
    let sandbox = Sandbox::new();
    let simulator = simulator(&sandbox, &[]);
    let read = |name: &str| std::fs::read_to_string(repository(name)).expect("a file");
    sandbox.write("both.pem", read("tests/clients/assertion.key.pem") + &read("tests/clients/assertion.crt.pem"));
    sandbox.write("token", federated_token());
    for (application, credential) in [
        (2, "kind = 'certificate', file = 'both.pem'"),
        (1, "kind = 'certificate', file = 'both.pem'"),
        (3, "kind = 'federated', file = 'token'"),
        (1, "kind = 'federated', file = 'token'"),
    ] {
        configure(&sandbox, &simulator.url, application, credential);
        hunt.everything(credential, &sandbox, &finished(assess(&sandbox)));
    }
    std::fs::copy(repository("tests/clients/modern.pfx"), sandbox.path("key.pfx")).expect("a file");
    for (application, password) in [(2, PFX_PASSWORD), (1, PFX_PASSWORD), (2, "canary-pfx-password-wrong")] {
        let credential = "kind = 'certificate', file = 'key.pfx', password_env = 'THE_PASSWORD'";
        configure(&sandbox, &simulator.url, application, credential);
        let mut command = assess(&sandbox);
        hunt.everything(
            "a PFX file",
            &sandbox,
            &finished({
                command.env("THE_PASSWORD", password);
                command
            }),
        );
    }
}

#[test]
fn no_secret_is_left_behind_however_it_fails() {
    let hunt = Hunt::new();
    let html =
        Server::start(|_| (200, "content-type: text/html\r\n".to_owned(), "<html>Please sign in</html>".to_owned()));
    // A server that gives everything back that it was told, in every place a message could be taken from.
    let echo = Server::start(|request| {
        let told = format!("{} {} {}", request.target, request.head.replace("\r\n", " "), request.body);
        let body = json!({"error": told, "error_description": told, "error_codes": [1], "message": told});
        (400, "content-type: application/json\r\n".to_owned(), body.to_string())
    });
    let away = "http://127.0.0.1:1".to_owned();
    for (what, url) in [("a page of HTML", html.url()), ("an echo", echo.url()), ("nobody there", away)] {
        let sandbox = Sandbox::new();
        sandbox.write("r.csv", "email\nalma.reuter@contoso.example\n");
        configure(&sandbox, &url, 1, "kind = 'secret', env = 'THE_SECRET'");
        let done = finished(assess(&sandbox));
        assert_ne!(done.code(), 0);
        hunt.everything(what, &sandbox, &done);
    }
    for (what, application) in [("expired", 5), ("disabled", 6), ("Conditional Access", 7), ("no permission", 8)] {
        let sandbox = Sandbox::new();
        let simulator = simulator(&sandbox, &["--fault", "html=0.2", "--fault", "drop=0.1"]);
        configure(&sandbox, &simulator.url, application, "kind = 'secret', env = 'THE_SECRET'");
        let done = finished(assess(&sandbox));
        assert_eq!(done.code(), 3, "{what}: {}", done.stderr());
        hunt.everything(what, &sandbox, &done);
    }
}

#[test]
fn what_the_environment_lends_is_left_nowhere() {
    let hunt = Hunt::new();
    let sandbox = Sandbox::new();
    let simulator = simulator(&sandbox, &[]);
    let lender = Server::start(|request| {
        if request.target.starts_with("/github") {
            return json_reply(&json!({"value": federated_token()}));
        }
        let told = request.head.replace("\r\n", " ");
        (401, String::new(), json!({"message": told, "error_description": told}).to_string())
    });
    configure(&sandbox, &simulator.url, 3, "kind = 'federated'");
    let mut command = assess(&sandbox);
    command.env("ACTIONS_ID_TOKEN_REQUEST_URL", format!("{}/github?x=1", lender.url()));
    command.env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", JOB_TOKEN);
    hunt.everything("GitHub Actions", &sandbox, &finished(command));
    configure(&sandbox, &simulator.url, 3, "kind = 'managed-identity'");
    let mut command = assess(&sandbox);
    command.env("IDENTITY_ENDPOINT", format!("{}/msi", lender.url())).env("IDENTITY_HEADER", HEADER);
    hunt.everything("App Service", &sandbox, &finished(command));
    assert!(lender.requests().iter().any(|request| request.head.contains(HEADER)), "it was lent");
}

#[test]
fn the_proxy_s_password_stays_with_the_proxy() {
    let hunt = Hunt::new();
    let private = Private::for_hosts(&["login.microsoftonline.com", "graph.microsoft.com", "outlook.office365.com"]);
    let sandbox = Sandbox::new();
    sandbox.write("ca.pem", &private.root);
    let certificate = sandbox.write("tls.crt", &private.certificate).display().to_string();
    let key = sandbox.write("tls.key", &private.key).display().to_string();
    let simulator = simulator(&sandbox, &["--tls-cert", &certificate, "--tls-key", &key]);
    let address = simulator.url.trim_start_matches("https://").parse().expect("an address");
    let proxy = Proxy::start(address, Some(("ada", PASSWORD)));
    sandbox.write(
        "ewsready.toml",
        format!(
            "[tenants.sim]\ntenant = '{TENANT}'\nclient_id = '10000000-0000-4000-8000-000000000001'\n\
             credential = {{ kind = 'secret', env = 'THE_SECRET' }}\n{PACE}"
        ),
    );
    let with = |password: &str| {
        let mut command = assess(&sandbox);
        command.args(["--proxy", &proxy.url(), "--ca-file", "ca.pem"]);
        command.env("EWSREADY_PROXY_USER", "ada").env("EWSREADY_PROXY_PASSWORD", password);
        finished(command)
    };
    let done = with(PASSWORD);
    assert!(sandbox.path("out/readiness.csv").exists(), "{}", done.stderr());
    hunt.everything("through the proxy", &sandbox, &done);
    let done = with("canary-proxy-password-wrong");
    assert_ne!(done.code(), 0);
    hunt.everything("refused by the proxy", &sandbox, &done);
    // The system's own setting may hold the password as well.
    let mut command = assess(&sandbox);
    command.args(["--ca-file", "ca.pem"]);
    command.env("HTTPS_PROXY", format!("http://ada:{PASSWORD}@127.0.0.1:{}", proxy.port)).env_remove("NO_PROXY");
    hunt.everything("by the system's proxy", &sandbox, &finished(command));
    let said = finished({
        let mut command = assess(&sandbox);
        command.args(["--proxy", &format!("http://ada:{PASSWORD}@127.0.0.1:1")]);
        command
    });
    assert_eq!(said.code(), 2);
    hunt.everything("a password in an argument", &sandbox, &said);
}

#[test]
fn people_leave_the_trace_on_demand() {
    let sandbox = Sandbox::new();
    let simulator = simulator(&sandbox, &[]);
    configure(&sandbox, &simulator.url, 1, "kind = 'secret', env = 'THE_SECRET'");
    let named = ["alma", "reuter", "bastian", "holt"];
    let occur = |trace: &str| named.iter().filter(|name| trace.to_lowercase().contains(**name)).count();
    finished(assess(&sandbox));
    assert_eq!(occur(&String::from_utf8(sandbox.read("t.jsonl")).expect("text")), named.len());
    let mut command = assess(&sandbox);
    command.arg("--trace-redact-people");
    finished(command);
    let trace = String::from_utf8(sandbox.read("t.jsonl")).expect("text");
    assert_eq!(occur(&trace), 0, "{trace}");
    assert!(trace.contains("person-"), "{trace}");
    for line in trace.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert!(line["request"]["headers"]["client-request-id"].is_string(), "{line}");
    }
}
