//! `ewsready.toml`: read, checked, and turned into a profile. Every message names file, line and key.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{CredentialSource, DEMO, Endpoints, Profile, SecretSource, Sources, nearest, parse_root, path_or_default};
use crate::cli::exit::Failure;
use crate::facts::Facts;
use crate::transport::pace::{PaceSet, ScopePace};
use crate::transport::quota::Limit;
use crate::transport::width::Range;
use crate::transport::{Pace, ScopeId};

/// What a kiosk-only user is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KioskChoice {
    /// Upgrade the licence; the move without one is shown as the alternative.
    #[default]
    Upgrade,
    /// Move to Graph without an upgrade.
    Graph,
}

impl KioskChoice {
    /// Its word in configuration and store.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Upgrade => "upgrade",
            Self::Graph => "graph",
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    tenants: BTreeMap<String, Tenant>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tenant {
    tenant: String,
    #[serde(default = "worldwide")]
    cloud: String,
    client_id: String,
    credential: Credential,
    #[serde(default)]
    endpoints: EndpointOverrides,
    #[serde(default)]
    sources: SourceChoices,
    #[serde(default)]
    pace: PaceChoices,
    #[serde(default = "salesforce")]
    integrations: Vec<String>,
    #[serde(default)]
    kiosk: KioskChoice,
    #[serde(default)]
    apps: Vec<String>,
}

fn worldwide() -> String {
    "worldwide".to_owned()
}

fn salesforce() -> Vec<String> {
    vec!["salesforce".to_owned()]
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Credential {
    kind: CredentialKind,
    env: Option<String>,
    file: Option<std::path::PathBuf>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum CredentialKind {
    Secret,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct EndpointOverrides {
    authority: Option<String>,
    graph: Option<String>,
    exchange: Option<String>,
    autodiscover: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct SourceChoices {
    exchange_admin: Option<bool>,
    ews: Option<bool>,
    autodiscover: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct PaceChoices {
    set: PaceSet,
    attempts: Option<u32>,
    patience_seconds: Option<u64>,
    request_seconds: Option<u64>,
    backoff_milliseconds: Option<u64>,
    token: ScopeChoices,
    directory: ScopeChoices,
    mailbox: ScopeChoices,
    exchange_admin: ScopeChoices,
    autodiscover: ScopeChoices,
    ews: ScopeChoices,
    on_premises: ScopeChoices,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ScopeChoices {
    requests: Option<u32>,
    seconds: Option<u32>,
    start: Option<u32>,
    most: Option<u32>,
}

/// Loads a profile by name from the given file, else from `ewsready.toml` in the current folder.
///
/// # Errors
/// In words with file, line and key: the file is missing or wrong, or has no such tenant.
pub fn load(given: Option<&Path>, name: &str, facts: &Facts) -> Result<Profile, Failure> {
    let path = path_or_default(given);
    let shown = path.display();
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(_) if given.is_none() => {
            return Err(Failure::usage(
                format!("there is no tenant '{name}': no configuration file {shown} here"),
                format!("write one with [tenants.{name}], name another with --config, or try --tenant {DEMO}"),
            ));
        }
        Err(error) => {
            return Err(Failure::usage(
                format!("the configuration {shown} cannot be read: {error}"),
                "check the path and its rights",
            ));
        }
    };
    let mut file = parse(&text).map_err(|(message, hint)| Failure::usage(format!("{shown}{message}"), hint))?;
    let Some(tenant) = file.tenants.remove(name) else {
        let known: Vec<_> = file.tenants.keys().map(String::as_str).chain([DEMO]).collect();
        let hint = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean '{near}'? known: {}", known.join(", ")),
            None => format!("known: {}", known.join(", ")),
        };
        return Err(Failure::usage(format!("{shown} has no tenant '{name}'"), hint));
    };
    tenant
        .into_profile(name, facts)
        .map_err(|(message, hint)| Failure::usage(format!("{shown}: [tenants.{name}] {message}"), hint))
}

/// A message that follows the file's name, and what to do.
type Complaint = (String, String);

fn parse(text: &str) -> Result<File, Complaint> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(String::new(), |span| {
            let line = text[..span.start.min(text.len())].matches('\n').count() + 1;
            format!(", line {line}")
        });
        let message = error.message().to_owned();
        let quoted: Vec<_> = message.split('`').skip(1).step_by(2).collect();
        let hint = match quoted.split_first() {
            Some((key, known)) if message.starts_with("unknown") => match nearest(key, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "remove it, or see templates/ewsready.toml for the keys there are".to_owned(),
            },
            _ => "see templates/ewsready.toml for every key".to_owned(),
        };
        (format!("{line}: {message}"), hint)
    })
}

impl Tenant {
    fn into_profile(self, name: &str, facts: &Facts) -> Result<Profile, Complaint> {
        let Some(cloud) = facts.cloud(&self.cloud).cloned() else {
            let known: Vec<_> = facts.clouds().iter().map(|cloud| cloud.id.as_str()).collect();
            return Err((
                format!("names the cloud '{}', which is not known", self.cloud),
                format!("known: {}", known.join(", ")),
            ));
        };
        let mut endpoints = Endpoints::of(&cloud).map_err(|failure| (failure.message, failure.hint))?;
        self.endpoints.apply(&mut endpoints)?;
        Ok(Profile {
            name: name.to_owned(),
            tenant: self.tenant,
            credential: self.credential.source()?,
            client_id: self.client_id,
            endpoints,
            sources: self.sources.choose(),
            pace: self.pace.choose(),
            integrations: self.integrations,
            kiosk: self.kiosk,
            apps: self.apps.into_iter().map(|app| app.trim().to_lowercase()).collect(),
            cloud,
            simulated: false,
        })
    }
}

impl Credential {
    fn source(self) -> Result<CredentialSource, Complaint> {
        let CredentialKind::Secret = self.kind;
        let source = match (self.env, self.file) {
            (Some(env), None) => SecretSource::Env(env),
            (None, Some(file)) => SecretSource::File(file),
            _ => {
                let message = "credential needs exactly one of `env` and `file`".to_owned();
                return Err((message, "the secret itself never stands in the configuration".to_owned()));
            }
        };
        Ok(CredentialSource::Secret(source))
    }
}

impl EndpointOverrides {
    fn apply(self, endpoints: &mut Endpoints) -> Result<(), Complaint> {
        let overrides = [
            ("authority", self.authority, &mut endpoints.authority),
            ("graph", self.graph, &mut endpoints.graph),
            ("exchange", self.exchange, &mut endpoints.exchange),
            ("autodiscover", self.autodiscover, &mut endpoints.autodiscover),
        ];
        for (key, text, url) in overrides {
            if let Some(text) = text {
                *url = parse_root(&text)
                    .map_err(|why| (format!("endpoints.{key}: {why}"), "give https://HOST".to_owned()))?;
            }
        }
        Ok(())
    }
}

impl SourceChoices {
    fn choose(self) -> Sources {
        let all = Sources::default();
        Sources {
            exchange_admin: self.exchange_admin.unwrap_or(all.exchange_admin),
            ews: self.ews.unwrap_or(all.ews),
            autodiscover: self.autodiscover.unwrap_or(all.autodiscover),
        }
    }
}

impl PaceChoices {
    fn choose(self) -> Pace {
        let mut pace = Pace::of(self.set);
        pace.attempts = self.attempts.unwrap_or(pace.attempts).max(1);
        pace.patience = self.patience_seconds.map_or(pace.patience, Duration::from_secs);
        pace.request = self.request_seconds.map_or(pace.request, |seconds| Duration::from_secs(seconds.max(1)));
        pace.backoff = self.backoff_milliseconds.map_or(pace.backoff, Duration::from_millis);
        let scopes = [
            (ScopeId::Token, self.token),
            (ScopeId::Directory, self.directory),
            (ScopeId::Mailbox, self.mailbox),
            (ScopeId::ExchangeAdmin, self.exchange_admin),
            (ScopeId::Autodiscover, self.autodiscover),
            (ScopeId::Ews, self.ews),
            (ScopeId::OnPremises, self.on_premises),
        ];
        for (id, choices) in scopes {
            choices.apply(pace.scope_mut(id));
        }
        pace
    }
}

impl ScopeChoices {
    fn apply(self, scope: &mut ScopePace) {
        if self.requests.is_some() || self.seconds.is_some() {
            let present = scope.limit.unwrap_or(Limit { requests: u32::MAX, seconds: 1 });
            let requests = self.requests.unwrap_or(present.requests);
            scope.limit = Some(Limit { requests, seconds: self.seconds.unwrap_or(present.seconds) });
        }
        let most = self.most.unwrap_or(scope.width.most.max(self.start.unwrap_or(0)));
        scope.width = Range { start: self.start.unwrap_or(scope.width.start).min(most), most };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(text: &str) -> Complaint {
        parse(text).unwrap_err()
    }

    const TENANT: &str = "[tenants.a]\ntenant = 'a.example'\nclient_id = 'x'\n";

    #[test]
    fn an_unknown_key_is_named_with_its_line_and_the_nearest_known_one() {
        let (message, hint) =
            complaint(&format!("{TENANT}clowd = 'gcc'\ncredential = {{ kind = 'secret', env = 'S' }}\n"));
        assert!(message.starts_with(", line 4: unknown field `clowd`"), "{message}");
        assert_eq!(hint, "did you mean `cloud`?");
    }

    #[test]
    fn a_missing_key_is_named() {
        let (message, _) = complaint(TENANT);
        assert!(message.contains("missing field `credential`"), "{message}");
    }

    #[test]
    fn a_profile_takes_its_cloud_s_hosts_and_its_own_overrides() {
        let text = format!(
            "{TENANT}credential = {{ kind = 'secret', env = 'S' }}\ncloud = 'worldwide'\n\
             [tenants.a.endpoints]\ngraph = 'http://127.0.0.1:9'\n[tenants.a.pace.ews]\nmost = 3\n"
        );
        let tenant = parse(&text).unwrap().tenants.remove("a").unwrap();
        let profile = tenant.into_profile("a", Facts::embedded()).unwrap();
        assert_eq!(profile.endpoints.graph.as_str(), "http://127.0.0.1:9/");
        assert_eq!(profile.endpoints.authority.host_str(), Some("login.microsoftonline.com"));
        assert_eq!(profile.pace.scope(ScopeId::Ews).width, Range { start: 3, most: 3 });
        assert_eq!(profile.integrations, ["salesforce"]);
    }

    #[test]
    fn plain_http_goes_to_loopback_only() {
        assert!(parse_root("http://graph.example").is_err());
        assert!(parse_root("http://localhost:8080").is_ok());
        assert_eq!(parse_root("graph.example").unwrap().as_str(), "https://graph.example/");
    }
}
