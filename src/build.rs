//! The build script: a digest of the sources that turn evidence into verdicts, for the program to know itself by.
//!
//! A run keeps what it was judged to be, and the digest of what judged it. Whoever changes a rule changes the digest
//! without having to think of it, and the next report judges the earlier evidence again: what the rules moved is told
//! apart from what the tenant moved. A change that moves nothing (a comment) costs that second judging and no more.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

/// All that judging consists of, below the sources.
pub const PLACES: [&str; 5] = ["assessment", "evidence", "facts", "rules", "verdict"];

fn main() -> std::io::Result<()> {
    let sources = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("src");
    for place in PLACES {
        println!("cargo:rerun-if-changed=src/{place}");
    }
    println!("cargo:rerun-if-changed=src/verdict.rs");
    println!("cargo:rerun-if-changed=src/build.rs");
    println!("cargo:rustc-env=EWSREADY_JUDGING={}", digest(&sources)?);
    Ok(())
}

/// The digest of every source file below the [`PLACES`], names included, whatever order a folder lists them in.
///
/// # Errors
/// When a file cannot be read.
pub fn digest(sources: &Path) -> std::io::Result<String> {
    let mut files = vec![sources.join("verdict.rs")];
    for place in PLACES {
        collect(&sources.join(place), &mut files)?;
    }
    let name = |file: &Path| file.strip_prefix(sources).unwrap_or(file).to_string_lossy().replace('\\', "/");
    let mut named: Vec<(String, PathBuf)> = files.into_iter().map(|file| (name(&file), file)).collect();
    named.sort();
    // No secret hangs on it: two states of the sources must differ, not withstand a forger.
    let mut hasher = DefaultHasher::new();
    for (name, file) in named {
        name.hash(&mut hasher);
        // Line ends are the checkout's, not the rules'.
        std::fs::read(file)?.into_iter().filter(|byte| *byte != b'\r').collect::<Vec<u8>>().hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}
