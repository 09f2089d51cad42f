//! Templates for what people read or run: HTML, Markdown and PowerShell.
//!
//! They are embedded; a consultant's own folder (`--templates DIR`) overrides any of them by its file name. Every
//! value is escaped for the language of the file it goes into, without the template having to ask for it: a template
//! that forgets nothing can do no harm, and one that is overridden cannot forget.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use minijinja::value::{Value, ValueKind};
use minijinja::{AutoEscape, Environment, Output, State, UndefinedBehavior};

use super::{ReportError, powershell};

/// The files that are built in.
const EMBEDDED: &[(&str, &str)] = &[
    ("report.html", include_str!("../../templates/report.html")),
    ("report.css", include_str!("../../templates/report.css")),
    ("report.js", include_str!("../../templates/report.js")),
    ("dark.css", include_str!("../../templates/dark.css")),
    ("waves.html", include_str!("../../templates/waves.html")),
    ("waves.css", include_str!("../../templates/waves.css")),
    ("rollup.html", include_str!("../../templates/rollup.html")),
    ("rollup.css", include_str!("../../templates/rollup.css")),
    ("rollup.md", include_str!("../../templates/rollup.md")),
    ("summary.md", include_str!("../../templates/summary.md")),
    ("remediation.ps1", include_str!("../../templates/remediation.ps1")),
    ("export-exchange.ps1", include_str!("../../templates/export-exchange.ps1")),
];

const MARKDOWN: &str = "markdown";
const POWERSHELL: &str = "powershell";

/// Where templates come from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Templates {
    folder: Option<PathBuf>,
}

impl Templates {
    /// The built-in ones, overridden by the files of `folder` that bear their names.
    ///
    /// # Errors
    ///
    /// [`ReportError::Template`] when the folder cannot be read or holds a file of another name: a misspelt one would
    /// be passed over in silence.
    pub fn overridden_by(folder: &Path) -> Result<Self, ReportError> {
        let wrong = |detail: String| ReportError::Template { name: folder.display().to_string(), detail };
        for entry in std::fs::read_dir(folder).map_err(|error| wrong(error.to_string()))? {
            let name = entry.map_err(|error| wrong(error.to_string()))?.file_name();
            let name = name.to_string_lossy();
            if !name.starts_with('.') && !EMBEDDED.iter().any(|(known, _)| *known == name) {
                let known: Vec<&str> = EMBEDDED.iter().map(|(known, _)| *known).collect();
                return Err(wrong(format!("it holds {name:?}, but only {} can be overridden", known.join(", "))));
            }
        }
        Ok(Self { folder: Some(folder.to_owned()) })
    }

    /// The names of all templates.
    pub fn names() -> impl Iterator<Item = &'static str> {
        EMBEDDED.iter().map(|(name, _)| *name)
    }

    /// The text of a template.
    ///
    /// # Errors
    ///
    /// [`ReportError::Template`] when an overriding file cannot be read.
    pub fn text(&self, name: &str) -> Result<String, ReportError> {
        if let Some(path) = self.folder.as_ref().map(|folder| folder.join(name)).filter(|path| path.exists()) {
            let wrong = |error: io::Error| ReportError::Template {
                name: path.display().to_string(),
                detail: error.to_string(),
            };
            return std::fs::read_to_string(&path).map_err(wrong);
        }
        let embedded = EMBEDDED.iter().find(|(known, _)| *known == name);
        embedded.map(|(_, text)| (*text).to_owned()).ok_or_else(|| ReportError::Template {
            name: name.to_owned(),
            detail: "there is no template of this name".to_owned(),
        })
    }

    /// Renders template `name` with `context`, piece by piece, into `out`.
    pub(crate) fn render(&self, name: &str, context: Value, out: &mut dyn io::Write) -> Result<(), ReportError> {
        let text = self.text(name)?;
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|name| match name.rsplit('.').next() {
            Some("html") => AutoEscape::Html,
            Some("md") => AutoEscape::Custom(MARKDOWN),
            Some("ps1") => AutoEscape::Custom(POWERSHELL),
            _ => AutoEscape::None,
        });
        environment.set_formatter(format_value);
        environment.add_filter("comment", |text: String| Value::from_safe_string(powershell::comment(&text)));
        environment.add_filter("number", |number: u64, group: &str| grouped(number, group));
        let wrong = |error: minijinja::Error| ReportError::Template { name: name.to_owned(), detail: chain(&error) };
        environment.add_template(name, &text).map_err(wrong)?;
        let template = environment.get_template(name).map_err(wrong)?;
        template.render_captured_to(context, out).map(drop).map_err(wrong)
    }
}

/// Writes a value in the way of the file's language.
fn format_value(out: &mut Output, state: &State, value: &Value) -> Result<(), minijinja::Error> {
    let text = match state.auto_escape() {
        AutoEscape::Custom(language) if !value.is_safe() && value.kind() != ValueKind::Number => match language {
            MARKDOWN => markdown(&value.to_string()),
            POWERSHELL => powershell::quoted(&value.to_string()),
            _ => return minijinja::escape_formatter(out, state, value),
        },
        AutoEscape::Custom(_) => value.to_string(),
        _ => return minijinja::escape_formatter(out, state, value),
    };
    out.write_str(&text).map_err(minijinja::Error::from)
}

/// Untrusted text as Markdown that shows it as it is, on one line: every ASCII sign of punctuation may be escaped by a
/// backslash (CommonMark, "Backslash escapes"), and `<` and `&` become entities, which chat programs know better.
pub(crate) fn markdown(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '|' | '~' | '!' | '@' => {
                safe.push('\\');
                safe.push(c);
            }
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => safe.push(' '),
            c => safe.push(c),
        }
    }
    // A list, a heading or a quotation can only begin at the start of a line, a numbered list with a digit.
    if safe.starts_with(['-', '+', '=']) {
        safe.insert(0, '\\');
    }
    safe
}

fn grouped(number: u64, group: &str) -> String {
    super::texts::grouped(number, group)
}

/// The whole chain of causes of a template's error, with file and line.
fn chain(error: &minijinja::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_file_in_the_folder_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("raport.html"), "").unwrap();
        let error = Templates::overridden_by(folder.path()).unwrap_err().to_string();
        assert!(error.contains("raport.html") && error.contains("report.html"), "{error}");
    }

    #[test]
    fn an_overridden_template_is_used_and_still_escapes() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("summary.md"), "Hello {{ name }}").unwrap();
        let templates = Templates::overridden_by(folder.path()).unwrap();
        let mut out = Vec::new();
        templates.render("summary.md", minijinja::context! { name => "*<b>*" }, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "Hello \\*&lt;b&gt;\\*");
    }

    #[test]
    fn a_mistake_in_a_template_is_told_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("summary.md"), "one\n{{ nobody }}").unwrap();
        let templates = Templates::overridden_by(folder.path()).unwrap();
        let error = templates.render("summary.md", Value::UNDEFINED, &mut Vec::new()).unwrap_err().to_string();
        assert!(error.contains("summary.md:2"), "{error}");
    }
}
