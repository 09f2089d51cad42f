//! Microsoft Graph v1.0: tenant, directory and mailboxes.

pub mod apps;
pub mod batch;
pub mod directory;
mod links;
pub mod mailbox;
pub mod tenant;

use std::fmt;
use std::sync::Arc;

pub use links::Links;

use serde::de::{DeserializeOwned, Error, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use url::Url;

use super::one_line;
use crate::evidence::Cause;
use crate::transport::retry::{describe, shaped_by_status};
use crate::transport::{Answer, Call, Client, LISTING_LIMIT, Patience, Reading, Request, Resource, ScopeId, Trouble};

/// Graph, as our application sees it.
pub struct Graph {
    client: Arc<Client>,
    /// The same, with single requests packed into `$batch`.
    batched: Client,
}

/// One page of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// Its entries; may be empty although more follow.
    pub items: Vec<T>,
    /// Where the next page is; an opaque address, followed verbatim.
    pub next: Option<String>,
}

/// A page whose entries are still to be read: where the list goes on is known sooner, and can be asked for meanwhile.
pub struct Unread<T> {
    /// The link to the next page, unless this is the last.
    pub next: Option<String>,
    answer: Answer,
    entries: fn(&Answer) -> Result<Vec<T>, Trouble>,
}

impl<T> Unread<T> {
    /// Its entries. Takes a core some milliseconds.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub fn entries(self) -> Result<Vec<T>, Trouble> {
        (self.entries)(&self.answer)
    }
}

/// How an answer is read before anybody looks into it.
type ByStatus = fn(&Answer) -> Reading;

/// Reads a listing's page by status: it has a `value`, even where that is empty (OData JSON format, section 13).
#[must_use]
pub fn list_by_status(answer: &Answer) -> Reading {
    #[derive(Deserialize)]
    struct Page {
        #[serde(rename = "value")]
        _value: IgnoredAny,
    }
    shaped_by_status::<Page>(answer)
}

/// Most entries read of one page; at most 1,000 are asked for.
const MOST_ENTRIES: usize = 10_000;

/// The entries of a page. An entry of two bytes may take hundreds in memory, so that their number is bounded too.
///
/// # Errors
/// As the entries'; also when there are more than any page has.
pub fn entries<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    struct Entries<T>(Vec<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(mut self, mut sequence: A) -> Result<Vec<T>, A::Error> {
            while let Some(entry) = sequence.next_element()? {
                if self.0.len() == MOST_ENTRIES {
                    return Err(A::Error::custom("the page has more entries than anybody asked for"));
                }
                self.0.push(entry);
            }
            Ok(self.0)
        }
    }
    deserializer.deserialize_seq(Entries(Vec::new()))
}

impl<T> Page<T> {
    /// The same page of something made from its entries.
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(convert).collect(), next: self.next }
    }
}

impl Graph {
    /// Graph through a signed-in client.
    #[must_use]
    pub fn new(client: Arc<Client>) -> Self {
        let wire = batch::BatchWire::new(client.transport.wire(), client.origins.graph.clone());
        Self { batched: client.over(Arc::new(wire)), client }
    }

    /// An address below `/v1.0`; `path` is relative, with its query.
    fn url(&self, path: &str) -> Result<Url, Trouble> {
        let root = self.client.origins.graph.as_str().trim_end_matches('/');
        parse_url(&format!("{root}/v1.0/{path}"))
    }

    /// Asks for a listing's page.
    async fn fetch_list(&self, url: Url, cost: u32) -> Result<Answer, Trouble> {
        self.fetch(url, cost, false, list_by_status).await
    }

    /// Asks for a listing's page or a fact of the tenant.
    async fn fetch<R: Fn(&Answer) -> Reading>(
        &self,
        url: Url,
        cost: u32,
        eventual: bool,
        reading: R,
    ) -> Result<Answer, Trouble> {
        let mut request = Request::get(url).at_most(LISTING_LIMIT).header("accept", "application/json");
        if eventual {
            request = request.header("consistencylevel", "eventual");
        }
        let call = Call { scope: ScopeId::Directory, cost, request, reading, patience: Patience::Listing };
        self.client.call(Resource::Graph, call).await
    }

    /// Asks one question about one user, packed with others into a batch.
    async fn ask(&self, scope: ScopeId, url: Url, reading: ByStatus) -> Result<Answer, Trouble> {
        let request = Request::get(url).header("accept", "application/json");
        let call = Call { scope, cost: 1, request, reading, patience: Patience::Question };
        self.batched.call(Resource::Graph, call).await
    }
}

fn parse_url(text: &str) -> Result<Url, Trouble> {
    Url::parse(text).map_err(|error| Trouble::new(Cause::Unreadable, format!("{text} is no address: {error}")))
}

/// A value as it stands in a path segment or query.
fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// Graph's error object. Depth and casing of its inner parts vary; `code` may be empty.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    error: ErrorDetail,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ErrorDetail {
    code: String,
    message: String,
}

/// What an unsuccessful answer says, as `(code, message)`; empty where it cannot be read.
fn error_of(answer: &Answer) -> (String, String) {
    let body: ErrorBody = serde_json::from_slice(&answer.body).unwrap_or_default();
    (one_line(&body.error.code), one_line(&body.error.message))
}

/// The trouble an unexpected answer amounts to.
fn trouble(answer: &Answer, what: &str) -> Trouble {
    let (code, message) = error_of(answer);
    let said = if code.is_empty() && message.is_empty() {
        describe(answer.status)
    } else {
        format!("{}, {code}: {message}", answer.status.as_u16())
    };
    let trouble = match answer.status.as_u16() {
        401 => Trouble::new(Cause::SignIn, format!("Graph refused our token for {what} ({said})")),
        403 => Trouble::new(Cause::NotPermitted, format!("Graph does not let our application read {what} ({said})")),
        _ => Trouble::new(Cause::Inconclusive, format!("Graph's answer for {what} settles nothing ({said})")),
    };
    trouble.told_by(answer)
}

/// A successful answer's body.
fn read<T: DeserializeOwned>(answer: &Answer, what: &str) -> Result<T, Trouble> {
    if !answer.status.is_success() {
        return Err(trouble(answer, what));
    }
    serde_json::from_slice(&answer.body)
        .map_err(|error| Trouble::new(Cause::Unreadable, format!("Graph's answer for {what} cannot be read: {error}")))
}

#[cfg(test)]
mod tests;
