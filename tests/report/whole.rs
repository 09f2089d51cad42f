//! The files as files: all or none, the same bytes twice.

use std::fs;
use std::path::Path;

use ewsready::report::{FormatKind, ReportError, Texts, View, terminal, write_all};
use ewsready::verdict::Verdict;

use super::fixture;

/// Set it to a folder to look at what is written there.
const LOOK: &str = "EWSREADY_LOOK";

#[test]
fn all_formats_are_written_and_nothing_else_stays() {
    let (view, _rows) = fixture::view();
    let folder = tempfile::tempdir().unwrap();
    let wanted = std::env::var(LOOK).ok();
    let target = wanted.as_deref().map_or(folder.path(), Path::new);
    let paths = write_all(&view, target, FormatKind::ALL).unwrap();
    for (path, format) in paths.iter().zip(FormatKind::ALL) {
        assert_eq!(path.file_name().unwrap(), format.file_name());
        assert!(path.metadata().unwrap().len() > 1_000, "{}", path.display());
    }
    let files = fs::read_dir(target).unwrap().count();
    assert!(wanted.is_some() || files == paths.len(), "{files} files");
}

#[test]
fn rendering_twice_gives_the_same_bytes() {
    let render = || {
        let (view, _rows) = fixture::view();
        let folder = tempfile::tempdir().unwrap();
        let paths = write_all(&view, folder.path(), FormatKind::ALL).unwrap();
        paths.iter().map(|path| fs::read(path).unwrap()).collect::<Vec<_>>()
    };
    let (first, second) = (render(), render());
    for ((first, second), format) in first.iter().zip(&second).zip(FormatKind::ALL) {
        assert!(first == second, "{} differs", format.file_name());
    }
}

#[test]
fn one_format_that_fails_leaves_every_file_as_it_was() {
    let (mut view, _rows) = fixture::view();
    let templates = tempfile::tempdir().unwrap();
    fs::write(templates.path().join("report.html"), "{{ nothing_of_this_name }}").unwrap();
    view.templates = ewsready::report::Templates::overridden_by(templates.path()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("readiness.csv"), "last month's").unwrap();
    let error = write_all(&view, folder.path(), FormatKind::ALL).unwrap_err();
    assert!(matches!(&error, ReportError::Template { name, .. } if name == "report.html"), "{error}");
    assert_eq!(fs::read_to_string(folder.path().join("readiness.csv")).unwrap(), "last month's");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let (view, _rows) = fixture::view();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("taken");
    fs::write(&file, "").unwrap();
    let error = write_all(&view, &file.join("out"), &[FormatKind::Csv]).unwrap_err();
    assert!(error.to_string().contains("taken"), "{error}");
    assert!(!error.hint().is_empty());
}

#[test]
fn every_name_of_a_format_is_read_back() {
    for format in FormatKind::ALL {
        assert_eq!(format.id().to_uppercase().parse::<FormatKind>().unwrap(), *format);
    }
    assert!("docx".parse::<FormatKind>().unwrap_err().to_string().contains("docx"));
}

#[test]
fn an_empty_roster_gives_whole_files() {
    let (view, _rows) = fixture::view_of(fixture::head(), []);
    let folder = tempfile::tempdir().unwrap();
    let paths = write_all(&view, folder.path(), FormatKind::ALL).unwrap();
    assert_eq!(paths.len(), FormatKind::ALL.len());
    assert_eq!(fs::read_to_string(folder.path().join("readiness.csv")).unwrap().lines().count(), 1);
}

#[test]
fn every_language_renders_without_a_hole() {
    for language in Texts::languages() {
        let mut head = fixture::head();
        head.language = language.to_owned();
        let (view, _rows) = fixture::view_of(head, fixture::rows());
        let folder = tempfile::tempdir().unwrap();
        write_all(&view, folder.path(), FormatKind::ALL).unwrap();
        let csv = fs::read_to_string(folder.path().join("readiness.csv")).unwrap();
        assert!(csv.contains(",needs_license_upgrade,"), "ids are never translated");
        let page = fs::read_to_string(folder.path().join("readiness.html")).unwrap();
        assert!(page.contains(view.texts.get("verdict", Verdict::NotAssessed.id())), "{language}");
    }
}

#[test]
fn the_terminal_summary_reads_well() {
    let (view, _rows) = fixture::view();
    insta::assert_snapshot!(terminal::summary(&view, 80, false));
}

#[test]
fn a_narrow_terminal_gets_no_longer_lines_and_colour_only_when_asked() {
    let (view, _rows) = fixture::view();
    let narrow = terminal::summary(&view, 50, false);
    assert!(!narrow.contains('\u{1b}'));
    let too_long = |line: &&str| line.chars().count() > 50 && line.contains(' ') && !line.starts_with("SIMULATED");
    assert_eq!(narrow.lines().skip(2).find(too_long), None);
    assert!(terminal::summary(&view, 50, true).contains("\u{1b}[31mBlocked\u{1b}[0m"));
}

/// Snapshots of the formats that people or programs read line by line.
#[test]
fn csv_and_markdown_and_script_stay_as_they_are() {
    let (view, _rows) = fixture::view_of(fixture::head(), (1..=9).map(fixture::row));
    let text = |format| written(&view, format);
    insta::assert_snapshot!("readiness.csv", text(FormatKind::Csv));
    insta::assert_snapshot!("summary.md", text(FormatKind::Markdown));
    insta::assert_snapshot!("remediation.ps1", text(FormatKind::PowerShell));
}

#[test]
fn hostile_text_stays_text_in_markdown() {
    let mut head = fixture::head();
    head.tenant.name = "| a | **b** <script>".to_owned();
    let rows = fixture::HOSTILE.iter().zip(1..).map(|(text, number)| {
        let mut row = fixture::row(number);
        row.reason = format!("rule/{number}");
        row.cause = (*text).to_owned();
        row.next_action = (*text).to_owned();
        row
    });
    let (view, _rows) = fixture::view_of(head, rows);
    let markdown = written(&view, FormatKind::Markdown);
    assert!(markdown.starts_with("# EWS readiness: \\| a \\| \\*\\*b\\*\\* &lt;script&gt;"), "{markdown}");
    for markup in ["<script", "<img", "[link](", "\0", "\r"] {
        assert!(!markdown.contains(markup), "{markup:?} in {markdown}");
    }
}

fn written(view: &View, format: FormatKind) -> String {
    let folder = tempfile::tempdir().unwrap();
    let paths = write_all(view, folder.path(), &[format]).unwrap();
    fs::read_to_string(&paths[0]).unwrap()
}
