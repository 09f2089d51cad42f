//! A world around the program: servers that answer as a test says, a proxy, a private certificate authority.
#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so and stops")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// A request as a server saw it.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Everything before the body, as it came.
    pub head: String,
    pub body: String,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// What a server answers: status, further header lines, body.
pub type Reply = (u16, String, String);

pub fn json_reply(body: &Value) -> Reply {
    (200, "content-type: application/json\r\n".to_owned(), body.to_string())
}

/// A server on loopback that answers as told and remembers what it saw. It lives as long as the test's process.
pub struct Server {
    pub port: u16,
    pub seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    pub fn start(answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (remember, answer) = (Arc::clone(&seen), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (remember, answer) = (Arc::clone(&remember), Arc::clone(&answer));
                std::thread::spawn(move || {
                    let mut stream = stream;
                    let Some(request) = read_request(&stream) else { return };
                    remember.lock().expect("the list").push(request.clone());
                    let (status, headers, body) = answer(&request);
                    let length = body.len();
                    let _ = write!(
                        stream,
                        "HTTP/1.1 {status} Answer\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
                    );
                });
            }
        });
        Self { port, seen }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn requests(&self) -> Vec<Seen> {
        self.seen.lock().expect("the list").clone()
    }
}

fn read_request(stream: &TcpStream) -> Option<Seen> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut head = String::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        head.push_str(&line);
    }
    let mut words = head.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut request = Seen { method, target, head, body: String::new() };
    let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    request.body = String::from_utf8_lossy(&body).into_owned();
    Some(request)
}

/// A proxy that leads every host to one address, and lets nobody in without its login, if it has one.
pub struct Proxy {
    pub port: u16,
    /// Requests for tunnels, as they came.
    pub seen: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    pub fn start(to: SocketAddr, login: Option<(&str, &str)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let wanted = login.map(|(user, password)| STANDARD.encode(format!("{user}:{password}")));
        let remember = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (remember, wanted) = (Arc::clone(&remember), wanted.clone());
                std::thread::spawn(move || tunnel(stream, to, wanted.as_deref(), &remember));
            }
        });
        Self { port, seen }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

fn tunnel(mut stream: TcpStream, to: SocketAddr, wanted: Option<&str>, remember: &Mutex<Vec<String>>) {
    let Some(request) = read_request(&stream) else { return };
    remember.lock().expect("the list").push(format!("{} {}", request.method, request.target));
    let given = request.header("proxy-authorization").unwrap_or_default();
    if wanted.is_some_and(|wanted| !given.ends_with(wanted)) {
        let _ = stream.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n");
        return;
    }
    let Ok(target) = TcpStream::connect(to) else { return };
    let _ = stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n");
    let copy = |mut from: TcpStream, mut to: TcpStream| {
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut from, &mut to);
            let _ = to.shutdown(std::net::Shutdown::Write);
        })
    };
    if let (Ok(one), Ok(other)) = (stream.try_clone(), target.try_clone()) {
        let (up, down) = (copy(one, other), copy(target, stream));
        let _ = (up.join(), down.join());
    }
}

/// A private authority's root, and a server's certificate and key by it, in PEM.
pub struct Private {
    pub root: String,
    pub certificate: String,
    pub key: String,
}

impl Private {
    pub fn for_hosts(hosts: &[&str]) -> Self {
        let root_key = rcgen::KeyPair::generate().expect("a key");
        let mut root = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
        root.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        root.distinguished_name.push(rcgen::DnType::CommonName, "a private root for a test");
        let root_pem = root.self_signed(&root_key).expect("a root").pem();
        let issuer = rcgen::Issuer::new(root, root_key);
        let key = rcgen::KeyPair::generate().expect("a key");
        let hosts: Vec<_> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let server = rcgen::CertificateParams::new(hosts).expect("parameters").signed_by(&key, &issuer);
        Self { root: root_pem, certificate: server.expect("a certificate").pem(), key: key.serialize_pem() }
    }
}

/// A JWT with the claims, signed with the key that lies beside the clients' tenant file.
pub fn jwt(claims: &Value) -> String {
    use rustls::pki_types::pem::PemObject;
    let der = rustls::pki_types::PrivatePkcs8KeyDer::from_pem_slice(include_bytes!("../clients/assertion.key.pem"));
    let key = ring::rsa::KeyPair::from_pkcs8(der.expect("PEM").secret_pkcs8_der()).expect("an RSA key");
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(&json!({"typ": "JWT", "alg": "RS256"})), part(claims));
    let mut signature = vec![0; key.public().modulus_len()];
    let random = ring::rand::SystemRandom::new();
    key.sign(&ring::signature::RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature).expect("a signature");
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// A token of the issuer that `tests/clients/sign-in.toml` trusts.
pub fn federated_token() -> String {
    let now = jiff::Timestamp::now().as_second();
    jwt(&json!({"iss": "https://cluster.fabrikam.example", "sub": "system:serviceaccount:ewsready:assess",
        "aud": "api://AzureADTokenExchange", "nbf": now - 60, "exp": now + 600}))
}
