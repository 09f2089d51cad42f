//! Names taken out of sentences: whatever looks like an address, identifier or host, and every name that is known.

use regex::{Captures, Regex};

use crate::failure::Failure;
use crate::pseudonym::Pseudonyms;

/// What is recognised by its looks: addresses first, as they hold hosts; a host is written in small letters, which
/// tells it from `User.Read.All`.
const LOOKS: &str = concat!(
    r"(?<address>[\p{L}\p{N}_][\p{L}\p{N}._+\-'$!#&*=?^~%]*(?:@|%40)[\p{L}\p{N}][\p{L}\p{N}.-]*[\p{L}\p{N}])",
    r"|(?<guid>\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b)",
    r"|(?<ip>\b\d{1,3}(?:\.\d{1,3}){3}\b)",
    r"|(?<legacy>/o=[^;,\x22]+)",
    r"|(?<host>\b(?:[\p{Ll}\p{N}](?:[\p{Ll}\p{N}_-]*[\p{Ll}\p{N}])?\.)+(?:xn--[a-z0-9-]+|\p{Ll}{2,})\b)",
);

/// What looks like a host and is the end of a path or a file of ours.
const NO_HOSTS: [&str; 12] =
    ["asmx", "svc", "json", "xml", "aspx", "csv", "toml", "xlsx", "html", "md", "ps", "sqlite"];

/// A name shorter than this stays in sentences: it would be found inside everything.
const SHORTEST: usize = 3;

/// Names and what stands for them, longest first.
#[derive(Debug, Clone, Default)]
pub struct Known(Vec<(String, String)>);

impl Known {
    /// Adds a name.
    pub fn add(&mut self, name: &str, pseudonym: String) {
        let name = name.trim();
        if name.chars().count() >= SHORTEST && !self.0.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            self.0.push((name.to_owned(), pseudonym));
            self.0.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        }
    }

    /// The first of the names in a text: where, how long, and what stands for it.
    fn find(&self, text: &str) -> Option<(usize, usize, &str)> {
        let found =
            self.0.iter().filter_map(|(name, pseudonym)| Some((position(text, name)?, name.len(), &**pseudonym)));
        found.min_by_key(|(at, length, _)| (*at, std::cmp::Reverse(*length)))
    }
}

/// Where a name stands by itself in a text, without regard to the case of Latin letters.
fn position(text: &str, name: &str) -> Option<usize> {
    let letter = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    text.char_indices().map(|(at, _)| at).find(|at| {
        let end = at + name.len();
        text.get(*at..end).is_some_and(|found| found.eq_ignore_ascii_case(name))
            && !letter(text[..*at].chars().next_back())
            && !letter(text[end..].chars().next())
    })
}

/// Takes names out of sentences.
pub struct Sentences {
    looks: Regex,
}

impl Sentences {
    /// Ready to read.
    ///
    /// # Errors
    /// Never, as long as this program is as it was tested.
    pub fn new() -> Result<Self, Failure> {
        let failed = |error: regex::Error| Failure::usage(format!("names cannot be recognised: {error}"), "");
        Ok(Self { looks: Regex::new(LOOKS).map_err(failed)? })
    }

    /// The text with pseudonyms in the place of names; `keep`: whether an identifier says nothing about the customer.
    pub fn mask(&self, text: &str, names: &Pseudonyms, keep: impl Fn(&str) -> bool, known: [&Known; 2]) -> String {
        let mut masked = String::with_capacity(text.len());
        let mut end = 0;
        for found in self.looks.captures_iter(text) {
            let whole = found.get(0).map(|whole| whole.range()).unwrap_or_default();
            masked.push_str(&without(&text[end..whole.start], known));
            masked.push_str(&pseudonym(&found, names, &keep));
            end = whole.end;
        }
        masked + &without(&text[end..], known)
    }
}

fn pseudonym(found: &Captures<'_>, names: &Pseudonyms, keep: &impl Fn(&str) -> bool) -> String {
    let group = |name| found.name(name).map(|found| found.as_str());
    let whole = found.get(0).map(|found| found.as_str()).unwrap_or_default();
    match whole {
        _ if group("address").is_some() => names.address(&whole.replace("%40", "@")),
        id if group("guid").is_some() => {
            if keep(id) {
                id.to_owned()
            } else {
                names.guid(id)
            }
        }
        _ if group("host").is_none() => names.name("place", whole),
        host if NO_HOSTS.iter().any(|end| host.rsplit('.').next() == Some(end)) => host.to_owned(),
        host => names.host(host),
    }
}

/// A text without the known names.
fn without(text: &str, known: [&Known; 2]) -> String {
    let (mut masked, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((at, length, pseudonym)) = known
        .iter()
        .filter_map(|known| known.find(rest))
        .min_by_key(|(at, length, _)| (*at, std::cmp::Reverse(*length)))
    {
        masked.push_str(&rest[..at]);
        masked.push_str(pseudonym);
        rest = &rest[at + length..];
    }
    masked + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(text: &str) -> String {
        let names = Pseudonyms::of_key(b"key");
        let (mut known, mut tenant) = (Known::default(), Known::default());
        known.add("Ada", "ADA".to_owned());
        known.add("Ada Lovelace", "PERSON".to_owned());
        tenant.add("Contoso", "ORG".to_owned());
        Sentences::new().unwrap().mask(text, &names, |id| id.starts_with("f8cdef31"), [&known, &tenant])
    }

    #[test]
    fn sentences_of_our_own_stay_as_they_are() {
        let judged = crate::rules::sentences().map(|(_, sentence)| sentence.to_owned());
        let shown = crate::report::Texts::languages().flat_map(|language| {
            let texts = crate::report::Texts::embedded(language).unwrap();
            texts.judging().values().cloned().collect::<Vec<_>>()
        });
        for sentence in judged.chain(shown) {
            assert_eq!(mask(&sentence), sentence);
        }
    }

    #[test]
    fn names_go_wherever_they_stand() {
        for text in [
            "Ask Ada Lovelace.",
            "(ADA LOVELACE)",
            "The primary address is ada@contoso.example.",
            "https://graph.microsoft.com/v1.0/users/ada%40contoso.example/calendar",
            "mail.contoso.example (302) -> autodiscover-s.outlook.com (200)",
            "https://mail.contoso.example/EWS/Exchange.asmx",
            "contoso-example.mail.protection.outlook.com",
            "ada_gmail.com#EXT#@contoso.onmicrosoft.com",
            "/o=Contoso/ou=Exchange Administrative Group/cn=Recipients/cn=ada",
            "object 3f0f4d7e-9c55-4d7e-9c55-0c2b8f6f9a51 of CONTOSO",
            "192.0.2.7 answers",
        ] {
            let masked = mask(text);
            for word in ["ada", "lovelace", "contoso", "3f0f4d7e", "192.0.2.7"] {
                assert!(!masked.to_lowercase().contains(word), "{text} -> {masked}");
            }
        }
        assert_eq!(mask("Ask Ada Lovelace, or Ada: Adam"), "Ask PERSON, or ADA: Adam");
        let kept = "f8cdef31-a31e-4b4a-93e4-5f571e91255a holds User.Read.All at outlook.office365.com";
        assert_eq!(mask(kept), kept);
        assert!(mask("x https://mail.contoso.example/EWS/Exchange.asmx").ends_with(".example/EWS/Exchange.asmx"));
    }
}
