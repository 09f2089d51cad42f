//! Dated data that the rules read, each file with its own `as_of` and sources.
//!
//! The files lie in `data/` and are built in; a folder of the user's own files overrides them one by one.

mod apps;
mod clouds;
mod licences;
mod read;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::LazyLock;

use jiff::civil::Date;

pub use apps::{Client, Hybrid, Integration, RecipientUse};
pub use clouds::{Cloud, GateState, GateTable, OpenIdSigns, Period, Propagation, Retirement};
pub use licences::{ExchangePlan, Licensing, Product, ProductKind, Right, Standing, Upgrade};
pub use read::FactsError;

use read::{File, Head};

/// Facts older than this many days are warned about.
pub const FRESH_DAYS: i32 = 60;

/// Name and built-in text of every file, in the order of [`Facts::files`].
const EMBEDDED: [(&str, &str); 9] = [
    ("clouds.toml", include_str!("data/clouds.toml")),
    ("retirement.toml", include_str!("data/retirement.toml")),
    ("exchange-plans.csv", include_str!("data/exchange-plans.csv")),
    ("products.csv", include_str!("data/products.csv")),
    ("upgrades.csv", include_str!("data/upgrades.csv")),
    ("licensing.toml", include_str!("data/licensing.toml")),
    ("clients.toml", include_str!("data/clients.toml")),
    ("integrations.toml", include_str!("data/integrations.toml")),
    ("recipients.toml", include_str!("data/recipients.toml")),
];

/// All facts together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    files: Vec<FactFile>,
    digest: String,
    clouds: Vec<Cloud>,
    propagation: Option<Propagation>,
    licensing: Licensing,
    clients: Vec<Client>,
    integrations: Vec<Integration>,
    hybrid: Hybrid,
    recipients: BTreeMap<String, RecipientUse>,
}

/// One file of facts: how old, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactFile {
    /// The file's name.
    pub name: &'static str,
    /// The day on which it was last held against its sources.
    pub as_of: Date,
    /// Where its facts come from.
    pub sources: Vec<String>,
    /// Whether the user's folder overrides the built-in file.
    pub overridden: bool,
}

/// The age of the facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AsOf {
    /// Date of the oldest file.
    pub oldest: Date,
    /// Date of the newest file.
    pub newest: Date,
}

/// A file of facts that is old, and by how many days.
#[derive(Debug)]
pub struct Aged<'a> {
    /// The file.
    pub file: &'a FactFile,
    /// Its age.
    pub days: i32,
}

impl Facts {
    /// The built-in facts.
    ///
    /// A test reads them. Should they ever not be readable, the facts are empty, and every rule that needs one
    /// answers *unknown* instead of something wrong.
    #[must_use]
    pub fn embedded() -> &'static Self {
        static FACTS: LazyLock<Facts> = LazyLock::new(|| Facts::read(&BTreeMap::new()).unwrap_or_default());
        &FACTS
    }

    /// The built-in facts, overridden by the files of a folder, each of which replaces the one of its name.
    ///
    /// # Errors
    /// A file that is no file of facts, cannot be read, or says something these facts do not allow; the error
    /// names file and line.
    pub fn load(dir: &Path) -> Result<Self, FactsError> {
        let mut own = BTreeMap::new();
        let trouble = |name: &str, error: &io::Error| FactsError {
            file: name.to_owned(),
            line: None,
            message: format!("cannot be read: {error}"),
        };
        let folder = dir.display().to_string();
        for entry in fs::read_dir(dir).map_err(|error| trouble(&folder, &error))? {
            let entry = entry.map_err(|error| trouble(&folder, &error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') || entry.path().is_dir() {
                continue;
            }
            let known = known_file(&name)?;
            own.insert(known, fs::read_to_string(entry.path()).map_err(|error| trouble(&name, &error))?);
        }
        Self::read(&own)
    }

    fn read(own: &BTreeMap<&'static str, String>) -> Result<Self, FactsError> {
        let files = EMBEDDED.map(|(name, text)| File { name, text: own.get(name).map_or(text, String::as_str) });
        let digest = digest(&files);
        let [hosts, calendar, plans, products, upgrades, words, clients, integrations, recipients] = files;
        let clouds::Clouds { heads: cloud_heads, clouds, propagation } = clouds::read(hosts, calendar)?;
        let (licence_heads, licensing) = licences::read(plans, products, upgrades, words)?;
        let (clients_head, clients) = clients.toml::<apps::ClientsFile>()?;
        let (integrations_head, integrations) = integrations.toml::<apps::IntegrationsFile>()?;
        let (recipients_head, recipients) = recipients.toml::<apps::RecipientsFile>()?;
        let heads =
            cloud_heads.into_iter().chain(licence_heads).chain([clients_head, integrations_head, recipients_head]);
        let files = EMBEDDED.iter().zip(heads).map(|((name, _), head)| fact_file(name, head, own)).collect();
        Ok(Self {
            files,
            digest,
            clouds,
            propagation: Some(propagation),
            licensing,
            clients: clients.client,
            integrations: integrations.integration,
            hybrid: integrations.hybrid,
            recipients: recipients.kinds,
        })
    }

    /// Every file, with its date and sources.
    #[must_use]
    pub fn files(&self) -> &[FactFile] {
        &self.files
    }

    /// SHA-256 of the texts of all files, in hexadecimal: the same facts have the same, and no others.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// One file by name.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<&FactFile> {
        self.files.iter().find(|file| file.name == name)
    }

    /// Dates of the oldest and the newest file.
    #[must_use]
    pub fn as_of(&self) -> AsOf {
        let dates = || self.files.iter().map(|file| file.as_of);
        AsOf { oldest: dates().min().unwrap_or_default(), newest: dates().max().unwrap_or_default() }
    }

    /// The oldest file, when on a given day it is more than [`FRESH_DAYS`] days old: worth a warning.
    #[must_use]
    pub fn aged(&self, as_of: Date) -> Option<Aged<'_>> {
        let oldest = self.files.iter().min_by_key(|file| file.as_of)?;
        let days = as_of.since(oldest.as_of).ok()?.get_days();
        (days > FRESH_DAYS).then_some(Aged { file: oldest, days })
    }

    /// The cloud with an id.
    #[must_use]
    pub fn cloud(&self, id: &str) -> Option<&Cloud> {
        self.clouds.iter().find(|cloud| cloud.id == id)
    }

    /// Every cloud.
    #[must_use]
    pub fn clouds(&self) -> &[Cloud] {
        &self.clouds
    }

    /// How long changed settings take to act.
    #[must_use]
    pub fn propagation(&self) -> Option<Propagation> {
        self.propagation
    }

    /// Plans, products and the words about them.
    #[must_use]
    pub fn licensing(&self) -> &Licensing {
        &self.licensing
    }

    /// The known EWS client with an application id, whatever its case.
    #[must_use]
    pub fn client(&self, app_id: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.app_id.eq_ignore_ascii_case(app_id))
    }

    /// Every known EWS client.
    #[must_use]
    pub fn clients(&self) -> &[Client] {
        &self.clients
    }

    /// The integration with an id.
    #[must_use]
    pub fn integration(&self, id: &str) -> Option<&Integration> {
        self.integrations.iter().find(|integration| integration.id == id)
    }

    /// What recognises hybrid use of EWS.
    #[must_use]
    pub fn hybrid(&self) -> &Hybrid {
        &self.hybrid
    }

    /// Every integration.
    #[must_use]
    pub fn integrations(&self) -> &[Integration] {
        &self.integrations
    }

    /// What a kind of recipient (`RecipientTypeDetails`) is for; none: these facts do not list it.
    #[must_use]
    pub fn recipient_use(&self, kind: &str) -> Option<RecipientUse> {
        self.recipients.iter().find(|(known, _)| known.eq_ignore_ascii_case(kind)).map(|(_, r#use)| *r#use)
    }
}

fn digest(files: &[File<'_>]) -> String {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    for file in files {
        context.update(file.name.as_bytes());
        context.update(&(file.text.len() as u64).to_be_bytes());
        context.update(file.text.as_bytes());
    }
    context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn fact_file(name: &'static str, head: Head, own: &BTreeMap<&'static str, String>) -> FactFile {
    FactFile { name, as_of: head.as_of, sources: head.sources, overridden: own.contains_key(name) }
}

fn known_file(name: &str) -> Result<&'static str, FactsError> {
    let names = EMBEDDED.iter().map(|(known, _)| *known);
    if let Some(known) = names.clone().find(|known| *known == name) {
        return Ok(known);
    }
    let nearest = names.max_by(|a, b| strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name)));
    let hint = nearest.map(|nearest| format!("; the nearest is {nearest}")).unwrap_or_default();
    Err(FactsError { file: name.to_owned(), line: None, message: format!("is no file of facts{hint}") })
}

#[cfg(test)]
mod tests;
