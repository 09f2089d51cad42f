use super::*;

fn rows(text: &str) -> Vec<Record> {
    let row = |(at, line): (usize, &str)| Record {
        line: at as u64 + 1,
        cells: line.split('|').map(str::to_owned).collect(),
        ..Record::default()
    };
    text.lines().enumerate().map(row).collect()
}

fn found(text: &str) -> Layout {
    layout(&rows(text), &Wish::default()).unwrap_or_else(|seen| panic!("{text}: {seen:?}"))
}

fn taken(text: &str) -> (Option<u64>, String) {
    let layout = found(text);
    (layout.header.map(|header| header.line), layout.address.name)
}

fn asked(text: &str, column: &str) -> Option<usize> {
    layout(&rows(text), &Wish { column: Some(column.to_owned()) }).ok().map(|layout| layout.address.index)
}

#[test]
fn the_mailbox_address_is_preferred_to_what_only_looks_like_one() {
    for (header, expected) in [
        ("Username|Email|Profile", "Email"),
        ("Email|Username|Profile", "Email"),
        ("UserPrincipalName|Mail|Id", "Mail"),
        ("Alternate email|User principal name|Name", "User principal name"),
        ("Recovery Email|Email Address [Required]|Name", "Email Address [Required]"),
        ("Owner|PrimarySmtpAddress|Name", "PrimarySmtpAddress"),
        ("Manager Email|Work Email|Name", "Work Email"),
        ("UserPrincipalName|WindowsEmailAddress|PrimarySmtpAddress", "PrimarySmtpAddress"),
        ("Notification|Kontakt|E-Mail privat", "Notification"),
    ] {
        let text = format!(
            "{header}\na@one.example|a@two.example|a@three.example\nb@one.example|b@two.example|b@three.example"
        );
        assert_eq!(taken(&text), (Some(1), expected.to_owned()), "{header}");
    }
}

#[test]
fn a_column_is_taken_for_what_it_holds_not_only_for_its_name() {
    let empty = "UserPrincipalName|mail\na@contoso.example|\nb@contoso.example|\nc@contoso.example|";
    assert_eq!(taken(empty).1, "UserPrincipalName");
    let sandbox = "Email|UPN\na@contoso.example.invalid|a@contoso.example\nb@contoso.example.invalid|b@contoso.example";
    assert_eq!(taken(sandbox).1, "UPN");
    assert_eq!(taken("Email|Name\na@contoso.example.invalid|A").1, "Email");
    let other = "Email|Kontakt\nyes|a@contoso.example\nno|b@contoso.example";
    assert_eq!(taken(other).1, "Kontakt");
    assert_eq!(taken("Name|Email\nJane|tbd\nRick|n/a"), (Some(1), "Email".to_owned()));
}

#[test]
fn titles_above_the_header_are_not_the_header() {
    let text = "Pilot group|\n|\nQuestions to|it@contoso.example\nName|E-Mail\nJane|jane@contoso.example";
    let layout = found(text);
    assert_eq!(layout.header.map(|header| header.line), Some(4));
    assert_eq!(layout.above, [1, 3]);
}

#[test]
fn a_header_nobody_told_us_is_recognised_by_its_place() {
    assert_eq!(taken("Nachn.|Kontakt|Ber.\nDoe|jane@contoso.example|Sales"), (Some(1), "Kontakt".to_owned()));
    // A line with a missing address, a number or a single word is no header: no line may be lost.
    assert_eq!(taken("Doe|tbd|Sales\nRoe|rick@contoso.example|IT").0, None);
    assert_eq!(taken("Doe|4711|Sales\nRoe|rick@contoso.example|IT").0, None);
    assert_eq!(taken("somebody\nrick@contoso.example").0, None);
}

#[test]
fn a_header_deep_in_the_data_is_a_line_like_others() {
    let text = "a@contoso.example|A\nb@contoso.example|B\nEmail|Name\nc@contoso.example|C";
    assert_eq!(taken(text).0, None);
}

#[test]
fn columns_without_name_are_numbered_and_double_names_too() {
    let text = "Email|Name||Name|\na@contoso.example|A|x|B|\n";
    let names: Vec<String> = found(text).columns.into_iter().map(|column| column.name).collect();
    assert_eq!(names, ["Email", "Name", "column 3", "Name (2)"]);
}

#[test]
fn a_mark_before_the_first_name_does_not_hide_it() {
    for mark in ["\u{feff}", "ï»¿"] {
        let layout = found(&format!("{mark}Email|Name\na@contoso.example|A"));
        assert_eq!((layout.address.name.as_str(), layout.names_known), ("Email", 2));
    }
}

#[test]
fn the_column_asked_for_decides() {
    let text = "Title\nMail|UPN|Ex Tra\na@one.example|a@two.example|a@three.example";
    assert_eq!(asked(text, "UPN"), Some(1));
    assert_eq!(asked(text, "ex-tra"), Some(2));
    assert_eq!(asked(text, "C"), Some(2));
    assert_eq!(asked(text, "2"), Some(1));
    assert_eq!(asked(text, "Nowhere"), None);
    // A cell that reads like the place asked for is no header.
    assert_eq!(asked("A|a@contoso.example|2\nB|b@contoso.example|B", "B"), Some(1));
    assert_eq!(asked("A|a@contoso.example|2\nB|tbd|2", "2"), Some(1));
    let layout = layout(&rows(text), &Wish { column: Some("UPN".to_owned()) }).expect("found");
    assert!(layout.address.asked);
}

#[test]
fn somebody_elses_addresses_make_no_roster() {
    assert!(layout(&rows("Server|Owner\nweb1|it@contoso.example\nweb2|it@contoso.example"), &Wish::default()).is_err());
    assert_eq!(asked("Server|Owner\nweb1|it@contoso.example", "Owner"), Some(1));
}

#[test]
fn an_export_is_recognised_by_its_columns() {
    let layout = found("Username|Email|Profile|Alias|Active\na@x.example|a@contoso.example|P|al|1");
    assert_eq!(layout.tool.map(|tool| tool.name.as_str()), Some("Salesforce user list"));
    assert!(layout.tool.is_some_and(|tool| tool.salesforce));
}
