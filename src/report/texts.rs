//! The texts of the reports, in one file a language (`templates/texts/*.toml`).
//!
//! A text is found by `section.key`. Values that are ids (verdicts, states, integrations) have their words under the
//! section of their kind; an id without words is shown as it is. The sentences of the judging stage (of rules and
//! evidence) stand under `judging` by the stage's own keys, and fall back to the English that it carries itself.

use std::collections::BTreeMap;

use super::ReportError;

/// The languages that are built in: code, file.
const EMBEDDED: &[(&str, &str)] =
    &[("en", include_str!("../../templates/texts/en.toml")), ("de", include_str!("../../templates/texts/de.toml"))];

type Section = BTreeMap<String, String>;

/// The texts of one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts {
    language: String,
    sections: BTreeMap<String, Section>,
    judging: Section,
}

impl Texts {
    /// The built-in texts of `language` (`en`, `de`; an empty code means English).
    ///
    /// # Errors
    ///
    /// [`ReportError::Language`] for a code without texts.
    pub fn embedded(language: &str) -> Result<Self, ReportError> {
        let wanted = if language.is_empty() { "en" } else { language };
        let (code, text) = EMBEDDED
            .iter()
            .find(|(code, _)| *code == wanted)
            .ok_or_else(|| ReportError::Language { name: language.to_owned() })?;
        Self::parse(code, text)
    }

    /// The codes of the built-in languages.
    pub fn languages() -> impl Iterator<Item = &'static str> {
        EMBEDDED.iter().map(|(code, _)| *code)
    }

    /// Reads the texts of one file.
    ///
    /// # Errors
    ///
    /// [`ReportError::Texts`] when it is not TOML of sections with texts.
    pub fn parse(language: &str, text: &str) -> Result<Self, ReportError> {
        let wrong =
            |detail: String| ReportError::Texts { name: format!("{language}.toml"), detail: detail.trim().to_owned() };
        let mut file: toml::Table = text.parse().map_err(|error: toml::de::Error| wrong(error.to_string()))?;
        let judging = match file.remove("judging") {
            Some(judging) => judging.try_into().map_err(|error| wrong(error.to_string()))?,
            None => Section::new(),
        };
        let sections = file.try_into().map_err(|error| wrong(error.to_string()))?;
        Ok(Self { language: language.to_owned(), sections, judging })
    }

    /// The language's code.
    #[must_use]
    pub fn language(&self) -> &str {
        &self.language
    }

    /// The text `key` of `section`; the key itself where the section has no words for it, which is right for ids
    /// that this program does not know (an integration of a later version, a state word of a service).
    #[must_use]
    pub fn get<'a>(&'a self, section: &str, key: &'a str) -> &'a str {
        self.sections.get(section).and_then(|texts| texts.get(key)).map_or(key, String::as_str)
    }

    /// The text `key` of `section` with every `{name}` of `values` filled in.
    #[must_use]
    pub fn fill(&self, section: &str, key: &str, values: &[(&str, &str)]) -> String {
        let mut text = self.get(section, key).to_owned();
        for (name, value) in values {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text
    }

    /// The sentences of the judging stage in this language, by its keys: `area/name.field` for a field of a rule
    /// (`question`, `says`, `stops`, `next`, `alternative`), else the key of the sentence. What is missing stays English.
    #[must_use]
    pub fn judging(&self) -> &BTreeMap<String, String> {
        &self.judging
    }

    /// A whole number with the language's grouping: `12,345`.
    #[must_use]
    pub fn number(&self, value: u64) -> String {
        grouped(value, self.get("number", "group"))
    }

    /// `1 user`, `12 users`.
    #[must_use]
    pub fn users(&self, count: u64) -> String {
        match count {
            1 => self.get("summary", "users_one").to_owned(),
            _ => self.fill("summary", "users_many", &[("n", &self.number(count))]),
        }
    }

    /// `1 entry`, `12 entries`.
    #[must_use]
    pub fn entries(&self, count: u64) -> String {
        match count {
            1 => self.get("summary", "roster_rows_one").to_owned(),
            _ => self.fill("summary", "roster_rows", &[("n", &self.number(count))]),
        }
    }

    /// All texts of one section.
    pub(crate) fn section(&self, name: &str) -> Option<&Section> {
        self.sections.get(name)
    }

    /// All sections, for templates.
    pub(crate) fn sections(&self) -> &BTreeMap<String, Section> {
        &self.sections
    }
}

/// A whole number with `mark` between every three digits.
pub(crate) fn grouped(value: u64, mark: &str) -> String {
    let digits = value.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push_str(mark);
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::rules::{self, Field};

    fn keys(texts: &Texts) -> BTreeSet<String> {
        texts
            .sections
            .iter()
            .flat_map(|(section, texts)| texts.keys().map(move |key| format!("{section}.{key}")))
            .collect()
    }

    #[test]
    fn every_language_has_the_same_keys_and_the_same_blanks() {
        let english = Texts::embedded("en").unwrap();
        for code in Texts::languages() {
            let other = Texts::embedded(code).unwrap();
            let (own, wanted) = (keys(&other), keys(&english));
            let odd: Vec<_> = own.symmetric_difference(&wanted).collect();
            assert!(odd.is_empty(), "{code}.toml and en.toml do not both have {odd:?}");
            for (section, texts) in &english.sections {
                for (key, text) in texts {
                    assert_eq!(blanks(other.get(section, key)), blanks(text), "{code}: {section}.{key}");
                }
            }
        }
    }

    fn blanks(text: &str) -> Vec<String> {
        let mut found: Vec<String> =
            text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name.to_owned()).collect();
        found.sort();
        found
    }

    /// The English sentence under a key of the judging stage.
    fn english(key: &str) -> Option<String> {
        if let Some((id, field)) = key.rsplit_once('.') {
            let field = Field::ALL.into_iter().find(|known| known.id() == field)?;
            return rules::rule(id).map(|rule| field.of(rule).to_owned());
        }
        let word = rules::Texts::default().word(key, &rules::Params::default());
        (word != key).then_some(word)
    }

    /// Whoever changes a sentence of the judging stage finds here all that German lacks.
    #[test]
    fn translated_sentences_belong_to_english_ones_and_fill_the_same_blanks() {
        for code in Texts::languages() {
            let texts = Texts::embedded(code).unwrap();
            let wrong: Vec<&String> = texts
                .judging()
                .iter()
                .filter(|(key, text)| english(key).is_none_or(|english| blanks(text) != blanks(&english)))
                .map(|(key, _)| key)
                .collect();
            assert_eq!(wrong, Vec::<&String>::new(), "{code}: no such sentence in English, or with other blanks");
        }
    }

    #[test]
    fn every_rule_speaks_german() {
        let german = Texts::embedded("de").unwrap();
        let mut missing = Vec::new();
        for (rule, field) in rules::registry().iter().flat_map(|rule| Field::ALL.map(|field| (rule, field))) {
            let key = format!("{}.{}", rule.id, field.id());
            // What consists of blanks alone is translated where their values are.
            let words = field.of(rule).split('{').map(|part| part.rsplit('}').next().unwrap_or_default());
            let has_words = words.collect::<String>().chars().any(char::is_alphabetic);
            if has_words && !german.judging().contains_key(&key) {
                missing.push(key);
            }
        }
        assert_eq!(missing, Vec::<String>::new(), "de.toml lacks them");
    }

    #[test]
    fn numbers_are_grouped_and_blanks_filled() {
        let texts = Texts::embedded("en").unwrap();
        assert_eq!(texts.number(0), "0");
        assert_eq!(texts.number(999), "999");
        assert_eq!(texts.number(1_000), "1,000");
        assert_eq!(texts.number(1_234_567), "1,234,567");
        assert_eq!(texts.users(1), "1 user");
        assert_eq!(texts.users(1_200), "1,200 users");
    }

    #[test]
    fn sentences_of_the_judging_stage_are_kept_apart_and_an_unknown_id_is_itself() {
        let texts = Texts::parse("xx", "[judging]\n\"licence/kiosk.next\" = \"aufwerten\"").unwrap();
        assert_eq!(texts.judging()["licence/kiosk.next"], "aufwerten");
        assert_eq!(texts.get("integration", "somebody_else"), "somebody_else");
    }

    #[test]
    fn an_unknown_language_is_named() {
        let error = Texts::embedded("tlh").unwrap_err();
        assert!(error.to_string().contains("tlh"), "{error}");
    }
}
