//! `ewsready simulate` as a command.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use serde_json::Value;

fn simulate(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ewsready"));
    command.arg("simulate").args(arguments).stdin(Stdio::null());
    command
}

#[tokio::test]
async fn it_says_where_it_listens_and_ends_on_request() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (roster, credentials) = (path("roster.csv"), path("sign-in.toml"));
    let mut child = simulate(&[
        "--users",
        "300",
        "--seed",
        "9",
        "--counters",
        "--write-roster",
        &roster,
        "--write-credentials",
        &credentials,
    ])
    .stdout(Stdio::piped())
    .spawn()
    .expect("started");
    let mut out = BufReader::new(child.stdout.take().expect("piped"));
    let mut line = String::new();
    out.read_line(&mut line).expect("a line");
    let url = line.trim_end().strip_prefix("listening on ").expect("the promised words").to_owned();
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    let client = reqwest::Client::builder().no_proxy();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let counters: Value = client
        .build()
        .expect("a client")
        .get(format!("{url}/__simulator"))
        .send()
        .await
        .expect("sent")
        .json()
        .await
        .expect("JSON");
    assert_eq!(counters["requests"], serde_json::json!({}));
    let lines = csv::Reader::from_path(&roster).expect("written").records().count();
    assert!((290..=300).contains(&lines), "{lines}");
    assert!(std::fs::read_to_string(&credentials).expect("written").contains("client_secret"));
    let killed = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("kill is there");
    assert!(killed.success());
    let mut rest = String::new();
    out.read_to_string(&mut rest).expect("the end");
    assert_eq!((child.wait().expect("ended").code(), rest.as_str()), (Some(0), ""));
}

#[tokio::test]
async fn it_serves_tls_with_a_certificate_of_ones_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let issued = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).expect("a certificate");
    let path = |name: &str, text: String| {
        std::fs::write(folder.path().join(name), text).expect("written");
        folder.path().join(name).to_string_lossy().into_owned()
    };
    let (certificate, key) = (path("c.pem", issued.cert.pem()), path("k.pem", issued.signing_key.serialize_pem()));
    let mut command = simulate(&["--counters", "--tls-cert", &certificate, "--tls-key", &key]);
    let mut child = command.stdout(Stdio::piped()).spawn().expect("started");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
    let url = line.trim_end().strip_prefix("listening on ").expect("the promised words").to_owned();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let trusted = reqwest::Certificate::from_pem(issued.cert.pem().as_bytes()).expect("a certificate");
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([trusted]).build().expect("a client");
    let answer = client.get(format!("{url}/__simulator")).send().await;
    child.kill().expect("stopped");
    child.wait().expect("ended");
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");
    assert_eq!(answer.expect("trusted").status(), 200);
}

#[test]
fn what_it_cannot_do_it_says_in_one_message() {
    let folder = tempfile::tempdir().expect("a folder");
    let broken = folder.path().join("broken.toml");
    std::fs::write(&broken, "[tenant]\nid = 5\n").expect("written");
    let broken = broken.to_string_lossy();
    for (arguments, part) in [
        (&["--fault", "nonsense"][..], "unknown fault"),
        (&["/nowhere/tenant.toml"][..], "/nowhere/tenant.toml"),
        (&[&*broken][..], "line 2"),
        (&["--write-roster", "/nowhere/roster.csv"][..], "/nowhere/roster.csv"),
        (&["--listen", "192.0.2.1:80"][..], "192.0.2.1:80"),
    ] {
        let output = simulate(arguments).output().expect("ran");
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert!(message.contains(part) && !message.contains("panicked"), "{message}");
        assert!(output.stdout.is_empty());
    }
}
