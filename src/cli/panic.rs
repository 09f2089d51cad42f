//! An error of the program itself: a person's sentence in place of Rust's own message, which would show the values at
//! hand, and the code of a run that can go on.

use std::io::Write;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};

use crate::failure::{Exit, Failure};

/// Runs the program; an error of its own ends it with the code of a stopped run. What it says then names the place in
/// the source and never a value: a value may be a secret.
#[must_use]
pub fn guarded(run: impl FnOnce() -> u8) -> u8 {
    std::panic::set_hook(Box::new(|info| {
        // RUST_BACKTRACE asks for the functions on the way there; they hold no values either.
        let backtrace = std::backtrace::Backtrace::capture();
        let way = match backtrace.status() {
            std::backtrace::BacktraceStatus::Captured => format!("\n{backtrace}"),
            _ => String::new(),
        };
        let _ = writeln!(std::io::stderr().lock(), "{}{way}", broken(info.location()));
    }));
    catch_unwind(AssertUnwindSafe(run)).unwrap_or(Exit::Resumable.code())
}

fn broken(place: Option<&Location<'_>>) -> Failure {
    let place =
        place.map_or_else(|| "an unknown place".to_owned(), |at| format!("{}:{}", inside(at.file()), at.line()));
    Failure {
        exit: Exit::Resumable,
        message: format!("ewsready {} has a fault of its own, at {place}", env!("CARGO_PKG_VERSION")),
        hint: "what was learned is kept: the same command goes on from there; please report the fault with this place, and \
               with what RUST_BACKTRACE=1 shows beside it"
            .to_owned(),
    }
}

/// A source file without the folders of the computer it was built on.
fn inside(file: &str) -> &str {
    let folders = ["/registry/src/", "\\registry\\src\\"];
    let rest = folders.iter().find_map(|folder| file.split_once(folder)).map(|(_, rest)| rest);
    rest.and_then(|rest| rest.split_once(['/', '\\'])).map_or(file, |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_names_no_folder_of_the_builder() {
        assert_eq!(inside("/home/ada/.cargo/registry/src/index-1/url-2.5.4/src/lib.rs"), "url-2.5.4/src/lib.rs");
        assert_eq!(inside("C:\\Users\\ada\\.cargo\\registry\\src\\index-1\\url-2\\src\\lib.rs"), "url-2\\src\\lib.rs");
        assert_eq!(inside("src/cli/mod.rs"), "src/cli/mod.rs");
    }
}
