//! The simulated tenant, asked over a socket as any client would ask it.

use ewsready::simulator::{Faults, Tenant};
use serde_json::{Value, json};
use support::Served;

#[cfg(test)]
mod command;
#[cfg(test)]
mod exchange;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod in_process;
#[cfg(test)]
mod sign_in;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tenant_file;

#[tokio::test]
async fn a_token_is_for_one_service_and_carries_its_roles() {
    let served = Served::demo().await;
    let exchange = served.token("https://outlook.office365.com").await;
    let refused = served.client.get(served.url("/v1.0/users")).bearer_auth(exchange).send().await.expect("sent");
    assert_eq!(refused.status(), 401);
    assert!(refused.headers().contains_key("www-authenticate"));
    let (status, body) = served.graph("/organization").await;
    assert_eq!((status, body["value"][0]["displayName"].as_str()), (200, Some("Contoso")));
}

#[tokio::test]
async fn refusals_of_the_token_endpoint_name_their_cause() {
    let served = Served::demo().await;
    let known = served.tenant.application();
    let ask = |tenant: String, client: String, secret: &'static str, scope: &'static str| {
        let url = served.url(&format!("/{tenant}/oauth2/v2.0/token"));
        let form = [
            ("grant_type", "client_credentials".to_owned()),
            ("client_id", client),
            ("client_secret", secret.to_owned()),
            ("scope", scope.to_owned()),
        ];
        let request = served.client.post(url).form(&form);
        async move {
            let answer = request.send().await.expect("sent");
            let status = answer.status().as_u16();
            let body: Value = answer.json().await.expect("JSON");
            (
                status,
                body["error"].as_str().unwrap_or_default().to_owned(),
                body["error_codes"][0].as_i64().unwrap_or_default(),
            )
        }
    };
    let (id, client, graph) = (known.tenant_id, known.client_id, "https://graph.microsoft.com/.default");
    let is = |error: &str, status: u16, code: i64| (status, error.to_owned(), code);
    assert_eq!(ask(id.clone(), client.clone(), "wrong", graph).await, is("invalid_client", 401, 7_000_215));
    assert_eq!(
        ask("fabrikam.example".to_owned(), client.clone(), "x", graph).await,
        is("invalid_request", 400, 90_002)
    );
    assert_eq!(
        ask(id.clone(), uuid::Uuid::nil().to_string(), "x", graph).await,
        is("unauthorized_client", 400, 700_016)
    );
    assert_eq!(ask(id.clone(), client.clone(), "", graph).await, is("invalid_client", 401, 7_000_218));
    let secret = "demo-secret-that-opens-nothing-real";
    assert_eq!(
        ask(id.clone(), client.clone(), secret, "https://graph.microsoft.com/User.Read").await,
        is("invalid_scope", 400, 1_002_012)
    );
    assert_eq!(ask(id, client, secret, "https://unknown.example/.default").await, is("invalid_resource", 400, 500_011));
}

#[tokio::test]
async fn users_are_paged_and_found_by_address() {
    let served = Served::demo().await;
    let token = served.token("https://graph.microsoft.com").await;
    let mut url = served.url("/v1.0/users?$select=id,userPrincipalName,assignedPlans&$top=25");
    let mut names = Vec::new();
    for _ in 0..10 {
        let page: Value =
            served.client.get(&url).bearer_auth(&token).send().await.expect("sent").json().await.expect("JSON");
        names.extend(
            page["value"].as_array().expect("a list").iter().map(|user| user["id"].as_str().expect("id").to_owned()),
        );
        match page["@odata.nextLink"].as_str() {
            Some(next) => url = next.to_owned(),
            None => break,
        }
    }
    assert!(names.len() > 60);
    names.sort();
    names.dedup();
    assert_eq!(names.len(), served.tenant.roster().count() - 2, "all but the two deleted ones");
    let (_, found) = served.graph("/users?$filter=proxyAddresses/any(p:p eq 'smtp:m.adler@contoso.example')").await;
    assert_eq!(found["value"][0]["userPrincipalName"], "mina.adler@contoso.example");
    let (_, two) = served.graph("/users?$filter=mail eq 'britta.sommer@contoso.example' or userPrincipalName eq 'britta.sommer@contoso.example'").await;
    assert_eq!(two["value"].as_array().map(Vec::len), Some(2));
    let (status, error) = served.graph("/users?$filter=userType ne 'Guest'").await;
    assert_eq!((status, error["error"]["code"].as_str()), (400, Some("Request_UnsupportedQuery")));
}

#[tokio::test]
async fn deleted_accounts_are_in_the_recycle_bin_only() {
    let served = Served::demo().await;
    let (_, bin) =
        served.graph("/directory/deletedItems/microsoft.graph.user?$select=id,userPrincipalName,deletedDateTime").await;
    let yves = bin["value"].as_array().and_then(|list| {
        list.iter().find(|user| {
            user["userPrincipalName"].as_str().is_some_and(|upn| upn.ends_with("yves.albrecht@contoso.example"))
        })
    });
    let yves = yves.expect("in the bin");
    assert_eq!(yves["deletedDateTime"], "2026-11-10T08:00:00Z");
    assert_eq!(yves["userPrincipalName"].as_str().map(|upn| upn.find("yves")), Some(Some(32)));
    let (status, _) = served.graph("/users/yves.albrecht@contoso.example").await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn mailboxes_refuse_by_cause() {
    let served = Served::demo().await;
    for (who, status, code) in [
        ("alma.reuter@contoso.example", 200, ""),
        ("mats.ziegler@contoso.example", 200, ""),
        ("ralf.thoma@contoso.example", 404, "MailboxNotEnabledForRESTAPI"),
        ("jutta.kramer@contoso.example", 404, "MailboxNotEnabledForRESTAPI"),
        ("discovery@contoso.example", 404, "MailboxNotSupportedForRESTAPI"),
        ("carlo.winter@contoso.example", 404, "ResourceNotFound"),
        ("nobody@contoso.example", 404, "ErrorInvalidUser"),
        ("fenja.berger@contoso.example", 403, "ErrorAccessDenied"),
        ("hedda.falk@contoso.example", 403, "ErrorAccessDenied"),
        ("xaver.olsen@contoso.example", 429, "ApplicationThrottled"),
        ("yara.imhof@contoso.example", 503, "ErrorMailboxMoveInProgress"),
    ] {
        let (found, body) = served.graph(&format!("/users('{who}')/mailboxSettings/userPurpose")).await;
        assert_eq!((found, body["error"]["code"].as_str().unwrap_or_default()), (status, code), "{who}: {body}");
    }
}

#[tokio::test]
async fn a_batch_answers_each_item_for_itself() {
    let served = Served::demo().await;
    let token = served.token("https://graph.microsoft.com").await;
    let items = json!([
        {"id": "a", "method": "GET", "url": "/users/alma.reuter@contoso.example/mailboxSettings/userPurpose"},
        {"id": "b", "method": "GET", "url": "/users/xaver.olsen@contoso.example/mailFolders/inbox?$select=id"},
        {"id": "c", "method": "GET", "url": "/users?$filter=proxyAddresses/any(p:p eq 'smtp:support@contoso.example')&$select=id"},
    ]);
    let post = |requests: Value| {
        served.client.post(served.url("/v1.0/$batch")).bearer_auth(&token).json(&json!({"requests": requests})).send()
    };
    let answer: Value = post(items).await.expect("sent").json().await.expect("JSON");
    let item = |id: &str| {
        answer["responses"]
            .as_array()
            .and_then(|list| list.iter().find(|item| item["id"] == id))
            .expect("answered")
            .clone()
    };
    assert_eq!((item("a")["status"].as_i64(), item("a")["body"]["value"].as_str()), (Some(200), Some("user")));
    assert_eq!((item("b")["status"].as_i64(), item("b")["headers"]["Retry-After"].as_str()), (Some(429), Some("1")));
    assert_eq!(item("c")["body"]["value"].as_array().map(Vec::len), Some(1));
    let same = json!({"id": "x", "method": "GET", "url": "/organization"});
    assert_eq!(post(json!([same, {"id": "X", "method": "GET", "url": "/domains"}])).await.expect("sent").status(), 400);
    assert_eq!(post(Value::Array(vec![same; 21])).await.expect("sent").status(), 400);
}

#[tokio::test]
async fn autodiscover_sends_each_address_where_it_belongs() {
    let served = Served::demo().await;
    let ask = |address: &str, protocol: &str| {
        let url = served.url(&format!("/Autodiscover/Autodiscover.json?Email={address}&Protocol={protocol}"));
        served.client.get(url).send()
    };
    let cloud: Value = ask("alma.reuter@contoso.example", "ews").await.expect("sent").json().await.expect("JSON");
    assert_eq!(cloud, json!({"Protocol": "ews", "Url": served.url("/EWS/Exchange.asmx")}));
    let away = ask("jutta.kramer@contoso.example", "EWS").await.expect("sent");
    assert_eq!(away.status(), 302);
    let location = away.headers()["location"].to_str().expect("text").to_owned();
    assert!(location.starts_with(&served.url("/onprem/mail.contoso-onprem.example/")), "{location}");
    let there: Value = served.client.get(location).send().await.expect("sent").json().await.expect("JSON");
    assert_eq!(there["Url"], "https://mail.contoso-onprem.example/EWS/Exchange.asmx");
    let circle = ask("nobody@contoso.example", "EWS").await.expect("sent");
    assert!(circle.headers()["location"].to_str().expect("text").ends_with("RedirectCount=1"));
    assert_eq!(ask("signe.dahl@northwind.example", "EWS").await.expect("sent").status(), 404);
    let wrong: Value = ask("alma.reuter@contoso.example", "Fax").await.expect("sent").json().await.expect("JSON");
    assert_eq!(wrong["ErrorCode"], "ProtocolNotSupported");
}

#[tokio::test]
async fn ews_opens_refuses_and_breaks_as_the_tenant_says() {
    let served = Served::demo().await;
    let opened = served.get_folder("alma.reuter@contoso.example").await;
    assert_eq!(opened.status(), 200);
    assert!(opened.text().await.expect("text").contains("<m:ResponseCode>NoError</m:ResponseCode>"));
    for (who, reason) in [
        ("nils.ebner@contoso.example", "EWS is disabled for this user or tenant"),
        ("hedda.falk@contoso.example", "EWS is blocked by policy for this user or tenant"),
    ] {
        let refused = served.get_folder(who).await;
        assert_eq!(refused.status(), 403);
        assert_eq!(refused.headers()["x-ews-policy-reason"], reason, "{who}");
    }
    for (who, code) in [
        ("nobody@contoso.example", "ErrorNonExistentMailbox"),
        ("goran.adler@contoso.example", "ErrorImpersonateUserDenied"),
        ("xaver.olsen@contoso.example", "ErrorServerBusy"),
    ] {
        let fault = served.get_folder(who).await;
        assert_eq!(fault.status(), 500);
        assert!(fault.text().await.expect("text").contains(code), "{who}");
    }
    let garbage = served.get_folder("wanda.jansen@contoso.example").await;
    assert_eq!(garbage.status(), 200);
}

#[tokio::test]
async fn an_application_off_the_list_is_refused_by_ews_and_not_by_graph() {
    let text = include_str!("../../samples/tenants/app-not-listed.toml");
    let served = Served::new(Tenant::from_toml("app-not-listed.toml", text).expect("valid"), Faults::default()).await;
    let refused = served.get_folder("anke.behrens@subsidiary.contoso.example").await;
    assert_eq!(refused.headers()["x-ews-policy-reason"], "EWS is blocked by policy for this user or tenant");
    let (status, _) = served.graph("/users/anke.behrens@subsidiary.contoso.example/mailFolders/inbox?$select=id").await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn the_application_list_is_hidden_unless_asked_for() {
    let served = Served::demo().await;
    let hidden = served.admin("Get-OrganizationConfig", json!({})).await;
    assert_eq!(
        (&hidden["value"][0]["EwsAllowedAppIDs"], &hidden["value"][0]["EwsEnabled"]),
        (&Value::Null, &json!(true))
    );
    let shown = served.admin("Get-OrganizationConfig", json!({"RetrieveEwsOperationAccessPolicy": true})).await;
    let list = shown["value"][0]["EwsAllowedAppIDs"].as_str().expect("a joined string");
    assert!(list.split(',').any(|app| app == served.tenant.application().client_id));
}

#[tokio::test]
async fn mailboxes_are_paged_by_posting_to_the_link() {
    let served = Served::new(Tenant::generated(3_000, 5), Faults::default()).await;
    let token = served.token("https://outlook.office365.com").await;
    let body = json!({"CmdletInput": {"CmdletName": "Get-CASMailbox", "Parameters": {"ResultSize": "Unlimited"}}});
    let mut url = served.url(&format!(
        "/adminapi/beta/{}/InvokeCommand?$select=ExternalDirectoryObjectId,EwsEnabled",
        served.tenant.application().tenant_id
    ));
    let (mut seen, mut pages) = (0, 0);
    loop {
        let request = served
            .client
            .post(&url)
            .bearer_auth(&token)
            .header("X-AnchorMailbox", "UPN:x")
            .header("Prefer", "odata.maxpagesize=1000");
        let page: Value = request.json(&body).send().await.expect("sent").json().await.expect("JSON");
        let values = page["value"].as_array().expect("a list");
        assert_eq!(values[0].as_object().map(serde_json::Map::len), Some(2));
        (seen, pages) = (seen + values.len(), pages + 1);
        match page["@odata.nextLink"].as_str() {
            Some(next) => url = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(pages, 3);
    let cut = served.admin("Get-CASMailbox", json!({})).await;
    assert!(cut["@odata.nextLink"].is_string(), "the first 100 of at most 1000");
    let counted = served.admin("Get-Mailbox", json!({"ResultSize": 5})).await;
    assert_eq!(
        (counted["value"].as_array().map(Vec::len), counted["@adminapi.warnings"].as_array().map(Vec::len)),
        (Some(5), Some(1))
    );
    assert!(seen > 2_300, "{seen}");
}

#[tokio::test]
async fn finished_questions_are_counted_by_mailbox() {
    let served = Served::demo().await;
    served.get_folder("alma.reuter@contoso.example").await;
    served.get_folder("alma.reuter@contoso.example").await;
    served.get_folder("xaver.olsen@contoso.example").await;
    let counters = served.counters().await;
    assert_eq!(counters["finished"]["ews"], json!({"alma.reuter@contoso.example": 2}));
    assert_eq!(counters["requests"]["ews"], 3);
    served.graph("/users?$filter=proxyAddresses/any(p:p eq 'smtp:mina@contoso.example')").await;
    assert_eq!(served.counters().await["finished"]["graph.users.find"], json!({"mina@contoso.example": 1}));
    let unknown = served.client.get(served.url("/v1.1/nothing?x=1")).send().await.expect("sent");
    assert_eq!(unknown.status(), 404);
    assert_eq!(served.counters().await["unknown_paths"], json!({"GET /v1.1/nothing?x=1": 1}));
}

#[tokio::test]
async fn every_address_of_the_sample_roster_is_one_the_demo_tenant_was_made_for() {
    let served = Served::demo().await;
    let mut csv = csv::Reader::from_reader(include_str!("../../samples/roster.csv").as_bytes());
    let (mut lines, mut unknown) = (0, Vec::new());
    for record in csv.records() {
        let record = record.expect("readable");
        lines += 1;
        let address = record[1].to_lowercase();
        let (_, found) =
            served.graph(&format!("/users?$filter=proxyAddresses/any(p:p eq 'smtp:{address}')&$select=id")).await;
        if found["value"].as_array().is_none_or(Vec::is_empty) {
            unknown.push(address);
        }
    }
    assert!(lines >= 60);
    let strangers = [
        "yves.albrecht@contoso.example",
        "theo.brenner@contoso.example",
        "signe.dahl@northwind.example",
        "carsten.uhl(at)contoso.example",
    ];
    assert_eq!(unknown, strangers);
}
