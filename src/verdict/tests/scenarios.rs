//! The people of a tenant, and what has to come out for each. The expectations are the client's, not the code's.

use jiff::SignedDuration;

use super::*;
use crate::evidence::mailbox::*;
use crate::evidence::tenant::SkuPlan;
use crate::evidence::{MailboxEvidence, Observation};
use crate::rules::KioskPolicy;
use crate::rules::testing::*;
use crate::verdict::Verdict::{Blocked, MoveToGraphEac, NeedsLicenseUpgrade, NotAssessed};

mod what;
mod who;

type Scenario = (&'static str, fn(&mut Owned), Verdict, &'static str);

fn failed() -> Assignment {
    Assignment {
        sku: sku("ENTERPRISEPACK"),
        group: Some("Sales licences".to_owned()),
        state: "Error".to_owned(),
        error: Some("CountViolation".to_owned()),
        disabled_plans: Vec::new(),
    }
}

fn unlisted() -> SkuPlan {
    SkuPlan {
        id: uuid::Uuid::from_u128(7),
        name: "EXCHANGE_S_NEXT".to_owned(),
        provisioning: "Success".to_owned(),
        applies_to: "User".to_owned(),
    }
}

fn deleted() -> DeletedAccount {
    DeletedAccount {
        id: "00000000-0000-4000-8000-0000000000de".to_owned(),
        user_principal_name: "ada@contoso.example".to_owned(),
        deleted: Some("2026-11-10T09:00:00Z".parse().unwrap()),
    }
}

fn only_directory(found: DirectoryMatch) -> MailboxEvidence {
    MailboxEvidence { directory: known(found), ..MailboxEvidence::default() }
}

#[test]
fn everybody_is_judged_as_the_client_expects() {
    let mut told = Vec::new();
    for (name, change, verdict, reason) in what::ALL.iter().chain(who::ALL) {
        let mut case = Owned::ada();
        change(&mut case);
        let judgement = judge(&case.case());
        assert_eq!((judgement.verdict, judgement.reason), (*verdict, *reason), "{name}: {}", judgement.cause);
        assert_readable(&judgement);
        told.push(format!(
            "# {name}\n{} | {} | {}\n  cause: {}\n  stops: {}\n  next: {}\n  else: {}",
            verdict.id(),
            reason,
            judgement.urgency.id(),
            judgement.cause,
            judgement.what_stops,
            judgement.next_action,
            judgement.alternative
        ));
    }
    insta::assert_snapshot!("scenarios", told.join("\n\n"));
}
