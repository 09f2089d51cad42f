//! Secrets come from an environment variable, a file or standard input, and are read when they are needed.

use std::io::Read;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use crate::failure::{Exit, Failure};

/// Where a secret is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// An environment variable.
    Env(String),
    /// A file; blanks around its content do not count.
    File(PathBuf),
    /// Standard input, to its end.
    Stdin,
    /// The embedded tenant's, which is no secret.
    Demo(String),
}

/// Largest secret read, in bytes: a certificate chain with its key stays far below.
const LIMIT: u64 = 1 << 20;

impl SecretSource {
    /// Reads the secret.
    ///
    /// # Errors
    /// When the variable is not set, or file or standard input cannot be read or hold nothing.
    pub fn read(&self, what: &str) -> Result<SecretString, Failure> {
        let bytes = self.read_bytes(what)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| {
            refused(format!("{what} from {} is not text", self.place()), "write it as plain text in UTF-8")
        })?;
        Ok(SecretString::from(text.trim().trim_start_matches('\u{feff}')))
    }

    /// Reads the secret as it is, for files that are not text.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_bytes(&self, what: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let bytes = match self {
            Self::Env(name) => match std::env::var(name) {
                Ok(secret) => Zeroizing::new(secret.into_bytes()),
                Err(_) => {
                    let message = format!("the environment variable {name}, which holds {what}, is not set");
                    return Err(refused(message, format!("set {name}, or name another source under `credential`")));
                }
            },
            Self::File(path) => read_file(path, what)?,
            Self::Stdin => read_all(std::io::stdin().lock())
                .map_err(|error| refused(format!("{what} cannot be read from standard input: {error}"), ""))?,
            Self::Demo(secret) => Zeroizing::new(secret.clone().into_bytes()),
        };
        if bytes.iter().all(u8::is_ascii_whitespace) {
            let hint = match self {
                Self::Stdin => "pipe it in: standard input can be read once, by one tenant",
                _ => "put the secret there, or name another source under `credential`",
            };
            return Err(refused(format!("{}, which should hold {what}, is empty", self.place()), hint));
        }
        Ok(bytes)
    }

    /// Where it is, for a person.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Self::Env(name) => format!("the environment variable {name}"),
            Self::File(path) => path.display().to_string(),
            Self::Stdin => "standard input".to_owned(),
            Self::Demo(_) => "the embedded tenant".to_owned(),
        }
    }

    /// Whether there is something, without reading it.
    #[must_use]
    pub fn is_set(&self) -> bool {
        match self {
            Self::Env(name) => std::env::var_os(name).is_some_and(|value| !value.is_empty()),
            Self::File(path) => path.is_file(),
            Self::Stdin | Self::Demo(_) => true,
        }
    }
}

fn refused(message: String, hint: impl Into<String>) -> Failure {
    Failure { exit: Exit::SignIn, message, hint: hint.into() }
}

fn read_file(path: &Path, what: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    std::fs::File::open(path).and_then(read_all).map_err(|error| {
        refused(
            format!("{}, which holds {what}, cannot be read: {error}", path.display()),
            "check the path and its rights",
        )
    })
}

/// Reads into memory that is cleared afterwards; what fits at once is not copied about.
fn read_all(from: impl Read) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(16 * 1024));
    from.take(LIMIT).read_to_end(&mut bytes)?;
    Ok(bytes)
}
