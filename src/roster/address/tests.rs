use proptest::prelude::*;

use super::*;

fn parsed(cell: &str) -> Result<Address, Unusable> {
    cell.parse()
}

fn why(cell: &str) -> String {
    parsed(cell).expect_err(cell).to_string()
}

#[test]
fn cleans_what_people_paste() {
    for cell in [
        "jane@contoso.example",
        " jane@contoso.example ",
        "\u{a0}jane@contoso.example\t",
        "<jane@contoso.example>",
        "'jane@contoso.example'",
        "\"jane@contoso.example\"",
        "Jane Doe <jane@contoso.example>",
        "\"Doe, Jane\" <jane@contoso.example>",
        "Doe, Jane <jane@contoso.example>",
        "Doe, Jane (Sales) <jane@contoso.example>;",
        "Jane Doe (jane@contoso.example)",
        "Jane Doe [jane@contoso.example]",
        "jane@contoso.example (Jane Doe)",
        "jane@contoso.example <jane@contoso.example>",
        "[jane@contoso.example](mailto:jane@contoso.example)",
        "mailto:jane@contoso.example",
        "MAILTO:jane%40contoso.example?subject=EWS%20ends",
        "mailto:jane@contoso.example?subject=when does it end",
        "SMTP:jane@contoso.example",
        "{smtp:j.doe@contoso.example, SMTP:jane@contoso.example, SIP:jane@contoso.example}",
        "smtp:j.doe@contoso.example+SMTP:jane@contoso.example",
        "jane＠contoso．example",
        "ｊａｎｅ@contoso.example",
        "ja\u{200b}ne@conto\u{ad}so.example\u{feff}",
        "\u{202a}jane@contoso.example\u{202c}",
        "jane@contoso.example,",
        "jane@contoso.example.",
        "jane@contoso.example\r\n",
    ] {
        assert_eq!(parsed(cell).map(|a| a.shown().to_owned()), Ok("jane@contoso.example".to_owned()), "{cell:?}");
    }
}

#[test]
fn keeps_what_belongs_to_an_address() {
    for cell in ["o'neil@contoso.example", "a+b=c@contoso.example", "_svc-crm@eu.contoso.example", "1@2.example"] {
        assert_eq!(parsed(cell).expect(cell).shown(), cell);
    }
    assert_eq!(parsed("o’neil@contoso.example").expect("apostrophe").shown(), "o'neil@contoso.example");
    assert_eq!(parsed("mailto:a+b@contoso.example").expect("plus").shown(), "a+b@contoso.example");
}

#[test]
fn upper_case_is_shown_and_matched_in_lower_case() {
    let address = parsed("JANE.DOE@Contoso.Example").expect("address");
    assert_eq!(address.shown(), "JANE.DOE@Contoso.Example");
    assert_eq!(address.wire(), "JANE.DOE@Contoso.Example");
    assert_eq!(address.key(), "jane.doe@contoso.example");
    assert_eq!(address.domain(), "contoso.example");
}

#[test]
fn international_domains_go_to_the_wire_as_a_labels() {
    let address = parsed("Info@MÜLLER-söhne.example").expect("address");
    assert_eq!(address.shown(), "Info@MÜLLER-söhne.example");
    assert_eq!(address.wire(), "Info@xn--mller-shne-kcb9d.example".replace("mller-shne-kcbe", "mller-shne-kcb30a"));
    assert_eq!(address.key(), address.wire().to_lowercase());
    assert_eq!(parsed("info@xn--bcher-kva.example").expect("a-label").wire(), "info@xn--bcher-kva.example");
}

#[test]
fn says_why_a_cell_cannot_be_one_address() {
    let said: Vec<String> = [
        "",
        " \u{200b} ",
        "tbd",
        "n/a",
        "jane.contoso.example",
        "jane@contoso.example; john@contoso.example",
        "jane@contoso.example / john@contoso.example",
        "jane@contoso.example john@contoso.example",
        "jane@contoso,example",
        "jane,doe@contoso.example",
        "jane @contoso.example",
        "jane@ contoso.example",
        "jane@contoso .example",
        "ask jane@contoso.example",
        "jane@contoso.example left in May",
        "jane@@contoso.example",
        "jürgen@contoso.example",
        "jаne@contoso.example",
        ".jane@contoso.example",
        "@contoso.example",
        "jane@",
        "jane@contoso",
        "jane@contoso..example",
        "jane@192.0.2.7",
        "jane@-contoso.example",
        "jane@contoso_x.example",
        "jane@contoso.example.invalid",
        "#N/A",
        "#BEZUG!",
        "/o=ExchangeLabs/ou=Exchange Administrative Group/cn=Recipients/cn=jane",
    ]
    .into_iter()
    .map(|cell| format!("{cell:?}: {}", why(cell)))
    .collect();
    insta::assert_snapshot!(said.join("\n"));
}

proptest! {
    #[test]
    fn never_panics(cell in any::<String>()) {
        let _ = parsed(&cell);
    }

    #[test]
    fn what_is_shown_reads_back_as_the_same_address(
        local in "[a-zA-Z0-9_+-]{1,20}(\\.[a-zA-Z0-9_']{1,10}){0,2}",
        domain in "[a-z0-9äöüé]{1,12}(\\.[a-zA-Z][a-z0-9]{0,8}){1,3}",
        wrap in prop::sample::select(vec![("", ""), (" ", "\t"), ("<", ">"), ("Jane <", ">"), ("mailto:", ""), ("\u{200b}", "\u{a0}")]),
    ) {
        let written = format!("{local}@{domain}");
        // 'xn' and hyphen rules of IDNA may refuse a made-up label: then there is nothing to read back.
        if let Ok(address) = parsed(&written) {
            let wrapped = parsed(&format!("{}{written}{}", wrap.0, wrap.1));
            prop_assert_eq!(wrapped.as_ref(), Ok(&address));
            let again = parsed(address.shown());
            prop_assert_eq!(again.as_ref(), Ok(&address));
            prop_assert!(address.wire().is_ascii());
            prop_assert_eq!(parsed(address.wire()).map(|a| a.key().to_owned()), Ok(address.key().to_owned()));
        }
    }
}
