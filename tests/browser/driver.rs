//! Headless Chromium by the W3C WebDriver protocol: as much of it as the tests need.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// A browser of its own, gone when dropped.
pub struct Browser {
    driver: Child,
    session: String,
    http: reqwest::Client,
    runtime: tokio::runtime::Runtime,
    _profile: TempDir,
}

impl Browser {
    /// Starts one; `None`, with a word why, where there is no chromedriver or no browser for it.
    pub fn start(width: u32, height: u32) -> Option<Self> {
        let mut command = Command::new("chromedriver");
        command.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null());
        let mut driver = match command.spawn() {
            Ok(driver) => driver,
            Err(error) => {
                eprintln!(
                    "SKIPPED: the page is not tried in a browser, because chromedriver cannot be started ({error})"
                );
                return None;
            }
        };
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port = lines
            .find_map(|line| line.split_once("successfully on port ")?.1.trim_end_matches('.').parse::<u16>().ok());
        let profile = tempfile::tempdir().unwrap();
        let mut browser = Self {
            driver,
            session: format!("http://127.0.0.1:{}/session", port.expect("chromedriver names its port")),
            http: client(),
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap(),
            _profile: profile,
        };
        let answer = browser.post("", &browser.capabilities(width, height));
        match answer["sessionId"].as_str() {
            Some(id) => browser.session = format!("{}/{id}", browser.session),
            None => {
                eprintln!("SKIPPED: the page is not tried in a browser, because Chromium does not start: {answer}");
                return None;
            }
        }
        Some(browser)
    }

    fn capabilities(&self, width: u32, height: u32) -> Value {
        let profile = format!("--user-data-dir={}", self._profile.path().display());
        let size = format!("--window-size={width},{height}");
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-dev-shm-usage",
            &profile,
            &size,
        ];
        json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": {"args": arguments},
            "goog:loggingPrefs": {"performance": "ALL", "browser": "ALL"},
        }}})
    }

    /// Sends a command; gives its `value`.
    pub fn post(&self, path: &str, body: &Value) -> Value {
        let request = self.http.post(format!("{}{path}", self.session)).json(body);
        let answer: Value = self.runtime.block_on(async { request.send().await.unwrap().json().await.unwrap() });
        answer["value"].clone()
    }

    /// Opens a file and waits until its script is done; gives the milliseconds that took, as the page counts them.
    pub fn open(&self, file: &Path) -> f64 {
        self.post("/url", &json!({"url": format!("file://{}", file.display())}));
        let script = "const done = arguments[0]; const root = document.documentElement;
            const look = () => root.dataset.ready ? done(Number(root.dataset.ready)) : setTimeout(look, 10); look();";
        let answer = self.post("/execute/async", &json!({"script": script, "args": []}));
        answer.as_f64().unwrap_or_else(|| panic!("the page is never ready: {answer}"))
    }

    /// Runs JavaScript; gives what it returns.
    pub fn run(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({"script": script, "args": []}))
    }

    /// Waits, by the browser's frames, until an expression is true.
    pub fn wait_for(&self, expression: &str) {
        let script = format!(
            "const done = arguments[0]; const until = performance.now() + 20000;
             const look = () => ({expression}) ? done(true) : performance.now() > until ? done(false) : requestAnimationFrame(look);
             look();"
        );
        let answer = self.post("/execute/async", &json!({"script": script, "args": []}));
        assert_eq!(answer, true, "never true: {expression}");
    }

    /// Presses keys, one after the other; special keys by their code in the WebDriver standard.
    pub fn keys(&self, keys: &[&str]) {
        let presses: Vec<Value> = keys
            .iter()
            .flat_map(|key| [json!({"type": "keyDown", "value": key}), json!({"type": "keyUp", "value": key})])
            .collect();
        self.post("/actions", &json!({"actions": [{"type": "key", "id": "keyboard", "actions": presses}]}));
    }

    /// A command of the browser's own protocol.
    pub fn cdp(&self, command: &str, parameters: &Value) -> Value {
        self.post("/goog/cdp/execute", &json!({"cmd": command, "params": parameters}))
    }

    /// Everything the console held against the page: script errors, breaches of the security policy.
    pub fn complaints(&self) -> Vec<String> {
        let log = self.post("/se/log", &json!({"type": "browser"}));
        log.as_array().unwrap().iter().map(|entry| entry["message"].to_string()).collect()
    }

    /// The addresses of all requests the page made, its own file excepted.
    pub fn requests(&self) -> Vec<String> {
        let log = self.post("/se/log", &json!({"type": "performance"}));
        let mut addresses = Vec::new();
        for entry in log.as_array().unwrap() {
            let message: Value = serde_json::from_str(entry["message"].as_str().unwrap()).unwrap();
            let event = &message["message"];
            let address = event["params"]["request"]["url"].as_str().unwrap_or_default();
            // The file itself, what lies in it, and the empty tab the browser showed before.
            let document = event["params"]["type"] == "Document" && address.starts_with("file://");
            let own = document || address.starts_with("data:") || address.starts_with("chrome://");
            if event["method"] == "Network.requestWillBeSent" && !own {
                addresses.push(address.to_owned());
            }
        }
        addresses
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let request = self.http.delete(&self.session);
        // The session may never have come to be; the driver goes in any case.
        let _ = self.runtime.block_on(request.send());
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn client() -> reqwest::Client {
    // Another test of the same process may have installed it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}
