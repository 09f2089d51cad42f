//! From settings to a profile: every value checked, every complaint with the place it was set.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::keys;
use super::layers::{Environment, File, Origin, Overrides, Settings, Value};
use super::nearest;
use super::{CredentialSource, Endpoints, Imports, NetworkChoice, Profile, SecretSource, Sources, parse_root};
use crate::evidence::joined::ExportKind;
use crate::evidence::store::{Branding, Kiosk};
use crate::facts::{Cloud, Facts};
use crate::failure::Failure;
use crate::imports::integrations::Files;
use crate::transport::pace::{PaceSet, ScopePace};
use crate::transport::quota::Limit;
use crate::transport::width::Range;
use crate::transport::{Pace, ScopeId};

/// Loads a profile by name from the given file, else from `ewsready.toml` in the current folder, with what the
/// environment sets: what commands do with arguments of their own, in one step, as tests want it.
///
/// # Errors
/// In words with file, line and key: the file is missing or wrong, or has no such tenant.
pub fn load(given: Option<&Path>, name: &str, facts: &Facts) -> Result<Profile, Failure> {
    let settings = File::read(given)?.settings(name, &Environment::of_process(), &Overrides::default())?;
    profile(&settings, facts)
}

/// Makes the profile of a tenant's settings.
///
/// # Errors
/// In words with the place of the setting that is wrong or missing.
pub fn profile(settings: &Settings, facts: &Facts) -> Result<Profile, Failure> {
    let credential = credential(settings)?;
    let needs_id = !matches!(credential, CredentialSource::ManagedIdentity);
    let client_id = if needs_id { required(settings, "client_id")? } else { settings.text("client_id") };
    let (cloud, cloud_given) = cloud(settings, facts)?;
    Ok(Profile {
        name: settings.name.clone(),
        tenant: tenant(settings)?,
        client_id: client_id.unwrap_or_default(),
        endpoints: endpoints(settings, &cloud)?,
        given_endpoints: given_endpoints(settings),
        sources: sources(settings),
        network: network(settings)?,
        pace: pace(settings)?,
        integrations: integrations(settings, facts)?,
        kiosk: if settings.text("kiosk").as_deref() == Some("graph") { Kiosk::Graph } else { Kiosk::Upgrade },
        apps: application_ids(settings, "apps", settings.list("apps").unwrap_or_default())?,
        salesforce_connection: settings.text("salesforce_connection"),
        branding: branding(settings)?,
        dynamics_app: application_ids(settings, "dynamics_app", settings.text("dynamics_app"))?.pop(),
        on_premises_hosts: settings.list("on_premises_hosts").unwrap_or_default(),
        exports: exports(settings),
        rosters: settings.paths("rosters"),
        credential,
        cloud,
        cloud_given,
        simulated: false,
    })
}

impl Settings {
    fn text(&self, path: &str) -> Option<String> {
        match &self.get(path)?.value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    fn flag(&self, path: &str) -> Option<bool> {
        match self.get(path)?.value {
            Value::Flag(flag) => Some(flag),
            _ => None,
        }
    }

    fn whole(&self, path: &str) -> Option<u64> {
        match self.get(path)?.value {
            Value::Whole(number) => Some(number),
            _ => None,
        }
    }

    fn number(&self, path: &str) -> Result<Option<u32>, Failure> {
        let number = self.whole(path).map(u32::try_from).transpose();
        number.map_err(|_| self.complain(path, &format!("{path} is too large"), "give at most 4294967295"))
    }

    fn list(&self, path: &str) -> Option<Vec<String>> {
        match &self.get(path)?.value {
            Value::List(items) => Some(items.clone()),
            _ => None,
        }
    }

    /// A file's path: beside the configuration where that names it, in the current folder elsewhere.
    fn place(&self, path: &str, text: &str) -> PathBuf {
        match self.get(path).map(|setting| &setting.origin) {
            Some(Origin::File(file, _)) => file.parent().unwrap_or(Path::new("")).join(text),
            _ => PathBuf::from(text),
        }
    }

    fn path(&self, path: &str) -> Option<PathBuf> {
        self.text(path).map(|text| self.place(path, &text))
    }

    fn paths(&self, path: &str) -> Vec<PathBuf> {
        self.list(path).unwrap_or_default().iter().map(|text| self.place(path, text)).collect()
    }
}

fn required(settings: &Settings, path: &str) -> Result<Option<String>, Failure> {
    match settings.text(path).filter(|text| !text.trim().is_empty()) {
        Some(text) => Ok(Some(text.trim().to_owned())),
        None => {
            let hint = format!("add it there, or set {}", keys::variable(&settings.name, path));
            Err(settings.complain(path, &format!("has no `{path}`"), hint))
        }
    }
}

/// The tenant stands in addresses, so it may only be what a tenant can be: an id or a domain of its own.
fn tenant(settings: &Settings) -> Result<String, Failure> {
    let tenant = required(settings, "tenant")?.unwrap_or_default();
    let hint = "give the tenant's id or one of its verified domains, for example contoso.onmicrosoft.com";
    let is_shared = ["common", "organizations", "consumers"].contains(&tenant.to_lowercase().as_str());
    if is_shared || !tenant.chars().all(|letter| letter.is_ascii_alphanumeric() || ".-".contains(letter)) {
        return Err(settings.complain("tenant", &format!("`tenant` is '{tenant}', which is no tenant"), hint));
    }
    Ok(tenant)
}

fn cloud(settings: &Settings, facts: &Facts) -> Result<(Cloud, bool), Failure> {
    let given = settings.text("cloud");
    let name = given.as_deref().unwrap_or("worldwide");
    match facts.cloud(name) {
        Some(cloud) => Ok((cloud.clone(), given.is_some())),
        None => {
            let known: Vec<_> = facts.clouds().iter().map(|cloud| cloud.id.as_str()).collect();
            let what = format!("names the cloud '{name}', which is not known");
            Err(settings.complain("cloud", &what, format!("known: {}", known.join(", "))))
        }
    }
}

/// The integrations by the ids of the facts: with a word they do not know, its rules would be silent.
fn integrations(settings: &Settings, facts: &Facts) -> Result<Vec<String>, Failure> {
    let Some(words) = settings.list("integrations") else { return Ok(vec!["salesforce".to_owned()]) };
    let known = || facts.integrations().iter().map(|integration| integration.id.as_str());
    let mut ids: Vec<String> = Vec::new();
    for word in words.iter().map(|word| word.trim()) {
        let Some(id) = known().find(|id| id.eq_ignore_ascii_case(word)) else {
            let near = nearest(word, known()).map(|near| format!("did you mean {near}? "));
            let hint = format!("{}known: {}", near.unwrap_or_default(), known().collect::<Vec<_>>().join(", "));
            let what = format!("names the integration '{word}', which is not known");
            return Err(settings.complain("integrations", &what, hint));
        };
        if !ids.iter().any(|other| other == id) {
            ids.push(id.to_owned());
        }
    }
    Ok(ids)
}

/// Applications are compared by id: a name would never match.
fn application_ids(
    settings: &Settings,
    path: &str,
    words: impl IntoIterator<Item = String>,
) -> Result<Vec<String>, Failure> {
    let id = |word: String| {
        let id = word.trim().parse::<uuid::Uuid>().map(|id| id.to_string());
        id.map_err(|_| {
            let hint = "give the application's id (client id) as 00000000-0000-0000-0000-000000000000, not its name";
            settings.complain(path, &format!("has '{word}' in `{path}`, which is no application's id"), hint)
        })
    };
    words.into_iter().map(id).collect()
}

/// Which keys each kind of credential takes beside `kind`.
const CREDENTIAL_KEYS: [(&str, &[&str]); 5] = [
    ("secret", &["env", "file"]),
    ("certificate", &["env", "file", "key_file", "password_env", "password_file"]),
    ("federated", &["file", "audience"]),
    ("managed-identity", &[]),
    ("device-code", &[]),
];

fn credential(settings: &Settings) -> Result<CredentialSource, Failure> {
    let kind = required(settings, "credential.kind")?.unwrap_or_default();
    let takes = CREDENTIAL_KEYS.iter().find(|(own, _)| *own == kind).map_or(&[][..], |(_, keys)| keys);
    let own = settings.values.keys().filter_map(|path| path.strip_prefix("credential.")).filter(|key| *key != "kind");
    if let Some(stranger) = own.into_iter().find(|key| !takes.contains(key)) {
        let hint = if takes.is_empty() { "remove it".to_owned() } else { format!("it takes {}", takes.join(", ")) };
        let what = format!("has credential.{stranger}, which kind `{kind}` does not take");
        return Err(settings.complain(&format!("credential.{stranger}"), &what, hint));
    }
    Ok(match kind.as_str() {
        "certificate" => CredentialSource::Certificate {
            certificate: one_of(settings, "env", "file")?,
            key: settings.path("credential.key_file").map(SecretSource::File),
            password: optional(settings, "password_env", "password_file")?,
        },
        "federated" => CredentialSource::Federated {
            file: settings.path("credential.file"),
            audience: settings.text("credential.audience").unwrap_or_else(|| "api://AzureADTokenExchange".to_owned()),
        },
        "managed-identity" => CredentialSource::ManagedIdentity,
        "device-code" => CredentialSource::DeviceCode,
        _ => CredentialSource::Secret(one_of(settings, "env", "file")?),
    })
}

fn one_of(settings: &Settings, env: &str, file: &str) -> Result<SecretSource, Failure> {
    optional(settings, env, file)?.ok_or_else(|| needs_one(settings, env, file))
}

fn needs_one(settings: &Settings, env: &str, file: &str) -> Failure {
    let what = format!("credential needs exactly one of `{env}` and `{file}`");
    settings.complain("credential.kind", &what, "the secret itself never stands in the configuration")
}

fn optional(settings: &Settings, env: &str, file: &str) -> Result<Option<SecretSource>, Failure> {
    let path = format!("credential.{file}");
    match (settings.text(&format!("credential.{env}")), settings.text(&path)) {
        (Some(_), Some(_)) => Err(needs_one(settings, env, file)),
        (Some(env), None) => Ok(Some(SecretSource::Env(env))),
        (None, Some(file)) if file == "-" => Ok(Some(SecretSource::Stdin)),
        (None, Some(file)) => Ok(Some(SecretSource::File(settings.place(&path, &file)))),
        (None, None) => Ok(None),
    }
}

const ENDPOINTS: [&str; 4] = ["authority", "graph", "exchange", "autodiscover"];

fn given_endpoints(settings: &Settings) -> Vec<&'static str> {
    ENDPOINTS.into_iter().filter(|name| settings.get(&format!("endpoints.{name}")).is_some()).collect()
}

fn endpoints(settings: &Settings, cloud: &Cloud) -> Result<Endpoints, Failure> {
    let mut endpoints = Endpoints::of(cloud)?;
    for name in ENDPOINTS {
        let path = format!("endpoints.{name}");
        if let Some(text) = settings.text(&path) {
            let url = parse_root(&text)
                .map_err(|why| settings.complain(&path, &format!("{path}: {why}"), "give https://HOST"))?;
            *endpoints.named(name) = url;
        }
    }
    let path = "endpoints.on_premises";
    if let Some(text) = settings.text(path) {
        let url = parse_root(&text)
            .map_err(|why| settings.complain(path, &format!("{path}: {why}"), "give https://HOST/PATH"))?;
        endpoints.on_premises = Some(url);
    }
    let path = "endpoints.dns";
    if let Some(text) = settings.text(path) {
        let hint = "give address and port, as 192.0.2.53:53 or [2001:db8::53]:53";
        let server =
            text.parse().map_err(|_| settings.complain(path, &format!("{path}: '{text}' is no name server"), hint))?;
        endpoints.dns = Some(server);
    }
    Ok(endpoints)
}

fn branding(settings: &Settings) -> Result<Branding, Failure> {
    let text = |name: &str| settings.text(&format!("branding.{name}")).unwrap_or_default();
    let (path, accent) = ("branding.accent", text("accent"));
    let is_colour = |digits: &str| digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if !accent.is_empty() && !accent.strip_prefix('#').is_some_and(is_colour) {
        let what = format!("{path} is '{accent}', which is no colour");
        return Err(settings.complain(path, &what, "give it as #1f4e79"));
    }
    let logo = settings.path("branding.logo");
    Ok(Branding { title: text("title"), client: text("client"), author: text("author"), accent, logo })
}

fn network(settings: &Settings) -> Result<NetworkChoice, Failure> {
    let path = "network.proxy";
    let proxy = settings.text(path).map(|text| {
        super::parse_proxy(&text).map_err(|why| {
            let hint =
                "give http://HOST:PORT; user and password come from EWSREADY_PROXY_USER and EWSREADY_PROXY_PASSWORD";
            settings.complain(path, &format!("{path} {why}"), hint)
        })
    });
    Ok(NetworkChoice { proxy: proxy.transpose()?, ca_files: settings.paths("network.ca_files") })
}

fn sources(settings: &Settings) -> Sources {
    let asked = |name: &str| settings.flag(&format!("sources.{name}")).unwrap_or(true);
    Sources {
        exchange_admin: asked("exchange_admin"),
        ews: asked("ews"),
        autodiscover: asked("autodiscover"),
        on_premises: asked("on_premises"),
        dns: asked("dns"),
        autodiscover_soap: settings.flag("sources.autodiscover_soap").unwrap_or(false),
        imports: Imports {
            organization: settings.path("sources.organization"),
            cas_mailboxes: settings.path("sources.cas_mailboxes"),
            mailboxes: settings.path("sources.mailboxes"),
        },
    }
}

/// Exports of other products, to be joined.
fn exports(settings: &Settings) -> Files {
    let file = |kind: ExportKind| Some((kind, settings.path(&format!("sources.{}", kind.key()))?));
    ExportKind::ALL.into_iter().filter_map(file).collect()
}

fn pace(settings: &Settings) -> Result<Pace, Failure> {
    let set = match settings.text("pace.set").as_deref() {
        Some("gentle") => PaceSet::Gentle,
        Some("fast") => PaceSet::Fast,
        _ => PaceSet::Normal,
    };
    let mut pace = Pace::of(set);
    pace.attempts = settings.number("pace.attempts")?.unwrap_or(pace.attempts).max(1);
    pace.patience = settings.whole("pace.patience_seconds").map_or(pace.patience, Duration::from_secs);
    pace.request =
        settings.whole("pace.request_seconds").map_or(pace.request, |seconds| Duration::from_secs(seconds.max(1)));
    pace.backoff = settings.whole("pace.backoff_milliseconds").map_or(pace.backoff, Duration::from_millis);
    for id in ScopeId::ALL {
        let choice = |name: &str| settings.number(&format!("pace.{}.{name}", id.key()));
        let [requests, seconds, start, most] = keys::SCOPE_KEYS.map(choice);
        ScopeChoices { requests: requests?, seconds: seconds?, start: start?, most: most? }.apply(pace.scope_mut(id));
    }
    Ok(pace)
}

struct ScopeChoices {
    requests: Option<u32>,
    seconds: Option<u32>,
    start: Option<u32>,
    most: Option<u32>,
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
mod tests;
