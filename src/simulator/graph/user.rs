//! A user as JSON, property by property (Microsoft Graph: user).

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::simulator::server::State;
use crate::simulator::tenant::{Licence, Person};

/// What comes without `$select`.
const DEFAULT: [&str; 11] = [
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "id",
];

/// Properties that exist and that nobody here fills.
const EMPTY: [&str; 16] = [
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "ageGroup",
    "city",
    "companyName",
    "country",
    "employeeId",
    "employeeType",
    "faxNumber",
    "postalCode",
    "state",
    "streetAddress",
    "externalUserStateChangeDateTime",
    "onPremisesLastSyncDateTime",
    "preferredDataLocation",
];

/// The properties asked for, or the name of one that does not exist.
pub(super) fn json_of(state: &State, person: &Person, select: Option<&[String]>) -> Result<Value, String> {
    let mut object = Map::new();
    match select {
        None => {
            for name in DEFAULT {
                object.insert(name.to_owned(), property(state, person, name).unwrap_or(Value::Null));
            }
        }
        Some(names) => {
            for name in names {
                let value = property(state, person, name).ok_or_else(|| name.clone())?;
                object.insert(name.clone(), value);
            }
        }
    }
    Ok(Value::Object(object))
}

/// One property; `None`: a user has no such property.
pub(super) fn property(state: &State, person: &Person, name: &str) -> Option<Value> {
    let time = |days: u32| json!(state.days_ago(days).to_string());
    Some(match name {
        "id" => json!(person.id.to_string()),
        "userPrincipalName" => json!(upn(person)),
        "displayName" => json!(person.display_name),
        "givenName" => json!(person.given_name),
        "surname" => json!(person.surname),
        "mail" => json!(person.mail),
        "mailNickname" => json!(person.upn.split(['@', '#']).next().unwrap_or_default()),
        "jobTitle" => json!(person.title),
        "department" => json!(person.department),
        "usageLocation" => json!(person.country),
        "accountEnabled" => json!(person.enabled),
        "userType" => json!(if person.guest { "Guest" } else { "Member" }),
        "creationType" => json!(person.guest.then_some("Invitation")),
        "externalUserState" => json!(person.guest.then_some("Accepted")),
        "createdDateTime" => time(person.created_days_ago),
        "deletedDateTime" => person.deleted_days_ago.map_or(Value::Null, time),
        "onPremisesSyncEnabled" => json!(person.synchronized),
        "onPremisesImmutableId" => json!(person.synchronized.map(|_| immutable_id(person.id))),
        "onPremisesExtensionAttributes" => extension_attributes(),
        "showInAddressList" => Value::Null,
        "proxyAddresses" => json!(proxy_addresses(person)),
        "businessPhones" | "otherMails" | "imAddresses" => json!([]),
        "assignedLicenses" => json!(
            person.licences.iter().filter(|licence| licence.in_effect()).map(assigned_licence).collect::<Vec<_>>()
        ),
        "assignedPlans" => json!(assigned_plans(person, &state.days_ago(person.created_days_ago).to_string())),
        "provisionedPlans" => json!(provisioned_plans(person)),
        "licenseAssignmentStates" => json!(
            person
                .licences
                .iter()
                .map(|licence| assignment(licence, &state.days_ago(person.created_days_ago).to_string()))
                .collect::<Vec<_>>()
        ),
        _ if EMPTY.contains(&name) => Value::Null,
        _ => return None,
    })
}

/// A deleted account's name carries its object id in front (field knowledge about `directory/deletedItems`).
pub(super) fn upn(person: &Person) -> String {
    if person.is_deleted() { format!("{}{}", person.id.simple(), person.upn) } else { person.upn.clone() }
}

fn immutable_id(id: Uuid) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(id.as_bytes())
}

fn extension_attributes() -> Value {
    Value::Object((1..=15).map(|number| (format!("extensionAttribute{number}"), Value::Null)).collect())
}

fn proxy_addresses(person: &Person) -> Vec<String> {
    let primary = person.primary.iter().map(|address| format!("SMTP:{address}"));
    primary.chain(person.aliases.iter().map(|address| format!("smtp:{address}"))).collect()
}

fn assigned_licence(licence: &Licence) -> Value {
    json!({"skuId": licence.product.id.to_string(), "disabledPlans": strings(&licence.off)})
}

fn strings(ids: &[Uuid]) -> Vec<String> {
    ids.iter().map(Uuid::to_string).collect()
}

/// The plans of every assignment in effect. A plan that was switched off stays as a `Deleted` entry.
fn assigned_plans(person: &Person, at: &str) -> Vec<Value> {
    let mut plans = Vec::new();
    for licence in person.licences.iter().filter(|licence| licence.in_effect()) {
        for plan in
            licence.product.plans.iter().filter(|plan| plan.applies_to() == "User" || plan.service == "exchange")
        {
            let status = if licence.off.contains(&plan.id) { "Deleted" } else { licence.capability.word() };
            plans.push(json!({"assignedDateTime": at, "capabilityStatus": status, "service": plan.service, "servicePlanId": plan.id.to_string()}));
        }
    }
    plans
}

fn provisioned_plans(person: &Person) -> Vec<Value> {
    let mut seen = BTreeSet::new();
    let mut plans = Vec::new();
    for licence in &person.licences {
        for plan in licence.plans() {
            if seen.insert(&plan.service) {
                plans.push(json!({"capabilityStatus": licence.capability.word(),
                    "provisioningStatus": licence.provisioning.word(), "service": plan.service}));
            }
        }
    }
    plans
}

fn assignment(licence: &Licence, at: &str) -> Value {
    json!({
        "skuId": licence.product.id.to_string(),
        "disabledPlans": strings(&licence.off),
        "assignedByGroup": licence.group.map(|group| group.to_string()),
        "state": licence.state.word(),
        "error": licence.error.as_deref().unwrap_or("None"),
        "lastUpdatedDateTime": at,
    })
}

/// `licenseDetails` of a user: per product, what each plan's provisioning came to.
pub(super) fn licence_details(person: &Person) -> Vec<Value> {
    let effective = person.licences.iter().filter(|licence| licence.in_effect());
    let details = effective.map(|licence| {
        let plans = licence.product.plans.iter().map(|plan| {
            let status = if licence.off.contains(&plan.id) { "Disabled" } else { licence.provisioning.word() };
            json!({"servicePlanId": plan.id.to_string(), "servicePlanName": plan.name,
                "provisioningStatus": status, "appliesTo": plan.applies_to()})
        });
        json!({
            "id": immutable_id(Uuid::new_v5(&person.id, licence.product.id.as_bytes())),
            "skuId": licence.product.id.to_string(),
            "skuPartNumber": licence.product.part_number,
            "servicePlans": plans.collect::<Vec<_>>(),
        })
    });
    details.collect()
}
