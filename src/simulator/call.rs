//! A request as the simulated services see it, and the answers they give.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri, header};
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// An answer before faults are laid over it.
pub(super) type Answer = Response<Bytes>;

/// A request, read whole.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) method: Method,
    /// Path segments, decoded, as the client wrote them.
    pub(super) segments: Vec<String>,
    /// Path and query as they came.
    pub(super) target: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// `http://host:port`, for absolute links.
    pub(super) origin: String,
}

impl Call {
    /// Takes a request apart.
    pub(super) fn new(method: Method, uri: &Uri, headers: HeaderMap, body: Bytes, origin: String) -> Self {
        let segments = uri.path().split('/').filter(|segment| !segment.is_empty());
        let query = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        Self {
            method,
            segments: segments.map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned()).collect(),
            target: uri.path_and_query().map_or_else(String::new, ToString::to_string),
            query,
            headers,
            body,
            origin,
        }
    }

    /// The first query parameter of that name, names compared without case.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// A header's text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The caller's `User-Agent`, empty when it sent none.
    pub(super) fn user_agent(&self) -> &str {
        self.header("user-agent").unwrap_or_default()
    }

    /// The path segments in lower case, for matching.
    pub(super) fn lower(&self) -> Vec<String> {
        self.segments.iter().map(|segment| segment.to_ascii_lowercase()).collect()
    }

    /// The form fields of the body.
    pub(super) fn form(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(&self.body).into_owned().collect()
    }
}

/// What an answer was about, for the counters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) kind: &'static str,
    /// The mailbox or account that was asked about.
    pub(super) about: Option<String>,
    /// The answer settles nothing: the client has to ask again.
    pub(super) transient: bool,
}

/// All that one HTTP answer was about; a batch has several.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct AskedAll(pub(super) Vec<Asked>);

/// Adds what the answer was about. Refusals for the moment (429, 5xx) count as transient.
pub(super) fn about(mut answer: Answer, kind: &'static str, about: Option<&str>) -> Answer {
    let transient = answer.status() == StatusCode::TOO_MANY_REQUESTS || answer.status().is_server_error();
    let asked = Asked { kind, about: about.map(str::to_lowercase), transient };
    answer.extensions_mut().get_or_insert_default::<AskedAll>().0.push(asked);
    answer
}

/// An answer with a body of the given type.
pub(super) fn answer(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    if !content_type.is_empty() {
        answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    answer
}

/// A JSON answer.
pub(super) fn json(status: StatusCode, value: &Value) -> Answer {
    answer(status, "application/json; charset=utf-8", value.to_string())
}

/// An XML answer.
pub(super) fn xml(status: StatusCode, body: String) -> Answer {
    answer(status, "text/xml; charset=utf-8", body)
}

/// A body that no client should hold in memory.
pub(super) fn huge() -> String {
    " ".repeat(32 * 1024 * 1024)
}

/// An empty answer.
pub(super) fn bare(status: StatusCode) -> Answer {
    answer(status, "", Bytes::new())
}

/// Adds a header; a value that is no header text is left out.
pub(super) fn with(mut answer: Answer, name: &'static str, value: &str) -> Answer {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().append(HeaderName::from_static(name), value);
    }
    answer
}

/// A 302 with the page that IIS sends along.
pub(super) fn found(location: &str) -> Answer {
    let page = "<html><head><title>Object moved</title></head><body>\r\n<h2>Object moved to <a href=\"#\">here</a>.</h2>\r\n</body></html>\r\n";
    with(answer(StatusCode::FOUND, "text/html; charset=utf-8", page), "location", location)
}

/// Escapes text for XML.
pub(super) fn escape(text: &str) -> String {
    quick_xml::escape::escape(text).into_owned()
}
