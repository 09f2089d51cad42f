//! `ewsready config`: what counts for a tenant, and where each value comes from. Secrets are set or not set, never shown.

use std::path::PathBuf;

use unicode_width::UnicodeWidthStr;

use super::Output;
use super::facts::FactsArgs;
use super::services::ReachArgs;
use crate::config::keys::{self, keys};
use crate::config::{self, CredentialSource, Environment, File, SecretSource, Settings};
use crate::failure::{Exit, Failure};

/// Show what counts for a tenant, and where each value comes from.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Tenant [default: every tenant of the file].
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// Configuration file [default: ewsready.toml in the current folder].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// As if this cloud were given.
    #[arg(long, value_name = "CLOUD")]
    cloud: Option<String>,
    /// As if this proxy were given.
    #[arg(long, value_name = "URL")]
    proxy: Option<String>,
    #[command(flatten)]
    facts: FactsArgs,
}

/// Runs the command.
///
/// # Errors
/// In words, when the configuration is wrong.
pub fn run(args: &Args, output: &Output) -> Result<Exit, Failure> {
    let facts = args.facts.read()?;
    let file = File::read(args.config.as_deref())?;
    let environment = Environment::of_process();
    let reach = ReachArgs { cloud: args.cloud.clone(), proxy: args.proxy.clone(), ..ReachArgs::default() };
    let names = match &args.tenant {
        Some(name) => vec![name.clone()],
        None => file.names(),
    };
    if names.is_empty() {
        return Err(Failure::usage("no tenant is configured here", "ewsready init writes a configuration"));
    }
    let mut text = "What goes before what: command line, environment variable, file, default.\n".to_owned();
    for name in names {
        let settings = file.settings(&name, &environment, &reach.overrides())?;
        let profile = config::profile(&settings, &facts)?;
        text.push_str(&format!("\n[tenants.{name}]\n"));
        text.push_str(&table(&rows(&settings, &profile.credential)));
    }
    output.result(&text)?;
    Ok(Exit::Done)
}

fn rows(settings: &Settings, credential: &CredentialSource) -> Vec<[String; 3]> {
    let secrets = secrets(credential);
    let is_federated = matches!(credential, CredentialSource::Federated { .. });
    let shown = |key: &keys::Key| {
        let value = match settings.get(&key.path) {
            Some(setting) => (setting.value.to_string(), setting.origin.to_string()),
            // What nobody set for a service by itself follows the set, and would be 28 lines.
            None if key.default.is_empty() || key.default == "the set's" => return None,
            None if key.path == "credential.audience" && !is_federated => return None,
            None => (key.default.to_owned(), "default".to_owned()),
        };
        let state = secrets.iter().find(|(path, _)| *path == key.path).map(|(_, set)| match set {
            true => " (set)",
            false => " (not set)",
        });
        Some([key.path.clone(), value.0 + state.unwrap_or_default(), value.1])
    };
    keys().iter().filter_map(shown).collect()
}

/// The keys that name a secret's place, and whether there is one.
fn secrets(credential: &CredentialSource) -> Vec<(&'static str, bool)> {
    let state = |source: &SecretSource, env, file| {
        let path = if matches!(source, SecretSource::Env(_)) { env } else { file };
        (path, source.is_set())
    };
    match credential {
        CredentialSource::Secret(source) => vec![state(source, "credential.env", "credential.file")],
        CredentialSource::Certificate { certificate, key, password } => {
            let key = key.iter().map(|key| ("credential.key_file", key.is_set()));
            let password =
                password.iter().map(|password| state(password, "credential.password_env", "credential.password_file"));
            std::iter::once(state(certificate, "credential.env", "credential.file"))
                .chain(key)
                .chain(password)
                .collect()
        }
        CredentialSource::Federated { file: Some(file), .. } => vec![("credential.file", file.is_file())],
        _ => Vec::new(),
    }
}

/// Columns side by side.
pub(super) fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].width()).max().unwrap_or_default();
    let widths: [usize; N] = std::array::from_fn(width);
    let mut text = String::new();
    for row in rows {
        let mut line = String::from("  ");
        for (cell, width) in row.iter().zip(widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(width.saturating_sub(cell.width()) + 2));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
