//! Where rosters come from.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;

use super::error::RosterError;

/// One roster to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A file.
    Path(PathBuf),
    /// Standard input, written `-`.
    Stdin,
}

impl From<&str> for Input {
    fn from(text: &str) -> Self {
        if text == "-" { Self::Stdin } else { Self::Path(PathBuf::from(text)) }
    }
}

impl From<PathBuf> for Input {
    fn from(path: PathBuf) -> Self {
        if path.as_os_str() == "-" { Self::Stdin } else { Self::Path(path) }
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => write!(f, "{}", path.display()),
            Self::Stdin => f.write_str("standard input"),
        }
    }
}

impl Input {
    /// Opens the input so that it can be read more than once: what cannot be wound back (standard input, a pipe)
    /// is copied into a temporary file without a name, never into memory.
    pub(super) fn open(&self) -> Result<File, RosterError> {
        match self {
            Self::Stdin => spool(io::stdin().lock()).map_err(|error| self.unreadable(&error)),
            Self::Path(path) => {
                let file = File::open(path).map_err(|error| self.unopened(&error))?;
                let kind = file.metadata().map_err(|error| self.unreadable(&error))?.file_type();
                if kind.is_dir() {
                    let hint = "name the files in it, for example with *.csv";
                    return Err(RosterError::of(&self.to_string(), "is a folder, not a roster", hint));
                }
                if kind.is_file() { Ok(file) } else { spool(file).map_err(|error| self.unreadable(&error)) }
            }
        }
    }

    fn unopened(&self, error: &io::Error) -> RosterError {
        let (what, hint) = match error.kind() {
            io::ErrorKind::NotFound => ("no such file".to_owned(), "check the path; '-' reads standard input"),
            io::ErrorKind::PermissionDenied => {
                ("may not be read by this user".to_owned(), "change its permissions or copy it")
            }
            _ => (format!("cannot be opened: {error}"), "is it open in another program?"),
        };
        RosterError::of(&self.to_string(), what, hint)
    }

    /// The error of an input that stops in the middle.
    pub(super) fn unreadable(&self, error: &io::Error) -> RosterError {
        RosterError::of(
            &self.to_string(),
            format!("cannot be read: {error}"),
            "copy the file to this computer and try again",
        )
    }
}

fn spool(mut from: impl Read) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    io::copy(&mut from, &mut file)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_wound_back_is_copied() {
        let mut file = spool(b"Email\nada@contoso.example\n".as_slice()).expect("copies");
        let mut text = String::new();
        file.read_to_string(&mut text).expect("reads");
        assert_eq!(text, "Email\nada@contoso.example\n");
        file.seek(SeekFrom::Start(6)).expect("winds back");
    }

    #[test]
    fn a_dash_is_standard_input() {
        assert_eq!(Input::from("-"), Input::Stdin);
        assert_eq!(Input::from(PathBuf::from("-")), Input::Stdin);
        assert_eq!(Input::from("./-"), Input::Path(PathBuf::from("./-")));
        assert_eq!(Input::Stdin.to_string(), "standard input");
    }
}
