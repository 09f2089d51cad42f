//! A row as bytes and back. Numbers are of variable length (LEB128); a text that comes again is its place in the [`Words`].
//! The bytes live as long as the spool, so they have no version.

use std::sync::Arc;

use jiff::Timestamp;

use super::words::Words;
use crate::report::row::{EvidenceLine, FindingLine, IntegrationLine, Row};
use crate::verdict::{EwsToday, GraphState, LicenceState, RoutingState, Urgency, Verdict};

/// The bytes are not what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("its bytes are not those that were written")]
pub struct Damaged;

/// Writes a row behind what `out` holds. Gives the bytes of its texts, each counted as often as it stands there.
pub fn write(row: &Row, words: &mut Words, out: &mut Vec<u8>) -> u64 {
    // Taken apart by name, so that a field more cannot be forgotten here.
    let Row {
        row: number,
        address,
        display_name,
        object_id,
        verdict,
        reason,
        cause,
        what_stops,
        next_action,
        urgency,
        alternative,
        licence,
        ews_today,
        routing,
        graph,
        products,
        wave,
        department,
        owner,
        domain,
        evidence,
        findings,
        integrations,
        extras,
    } = row;
    let mut out = Out { words, bytes: out, texts: 0 };
    out.number(*number);
    out.member(*verdict, Verdict::ALL);
    out.member(*urgency, Urgency::ALL);
    out.member(*licence, LicenceState::ALL);
    out.member(*ews_today, EwsToday::ALL);
    out.member(*routing, RoutingState::ALL);
    out.member(*graph, GraphState::ALL);
    for text in [
        address,
        display_name,
        object_id,
        reason,
        cause,
        what_stops,
        next_action,
        alternative,
        wave,
        department,
        owner,
        domain,
    ] {
        out.text(text);
    }
    out.texts(products);
    out.texts(extras);
    out.evidence(evidence);
    out.findings(findings);
    out.integrations(integrations);
    out.texts
}

/// Reads a row back.
///
/// # Errors
/// When the bytes are not those of one row.
pub fn read(bytes: &[u8], words: &[Arc<str>]) -> Result<Row, Damaged> {
    let mut from = In { words, bytes };
    let row = from.row()?;
    if from.bytes.is_empty() { Ok(row) } else { Err(Damaged) }
}

struct Out<'a> {
    words: &'a mut Words,
    bytes: &'a mut Vec<u8>,
    texts: u64,
}

impl Out<'_> {
    fn evidence(&mut self, lines: &[EvidenceLine]) {
        self.number(lines.len() as u64);
        for EvidenceLine { question, answer, source, at } in lines {
            [question, answer, source].into_iter().for_each(|text| self.text(text));
            self.time(*at);
        }
    }

    fn findings(&mut self, lines: &[FindingLine]) {
        self.number(lines.len() as u64);
        for FindingLine { rule, text, action } in lines {
            [rule, text, action].into_iter().for_each(|text| self.text(text));
        }
    }

    fn integrations(&mut self, lines: &[IntegrationLine]) {
        self.number(lines.len() as u64);
        for IntegrationLine { integration, state, rule, text, action } in lines {
            [integration, state, rule, text, action].into_iter().for_each(|text| self.text(text));
        }
    }

    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    fn member<T: PartialEq>(&mut self, member: T, all: &[T]) {
        self.number(all.iter().position(|one| *one == member).map_or(u64::MAX, |place| place as u64));
    }

    fn text(&mut self, text: &str) {
        self.texts += text.len() as u64;
        match self.words.place(text) {
            Some(place) => self.number(u64::from(place) << 1 | 1),
            None => {
                self.number((text.len() as u64) << 1);
                self.bytes.extend_from_slice(text.as_bytes());
            }
        }
    }

    fn texts(&mut self, texts: &[String]) {
        self.number(texts.len() as u64);
        texts.iter().for_each(|text| self.text(text));
    }

    /// Seconds with the sign in the lowest bit, one more than they are, so that 0 is no time; then the rest of the second.
    fn time(&mut self, at: Option<Timestamp>) {
        let Some(at) = at else { return self.number(0) };
        for part in [at.as_second(), i64::from(at.subsec_nanosecond())] {
            self.number(((part << 1) ^ (part >> 63)).cast_unsigned() + 1);
        }
    }
}

struct In<'a> {
    words: &'a [Arc<str>],
    bytes: &'a [u8],
}

impl In<'_> {
    fn row(&mut self) -> Result<Row, Damaged> {
        let row = self.number()?;
        let verdict = self.member(Verdict::ALL)?;
        let urgency = self.member(Urgency::ALL)?;
        let licence = self.member(LicenceState::ALL)?;
        let ews_today = self.member(EwsToday::ALL)?;
        let routing = self.member(RoutingState::ALL)?;
        let graph = self.member(GraphState::ALL)?;
        // Read in the order of writing; the fields of a literal are evaluated as they stand.
        Ok(Row {
            row,
            verdict,
            urgency,
            licence,
            ews_today,
            routing,
            graph,
            address: self.text()?,
            display_name: self.text()?,
            object_id: self.text()?,
            reason: self.text()?,
            cause: self.text()?,
            what_stops: self.text()?,
            next_action: self.text()?,
            alternative: self.text()?,
            wave: self.text()?,
            department: self.text()?,
            owner: self.text()?,
            domain: self.text()?,
            products: self.each(Self::text)?,
            extras: self.each(Self::text)?,
            evidence: self.each(|from| {
                let (question, answer, source) = (from.text()?, from.text()?, from.text()?);
                Ok(EvidenceLine { question, answer, source, at: from.time()? })
            })?,
            findings: self
                .each(|from| Ok(FindingLine { rule: from.text()?, text: from.text()?, action: from.text()? }))?,
            integrations: self.each(|from| {
                let (integration, state, rule) = (from.text()?, from.text()?, from.text()?);
                Ok(IntegrationLine { integration, state, rule, text: from.text()?, action: from.text()? })
            })?,
        })
    }

    fn number(&mut self) -> Result<u64, Damaged> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (first, rest) = self.bytes.split_first().ok_or(Damaged)?;
            self.bytes = rest;
            number |= u64::from(first & 0x7f) << shift;
            if first & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Damaged)
    }

    fn size(&mut self) -> Result<usize, Damaged> {
        usize::try_from(self.number()?).map_err(|_| Damaged)
    }

    fn member<T: Copy>(&mut self, all: &[T]) -> Result<T, Damaged> {
        all.get(self.size()?).copied().ok_or(Damaged)
    }

    fn text(&mut self) -> Result<String, Damaged> {
        let number = self.size()?;
        if number & 1 == 1 {
            return self.words.get(number >> 1).map(|word| String::from(&**word)).ok_or(Damaged);
        }
        let (text, rest) = self.bytes.split_at_checked(number >> 1).ok_or(Damaged)?;
        self.bytes = rest;
        std::str::from_utf8(text).map(str::to_owned).map_err(|_| Damaged)
    }

    fn each<T>(&mut self, mut one: impl FnMut(&mut Self) -> Result<T, Damaged>) -> Result<Vec<T>, Damaged> {
        let count = self.size()?;
        // Each takes a byte at the least: a count beyond that is damage, and no reason to reserve room.
        if count > self.bytes.len() {
            return Err(Damaged);
        }
        let mut all = Vec::with_capacity(count);
        for _ in 0..count {
            all.push(one(self)?);
        }
        Ok(all)
    }

    fn time(&mut self) -> Result<Option<Timestamp>, Damaged> {
        let Some(second) = self.number()?.checked_sub(1) else { return Ok(None) };
        let rest = self.number()?.checked_sub(1).ok_or(Damaged)?;
        let signed = |number: u64| (number >> 1).cast_signed() ^ -(number & 1).cast_signed();
        let rest = i32::try_from(signed(rest)).map_err(|_| Damaged)?;
        Timestamp::new(signed(second), rest).map(Some).map_err(|_| Damaged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn row(number: u64, texts: &[String], at: Option<Timestamp>) -> Row {
        let text = |place: usize| texts[place % texts.len()].clone();
        Row {
            row: number,
            address: text(0),
            display_name: text(1),
            object_id: text(2),
            verdict: Verdict::ALL[number as usize % Verdict::ALL.len()],
            reason: text(3),
            cause: text(4),
            what_stops: text(5),
            next_action: text(6),
            urgency: Urgency::ALL[number as usize % Urgency::ALL.len()],
            alternative: text(7),
            licence: LicenceState::ALL[number as usize % LicenceState::ALL.len()],
            ews_today: EwsToday::ALL[number as usize % EwsToday::ALL.len()],
            routing: RoutingState::ALL[number as usize % RoutingState::ALL.len()],
            graph: GraphState::ALL[number as usize % GraphState::ALL.len()],
            products: texts.to_vec(),
            wave: text(8),
            department: text(9),
            owner: text(10),
            domain: text(11),
            evidence: vec![EvidenceLine { question: text(12), answer: text(13), source: text(14), at }],
            findings: vec![FindingLine { rule: text(15), text: text(16), action: text(17) }],
            integrations: vec![IntegrationLine {
                integration: text(18),
                state: text(19),
                rule: text(20),
                text: text(21),
                action: text(22),
            }],
            extras: texts.to_vec(),
        }
    }

    proptest! {
        #[test]
        fn every_row_comes_back_as_it_was(
            number in any::<u64>(),
            texts in prop::collection::vec(".{0,40}", 1..24),
            at in prop::option::of((-377_705_023_200_i64..253_402_207_200, -999_999_999_i32..=999_999_999)),
        ) {
            let at = at.map(|(second, rest)| Timestamp::new(second, if second < 0 { -rest.abs() } else { rest.abs() }).unwrap());
            let (mut words, mut bytes, mut ends) = (Words::default(), Vec::new(), Vec::new());
            let rows = [row(number, &texts, at), row(number / 3, &texts, None), row(7, &texts, at)];
            for row in &rows {
                write(row, &mut words, &mut bytes);
                ends.push(bytes.len());
            }
            let (words, mut start) = (words.finish(), 0);
            for (row, end) in rows.iter().zip(ends) {
                prop_assert_eq!(&read(&bytes[start..end], &words), &Ok(row.clone()));
                prop_assert_eq!(read(&bytes[start..end - 1], &words), Err(Damaged), "cut");
                start = end;
            }
        }

        #[test]
        fn bytes_that_were_never_written_are_damage_and_nothing_worse(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes, &[Arc::from("word")]);
        }
    }
}
