//! Where each setting comes from: the command line, then environment variables, then the file, then the defaults.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::keys::{self, Key, Kind, PREFIX, keys};
use super::{DEMO, nearest, path_or_default};
use crate::failure::Failure;

/// One setting's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A text or word.
    Text(String),
    /// Yes or no.
    Flag(bool),
    /// A whole number.
    Whole(u64),
    /// Several texts.
    List(Vec<String>),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Flag(flag) => flag.fmt(f),
            Self::Whole(number) => number.fmt(f),
            Self::List(items) => f.write_str(&items.join(", ")),
        }
    }
}

/// Where a setting was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// In a file, at a line.
    File(PathBuf, usize),
    /// In an environment variable.
    Variable(String),
    /// On the command line.
    Argument(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, line) => write!(f, "{}, line {line}", path.display()),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::Argument(name) => f.write_str(name),
        }
    }
}

/// A value and where it was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The value.
    pub value: Value,
    /// Where it was set.
    pub origin: Origin,
}

/// Everything that is set for one tenant, by the path of its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The tenant's name.
    pub name: String,
    /// The file that was looked at.
    pub file: PathBuf,
    pub(super) values: BTreeMap<String, Setting>,
}

impl Settings {
    /// One setting, where it was made.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Setting> {
        self.values.get(path)
    }

    /// A complaint about one setting that says where it was made.
    pub(super) fn complain(&self, path: &str, what: &str, hint: impl Into<String>) -> Failure {
        let place = match self.get(path) {
            Some(setting) => setting.origin.to_string(),
            None => self.file.display().to_string(),
        };
        Failure::usage(format!("{place}: [tenants.{}] {what}", self.name), hint)
    }
}

/// What the command line sets, by the path of its key.
#[derive(Debug, Clone, Default)]
pub struct Overrides(Vec<(String, Setting)>);

impl Overrides {
    /// One more setting, made by an argument.
    pub fn set(&mut self, path: &str, value: Value, argument: &'static str) {
        self.0.push((path.to_owned(), Setting { value, origin: Origin::Argument(argument) }));
    }
}

/// The process's environment, or a test's.
pub struct Environment(Vec<(String, String)>);

impl Environment {
    /// The process's. What is not Unicode is none of our settings.
    #[must_use]
    pub fn of_process() -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self(std::env::vars_os().filter_map(text).filter(|(name, _)| name.starts_with(PREFIX)).collect())
    }

    #[cfg(test)]
    pub(super) fn of(variables: &[(&str, &str)]) -> Self {
        Self(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    /// Whether a tenant is set up by variables alone.
    fn knows(&self, name: &str) -> bool {
        let prefix = keys::variable(name, "");
        self.0.iter().any(|(name, _)| name.starts_with(&prefix))
    }
}

/// A file's tenants, each with its settings.
#[derive(Debug)]
pub struct File {
    path: PathBuf,
    tenants: BTreeMap<String, BTreeMap<String, Setting>>,
}

impl File {
    /// Reads the given file, else `ewsready.toml` in the current folder, which may be absent.
    ///
    /// # Errors
    /// In words with line and key, when it cannot be read.
    pub fn read(given: Option<&Path>) -> Result<Self, Failure> {
        let path = path_or_default(given);
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&path, &text),
            Err(error) if given.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
                Ok(Self { path, tenants: BTreeMap::new() })
            }
            Err(error) => Err(Failure::usage(
                format!("the configuration {} cannot be read: {error}", path.display()),
                "check the path and its rights",
            )),
        }
    }

    /// Names of its tenants.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.tenants.keys().cloned().collect()
    }

    /// Reads a configuration from its text; `path` is how messages call it.
    ///
    /// # Errors
    /// In words with line and key, when it is no configuration.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Failure> {
        let reader = Reader { path, text };
        let table = DeTable::parse(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            reader.complain(start, error.message(), "templates/ewsready.toml shows how it is written")
        })?;
        let mut tenants = BTreeMap::new();
        for (key, value) in table.get_ref() {
            if key.get_ref() != "tenants" {
                let what = format!("unknown key `{}`", key.get_ref());
                return Err(reader.complain(key.span().start, &what, "every key stands below [tenants.NAME]"));
            }
            for (name, tenant) in reader.table("tenants", value)? {
                let mut settings = BTreeMap::new();
                let at = format!("[tenants.{}]", name.get_ref());
                reader.collect(&at, "", tenant.span().start, tenant.get_ref(), &mut settings)?;
                tenants.insert(name.get_ref().to_string(), settings);
            }
        }
        Ok(Self { path: path.to_owned(), tenants })
    }

    /// Everything set for a tenant.
    ///
    /// # Errors
    /// In words, when there is no such tenant, or a variable is wrong.
    pub fn settings(&self, name: &str, environment: &Environment, overrides: &Overrides) -> Result<Settings, Failure> {
        let mut values = match self.tenants.get(name) {
            Some(values) => values.clone(),
            None if environment.knows(name) => BTreeMap::new(),
            None => return Err(self.unknown(name)),
        };
        self.overlay(name, environment, &mut values)?;
        values.extend(overrides.0.iter().cloned());
        Ok(Settings { name: name.to_owned(), file: self.path.clone(), values })
    }

    fn overlay(
        &self,
        name: &str,
        environment: &Environment,
        values: &mut BTreeMap<String, Setting>,
    ) -> Result<(), Failure> {
        let prefix = keys::variable(name, "");
        // Variables of `contoso-eu` begin like those of `contoso`.
        let others = self.tenants.keys().map(|other| keys::variable(other, ""));
        let longer: Vec<_> = others.filter(|other| other.len() > prefix.len()).collect();
        for (variable, text) in &environment.0 {
            let Some(end) = variable.strip_prefix(&prefix) else { continue };
            if longer.iter().any(|other| variable.starts_with(other)) {
                continue;
            }
            let Some(key) = keys().iter().find(|key| key.variable() == end) else {
                let all: Vec<_> = keys().iter().map(|key| keys::variable(name, &key.path)).collect();
                let hint = match nearest(variable, all.iter().map(String::as_str)) {
                    Some(near) => format!("did you mean {near}?"),
                    None => "`ewsready config` lists the keys; dots become underscores".to_owned(),
                };
                return Err(Failure::usage(format!("the environment variable {variable} sets no key"), hint));
            };
            let value = from_variable(key, text).ok_or_else(|| {
                let what = format!("the environment variable {variable} holds no value for {}", key.path);
                Failure::usage(what, format!("it takes {}", key.kind.wanted()))
            })?;
            values.insert(key.path.clone(), Setting { value, origin: Origin::Variable(variable.clone()) });
        }
        Ok(())
    }

    fn unknown(&self, name: &str) -> Failure {
        let shown = self.path.display();
        if self.tenants.is_empty() {
            return Failure::usage(
                format!("there is no tenant '{name}': no configuration file {shown} here"),
                format!("ewsready init --name {name} writes one; name another with --config; or try --tenant {DEMO}"),
            );
        }
        let known: Vec<_> = self.tenants.keys().map(String::as_str).chain([DEMO]).collect();
        let hint = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean '{near}'? known: {}", known.join(", ")),
            None => format!("known: {}", known.join(", ")),
        };
        Failure::usage(format!("{shown} has no tenant '{name}'"), hint)
    }
}

fn from_variable(key: &Key, text: &str) -> Option<Value> {
    let text = text.trim();
    Some(match key.kind {
        Kind::Text => Value::Text(text.to_owned()),
        Kind::Word(words) => Value::Text(words.contains(&text).then(|| text.to_owned())?),
        Kind::Flag => Value::Flag(text.parse().ok()?),
        Kind::Whole => Value::Whole(text.parse().ok()?),
        Kind::List => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Value::List(items.map(str::to_owned).collect())
        }
    })
}

/// Turns places in the text into lines, for complaints.
struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
}

impl<'a> Reader<'a> {
    fn line(&self, start: usize) -> usize {
        self.text.as_bytes().iter().take(start).filter(|byte| **byte == b'\n').count() + 1
    }

    fn complain(&self, start: usize, what: &str, hint: impl Into<String>) -> Failure {
        Failure::usage(format!("{}, line {}: {what}", self.path.display(), self.line(start)), hint)
    }

    fn table<'t>(&self, name: &str, value: &'t toml::Spanned<DeValue<'a>>) -> Result<&'t DeTable<'a>, Failure> {
        match value.get_ref() {
            DeValue::Table(table) => Ok(table),
            _ => Err(self.complain(value.span().start, &format!("`{name}` is no table"), "write it as [tenants.NAME]")),
        }
    }

    fn collect(
        &self,
        at: &str,
        above: &str,
        start: usize,
        value: &DeValue<'a>,
        into: &mut BTreeMap<String, Setting>,
    ) -> Result<(), Failure> {
        let DeValue::Table(table) = value else {
            return Err(self.complain(start, &format!("`{above}` in {at} is no table"), "see templates/ewsready.toml"));
        };
        for (name, value) in table {
            let path =
                if above.is_empty() { name.get_ref().to_string() } else { format!("{above}.{}", name.get_ref()) };
            let start = name.span().start;
            if let Some(key) = keys().iter().find(|key| key.path == path) {
                let value = leaf(key, value.get_ref()).ok_or_else(|| {
                    self.complain(start, &format!("`{path}` in {at} has a wrong value"), key.kind.wanted())
                })?;
                let origin = Origin::File(self.path.to_owned(), self.line(start));
                into.insert(path, Setting { value, origin });
            } else if keys().iter().any(|key| key.path.strip_prefix(&path).is_some_and(|rest| rest.starts_with('.'))) {
                self.collect(at, &path, start, value.get_ref(), into)?;
            } else {
                return Err(self.complain(start, &format!("unknown key `{path}` in {at}"), near(&path)));
            }
        }
        Ok(())
    }
}

/// The nearest known key, or group of keys.
fn near(path: &str) -> String {
    let groups = ["credential", "endpoints", "network", "sources", "pace"];
    let known = keys().iter().map(|key| key.path.as_str()).chain(groups);
    match nearest(path, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "remove it, or see templates/ewsready.toml for the keys there are".to_owned(),
    }
}

fn leaf(key: &Key, value: &DeValue<'_>) -> Option<Value> {
    Some(match (key.kind, value) {
        (Kind::Text, DeValue::String(text)) => Value::Text(text.to_string()),
        (Kind::Word(words), DeValue::String(text)) => Value::Text(words.contains(&&**text).then(|| text.to_string())?),
        (Kind::Flag, DeValue::Boolean(flag)) => Value::Flag(*flag),
        (Kind::Whole, DeValue::Integer(number)) => {
            Value::Whole(u64::from_str_radix(number.as_str(), number.radix()).ok()?)
        }
        (Kind::List, DeValue::Array(items)) => {
            let text = |item: &toml::Spanned<DeValue<'_>>| item.get_ref().as_str().map(str::to_owned);
            Value::List(items.iter().map(text).collect::<Option<_>>()?)
        }
        _ => return None,
    })
}
