//! The mail domains of a report: where their mail goes, where Autodiscover leads, and what to look at: what DNS says is
//! held against where the mailboxes of the domain are.

use std::collections::BTreeMap;

use crate::evidence::TenantEvidence;
use crate::evidence::domains::{DomainRecords, Found};
use crate::facts::Cloud;
use crate::report::Texts;
use crate::report::head::DomainLine;

/// How many addresses of a domain Autodiscover sends to Exchange Online, and how many to an Exchange Server.
pub type Routed = (u64, u64);

/// One line a domain of the tenant.
pub fn lines(
    tenant: &TenantEvidence,
    cloud: Option<&Cloud>,
    routed: &BTreeMap<String, Routed>,
    texts: &Texts,
) -> Vec<DomainLine> {
    let records = tenant.dns.value().map(Vec::as_slice).unwrap_or_default();
    let domains = tenant.identity.value().map(|identity| identity.domains.as_slice()).unwrap_or_default();
    let at = |name: &str| routed.get(name).copied().unwrap_or_default();
    let line = |name: &String| {
        let found = records.iter().find(|records| records.name == *name);
        DomainLine {
            name: name.clone(),
            verified: true,
            mail_exchanger: found.map(|found| shown(&found.mx, texts)).unwrap_or_default(),
            autodiscover: found.map(|found| shown(&found.autodiscover, texts)).unwrap_or_default(),
            note: found.map(|found| note(found, cloud, at(name), texts)).unwrap_or_default(),
        }
    };
    domains.iter().map(|domain| line(&domain.name)).collect()
}

fn shown(found: &Found, texts: &Texts) -> String {
    match found {
        Found::Records { values } => values.join(", "),
        Found::Nothing => texts.get("domain", "nothing").to_owned(),
        Found::Failed { detail } => texts.fill("domain", "failed", &[("why", detail)]),
    }
}

/// What is worth a look: mail that goes elsewhere first, Autodiscover names that lead elsewhere than the mailboxes are.
fn note(records: &DomainRecords, cloud: Option<&Cloud>, routed: Routed, texts: &Texts) -> String {
    let Some(cloud) = cloud else { return String::new() };
    let mut notes = Vec::new();
    if let Found::Records { values } = &records.mx {
        let is_cloud_s = |host: &String| cloud.mx_suffixes.iter().any(|suffix| host.ends_with(suffix));
        // Mail of a domain whose mailboxes are all on-premises may well go there.
        let wanted = routed.0 > 0 || routed.1 == 0;
        if let Some(first) = values.first().filter(|first| wanted && !is_cloud_s(first)) {
            notes.push(texts.fill("domain", "mail_elsewhere", &[("host", first)]));
        }
    }
    if let Found::Records { values } = &records.autodiscover {
        let (online, server) = (routed.0.to_string(), routed.1.to_string());
        let host = values.join(", ");
        let filled = |key| texts.fill("domain", key, &[("host", &host), ("online", &online), ("server", &server)]);
        match (values.contains(&cloud.autodiscover_cname), routed) {
            (true, (_, 0)) => {}
            (true, _) => notes.push(filled("autodiscover_past_server")),
            (false, (_, 0)) => notes.push(filled("autodiscover_elsewhere")),
            (false, (0, _)) => {}
            (false, _) => notes.push(filled("autodiscover_mixed")),
        }
    }
    if let Found::Records { values } = &records.srv {
        notes.push(texts.fill("domain", "srv", &[("host", &values.join(", "))]));
    }
    notes.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Facts;

    fn records(values: &[&str]) -> Found {
        Found::Records { values: values.iter().map(|value| (*value).to_owned()).collect() }
    }

    #[test]
    fn only_what_leads_elsewhere_is_noted() {
        let cloud = Facts::embedded().cloud("worldwide");
        let texts = Texts::embedded("en").unwrap();
        let good = DomainRecords {
            name: "contoso.example".to_owned(),
            mx: records(&["contoso-example.mail.protection.outlook.com"]),
            autodiscover: records(&["autodiscover.outlook.com"]),
            srv: Found::Nothing,
        };
        assert_eq!(note(&good, cloud, (9, 0), &texts), "");
        let mx = records(&["mx.filter.example", "contoso-example.mail.protection.outlook.com"]);
        let elsewhere =
            DomainRecords { mx, autodiscover: records(&["192.0.2.7"]), srv: records(&["old.example"]), ..good };
        let noted = note(&elsewhere, cloud, (0, 0), &texts);
        assert!(noted.starts_with("Mail goes to mx.filter.example first"), "{noted}");
        assert!(noted.contains("leads to 192.0.2.7, not to Microsoft 365"), "{noted}");
        assert!(noted.contains("_autodiscover._tcp leads to old.example"), "{noted}");
    }

    #[test]
    fn what_dns_says_is_held_against_where_the_mailboxes_are() {
        let cloud = Facts::embedded().cloud("worldwide");
        let texts = Texts::embedded("en").unwrap();
        let of = |mx: &str, autodiscover: &str, routed| {
            let (mx, autodiscover) = (records(&[mx]), records(&[autodiscover]));
            let found = DomainRecords { name: "contoso.example".to_owned(), mx, autodiscover, srv: Found::Nothing };
            note(&found, cloud, routed, &texts)
        };
        let (cloud_s, own) = ("contoso-example.mail.protection.outlook.com", "mail.contoso.example");
        assert_eq!(of(own, own, (0, 3)), "", "an Exchange Server's domain leads to it");
        let mixed = of(cloud_s, own, (9, 3));
        assert!(mixed.contains("right for addresses on Exchange Server (3)"), "{mixed}");
        let past = of(cloud_s, "autodiscover.outlook.com", (9, 3));
        assert!(past.contains("addresses of the domain are on Exchange Server (3)"), "{past}");
    }
}
