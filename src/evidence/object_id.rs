//! Ids of directory objects, small enough that a comparison can hold millions.

use std::fmt;

use uuid::Uuid;

/// A directory object id, the same in whatever case it is written; empty: none known. Entra's are GUIDs and take sixteen
/// bytes; what a roster gives for one may be any text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ObjectId(Form);

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
enum Form {
    #[default]
    Empty,
    Guid(Uuid),
    Other(Box<str>),
}

/// Length of a GUID as Entra writes it: the library reads other spellings too, which are no object ids.
const WRITTEN: usize = uuid::fmt::Hyphenated::LENGTH;

impl ObjectId {
    /// Whether none is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0 == Form::Empty
    }
}

impl From<&str> for ObjectId {
    fn from(text: &str) -> Self {
        Self(match Uuid::try_parse(text) {
            _ if text.is_empty() => Form::Empty,
            Ok(id) if text.len() == WRITTEN => Form::Guid(id),
            _ => Form::Other(text.to_lowercase().into()),
        })
    }
}

impl fmt::Display for ObjectId {
    /// In lower case.
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Empty => Ok(()),
            Form::Guid(id) => id.as_hyphenated().fmt(to),
            Form::Other(text) => to.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_does_not_matter_and_what_is_no_guid_stays_itself() {
        let id = |text: &str| ObjectId::from(text);
        let written = "0A1B2C3D-4e5f-6071-8293-a4b5c6d7e8f9";
        assert_eq!(id(written), id(&written.to_lowercase()));
        assert_eq!(id(written).to_string(), written.to_lowercase());
        for other in ["Ada-1", "{0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9}", "0a1b2c3d4e5f60718293a4b5c6d7e8f9"] {
            assert_eq!(id(other).to_string(), other.to_lowercase());
            assert_ne!(id(other), id(written));
        }
        assert!(id("").is_empty() && id("").to_string().is_empty() && !id("x").is_empty());
    }

    #[test]
    fn it_is_small() {
        assert_eq!(size_of::<ObjectId>(), 24);
    }
}
