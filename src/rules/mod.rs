//! The rules: each a pure function of evidence, facts and as-of date.
