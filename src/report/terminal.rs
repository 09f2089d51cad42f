//! The summary for a terminal.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::sentences::deadline_sentence;
use super::{View, clean, standing};
use crate::compare::Kind;
use crate::verdict::{Urgency, Verdict};

/// Actions shown.
const FIRST: usize = 5;
/// Narrowest and widest line.
const WIDTHS: std::ops::RangeInclusive<usize> = 40..=120;
/// Longest bar.
const BAR: usize = 30;

/// What the run amounts to, for a terminal of `width` columns: counts with bars, what to do first, why entries are not
/// assessed. Ends in a line break. Whoever calls decides about `colour` (`NO_COLOR`, no terminal).
#[must_use]
pub fn summary(view: &View, width: usize, colour: bool) -> String {
    let mut page = Page { view, width: width.clamp(*WIDTHS.start(), *WIDTHS.end()), colour, text: String::new() };
    page.head();
    page.verdicts();
    page.moved();
    page.first();
    page.not_assessed();
    page.text
}

/// ANSI codes, in the colours of the other formats as far as terminals have them.
const BOLD: &str = "1";
const ALARM: &str = "1;31";
const FAINT: &str = "2";

fn code(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Blocked => "31",
        Verdict::NeedsLicenseUpgrade => "33",
        Verdict::MoveToGraphEac => "34",
        Verdict::NotAssessed => "90",
    }
}

struct Page<'a> {
    view: &'a View,
    width: usize,
    colour: bool,
    text: String,
}

impl Page<'_> {
    fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn section(&mut self, title: &str) {
        self.line("");
        self.line(&self.paint(BOLD, title));
    }

    fn head(&mut self) {
        let (head, texts) = (&self.view.head, &self.view.texts);
        let rows = texts.entries(self.view.summary.rows);
        let named = [texts.get("summary", "title"), &head.tenant.name, &rows];
        let title = named.into_iter().filter(|part| !part.is_empty()).map(plain).collect::<Vec<_>>().join(" · ");
        self.line(&self.paint(BOLD, &title));
        let deadline = format!("{}: {}", texts.get("summary", "deadline"), deadline_sentence(self.view));
        self.line(&deadline);
        if !head.organization.state.is_empty() {
            self.wrapped("", &format!("{}: {}", texts.get("summary", "organization"), plain(&head.organization.state)));
        }
        let alarms = [if head.simulated { texts.get("summary", "simulated") } else { "" }, &head.facts_warning];
        for alarm in alarms.into_iter().filter(|alarm| !alarm.is_empty()) {
            self.line(&self.paint(ALARM, &plain(alarm)));
        }
    }

    fn verdicts(&mut self) {
        let (summary, texts) = (&self.view.summary, &self.view.texts);
        self.line("");
        let words = Verdict::ALL.iter().map(|verdict| texts.get("verdict", verdict.id()).width()).max().unwrap_or(0);
        let digits = texts.number(summary.rows).len().max(1);
        let room = self.width.saturating_sub(words + digits + 6).min(BAR);
        let most = summary.verdicts.iter().copied().max().unwrap_or(0).max(1);
        for &verdict in Verdict::ALL {
            let count = summary.verdict(verdict);
            let word = texts.get("verdict", verdict.id());
            let fill = " ".repeat(words - word.width());
            let bar = bar(count, most, room);
            let word = self.paint(code(verdict), word);
            let number = texts.number(count);
            self.line(format!("  {word}{fill}  {number:>digits$}  {}", self.paint(code(verdict), &bar)).trim_end());
        }
        let without = summary.could_go_without();
        if without > 0 {
            let note = texts.fill("summary", "demand_without", &[("n", &texts.number(without))]);
            self.wrapped("  ", &note);
        }
    }

    /// What moved since the run before, a kind a line, and how the run stands against the plan.
    fn moved(&mut self) {
        let (history, texts) = (&self.view.history, &self.view.texts);
        if let Some(changes) = &history.changes {
            let day = changes.from.day().to_string();
            self.section(&texts.fill("change", "since", &[("day", &day)]));
            if changes.users.is_empty() {
                self.line(&format!("  {}", texts.fill("change", "none", &[("day", &day)])));
            }
            for &kind in Kind::ALL.iter().filter(|kind| changes.count(**kind) > 0) {
                let line = format!("  {}: {}", texts.get("change", kind.id()), texts.number(changes.count(kind)));
                let line = if kind.regressed() { self.paint(ALARM, &line) } else { line };
                self.line(&line);
            }
        }
        if let Some(against) = &history.plan {
            self.line("");
            self.wrapped("  ", &standing::sentence(against, texts));
        }
    }

    fn first(&mut self) {
        let (summary, texts) = (&self.view.summary, &self.view.texts);
        self.section(texts.get("summary", "first"));
        let mut shown = 0;
        for action in summary.first_actions().take(FIRST) {
            shown += 1;
            let now = action.urgent(Urgency::Now);
            let urgent = if now == 0 {
                String::new()
            } else {
                format!(", {} {}", texts.get("column", "users_now").to_lowercase(), texts.number(now))
            };
            let words = texts.get("verdict", action.verdict.id());
            let lead = format!("  {shown}. {} ({words}, {}{urgent})", plain(&action.action), texts.users(action.users));
            self.wrapped("     ", &lead);
        }
        let all = summary.first_actions().count();
        if shown == 0 {
            self.line(&format!("  {}", texts.get("summary", "first_none")));
        } else if all > shown {
            let more = texts.number((all - shown) as u64);
            self.line(&self.paint(FAINT, &format!("     {}", texts.fill("summary", "more", &[("n", &more)]))));
        }
    }

    fn not_assessed(&mut self) {
        let (summary, texts) = (&self.view.summary, &self.view.texts);
        if summary.verdict(Verdict::NotAssessed) == 0 {
            return;
        }
        self.section(texts.get("summary", "not_assessed"));
        let causes: Vec<_> = summary.not_assessed().collect();
        for action in causes.iter().take(FIRST) {
            self.wrapped(
                "     ",
                &format!("  {}: {} [{}]", texts.users(action.users), plain(&action.cause), action.reason),
            );
        }
        if causes.len() > FIRST {
            let more = texts.number((causes.len() - FIRST) as u64);
            self.line(&self.paint(FAINT, &format!("     {}", texts.fill("summary", "more", &[("n", &more)]))));
        }
    }

    /// A text over as many lines as it needs, the further ones behind `indent`. Leading blanks of the text stay.
    fn wrapped(&mut self, indent: &str, text: &str) {
        let lead = text.len() - text.trim_start_matches(' ').len();
        let mut line = if lead == 0 { indent.to_owned() } else { text[..lead].to_owned() };
        let mut empty = true;
        for word in text.split_whitespace() {
            if !empty && line.width() + 1 + word.width() > self.width {
                self.line(&line);
                line = indent.to_owned();
                empty = true;
            }
            if !empty {
                line.push(' ');
            }
            line.push_str(word);
            empty = false;
        }
        self.line(&line);
    }
}

/// A bar of blocks and half blocks; anything above nothing shows at least half a block.
fn bar(count: u64, most: u64, room: usize) -> String {
    let halves = usize::try_from(u128::from(count) * (room as u128) * 2 / u128::from(most)).unwrap_or(0);
    let halves = if count > 0 { halves.max(1) } else { 0 };
    let mut bar = "█".repeat(halves / 2);
    if halves % 2 == 1 {
        bar.push('▌');
    }
    bar
}

/// Untrusted text on one line, without control characters or anything that turns the writing direction.
pub(crate) fn plain(text: &str) -> String {
    let text = clean::controls(text);
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .filter(|c| {
            c.width().is_some()
                && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_never_hides_somebody() {
        assert_eq!(bar(0, 100, 10), "");
        assert_eq!(bar(1, 1_000_000, 10), "▌");
        assert_eq!(bar(50, 100, 10), "█████");
        assert_eq!(bar(u64::MAX, u64::MAX, 10), "██████████");
    }

    #[test]
    fn text_from_outside_cannot_steer_the_terminal() {
        assert_eq!(plain("a\u{1b}[31mb\nc\u{202e}d"), "a\u{fffd}[31mb cd");
    }
}
