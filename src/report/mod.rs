//! Reports: one view model ([`row`], `view`), one file a format, no format that thinks for itself.

pub mod row;
