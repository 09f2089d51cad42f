//! Exchange Web Services: does `GetFolder` open the inbox for our application, through impersonation?

mod answer;

use std::cell::Cell;
use std::sync::Arc;

use url::Url;

use crate::evidence::mailbox::EwsAnswer;
use crate::service::xml::escaped;
use crate::transport::{Answer, Call, Client, Patience, Request, Resource, ScopeId, Trouble};

pub use answer::{Document, document, interpret, reading};

/// EWS, as our application sees it.
pub struct Ews {
    client: Arc<Client>,
    url: Option<Url>,
}

impl Ews {
    /// EWS at the root of the tenant's Exchange Online.
    #[must_use]
    pub fn new(client: Arc<Client>) -> Self {
        let url = client.origins.exchange.join("/EWS/Exchange.asmx").ok();
        Self { client, url }
    }

    /// Opens the inbox of an address.
    ///
    /// # Errors
    /// When no answer could be had, or one that settles nothing.
    pub async fn open_inbox(&self, address: &str) -> Result<EwsAnswer, Trouble> {
        let Some(url) = self.url.clone() else {
            return Err(Trouble::new(crate::evidence::Cause::NoSource, "no EWS address for this cloud"));
        };
        // Exchange Online wants the anchor with impersonation, or routes the call to any server.
        let request = Request::post(url, "text/xml; charset=utf-8", get_folder(address))
            .header("accept", "text/xml")
            .header("x-anchormailbox", address)
            .header("return-client-request-id", "true");
        let parsed = Cell::new(None);
        let reading = |answer: &Answer| {
            let document = document(answer);
            let reading = reading(answer, &document);
            parsed.set(Some(document));
            reading
        };
        let call = Call { scope: ScopeId::Ews, cost: 1, request, reading, patience: Patience::Question };
        let answer = self.client.call(Resource::Exchange, call).await?;
        // Only now: what the answer repeats of our token has been taken out of it.
        interpret(&answer, &parsed.take().unwrap_or_else(|| document(&answer)))
    }
}

/// The cheapest proof: `GetFolder`, ids only, on one distinguished folder. `Exchange2013_SP1` is understood by
/// Exchange Online and by every server still in support.
fn get_folder(address: &str) -> String {
    let address = escaped(address);
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\
         <s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\" \
         xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\">\
         <s:Header><t:RequestServerVersion Version=\"Exchange2013_SP1\"/>\
         <t:ExchangeImpersonation><t:ConnectingSID><t:SmtpAddress>{address}</t:SmtpAddress></t:ConnectingSID>\
         </t:ExchangeImpersonation></s:Header>\
         <s:Body><m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape>\
         <m:FolderIds><t:DistinguishedFolderId Id=\"inbox\"/></m:FolderIds></m:GetFolder></s:Body></s:Envelope>"
    )
}
