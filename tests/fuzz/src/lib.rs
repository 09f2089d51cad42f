//! One function a family of parsers, each fed with bytes that somebody else could have written. A parser may refuse
//! anything; what it may not do is panic, hang or take memory without bound.

mod files;
mod script;
mod services;
mod stored;

pub use files::{exports, roster, settings, workbook};
pub use script::Script;
pub use services::{autodiscover, exchange, graph, sign_in, soap, waits};
pub use stored::{FIELDS, store};

/// Sets the parts of one input apart: answers of a service, parts of a workbook, fields of a store.
pub const CUT: &[u8] = b"\n%%\n";

/// The parts of an input.
fn parts(mut data: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut ended = false;
    std::iter::from_fn(move || {
        if ended {
            return None;
        }
        let at = data.windows(CUT.len()).position(|window| window == CUT);
        let part = data.get(..at.unwrap_or(data.len())).unwrap_or_default();
        data = at.and_then(|at| data.get(at + CUT.len()..)).unwrap_or_default();
        ended = at.is_none();
        Some(part)
    })
}

/// The first byte, which says what is asked of the target, and the rest.
fn chosen(data: &[u8]) -> (usize, &[u8]) {
    data.split_first().map_or((0, data), |(first, rest)| (usize::from(*first), rest))
}
