//! What the end-to-end tests share: a folder of their own, the binary, a simulator on a port of its own.
#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so and stops")]

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

/// The moment at which the tests' runs stand still.
pub const NOW: &str = "2026-11-20T08:00:00Z";

/// A folder of a test's own, and the program run in it.
pub struct Sandbox {
    folder: TempDir,
}

impl Sandbox {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).expect("a file");
        path
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The program, in this folder, at [`NOW`], with nothing of the developer's environment that it listens to.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ewsready"));
        command.current_dir(self.folder.path()).args(arguments);
        command.env("EWSREADY_NOW", NOW).env_remove("RUST_LOG").env("NO_COLOR", "1").stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Finished {
        Finished(self.command(arguments).output().expect("the program starts"))
    }

    /// Rows of a CSV by column name.
    pub fn csv(&self, name: &str) -> Vec<std::collections::BTreeMap<String, String>> {
        let mut reader = csv::Reader::from_path(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        reader.deserialize().map(|row| row.expect("a row")).collect()
    }

    /// Starts a simulator that ends with the returned handle.
    pub fn simulator(&self, arguments: &[&str]) -> Simulator {
        let credentials = self.path("credentials.toml");
        let mut child = self
            .command(&["simulate", "--listen", "127.0.0.1:0", "--write-credentials"])
            .arg(&credentials)
            .args(arguments)
            .env_remove("EWSREADY_NOW")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the simulator starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("its first line");
        let url = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("'{line}'")).to_owned();
        Simulator { child, url, credentials: std::fs::read_to_string(credentials).expect("credentials") }
    }
}

/// What a finished program left.
pub struct Finished(pub Output);

impl Finished {
    pub fn code(&self) -> i32 {
        self.0.status.code().unwrap_or(-1)
    }

    pub fn stdout(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).expect("UTF-8")
    }

    pub fn stderr(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).expect("UTF-8")
    }

    /// Insists on an exit code, and shows what was said otherwise.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code(), code, "standard error:\n{}\nstandard output:\n{}", self.stderr(), self.stdout());
        self
    }
}

/// A simulator in a process of its own.
pub struct Simulator {
    child: Child,
    pub url: String,
    credentials: String,
}

impl Simulator {
    /// A configuration with this simulator as tenant `sim`; `more` goes below `[tenants.sim]`.
    pub fn config(&self, sandbox: &Sandbox, more: &str) -> PathBuf {
        let credentials: toml::Table = self.credentials.parse().expect("TOML");
        let get = |key: &str| credentials[key].as_str().unwrap_or_default().to_owned();
        sandbox.write("secret.txt", get("client_secret"));
        let url = &self.url;
        sandbox.write(
            "ewsready.toml",
            format!(
                "[tenants.sim]\ntenant = '{}'\nclient_id = '{}'\ncredential = {{ kind = 'secret', file = 'secret.txt' }}\n{more}\n\
                 [tenants.sim.endpoints]\nauthority = '{url}'\ngraph = '{url}'\nexchange = '{url}'\nautodiscover = '{url}'\n",
                get("tenant"),
                get("client_id"),
            ),
        )
    }

    /// How many requests it has answered, those in batches counted singly.
    pub fn requests(&self) -> u64 {
        let counts = self.counts();
        counts["requests"].as_object().map_or(0, |kinds| kinds.values().filter_map(|count| count.as_u64()).sum())
    }

    /// What the simulator counted.
    pub fn counts(&self) -> serde_json::Value {
        let body = get(&format!("{}/__simulator", self.url));
        serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}"))
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Does what the program's invitation to sign in asks of a person at a browser: opens the page and approves the code.
pub fn approve(messages: &mut impl Iterator<Item = std::io::Result<String>>, user: &str) {
    let invitation =
        messages.find_map(|line| line.ok().filter(|line| line.starts_with("Sign in: open "))).expect("a code");
    let code = invitation.split("the code ").nth(1).and_then(|rest| rest.split(' ').next()).expect("a code");
    let page = invitation.split(' ').nth(3).expect("a page");
    get(&format!("{page}?user_code={code}&answer=approve&user={user}"));
}

/// One plain `GET`; a client with pools and TLS would cost more than the answer.
pub fn get(url: &str) -> String {
    let (address, path) = url.trim_start_matches("http://").split_once('/').expect("an address with a path");
    let mut stream = std::net::TcpStream::connect(address).expect("the simulator listens");
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    assert!(!head.to_ascii_lowercase().contains("chunked"), "the simulator states the length of this answer");
    body.to_owned()
}

/// A file of the repository.
pub fn repository(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}
