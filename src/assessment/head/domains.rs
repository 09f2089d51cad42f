//! The mail domains of a report: where their mail goes, where Autodiscover leads, and what to look at.

use crate::evidence::TenantEvidence;
use crate::evidence::domains::{DomainRecords, Found};
use crate::facts::Cloud;
use crate::report::Texts;
use crate::report::head::DomainLine;

/// One line a domain of the tenant.
pub fn lines(tenant: &TenantEvidence, cloud: Option<&Cloud>, texts: &Texts) -> Vec<DomainLine> {
    let records = tenant.dns.value().map(Vec::as_slice).unwrap_or_default();
    let domains = tenant.identity.value().map(|identity| identity.domains.as_slice()).unwrap_or_default();
    let line = |name: &String| {
        let found = records.iter().find(|records| records.name == *name);
        DomainLine {
            name: name.clone(),
            verified: true,
            mail_exchanger: found.map(|found| shown(&found.mx, texts)).unwrap_or_default(),
            autodiscover: found.map(|found| shown(&found.autodiscover, texts)).unwrap_or_default(),
            note: found.map(|found| note(found, cloud, texts)).unwrap_or_default(),
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

/// What is worth a look: mail that goes elsewhere first, Autodiscover names that lead elsewhere.
fn note(records: &DomainRecords, cloud: Option<&Cloud>, texts: &Texts) -> String {
    let Some(cloud) = cloud else { return String::new() };
    let mut notes = Vec::new();
    if let Found::Records { values } = &records.mx {
        let is_cloud_s = |host: &String| cloud.mx_suffixes.iter().any(|suffix| host.ends_with(suffix));
        if let Some(first) = values.first().filter(|first| !is_cloud_s(first)) {
            notes.push(texts.fill("domain", "mail_elsewhere", &[("host", first)]));
        }
    }
    if let Found::Records { values } = &records.autodiscover
        && !values.contains(&cloud.autodiscover_cname)
    {
        notes.push(texts.fill("domain", "autodiscover_elsewhere", &[("host", &values.join(", "))]));
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
        assert_eq!(note(&good, cloud, &texts), "");
        let mx = records(&["mx.filter.example", "contoso-example.mail.protection.outlook.com"]);
        let elsewhere =
            DomainRecords { mx, autodiscover: records(&["192.0.2.7"]), srv: records(&["old.example"]), ..good };
        let noted = note(&elsewhere, cloud, &texts);
        assert!(noted.starts_with("Mail goes to mx.filter.example first"), "{noted}");
        assert!(noted.contains("leads to 192.0.2.7, not to Microsoft 365"), "{noted}");
        assert!(noted.contains("_autodiscover._tcp leads to old.example"), "{noted}");
    }
}
