//! From a tenant file to a tenant: inheritance, what may be left out, and what must not be written.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use toml::Spanned;
use uuid::Uuid;

use super::file::{AgentsSpec, File, LicenceSpec, MailboxSpec, ProductSpec, UserSpec};
use super::people::{Listed, People};
use super::person::{
    Agents, AssignmentState, Capability, EwsAccess, GraphAccess, Licence, Mailbox, Person, Place, Provisioning,
    Purpose, Switch,
};
use super::products::{Product, part_numbers, product};
use super::{Exchange, Subscription, Tenant, TenantError};

/// The text of a file, for line numbers.
struct Text<'a> {
    name: &'a str,
    text: &'a str,
}

impl Text<'_> {
    fn error(&self, span: Option<Range<usize>>, message: impl Into<String>, hint: impl Into<String>) -> TenantError {
        let line = span.and_then(|span| self.text.get(..span.start)).map(|before| before.matches('\n').count() + 1);
        TenantError { file: self.name.to_owned(), line, message: message.into(), hint: hint.into() }
    }
}

/// Reads and checks a tenant file.
pub(super) fn tenant(name: &str, text: &str) -> Result<Tenant, TenantError> {
    let text = Text { name, text };
    let file: File = toml::from_str(text.text).map_err(|error| text.error(error.span(), error.message().trim(), ""))?;
    domains(&text, &file)?;
    if file.application.is_empty() {
        return Err(text.error(
            None,
            "no [[application]]",
            "add one with client_id and secret, so that a client can sign in",
        ));
    }
    certificates(&text, &file)?;
    let products = Products::new(&text, &file.product)?;
    let people = people(&text, &file, &products)?;
    let exchange = file.exchange;
    Ok(Tenant {
        id: file.tenant.id,
        name: file.tenant.name,
        country: file.tenant.country,
        synchronized: file.tenant.synchronized,
        cloud: file.tenant.cloud,
        domains: file.tenant.domains,
        exchange: Exchange {
            ews_enabled: exchange.ews_enabled.unwrap_or_default(),
            allowed_apps: exchange.allowed_apps,
            agents: exchange.user_agents.map(agents).unwrap_or_default(),
            public_folders: exchange.public_folders,
            on_premises: exchange.on_premises,
        },
        applications: file.application.into_iter().map(Spanned::into_inner).collect(),
        subscriptions: products.subscriptions,
        notices: file.notice,
        people: People::Listed(Listed::new(people)),
        faults: file.faults,
        consumed: OnceLock::new(),
    })
}

fn domains(text: &Text<'_>, file: &File) -> Result<(), TenantError> {
    let count = |test: fn(&super::Domain) -> bool| file.tenant.domains.iter().filter(|domain| test(domain)).count();
    if count(|domain| domain.default) != 1 || count(|domain| domain.initial) != 1 {
        let hint = "mark one with default = true and the onmicrosoft one with initial = true";
        return Err(text.error(None, "tenant.domains needs exactly one default and one initial domain", hint));
    }
    Ok(())
}

/// Certificates are looked at now, not when the first client fails to sign in.
fn certificates(text: &Text<'_>, file: &File) -> Result<(), TenantError> {
    for application in &file.application {
        let own = application.get_ref().certificate.iter();
        let federated = application.get_ref().federated.iter().filter_map(|entry| entry.certificate.as_ref());
        if own.chain(federated).any(|pem| CertificateDer::from_pem_slice(pem.as_bytes()).is_err()) {
            let message = format!("a certificate of application {:?} is not in PEM", application.get_ref().name);
            return Err(text.error(Some(application.span()), message, "paste it with its BEGIN and END lines"));
        }
    }
    Ok(())
}

/// The subscriptions, by every name a licence may call them.
struct Products {
    subscriptions: Vec<Subscription>,
    by_name: BTreeMap<String, Arc<Product>>,
}

impl Products {
    fn new(text: &Text<'_>, specs: &[Spanned<ProductSpec>]) -> Result<Self, TenantError> {
        let mut found = Self { subscriptions: Vec::new(), by_name: BTreeMap::new() };
        for spec in specs {
            let (span, spec) = (spec.span(), spec.get_ref());
            let Some(product) = product(&spec.sku) else {
                let hint = format!("known: {}", part_numbers().join(", "));
                return Err(text.error(Some(span), format!("unknown product {:?}", spec.sku), hint));
            };
            for name in spec.alias.iter().chain([&spec.sku]) {
                found.by_name.insert(name.to_lowercase(), Arc::clone(product));
            }
            let capability = spec.capability.unwrap_or(Capability::Enabled);
            found.subscriptions.push(Subscription { product: Arc::clone(product), seats: spec.seats, capability });
        }
        Ok(found)
    }

    fn licence(&self, text: &Text<'_>, spec: &Spanned<LicenceSpec>) -> Result<Licence, TenantError> {
        let (span, spec) = (Some(spec.span()), spec.get_ref());
        let Some(product) = self.by_name.get(&spec.product.to_lowercase()) else {
            let known: Vec<&str> = self.by_name.keys().map(String::as_str).collect();
            let hint = format!("the file's [[product]] entries know: {}", known.join(", "));
            return Err(text.error(span, format!("unknown licence {:?}", spec.product), hint));
        };
        let mut off = Vec::new();
        for name in &spec.off {
            let Some(plan) = product.plans.iter().find(|plan| plan.name.eq_ignore_ascii_case(name)) else {
                let plans: Vec<&str> = product.plans.iter().map(|plan| plan.name.as_str()).collect();
                let hint = format!("it has: {}", plans.join(", "));
                return Err(text.error(span, format!("{} has no plan {name:?}", product.part_number), hint));
            };
            off.push(plan.id);
        }
        Ok(Licence {
            product: Arc::clone(product),
            off,
            group: spec.group,
            state: spec.state.unwrap_or(AssignmentState::Active),
            error: spec.error.clone(),
            capability: spec.capability.unwrap_or(Capability::Enabled),
            provisioning: spec.provisioning.unwrap_or(Provisioning::Success),
        })
    }
}

fn agents(spec: AgentsSpec) -> Agents {
    Agents { enforce: Some(spec.enforce), allow: spec.allow, block: spec.block }
}

fn people(text: &Text<'_>, file: &File, products: &Products) -> Result<Vec<Person>, TenantError> {
    let mut people = Vec::with_capacity(file.user.len());
    let mut taken: HashMap<String, usize> = HashMap::new();
    let mut ids = HashSet::new();
    for template in file.template.values() {
        if template.get_ref().like.is_some() {
            return Err(text.error(
                Some(template.span()),
                "a template cannot be like another",
                "write out what it needs",
            ));
        }
    }
    for spec in &file.user {
        let maker = Maker { text, file, products, span: spec.span() };
        let person = maker.person(spec.get_ref())?;
        if !person.is_deleted() {
            for address in person.smtp_addresses() {
                if let Some(line) = taken.insert(address.to_lowercase(), maker.line()) {
                    let message = format!("address {address} already belongs to the [[user]] of line {line}");
                    return Err(
                        maker.error(message, "the directory keeps proxy addresses unique; `upn` and `mail` may clash")
                    );
                }
            }
        }
        if !ids.insert(person.id) {
            return Err(
                maker.error(format!("id {} is already taken", person.id), "give each [[user]] its own, or none")
            );
        }
        people.push(person);
    }
    Ok(people)
}

/// Makes one person, knowing the line to blame.
struct Maker<'a> {
    text: &'a Text<'a>,
    file: &'a File,
    products: &'a Products,
    span: Range<usize>,
}

impl Maker<'_> {
    fn error(&self, message: impl Into<String>, hint: impl Into<String>) -> TenantError {
        self.text.error(Some(self.span.clone()), message, hint)
    }

    fn line(&self) -> usize {
        self.text.text.get(..self.span.start).map_or(0, |before| before.matches('\n').count() + 1)
    }

    fn inherited(&self, spec: &UserSpec) -> Result<UserSpec, TenantError> {
        let spec = match &spec.like {
            None => spec.clone(),
            Some(name) => {
                let Some(template) = self.file.template.get(name) else {
                    let known: Vec<&str> = self.file.template.keys().map(String::as_str).collect();
                    return Err(self.error(format!("no [template.{name}]"), format!("there are: {}", known.join(", "))));
                };
                spec.clone().over(template.get_ref())
            }
        };
        Ok(spec.over(&self.file.defaults))
    }

    fn person(&self, spec: &UserSpec) -> Result<Person, TenantError> {
        let spec = self.inherited(spec)?;
        let Some(name) = spec.name.clone() else {
            return Err(self.error("a [[user]] without `name`", "every user needs a display name"));
        };
        let guest = spec.guest.unwrap_or(false);
        let address = self.address(&spec, &name, guest)?;
        let licences = spec.licences.iter().flatten().map(|licence| self.products.licence(self.text, licence));
        let licences = licences.collect::<Result<Vec<_>, _>>()?;
        let mailbox = self.mailbox(&spec, guest, &licences)?;
        let bears_address = mailbox.place != Place::Nowhere || !licences.is_empty() || guest || spec.address.is_some();
        let (given, surname) = match name.rsplit_once(' ') {
            Some((given, surname)) if mailbox.purpose == Purpose::User => {
                (Some(given.to_owned()), Some(surname.to_owned()))
            }
            _ => (None, None),
        };
        let initial = self.file.tenant.domains.iter().find(|domain| domain.initial).map_or("", |domain| &domain.name);
        let upn = match (&spec.upn, guest) {
            (Some(upn), _) => upn.clone(),
            (None, true) => format!("{}#EXT#@{initial}", address.replace('@', "_")),
            (None, false) => address.clone(),
        };
        let resource = matches!(mailbox.purpose, Purpose::Shared | Purpose::Room | Purpose::Equipment);
        let key = format!("{upn}/{}", spec.deleted_days_ago.map_or(0, |days| days + 1));
        Ok(Person {
            id: spec.id.unwrap_or_else(|| Uuid::new_v5(&self.file.tenant.id, key.as_bytes())),
            upn,
            given_name: given,
            surname,
            display_name: name,
            mail: spec.mail.or_else(|| bears_address.then(|| address.clone())),
            aliases: spec.aliases.unwrap_or_default(),
            roster_address: Some(address.clone()),
            primary: bears_address.then_some(address),
            enabled: spec.enabled.unwrap_or(!resource),
            guest,
            synchronized: spec.synchronized,
            country: spec.country.or_else(|| Some(self.file.tenant.country.clone())),
            department: spec.department,
            title: spec.title,
            created_days_ago: spec.created_days_ago.unwrap_or(400),
            deleted_days_ago: spec.deleted_days_ago,
            licences,
            mailbox,
        })
    }

    fn address(&self, spec: &UserSpec, name: &str, guest: bool) -> Result<String, TenantError> {
        let domains = &self.file.tenant.domains;
        let address = match &spec.address {
            Some(address) => address.clone(),
            None if guest => return Err(self.error("a guest without `address`", "give the address in the home tenant")),
            None if !name.is_ascii() => {
                return Err(self.error(format!("no address can be made of the name {name:?}"), "give `address`"));
            }
            None => {
                let words: Vec<String> = name.split_whitespace().map(str::to_lowercase).collect();
                let default = domains.iter().find(|domain| domain.default).map_or("", |domain| &domain.name);
                format!("{}@{default}", words.join("."))
            }
        };
        let own = |address: &str| {
            address
                .rsplit_once('@')
                .is_some_and(|(_, host)| domains.iter().any(|domain| domain.name.eq_ignore_ascii_case(host)))
        };
        let foreign = spec.aliases.iter().flatten().chain([&address]).find(|address| !own(address));
        match foreign {
            Some(address) if !guest => {
                let known: Vec<&str> = domains.iter().map(|domain| domain.name.as_str()).collect();
                Err(self.error(
                    format!("{address:?} is not an address of this tenant"),
                    format!("its domains: {}", known.join(", ")),
                ))
            }
            _ => Ok(address),
        }
    }

    fn mailbox(&self, spec: &UserSpec, guest: bool, licences: &[Licence]) -> Result<Mailbox, TenantError> {
        let licensed = licences.iter().any(Licence::gives_mailbox) && spec.deleted_days_ago.is_none() && !guest;
        let kind = spec.mailbox.unwrap_or(if licensed { MailboxSpec::User } else { MailboxSpec::None });
        let place = match kind {
            MailboxSpec::None => Place::Nowhere,
            MailboxSpec::Inactive => Place::Inactive,
            MailboxSpec::OnPremises => {
                let host = spec
                    .on_premises_host
                    .clone()
                    .or_else(|| self.file.exchange.on_premises.first().map(|server| server.host.clone()));
                let hint = "list the servers in exchange.on_premises, or give on_premises_host";
                Place::OnPremises(host.ok_or_else(|| self.error("an on-premises mailbox without a server", hint))?)
            }
            _ => Place::Cloud,
        };
        let trouble = spec.trouble.unwrap_or_default();
        Ok(Mailbox {
            purpose: kind.purpose(),
            ews_enabled: spec.ews_enabled.unwrap_or(Switch::On),
            agents: spec.user_agents.clone().map(agents).unwrap_or_default(),
            archive: spec.archive.unwrap_or(false),
            send_on_behalf: spec.send_on_behalf.clone().unwrap_or_default(),
            delegates: spec.delegates.clone().unwrap_or_default(),
            graph: spec.graph.unwrap_or(GraphAccess::Answers),
            ews: spec.ews.unwrap_or(EwsAccess::Answers),
            graph_trouble: trouble.graph,
            ews_trouble: trouble.ews,
            autodiscover_trouble: trouble.autodiscover,
            retry_after: trouble.retry_after_s.unwrap_or(1),
            ..Mailbox::at(place)
        })
    }
}
