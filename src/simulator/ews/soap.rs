//! EWS answers in XML: envelopes, faults, folders (MS-OXWSCORE, MS-OXWSFOLD; forms as Exchange Online sends them).

use axum::http::StatusCode;

use crate::simulator::call::{Answer, escape, xml};
use crate::simulator::tenant::Person;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

const TYPES: &str = "http://schemas.microsoft.com/exchange/services/2006/types";
const MESSAGES: &str = "http://schemas.microsoft.com/exchange/services/2006/messages";
const ERRORS: &str = "http://schemas.microsoft.com/exchange/services/2006/errors";

/// A whole answer around the body's content.
pub(super) fn envelope(content: &str) -> Answer {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Header>\
         <h:ServerVersionInfo MajorVersion=\"15\" MinorVersion=\"20\" MajorBuildNumber=\"9542\" MinorBuildNumber=\"9\" Version=\"V2018_01_08\" xmlns:h=\"{TYPES}\"/>\
         </s:Header><s:Body xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\">{content}</s:Body></s:Envelope>"
    );
    xml(StatusCode::OK, body)
}

/// A response of the named operation around its messages.
pub(super) fn response(operation: &str, messages: &str) -> Answer {
    envelope(&format!(
        "<m:{operation}Response xmlns:m=\"{MESSAGES}\" xmlns:t=\"{TYPES}\"><m:ResponseMessages>{messages}</m:ResponseMessages></m:{operation}Response>"
    ))
}

/// A message that went well.
pub(super) fn success(operation: &str, content: &str) -> String {
    format!(
        "<m:{operation}ResponseMessage ResponseClass=\"Success\"><m:ResponseCode>NoError</m:ResponseCode>{content}</m:{operation}ResponseMessage>"
    )
}

/// A message that did not: the error carrier inside an HTTP 200. `inner` is the code that explains it.
pub(super) fn failure(operation: &str, code: &str, message: &str, inner: Option<&str>) -> String {
    let inner = inner.map_or_else(String::new, |inner| {
        format!("<m:MessageXml><t:Value Name=\"InnerErrorResponseCode\">{inner}</t:Value></m:MessageXml>")
    });
    format!(
        "<m:{operation}ResponseMessage ResponseClass=\"Error\"><m:MessageText>{}</m:MessageText><m:ResponseCode>{code}</m:ResponseCode>\
         <m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>{inner}</m:{operation}ResponseMessage>",
        escape(message)
    )
}

/// The error carrier of HTTP 500: a SOAP fault with the code in three places.
pub(super) fn fault(code: &str, message: &str, values: &[(&str, String)]) -> Answer {
    let values: String =
        values.iter().map(|(name, value)| format!("<t:Value Name=\"{name}\">{}</t:Value>", escape(value))).collect();
    let values =
        if values.is_empty() { values } else { format!("<t:MessageXml xmlns:t=\"{TYPES}\">{values}</t:MessageXml>") };
    let message = escape(message);
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><s:Fault>\
         <faultcode xmlns:a=\"{TYPES}\">a:{code}</faultcode><faultstring xml:lang=\"en-US\">{message}</faultstring><detail>\
         <e:ResponseCode xmlns:e=\"{ERRORS}\">{code}</e:ResponseCode><e:Message xmlns:e=\"{ERRORS}\">{message}</e:Message>{values}</detail>\
         </s:Fault></s:Body></s:Envelope>"
    );
    xml(StatusCode::INTERNAL_SERVER_ERROR, body)
}

/// A folder that can be named by a word.
pub(super) struct Folder {
    pub(super) word: &'static str,
    element: &'static str,
    class: &'static str,
    display: &'static str,
}

const fn folder(word: &'static str, element: &'static str, class: &'static str, display: &'static str) -> Folder {
    Folder { word, element, class, display }
}

/// The distinguished folders served (MS-OXWSCDATA: DistinguishedFolderIdNameType).
pub(super) const FOLDERS: [Folder; 16] = [
    folder("inbox", "Folder", "IPF.Note", "Inbox"),
    folder("calendar", "CalendarFolder", "IPF.Appointment", "Calendar"),
    folder("contacts", "ContactsFolder", "IPF.Contact", "Contacts"),
    folder("tasks", "TasksFolder", "IPF.Task", "Tasks"),
    folder("notes", "Folder", "IPF.StickyNote", "Notes"),
    folder("journal", "Folder", "IPF.Journal", "Journal"),
    folder("drafts", "Folder", "IPF.Note", "Drafts"),
    folder("outbox", "Folder", "IPF.Note", "Outbox"),
    folder("sentitems", "Folder", "IPF.Note", "Sent Items"),
    folder("deleteditems", "Folder", "IPF.Note", "Deleted Items"),
    folder("junkemail", "Folder", "IPF.Note", "Junk Email"),
    folder("msgfolderroot", "Folder", "IPF.Note", "Top of Information Store"),
    folder("root", "Folder", "IPF.Note", "root"),
    folder("searchfolders", "Folder", "IPF.Note", "Finder"),
    folder("conversationhistory", "Folder", "IPF.Note", "Conversation History"),
    folder("recoverableitemsroot", "Folder", "IPF.Note", "Recoverable Items"),
];

impl Folder {
    /// The folder of a mailbox as an element; only its id, or with all that clients ask for.
    pub(super) fn element(&self, person: &Person, id_only: bool) -> String {
        let id = |word: &str, key: &str| {
            let (id, change) = (BASE64.encode(format!("simulated/{}/{word}", person.id)), BASE64.encode(word));
            format!("<t:{key} Id=\"{id}\" ChangeKey=\"{change}\"/>")
        };
        let own = id(self.word, "FolderId");
        if id_only {
            return format!("<t:{0}>{own}</t:{0}>", self.element);
        }
        let parent = if self.word == "root" { "root" } else { "msgfolderroot" };
        let parent = if self.word == "msgfolderroot" { "root" } else { parent };
        let unread = if self.element == "Folder" || self.element == "TasksFolder" {
            "<t:UnreadCount>0</t:UnreadCount>"
        } else {
            ""
        };
        format!(
            "<t:{0}>{own}{1}<t:FolderClass>{2}</t:FolderClass><t:DisplayName>{3}</t:DisplayName><t:TotalCount>0</t:TotalCount>\
             <t:ChildFolderCount>0</t:ChildFolderCount><t:EffectiveRights><t:CreateAssociated>true</t:CreateAssociated>\
             <t:CreateContents>true</t:CreateContents><t:CreateHierarchy>true</t:CreateHierarchy><t:Delete>true</t:Delete>\
             <t:Modify>true</t:Modify><t:Read>true</t:Read></t:EffectiveRights>{unread}</t:{0}>",
            self.element,
            id(parent, "ParentFolderId"),
            self.class,
            self.display
        )
    }

    /// The folder whose id was given out by [`Folder::element`].
    pub(super) fn by_id(id: &str) -> Option<&'static Folder> {
        let text = String::from_utf8(BASE64.decode(id).ok()?).ok()?;
        let word = text.strip_prefix("simulated/")?.split('/').nth(1)?.to_owned();
        FOLDERS.iter().find(|folder| folder.word == word)
    }
}
