//! `$filter`: the part of OData that directory clients use (OData 4.01 URL conventions, Microsoft Graph: filter).

use serde_json::Value;

/// A parsed filter.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Not(Box<Filter>),
    /// A property, or the element of a collection when `path` is empty, compared with values.
    Test {
        path: String,
        how: How,
        with: Vec<Value>,
    },
    /// `collection/any(x: …)`; the inner paths are relative to the element.
    Element {
        collection: String,
        test: Box<Filter>,
    },
    /// `collection/$count eq|ne number`.
    Count {
        collection: String,
        equal: bool,
        number: usize,
    },
}

/// How a property is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    Equal,
    NotEqual,
    In,
    StartsWith,
    EndsWith,
}

impl Filter {
    /// Parses the text of `$filter`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser { tokens: tokens(text)?, at: 0, variable: None };
        let filter = parser.any()?;
        match parser.peek() {
            None => Ok(filter),
            Some(token) => Err(format!("Syntax error at '{}' in '{text}'.", token.text())),
        }
    }

    /// Whether the filter wants `ConsistencyLevel: eventual` (Microsoft Graph: advanced queries).
    pub(super) fn advanced(&self) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().any(Self::advanced),
            Self::Not(_) | Self::Count { .. } => true,
            Self::Test { how, .. } => matches!(how, How::NotEqual | How::EndsWith),
            Self::Element { test, .. } => test.advanced(),
        }
    }

    /// Whether an object with these properties passes.
    pub(super) fn accepts(&self, property: &dyn Fn(&str) -> Option<Value>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.accepts(property)),
            Self::Any(parts) => parts.iter().any(|part| part.accepts(property)),
            Self::Not(part) => !part.accepts(property),
            Self::Test { path, how, with } => compare(&property(path).unwrap_or(Value::Null), *how, with),
            Self::Element { collection, test } => {
                let elements = property(collection).and_then(|value| value.as_array().cloned()).unwrap_or_default();
                elements.iter().any(|element| {
                    test.accepts(&|path| {
                        if path.is_empty() { Some(element.clone()) } else { element.get(path).cloned() }
                    })
                })
            }
            Self::Count { collection, equal, number } => {
                let count = property(collection).and_then(|value| value.as_array().map(Vec::len)).unwrap_or(0);
                (count == *number) == *equal
            }
        }
    }

    /// Addresses and ids one of which a matching account must bear, where the filter says so.
    pub(super) fn keys(&self) -> Option<Vec<String>> {
        match self {
            Self::Test { path, how: How::Equal | How::In, with }
                if matches!(path.as_str(), "id" | "userPrincipalName" | "mail") =>
            {
                with.iter().map(|value| value.as_str().map(str::to_owned)).collect()
            }
            Self::Element { collection, test } if collection == "proxyAddresses" => match test.as_ref() {
                Self::Test { path, how: How::Equal, with } if path.is_empty() => {
                    let strip = |text: &str| text.split_once(':').map_or(text, |(_, address)| address).to_owned();
                    with.iter().map(|value| value.as_str().map(strip)).collect()
                }
                _ => None,
            },
            Self::Any(parts) => {
                let keys: Option<Vec<Vec<String>>> = parts.iter().map(Self::keys).collect();
                keys.map(|keys| keys.concat())
            }
            Self::All(parts) => parts.iter().find_map(Self::keys),
            _ => None,
        }
    }
}

fn compare(value: &Value, how: How, with: &[Value]) -> bool {
    let text = |value: &Value| value.as_str().map(str::to_lowercase);
    let same = |one: &Value, other: &Value| match (text(one), text(other)) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    };
    let affix = |test: fn(&str, &str) -> bool| {
        with.iter()
            .any(|wanted| matches!((text(value), text(wanted)), (Some(text), Some(wanted)) if test(&text, &wanted)))
    };
    match how {
        How::Equal | How::In => with.iter().any(|wanted| same(value, wanted)),
        How::NotEqual => !with.iter().any(|wanted| same(value, wanted)),
        How::StartsWith => affix(|text, wanted| text.starts_with(wanted)),
        How::EndsWith => affix(|text, wanted| text.ends_with(wanted)),
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Sign(char),
}

impl Token {
    fn text(&self) -> String {
        match self {
            Self::Word(text) | Self::Text(text) => text.clone(),
            Self::Sign(sign) => sign.to_string(),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            ' ' => {}
            '(' | ')' | ',' | ':' => tokens.push(Token::Sign(next)),
            '\'' => {
                let mut value = String::new();
                loop {
                    match rest.next() {
                        // A doubled apostrophe stands for one.
                        Some('\'') if rest.peek() == Some(&'\'') => value.extend(rest.next()),
                        Some('\'') => break,
                        Some(c) => value.push(c),
                        None => return Err(format!("There is an unterminated string literal in '{text}'.")),
                    }
                }
                tokens.push(Token::Text(value));
            }
            _ => {
                let mut word = String::from(next);
                while let Some(c) = rest.next_if(|c| !" (),:'".contains(*c)) {
                    word.push(c);
                }
                tokens.push(Token::Word(word));
            }
        }
    }
    Ok(tokens)
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    /// The variable of the lambda we are in.
    variable: Option<String>,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Result<Token, String> {
        let token = self.tokens.get(self.at).cloned().ok_or_else(|| "Expression expected at the end.".to_owned())?;
        self.at += 1;
        Ok(token)
    }

    fn accept_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(text)) if text.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    fn sign(&mut self, sign: char) -> Result<(), String> {
        match self.next()? {
            Token::Sign(found) if found == sign => Ok(()),
            token => Err(format!("'{sign}' expected before '{}'.", token.text())),
        }
    }

    fn any(&mut self) -> Result<Filter, String> {
        let mut parts = vec![self.all()?];
        while self.accept_word("or") {
            parts.push(self.all()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::Any(parts) })
    }

    fn all(&mut self) -> Result<Filter, String> {
        let mut parts = vec![self.one()?];
        while self.accept_word("and") {
            parts.push(self.one()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::All(parts) })
    }

    fn one(&mut self) -> Result<Filter, String> {
        if self.accept_word("not") {
            return Ok(Filter::Not(Box::new(self.one()?)));
        }
        if self.peek() == Some(&Token::Sign('(')) {
            self.at += 1;
            let inner = self.any()?;
            self.sign(')')?;
            return Ok(inner);
        }
        let Token::Word(word) = self.next()? else { return Err("A property name was expected.".to_owned()) };
        let called = self.peek() == Some(&Token::Sign('('));
        match word.to_ascii_lowercase().as_str() {
            "startswith" if called => self.function(How::StartsWith),
            "endswith" if called => self.function(How::EndsWith),
            lower if called && lower.ends_with("/any") => self.lambda(&word[..word.len() - "/any".len()]),
            _ => self.comparison(&word),
        }
    }

    fn function(&mut self, how: How) -> Result<Filter, String> {
        self.sign('(')?;
        let path = self.next()?.text();
        self.sign(',')?;
        let with = vec![self.value()?];
        self.sign(')')?;
        Ok(Filter::Test { path: self.relative(&path), how, with })
    }

    fn lambda(&mut self, collection: &str) -> Result<Filter, String> {
        self.sign('(')?;
        let variable = self.next()?.text();
        self.sign(':')?;
        let outer = self.variable.replace(variable);
        let test = Box::new(self.any()?);
        self.variable = outer;
        self.sign(')')?;
        Ok(Filter::Element { collection: collection.to_owned(), test })
    }

    fn comparison(&mut self, path: &str) -> Result<Filter, String> {
        let operator = self.next()?.text().to_ascii_lowercase();
        if let Some(collection) = path.strip_suffix("/$count") {
            let number = self.next()?.text().parse().map_err(|_| "A number was expected.".to_owned())?;
            return match operator.as_str() {
                "eq" | "ne" => Ok(Filter::Count { collection: collection.to_owned(), equal: operator == "eq", number }),
                _ => Err(format!("The operator '{operator}' is not supported on $count.")),
            };
        }
        let path = self.relative(path);
        let (how, with) = match operator.as_str() {
            "eq" => (How::Equal, vec![self.value()?]),
            "ne" => (How::NotEqual, vec![self.value()?]),
            "in" => {
                self.sign('(')?;
                let mut with = vec![self.value()?];
                while self.peek() == Some(&Token::Sign(',')) {
                    self.at += 1;
                    with.push(self.value()?);
                }
                self.sign(')')?;
                (How::In, with)
            }
            _ => return Err(format!("The operator '{operator}' is not supported.")),
        };
        Ok(Filter::Test { path, how, with })
    }

    fn value(&mut self) -> Result<Value, String> {
        Ok(match self.next()? {
            Token::Text(text) => Value::String(text),
            Token::Word(word) => match word.as_str() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                "null" => Value::Null,
                _ => word.parse::<i64>().map_or(Value::String(word), Value::from),
            },
            Token::Sign(sign) => return Err(format!("A value was expected before '{sign}'.")),
        })
    }

    /// A path with the lambda's variable taken off.
    fn relative(&self, path: &str) -> String {
        match &self.variable {
            Some(variable) if path == variable => String::new(),
            Some(variable) => path.strip_prefix(&format!("{variable}/")).unwrap_or(path).to_owned(),
            None => path.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn accepts(filter: &str) -> bool {
        let object = json!({"mail": "Mina@contoso.example", "accountEnabled": true, "onPremisesSyncEnabled": null,
            "proxyAddresses": ["SMTP:mina@contoso.example", "smtp:o'hara@contoso.example"],
            "assignedLicenses": [{"skuId": "6fd2c87f-b296-42f0-b197-1e91e994b900"}]});
        Filter::parse(filter).expect(filter).accepts(&|path| object.get(path).cloned())
    }

    #[test]
    fn the_forms_that_clients_send() {
        for (filter, expected) in [
            ("mail eq 'mina@contoso.example'", true),
            ("proxyAddresses/any(p:p eq 'smtp:mina@contoso.example')", true),
            ("proxyAddresses/any(p: p eq 'smtp:o''hara@contoso.example')", true),
            ("proxyAddresses/any(x:startswith(x,'smtp:zz'))", false),
            ("mail in ('a@b.example','mina@contoso.example') and accountEnabled eq true", true),
            ("not(accountEnabled eq true) or onPremisesSyncEnabled eq null", true),
            ("assignedLicenses/any(l:l/skuId eq 6fd2c87f-b296-42f0-b197-1e91e994b900)", true),
            ("assignedLicenses/$count ne 0", true),
            ("endswith(mail,'fabrikam.example')", false),
        ] {
            assert_eq!(accepts(filter), expected, "{filter}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic_and_quoted_text_is_itself(text in ".{0,60}", word in "[a-z'@. ]{0,20}") {
            let _ = Filter::parse(&text);
            let filter = format!("mail eq '{}'", word.replace('\'', "''"));
            proptest::prop_assert!(Filter::parse(&filter).is_ok_and(|filter| filter.accepts(&|_| Some(json!(word)))));
        }
    }

    #[test]
    fn bad_filters_are_refused_with_a_reason() {
        for filter in ["mail eq", "mail eq 'open", "mail like 'x'", "(mail eq 'x'", "mail eq 'x' mail"] {
            assert!(Filter::parse(filter).is_err(), "{filter}");
        }
    }

    #[test]
    fn keys_are_found_where_they_decide() {
        let keys = |filter: &str| Filter::parse(filter).expect(filter).keys();
        assert_eq!(
            keys("mail eq 'a' or proxyAddresses/any(p:p eq 'smtp:b')"),
            Some(vec!["a".to_owned(), "b".to_owned()])
        );
        assert_eq!(keys("mail eq 'a' or accountEnabled eq true"), None);
    }
}
