//! User-agent filters: `EwsApplicationAccessPolicy` with `EwsAllowList` and `EwsBlockList`.
//!
//! "Control access to EWS in Exchange": patterns are compared with the whole user agent, `*` stands for any
//! characters, none included; an enforced allow list lets only matching agents in, so an empty one nobody; an
//! enforced block list keeps matching agents out. The filters bite Graph's mail calls too.

use crate::evidence::mailbox::{AgentFilter, AgentRule};

/// Whether a pattern with `*` covers a whole user agent, whatever its case.
#[must_use]
pub fn matches(pattern: &str, agent: &str) -> bool {
    let agent = agent.to_lowercase();
    let pattern = pattern.to_lowercase();
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = agent.strip_prefix(first) else { return false };
    let mut last = None;
    for piece in pieces {
        if let Some(middle) = last.replace(piece)
            && !middle.is_empty()
        {
            let Some(at) = rest.find(middle) else { return false };
            rest = &rest[at + middle.len()..];
        }
    }
    match last {
        None => rest.is_empty(),
        Some(end) => rest.ends_with(end),
    }
}

/// What a filter does to a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    /// There is no filter.
    Unfiltered,
    /// The filter lets the caller in.
    LetIn,
    /// The filter keeps the caller out.
    KeptOut,
    /// There is a filter, and the caller's agent is not known.
    Unclear,
}

/// What a filter does to a caller whose user agent is known, or not.
#[must_use]
pub fn passage(filter: &AgentFilter, agent: Option<&str>) -> Passage {
    let Some(rule) = filter.enforce else { return Passage::Unfiltered };
    let list = match rule {
        AgentRule::AllowList => &filter.allow,
        AgentRule::BlockList => &filter.block,
    };
    let listed = match agent {
        _ if list.is_empty() => Some(false),
        _ if list.iter().any(|pattern| !pattern.is_empty() && pattern.chars().all(|c| c == '*')) => Some(true),
        Some(agent) => Some(list.iter().any(|pattern| matches(pattern, agent))),
        None => None,
    };
    match (listed, rule) {
        (None, _) => Passage::Unclear,
        (Some(true), AgentRule::AllowList) | (Some(false), AgentRule::BlockList) => Passage::LetIn,
        (Some(false), AgentRule::AllowList) | (Some(true), AgentRule::BlockList) => Passage::KeptOut,
    }
}

/// What a filter does to a feature that needs agents of which only patterns are published.
///
/// An allow list lets the feature in when it has each pattern, or one that covers it; a block list keeps it out when it
/// has one of them, or one that covers it.
#[must_use]
pub fn feature_passage(filter: &AgentFilter, needed: &[String]) -> Passage {
    let covered = |list: &[String], needed: &str| list.iter().any(|pattern| matches(pattern, needed));
    match filter.enforce {
        None => Passage::Unfiltered,
        Some(AgentRule::AllowList) if needed.iter().all(|agent| covered(&filter.allow, agent)) => Passage::LetIn,
        Some(AgentRule::BlockList) if !needed.iter().any(|agent| covered(&filter.block, agent)) => Passage::LetIn,
        Some(_) => Passage::KeptOut,
    }
}

/// What the organisation's and the mailbox's filter do together. How two filters that disagree combine is not
/// documented, so that case stays unclear.
#[must_use]
pub fn together(organization: Passage, mailbox: Passage) -> Passage {
    match (organization, mailbox) {
        (Passage::Unfiltered, other) | (other, Passage::Unfiltered) => other,
        (one, other) if one == other => one,
        _ => Passage::Unclear,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filter(enforce: Option<AgentRule>, allow: &[&str], block: &[&str]) -> AgentFilter {
        let own = |list: &[&str]| list.iter().map(|pattern| (*pattern).to_owned()).collect();
        AgentFilter { enforce, allow: own(allow), block: own(block), unseen: false }
    }

    #[test]
    fn documented_forms_match() {
        let cases = [
            ("MicrosoftNinja/*", "MicrosoftNinja/1.0", true),
            ("MicrosoftNinja/*", "XMicrosoftNinja/1.0", false),
            ("*Teams/*", "Mozilla/5.0 Teams/24.1", true),
            ("*Teams/*", "Teams", false),
            ("*SchedulingService*", "SchedulingService", true),
            ("SkypeSpaces/*", "SkypeSpaces/1.0a$*+", true),
            ("*Microsoft.Skype.Presence.App/*", "a Microsoft.Skype.Presence.App/2", true),
            ("ewsready/1.0", "EwsReady/1.0", true),
            ("ewsready/1.0", "ewsready/1.0.1", false),
            ("a*b*a", "aba", true),
            ("a*b*a", "ab", false),
            ("a*a", "a", false),
            ("*ab*ab", "xabab", true),
            ("*ab*ab", "xab", false),
            ("*", "", true),
            ("", "", true),
            ("", "x", false),
        ];
        for (pattern, agent, expected) in cases {
            assert_eq!(matches(pattern, agent), expected, "{pattern} against {agent}");
        }
    }

    #[test]
    fn an_enforced_empty_allow_list_keeps_everybody_out() {
        let allow = filter(Some(AgentRule::AllowList), &[], &["*"]);
        assert_eq!(passage(&allow, Some("ewsready/1.0")), Passage::KeptOut);
        assert_eq!(passage(&allow, None), Passage::KeptOut);
        let block = filter(Some(AgentRule::BlockList), &["*"], &[]);
        assert_eq!(passage(&block, None), Passage::LetIn);
    }

    #[test]
    fn lists_that_are_not_enforced_do_nothing() {
        assert_eq!(passage(&filter(None, &[], &["*"]), Some("x")), Passage::Unfiltered);
    }

    #[test]
    fn an_unknown_agent_is_unclear_unless_the_pattern_takes_all() {
        assert_eq!(passage(&filter(Some(AgentRule::AllowList), &["Teams/*"], &[]), None), Passage::Unclear);
        assert_eq!(passage(&filter(Some(AgentRule::AllowList), &["*"], &[]), None), Passage::LetIn);
        assert_eq!(passage(&filter(Some(AgentRule::BlockList), &[], &["**"]), None), Passage::KeptOut);
    }

    #[test]
    fn a_feature_needs_each_of_its_agents() {
        let needed = ["MicrosoftNinja/*", "*Teams/*", "SkypeSpaces/*"].map(str::to_owned);
        let allow = |list: &[&str]| feature_passage(&filter(Some(AgentRule::AllowList), list, &[]), &needed);
        assert_eq!(allow(&["MicrosoftNinja/*", "*Teams/*", "SkypeSpaces/*"]), Passage::LetIn);
        assert_eq!(allow(&["*"]), Passage::LetIn);
        assert_eq!(allow(&["MicrosoftNinja/*"]), Passage::KeptOut);
        let block = |list: &[&str]| feature_passage(&filter(Some(AgentRule::BlockList), &[], list), &needed);
        assert_eq!(block(&["Outlook*"]), Passage::LetIn);
        assert_eq!(block(&["*Teams*"]), Passage::KeptOut);
    }

    #[test]
    fn filters_that_disagree_stay_unclear() {
        use Passage::{KeptOut, LetIn, Unclear, Unfiltered};
        assert_eq!(together(Unfiltered, KeptOut), KeptOut);
        assert_eq!(together(LetIn, Unfiltered), LetIn);
        assert_eq!(together(LetIn, LetIn), LetIn);
        assert_eq!(together(LetIn, KeptOut), Unclear);
        assert_eq!(together(KeptOut, Unclear), Unclear);
    }

    /// The plain definition: a pattern matches by trying every split at a star.
    fn slow(pattern: &[char], agent: &[char]) -> bool {
        match pattern.split_first() {
            None => agent.is_empty(),
            Some(('*', rest)) => (0..=agent.len()).any(|skip| slow(rest, &agent[skip..])),
            Some((letter, rest)) => agent.split_first().is_some_and(|(a, tail)| a == letter && slow(rest, tail)),
        }
    }

    proptest! {
        #[test]
        fn matcher_agrees_with_the_definition(pattern in "[ab*]{0,7}", agent in "[ab]{0,8}") {
            let letters = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(matches(&pattern, &agent), slow(&letters(&pattern), &letters(&agent)));
        }

        #[test]
        fn matcher_never_panics(pattern in "\\PC{0,20}", agent in "\\PC{0,20}") {
            let _ = matches(&pattern, &agent);
        }
    }
}
