//! Files that are written whole or not at all.

use std::io::{self, Write as _};
use std::path::Path;

use crate::failure::Failure;
use crate::private::Whole;

/// Writes a file beside its place and moves it there; without `overwrite` a file that is there stays.
///
/// # Errors
/// In words, when it cannot be written.
pub(super) fn write_whole(path: &Path, content: &[u8], overwrite: bool) -> Result<(), Failure> {
    let put = |error| not_written(path, error);
    let file = Whole::written(path.to_owned(), not_written, |out| out.write_all(content).map_err(put))?;
    let kept = if overwrite { file.keep() } else { file.keep_as_new() };
    kept.map(drop).map_err(|(path, error)| not_written(&path, error))
}

/// Why not, in words.
pub(super) fn not_written(path: &Path, error: io::Error) -> Failure {
    Failure::usage(format!("{} cannot be written: {error}", path.display()), "check the folder and its rights")
}
