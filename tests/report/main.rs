//! Every format on one invented assessment.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail by panicking")]

mod csv;
mod fixture;
mod html;
mod json;
mod libreoffice;
mod parsed;
mod scripts;
mod whole;
mod xlsx;
