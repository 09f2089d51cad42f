//! Pages and filters of the cmdlets that list.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};

use super::CmdletInput;
use crate::simulator::call::Call;

/// Page size where the client names none.
const DEFAULT_PAGE: usize = 100;
/// `ResultSize` where the client names none: the rest is cut off with a warning.
const DEFAULT_RESULTS: usize = 1000;

/// How many results, where to begin: `ResultSize` and the link of the page before.
#[derive(Clone, Copy)]
pub(super) struct Pages {
    pub(super) size: usize,
    pub(super) limit: usize,
    pub(super) unlimited: bool,
    pub(super) from: u32,
    pub(super) shown: usize,
    /// Whether the empty page of the fault has been sent.
    pub(super) emptied: bool,
}

impl Pages {
    /// Reads them from the request.
    pub(super) fn read(call: &Call, cmdlet: &CmdletInput) -> Self {
        let prefer = call.header("prefer").unwrap_or_default().to_ascii_lowercase();
        let wanted = prefer.split(['=', ';', ',', ' ']).skip_while(|word| *word != "odata.maxpagesize").nth(1);
        let size = wanted.and_then(|size| size.parse().ok()).unwrap_or(DEFAULT_PAGE).clamp(1, 1000);
        let limit = match cmdlet.parameter("ResultSize") {
            None => Some(DEFAULT_RESULTS),
            Some(Value::String(text)) if text.eq_ignore_ascii_case("unlimited") => None,
            Some(Value::String(text)) => text.parse().ok().or(Some(DEFAULT_RESULTS)),
            Some(value) => value.as_u64().and_then(|limit| usize::try_from(limit).ok()).or(Some(DEFAULT_RESULTS)),
        };
        let token = call
            .query("$skiptoken")
            .and_then(|token| BASE64.decode(token).ok())
            .and_then(|token| String::from_utf8(token).ok());
        let emptied = token.as_deref().is_some_and(|token| token.ends_with('/'));
        let token = token.as_deref().and_then(|token| token.trim_end_matches('/').split_once('/'));
        let (from, shown) =
            token.and_then(|(from, shown)| Some((from.parse().ok()?, shown.parse().ok()?))).unwrap_or((0, 0));
        Self { size, limit: limit.unwrap_or(usize::MAX), unlimited: limit.is_none(), from, shown, emptied }
    }
}

/// The link to the page that begins there.
pub(super) fn link(call: &Call, pages: &Pages) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (key, value) in call.query.iter().filter(|(key, _)| !key.eq_ignore_ascii_case("$skiptoken")) {
        query.append_pair(key, value);
    }
    query.append_pair(
        "$skiptoken",
        &BASE64.encode(format!("{}/{}{}", pages.from, pages.shown, if pages.emptied { "/" } else { "" })),
    );
    format!("{}{}?{}", call.origin, call.target.split('?').next().unwrap_or_default(), query.finish())
}

/// `Filter` of a cmdlet: one comparison, `Property -eq|-ne value`.
pub(super) struct Filter {
    property: String,
    equal: bool,
    value: Value,
}

impl Filter {
    /// Parses the text of `-Filter`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [property, operator, value] = words.as_slice() else {
            return Err(format!("Invalid filter syntax: {text}. The simulator reads one comparison."));
        };
        let equal = match operator.to_ascii_lowercase().as_str() {
            "-eq" => true,
            "-ne" => false,
            _ => return Err(format!("Invalid filter syntax: the operator {operator} is not supported.")),
        };
        let value = match value.to_ascii_lowercase().as_str() {
            "0" | "$false" => Value::Bool(false),
            "1" | "$true" => Value::Bool(true),
            "$null" => Value::Null,
            _ => json!(value.trim_matches('\'')),
        };
        Ok(Self { property: (*property).to_owned(), equal, value })
    }

    /// Whether an object passes.
    pub(super) fn accepts(&self, value: &Value) -> bool {
        let found = value
            .as_object()
            .and_then(|object| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(&self.property)));
        let found = found.map_or(&Value::Null, |(_, value)| value);
        let same = match (found.as_str(), self.value.as_str()) {
            (Some(found), Some(wanted)) => found.eq_ignore_ascii_case(wanted),
            _ => *found == self.value,
        };
        same == self.equal
    }
}
