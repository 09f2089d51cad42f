#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ewsready_fuzz::workbook(data));
