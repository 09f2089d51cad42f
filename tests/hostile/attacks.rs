//! What a hostile service does.

use std::io::{Read, Result, Write};
use std::net::TcpStream;
use std::sync::LazyLock;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::proxy::{Play, Seen};

/// One of them.
pub struct Attack {
    pub name: &'static str,
    /// Time for one request, in seconds: short where the attack is to take long.
    pub seconds: u32,
    pub play: Play,
    /// What a person is told; one of these, because some attacks break off one way or another.
    pub says: &'static [&'static str],
}

const fn attack(name: &'static str, seconds: u32, play: Play, says: &'static [&'static str]) -> Attack {
    Attack { name, seconds, play, says }
}

const LARGE: &[&str] = &["is larger than"];
const NOT_JSON: &[&str] = &["not JSON", "not XML", "cannot be read", "not Autodiscover"];
const SLOW: &[&str] = &["did not answer within"];
const BROKEN: &[&str] = &["broke off", "could not be reached"];
const NOTHING: &[&str] = &["holds nothing of what was asked", "without its parts"];
const MANY: &[&str] = &["is larger than", "more values than", "more entries than"];

/// All of them.
pub const ATTACKS: [Attack; 22] = [
    attack("a body in chunks without end", 20, endless, LARGE),
    attack("a body of 8 GiB", 20, gigabytes, LARGE),
    attack("a gzip bomb", 20, gzip_bomb, LARGE),
    attack(
        "a body shorter than it says",
        20,
        |s, _| s.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{"),
        BROKEN,
    ),
    attack(
        "a chunk that is never whole",
        20,
        |s, _| s.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{"),
        BROKEN,
    ),
    attack(
        "a chunk of more than there is",
        20,
        |s, _| s.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffffff\r\n{"),
        BROKEN,
    ),
    attack("a byte now and then", 1, |s, _| drip(s, b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n", b"["), SLOW),
    attack("a head now and then", 1, |s, _| drip(s, b"HTTP/1.1 200 OK\r\nx: ", b"y"), SLOW),
    attack("nothing at all", 1, |s, _| drip(s, b"", b""), SLOW),
    attack("100 Continue without end", 1, |s, _| drip(s, b"", &b"HTTP/1.1 100 Continue\r\n\r\n".repeat(100)), SLOW),
    attack("10,000 headers", 20, headers, BROKEN),
    attack("a header of 16 MiB", 20, |s, _| one_header(s), BROKEN),
    attack(
        "headers without end",
        20,
        |s, _| {
            s.write_all(b"HTTP/1.1 200 OK\r\n")?;
            forever(s, b"x: y\r\n")
        },
        BROKEN,
    ),
    attack("no HTTP", 20, |s, _| s.write_all(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"), BROKEN),
    attack("redirects without end", 20, redirect, &["settles nothing", "redirects"]),
    attack(
        "invalid UTF-8",
        20,
        |s, _| reply(s, "", b"{\"value\":[{\"id\":\"\xff\xfe\",\"displayName\":\"\xc3\"}]}"),
        NOT_JSON,
    ),
    attack("brackets nested 500,000 deep", 20, |s, _| reply(s, "", "[".repeat(500_000).as_bytes()), NOT_JSON),
    attack("objects nested 100,000 deep, and whole", 20, |s, _| reply(s, "", nested().as_bytes()), NOT_JSON),
    attack("elements nested 100,000 deep", 20, |s, _| reply(s, "", "<a>".repeat(100_000).as_bytes()), NOT_JSON),
    attack("an object that holds nothing", 20, |s, _| reply(s, "", b"{}"), NOTHING),
    attack("entities that grow", 20, |s, _| reply(s, "", LAUGHS.as_bytes()), NOT_JSON),
    attack(
        "millions of empty users",
        30,
        |s, _| reply(s, "", format!("{{\"value\":[{}{{}}]}}", "{},".repeat(5_000_000)).as_bytes()),
        MANY,
    ),
];

/// An answer of a stated length.
pub fn reply(stream: &mut TcpStream, headers: &str, body: &[u8]) -> Result<()> {
    let length = body.len();
    write!(stream, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{headers}content-length: {length}\r\n\r\n")?;
    stream.write_all(body)
}

fn endless(stream: &mut TcpStream, _: &Seen) -> Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n")?;
    let chunk = [b"10000\r\n".as_slice(), &[b' '; 65_536], b"\r\n"].concat();
    forever(stream, &chunk)
}

fn gigabytes(stream: &mut TcpStream, _: &Seen) -> Result<()> {
    write!(stream, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", 8_u64 << 30)?;
    forever(stream, &[b'['; 65_536])
}

fn gzip_bomb(stream: &mut TcpStream, _: &Seen) -> Result<()> {
    /// 64 MiB of blanks.
    static BOMB: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&vec![b' '; 64 << 20]).expect("memory");
        encoder.finish().expect("memory")
    });
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\n")?;
    stream.write_all(&BOMB)
}

/// The same again and again, until the other side hangs up.
fn forever(stream: &mut TcpStream, bytes: &[u8]) -> Result<()> {
    loop {
        stream.write_all(bytes)?;
    }
}

/// A little ten times a second, until the other side hangs up; waiting is listening for that.
fn drip(stream: &mut TcpStream, first: &[u8], then: &[u8]) -> Result<()> {
    stream.write_all(first)?;
    stream.set_read_timeout(Some(Duration::from_millis(100)))?;
    while stream.read(&mut [0]).map_or_else(|error| error.kind() == std::io::ErrorKind::WouldBlock, |read| read > 0) {
        stream.write_all(then)?;
    }
    Ok(())
}

fn redirect(stream: &mut TcpStream, seen: &Seen) -> Result<()> {
    write!(stream, "HTTP/1.1 302 Found\r\nlocation: /x{}\r\ncontent-length: 0\r\n\r\n", seen.target)
}

fn headers(stream: &mut TcpStream, _: &Seen) -> Result<()> {
    let many: String = (0..10_000).map(|number| format!("x-{number}: y\r\n")).collect();
    reply(stream, &many, b"{}")
}

fn one_header(stream: &mut TcpStream) -> Result<()> {
    reply(stream, &format!("x: {}\r\n", "y".repeat(16 << 20)), b"{}")
}

fn nested() -> String {
    format!("{}1{}", "{\"value\":".repeat(100_000), "}".repeat(100_000))
}

const LAUGHS: &str = r#"<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]><a>&d;&d;&d;&d;</a>"#;
