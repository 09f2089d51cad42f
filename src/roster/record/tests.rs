use proptest::prelude::*;

use super::super::encoding::Encoding;
use super::*;

fn records(text: impl AsRef<[u8]>, delimiter: Option<u8>) -> Vec<Record> {
    let decoded = Decoded::new(text.as_ref(), Encoding::Utf8 { bom: false });
    let mut reader = Records::new(decoded, delimiter);
    let mut all = Vec::new();
    while let Some(record) = reader.next().expect("reads") {
        all.push(record);
    }
    all
}

fn lines_and_cells(text: &str) -> Vec<(u64, Vec<String>)> {
    records(text, Some(b',')).into_iter().map(|r| (r.line, r.cells)).collect()
}

fn row(line: u64, cells: &[&str]) -> (u64, Vec<String>) {
    (line, cells.iter().map(|c| (*c).to_owned()).collect())
}

#[test]
fn every_kind_of_line_end_ends_a_line() {
    for end in ["\n", "\r\n", "\r"] {
        let text = ["a,b", "", "c,", "d"].join(end);
        let expected = vec![row(1, &["a", "b"]), row(2, &[""]), row(3, &["c", ""]), row(4, &["d"])];
        assert_eq!(lines_and_cells(&text), expected, "{end:?}");
        assert_eq!(lines_and_cells(&format!("{text}{end}")), expected, "{end:?}");
    }
}

#[test]
fn quotation_marks_hold_delimiters_breaks_and_marks() {
    let text = "a,\"b,\r\nc\",\"d \"\"e\"\"\"\r\nf, \"g,h\" ,i\n";
    assert_eq!(lines_and_cells(text), vec![row(1, &["a", "b,\r\nc", "d \"e\""]), row(3, &["f", "g,h", "i"])]);
}

#[test]
fn marks_inside_a_cell_are_characters() {
    assert_eq!(
        lines_and_cells("12\" disk,x\n\"Jane \"JD\" Doe\",y\n"),
        vec![row(1, &["12\" disk", "x"]), row(2, &["Jane \"JD\" Doe", "y"])]
    );
}

#[test]
fn a_mark_that_is_never_closed_costs_no_line() {
    let text = "a,b\n\"Meyer,m@contoso.example\nc,d\n\"Roe, Jane\",r@contoso.example\ne,f\n";
    let all = records(text, Some(b','));
    let lines: Vec<u64> = all.iter().map(|r| r.line).collect();
    assert_eq!(lines, [1, 2, 3, 4, 5]);
    assert_eq!(all[1].cells, ["\"Meyer", "m@contoso.example"]);
    assert_eq!(all[1].flaw, Some(Flaw::OpenQuote));
    assert_eq!(all[3].cells, ["Roe, Jane", "r@contoso.example"]);
    assert_eq!(all[3].flaw, None);
}

#[test]
fn a_multi_line_cell_after_an_open_mark_is_still_one_cell() {
    let text = "\"x,1\na,\"two\nlines\"\nb,2\n";
    let all = records(text, Some(b','));
    assert_eq!(all.iter().map(|r| (r.line, r.cells.len())).collect::<Vec<_>>(), [(1, 2), (2, 2), (4, 2)]);
}

#[test]
fn an_overlong_line_is_cut_and_the_next_one_is_read() {
    let mut text = "a".repeat(3 * RECORD_LIMIT);
    text.push_str("\r\nb,c\r\n");
    let all = records(&text, Some(b','));
    assert_eq!(all.len(), 2);
    assert_eq!(all[0].flaw, Some(Flaw::Overlong));
    assert_eq!(all[0].cells[0].len(), OVERLONG_KEPT);
    assert_eq!((all[1].line, all[1].cells.as_slice()), (2, ["b".to_owned(), "c".to_owned()].as_slice()));
}

#[test]
fn hostile_marks_take_linear_time() {
    // Each of these lines opens a cell that its own line does not close.
    for line in ["\"\"x\n", "\"x\n", ",\"\"\"\"a\n", "\"a\"b\n", " \" \n"] {
        let count = 100_000;
        let all = records(line.repeat(count), Some(b','));
        assert!(all.len() >= count / (BREAKS_LIMIT as usize + 1), "{line:?}");
    }
}

proptest! {
    #[test]
    fn reads_back_what_the_csv_crate_writes(
        table in prop::collection::vec(prop::collection::vec("[ -~äé\n\r\"]{0,12}", 2..5), 1..20),
        delimiter in prop::sample::select(vec![b',', b';', b'\t', b'|']),
        crlf in any::<bool>(),
    ) {
        // Blanks around quotation marks are forgiven, so a cell of a blank and a mark is not told from a quoted one.
        let mut writer = csv::WriterBuilder::new()
            .delimiter(delimiter)
            .quote_style(csv::QuoteStyle::Always)
            .terminator(if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') })
            .flexible(true)
            .from_writer(Vec::new());
        for row in &table {
            writer.write_record(row).expect("writes");
        }
        let text = writer.into_inner().expect("flushes");
        let read: Vec<Vec<String>> = records(text, Some(delimiter)).into_iter().map(|r| r.cells).collect();
        prop_assert_eq!(read, table);
    }

    #[test]
    fn no_line_is_lost_whatever_the_bytes(bytes in prop::collection::vec(any::<u8>(), 0..4000)) {
        let all = records(&bytes, Some(b','));
        // Records follow each other without a gap: each begins on the line after the last one's end.
        let lines: Vec<u64> = all.iter().map(|r| r.line).collect();
        prop_assert!(lines.windows(2).all(|w| w[0] < w[1]));
        prop_assert_eq!(lines.first().copied(), (!String::from_utf8_lossy(&bytes).trim_start_matches('\u{feff}').is_empty()).then_some(1));
    }
}
