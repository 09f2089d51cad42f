//! The links that a listing follows: a repeated one would go round for ever, and so would new ones without end. A list
//! that is left before its end says so; one that was cut in silence would read as "nobody else".

use std::collections::HashSet;

use crate::evidence::Cause;
use crate::transport::Trouble;

/// Pages in a row without any entry; services filter after they page, so that a few may be empty.
const MOST_EMPTY: u32 = 200;
/// Pages of one listing; of users, these are fifty million.
const MOST_PAGES: usize = 50_000;

/// The links one listing has followed.
#[derive(Debug)]
pub struct Links {
    followed: HashSet<u64>,
    empty: u32,
    most: usize,
}

impl Default for Links {
    fn default() -> Self {
        Self::up_to(MOST_PAGES)
    }
}

impl Links {
    /// Those of a listing that has so many pages at most.
    #[must_use]
    pub fn up_to(most: usize) -> Self {
        Self { followed: HashSet::new(), empty: 0, most }
    }

    /// Takes note of where a page of so many entries leads.
    ///
    /// # Errors
    /// When following it would not come to an end.
    pub fn follow(&mut self, link: Option<&str>, entries: usize) -> Result<(), Trouble> {
        use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
        let Some(link) = link else { return Ok(()) };
        self.empty = if entries == 0 { self.empty + 1 } else { 0 };
        let wrong = if !self.followed.insert(BuildHasherDefault::<DefaultHasher>::default().hash_one(link)) {
            "the list leads in a circle: a page names one that was read already".to_owned()
        } else if self.empty > MOST_EMPTY {
            format!("the list does not end: {MOST_EMPTY} pages in a row hold nothing")
        } else if self.followed.len() > self.most {
            format!("the list does not end: it has more than {} pages", self.most)
        } else {
            return Ok(());
        };
        Err(Trouble::new(Cause::Unreadable, wrong))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_goes_in_a_circle_or_on_for_ever_is_left() {
        let mut links = Links::default();
        assert!(links.follow(Some("a"), 1).is_ok() && links.follow(Some("b"), 1).is_ok());
        assert!(links.follow(Some("a"), 1).unwrap_err().detail.contains("circle"));
        let pages_until_left = |mut links: Links, entries: usize| {
            (0..).take_while(|page| links.follow(Some(&page.to_string()), entries).is_ok()).count()
        };
        assert_eq!(pages_until_left(Links::default(), 0), MOST_EMPTY as usize);
        assert_eq!(pages_until_left(Links::default(), 1), MOST_PAGES);
        assert_eq!(pages_until_left(Links::up_to(7), 1), 7);
        assert!(links.follow(None, 0).is_ok(), "the end is no page");
    }
}
