//! Secrets come from an environment variable or a file, and are read when they are needed.

use std::path::{Path, PathBuf};

use secrecy::SecretString;

use crate::cli::exit::{Exit, Failure};

/// Where a secret is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// An environment variable.
    Env(String),
    /// A file; blanks around its content do not count.
    File(PathBuf),
    /// The embedded tenant's, which is no secret.
    Demo(String),
}

impl SecretSource {
    /// Reads the secret.
    ///
    /// # Errors
    /// When the variable is not set or the file cannot be read.
    pub fn read(&self, what: &str) -> Result<SecretString, Failure> {
        match self {
            Self::Env(name) => match std::env::var(name) {
                Ok(secret) if !secret.trim().is_empty() => Ok(SecretString::from(secret.trim().to_owned())),
                _ => Err(Failure {
                    exit: Exit::SignIn,
                    message: format!("the environment variable {name}, which holds {what}, is not set"),
                    hint: format!("set {name}, or name another source under `credential`"),
                }),
            },
            Self::File(path) => read_file(path, what),
            Self::Demo(secret) => Ok(SecretString::from(secret.clone())),
        }
    }
}

fn read_file(path: &Path, what: &str) -> Result<SecretString, Failure> {
    std::fs::read_to_string(path).map(|secret| SecretString::from(secret.trim().to_owned())).map_err(|error| Failure {
        exit: Exit::SignIn,
        message: format!("{}, which holds {what}, cannot be read: {error}", path.display()),
        hint: "check the path and its rights".to_owned(),
    })
}
