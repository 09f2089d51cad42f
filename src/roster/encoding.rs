//! Which encoding a text is in, found from its bytes, and the way from there to UTF-8.

use std::fmt;
use std::io::{self, Read};

use super::single_byte;

/// How much is read at a time, in bytes.
const CHUNK: usize = 64 * 1024;
/// How many bytes at the beginning decide between UTF-16 and the others.
const UTF16_SAMPLE: usize = 4096;

/// An encoding people's files are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8 {
        /// Whether it starts with a byte order mark.
        bom: bool,
    },
    /// UTF-16, low byte first: what Excel calls "Unicode text" and Windows PowerShell writes.
    Utf16Le {
        /// Whether it starts with a byte order mark.
        bom: bool,
    },
    /// UTF-16, high byte first.
    Utf16Be {
        /// Whether it starts with a byte order mark.
        bom: bool,
    },
    /// Windows code page 1252: what Excel in western Europe writes as "CSV".
    Windows1252,
    /// Mac OS Roman: what Excel on a Mac writes as "CSV (Macintosh)".
    MacRoman,
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Utf8 { bom: false } => "UTF-8",
            Self::Utf8 { bom: true } => "UTF-8 with BOM",
            Self::Utf16Le { bom: false } => "UTF-16 LE without BOM",
            Self::Utf16Le { bom: true } => "UTF-16 LE",
            Self::Utf16Be { bom: false } => "UTF-16 BE without BOM",
            Self::Utf16Be { bom: true } => "UTF-16 BE",
            Self::Windows1252 => "Windows-1252",
            Self::MacRoman => "Mac Roman",
        })
    }
}

impl Encoding {
    fn decoder(self) -> encoding_rs::Decoder {
        match self {
            Self::Utf8 { .. } => encoding_rs::UTF_8,
            Self::Utf16Le { .. } => encoding_rs::UTF_16LE,
            Self::Utf16Be { .. } => encoding_rs::UTF_16BE,
            Self::Windows1252 => encoding_rs::WINDOWS_1252,
            Self::MacRoman => encoding_rs::MACINTOSH,
        }
        .new_decoder_with_bom_removal()
    }
}

/// What a reading of the whole text found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Survey {
    pub(crate) encoding: Encoding,
    /// Places that are not valid in the encoding and are read as U+FFFD.
    pub(super) damaged: u64,
}

/// Reads the whole text once, in constant memory, and names its encoding. The same bytes always give the same answer.
pub(crate) fn survey(mut text: impl Read) -> io::Result<Survey> {
    let mut utf8 = Utf8Check::default();
    let mut bytes = single_byte::Histogram::default();
    let mut chunk = vec![0; CHUNK];
    let mut first = true;
    loop {
        let read = read_full(&mut text, &mut chunk)?;
        let Some(read) = chunk.get(..read).filter(|read| !read.is_empty()) else { break };
        if first {
            if let Some(encoding) = utf16(read) {
                return Ok(Survey { encoding, damaged: 0 });
            }
            utf8.bom = read.starts_with(b"\xef\xbb\xbf");
            first = false;
        }
        utf8.take(read);
        bytes.take(read);
    }
    Ok(utf8.verdict().unwrap_or_else(|| {
        let encoding = if bytes.looks_like_mac_roman() { Encoding::MacRoman } else { Encoding::Windows1252 };
        Survey { encoding, damaged: 0 }
    }))
}

/// Fills the buffer as far as the input reaches.
pub(super) fn read_full(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match from.read(rest) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// UTF-16 by its mark, or by the zero byte that every second byte of western text is.
fn utf16(head: &[u8]) -> Option<Encoding> {
    match head {
        [0xff, 0xfe, ..] => return Some(Encoding::Utf16Le { bom: true }),
        [0xfe, 0xff, ..] => return Some(Encoding::Utf16Be { bom: true }),
        _ => {}
    }
    let sample = head.get(..UTF16_SAMPLE).unwrap_or(head);
    let (pairs, _) = sample.as_chunks::<2>();
    let low_first = pairs.iter().filter(|pair| pair[0] != 0 && pair[1] == 0).count();
    let high_first = pairs.iter().filter(|pair| pair[0] == 0 && pair[1] != 0).count();
    // Most characters of any roster are ASCII: addresses, digits, delimiters.
    let most = pairs.len() * 6 / 10;
    match (low_first, high_first) {
        _ if pairs.len() < 4 => None,
        (le, be) if le > most && be * 10 < le => Some(Encoding::Utf16Le { bom: false }),
        (le, be) if be > most && le * 10 < be => Some(Encoding::Utf16Be { bom: false }),
        _ => None,
    }
}

/// Checks for UTF-8 over chunk borders.
#[derive(Default)]
struct Utf8Check {
    bom: bool,
    carry: Vec<u8>,
    invalid: u64,
    beyond_ascii: u64,
}

impl Utf8Check {
    fn take(&mut self, chunk: &[u8]) {
        if self.carry.is_empty() && chunk.is_ascii() {
            return;
        }
        let joined = [std::mem::take(&mut self.carry).as_slice(), chunk].concat();
        let mut rest = joined.as_slice();
        while !rest.is_empty() {
            match std::str::from_utf8(rest) {
                Ok(valid) => {
                    self.count(valid.as_bytes());
                    return;
                }
                Err(error) => {
                    let (valid, after) = rest.split_at(error.valid_up_to());
                    self.count(valid);
                    let Some(length) = error.error_len() else {
                        self.carry = after.to_vec();
                        return;
                    };
                    self.invalid += 1;
                    rest = after.get(length..).unwrap_or_default();
                }
            }
        }
    }

    fn count(&mut self, valid: &[u8]) {
        self.beyond_ascii += valid.iter().map(|b| u64::from(*b >= 0xc0)).sum::<u64>();
    }

    /// UTF-8 when all of it is; also when it mostly is, with a few damaged places. Text in another encoding hits
    /// upon a valid sequence beyond ASCII only by rare chance.
    fn verdict(&self) -> Option<Survey> {
        let invalid = self.invalid + u64::from(!self.carry.is_empty());
        let encoding = Encoding::Utf8 { bom: self.bom };
        (invalid == 0 || self.bom || self.beyond_ascii > 4 * invalid).then_some(Survey { encoding, damaged: invalid })
    }
}

/// Reads text of any encoding as UTF-8, chunk by chunk.
pub(crate) struct Decoded<R> {
    from: R,
    decoder: encoding_rs::Decoder,
    chunk: Box<[u8]>,
    ended: bool,
}

impl<R: Read> Decoded<R> {
    pub(crate) fn new(from: R, encoding: Encoding) -> Self {
        Self { from, decoder: encoding.decoder(), chunk: vec![0; CHUNK].into_boxed_slice(), ended: false }
    }

    /// Appends some more UTF-8 to `out`; false at the end of the text.
    pub(crate) fn append(&mut self, out: &mut Vec<u8>) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        let read = read_full(&mut self.from, &mut self.chunk)?;
        self.ended = read < self.chunk.len();
        let chunk = self.chunk.get(..read).unwrap_or_default();
        let start = out.len();
        let room = self.decoder.max_utf8_buffer_length(read).unwrap_or(CHUNK * 4);
        out.resize(start + room, 0);
        let (_, _, written, _) =
            self.decoder.decode_to_utf8(chunk, out.get_mut(start..).unwrap_or_default(), self.ended);
        out.truncate(start + written);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(bytes: &[u8]) -> Encoding {
        survey(bytes).expect("reads").encoding
    }

    fn decoded(bytes: &[u8], encoding: Encoding) -> String {
        let mut out = Vec::new();
        let mut reader = Decoded::new(bytes, encoding);
        while reader.append(&mut out).expect("reads") {}
        String::from_utf8(out).expect("utf-8")
    }

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn names_each_encoding_by_its_bytes() {
        let text = "Name;E-Mail\r\nJürgen Weiß;j.weiss@contoso.example\r\n";
        let (cp1252, ..) = encoding_rs::WINDOWS_1252.encode(text);
        let le = utf16(text, u16::to_le_bytes);
        let be = utf16(text, u16::to_be_bytes);
        assert_eq!(found(text.as_bytes()), Encoding::Utf8 { bom: false });
        assert_eq!(found(&[b"\xef\xbb\xbf", text.as_bytes()].concat()), Encoding::Utf8 { bom: true });
        assert_eq!(found(&cp1252), Encoding::Windows1252);
        assert_eq!(found(&le), Encoding::Utf16Le { bom: false });
        assert_eq!(found(&be), Encoding::Utf16Be { bom: false });
        assert_eq!(found(&[b"\xff\xfe".as_slice(), &le].concat()), Encoding::Utf16Le { bom: true });
        assert_eq!(found(&[b"\xfe\xff".as_slice(), &be].concat()), Encoding::Utf16Be { bom: true });
        assert_eq!(decoded(&cp1252, Encoding::Windows1252), text);
        assert_eq!(decoded(&le, Encoding::Utf16Le { bom: false }), text);
        assert_eq!(decoded(&[b"\xfe\xff".as_slice(), &be].concat(), Encoding::Utf16Be { bom: true }), text);
    }

    #[test]
    fn a_sequence_across_chunks_is_no_damage() {
        let mut text = "a".repeat(CHUNK - 1);
        text.push_str("éé");
        let survey = survey(text.as_bytes()).expect("reads");
        assert_eq!(survey, Survey { encoding: Encoding::Utf8 { bom: false }, damaged: 0 });
        assert_eq!(decoded(text.as_bytes(), survey.encoding), text);
    }

    #[test]
    fn a_late_letter_decides_too() {
        let mut bytes = b"a@contoso.example\n".repeat(CHUNK / 8);
        bytes.extend(b"J\xfcrgen <j@contoso.example>\n");
        assert_eq!(found(&bytes), Encoding::Windows1252);
    }

    #[test]
    fn damaged_utf8_stays_utf8() {
        let text = [b"\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\xc3\xa9\xc3\xa8".as_slice(), b"\xff", b" rest"].concat();
        assert_eq!(
            survey(text.as_slice()).expect("reads"),
            Survey { encoding: Encoding::Utf8 { bom: false }, damaged: 1 }
        );
    }
}
