//! One room a remote service. Wire format only: these files turn questions into requests and answers into
//! evidence; what evidence means is for the rules.

pub mod autodiscover;
pub mod dns;
pub mod entra;
pub mod ews;
pub mod exchange_admin;
pub mod graph;
pub mod onprem;
pub mod supply;
pub mod xml;

/// A service's text on one line, and not longer than a reader wants.
#[must_use]
pub fn one_line(text: &str) -> String {
    let mut line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((cut, _)) = line.char_indices().nth(300) {
        line.truncate(cut);
        line.push('…');
    }
    line
}
