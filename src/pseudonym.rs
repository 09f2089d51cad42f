//! Pseudonyms: always the same one for the same person, place or name, and no way back without the key.
//!
//! A pseudonym is the beginning of an HMAC-SHA256 over the text, without regard to case: who has a list of all names
//! can recognise nobody, as long as he has not the key. 60 bits of it keep a million people apart.

use ring::hmac;
use ring::rand::SystemRandom;

/// What customers name below Microsoft's own domains: the part before is theirs.
const CUSTOMERS: [&str; 6] = [
    ".mail.protection.outlook.com",
    ".onmicrosoft.com",
    ".onmicrosoft.us",
    ".partner.onmschina.cn",
    ".mail.protection.partner.outlook.cn",
    ".sharepoint.com",
];

/// Hosts of everybody: they say nothing about who is looked at.
const PUBLIC: [&str; 16] = [
    "outlook.com",
    "outlook.cn",
    "office.com",
    "office365.com",
    "office365.us",
    "outlook.us",
    "microsoft.com",
    "microsoft.us",
    "microsoftonline.com",
    "microsoftonline.us",
    "windows.net",
    "chinacloudapi.cn",
    "partner.microsoftonline.cn",
    "salesforce.com",
    "force.com",
    "dynamics.com",
];

/// First labels that every organisation has.
const USUAL: [&str; 7] = ["autodiscover", "mail", "owa", "ews", "www", "smtp", "_autodiscover._tcp"];

/// Letters of a pseudonym: digits and small letters without i, l, o and u (Crockford's base 32).
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Makes pseudonyms by one key.
pub struct Pseudonyms(hmac::Key);

impl Pseudonyms {
    /// By a key that is kept.
    #[must_use]
    pub fn of_key(key: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// By a key that nobody ever knows, for as long as this value lives.
    #[must_use]
    pub fn passing() -> Self {
        // Without randomness nobody could be told apart, and everybody is hidden all the same.
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new());
        Self(key.unwrap_or_else(|_| hmac::Key::new(hmac::HMAC_SHA256, &[])))
    }

    /// A name, as `KIND-0123456789ab`; an empty one stays empty.
    #[must_use]
    pub fn name(&self, kind: &str, text: &str) -> String {
        let text = text.trim();
        if text.is_empty() {
            return String::new();
        }
        let tag = self.tag(text);
        let bits = tag.iter().take(8).fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        let letter = |place: u32| char::from(LETTERS[((bits >> (place * 5)) & 31) as usize]);
        format!("{kind}-{}", (0..12).map(letter).collect::<String>())
    }

    /// A mail address: somebody at some organisation.
    #[must_use]
    pub fn address(&self, address: &str) -> String {
        match address.rsplit_once('@') {
            Some((_, domain)) => format!("{}@{}", self.name("person", address), self.host(domain)),
            None => self.name("person", address),
        }
    }

    /// A domain or host. Microsoft's own and the like stay, and so does what stands usually before a domain.
    #[must_use]
    pub fn host(&self, host: &str) -> String {
        let host = host.trim().trim_end_matches('.').to_lowercase();
        if let Some((own, suffix)) = CUSTOMERS.iter().find_map(|suffix| Some((host.strip_suffix(suffix)?, suffix))) {
            return format!("{}{suffix}", self.name("org", own));
        }
        let below = |known: &&str| host.strip_suffix(*known).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        if PUBLIC.iter().any(below) {
            return host;
        }
        if let Some((first, domain)) = host.split_once('.')
            && USUAL.contains(&first)
            && domain.contains('.')
        {
            return format!("{first}.{}", self.host(domain));
        }
        // The same whether it is written in its own script or as it travels.
        let wire = idna::domain_to_ascii(&host).unwrap_or_else(|_| host.clone());
        format!("{}.example", self.name("org", &wire))
    }

    /// An identifier, in the form of one.
    #[must_use]
    pub fn guid(&self, id: &str) -> String {
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(self.tag(id.trim())).for_each(|(byte, tag)| *byte = tag);
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }

    fn tag(&self, text: &str) -> Vec<u8> {
        hmac::sign(&self.0, text.to_lowercase().as_bytes()).as_ref().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_the_same_and_another_key_gives_another() {
        let (one, other) = (Pseudonyms::of_key(b"one"), Pseudonyms::of_key(b"other"));
        assert_eq!(one.address("Ada@Contoso.example"), one.address("ada@contoso.example"));
        assert_ne!(one.address("ada@contoso.example"), one.address("bob@contoso.example"));
        assert_ne!(one.address("ada@contoso.example"), other.address("ada@contoso.example"));
        let (ada, domain) = (one.address("ada@contoso.example"), one.host("contoso.example"));
        assert!(ada.starts_with("person-") && ada.ends_with(&format!("@{domain}")), "{ada}");
        assert_eq!(one.host("m\u{fc}ller.example"), one.host("xn--mller-kva.example"));
        assert_eq!(one.name("person", " "), "");
        assert_eq!(one.guid("AB"), one.guid("ab"));
    }

    #[test]
    fn what_is_everybody_s_stays_and_what_is_a_customer_s_goes() {
        let names = Pseudonyms::of_key(b"key");
        for host in ["outlook.office365.com", "graph.microsoft.com", "microsoft.com"] {
            assert_eq!(names.host(host), host);
        }
        assert_ne!(names.host("notmicrosoft.com"), "notmicrosoft.com");
        let initial = names.host("contoso.onmicrosoft.com");
        assert!(initial.ends_with(".onmicrosoft.com") && !initial.contains("contoso"), "{initial}");
        let exchanger = names.host("contoso-example.mail.protection.outlook.com");
        assert!(exchanger.ends_with(".mail.protection.outlook.com") && !exchanger.contains("contoso"), "{exchanger}");
        assert_eq!(
            names.host("autodiscover.contoso.example"),
            format!("autodiscover.{}", names.host("contoso.example"))
        );
    }
}
