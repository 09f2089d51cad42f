//! Every PowerShell script that people get is parsed by a grammar of PowerShell: it has no errors, and what stands in it
//! from outside is a string or a comment, never code.

use ewsready::report::head::{AppLine, LicenceLine, UpgradeLine};
use ewsready::report::{Templates, powershell};
use tree_sitter::{Node, Parser, Tree};

use super::fixture;

/// The kinds of nodes that data may stand in: verbatim strings and comments. Strings in double quotes, which PowerShell
/// expands, are none of them.
const INERT: [&str; 2] = ["verbatim_string_characters", "comment"];

fn parse(script: &str) -> Tree {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_powershell::LANGUAGE.into()).unwrap();
    parser.parse(script.trim_start_matches('\u{feff}'), None).unwrap()
}

/// What is wrong with a script: line and text of everything the grammar could not read or had to make up.
fn wrong(script: &str) -> Vec<String> {
    let script = script.trim_start_matches('\u{feff}');
    let tree = parse(script);
    let mut found = Vec::new();
    each(tree.root_node(), &mut |node| {
        if node.is_error() || node.is_missing() {
            let line = node.start_position().row;
            found.push(format!("line {}: {}", line + 1, script.lines().nth(line).unwrap_or_default()));
        }
    });
    found
}

fn each<'t>(node: Node<'t>, take: &mut impl FnMut(Node<'t>)) {
    take(node);
    let mut cursor = node.walk();
    let children: Vec<Node<'t>> = node.children(&mut cursor).collect();
    children.into_iter().for_each(|child| each(child, take));
}

/// Where a word stands in a script as anything else than a string or a comment.
fn alive(script: &str, word: &str) -> Vec<String> {
    let script = script.trim_start_matches('\u{feff}');
    let tree = parse(script);
    let kind = |at: usize| tree.root_node().descendant_for_byte_range(at, at + word.len()).unwrap().kind();
    let places = script.match_indices(word).map(|(at, _)| (at, kind(at)));
    places.filter(|(_, kind)| !INERT.contains(kind)).map(|(at, kind)| format!("{kind} at byte {at}")).collect()
}

fn template(name: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(&path).expect(name)
}

#[test]
fn every_script_is_powershell() {
    let mut export = Vec::new();
    powershell::write_export(&Templates::default(), &mut export).unwrap();
    let (view, _rows) = fixture::view();
    let mut remediation = Vec::new();
    powershell::write(&view, &mut remediation).unwrap();
    let scripts = [
        ("the setup", template("templates/setup-app.ps1")),
        ("the export", String::from_utf8(export).unwrap()),
        ("a remediation", String::from_utf8(remediation).unwrap()),
        ("the demo tenant's remediation", template("samples/readiness/remediation.ps1")),
    ];
    for (what, script) in scripts {
        assert!(script.lines().count() > 20, "{what} is a script");
        assert_eq!(wrong(&script), Vec::<String>::new(), "{what}");
    }
}

#[test]
fn a_broken_script_is_noticed() {
    let good = "param([string] $Name)\nif ($Name) { Write-Host 'x' }\n";
    assert_eq!(wrong(good), Vec::<String>::new());
    for broken in
        [good.replace(" }", ""), good.replace("'x'", "'x"), good.replace("($Name)", "($Name"), good.replace(']', "")]
    {
        assert_ne!(wrong(&broken), Vec::<String>::new(), "{broken}");
    }
}

/// Rules of which each gets commands of another kind in the script.
const COMMANDED: [&str; 7] = [
    "ews/closed",
    "graph/user-agent-policy",
    "licence/plan-off",
    "licence/kiosk",
    "graph/access-policy",
    "teams/delegate-rights",
    "identity/not-in-directory",
];

/// The remediation script of an assessment in which everything that comes from outside is this text.
pub fn script_with(text: &str) -> String {
    let mut head = fixture::head();
    text.clone_into(&mut head.tenant.name);
    let (app_id, name, state) = (text.to_owned(), text.to_owned(), "not_listed".to_owned());
    head.apps = vec![AppLine { app_id, name, state, ..AppLine::default() }];
    let (from, to, note) = ("Office 365 F3".to_owned(), vec![text.to_owned()], text.to_owned());
    head.upgrades = vec![UpgradeLine { from, to, note }];
    head.licences = vec![LicenceLine { sku: text.to_owned(), name: text.to_owned(), ..LicenceLine::default() }];
    let rows = (1..=60).map(|number| {
        let mut row = fixture::row(number);
        row.address = format!("{text}{number}");
        row.products = vec!["Office 365 F3".to_owned()];
        for line in &mut row.findings {
            line.rule = COMMANDED[number % COMMANDED.len()].to_owned();
            text.clone_into(&mut line.text);
            text.clone_into(&mut line.action);
        }
        row
    });
    let (view, _rows) = fixture::view_of(head, rows);
    let mut out = Vec::new();
    powershell::write(&view, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Names a person could bear who means harm: each would leave a literal or a comment, if anything let it.
const HOSTILE: [&str; 8] = [
    "'; EVIL; '",
    "\"; EVIL; \"",
    "$(EVIL) $EVIL ${EVIL} @(EVIL)",
    "`'; EVIL `\" `$(EVIL)",
    "#>\r\nEVIL\r\n<#",
    "\u{2028}EVIL\u{85}EVIL\u{0}",
    "'@\nEVIL\n@'",
    "--% EVIL | EVIL & EVIL > EVIL",
];

#[test]
fn what_comes_from_outside_is_a_string_or_a_comment() {
    for name in HOSTILE {
        let script = script_with(name);
        assert!(script.contains("EVIL"), "{name:?} is in the script");
        assert_eq!(wrong(&script), Vec::<String>::new(), "{name:?}");
        assert_eq!(alive(&script, "EVIL"), Vec::<String>::new(), "{name:?}");
    }
    // The check sees what would be alive.
    for code in ["$x = \"a $(EVIL)\"", "EVIL -Name 'x'", "$EVIL", "'a'; EVIL"] {
        assert_ne!(alive(code, "EVIL"), Vec::<String>::new(), "{code}");
    }
}

#[test]
fn every_rule_that_gets_commands_is_a_rule() {
    let text = template("templates/remediation.ps1");
    let (head, _) = text.split_once("-%}").unwrap();
    let ids: Vec<&str> = head.split('"').filter(|word| word.contains('/')).collect();
    assert!(ids.len() > 10, "{ids:?}");
    let unknown: Vec<&&str> = ids.iter().filter(|id| ewsready::rules::rule(id).is_none()).collect();
    assert_eq!(unknown, Vec::<&&str>::new());
}
