//! `ewsready init`: writes a commented configuration, asking on a terminal for what the arguments leave out.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use clap::ValueEnum;

use super::Output;
use super::files::write_whole;
use crate::config::{DEMO, path_or_default};
use crate::failure::{Exit, Failure};

const TEMPLATE: &str = include_str!("../../templates/ewsready.toml");

/// Write a commented configuration; asks on a terminal for what is left out.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name for the tenant, as `--tenant` will call it.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The tenant's id, or one of its verified domains.
    #[arg(long, value_name = "ID")]
    tenant_id: Option<String>,
    /// Id of the registered application.
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// What the application proves itself with.
    #[arg(long, value_enum, value_name = "KIND")]
    credential: Option<Kind>,
    /// Environment variable that holds the secret or certificate.
    #[arg(long, value_name = "VARIABLE", conflicts_with = "credential_file")]
    credential_env: Option<String>,
    /// File that holds the secret, the certificate with its key, or the token to exchange.
    #[arg(long, value_name = "FILE")]
    credential_file: Option<String>,
    /// Cloud, where it is not to be found out.
    #[arg(long, value_name = "CLOUD")]
    cloud: Option<String>,
    /// File to write [default: ewsready.toml in the current folder].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Overwrite a file that is there.
    #[arg(long)]
    force: bool,
}

/// Kinds of credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// A client secret.
    Secret,
    /// A certificate with its key.
    Certificate,
    /// A token of another issuer: Kubernetes, GitHub Actions.
    Federated,
    /// The identity of the Azure machine.
    ManagedIdentity,
    /// A person at a browser.
    DeviceCode,
}

/// What the file is written with.
struct Answers {
    name: String,
    tenant: String,
    client_id: String,
    credential: String,
    cloud: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// In words, when something is missing without a terminal to ask on, or the file is there already.
pub fn run(args: &Args, output: &Output) -> Result<Exit, Failure> {
    let path = path_or_default(args.config.as_deref());
    if path.exists() && !args.force {
        return Err(Failure::usage(
            format!("{} is there already and was not touched", path.display()),
            "edit it, name another file with --config, or replace it with --force",
        ));
    }
    let answers = answers(args)?;
    let text = fill(&answers);
    write_whole(&path, text.as_bytes(), args.force)?;
    output.remark(&format!("wrote {}", path.display()));
    output.remark(&format!("next: put the credential in its place, then ewsready doctor --tenant {}", answers.name));
    Ok(Exit::Done)
}

fn answers(args: &Args) -> Result<Answers, Failure> {
    let ask = |given: &Option<String>, question: &str, flag: &str| match given {
        Some(given) => Ok(given.clone()),
        None => asked(question, flag),
    };
    let name = ask(&args.name, "Name for the tenant, for example contoso", "--name")?;
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    if name.is_empty() || name == DEMO || !name.chars().all(is_plain) {
        return Err(Failure::usage(
            format!("'{name}' cannot name a tenant"),
            format!("use letters, digits, - and _; '{DEMO}' is the embedded tenant"),
        ));
    }
    let tenant = ask(&args.tenant_id, "Tenant id or verified domain", "--tenant-id")?;
    let kind = match args.credential {
        Some(kind) => kind,
        None => {
            let word =
                asked("Credential: secret, certificate, federated, managed-identity or device-code", "--credential")?;
            Kind::from_str(&word, true).map_err(|_| {
                Failure::usage(format!("'{word}' is no kind of credential"), "take one of the five that were offered")
            })?
        }
    };
    let client_id = match (&args.client_id, kind) {
        (Some(id), _) => id.clone(),
        // The machine's own identity needs none.
        (None, Kind::ManagedIdentity) => String::new(),
        (None, _) => asked("Application (client) id", "--client-id")?,
    };
    Ok(Answers { name, tenant, client_id, credential: credential(kind, args), cloud: args.cloud.clone() })
}

fn asked(question: &str, flag: &str) -> Result<String, Failure> {
    let missing = || {
        Failure::usage(
            format!("{flag} is missing, and there is no terminal to ask on"),
            "give --name, --tenant-id, --client-id and --credential",
        )
    };
    if !std::io::stdin().is_terminal() {
        return Err(missing());
    }
    let mut err = std::io::stderr().lock();
    let _ = write!(err, "{question}: ");
    let _ = err.flush();
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(|_| missing())?;
    match line.trim() {
        "" => Err(Failure::usage(format!("no answer; {flag} is needed"), "run the command again")),
        answer => Ok(answer.to_owned()),
    }
}

fn credential(kind: Kind, args: &Args) -> String {
    let word = kind.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    let source = match (kind, &args.credential_env, &args.credential_file) {
        (Kind::ManagedIdentity | Kind::DeviceCode, _, _) | (Kind::Federated, _, None) => String::new(),
        (Kind::Federated, _, Some(file)) | (_, None, Some(file)) => format!(", file = {}", quoted(file)),
        (_, Some(env), _) => format!(", env = {}", quoted(env)),
        (Kind::Certificate, None, None) => ", file = \"ewsready.pem\"".to_owned(),
        (Kind::Secret, None, None) => ", env = \"EWSREADY_SECRET\"".to_owned(),
    };
    format!("{{ kind = \"{word}\"{source} }}")
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// The template with the answers in the place of its examples; the comments beside them stay.
fn fill(answers: &Answers) -> String {
    let mut filled = String::with_capacity(TEMPLATE.len());
    for line in TEMPLATE.lines() {
        let line = line.replace("[tenants.contoso", &format!("[tenants.{}", answers.name));
        let line = line.replace("_CONTOSO_", &format!("_{}_", crate::config::keys::variable_part(&answers.name)));
        let value = match line.split(" = ").next() {
            Some("tenant") => Some(("tenant", quoted(&answers.tenant))),
            Some("client_id") if answers.client_id.is_empty() => {
                Some(("#client_id", quoted("of a user-assigned identity")))
            }
            Some("client_id") => Some(("client_id", quoted(&answers.client_id))),
            Some("credential") => {
                filled.push_str(&format!("credential = {}\n", answers.credential));
                continue;
            }
            Some("#cloud") => answers.cloud.as_deref().map(|cloud| ("cloud", quoted(cloud))),
            _ => None,
        };
        match value {
            Some((key, value)) => {
                let start = format!("{key} = {value}");
                let comment = line.rfind(" # ").map_or("", |at| line.get(at + 1..).unwrap_or_default());
                filled.push_str(format!("{start:<55} {comment}").trim_end());
            }
            None => filled.push_str(&line),
        }
        filled.push('\n');
    }
    filled
}
