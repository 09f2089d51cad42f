//! Files and folders about people: whoever makes them is the only one who may open them.
//!
//! Every file that may hold something about people is made here. On Unix a file is `0600` and a folder `0700`, whatever the umask; on
//! Windows both inherit the rights of the folder they are made in, which within a user's profile are that user's.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Makes a folder with the ones above it, where they are missing; one that is there keeps its rights.
///
/// # Errors
/// When it cannot be made.
pub fn folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Begins a file anew, to be written as it comes; one that was there loses its content and the rights of others.
///
/// # Errors
/// When it cannot be made.
pub fn create(path: &Path) -> io::Result<File> {
    let file = open(path, OpenOptions::new().write(true).create(true).truncate(true))?;
    // A device or a pipe belongs to others.
    #[cfg(unix)]
    if file.metadata()?.is_file() {
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    }
    Ok(file)
}

/// Makes a file where there is none, and leaves the content of one that is there.
///
/// # Errors
/// When it cannot be made or written.
pub fn ensure(path: &Path) -> io::Result<File> {
    open(path, OpenOptions::new().append(true).create(true))
}

/// A file beside the place where it is to be moved once it is whole.
///
/// # Errors
/// When `folder` cannot be written.
pub fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    // The crate makes its files the owner's alone.
    tempfile::Builder::new().prefix(".ewsready-").suffix(".tmp").tempfile_in(folder)
}

/// A file that is whole and on the disk, and lies beside its place; dropped, it is gone.
#[derive(Debug)]
pub struct Whole {
    file: NamedTempFile,
    path: PathBuf,
}

impl Whole {
    /// What `write` writes, on its way to `path`.
    ///
    /// # Errors
    /// That of `write`, and what `failed` makes of the system's.
    pub fn written<E>(
        path: PathBuf,
        failed: impl Fn(&Path, io::Error) -> E,
        write: impl FnOnce(&mut BufWriter<File>) -> Result<(), E>,
    ) -> Result<Self, E> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = temporary(folder).map_err(|error| failed(folder, error))?;
        let handle = file.as_file().try_clone().map_err(|error| failed(&path, error))?;
        let mut out = BufWriter::with_capacity(1 << 18, handle);
        write(&mut out)?;
        out.flush().and_then(|()| file.as_file().sync_all()).map_err(|error| failed(&path, error))?;
        Ok(Self { file, path })
    }

    /// Puts it into its place in one step; a file that was there is replaced.
    ///
    /// # Errors
    /// When the system refuses; what was there stays.
    pub fn keep(self) -> Result<PathBuf, (PathBuf, io::Error)> {
        match self.file.persist(&self.path) {
            Ok(_) => Ok(self.path),
            Err(error) => Err((self.path, error.error)),
        }
    }

    /// Puts it into its place where there is no file.
    ///
    /// # Errors
    /// When there is one, which stays, or the system refuses.
    pub fn keep_as_new(self) -> Result<PathBuf, (PathBuf, io::Error)> {
        match self.file.persist_noclobber(&self.path) {
            Ok(_) => Ok(self.path),
            Err(error) => Err((self.path, error.error)),
        }
    }
}

fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.open(path)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_is_made_is_the_owners_alone_and_what_was_there_stays() {
        let place = tempfile::tempdir().unwrap();
        let below = place.path().join("a/b");
        folder(&below).unwrap();
        assert_eq!((mode(&place.path().join("a")), mode(&below)), (0o700, 0o700));
        let file = below.join("file");
        drop(create(&file).unwrap());
        assert_eq!(mode(&file), 0o600);
        let moved = below.join("moved");
        temporary(&below).unwrap().persist(&moved).unwrap();
        assert_eq!(mode(&moved), 0o600);
        std::fs::write(&file, "kept").unwrap();
        drop(ensure(&file).unwrap());
        assert_eq!(std::fs::read(&file).unwrap(), b"kept");
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
        drop(create(&file).unwrap());
        assert_eq!((mode(&file), std::fs::read(&file).unwrap()), (0o600, Vec::new()));
        std::fs::set_permissions(&below, PermissionsExt::from_mode(0o750)).unwrap();
        folder(&below).unwrap();
        assert_eq!(mode(&below), 0o750, "a folder shared on purpose stays shared");
    }
}
