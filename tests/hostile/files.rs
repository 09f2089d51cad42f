//! Hostile files: what people are handed and pass on.

use std::io::{Cursor, Write};
use std::time::Duration;

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::support::Sandbox;
use crate::{hold, measured};

/// Peak memory allowed, in MiB.
const MOST: u64 = 200;
const LONGEST: Duration = Duration::from_secs(120);

const KIND: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// A workbook whose sheet and shared strings are written by `fill`.
fn workbook(sheet: impl FnOnce(&mut dyn Write), strings: &str) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let relation = |id: &str, kind: &str, target: &str| {
        format!(r#"<Relationship Id="{id}" Type="{KIND}/{kind}" Target="{target}"/>"#)
    };
    let relations = |all: &[String]| format!("<Relationships>{}</Relationships>", all.concat());
    let parts = [
        ("_rels/.rels", relations(&[relation("r1", "officeDocument", "xl/workbook.xml")])),
        (
            "xl/workbook.xml",
            format!(
                r#"<workbook xmlns:r="{KIND}"><sheets><sheet name="Actions" sheetId="1" r:id="r1"/></sheets></workbook>"#
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            relations(&[
                relation("r1", "worksheet", "worksheets/sheet1.xml"),
                relation("r2", "sharedStrings", "sharedStrings.xml"),
            ]),
        ),
        ("xl/sharedStrings.xml", strings.to_owned()),
    ];
    for (name, text) in parts {
        zip.start_file(name, SimpleFileOptions::default()).expect("a part");
        zip.write_all(text.as_bytes()).expect("a part");
    }
    zip.start_file("xl/worksheets/sheet1.xml", SimpleFileOptions::default().large_file(true)).expect("a part");
    sheet(&mut zip);
    zip.finish().expect("a container").into_inner()
}

/// A sheet with the header of the Actions, then as many rows as it takes.
fn rows(out: &mut dyn Write, count: u32, row: impl Fn(u32) -> String) {
    let head = r#"<worksheet><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>Reason</t></is></c><c r="B1" t="inlineStr"><is><t>Owner</t></is></c></row>"#;
    out.write_all(head.as_bytes()).expect("a part");
    for number in 2..count + 2 {
        out.write_all(row(number).as_bytes()).expect("a part");
    }
    out.write_all(b"</sheetData></worksheet>").expect("a part");
}

const NO_STRINGS: &str = "<sst/>";

#[test]
fn actions_that_come_back_as_a_bomb_are_refused_in_a_sentence() {
    let long_text = format!("<sst uniqueCount=\"1\"><si><t>{}</t></si></sst>", "a".repeat(512 << 10));
    let corners =
        |out: &mut dyn Write| rows(out, 1, |_| r#"<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>"#.to_owned());
    let wide =
        |out: &mut dyn Write| rows(out, 200_000, |row| format!(r#"<row r="{row}"><c r="ALL{row}"><v>1</v></c></row>"#));
    let repeated = |out: &mut dyn Write| {
        rows(out, 10_000, |row| format!(r#"<row r="{row}"><c r="A{row}" t="s"><v>0</v></c></row>"#))
    };
    let bombs = [
        // A dense table of it would have 17 thousand million cells; it has three.
        ("a cell in the last corner", workbook(corners, NO_STRINGS), None),
        ("cells far to the right in every row", workbook(wide, NO_STRINGS), Some("holds more than 64 MiB")),
        ("a long text in every row", workbook(repeated, &long_text), Some("holds more than 64 MiB")),
        ("elements nested without end", workbook(corners, &"<sst>".repeat(64 << 18)), Some("nested deeper")),
    ];
    for (name, bytes, words) in bombs {
        let sandbox = Sandbox::new();
        sandbox.write("actions.xlsx", bytes);
        sandbox.write("r.csv", "email\nnobody@contoso.example\n");
        let arguments =
            ["assess", "r.csv", "--tenant", "demo", "--out", "out", "--format", "csv", "--actions", "actions.xlsx"];
        let measured = measured(&sandbox, &arguments);
        hold(name, &measured, MOST, LONGEST);
        match words {
            Some(words) => {
                let said = measured.finished.expect(2).stderr();
                assert!(said.contains(words) && said.contains("actions.xlsx"), "{name}: {said}");
            }
            None => assert!([0, 4].contains(&measured.finished.code()), "{name}: {}", measured.finished.stderr()),
        }
    }
}

#[test]
fn an_export_that_is_a_bomb_is_refused_before_anything_is_asked() {
    let objects = |inside: &str| format!("<Objs><Obj><Props>{inside}</Props></Obj></Objs>");
    let attributes: String = (0..200_000).map(|number| format!(" a{number}=''")).collect();
    let columns: String = (0..100_000).map(|number| format!("c{number},")).collect();
    let bombs: [(&str, String, &str); 7] = [
        ("JSON nested 500,000 deep", "[".repeat(500_000), "no JSON, or is cut off"),
        ("CLIXML nested 500,000 deep", "<Objs>".repeat(500_000), "nested deeper"),
        ("CLIXML with entities", format!("<!DOCTYPE a [<!ENTITY a \"ha\">]>{}", objects("&a;")), "document type"),
        ("CLIXML with 200,000 attributes", objects(&format!("<S{attributes}>x</S>")), "it lacks"),
        ("CSV of 100,000 columns", format!("{columns}\n{columns}\n"), "names no column"),
        (
            "CSV with an open quotation mark",
            format!("PrimarySmtpAddress,EwsEnabled\n\"{}", "a,\n".repeat(1_000_000)),
            "",
        ),
        ("nothing but commas", ",".repeat(8 << 20), "names no column"),
    ];
    for (name, text, words) in bombs {
        let sandbox = Sandbox::new();
        sandbox.write("cas", text);
        sandbox.write("r.csv", "email\nnobody@contoso.example\n");
        // Nobody listens there: nothing may be asked before the file is understood.
        let nowhere = "http://127.0.0.1:9";
        sandbox.write("secret.txt", "secret");
        sandbox.write(
            "ewsready.toml",
            format!(
                "[tenants.sim]\ntenant = 'contoso.example'\nclient_id = 'app'\n\
                 pace = {{ attempts = 1, patience_seconds = 1, backoff_milliseconds = 1 }}\ncredential = {{ kind = 'secret', file = 'secret.txt' }}\n\
                 sources = {{ exchange_admin = false, cas_mailboxes = 'cas' }}\n\
                 [tenants.sim.endpoints]\nauthority = '{nowhere}'\ngraph = '{nowhere}'\nexchange = '{nowhere}'\nautodiscover = '{nowhere}'\n"
            ),
        );
        let measured = measured(&sandbox, &["assess", "r.csv", "--tenant", "sim", "--out", "out"]);
        hold(name, &measured, MOST, LONGEST);
        let said = measured.finished.expect(2).stderr();
        assert!(said.contains("cas") && said.contains(words) && said.len() < 2000, "{name}: {said}");
    }
}

#[test]
fn settings_nested_without_end_are_refused_in_a_sentence() {
    let deep = format!("[tenants.sim]\nrosters = {}", "[".repeat(200_000));
    let dotted = format!("{}x = 1\n", "a.".repeat(100_000));
    let tables = format!("[{}x]\n", "a.".repeat(100_000));
    for (name, text) in [("arrays", deep), ("dotted keys", dotted), ("tables", tables)] {
        let sandbox = Sandbox::new();
        sandbox.write("ewsready.toml", &text);
        sandbox.write("plan.toml", &text);
        let configuration = measured(&sandbox, &["config", "--tenant", "sim"]);
        hold(name, &configuration, MOST, LONGEST);
        let said = configuration.finished.expect(2).stderr();
        assert!(said.contains("ewsready.toml") && said.len() < 4000, "{name}: {} bytes", said.len());
    }
}

#[test]
fn long_cells_and_a_hundred_thousand_columns_come_out_in_every_format() {
    let long = "Ada Lovelace ".repeat(40_000 / 13 + 1);
    let columns: String = (0..100_000).map(|number| format!(",c{number}")).collect();
    let rosters = [
        ("cells of 40,000 characters", format!("email,name,notes\nnobody@contoso.example,{long},{long}\n")),
        ("100,000 columns", format!("email{columns}\nnobody@contoso.example{columns}\n")),
    ];
    for (name, text) in rosters {
        let sandbox = Sandbox::new();
        sandbox.write("r.csv", text);
        let measured = measured(&sandbox, &["assess", "r.csv", "--tenant", "demo", "--out", "out"]);
        hold(name, &measured, MOST, LONGEST);
        assert!([0, 4].contains(&measured.finished.code()), "{name}: {}", measured.finished.stderr());
        assert_eq!(sandbox.csv("out/readiness.csv").len(), 1, "{name}");
        assert!(sandbox.read("out/readiness.xlsx").starts_with(b"PK"), "{name}");
    }
}
