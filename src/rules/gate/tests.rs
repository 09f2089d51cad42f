use crate::evidence::Observation;
use crate::rules::testing::{Owned, unknown};

use super::*;

fn own_gate(change: impl FnOnce(&mut Owned)) -> Gate {
    let mut case = Owned::ada();
    change(&mut case);
    gate(&case.case(), own(&case.case()))
}

#[test]
fn what_is_certainly_closed_is_named_whatever_stayed_open() {
    assert_eq!(own_gate(|_| {}), Ok(Vec::new()));
    let all = own_gate(|case| {
        case.organization().ews_enabled = Some(false);
        case.cas().ews_enabled = Some(false);
    });
    assert_eq!(all, Ok(vec![Closed::OrganizationSwitch, Closed::MailboxSwitch]));
    let mailbox = own_gate(|case| {
        case.cas().ews_enabled = Some(false);
        case.tenant.organization = unknown();
    });
    assert_eq!(mailbox, Ok(vec![Closed::MailboxSwitch]));
}

#[test]
fn what_is_not_known_is_not_open() {
    for change in [
        |case: &mut Owned| case.tenant.organization = unknown(),
        |case: &mut Owned| case.tenant.organization = Observation::NotAsked,
        |case: &mut Owned| case.evidence.cas = unknown(),
        |case: &mut Owned| case.evidence.cas = Observation::NotAsked,
        |case: &mut Owned| case.options.cloud = "mars".to_owned(),
        |case: &mut Owned| case.options.as_of = jiff::civil::date(2020, 1, 1),
        |case: &mut Owned| case.options.own_app_id = None,
        |case: &mut Owned| case.organization().app_list = AppList::Hidden,
    ] {
        assert!(own_gate(change).is_err());
    }
}

#[test]
fn a_false_switch_closes_although_the_mailbox_is_not_known() {
    let closed = own_gate(|case| {
        case.organization().ews_enabled = Some(false);
        case.evidence.cas = unknown();
    });
    assert_eq!(closed, Ok(vec![Closed::OrganizationSwitch]));
}
