//! The head of a report as it may be shared.

use super::Mask;
use crate::report::head::{AppLine, Branding, DomainLine, Organization, Tenant};
use crate::report::{Head, Texts};

/// The one maker whom everybody knows.
const MICROSOFT: &str = "Microsoft";

impl Mask<'_> {
    /// The head, with a word that the names are pseudonyms.
    pub fn head(&self, head: Head, texts: &Texts) -> Head {
        let text = |text: String| self.text(&text, &self.nobody);
        let caveats = [texts.get("method", "anonymized").to_owned()].into_iter();
        Head {
            run_id: head.run_id,
            tool_version: head.tool_version,
            started: head.started,
            finished: head.finished,
            as_of: head.as_of,
            facts_as_of: head.facts_as_of,
            facts_warning: head.facts_warning,
            simulated: head.simulated,
            roster: head.roster.iter().map(|source| self.source(source)).collect(),
            extra_columns: head.extra_columns.into_iter().map(text).collect(),
            integrations: head.integrations,
            integration_ends: head.integration_ends,
            language: head.language,
            branding: Branding { accent: head.branding.accent, ..Branding::default() },
            tenant: self.tenant(head.tenant),
            organization: Organization {
                state: text(head.organization.state),
                notes: head.organization.notes.into_iter().map(text).collect(),
                retirement: head.organization.retirement,
            },
            licences: head.licences,
            upgrades: head.upgrades,
            domains: head.domains.into_iter().map(|line| self.domain(line)).collect(),
            apps: head.apps.into_iter().map(|line| self.app(line, texts.get("app_state", "nameless"))).collect(),
            services: head.services,
            rules: head.rules,
            parameters: head.parameters.into_iter().map(|(name, value)| (text(name), text(value))).collect(),
            permissions: head.permissions,
            caveats: caveats.chain(head.caveats.into_iter().map(text)).collect(),
        }
    }

    /// A source of the roster, by the kind of its file alone: sheets and columns may be named after anything.
    fn source(&self, source: &str) -> String {
        self.file(source.split(": ").next().unwrap_or_default())
    }

    fn tenant(&self, tenant: Tenant) -> Tenant {
        let Tenant { profile, id, name, cloud } = tenant;
        Tenant {
            profile: self.profile(&profile),
            id: if id.is_empty() { id } else { self.names.guid(&id) },
            name: self.names.name("org", &name),
            cloud,
        }
    }

    fn domain(&self, line: DomainLine) -> DomainLine {
        let DomainLine { name, verified, mail_exchanger, autodiscover, note } = line;
        let text = |text: String| self.text(&text, &self.nobody);
        DomainLine {
            name: self.names.host(&name),
            verified,
            mail_exchanger: text(mail_exchanger),
            autodiscover: text(autodiscover),
            note: text(note),
        }
    }

    /// An application; `nameless` is the report's word for one without a name, which is nobody's to hide.
    fn app(&self, line: AppLine, nameless: &str) -> AppLine {
        let known = self.facts.client(&line.app_id).is_some();
        AppLine {
            app_id: if known { line.app_id } else { self.names.guid(&line.app_id) },
            name: if known || line.name == nameless { line.name } else { self.names.name("app", &line.name) },
            owner: if line.owner == MICROSOFT { line.owner } else { self.names.name("org", &line.owner) },
            permissions: line.permissions,
            state: line.state,
            enabled: line.enabled,
            last_seen: line.last_seen,
            advice: line.advice,
            need: line.need,
            calls: line.calls,
            mailboxes: line.mailboxes,
            at_end: line.at_end,
        }
    }
}
