use super::*;

fn shown(text: &[u8], reading: Reading) -> String {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("list.csv");
    std::fs::write(&path, text).expect("writes");
    let mut roster = roster::open(&[Input::from(path)], &reading.into()).expect("a roster");
    let first: Vec<Entry> = roster.entries().take(1000).map(|entry| entry.expect("reads")).collect();
    let mut out = Vec::new();
    show(&roster, first.get(..SHOWN).unwrap_or(&first), &mut out).expect("writes");
    let out = String::from_utf8(out).expect("utf-8");
    out.replace(&format!("{}/", folder.path().display()), "")
}

#[test]
fn shows_what_was_read_and_the_first_entries() {
    let text = "Pilotgruppe Vertrieb;;;\n;;;\nNachname;Vorname;E-Mail-Adresse;Abteilung\nWeiß;Jürgen;j.weiss@contoso.example;Vertrieb\n\
                Roth;Zoë;zoe@bücher.example;Vertrieb\n;;;\nBaum;Lea;tbd;\nWeiß;J.;<J.Weiss@contoso.example>;\nSumme;4;;\n";
    let (text, ..) = encoding_rs::WINDOWS_1252.encode(text);
    insta::assert_snapshot!(shown(&text, Reading::default()));
}

#[test]
fn a_column_can_be_asked_for() {
    let text = b"Mail,UPN\n,a@contoso.example\n,b@contoso.example\n";
    let reading = Reading { address_column: Some("upn".to_owned()), sheet: None };
    insta::assert_snapshot!(shown(text, reading));
}

#[test]
fn control_sequences_do_not_reach_the_terminal() {
    let text = b"Email,Name\na@contoso.example,\x1b[31mred\x07\n";
    let shown = shown(text, Reading::default());
    assert!(!shown.contains('\x1b') && !shown.contains('\x07'), "{shown:?}");
}

#[test]
fn only_the_first_entries_are_shown() {
    let text: String = (1..=25).map(|n| format!("user{n}@contoso.example\n")).collect();
    let shown = shown(text.as_bytes(), Reading::default());
    assert!(shown.ends_with("… and 15 more\n"), "{shown}");
    assert_eq!(shown.lines().count(), 2 + 1 + 1 + SHOWN + 1, "{shown}");
}

#[test]
fn what_is_no_roster_ends_as_a_usage_failure() {
    let args = Args { files: vec![PathBuf::from("/no/such/list.csv")], reading: Reading::default() };
    let failure = run(args).expect_err("no file");
    assert_eq!(failure.exit, Exit::Usage);
    assert!(failure.message.contains("/no/such/list.csv: no such file"), "{failure}");
    assert!(!failure.hint.is_empty());
}
