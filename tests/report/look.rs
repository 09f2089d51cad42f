//! Writes the fixture's report to the folder in `EWSREADY_LOOK`, for a person to look at.

use std::path::Path;

use ewsready::report::{FormatKind, terminal, write_all};

use super::fixture;

#[test]
fn all_formats_are_written_and_nothing_else_stays() {
    let (view, _rows) = fixture::view();
    let folder = tempfile::tempdir().unwrap();
    let wanted = std::env::var("EWSREADY_LOOK").ok();
    let target = wanted.as_deref().map_or(folder.path(), Path::new);
    let paths = write_all(&view, target, FormatKind::ALL).unwrap();
    for (path, format) in paths.iter().zip(FormatKind::ALL) {
        assert_eq!(path.file_name().unwrap(), format.file_name());
        assert!(path.metadata().unwrap().len() > 1_000, "{}", path.display());
    }
    let files = std::fs::read_dir(target).unwrap().count();
    assert!(wanted.is_some() || files == paths.len(), "{files} files");
    if wanted.is_some() {
        println!("{}", terminal::summary(&view, 100, true));
    }
}
