use super::*;

fn dialect(head: &str) -> Dialect {
    sniff(head, true, &Wish::default())
        .map(|reading| reading.dialect)
        .unwrap_or_else(|seen| panic!("{head:?}: {seen:?}"))
}

fn table(delimiter: u8, preamble: u64) -> Dialect {
    Dialect { delimiter: Some(delimiter), preamble, in_a_row: false }
}

const LIST: Dialect = Dialect { delimiter: None, preamble: 0, in_a_row: false };

#[test]
fn finds_the_delimiter_by_trying() {
    assert_eq!(dialect("Name,Email\nJane,jane@contoso.example\n"), table(b',', 0));
    assert_eq!(dialect("Name;Email\nDoe, Jane;jane@contoso.example\nRoe, Rick;r@contoso.example\n"), table(b';', 0));
    assert_eq!(dialect("Name\tEmail\nDoe, Jane; Dr.\tjane@contoso.example\n"), table(b'\t', 0));
    assert_eq!(dialect("Name|Email\nDoe, Jane|jane@contoso.example\n"), table(b'|', 0));
    assert_eq!(dialect("jane@contoso.example;Jane;Sales\nrick@contoso.example;Rick;IT\n"), table(b';', 0));
}

#[test]
fn lines_written_for_machines_are_skipped() {
    assert_eq!(dialect("sep=|\nName|Email\nJane|jane@contoso.example\n"), table(b'|', 1));
    assert_eq!(dialect("\"sep=;\"\r\nEmail;Name\r\njane@contoso.example;Jane\r\n"), table(b';', 1));
    assert_eq!(dialect("sep=\t\rEmail\tName\rjane@contoso.example\tJane\r"), table(b'\t', 1));
    assert_eq!(dialect("sep=^\nEmail^Name\njane@contoso.example^Jane\n"), table(b'^', 1));
    let export = "#TYPE Selected.System.Management.Automation.PSCustomObject\n\"Name\",\"PrimarySmtpAddress\"\n\"J\",\"j@contoso.example\"\n";
    assert_eq!(dialect(export), table(b',', 1));
    assert_eq!(dialect("version:v1.0\nUser name [userPrincipalName] Required\nj@contoso.example\n").preamble, 1);
    assert_eq!(
        dialect(
            "version:v1.0,\nName [displayName] Required,User name [userPrincipalName] Required\nJ,j@contoso.example\n"
        ),
        table(b',', 1)
    );
}

#[test]
fn a_list_stays_a_list_whatever_its_names_hold() {
    assert_eq!(dialect("jane@contoso.example\nrick@contoso.example\n"), LIST);
    assert_eq!(dialect("Doe, Jane <jane@contoso.example>\nRoe, Rick <rick@contoso.example>\n"), LIST);
    assert_eq!(dialect("\"Doe, Jane\" <jane@contoso.example>;\n\"Roe, Rick\" <rick@contoso.example>;\n"), LIST);
    assert_eq!(dialect("Email\njane@contoso.example\n"), LIST);
}

#[test]
fn a_header_with_names_makes_columns_even_when_they_are_empty() {
    assert_eq!(dialect("Email,Wave\njane@contoso.example,\nrick@contoso.example,\n"), table(b',', 0));
}

#[test]
fn addresses_in_a_row_are_entries_each() {
    let row = |delimiter| Dialect { delimiter: Some(delimiter), preamble: 0, in_a_row: true };
    assert_eq!(dialect("Doe, Jane <jane@contoso.example>; Rick <rick@contoso.example>; b@contoso.example"), row(b';'));
    assert_eq!(dialect("a@contoso.example, b@contoso.example\nc@contoso.example\n"), row(b','));
    // The same number on each line: columns.
    assert_eq!(dialect("a@contoso.example,a@fabrikam.example\nb@contoso.example,b@fabrikam.example\n"), table(b',', 0));
}

#[test]
fn a_cut_head_does_not_end_in_half_a_line() {
    let head = "Email,Name\njane@contoso.example,Jane\nrick@contos";
    let reading = sniff(head, false, &Wish::default()).unwrap_or_else(|seen| panic!("{seen:?}"));
    assert_eq!((reading.layout.address.valid, reading.layout.address.filled), (1, 1));
}

#[test]
fn names_the_columns_it_saw_when_none_holds_addresses() {
    let seen = sniff("Product;Price\nPen;3\n", true, &Wish::default()).err().expect("no roster");
    assert_eq!(seen, ["Product", "Price"]);
}
