//! `ewsready rules [ID]`: every rule, or one explained.

use clap::Args as ClapArgs;

use super::Output;
use super::facts::FactsArgs;
use crate::facts::Facts;
use crate::failure::{Exit, Failure};
use crate::rules::words::fill;
use crate::rules::{Effect, Params, Rule, registry, rule};

/// What `ewsready rules` is given.
#[derive(Debug, Clone, ClapArgs)]
pub struct Args {
    /// Id of the rule to explain, for example licence/kiosk; without it all rules are listed
    pub id: Option<String>,

    /// The facts they rest on.
    #[command(flatten)]
    pub facts: FactsArgs,
}

/// Lists all rules, or explains one, on standard output.
///
/// # Errors
/// An id that no rule has, facts that cannot be read, or an output that cannot be written.
pub fn run(args: &Args, output: &Output) -> Result<Exit, Failure> {
    let facts = args.facts.read()?;
    let text = match &args.id {
        None => list(&facts),
        Some(id) => explain(rule(id).ok_or_else(|| unknown(id))?, &facts),
    };
    output.result(&text)?;
    Ok(Exit::Done)
}

fn unknown(id: &str) -> Failure {
    let nearness = |rule: &Rule| strsim::jaro_winkler(rule.id, id);
    let nearest = registry().iter().max_by(|one, other| nearness(one).total_cmp(&nearness(other)));
    let hint = nearest.map(|rule| format!("the nearest is {}; `ewsready rules` lists all", rule.id));
    Failure::usage(format!("no rule has the id `{id}`"), hint.unwrap_or_default())
}

/// The date of the facts a rule rests on.
fn dated(rule: &Rule, facts: &Facts) -> String {
    facts.file(rule.facts).map_or_else(|| "unknown".to_owned(), |file| file.as_of.to_string())
}

/// Every rule in order: id, effect, date and file of its facts, question, sources.
fn list(facts: &Facts) -> String {
    let mut text =
        format!("{} rules, in order; of those that give the verdict the first that applies wins.\n", registry().len());
    for rule in registry() {
        text.push_str(&format!(
            "\n{}\n  {}\n  effect   {}\n  facts    {} of {}\n",
            rule.id,
            rule.question,
            rule.effect,
            rule.facts,
            dated(rule, facts)
        ));
        for (index, source) in rule.sources.iter().enumerate() {
            text.push_str(&format!("  {}  {source}\n", if index == 0 { "sources" } else { "       " }));
        }
    }
    text
}

/// One rule with everything there is to say about it.
fn explain(rule: &Rule, facts: &Facts) -> String {
    let mut text = format!("{}\n\n{}\n", rule.id, rule.question);
    let mut part = |name: &str, value: &str| {
        if !value.is_empty() {
            text.push_str(&format!("\n{name}\n  {value}\n"));
        }
    };
    part("Effect", &effect(rule));
    let parameters = Params::described();
    for (name, sentence) in [
        ("It says", rule.texts.says),
        ("What stops", rule.texts.stops),
        ("What to do", rule.texts.next),
        ("Another way out", rule.texts.alternative),
    ] {
        part(name, &fill(sentence, &parameters));
    }
    let asks: Vec<&str> = rule.asks.iter().map(|question| question.id()).collect();
    part("It hangs on", &asks.join(", "));
    part("Facts", &format!("{} of {}", rule.facts, dated(rule, facts)));
    part("Sources", &rule.sources.join("\n  "));
    if text.contains('<') {
        text.push_str("\nWhat stands in angle brackets is filled in for each user.\n");
    }
    text
}

/// The effect, and for a rule that gives the verdict its place in the order.
fn effect(rule: &Rule) -> String {
    let deciding = registry().iter().filter(|other| matches!(other.effect, Effect::Decides(_)));
    let place = deciding.clone().position(|other| other.id == rule.id);
    match place {
        Some(place) => {
            format!("{} (number {} of the {} rules that give one)", rule.effect, place + 1, deciding.count())
        }
        None => rule.effect.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_listed_and_explained() {
        let facts = Facts::embedded();
        let all = list(facts);
        for rule in registry() {
            assert!(all.contains(&format!("\n{}\n", rule.id)), "{}", rule.id);
            let one = explain(rule, facts);
            assert!(one.contains("It says") && one.contains("2026-11-20"), "{one}");
            assert!(!one.contains('{'), "a parameter without description: {one}");
        }
    }

    #[test]
    fn one_rule_reads_well() {
        insta::assert_snapshot!("licence_kiosk", explain(rule("licence/kiosk").unwrap(), Facts::embedded()));
        let head: Vec<String> = list(Facts::embedded()).lines().take(16).map(str::to_owned).collect();
        insta::assert_snapshot!("list", head.join("\n"));
    }

    #[test]
    fn an_unknown_id_is_answered_with_the_nearest() {
        let args = Args { id: Some("license/kiosk".to_owned()), facts: FactsArgs::default() };
        let failure = run(&args, &Output { quiet: true }).unwrap_err();
        assert_eq!(failure.exit, Exit::Usage);
        assert_eq!(
            failure.to_string(),
            "error: no rule has the id `license/kiosk`\nhint: the nearest is licence/kiosk; `ewsready rules` lists all"
        );
    }

    #[test]
    fn wrong_facts_are_a_usage_failure() {
        let args = Args { id: None, facts: FactsArgs { facts: Some("/no/such/folder".into()) } };
        assert_eq!(run(&args, &Output { quiet: true }).unwrap_err().exit, Exit::Usage);
    }
}
