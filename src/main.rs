//! Parses the arguments, runs, turns the result into an exit code; nothing else.

fn main() {}
