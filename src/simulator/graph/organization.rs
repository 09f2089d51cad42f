//! The tenant itself: organization, domains, products, Message Center.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::error::no_object;
use super::query::{Query, select};
use crate::simulator::call::{Answer, Call, json as reply};
use crate::simulator::server::State;
use crate::simulator::tenant::{Domain, Notice, Subscription};

fn listing(call: &Call, context: &str, values: impl Iterator<Item = Value>) -> Answer {
    let context = format!("{}/v1.0/$metadata#{context}", call.origin);
    let values: Vec<Value> = values.map(|value| select(call, value)).collect();
    reply(StatusCode::OK, &json!({"@odata.context": context, "value": values}))
}

fn organization(state: &State, details: bool) -> Value {
    let tenant = &state.tenant;
    let verified = tenant.domains.iter().map(|domain| {
        json!({"name": domain.name, "type": if domain.federated { "Federated" } else { "Managed" }, "isDefault": domain.default,
            "isInitial": domain.initial, "capabilities": if domain.email { "Email, OfficeCommunicationsOnline" } else { "None" }})
    });
    let plans = tenant.subscriptions.iter().flat_map(|subscription| {
        subscription.product.plans.iter().map(|plan| {
            json!({"assignedDateTime": state.days_ago(900).to_string(), "capabilityStatus": subscription.capability.word(),
                "service": plan.service, "servicePlanId": plan.id.to_string()})
        })
    });
    if !details {
        return json!({"id": tenant.id.to_string(), "displayName": tenant.name, "verifiedDomains": verified.collect::<Vec<_>>()});
    }
    json!({
        "id": tenant.id.to_string(),
        "displayName": tenant.name,
        "countryLetterCode": tenant.country,
        "createdDateTime": state.days_ago(2900).to_string(),
        "onPremisesSyncEnabled": tenant.synchronized,
        "tenantType": "AAD",
        "verifiedDomains": verified.collect::<Vec<_>>(),
        "assignedPlans": plans.collect::<Vec<_>>(),
        "provisionedPlans": [],
        "businessPhones": [],
        "technicalNotificationMails": [],
    })
}

/// `GET /organization`
pub(super) fn list(state: &State, call: &Call, details: bool) -> Answer {
    listing(call, "organization", std::iter::once(organization(state, details)))
}

/// `GET /organization/{id}`
pub(super) fn get(state: &State, call: &Call, key: &str, details: bool) -> Answer {
    if key.eq_ignore_ascii_case(&state.tenant.id.to_string()) {
        reply(StatusCode::OK, &select(call, organization(state, details)))
    } else {
        no_object(state, call, key)
    }
}

fn domain_json(domain: &Domain) -> Value {
    let services: &[&str] = if domain.email { &["Email", "OfficeCommunicationsOnline"] } else { &[] };
    json!({
        "id": domain.name,
        "authenticationType": if domain.federated { "Federated" } else { "Managed" },
        "availabilityStatus": null,
        "isAdminManaged": true,
        "isDefault": domain.default,
        "isInitial": domain.initial,
        "isRoot": true,
        "isVerified": true,
        "supportedServices": services,
        "passwordValidityPeriodInDays": 2_147_483_647,
        "passwordNotificationWindowInDays": 14,
        "state": null,
    })
}

/// `GET /domains`
pub(super) fn domains(state: &State, call: &Call) -> Answer {
    listing(call, "domains", state.tenant.domains.iter().map(domain_json))
}

fn find<'a>(state: &'a State, name: &str) -> Option<&'a Domain> {
    state.tenant.domains.iter().find(|domain| domain.name.eq_ignore_ascii_case(name))
}

/// `GET /domains/{name}`
pub(super) fn domain(state: &State, call: &Call, name: &str) -> Answer {
    match find(state, name) {
        Some(domain) => reply(StatusCode::OK, &select(call, domain_json(domain))),
        None => no_object(state, call, name),
    }
}

/// `GET /domains/{name}/serviceConfigurationRecords`: the records that Microsoft expects in DNS.
pub(super) fn dns_records(state: &State, call: &Call, name: &str) -> Answer {
    let Some(domain) = find(state, name) else { return no_object(state, call, name) };
    let record = |kind: &str, label: &str, field: &str, value: &str| {
        json!({"@odata.type": format!("#microsoft.graph.domainDns{kind}Record"), "id": uuid::Uuid::new_v5(&state.tenant.id, label.as_bytes()).to_string(),
            "isOptional": false, "label": label, "recordType": kind, "supportedService": "Email", "ttl": 3600, field: value})
    };
    let mx = format!("{}.mail.protection.outlook.com", domain.name.replace('.', "-"));
    let records = [
        record("Mx", &domain.name, "mailExchange", &mx),
        record("Cname", &format!("autodiscover.{}", domain.name), "canonicalName", "autodiscover.outlook.com"),
        record("Txt", &domain.name, "text", "v=spf1 include:spf.protection.outlook.com -all"),
    ];
    listing(call, &format!("domains('{}')/serviceConfigurationRecords", domain.name), records.into_iter())
}

fn sku(state: &State, subscription: &Subscription) -> Value {
    let product = &subscription.product;
    let (enabled, suspended, warning, locked) = match subscription.capability.word() {
        "Suspended" => (0, subscription.seats, 0, 0),
        "Warning" => (0, 0, subscription.seats, 0),
        "LockedOut" => (0, 0, 0, subscription.seats),
        _ => (subscription.seats, 0, 0, 0),
    };
    let plans = product.plans.iter().map(|plan| {
        json!({"servicePlanId": plan.id.to_string(), "servicePlanName": plan.name, "provisioningStatus": "Success", "appliesTo": plan.applies_to()})
    });
    json!({
        "id": format!("{}_{}", state.tenant.id, product.id),
        "accountId": state.tenant.id.to_string(),
        "accountName": state.tenant.initial_domain().split('.').next().unwrap_or_default(),
        "appliesTo": "User",
        "capabilityStatus": subscription.capability.word(),
        "consumedUnits": state.tenant.consumed_units(product.id),
        "prepaidUnits": {"enabled": enabled, "suspended": suspended, "warning": warning, "lockedOut": locked},
        "skuId": product.id.to_string(),
        "skuPartNumber": product.part_number,
        "subscriptionIds": [uuid::Uuid::new_v5(&state.tenant.id, product.id.as_bytes()).to_string()],
        "servicePlans": plans.collect::<Vec<_>>(),
    })
}

/// `GET /subscribedSkus`
pub(super) fn skus(state: &State, call: &Call) -> Answer {
    listing(call, "subscribedSkus", state.tenant.subscriptions.iter().map(|subscription| sku(state, subscription)))
}

fn message(state: &State, notice: &Notice) -> Value {
    let at = state.days_ago(notice.days_ago).to_string();
    json!({
        "id": notice.id,
        "title": notice.title,
        "startDateTime": at,
        "endDateTime": state.days_ago(0).to_string(),
        "lastModifiedDateTime": at,
        "category": "planForChange",
        "severity": "high",
        "services": ["Exchange Online"],
        "tags": ["Retirement"],
        "isMajorChange": true,
        "actionRequiredByDateTime": null,
        "hasAttachments": false,
        "details": [],
        "attachmentsArchive": null,
        "viewPoint": null,
        "body": {"contentType": "html", "content": notice.body},
    })
}

/// `GET /admin/serviceAnnouncement/messages`
pub(super) fn messages(state: &State, call: &Call) -> Answer {
    let query = match Query::read(state, call, 100, 1000) {
        Ok(query) => query,
        Err(refused) => return *refused,
    };
    let all = state.tenant.notices.iter().map(|notice| message(state, notice));
    let kept =
        all.filter(|value| query.filter.as_ref().is_none_or(|filter| filter.accepts(&|name| value.get(name).cloned())));
    let kept: Vec<Value> = kept.skip(query.from as usize).map(|value| select(call, value)).collect();
    let next = (kept.len() > query.top).then(|| query.from + u32::try_from(query.top).unwrap_or(0));
    query.page(
        state,
        call,
        "admin/serviceAnnouncement/messages",
        kept.into_iter().take(query.top).collect(),
        next,
        None,
    )
}
