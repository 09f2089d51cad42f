//! A server in front of the simulator: it passes requests on, and answers some of them as an attacker would.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;

/// A request as far as anybody needs it.
pub struct Seen {
    pub target: String,
    head: String,
    body: Vec<u8>,
}

impl Seen {
    /// The name by which the server was asked.
    pub fn host(&self) -> &str {
        let hosts = self
            .head
            .lines()
            .filter_map(|line| line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("host")));
        hosts.map(|(_, host)| host.trim()).next().unwrap_or_default()
    }
}

/// Writes whatever it likes, until the other side has enough.
pub type Play = fn(&mut TcpStream, &Seen) -> std::io::Result<()>;

/// A server that lives as long as the test's process.
pub struct Proxy {
    pub url: String,
}

impl Proxy {
    /// Plays `attack` where `is_target` says so; everything else is the simulator's at `upstream`.
    pub fn start(upstream: &str, is_target: fn(&str) -> bool, attack: Play) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let upstream: Arc<str> = upstream.trim_start_matches("http://").into();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let upstream = Arc::clone(&upstream);
                std::thread::spawn(move || {
                    let Some(request) = read(&stream) else { return };
                    let _ = match is_target(&request.target) {
                        true => attack(&mut stream, &request),
                        false => pass_on(&mut stream, &request, &upstream),
                    };
                    let _ = stream.shutdown(Shutdown::Both);
                });
            }
        });
        Self { url }
    }
}

fn read(stream: &TcpStream) -> Option<Seen> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        let lower = line.to_ascii_lowercase();
        if let Some(number) = lower.strip_prefix("content-length:") {
            length = number.trim().parse().ok()?;
        }
        if !lower.starts_with("connection:") {
            head.push_str(&line);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let target = head.split_whitespace().nth(1)?.to_owned();
    Some(Seen { target, head, body })
}

fn pass_on(stream: &mut TcpStream, request: &Seen, upstream: &str) -> std::io::Result<()> {
    let mut to = TcpStream::connect(upstream)?;
    write!(to, "{}connection: close\r\n\r\n", request.head)?;
    to.write_all(&request.body)?;
    std::io::copy(&mut to, stream).map(drop)
}
