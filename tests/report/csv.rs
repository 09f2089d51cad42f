//! `readiness.csv`: the contract's columns, every entry once and in order, no formula.

use ewsready::report::csv::write;

use super::fixture;

fn records() -> (csv::StringRecord, Vec<csv::StringRecord>) {
    let (view, _rows) = fixture::view();
    let mut out = Vec::new();
    write(&view, &mut out).unwrap();
    let mut reader = csv::Reader::from_reader(out.as_slice());
    let header = reader.headers().unwrap().clone();
    (header, reader.records().map(Result::unwrap).collect())
}

#[test]
fn the_contract_columns_come_first_and_the_roster_columns_last() {
    let (header, _) = records();
    let contract = "row,address,display_name,object_id,verdict,reason,what_stops,next_action,urgency,alternative,licence,\
                    ews_today,routing,graph";
    assert_eq!(header.iter().take(14).collect::<Vec<_>>().join(","), contract);
    let last: Vec<&str> = header.iter().skip(header.len() - 3).collect();
    assert_eq!(last, ["Wave", "Department", "roster.licence"]);
    assert!(header.iter().any(|name| name == "salesforce_eac_action"));
}

#[test]
fn every_roster_line_is_there_once_and_in_order() {
    let (header, records) = records();
    let rows: Vec<u64> = records.iter().map(|record| record[0].parse().unwrap()).collect();
    assert_eq!(rows, (1..=60).collect::<Vec<_>>());
    assert!(records.iter().all(|record| record.len() == header.len()));
}

#[test]
fn hostile_text_stays_text() {
    let (_, records) = records();
    for record in &records {
        for field in record {
            assert!(!field.starts_with(['=', '+', '-', '@', '\t', '\r']), "{field:?}");
            assert!(!field.contains('\0'), "{field:?}");
        }
    }
    assert_eq!(&records[20][2], "'=cmd|' /C calc'!A0");
    assert_eq!(&records[29][2], "two\nlines\r\nand more");
    assert_eq!(&records[40][1], "'=1+1@contoso.example");
    assert_eq!(records[41][2].chars().count(), 40_000);
}

#[test]
fn a_row_with_too_few_roster_fields_keeps_its_columns() {
    let mut row = fixture::row(1);
    row.extras.truncate(1);
    let (view, _rows) = fixture::view_of(fixture::head(), [row]);
    let mut out = Vec::new();
    write(&view, &mut out).unwrap();
    let mut reader = csv::Reader::from_reader(out.as_slice());
    assert_eq!(reader.records().count(), 1, "a strict reader takes the line");
}
