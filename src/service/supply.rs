//! What Exchange knows of organization and mailboxes, whoever tells it: the admin backend, or a file somebody exported.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

use super::exchange_admin::{ExchangeAdmin, Keyed};
use super::graph::Page;
use crate::evidence::Source;
use crate::evidence::mailbox::{CasMailbox, Recipient};
use crate::evidence::tenant::OrganizationEws;
use crate::transport::Trouble;

/// Somebody who tells facts of one kind, page by page.
pub trait Supply<T>: Send + Sync {
    /// Who says so.
    fn source(&self) -> Source;

    /// When it was true; `None`: when it is told.
    fn at(&self) -> Option<Timestamp> {
        None
    }

    /// Whether who is not among the entries does not exist.
    fn is_complete(&self) -> bool {
        true
    }

    /// What it tells of nobody although it could, in a sentence.
    fn gap(&self) -> Option<&str> {
        None
    }

    /// The first page, or the one a page before named.
    fn page<'a>(&'a self, next: Option<&'a str>) -> BoxFuture<'a, Result<Page<T>, Trouble>>;
}

/// The organization's settings with the name it bears.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NamedOrganization {
    /// Its name: the initial domain of its tenant.
    pub name: Option<String>,
    /// The settings.
    pub value: OrganizationEws,
}

/// Who tells what of Exchange; what nobody tells stays unknown.
#[derive(Clone, Default)]
pub struct ExchangeFacts {
    /// The organization's settings.
    pub organization: Option<Arc<dyn Supply<NamedOrganization>>>,
    /// The mailboxes' EWS settings.
    pub cas_mailboxes: Option<Arc<dyn Supply<Keyed<CasMailbox>>>>,
    /// The mailboxes themselves.
    pub mailboxes: Option<Arc<dyn Supply<Keyed<Recipient>>>>,
}

impl ExchangeFacts {
    /// Everything from the admin backend.
    #[must_use]
    pub fn from_backend(backend: ExchangeAdmin) -> Self {
        let backend = Arc::new(backend);
        Self {
            organization: Some(Arc::clone(&backend) as _),
            cas_mailboxes: Some(Arc::clone(&backend) as _),
            mailboxes: Some(backend),
        }
    }

    /// Whether the backend is asked for anything, and its permissions matter.
    #[must_use]
    pub fn asks_backend(&self) -> bool {
        let sources = [
            self.organization.as_ref().map(|supply| supply.source()),
            self.cas_mailboxes.as_ref().map(|supply| supply.source()),
            self.mailboxes.as_ref().map(|supply| supply.source()),
        ];
        sources.contains(&Some(Source::ExchangeAdmin))
    }
}

impl Supply<NamedOrganization> for ExchangeAdmin {
    fn source(&self) -> Source {
        Source::ExchangeAdmin
    }

    fn page<'a>(&'a self, _: Option<&'a str>) -> BoxFuture<'a, Result<Page<NamedOrganization>, Trouble>> {
        Box::pin(async {
            let value = self.organization().await?;
            Ok(Page { items: vec![NamedOrganization { name: None, value }], next: None })
        })
    }
}

impl Supply<Keyed<CasMailbox>> for ExchangeAdmin {
    fn source(&self) -> Source {
        Source::ExchangeAdmin
    }

    fn page<'a>(&'a self, next: Option<&'a str>) -> BoxFuture<'a, Result<Page<Keyed<CasMailbox>>, Trouble>> {
        Box::pin(self.cas_mailboxes(next))
    }
}

impl Supply<Keyed<Recipient>> for ExchangeAdmin {
    fn source(&self) -> Source {
        Source::ExchangeAdmin
    }

    fn page<'a>(&'a self, next: Option<&'a str>) -> BoxFuture<'a, Result<Page<Keyed<Recipient>>, Trouble>> {
        Box::pin(self.recipients(next))
    }
}
