use super::*;
use crate::evidence::mailbox::{AgentRule, CasMailbox, Recipient};
use crate::evidence::tenant::{AppList, OrganizationEws};

fn file(content: &[u8]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), content).unwrap();
    file
}

fn utf16(text: &str) -> Vec<u8> {
    [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
}

fn cas(content: &[u8]) -> Result<Vec<Keyed<CasMailbox>>, ImportError> {
    let file = file(content);
    Ok(read(file.path(), Export::CasMailboxes, |row| row.cas_mailbox())?.entries)
}

fn boxes(content: &[u8]) -> Result<Vec<Keyed<Recipient>>, ImportError> {
    let file = file(content);
    Ok(read(file.path(), Export::Mailboxes, |row| row.mailbox())?.entries)
}

fn organization(content: &[u8]) -> Result<OrganizationEws, ImportError> {
    let file = file(content);
    let mut entries = read(file.path(), Export::Organization, |row| row.organization())?.entries;
    Ok(entries.remove(0).value)
}

/// The message without the temporary file's name.
fn complaint<T: std::fmt::Debug>(result: Result<T, ImportError>) -> String {
    let message = result.unwrap_err().message;
    let start = message.find([',', ' ']).unwrap_or_default();
    message[start..].trim_start_matches([',', ' ']).to_owned()
}

const HEAD: &str = "\"PrimarySmtpAddress\",\"EwsEnabled\",\"EwsApplicationAccessPolicy\",\"EwsAllowList\"";

#[test]
fn a_csv_of_windows_powershell_is_read_in_utf_16_with_its_type_line() {
    let text = format!(
        "#TYPE Selected.System.Management.Automation.PSCustomObject\r\n{HEAD}\r\n\"ada@contoso.example\",\"True\",,\"{{}}\"\r\n\
         \"bob@contoso.example\",\"\",\"EnforceAllowList\",\"{{Outlook*, ewsready/*}}\"\r\n"
    );
    for bytes in [text.as_bytes().to_vec(), utf16(&text)] {
        let mailboxes = cas(&bytes).unwrap();
        assert_eq!(mailboxes[0].value.as_ref().unwrap().ews_enabled, Some(true));
        assert_eq!(mailboxes[1].value.as_ref().unwrap().ews_enabled, None);
        assert_eq!(mailboxes[1].value.as_ref().unwrap().agents.enforce, Some(AgentRule::AllowList));
        assert_eq!(mailboxes[1].value.as_ref().unwrap().agents.allow, ["Outlook*", "ewsready/*"]);
    }
}

#[test]
fn other_delimiters_and_null_are_understood() {
    let mailboxes = cas(b"PrimarySmtpAddress;EwsEnabled\nada@contoso.example;$null\n").unwrap();
    assert_eq!(mailboxes[0].value.as_ref().unwrap().ews_enabled, None);
    let mailboxes = cas(b"PrimarySmtpAddress\tEwsEnabled\nada@contoso.example\tFalse\n").unwrap();
    assert_eq!(mailboxes[0].value.as_ref().unwrap().ews_enabled, Some(false));
}

#[test]
fn a_column_that_is_missing_is_no_filter_that_was_seen_to_be_missing() {
    let unseen = |text: &str| cas(text.as_bytes()).unwrap()[0].value.as_ref().unwrap().agents.unseen;
    // What `Get-EXOCasMailbox` gives unasked.
    assert!(unseen("PrimarySmtpAddress,EwsEnabled\nada@contoso.example,True\n"));
    assert!(unseen(r#"[{"PrimarySmtpAddress":"ada@contoso.example","EwsEnabled":true}]"#));
    assert!(!unseen(&format!("{HEAD}\nada@contoso.example,True,,\n")));
    assert!(!unseen(
        r#"{"PrimarySmtpAddress":"ada@contoso.example","EwsEnabled":true,"EwsApplicationAccessPolicy":null}"#
    ));
}

#[test]
fn json_is_a_list_an_object_or_windows_powershell_s_wrapping() {
    let one = br#"{"PrimarySmtpAddress":"ada@contoso.example","ExternalDirectoryObjectId":"7","EwsEnabled":true,
        "EwsApplicationAccessPolicy":"EnforceBlockList","EwsBlockList":{"value":["Bad*"],"Count":1},"EwsAllowList":null}"#;
    let list = [b"[".as_slice(), one, b"]"].concat();
    assert_eq!(cas(one).unwrap(), cas(&list).unwrap());
    assert_eq!(cas(one).unwrap()[0].value.as_ref().unwrap().agents.block, ["Bad*"]);
    assert_eq!(cas(one).unwrap()[0].object_id.as_deref(), Some("7"));
    assert!(cas(b"[]").unwrap().is_empty());
}

#[test]
fn clixml_is_read_with_lists_nothing_and_enumerations() {
    let text = r#"<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"><Obj RefId="0">
        <TN RefId="0"><T>System.Object</T></TN><MS><S N="PrimarySmtpAddress">o&apos;hara_x0040_contoso.example</S><Nil N="EwsEnabled"/>
        <Obj N="EwsApplicationAccessPolicy" RefId="1"><TN RefId="1"><T>X</T></TN><ToString>EnforceAllowList</ToString><I32>0</I32></Obj>
        <Obj N="EwsAllowList" RefId="2"><TNRef RefId="1"/><LST><S>One*</S><S>Two*</S></LST></Obj><B N="Other">false</B></MS></Obj></Objs>"#;
    for bytes in [text.as_bytes().to_vec(), utf16(text)] {
        let mailboxes = cas(&bytes).unwrap();
        assert_eq!(mailboxes[0].primary_smtp.as_deref(), Some("o'hara@contoso.example"));
        assert_eq!(mailboxes[0].value.as_ref().unwrap().ews_enabled, None);
        assert_eq!(mailboxes[0].value.as_ref().unwrap().agents.allow, ["One*", "Two*"]);
    }
    assert!(complaint(cas(&text.as_bytes()[..400])).contains("cut off"));
}

#[test]
fn the_application_list_is_hidden_unless_the_export_shows_that_it_was_asked_for() {
    let list = |text: &[u8]| organization(text).unwrap().app_list;
    assert_eq!(list(br#"{"EwsEnabled":true,"EwsAllowedAppIDs":null}"#), AppList::Hidden);
    assert_eq!(list(br#"{"EwsEnabled":true,"EwsAllowedAppIDs":[]}"#), AppList::Hidden);
    assert_eq!(list(br#"{"EwsEnabled":true}"#), AppList::Hidden);
    let asked = list(br#"{"EwsEnabled":true,"EwsAllowedAppIDs":"","RetrieveEwsOperationAccessPolicy":true}"#);
    assert_eq!(asked, AppList::Seen([].into()));
    let shown = list(br#"{"EwsEnabled":true,"EwsAllowedAppIDs":"AA, bb"}"#);
    assert_eq!(shown, AppList::Seen(["aa".to_owned(), "bb".to_owned()].into()));
}

#[test]
fn what_is_wrong_is_said_with_line_and_reason() {
    let said = [
        complaint(cas(format!("{HEAD}\nada@contoso.example,Wahr,,\n").as_bytes())),
        complaint(cas(format!("{HEAD}\nada@contoso.example,True\n").as_bytes())),
        complaint(cas(format!("{HEAD}\na@b.example,True,EnforceAllowList,System.Collections.ArrayList\n").as_bytes())),
        complaint(cas(b"PrimarySmtpAddress,RecipientTypeDetails\na@b.example,UserMailbox\n")),
        complaint(boxes(b"PrimarySmtpAddress,EwsEnabled\na@b.example,True\n")),
        complaint(organization(format!("{HEAD}\nada@contoso.example,True,,\n").as_bytes())),
        complaint(boxes(br#"[{"PrimarySmtpAddress":"a@b.example","RecipientTypeDetails":1}]"#)),
        complaint(cas(b"Colour,Size\nred,3\n")),
        complaint(cas(b"[{\"PrimarySmtpAddress\": \"a")),
        complaint(cas(b"<html><body>Sign in</body></html>")),
        complaint(cas(b"")),
        complaint(cas(b"\x50\x4b\x03\x04\x00\x00\x00")),
    ];
    insta::assert_snapshot!(said.join("\n"));
}

proptest::proptest! {
    #[test]
    fn no_file_breaks_it(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
        let _ = cas(&bytes);
    }

    #[test]
    fn no_text_breaks_it(text in "[<>/{}\\[\\]\",;:#a-zA-Z0-9 \n]{0,200}") {
        let _ = (cas(text.as_bytes()), boxes(text.as_bytes()), organization(text.as_bytes()));
    }
}
