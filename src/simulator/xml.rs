//! Requests in XML as a tree with local names: the services look at names without their prefixes.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// An element.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) text: String,
    pub(super) children: Vec<Node>,
}

/// Deeper documents are refused: no client sends them, and a tree of them would cost the stack.
const DEEPEST: usize = 64;

impl Node {
    /// Reads a document; `None` when it is not well-formed.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
        let mut open: Vec<Node> = vec![Node::default()];
        loop {
            match reader.read_event().ok()? {
                Event::Start(start) => {
                    if open.len() > DEEPEST {
                        return None;
                    }
                    open.push(Self::started(&start)?);
                }
                Event::Empty(start) => open.last_mut()?.children.push(Self::started(&start)?),
                Event::End(_) => {
                    let done = open.pop()?;
                    open.last_mut()?.children.push(done);
                }
                Event::Text(text) => {
                    open.last_mut()?.text.push_str(&text.xml_content(quick_xml::XmlVersion::Implicit1_0))
                }
                Event::GeneralRef(reference) => {
                    let replaced = match reference.resolve_char_ref().ok()? {
                        Some(character) => character.to_string(),
                        None => quick_xml::escape::resolve_predefined_entity(&reference)?.to_owned(),
                    };
                    open.last_mut()?.text.push_str(&replaced);
                }
                Event::CData(data) => open.last_mut()?.text.push_str(&data),
                Event::Eof => break,
                _ => {}
            }
        }
        match open.as_mut_slice() {
            [document] if document.children.len() == 1 => document.children.pop(),
            _ => None,
        }
    }

    fn started(start: &BytesStart<'_>) -> Option<Self> {
        let mut attributes = Vec::new();
        for attribute in start.attributes() {
            let attribute = attribute.ok()?;
            let key = attribute.key.local_name().as_ref().to_owned();
            attributes.push((key, attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).ok()?.into_owned()));
        }
        let name = start.local_name().as_ref().to_owned();
        Some(Self { name, attributes, ..Self::default() })
    }

    /// The first child of that name.
    pub(super) fn child(&self, name: &str) -> Option<&Node> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The element at the end of a path of names.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, name| node.child(name))
    }

    /// The first element of that name, at any depth.
    pub(super) fn find(&self, name: &str) -> Option<&Node> {
        if self.name == name { Some(self) } else { self.children.iter().find_map(|child| child.find(name)) }
    }

    /// All elements of that name, at any depth.
    pub(super) fn all<'a>(&'a self, name: &str, found: &mut Vec<&'a Node>) {
        if self.name == name {
            found.push(self);
        }
        self.children.iter().for_each(|child| child.all(name, found));
    }

    /// The text without white space around it.
    pub(super) fn text(&self) -> &str {
        self.text.trim()
    }

    /// An attribute's value.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_do_not_matter_and_entities_are_read() {
        let node =
            Node::parse(b"\xef\xbb\xbf<?xml version=\"1.0\"?><s:A xmlns:s='u'><b k='1'> x &amp; y </b><c/></s:A>")
                .expect("well-formed");
        assert_eq!(node.name, "A");
        assert_eq!(node.child("b").map(|b| (b.text(), b.attribute("k"))), Some(("x & y", Some("1"))));
        assert!(node.find("c").is_some());
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200), text in "[<>/a=\"& ;#x0-9]{0,60}") {
            let _ = (Node::parse(&bytes), Node::parse(text.as_bytes()));
        }
    }

    #[test]
    fn what_is_not_well_formed_is_nothing() {
        for bad in ["", "<a>", "<a></b>", "<a/><b/>", "text", "<a>&nope;</a>"] {
            assert_eq!(Node::parse(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(Node::parse("<a>".repeat(5_000).as_bytes()), None);
    }
}
