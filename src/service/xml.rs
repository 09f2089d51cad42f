//! XML answers as a small tree, whatever prefixes the server likes. Bounded: what is deeper or larger than any
//! honest answer is not read.

use std::sync::Arc;

use quick_xml::NsReader;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;

/// An element.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Element {
    /// Name without prefix.
    pub name: String,
    /// Namespace, empty for none; shared with its like above.
    pub namespace: Arc<str>,
    /// Attributes by name without prefix; namespaces are none.
    pub attributes: Vec<(String, String)>,
    /// Its own text, trimmed.
    pub text: String,
    /// Elements in it, in order.
    pub children: Vec<Element>,
}

/// Deepest nesting read; SOAP answers need about 15.
const DEPTH: usize = 64;
/// Most elements read; a `GetUserSettings` answer for 100 users has about 10,000.
const ELEMENTS: usize = 100_000;
/// Most attributes of an element, namespaces included: each is compared with all others.
const ATTRIBUTES: usize = 64;
/// Longest name of a namespace, in bytes.
const NAMESPACE: usize = 256;
/// Longest text of an element, in bytes.
const TEXT: usize = 64 << 10;

const BEYOND: &str = "XML nested, repeated or long beyond any honest answer";

impl Element {
    /// Reads a document's root element.
    ///
    /// # Errors
    /// In words, when the text is not well-formed or beyond the bounds.
    pub fn parse(body: &[u8]) -> Result<Self, String> {
        let mut reader = NsReader::from_reader(body);
        let mut open: Vec<Self> = vec![Self::default()];
        let mut elements = 0;
        loop {
            let (resolved, event) =
                reader.read_resolved_event().map_err(|error| format!("not well-formed XML: {error}"))?;
            match event {
                Event::Start(start) => {
                    elements += 1;
                    if open.len() > DEPTH || elements > ELEMENTS {
                        return Err(BEYOND.to_owned());
                    }
                    let element = Self::start(&open, &resolved, &start)?;
                    open.push(element);
                }
                Event::Empty(start) => {
                    elements += 1;
                    if elements > ELEMENTS {
                        return Err(BEYOND.to_owned());
                    }
                    let element = Self::start(&open, &resolved, &start)?;
                    if let Some(parent) = open.last_mut() {
                        parent.children.push(element);
                    }
                }
                Event::End(_) => close(&mut open)?,
                Event::Text(text) => {
                    append(&mut open, &text.xml_content(quick_xml::XmlVersion::Implicit1_0))?;
                }
                Event::CData(data) => append(&mut open, &data)?,
                Event::GeneralRef(entity) => append(&mut open, &resolve(&entity)?)?,
                Event::DocType(_) => return Err("XML with a document type, which no service sends".to_owned()),
                Event::Eof => break,
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            }
        }
        match (open.len(), open.pop().and_then(|mut document| document.children.pop())) {
            (1, Some(root)) => Ok(root),
            _ => Err("XML that ends before it is complete".to_owned()),
        }
    }

    fn start(open: &[Self], resolved: &ResolveResult, start: &BytesStart) -> Result<Self, String> {
        let namespace: &str = match resolved {
            // Every element below has it once more.
            ResolveResult::Bound(namespace) if namespace.as_ref().len() > NAMESPACE => return Err(BEYOND.to_owned()),
            ResolveResult::Bound(namespace) => namespace.as_ref(),
            ResolveResult::Unbound | ResolveResult::Unknown(_) => "",
        };
        let known = open.iter().rev().map(|above| &above.namespace).find(|known| ***known == *namespace);
        let namespace = known.map_or_else(|| namespace.into(), Arc::clone);
        let mut attributes = Vec::new();
        for (number, attribute) in start.attributes().enumerate() {
            let attribute = attribute.map_err(|error| format!("not well-formed XML: {error}"))?;
            if number == ATTRIBUTES {
                return Err(BEYOND.to_owned());
            }
            if attribute.key.as_namespace_binding().is_some() {
                continue;
            }
            attributes.push((attribute.key.local_name().as_ref().to_owned(), attribute.value.into_owned()));
        }
        let name = start.local_name().as_ref().to_owned();
        Ok(Self { name, namespace, attributes, text: String::new(), children: Vec::new() })
    }

    /// The first child of a name.
    #[must_use]
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first child of a name, unless empty.
    #[must_use]
    pub fn child_text(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str()).filter(|text| !text.is_empty())
    }

    /// The first element of a name at any depth, this one included.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Self> {
        if self.name == name { Some(self) } else { self.children.iter().find_map(|child| child.find(name)) }
    }

    /// Every element of a name at any depth, in document order.
    #[must_use]
    pub fn find_all<'a>(&'a self, name: &str) -> Vec<&'a Self> {
        let mut found = Vec::new();
        self.collect(name, &mut found);
        found
    }

    fn collect<'a>(&'a self, name: &str, found: &mut Vec<&'a Self>) {
        if self.name == name {
            found.push(self);
        }
        for child in &self.children {
            child.collect(name, found);
        }
    }

    /// An attribute's value.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

fn close(open: &mut Vec<Element>) -> Result<(), String> {
    let (Some(mut done), Some(parent)) = (open.pop(), open.last_mut()) else {
        return Err("XML that closes what it never opened".to_owned());
    };
    if done.text.trim().len() < done.text.len() {
        done.text = done.text.trim().to_owned();
    }
    parent.children.push(done);
    Ok(())
}

fn append(open: &mut [Element], text: &str) -> Result<(), String> {
    let Some(element) = open.last_mut() else { return Ok(()) };
    if element.text.len() + text.len() > TEXT {
        return Err(BEYOND.to_owned());
    }
    element.text.push_str(text);
    Ok(())
}

pub(crate) fn resolve(entity: &quick_xml::events::BytesRef) -> Result<String, String> {
    if let Ok(Some(character)) = entity.resolve_char_ref() {
        return Ok(character.to_string());
    }
    let name: &str = entity;
    quick_xml::escape::resolve_predefined_entity(name)
        .map(str::to_owned)
        .ok_or_else(|| format!("XML with an unknown entity &{name};"))
}

/// Text as it may stand in an element or attribute.
#[must_use]
pub fn escaped(text: &str) -> String {
    quick_xml::escape::escape(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prefixes_do_not_matter_and_namespaces_are_known() {
        let root = Element::parse(
            br#"<a:x xmlns:a="urn:one"><y xmlns="urn:two" k="v">  t &amp; &#65;<![CDATA[<z>]]></y></a:x>"#,
        );
        let root = root.unwrap();
        let y = root.child("y").unwrap();
        assert_eq!((&*root.namespace, &*y.namespace), ("urn:one", "urn:two"));
        assert_eq!((y.text.as_str(), y.attribute("k")), ("t & A<z>", Some("v")));
    }

    #[test]
    fn what_is_broken_or_hostile_is_refused_in_words() {
        for text in ["", "text", "<a>", "<a></b>", "</a>", "<a>&bomb;</a>", "<!DOCTYPE a><a/>", "<a b='1' b='2'/>"] {
            assert!(Element::parse(text.as_bytes()).is_err(), "{text}");
        }
        let flat = |unit: &str| format!("<a>{}</a>", unit.repeat(200_000));
        let attributes: String = (0..100_000).map(|number| format!(" a{number}=''")).collect();
        let heir = format!("<a xmlns='{}'>{}</a>", "n".repeat(500_000), "<b/>".repeat(50_000));
        let bombs =
            ["<a>".repeat(100_000), flat("<b/>"), flat("<b></b>"), flat("text"), format!("<a{attributes}/>"), heir];
        for bomb in bombs {
            let begun = std::time::Instant::now();
            assert_eq!(Element::parse(bomb.as_bytes()).unwrap_err(), BEYOND);
            assert!(begun.elapsed() < std::time::Duration::from_secs(5), "{:?}", begun.elapsed());
        }
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = Element::parse(&bytes);
        }

        #[test]
        fn text_comes_back_as_it_was_written(text in "[^\\p{Cc}\u{FFFE}\u{FFFF}]{0,60}") {
            let document = format!("<a>{}</a>", escaped(&text));
            prop_assert_eq!(Element::parse(document.as_bytes()).unwrap().text, text.trim());
        }
    }
}
