//! The simulated tenant under clients written by others: msal, azure-identity, msgraph-sdk and exchangelib from PyPI,
//! msal-node and microsoft-graph-client from npm. `tests/clients/install FOLDER` installs them; without that, and a
//! word on standard error, these tests are skipped. With EWSREADY_CONTRACTS naming a folder of published schemas, every
//! answer given to them is held against those as well.

use std::path::PathBuf;

use ewsready::simulator::Tenant;
use support::{Served, installed};

#[cfg(test)]
mod support {
    use std::io::Write as _;
    use std::path::{Path, PathBuf};
    use std::process::Command;
    use std::sync::Arc;

    use ewsready::simulator::{Credentials, Options, Recorder, Running, Tenant, start, tls};

    /// Says so past the test harness, which keeps what tests print to itself.
    fn skipped(what: &str) {
        let _ = writeln!(std::io::stderr(), "SKIPPED {what}");
    }

    /// Where the clients are, or `None` with a word that the test is skipped.
    pub fn installed(what: &str) -> Option<PathBuf> {
        let folder = std::env::var_os("EWSREADY_CLIENTS").map(PathBuf::from);
        let folder = folder.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/clients"));
        if folder.join(what).exists() {
            return folder.canonicalize().ok();
        }
        skipped(&format!("{what} is not in {}: run tests/clients/install", folder.display()));
        None
    }

    /// A tenant served over TLS by a throw-away certificate.
    pub struct Served {
        running: Running,
        folder: tempfile::TempDir,
        known: Credentials,
    }

    impl Served {
        pub async fn new(tenant: Tenant) -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
            let issued = rcgen::generate_simple_self_signed(names).expect("a certificate");
            std::fs::write(folder.path().join("ca.pem"), issued.cert.pem()).expect("written");
            let identity =
                tls::Identity { certificate_pem: issued.cert.pem(), key_pem: issued.signing_key.serialize_pem() };
            let record = Recorder::create(&folder.path().join("record.jsonl")).expect("a record");
            let options = Options { tls: Some(identity), record: Some(Arc::new(record)), ..Options::default() };
            let known = tenant.application();
            let running = start(Arc::new(tenant), options, ([127, 0, 0, 1], 0).into()).await.expect("a free port");
            Self { running, folder, known }
        }

        pub async fn sign_in() -> Self {
            let text = include_str!("clients/sign-in.toml");
            Self::new(Tenant::from_toml("tests/clients/sign-in.toml", text).expect("a valid tenant")).await
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        /// Runs a client to its end; its own assertions decide.
        pub async fn run(&self, program: PathBuf, clients: PathBuf, arguments: &[&str]) {
            let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
            let mut command = Command::new(program);
            command.current_dir(&here).args(arguments).env("EWSREADY_CLIENTS", clients).env("SIM_HERE", &here);
            command.env("SIM_TENANT", &self.known.tenant_id).env("SIM_CLIENT", &self.known.client_id);
            command.env("SIM_SECRET", &self.known.client_secret);
            command.env("SIM_ORIGIN", self.running.url()).env("SIM_CA", self.path("ca.pem"));
            // exchangelib keeps what it discovered in the folder for temporary files.
            command.env("TMPDIR", self.folder.path());
            for trust in ["NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"] {
                command.env(trust, self.path("ca.pem"));
            }
            command.env("NO_PROXY", "127.0.0.1,localhost");
            for proxy in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"] {
                command.env_remove(proxy);
            }
            let output = tokio::task::spawn_blocking(move || command.output())
                .await
                .expect("joined")
                .expect("the client starts");
            let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            assert!(output.status.success(), "{arguments:?}\n{text}\n{errors}");
            println!("{text}");
        }

        /// Holds the record against the published schemas, where they are at hand, and stops.
        pub async fn end(self) {
            self.check_contracts().await;
            self.running.stop().await;
        }

        async fn check_contracts(&self) {
            let Some(contracts) = std::env::var_os("EWSREADY_CONTRACTS") else {
                return skipped("the schemas: EWSREADY_CONTRACTS names no folder");
            };
            let Some(clients) = installed("python/bin/python") else { return };
            let record = self.path("record.jsonl");
            let arguments = ["contracts.py", &record.to_string_lossy(), &contracts.to_string_lossy()];
            self.run(clients.join("python/bin/python"), clients, &arguments).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn msal_and_the_graph_sdk_for_python() {
    let Some(clients) = installed("python/bin/python") else { return };
    let served = Served::sign_in().await;
    served.run(clients.join("python/bin/python"), clients, &["msal_graph.py"]).await;
    served.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exchangelib_over_soap_autodiscover() {
    let Some(clients) = installed("python/bin/python") else { return };
    let served = Served::sign_in().await;
    served.run(clients.join("python/bin/python"), clients, &["exchange.py", "soap"]).await;
    served.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exchangelib_over_pox_autodiscover() {
    let Some(clients) = installed("python-pox/bin/python") else { return };
    let served = Served::sign_in().await;
    served.run(clients.join("python-pox/bin/python"), clients, &["exchange.py", "pox"]).await;
    served.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn msal_and_the_graph_client_for_node() {
    let Some(clients) = installed("node_modules/@azure/msal-node") else { return };
    let served = Served::sign_in().await;
    served.run(PathBuf::from("node"), clients, &["graph.mjs"]).await;
    served.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_about_the_demo_tenant_follows_the_published_schemas() {
    let Some(clients) = installed("python/bin/python") else { return };
    let served = Served::new(Tenant::demo().expect("the demo tenant")).await;
    served.run(clients.join("python/bin/python"), clients, &["walk.py"]).await;
    served.end().await;
}
