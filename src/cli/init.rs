//! `ewsready init`: writes a commented configuration, asking on a terminal for what the arguments leave out.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::Output;
use super::files::write_whole;
use crate::config::{DEMO, File, path_or_default};
use crate::failure::{Exit, Failure};

const TEMPLATE: &str = include_str!("../../templates/ewsready.toml");

/// Write a commented configuration, or add a tenant to the one that is there; asks on a terminal for what is left out.
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
    /// Replace a file that is there, with every tenant in it.
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
/// In words, when something is missing without a terminal to ask on, or the file has this tenant already.
pub fn run(args: &Args, output: &Output) -> Result<Exit, Failure> {
    let path = path_or_default(args.config.as_deref());
    let present = if args.force { None } else { read_present(&path)? };
    if let (Some(present), Some(name)) = (&present, &args.name) {
        present.refuse(name)?;
    }
    let answers = answers(args)?;
    let filled = fill(&answers);
    let said = match &present {
        Some(present) => {
            present.refuse(&answers.name)?;
            present.add(&answers.name, &filled)?;
            format!("added [tenants.{}] to {}; nothing else in it was changed", answers.name, path.display())
        }
        None => {
            write_whole(&path, filled.as_bytes(), args.force)?;
            format!("wrote {}", path.display())
        }
    };
    output.remark(&said);
    output.remark(&format!("next: put the credential in its place, then ewsready doctor --tenant {}", answers.name));
    Ok(Exit::Done)
}

/// A configuration that is there already.
struct Present {
    path: PathBuf,
    text: String,
    tenants: Vec<String>,
}

/// The file, if there is one; a wrong one is not added to.
fn read_present(path: &Path) -> Result<Option<Present>, Failure> {
    if !path.exists() {
        return Ok(None);
    }
    let tenants = File::read(Some(path))?.names();
    let unreadable = |error| Failure::usage(format!("{} cannot be read: {error}", path.display()), "check its rights");
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    // Behind a link the file itself is replaced, not the link.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    Ok(Some(Present { path, text, tenants }))
}

impl Present {
    fn refuse(&self, name: &str) -> Result<(), Failure> {
        if !self.tenants.iter().any(|known| known == name) {
            return Ok(());
        }
        Err(Failure::usage(
            format!("{} has a tenant '{name}' already and was not touched", self.path.display()),
            "edit it there, give another --name, or replace the whole file with --force",
        ))
    }

    /// Writes the file with one more tenant behind what it holds, comments and all.
    fn add(&self, name: &str, filled: &str) -> Result<(), Failure> {
        let block = filled.find("[tenants.").and_then(|start| filled.get(start..)).unwrap_or(filled);
        let mut text = self.text.trim_end().to_owned();
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        text.push_str(block);
        if self.text.contains("\r\n") {
            text = text.replace("\r\n", "\n").replace('\n', "\r\n");
        }
        // Tables that are written in one line take no more: such a file stays as it is.
        let read = File::parse(&self.path, &text).map(|file| file.names());
        if !read.is_ok_and(|names| names.len() == self.tenants.len() + 1 && names.iter().any(|known| known == name)) {
            return Err(Failure::usage(
                format!(
                    "{} is written in a way that nothing can be added to, and was not touched",
                    self.path.display()
                ),
                "give every tenant a table of its own, [tenants.NAME], or name another file with --config",
            ));
        }
        let rights = std::fs::metadata(&self.path).map(|known| known.permissions());
        write_whole(&self.path, text.as_bytes(), true)?;
        // Whoever could read it before still can.
        rights.and_then(|rights| std::fs::set_permissions(&self.path, rights)).map_err(|error| {
            Failure::usage(format!("the rights of {} could not be kept: {error}", self.path.display()), "check them")
        })
    }
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
