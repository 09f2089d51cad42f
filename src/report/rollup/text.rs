//! The roll-up for a terminal.

use std::fmt::Write as _;

use super::{Rollup, TenantLine};
use crate::report::Texts;
use crate::report::terminal::plain;
use crate::verdict::Verdict;

/// A line a tenant, with what to do below those that need somebody.
#[must_use]
pub fn text(rollup: &Rollup, texts: &Texts) -> String {
    let mut text = String::new();
    for line in &rollup.tenants {
        let _ = write!(text, "{}: {}", plain(named(line)), texts.get("rollup_state", line.state.id()));
        if let Some(figures) = &line.figures {
            let _ = write!(text, ", {}", figures.day);
            for verdict in Verdict::ALL {
                let users = texts.number(figures.verdict(*verdict));
                let _ = write!(text, ", {} {users}", texts.get("verdict", verdict.id()));
            }
        }
        text.push('\n');
        for told in [&line.message, &line.hint].into_iter().filter(|told| !told.is_empty()) {
            let _ = writeln!(text, "  {}", plain(told));
        }
    }
    text
}

/// What people call the line: the profile, else the store.
pub(super) fn named(line: &TenantLine) -> &str {
    if line.tenant.is_empty() { &line.store } else { &line.tenant }
}
