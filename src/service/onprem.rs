//! On-premises Exchange hosts, asked without credentials: is EWS published, which schemes does it offer, is the REST
//! directory `/api` there? Two requests a host, and only to hosts that Autodiscover or the profile names.
//!
//! "Teams and Exchange Server: interaction issues" (the REST address answers 401 when it is published); RFC 9110, 11.6.1.

use std::sync::Arc;

use jiff::Timestamp;
use url::Url;

use crate::evidence::joined::{HostProbe, Published};
use crate::transport::retry::describe;
use crate::transport::wire::is_loopback;
use crate::transport::{Answer, Call, Patience, Reading, Request, ScopeId, Transport, Trouble};

/// Asks on-premises hosts.
pub struct OnPremises {
    transport: Arc<Transport>,
    through: Option<Url>,
    named: Vec<String>,
}

impl OnPremises {
    /// `through`: an address below which every host stands under its name, as a simulated tenant has it; none: hosts are
    /// asked under their own names. `named`: hosts beside those that Autodiscover names.
    #[must_use]
    pub fn new(transport: Arc<Transport>, through: Option<Url>, named: Vec<String>) -> Self {
        Self { transport, through, named }
    }

    /// Hosts that the profile names.
    #[must_use]
    pub fn named(&self) -> &[String] {
        &self.named
    }

    /// Asks one host.
    pub async fn probe(&self, host: &str, at: Timestamp) -> HostProbe {
        let (ews, schemes) = match self.ask(host, "EWS/Exchange.asmx").await {
            Ok(answer) => (published(&answer), schemes(&answer)),
            Err(trouble) => (Published::Unreachable { detail: trouble.detail }, Vec::new()),
        };
        let api = match &ews {
            // Nobody there: the second question would only wait as long again.
            Published::Unreachable { .. } => ews.clone(),
            _ => match self.ask(host, "api/").await {
                Ok(answer) => published(&answer),
                Err(trouble) => Published::Unreachable { detail: trouble.detail },
            },
        };
        HostProbe { host: host.to_owned(), ews, api, schemes, at }
    }

    async fn ask(&self, host: &str, path: &str) -> Result<Answer, Trouble> {
        let url = self.url(host, path)?;
        let call = Call {
            scope: ScopeId::OnPremises,
            cost: 1,
            // An empty bearer token makes a server with hybrid modern authentication name that scheme as well.
            request: Request::get(url).header("authorization", "Bearer"),
            reading: |_: &Answer| Reading::Final,
            patience: Patience::Question,
        };
        self.transport.call(call, None).await
    }

    fn url(&self, host: &str, path: &str) -> Result<Url, Trouble> {
        let root = match &self.through {
            Some(root) => format!("{}/{host}/{path}", root.as_str().trim_end_matches('/')),
            None => format!("https://{host}/{path}"),
        };
        let bad = |why: String| Trouble::new(crate::evidence::Cause::NoSource, format!("{host} is no host: {why}"));
        let url = Url::parse(&root).map_err(|error| bad(error.to_string()))?;
        if url.scheme() == "https" || is_loopback(&url) { Ok(url) } else { Err(bad("not encrypted".to_owned())) }
    }
}

/// What an answer to a caller without credentials means.
fn published(answer: &Answer) -> Published {
    let status = answer.status;
    let said = describe(status);
    match status.as_u16() {
        401 => Published::AsksForCredentials,
        300..=399 => {
            let to = answer.header("location").unwrap_or("nowhere").split('?').next().unwrap_or_default().to_owned();
            Published::LoginPage { detail: format!("it redirects to {}", shown(&to)) }
        }
        200 if is_page(answer) => Published::LoginPage { detail: format!("it answers {said} with a page for people") },
        _ => Published::Missing { detail: format!("it answers {said}") },
    }
}

/// An address without what differs from run to run: no port of this computer.
fn shown(location: &str) -> String {
    match Url::parse(location) {
        Ok(url) => format!("{}{}", crate::transport::wire::host_of(&url), url.path()),
        Err(_) => location.to_owned(),
    }
}

fn is_page(answer: &Answer) -> bool {
    let declared = answer.header("content-type").is_some_and(|kind| kind.to_ascii_lowercase().contains("html"));
    declared || answer.text().trim_start().get(..5).is_some_and(|start| start.eq_ignore_ascii_case("<html"))
}

/// The schemes of `WWW-Authenticate`, each once, as the server writes them.
fn schemes(answer: &Answer) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for value in answer.headers.get_all("www-authenticate").iter().filter_map(|value| value.to_str().ok()) {
        for challenge in value.split(',') {
            let scheme = challenge.split_whitespace().next().unwrap_or_default();
            // A part with an equals sign is a parameter of the scheme before it.
            let is_scheme = !scheme.is_empty() && !scheme.contains('=');
            if is_scheme && !found.iter().any(|known| known.eq_ignore_ascii_case(scheme)) {
                found.push(scheme.to_owned());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue, StatusCode};

    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &'static str)]) -> Answer {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        Answer { status: StatusCode::from_u16(status).unwrap(), headers: map, body: Bytes::new() }
    }

    #[test]
    fn schemes_are_read_from_one_header_or_several() {
        let bearer = "Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", trusted_issuers=\"a@*\"";
        let several = answer(
            401,
            &[("www-authenticate", "Negotiate"), ("www-authenticate", "NTLM"), ("www-authenticate", bearer)],
        );
        assert_eq!(schemes(&several), ["Negotiate", "NTLM", "Bearer"]);
        let one = answer(401, &[("www-authenticate", "Negotiate, NTLM, Basic realm=\"mail.contoso.example\"")]);
        assert_eq!(schemes(&one), ["Negotiate", "NTLM", "Basic"]);
    }

    #[test]
    fn only_a_question_for_credentials_means_published() {
        assert_eq!(published(&answer(401, &[])), Published::AsksForCredentials);
        let missing = published(&answer(404, &[]));
        assert!(matches!(&missing, Published::Missing { detail } if detail.contains("404")), "{missing:?}");
        let form = published(&answer(302, &[("location", "https://login.contoso.example/form?x=1")]));
        assert_eq!(
            form.stands_in_the_way(),
            Some("it redirects to login.contoso.example/form"),
            "the address is shown without what differs from call to call"
        );
        let page = published(&answer(200, &[("content-type", "text/html")]));
        assert!(matches!(page, Published::LoginPage { .. }), "{page:?}");
    }
}
