//! What is taken out of a trace. Three nets, one behind the other: fields that are secrets by name, everything that
//! looks like a signed token, and every secret this run knows, in each form it can travel in.

use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::pseudonym::Pseudonyms;

/// What stands in a secret's place.
const SECRET: &str = "[secret]";
/// What a person's pseudonym begins with.
const PERSON: &str = "person";

/// Headers that carry credentials.
const HEADERS: [&str; 6] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "x-identity-header",
    "x-ms-refreshtokencredential",
];

/// Members of JSON answers that are credentials (RFC 6749, RFC 8628, OpenID Connect).
const MEMBERS: [&str; 9] = [
    "access_token",
    "refresh_token",
    "id_token",
    "client_secret",
    "client_assertion",
    "device_code",
    "user_code",
    "client_info",
    "password",
];

/// Form fields that are none; all others of a form are taken for secrets.
const PLAIN_FIELDS: [&str; 7] =
    ["grant_type", "client_id", "scope", "client_assertion_type", "resource", "api-version", "redirect_uri"];

/// Members that name or describe a person, in Graph's and Exchange's spelling, lower case.
const PEOPLE: [&str; 18] = [
    "displayname",
    "givenname",
    "surname",
    "jobtitle",
    "department",
    "officelocation",
    "mobilephone",
    "businessphones",
    "mailnickname",
    "samaccountname",
    "onpremisessamaccountname",
    "alias",
    "name",
    "grantsendonbehalfto",
    "firstname",
    "lastname",
    "title",
    "phone",
];

/// Takes secrets, and people if wanted, out of what is written.
pub(super) struct Redactor {
    secrets: Mutex<Vec<SecretString>>,
    people: Option<Pseudonyms>,
}

impl Redactor {
    pub(super) fn new(hide_people: bool) -> Self {
        Self { secrets: Mutex::default(), people: hide_people.then(Pseudonyms::passing) }
    }

    pub(super) fn hide(&self, secret: SecretString) {
        let plain = secret.expose_secret();
        let encoded: String = url::form_urlencoded::byte_serialize(plain.as_bytes()).collect();
        let forms = [
            percent_encoding::utf8_percent_encode(plain, percent_encoding::NON_ALPHANUMERIC).to_string(),
            encoded.replace('+', "%20"),
            encoded,
            STANDARD.encode(plain),
            URL_SAFE_NO_PAD.encode(plain),
            plain.to_owned(),
        ];
        let mut secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        secrets.extend(forms.into_iter().filter(|form| !form.is_empty()).map(SecretString::from));
    }

    /// A header's value.
    pub(super) fn header(&self, name: &str, value: &str) -> String {
        if HEADERS.contains(&name) { SECRET.to_owned() } else { self.text(value) }
    }

    /// Any text.
    pub(super) fn text(&self, text: &str) -> String {
        let mut text = without_tokens(text);
        for secret in self.secrets.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            if text.contains(secret.expose_secret()) {
                text = text.replace(secret.expose_secret(), SECRET);
            }
        }
        match &self.people {
            Some(people) => without_addresses(&text, people),
            None => text,
        }
    }

    /// A body of a content type: JSON stays JSON.
    pub(super) fn body(&self, kind: &str, body: &[u8]) -> Value {
        if kind.starts_with("application/x-www-form-urlencoded") {
            return Value::String(self.form(body));
        }
        match serde_json::from_slice::<Value>(body) {
            Ok(mut value) => {
                // A device code also stands in the sentence beside it.
                let mut known = Vec::new();
                secret_members(&mut value, &mut known);
                self.value(&mut value, &known);
                value
            }
            Err(_) => Value::String(self.text(&String::from_utf8_lossy(body))),
        }
    }

    fn form(&self, body: &[u8]) -> String {
        let mut shown = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in url::form_urlencoded::parse(body) {
            let value = if PLAIN_FIELDS.contains(&&*name) { self.text(&value) } else { SECRET.to_owned() };
            shown.append_pair(&name, &value);
        }
        shown.finish()
    }

    fn value(&self, value: &mut Value, known: &[String]) {
        match value {
            Value::String(text) => {
                let mut clean = self.text(text);
                for secret in known {
                    clean = clean.replace(secret, SECRET);
                }
                *text = clean;
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item, known)),
            Value::Object(members) => {
                for (name, member) in members.iter_mut() {
                    match &self.people {
                        Some(people) if PEOPLE.contains(&name.to_lowercase().as_str()) => pseudonymise(member, people),
                        _ => self.value(member, known),
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

fn secret_members(value: &mut Value, known: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| secret_members(item, known)),
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                match member {
                    Value::String(text) if MEMBERS.contains(&name.as_str()) => {
                        known.extend((!text.is_empty()).then(|| std::mem::replace(text, SECRET.to_owned())));
                    }
                    member => secret_members(member, known),
                }
            }
        }
        _ => {}
    }
}

/// Texts below a member that is about a person, each by its pseudonym.
fn pseudonymise(value: &mut Value, people: &Pseudonyms) {
    match value {
        Value::String(text) => *text = people.name(PERSON, text),
        Value::Array(items) => items.iter_mut().for_each(|item| pseudonymise(item, people)),
        Value::Object(members) => members.values_mut().for_each(|member| pseudonymise(member, people)),
        _ => {}
    }
}

/// Replaces everything that looks like a JWT: three parts in base64url, the first an object.
fn without_tokens(text: &str) -> String {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("eyJ") {
        let (before, token) = rest.split_at(start);
        clean.push_str(before);
        let end = token.find(|letter: char| !is_part(letter) && letter != '.').unwrap_or(token.len());
        let (token, after) = token.split_at(end);
        clean.push_str(if token.contains('.') { SECRET } else { token });
        rest = after;
    }
    clean.push_str(rest);
    clean
}

/// Replaces the local part of everything that looks like an address; the domain says whose tenant it is, not who.
fn without_addresses(text: &str, people: &Pseudonyms) -> String {
    let is_local = |letter: char| letter.is_alphanumeric() || "._+-'$!#&*=?^~%".contains(letter);
    let (mut clean, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((at, sign)) = next_at(rest) {
        let (before, after) = (&rest[..at], &rest[at + sign.len()..]);
        let from = before.char_indices().rev().take_while(|(_, letter)| is_local(*letter)).last();
        let from = from.map_or(before.len(), |(index, _)| index);
        let followed = after.starts_with(|letter: char| letter.is_alphanumeric());
        if from < before.len() && followed {
            clean.push_str(&before[..from]);
            clean.push_str(&people.name(PERSON, &before[from..]));
        } else {
            clean.push_str(before);
        }
        clean.push_str(sign);
        rest = after;
    }
    clean.push_str(rest);
    clean
}

/// The next `@`, plain or as it stands in an address of the web.
fn next_at(text: &str) -> Option<(usize, &'static str)> {
    let plain = text.find('@').map(|at| (at, "@"));
    let encoded = text.find("%40").map(|at| (at, "%40"));
    [plain, encoded].into_iter().flatten().min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor(hide_people: bool) -> Redactor {
        let redactor = Redactor::new(hide_people);
        redactor.hide(SecretString::from("s3cret+/="));
        redactor
    }

    #[test]
    fn known_secrets_are_hidden_in_every_form() {
        let redactor = redactor(false);
        for text in ["a s3cret+/= b", "s3cret%2B%2F%3D", "q=s3cret%2b", &STANDARD.encode("s3cret+/=")] {
            let shown = redactor.text(text);
            assert!(!shown.contains("s3cret%2B%2F%3D") && !shown.contains("s3cret+/="), "{shown}");
        }
        assert_eq!(redactor.text(&STANDARD.encode("s3cret+/=")), SECRET);
    }

    #[test]
    fn tokens_are_recognised_wherever_they_stand() {
        let text = "see eyJhbGciOiJ9.eyJhdWQiOiJ9.c2ln, and eyJ alone";
        assert_eq!(redactor(false).text(text), "see [secret], and eyJ alone");
    }

    #[test]
    fn a_form_shows_only_what_is_known_to_be_harmless() {
        let form = b"client_id=app&client_secret=abc&client_assertion=def&something_new=ghi";
        let shown = redactor(false).body("application/x-www-form-urlencoded", form);
        let shown = shown.as_str().unwrap();
        assert!(shown.contains("client_id=app"), "{shown}");
        for secret in ["abc", "def", "ghi"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    #[test]
    fn a_code_is_hidden_in_the_sentence_beside_it_too() {
        let body = br#"{"user_code":"ABCD","message":"enter ABCD","expires_in":900}"#;
        let shown = redactor(false).body("application/json", body);
        assert_eq!(shown["message"], "enter [secret]");
        assert_eq!(shown["expires_in"], 900);
    }

    #[test]
    fn people_go_on_demand_and_keep_their_pseudonym() {
        let body = br#"{"displayName":"Ada Lovelace","mail":"ada@contoso.example",
            "proxyAddresses":["SMTP:Ada@contoso.example"],"id":"1"}"#;
        let kept = redactor(false).body("application/json", body);
        assert_eq!(kept["mail"], "ada@contoso.example");
        let hidden = redactor(true).body("application/json", body).to_string();
        assert!(!hidden.to_lowercase().contains("ada") && hidden.contains("@contoso.example"), "{hidden}");
        let redactor = redactor(true);
        let (one, other) = (redactor.text("users/ada%40contoso.example"), redactor.text("ada@contoso.example"));
        let name = |text: &str| text.split("person-").nth(1).map(|rest| rest[..12].to_owned());
        assert_eq!(name(&one), name(&other));
    }
}
