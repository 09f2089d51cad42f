//! Windows-1252 or Mac OS Roman: which of the two makes words of the bytes above ASCII.

/// The letters beyond ASCII that western names and headers are full of.
const COMMON: &str = "äöüßéèêëàâçñíóúáîïôûœæåøãõìòùÄÖÜÉÈÀÇÑÁÍÓÚÅØ";

/// What stands beside a byte.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beside {
    Lower,
    Upper,
    /// Another byte above ASCII.
    High,
    Other,
}

const NEIGHBOURS: [Beside; 4] = [Beside::Lower, Beside::Upper, Beside::High, Beside::Other];

impl Beside {
    fn of(byte: u8) -> Self {
        match byte {
            b'a'..=b'z' => Self::Lower,
            b'A'..=b'Z' => Self::Upper,
            0x80.. => Self::High,
            _ => Self::Other,
        }
    }

    fn index(self) -> usize {
        match self {
            Self::Lower => 0,
            Self::Upper => 1,
            Self::High => 2,
            Self::Other => 3,
        }
    }

    fn in_word(self) -> bool {
        self != Self::Other
    }
}

/// How often each byte above ASCII stands between which neighbours, over a whole text.
pub(super) struct Histogram {
    seen: Box<[[u64; 16]; 128]>,
    before: u8,
    /// A byte above ASCII at the end of a chunk waits for what follows.
    waiting: Option<(u8, u8)>,
    /// Carriage returns and line feeds: a Mac of old wrote only the former.
    returns: u64,
    feeds: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { seen: Box::new([[0; 16]; 128]), before: 0, waiting: None, returns: 0, feeds: 0 }
    }
}

impl Histogram {
    pub(super) fn take(&mut self, chunk: &[u8]) {
        self.returns += memchr::memchr_iter(b'\r', chunk).count() as u64;
        self.feeds += memchr::memchr_iter(b'\n', chunk).count() as u64;
        if self.waiting.is_none() && chunk.is_ascii() {
            self.before = chunk.last().copied().unwrap_or(self.before);
            return;
        }
        for &byte in chunk {
            if let Some((before, high)) = self.waiting.take() {
                self.count(before, high, byte);
            }
            if byte >= 0x80 {
                self.waiting = Some((self.before, byte));
            }
            self.before = byte;
        }
    }

    fn count(&mut self, before: u8, high: u8, after: u8) {
        let around = Beside::of(before).index() * 4 + Beside::of(after).index();
        if let Some(seen) = self.seen.get_mut(usize::from(high & 0x7f)).and_then(|row| row.get_mut(around)) {
            *seen += 1;
        }
    }

    /// Whether Mac OS Roman makes more sense than Windows-1252. In doubt it does not, unless the lines end as
    /// only a Mac ends them.
    pub(super) fn looks_like_mac_roman(mut self) -> bool {
        if let Some((before, high)) = self.waiting.take() {
            self.count(before, high, b'\n');
        }
        let mac = self.score(encoding_rs::MACINTOSH);
        let windows = self.score(encoding_rs::WINDOWS_1252);
        if self.returns > 0 && self.feeds == 0 { mac >= windows } else { mac > windows }
    }

    fn score(&self, encoding: &'static encoding_rs::Encoding) -> i64 {
        let mut score: i64 = 0;
        for (index, row) in self.seen.iter().enumerate() {
            let byte = 0x80 | u8::try_from(index).unwrap_or(0);
            let bytes = [byte];
            let (text, ..) = encoding.decode_without_bom_handling(&bytes);
            let character = text.chars().next().unwrap_or('\u{fffd}');
            for (around, seen) in row.iter().enumerate() {
                let [before, after] =
                    [around / 4, around % 4].map(|i| NEIGHBOURS.get(i).copied().unwrap_or(Beside::Other));
                let seen = i64::try_from(*seen).unwrap_or(i64::MAX / 64);
                score = score.saturating_add(sense(character, before, after).saturating_mul(seen));
            }
        }
        score
    }
}

/// How much sense a character makes between its neighbours, from -5 to 3.
fn sense(character: char, before: Beside, after: Beside) -> i64 {
    let common = COMMON.contains(character);
    let inside = before.in_word() && after.in_word();
    if character.is_control() || character == '\u{fffd}' {
        -5
    } else if character.is_uppercase() {
        match before {
            Beside::Lower => -3,
            _ if common && after.in_word() => 2,
            _ => 0,
        }
    } else if character.is_alphabetic() {
        match (common, before.in_word() || after.in_word()) {
            (true, true) => 3,
            (false, true) => 1,
            _ => 0,
        }
    } else if inside {
        // An apostrophe may stand inside a word; a currency sign, a dagger or a quotation mark does not.
        if character == '’' { 1 } else { -3 }
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mac(text: &str, encoding: &'static encoding_rs::Encoding) -> bool {
        let (bytes, _, lossy) = encoding.encode(text);
        assert!(!lossy, "{text}");
        let mut histogram = Histogram::default();
        // In small pieces, so that neighbours stand across borders.
        for piece in bytes.chunks(3) {
            histogram.take(piece);
        }
        histogram.looks_like_mac_roman()
    }

    #[test]
    fn tells_the_two_apart_in_four_languages() {
        for text in [
            "Jürgen Weiß, Straße, Büro, Übersicht, Müller\n",
            "Prénom, Département, Hélène, François, Noël, Forêt\n",
            "Dirección de correo electrónico, Muñoz, Peña, Núñez, Ávila\n",
            "Søren Åberg, Bjørn, Malmö\n",
            "Café “Zoë” – d’Artagnan\n",
        ] {
            assert!(!mac(text, encoding_rs::WINDOWS_1252), "{text}");
            assert!(mac(text, encoding_rs::MACINTOSH), "{text}");
        }
    }

    #[test]
    fn in_doubt_the_line_ends_decide() {
        assert!(!mac("a@contoso.example;€\r\n", encoding_rs::WINDOWS_1252));
        assert!(mac("a@contoso.example\r", encoding_rs::MACINTOSH));
    }
}
