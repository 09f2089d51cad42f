//! Names taken out of sentences: whatever looks like an address, identifier or host, and every name that is known.

use std::cmp::Reverse;
use std::ops::Range;

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
            self.0.sort_by_key(|(name, _)| Reverse(name.len()));
        }
    }

    /// The first of the names from a place in a text on, and what stands for it.
    fn find(&self, text: &str, from: usize) -> Option<(Range<usize>, String)> {
        let found = self.0.iter().filter_map(|(name, pseudonym)| Some((position(text, from, name)?, pseudonym)));
        let first = found.min_by_key(|(place, _)| (place.start, Reverse(place.end)));
        first.map(|(place, pseudonym)| (place, pseudonym.clone()))
    }
}

/// Where a name stands by itself in a text, without regard to the case of Latin letters.
fn position(text: &str, from: usize, name: &str) -> Option<Range<usize>> {
    let letter = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    let places = text[from..].char_indices().map(|(at, _)| from + at..from + at + name.len());
    places.into_iter().find(|place| {
        text.get(place.clone()).is_some_and(|found| found.eq_ignore_ascii_case(name))
            && !letter(text[..place.start].chars().next_back())
            && !letter(text[place.end..].chars().next())
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
        let failed = |error: regex::Error| {
            Failure::usage(format!("names cannot be recognised: {error}"), "please report this fault")
        };
        Ok(Self { looks: Regex::new(LOOKS).map_err(failed)? })
    }

    /// The text with pseudonyms in the place of names; `keep`: whether an identifier says nothing about the customer.
    pub fn mask(&self, text: &str, names: &Pseudonyms, keep: impl Fn(&str) -> bool, known: [&Known; 2]) -> String {
        let (mut masked, mut at) = (String::with_capacity(text.len()), 0);
        loop {
            let looks = self.looks.captures_at(text, at);
            let looks = looks.and_then(|found| Some((found.get(0)?.range(), pseudonym(&found, names, &keep))));
            let named = known.iter().filter_map(|known| known.find(text, at));
            // What begins first, and of two that begin together the longer: an address before the name it begins with.
            let first = looks.into_iter().chain(named).min_by_key(|(place, _)| (place.start, Reverse(place.end)));
            let Some((place, pseudonym)) = first else { return masked + &text[at..] };
            masked.push_str(&text[at..place.start]);
            masked.push_str(&pseudonym);
            at = place.end;
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn masking() -> impl Fn(&str) -> String {
        let names = Pseudonyms::of_key(b"key");
        let (mut known, mut tenant) = (Known::default(), Known::default());
        known.add("Ada", "ADA".to_owned());
        known.add("ada(at)contoso.example", "CELL".to_owned());
        known.add("Ada Lovelace", "PERSON".to_owned());
        tenant.add("Contoso", "ORG".to_owned());
        let sentences = Sentences::new().unwrap();
        move |text| sentences.mask(text, &names, |id| id.starts_with("f8cdef31"), [&known, &tenant])
    }

    #[test]
    fn sentences_of_our_own_stay_as_they_are() {
        let mask = masking();
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
        let mask = masking();
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
        assert_eq!(mask("it reads 'ada(at)contoso.example'"), "it reads 'CELL'");
        assert_eq!(mask("Ask Ada Lovelace, or Ada: Adam"), "Ask PERSON, or ADA: Adam");
        let kept = "f8cdef31-a31e-4b4a-93e4-5f571e91255a holds User.Read.All at outlook.office365.com";
        assert_eq!(mask(kept), kept);
        assert!(mask("x https://mail.contoso.example/EWS/Exchange.asmx").ends_with(".example/EWS/Exchange.asmx"));
    }
}
