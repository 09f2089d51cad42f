//! `/users`, `/users/{id}`, `/directory/deletedItems`: accounts, live and deleted.

use axum::http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::error::{error, no_object};
use super::filter::Filter;
use super::query::Query;
use super::user;
use crate::simulator::call::{Answer, Call, answer, json as reply};
use crate::simulator::server::State;
use crate::simulator::tenant::Person;

/// `GET /users`: 100 a page by default, 999 at most.
pub(super) fn list(state: &State, call: &Call) -> Answer {
    collection(state, call, "users", false)
}

/// The addresses and ids that a filter looks for.
pub(super) fn addresses_asked(call: &Call) -> Vec<String> {
    call.query("$filter").and_then(|text| Filter::parse(text).ok()).and_then(|filter| filter.keys()).unwrap_or_default()
}

/// `GET /directory/deletedItems/microsoft.graph.user`
pub(super) fn deleted(state: &State, call: &Call) -> Answer {
    collection(state, call, "directoryObjects/microsoft.graph.user", true)
}

fn collection(state: &State, call: &Call, context: &str, deleted: bool) -> Answer {
    let query = match Query::read(state, call, 100, 999) {
        Ok(query) => query,
        Err(refused) => return *refused,
    };
    let people = &state.tenant.people;
    let slots = people.slots();
    // An address or id in the filter leads straight to the accounts; anything else means looking at all of them.
    let keys = query.filter.as_ref().and_then(Filter::keys);
    let candidates: Box<dyn Iterator<Item = u32>> = match keys {
        None => Box::new(query.from..slots),
        Some(keys) => {
            let mut found: Vec<u32> =
                keys.iter().flat_map(|key| find(state, key)).filter(|index| *index >= query.from).collect();
            found.sort_unstable();
            found.dedup();
            Box::new(found.into_iter())
        }
    };
    let accepted = |person: &Person| {
        query.filter.as_ref().is_none_or(|filter| filter.accepts(&|name| user::property(state, person, name)))
    };
    let mut values = Vec::with_capacity(query.top.min(slots as usize));
    let mut next = None;
    for index in candidates.filter(|index| people.is_deleted(*index) == deleted) {
        let Some(person) = people.at(index).filter(|person| accepted(person)) else { continue };
        if values.len() == query.top {
            next = Some(index);
            break;
        }
        match user::json_of(state, &person, query.select.as_deref()) {
            Ok(value) => values.push(value),
            Err(name) => return no_property(state, call, &name),
        }
    }
    let total = query.count.then(|| match &query.filter {
        None => state.tenant.live_accounts(),
        Some(_) => (0..slots)
            .filter(|index| people.is_deleted(*index) == deleted)
            .filter_map(|index| people.at(index))
            .filter(|person| accepted(person))
            .count() as u64,
    });
    query.page(state, call, context, values, next, total)
}

fn find(state: &State, key: &str) -> Vec<u32> {
    match Uuid::parse_str(key) {
        Ok(id) => state.tenant.people.by_id(id).into_iter().collect(),
        Err(_) => state.tenant.people.by_address(key),
    }
}

fn no_property(state: &State, call: &Call, name: &str) -> Answer {
    let message = format!("Could not find a property named '{name}' on type 'microsoft.graph.user'.");
    error(state, call, 400, "Request_BadRequest", &message)
}

/// `GET /users/$count`
pub(super) fn count(state: &State, call: &Call) -> Answer {
    match call.header("consistencylevel") {
        Some(level) if level.eq_ignore_ascii_case("eventual") => {
            answer(StatusCode::OK, "text/plain", state.tenant.live_accounts().to_string())
        }
        _ => error(
            state,
            call,
            400,
            "Request_UnsupportedQuery",
            "$count is not supported without the header ConsistencyLevel: eventual.",
        ),
    }
}

/// The live account of an object id or UPN. Other addresses do not name an account in a path.
pub(super) fn by_key(state: &State, key: &str) -> Option<Person> {
    let found = find(state, key).into_iter().filter_map(|index| state.tenant.people.at(index));
    found
        .filter(|person| !person.is_deleted())
        .find(|person| person.id.to_string().eq_ignore_ascii_case(key) || person.upn.eq_ignore_ascii_case(key))
        .map(std::borrow::Cow::into_owned)
}

/// `GET /users/{id | userPrincipalName}`
pub(super) fn get(state: &State, call: &Call, key: &str) -> Answer {
    let Some(person) = by_key(state, key) else { return no_object(state, call, key) };
    entity(state, call, &person, "users")
}

/// `GET /directory/deletedItems/{id}`
pub(super) fn get_deleted(state: &State, call: &Call, key: &str) -> Answer {
    let found = find(state, key)
        .into_iter()
        .filter_map(|index| state.tenant.people.at(index))
        .find(|person| person.is_deleted());
    match found {
        Some(person) => entity(state, call, &person, "directoryObjects"),
        None => no_object(state, call, key),
    }
}

fn entity(state: &State, call: &Call, person: &Person, set: &str) -> Answer {
    let select: Option<Vec<String>> =
        call.query("$select").map(|list| list.split(',').map(|name| name.trim().to_owned()).collect());
    // `mailboxSettings` can be selected on one user only.
    let (with_settings, names) = match &select {
        Some(names) => (
            names.iter().any(|name| name == "mailboxSettings"),
            Some(names.iter().filter(|name| *name != "mailboxSettings").cloned().collect::<Vec<_>>()),
        ),
        None => (false, None),
    };
    match user::json_of(state, person, names.as_deref()) {
        Err(name) => no_property(state, call, &name),
        Ok(mut value) => {
            if let Value::Object(object) = &mut value {
                object.insert(
                    "@odata.context".to_owned(),
                    json!(format!("{}/v1.0/$metadata#{set}/$entity", call.origin)),
                );
                if with_settings && person.in_cloud() {
                    object.insert("mailboxSettings".to_owned(), super::mailbox::settings(person));
                }
            }
            reply(StatusCode::OK, &value)
        }
    }
}

/// `GET /users/{id}/licenseDetails`
pub(super) fn licence_details(state: &State, call: &Call, key: &str) -> Answer {
    let Some(person) = by_key(state, key) else { return no_object(state, call, key) };
    let context = format!("{}/v1.0/$metadata#users('{}')/licenseDetails", call.origin, person.id);
    reply(StatusCode::OK, &json!({"@odata.context": context, "value": user::licence_details(&person)}))
}
