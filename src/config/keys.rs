//! Every key a tenant's table may have: one list for reading, for environment variables and for what `ewsready config`
//! prints.

use std::sync::LazyLock;

use crate::transport::ScopeId;

/// What a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Whole,
    /// Texts; in an environment variable separated by commas.
    List,
}

impl Kind {
    /// What is expected, for a person.
    #[must_use]
    pub fn wanted(self) -> String {
        match self {
            Self::Text => "a text in quotation marks".to_owned(),
            Self::Word(words) => format!("one of {}", words.join(", ")),
            Self::Flag => "true or false".to_owned(),
            Self::Whole => "a whole number, 0 or more".to_owned(),
            Self::List => "a list of texts, as [\"one\", \"two\"]".to_owned(),
        }
    }
}

/// One key below `[tenants.NAME]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its path, for example `pace.ews.most`.
    pub path: String,
    /// What it holds.
    pub kind: Kind,
    /// Its default, as it is shown; empty where there is none.
    pub default: &'static str,
}

impl Key {
    /// The end of the environment variable that sets it, after `EWSREADY_TENANTS_NAME_`.
    #[must_use]
    pub fn variable(&self) -> String {
        variable_part(&self.path)
    }
}

/// The environment variable that sets a key of a tenant.
#[must_use]
pub fn variable(tenant: &str, path: &str) -> String {
    format!("{PREFIX}{}_{}", variable_part(tenant), variable_part(path))
}

/// How the environment variables of tenants begin.
pub const PREFIX: &str = "EWSREADY_TENANTS_";

/// A name as it stands in an environment variable: upper case, everything but letters and digits an underscore.
#[must_use]
pub fn variable_part(name: &str) -> String {
    name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' }).collect()
}

const KINDS: Kind = Kind::Word(&["secret", "certificate", "federated", "managed-identity", "device-code"]);

const SALESFORCE: &[&str] = &["user-oauth", "organization-oauth", "service-account"];

const PLAIN: &[(&str, Kind, &str)] = &[
    ("tenant", Kind::Text, ""),
    ("cloud", Kind::Text, "the tenant's own, as Entra names it"),
    ("client_id", Kind::Text, ""),
    ("credential.kind", KINDS, ""),
    ("credential.env", Kind::Text, ""),
    ("credential.file", Kind::Text, ""),
    ("credential.key_file", Kind::Text, ""),
    ("credential.password_env", Kind::Text, ""),
    ("credential.password_file", Kind::Text, ""),
    ("credential.audience", Kind::Text, "api://AzureADTokenExchange"),
    ("rosters", Kind::List, ""),
    ("integrations", Kind::List, "salesforce"),
    ("kiosk", Kind::Word(&["upgrade", "graph"]), "upgrade"),
    ("apps", Kind::List, ""),
    ("salesforce_connection", Kind::Word(SALESFORCE), ""),
    ("branding.title", Kind::Text, ""),
    ("branding.client", Kind::Text, ""),
    ("branding.author", Kind::Text, ""),
    ("branding.accent", Kind::Text, ""),
    ("branding.logo", Kind::Text, ""),
    ("dynamics_app", Kind::Text, ""),
    ("on_premises_hosts", Kind::List, ""),
    ("endpoints.authority", Kind::Text, "the cloud's"),
    ("endpoints.graph", Kind::Text, "the cloud's"),
    ("endpoints.exchange", Kind::Text, "the cloud's"),
    ("endpoints.autodiscover", Kind::Text, "the cloud's"),
    ("endpoints.on_premises", Kind::Text, "the hosts' own"),
    ("endpoints.dns", Kind::Text, "the system's"),
    ("network.proxy", Kind::Text, "the system's"),
    ("network.ca_files", Kind::List, ""),
    ("sources.exchange_admin", Kind::Flag, "true"),
    ("sources.ews", Kind::Flag, "true"),
    ("sources.autodiscover", Kind::Flag, "true"),
    ("sources.autodiscover_soap", Kind::Flag, "false"),
    ("sources.organization", Kind::Text, ""),
    ("sources.cas_mailboxes", Kind::Text, ""),
    ("sources.mailboxes", Kind::Text, ""),
    ("sources.on_premises", Kind::Flag, "true"),
    ("sources.dns", Kind::Flag, "true"),
    ("sources.salesforce_users", Kind::Text, ""),
    ("sources.salesforce_connections", Kind::Text, ""),
    ("sources.dynamics_mailboxes", Kind::Text, ""),
    ("sources.ews_usage", Kind::Text, ""),
    ("sources.ews_audit", Kind::Text, ""),
    ("pace.set", Kind::Word(&["gentle", "normal", "fast"]), "normal"),
    ("pace.attempts", Kind::Whole, "8"),
    ("pace.patience_seconds", Kind::Whole, "1800"),
    ("pace.request_seconds", Kind::Whole, "60"),
    ("pace.backoff_milliseconds", Kind::Whole, "500"),
];

/// What can be set for each service's own pace.
pub(super) const SCOPE_KEYS: [&str; 4] = ["requests", "seconds", "start", "most"];

/// Every key.
#[must_use]
pub fn keys() -> &'static [Key] {
    static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| {
        let plain = PLAIN.iter().map(|(path, kind, default)| Key { path: (*path).to_owned(), kind: *kind, default });
        let scopes = ScopeId::ALL.iter().flat_map(|scope| {
            let path = move |name| format!("pace.{}.{name}", scope.key());
            SCOPE_KEYS.iter().map(move |name| Key { path: path(name), kind: Kind::Whole, default: "the set's" })
        });
        plain.chain(scopes).collect()
    });
    &KEYS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_keys_share_a_variable() {
        let variables: std::collections::BTreeSet<_> = keys().iter().map(Key::variable).collect();
        assert_eq!(variables.len(), keys().len());
        assert_eq!(variable("contoso-eu", "pace.ews.most"), "EWSREADY_TENANTS_CONTOSO_EU_PACE_EWS_MOST");
    }

    #[test]
    fn the_template_shows_every_key_but_the_services_paces() {
        let template = include_str!("../../templates/ewsready.toml");
        for key in keys().iter().filter(|key| !SCOPE_KEYS.iter().any(|own| key.path.ends_with(&format!(".{own}")))) {
            let name = key.path.rsplit('.').next().unwrap_or_default();
            assert!(template.contains(name), "the template does not show {}", key.path);
        }
    }
}
