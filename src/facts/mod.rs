//! Dated data that the rules read, each file with its own `as_of` and sources.
