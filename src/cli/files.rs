//! Files that are written whole or not at all.

use std::io::Write;
use std::path::Path;

use crate::failure::Failure;
use crate::private;

/// Writes a file beside its place and moves it there; without `overwrite` a file that is there stays.
///
/// # Errors
/// In words, when it cannot be written.
pub(super) fn write_whole(path: &Path, content: &[u8], overwrite: bool) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let failed = |error: std::io::Error| {
        Failure::usage(format!("{} cannot be written: {error}", path.display()), "check the folder and its rights")
    };
    let mut file = private::temporary(folder).map_err(failed)?;
    file.write_all(content).map_err(failed)?;
    let kept = if overwrite { file.persist(path) } else { file.persist_noclobber(path) };
    kept.map(drop).map_err(|error| failed(error.error))
}
