use std::collections::BTreeMap;

use jiff::civil::date;

use super::*;

#[test]
fn embedded_files_are_readable() {
    let facts = Facts::read(&BTreeMap::new()).unwrap();
    assert_eq!(&facts, Facts::embedded());
    assert_eq!(facts.files().len(), EMBEDDED.len());
    for file in facts.files() {
        assert!(!file.sources.is_empty(), "{} names no source", file.name);
        assert!(!file.overridden);
    }
}

#[test]
fn clouds_are_complete_and_have_hosts_over_https() {
    let facts = Facts::embedded();
    let ids: Vec<&str> = facts.clouds().iter().map(|cloud| cloud.id.as_str()).collect();
    assert_eq!(ids, ["worldwide", "gcc", "gcc_high", "dod", "china"]);
    for cloud in facts.clouds() {
        for base in [
            &cloud.authority,
            &cloud.graph,
            &cloud.exchange,
            &cloud.autodiscover,
            &cloud.autodiscover_secure,
            &cloud.admin,
        ] {
            assert!(base.starts_with("https://") && !base.ends_with('/'), "{base}");
        }
        let host = cloud.exchange.trim_start_matches("https://");
        assert!(cloud.exchange_hosts.iter().any(|known| known == host), "{host} of {}", cloud.id);
        assert!(cloud.retirement.periods.array_windows().all(|[one, next]| one.from < next.from), "{}", cloud.id);
    }
    assert_eq!(facts.cloud("worldwide").unwrap().retirement.ends_on, Some(date(2027, 4, 1)));
    assert_eq!(facts.cloud("dod").unwrap().retirement.ends_on, None);
    assert!(facts.cloud("mars").is_none());
}

#[test]
fn period_changes_on_its_day() {
    let retirement = &Facts::embedded().cloud("worldwide").unwrap().retirement;
    let on = |year, month, day| retirement.period(date(year, month, day)).map(|period| period.id.as_str());
    assert_eq!(on(2025, 3, 31), None);
    assert_eq!(on(2026, 10, 9), Some("both_switches"));
    assert_eq!(on(2026, 10, 10), Some("list_mandatory"));
    assert_eq!(on(2027, 3, 31), Some("list_mandatory"));
    assert_eq!(on(2027, 4, 1), Some("ended"));
}

#[test]
fn age_is_warned_about_after_sixty_days() {
    let facts = Facts::embedded();
    assert_eq!(facts.as_of(), AsOf { oldest: date(2026, 11, 20), newest: date(2026, 11, 20) });
    assert!(facts.aged(date(2027, 1, 19)).is_none());
    let aged = facts.aged(date(2027, 1, 20)).unwrap();
    assert_eq!((aged.days, aged.file.as_of), (61, date(2026, 11, 20)));
}

#[test]
fn every_product_stands_once_and_names_have_no_odd_blanks() {
    let licensing = Facts::embedded().licensing();
    assert_eq!(licensing.products().count(), 620);
    for product in licensing.products() {
        assert_eq!(product.name.trim(), product.name);
        assert!(!product.name.contains('\u{a0}'));
    }
    assert_eq!(licensing.product_by_part_number("deskLESSpack").unwrap().name, "Office 365 F3");
}

#[test]
fn a_folder_overrides_file_by_file_and_errors_name_the_line() {
    let dir = tempfile::tempdir().unwrap();
    let recipients =
        "as_of = \"2026-12-01\"\nsources = [\"https://contoso.example\"]\n[kinds]\nUserMailbox = \"resource\"\n";
    fs::write(dir.path().join("recipients.toml"), recipients).unwrap();
    let facts = Facts::load(dir.path()).unwrap();
    assert_eq!(facts.recipient_use("usermailbox"), Some(RecipientUse::Resource));
    assert!(facts.file("recipients.toml").unwrap().overridden);
    assert_eq!(facts.as_of().newest, date(2026, 12, 1));
    assert_eq!(facts.clouds(), Facts::embedded().clouds());

    let wrong = [
        ("recipients.toml", recipients.replace("\"resource\"", "\"chair\""), Some(4), "chair"),
        ("retirement.toml", EMBEDDED[1].1.replace("id = \"dod\"", "id = \"moon\""), Some(40), "moon"),
        (
            "products.csv",
            "# as_of = \"2026-12-01\"\n# sources = []\nsku_id,part_number,name,exchange_plans\nx,Y,Z,\n".to_owned(),
            Some(4),
            "UUID",
        ),
        (
            "upgrades.csv",
            "# as_of = \"2026-12-01\"\n# sources = []\npart_number,sku_id,kind,steps,note\nA,,none,NO_SUCH,\n"
                .to_owned(),
            Some(4),
            "NO_SUCH",
        ),
        ("clouds.toml", "as_of = \"yesterday\"\nsources = []\n".to_owned(), Some(1), "year"),
    ];
    for (name, text, line, word) in wrong {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(name), text).unwrap();
        let error = Facts::load(dir.path()).unwrap_err();
        assert_eq!((error.file.as_str(), error.line), (name, line), "{error}");
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[test]
fn a_stranger_in_the_folder_is_named_with_its_neighbour() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("retirment.toml"), "").unwrap();
    let error = Facts::load(dir.path()).unwrap_err().to_string();
    assert_eq!(error, "facts file retirment.toml: is no file of facts; the nearest is retirement.toml");
    let nowhere = Facts::load(&dir.path().join("absent")).unwrap_err().to_string();
    assert!(nowhere.contains("cannot be read"), "{nowhere}");
}
