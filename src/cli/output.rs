//! What goes to the terminal: results to standard output, everything else to standard error.

use std::io::{self, IsTerminal, Write};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::time::uptime;

use crate::failure::{Exit, Failure};

/// How this process talks.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    /// No remarks, no progress.
    pub quiet: bool,
}

impl Output {
    /// Sets logging up and finds out what the terminal can do.
    #[must_use]
    pub fn new(quiet: bool, verbose: u8) -> Self {
        let level = match (quiet, verbose) {
            (true, _) => "error",
            (false, 0) => "warn",
            (false, 1) => "ewsready=info,warn",
            (false, _) => "ewsready=debug,info",
        };
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new(level))
            .with_writer(std::io::stderr)
            .with_timer(uptime())
            .with_ansi(wants_colour(&std::io::stderr()));
        // A second start in one process (tests) keeps the first one's logging.
        let _ = subscriber.try_init();
        Self { quiet }
    }

    /// A remark for the reader, on standard error.
    pub fn remark(&self, text: &str) {
        if !self.quiet {
            eprint_line(text);
        }
    }

    /// An error, on standard error, whatever `--quiet` says.
    pub fn error(&self, failure: &Failure) {
        eprint_line(&failure.to_string());
    }

    /// A result, on standard output.
    ///
    /// # Errors
    /// In words, when it cannot be written.
    pub fn result(&self, text: &str) -> Result<(), Failure> {
        let mut out = Stdout::default();
        written(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
    }

    /// Whether results may be coloured.
    #[must_use]
    pub fn colour(&self) -> bool {
        wants_colour(&std::io::stdout())
    }

    /// Columns of the terminal; a plain 100 elsewhere.
    #[must_use]
    pub fn width(&self) -> usize {
        let stdout = console::Term::stdout();
        if stdout.is_term() { stdout.size().1.into() } else { 100 }
    }

    /// Whether progress may be drawn.
    #[must_use]
    pub fn progress(&self) -> bool {
        !self.quiet && std::io::stderr().is_terminal()
    }
}

/// Standard output, where a reader that has seen enough (`| head`) is no error: the rest goes nowhere.
#[derive(Debug)]
pub struct Stdout(io::Stdout);

impl Default for Stdout {
    fn default() -> Self {
        Self(io::stdout())
    }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        or_gone(self.0.write(bytes), bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        or_gone(self.0.flush(), ())
    }
}

fn or_gone<T>(outcome: io::Result<T>, gone: T) -> io::Result<T> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(gone),
        outcome => outcome,
    }
}

/// What became of writing to standard output.
///
/// # Errors
/// In words, when it failed and the reader was still there.
pub fn written(outcome: io::Result<()>) -> Result<(), Failure> {
    or_gone(outcome, ()).map_err(|error| Failure {
        exit: Exit::Resumable,
        message: format!("standard output cannot be written: {error}"),
        hint: "make room where it goes, or send it elsewhere; nothing that is stored is lost".to_owned(),
    })
}

fn eprint_line(text: &str) {
    let mut err = std::io::stderr().lock();
    let _ = writeln!(err, "{text}");
}

/// `NO_COLOR` is honoured (no-color.org): set and not empty means no colour.
fn wants_colour(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
