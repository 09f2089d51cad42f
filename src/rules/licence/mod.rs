//! What the licences give.

pub mod state;

mod advice;

use super::case::KioskPolicy;
use super::identity::about_account;
use super::reading::{Kind, Place, Reading, Settled};
use super::rule::{Effect, Outcome, Params, Question, Rule, RuleTexts};
use super::sources::{
    CONCURRENT, FRONTLINE, GROUP_LICENCES, KIOSK_CANCELLED, PLAN_STATES, PLANS, SALESFORCE_GRAPH, SALESFORCE_LICENCES,
};
use super::states::{LicenceState, Verdict};

use advice::{about_product, product_names};

pub use advice::{product_name, upgrade};

const UPGRADES: Effect = Effect::Decides(Verdict::NeedsLicenseUpgrade);
const ASKS: &[Question] = &[
    Question::Directory,
    Question::Graph,
    Question::Routing,
    Question::Recipient,
    Question::Licence,
    Question::Products,
];
const FACTS: &str = "exchange-plans.csv";

/// No plan with a mailbox.
pub static NONE: Rule = Rule {
    id: "licence/none",
    question: "Does no licence of the account carry a mailbox plan?",
    effect: UPGRADES,
    asks: ASKS,
    facts: FACTS,
    sources: &[PLANS, CONCURRENT],
    texts: RuleTexts {
        says: "No licence of the account carries an Exchange mailbox plan ({products}).{about}",
        stops: "{stops}",
        next: "{Upgrade}.{caution}",
        alternative: "",
    },
    check: |reading| weak(reading, LicenceState::None),
};

/// The mailbox plan is switched off in its product.
pub static PLAN_OFF: Rule = Rule {
    id: "licence/plan-off",
    question: "Is the mailbox plan switched off within its product?",
    effect: UPGRADES,
    asks: ASKS,
    facts: FACTS,
    sources: &[PLANS, GROUP_LICENCES],
    texts: RuleTexts {
        says: "The account has {product}, but its Exchange mailbox plan is switched off{by_group}.{about}",
        stops: "{stops}",
        next: "Switch the Exchange plan on within {product}{by_group} (admin center: Licences and apps); no purchase is needed.{caution}",
        alternative: "",
    },
    check: |reading| weak(reading, LicenceState::PlanOff),
};

/// The subscription is suspended.
pub static SUSPENDED: Rule = Rule {
    id: "licence/suspended",
    question: "Is the subscription behind the mailbox plan suspended?",
    effect: UPGRADES,
    asks: ASKS,
    facts: "licensing.toml",
    sources: &[PLAN_STATES],
    texts: RuleTexts {
        says: "The mailbox plan of {product} is suspended or locked out: the subscription has expired or was cancelled, its data is still kept.",
        stops: "The mailbox itself is out of use until the subscription is renewed, and is deleted when Microsoft's term for it runs out.",
        next: "Have the billing administrator renew {product} at once; else {upgrade}.",
        alternative: "",
    },
    check: |reading| weak(reading, LicenceState::Suspended),
};

/// The assignment failed.
pub static ERROR: Rule = Rule {
    id: "licence/error",
    question: "Did the assignment of the licence fail?",
    effect: UPGRADES,
    asks: ASKS,
    facts: "licensing.toml",
    sources: &[GROUP_LICENCES, PLAN_STATES],
    texts: RuleTexts {
        says: "The assignment of {product}{by_group} is in error: {error}.",
        stops: "{stops}",
        next: "{remedy} If a group assigns several products, check the others too: none of them is assigned while one fails.",
        alternative: "",
    },
    check: |reading| weak(reading, LicenceState::Error),
};

/// Microsoft 365 F1: a mailbox its user may not use.
pub static F1: Rule = Rule {
    id: "licence/f1-no-mailbox-right",
    question: "Is the only mailbox plan that of Microsoft 365 F1, which gives no right to the mailbox?",
    effect: UPGRADES,
    asks: ASKS,
    facts: "upgrades.csv",
    sources: &[FRONTLINE, SALESFORCE_LICENCES],
    texts: RuleTexts {
        says: "The only mailbox plan is that of {product}: a mailbox is made for the Teams calendar, but its user has no right to use it, over any protocol.",
        stops: "{stops}",
        next: "{Upgrade}.",
        alternative: "",
    },
    check: |reading| weak(reading, LicenceState::F1NoMailboxRight),
};

/// Only a kiosk plan.
pub static KIOSK: Rule = Rule {
    id: "licence/kiosk",
    question: "Is the only mailbox plan a kiosk plan, without the EWS right that the integration's vendor asks for?",
    effect: UPGRADES,
    asks: ASKS,
    facts: FACTS,
    sources: &[SALESFORCE_LICENCES, KIOSK_CANCELLED, CONCURRENT],
    texts: RuleTexts {
        says: "The only mailbox plan is the kiosk plan of {product}.{about} It carries no EWS right, which Salesforce asks for; Microsoft does not enforce that (cancelled on 22 September 2026).",
        stops: "{stops}",
        next: "Either {upgrade}, or move the user to Einstein Activity Capture.",
        alternative: "Graph answers: can move to EAC without an upgrade",
    },
    check: |reading| match kiosk(reading) {
        Outcome::Says(_) if reading.case.options.kiosk == KioskPolicy::Graph => Outcome::Silent,
        other => other,
    },
};

/// Only a kiosk plan, and the profile is content with Graph.
pub static KIOSK_ACCEPTED: Rule = Rule {
    id: "licence/kiosk-accepted",
    question: "Is the only mailbox plan a kiosk plan, and does the profile accept that?",
    effect: Effect::Notes,
    asks: ASKS,
    facts: FACTS,
    sources: &[SALESFORCE_LICENCES, SALESFORCE_GRAPH, KIOSK_CANCELLED],
    texts: RuleTexts {
        says: "The only mailbox plan is the kiosk plan of {product}; the profile moves such users over Graph without an upgrade (kiosk = \"graph\").{about}",
        stops: "",
        next: "Move the first of these users as a trial: Microsoft does not say in so many words that Graph serves kiosk mailboxes, and their size is limited to 2 GB.",
        alternative: "",
    },
    check: |reading| match kiosk(reading) {
        Outcome::Says(params) if reading.case.options.kiosk == KioskPolicy::Graph => Outcome::Says(params),
        _ => Outcome::Silent,
    },
};

/// Assigned, not provisioned yet.
pub static PENDING: Rule = Rule {
    id: "licence/pending",
    question: "Is the mailbox plan still being provisioned?",
    effect: Effect::Decides(Verdict::NotAssessed),
    asks: ASKS,
    facts: "licensing.toml",
    sources: &[
        "https://github.com/microsoftgraph/microsoft-graph-docs-contrib/blob/main/api-reference/v1.0/resources/serviceplaninfo.md",
    ],
    texts: RuleTexts {
        says: "The mailbox plan of {product} is assigned and still being provisioned; Graph finds no mailbox yet.",
        stops: "{stops}",
        next: "Assess again after 24 hours; if it still stands so then, open a support case.",
        alternative: "",
    },
    check: |reading| {
        about_account(reading, |_| {
            if !reading.licence.open.is_empty() {
                return unless_resource(reading, || Outcome::Unknown(reading.licence.open.clone()));
            }
            match &reading.graph {
                _ if reading.licence.state != LicenceState::Pending => Outcome::Silent,
                Err(open) => Outcome::Unknown(open.clone()),
                Ok(_) if reading.graph_finds_none() => Outcome::Says(params(reading)),
                Ok(_) => Outcome::Silent,
            }
        })
    },
};

/// A licence counts, with a warning.
pub static WARNED: Rule = Rule {
    id: "licence/warning",
    question: "Does a licence count only with a warning?",
    effect: Effect::Notes,
    asks: &[Question::Directory, Question::Products],
    facts: "licensing.toml",
    sources: &[PLAN_STATES, GROUP_LICENCES],
    texts: RuleTexts {
        says: "The mailbox plan counts, but with a warning: {warned} is in the grace period after its expiry, or its assignment has an error.",
        stops: "",
        next: "Have the billing administrator renew {warned}, and reprocess the assignment (Invoke-MgLicenseUser).",
        alternative: "",
    },
    check: |reading| {
        let names = product_names(reading, &reading.licence.warned);
        if names.is_empty() { Outcome::Silent } else { Outcome::Says(Params::one("warned", names.join(", "))) }
    },
};

/// A mailbox that needs no licence.
pub static NOT_NEEDED: Rule = Rule {
    id: "licence/not-needed",
    question: "Is it a mailbox that needs no licence?",
    effect: Effect::Notes,
    asks: &[Question::Graph, Question::Recipient],
    facts: "recipients.toml",
    sources: &["https://learn.microsoft.com/microsoft-365/admin/email/about-shared-mailboxes"],
    texts: RuleTexts {
        says: "It is a shared, room or equipment mailbox: it needs no licence, and its account is disabled as a rule.",
        stops: "",
        next: "",
        alternative: "",
    },
    check: |reading| Outcome::says_if(reading.kind == Ok(Kind::Resource)),
};

/// A rule about one weak state of the licences: it speaks only where a licence is needed.
fn weak(reading: &Reading<'_>, wanted: LicenceState) -> Outcome {
    about_account(reading, |_| match is_weak(reading, wanted) {
        Ok(true) => Outcome::Says(params(reading)),
        Ok(false) => Outcome::Silent,
        Err(open) => Outcome::Unknown(open),
    })
}

fn is_weak(reading: &Reading<'_>, wanted: LicenceState) -> Settled<bool> {
    if reading.kind == Ok(Kind::Resource) {
        return Ok(false);
    }
    if !reading.licence.open.is_empty() {
        return Err(reading.licence.open.clone());
    }
    if reading.licence.state != wanted {
        return Ok(false);
    }
    // An on-premises mailbox needs no cloud licence: none is to be bought for it.
    let located = reading.located.as_ref().map_err(Clone::clone)?;
    if located.place == Place::OnPremises {
        return Ok(false);
    }
    reading.kind.as_ref().map(|_| true).map_err(Clone::clone)
}

fn kiosk(reading: &Reading<'_>) -> Outcome {
    weak(reading, LicenceState::Kiosk)
}

fn unless_resource(reading: &Reading<'_>, otherwise: impl FnOnce() -> Outcome) -> Outcome {
    if reading.kind == Ok(Kind::Resource) { Outcome::Silent } else { otherwise() }
}

/// Whether the licence certainly gives no usable mailbox, for the rules of integrations.
#[must_use]
pub fn gives_none(state: LicenceState) -> bool {
    matches!(state, LicenceState::None | LicenceState::PlanOff | LicenceState::Suspended | LicenceState::Error)
}

fn params(reading: &Reading<'_>) -> Params {
    let licence = &reading.licence;
    let upgrade = upgrade(reading);
    let synchronized = reading.account().is_some_and(|account| account.on_premises_sync == Some(true));
    let caution =
        if synchronized && !reading.graph_answers() { reading.word("licence/caution") } else { String::new() };
    let by_group = match &licence.group {
        Some(group) => reading.words("licence/by_group", &Params::one("group", group)),
        None => String::new(),
    };
    let error = licence.error.as_deref().unwrap_or("Other");
    let held: Vec<_> =
        reading.account().map_or(&[][..], |account| &account.licences).iter().map(|held| held.sku).collect();
    let names = product_names(reading, &held);
    let products = if names.is_empty() { reading.word("licence/no_products") } else { names.join(", ") };
    Params::one("product", product_name(reading, licence.sku))
        .and("products", products)
        .and("about", about_product(reading, licence.sku, &held))
        .and("Upgrade", capitalised(&upgrade))
        .and("upgrade", upgrade)
        .and("caution", caution)
        .and("by_group", by_group)
        .and("remedy", advice::error_remedy(reading, error))
        .and("error", error)
}

/// A clause as the beginning of a sentence.
fn capitalised(clause: &str) -> String {
    let mut letters = clause.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
pub(in crate::rules) mod speaks {
    use super::*;
    use crate::evidence::mailbox::Assignment;
    use crate::rules::testing::{Speaks, plan, sku};

    pub const ALL: &[Speaks] = &[
        (&NONE, |case| {
            case.licensed(&["EMS"]);
        }),
        (&PLAN_OFF, |case| {
            case.account().licences[0].disabled_plans = vec![plan("EXCHANGE_S_ENTERPRISE")];
        }),
        (&SUSPENDED, |case| {
            case.account().plans[0].capability = "LockedOut".to_owned();
        }),
        (&ERROR, |case| {
            let (state, error) = ("Error".to_owned(), Some("CountViolation".to_owned()));
            case.account().assignments =
                vec![Assignment { sku: sku("ENTERPRISEPACK"), group: None, state, error, disabled_plans: Vec::new() }];
        }),
        (&F1, |case| {
            case.licensed(&["M365_F1_COMM"]);
        }),
        (&KIOSK, |case| {
            case.licensed(&["DESKLESSPACK"]);
        }),
        (&KIOSK_ACCEPTED, |case| {
            case.licensed(&["DESKLESSPACK"]);
            case.options.kiosk = KioskPolicy::Graph;
        }),
        (&PENDING, |case| {
            case.without_mailbox();
            case.skus()[0].plans.iter_mut().for_each(|plan| plan.provisioning = "PendingProvisioning".to_owned());
        }),
        (&WARNED, |case| {
            case.account().plans[0].capability = "Warning".to_owned();
        }),
        (&NOT_NEEDED, |case| {
            case.shared();
        }),
    ];
}

#[cfg(test)]
mod tests;
