//! `ewsready simulate`: serves a simulated tenant until it is stopped.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args as ClapArgs;

use super::Output;
use crate::clock::Clock;
use crate::failure::{Exit, Failure};
use crate::simulator::{FAULT_NAMES, Faults, Options, Recorder, Tenant, start, tls};

/// Serve a simulated Microsoft 365 tenant on loopback.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Tenant file; without one and without --users, the demo tenant.
    #[arg(value_name = "TENANT.toml", conflicts_with = "users")]
    tenant: Option<PathBuf>,
    /// Generate a tenant of so many accounts instead.
    #[arg(long, value_name = "N")]
    users: Option<u32>,
    /// Seed of the generated tenant; the same seed gives the same tenant.
    #[arg(long, value_name = "S", default_value_t = 1, requires = "users")]
    seed: u64,
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Something that goes wrong (repeatable); `--fault help` lists what there is.
    #[arg(long = "fault", value_name = "NAME[=VALUE]")]
    faults: Vec<String>,
    /// Answer `GET /__simulator` with counts of requests and finished questions.
    #[arg(long)]
    counters: bool,
    /// Write a roster of the tenant's accounts to this file first.
    #[arg(long, value_name = "FILE")]
    write_roster: Option<PathBuf>,
    /// Write how to sign in (tenant, client id and secret, in TOML) to this file first.
    #[arg(long, value_name = "FILE")]
    write_credentials: Option<PathBuf>,
    /// Record every answer but tokens to this file, one JSON line each.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Serve TLS with this certificate chain (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The private key of the certificate (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

/// Serves until Ctrl-C or SIGTERM.
///
/// # Errors
/// A [`Failure`] when the tenant file, a fault, a file to write or the address is unusable.
pub async fn run(args: Args, output: &Output) -> Result<Exit, Failure> {
    if args.faults.iter().any(|fault| fault == "help") {
        let lines = FAULT_NAMES.iter().map(|(name, meaning)| format!("{name:<20} {meaning}\n"));
        output.result(&lines.collect::<String>())?;
        return Ok(Exit::Done);
    }
    let tenant = tenant(&args)?;
    let mut faults = Faults::default();
    for word in &args.faults {
        faults.set(word).map_err(|message| Failure::usage(message, "`--fault help` explains each"))?;
    }
    if let Some(path) = &args.write_roster {
        write_file(path, |out| tenant.write_roster(out).map(|_| ()))?;
    }
    if let Some(path) = &args.write_credentials {
        let known = tenant.application();
        write_file(path, |out| {
            writeln!(
                out,
                "tenant = {:?}\nclient_id = {:?}\nclient_secret = {:?}",
                known.tenant_id, known.client_id, known.client_secret
            )
        })?;
    }
    let options = Options {
        clock: Clock::system(),
        faults,
        counters: args.counters,
        base_url: None,
        tls: identity(&args)?,
        record: record(&args)?,
    };
    let running = start(Arc::new(tenant), options, args.listen).await.map_err(|error| {
        Failure::usage(
            format!("cannot serve on {}: {error}", args.listen),
            "choose another --listen address, or port 0 for a free one",
        )
    })?;
    output.result(&format!("listening on {}\n", running.url()))?;
    stopped().await.map_err(|error| {
        Failure::usage(format!("cannot wait for signals: {error}"), "raise the limit on open files")
    })?;
    running.stop().await;
    Ok(Exit::Done)
}

fn tenant(args: &Args) -> Result<Tenant, Failure> {
    let bad = |error: crate::simulator::TenantError| {
        Failure::usage(error.to_string(), "samples/tenants/demo.toml explains the format")
    };
    match (&args.tenant, args.users) {
        (_, Some(users)) => Ok(Tenant::generated(users, args.seed)),
        (None, None) => Tenant::demo().map_err(bad),
        (Some(path), None) => Tenant::from_toml(&path.display().to_string(), &read(path)?).map_err(bad),
    }
}

fn identity(args: &Args) -> Result<Option<tls::Identity>, Failure> {
    match (&args.tls_cert, &args.tls_key) {
        (Some(certificate), Some(key)) => {
            Ok(Some(tls::Identity { certificate_pem: read(certificate)?, key_pem: read(key)? }))
        }
        _ => Ok(None),
    }
}

fn record(args: &Args) -> Result<Option<Arc<Recorder>>, Failure> {
    let Some(path) = &args.record else { return Ok(None) };
    let created = Recorder::create(path);
    let created = created.map_err(|error| {
        Failure::usage(format!("cannot write {}: {error}", path.display()), "check folder and permissions")
    });
    created.map(|recorder| Some(Arc::new(recorder)))
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display()), "check the path"))
}

fn write_file(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> Result<(), Failure> {
    let written = crate::private::create(path).and_then(|file| {
        let mut out = BufWriter::new(file);
        write(&mut out)?;
        out.flush()
    });
    written.map_err(|error| {
        Failure::usage(format!("cannot write {}: {error}", path.display()), "check folder and permissions")
    })
}

/// Returns at Ctrl-C or SIGTERM.
#[cfg(unix)]
async fn stopped() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result,
        _ = terminate.recv() => Ok(()),
    }
}

/// Returns at Ctrl-C.
#[cfg(not(unix))]
async fn stopped() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
