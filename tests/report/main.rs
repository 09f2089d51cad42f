//! Every format on one invented assessment.

mod csv;
mod fixture;
mod html;
mod json;
mod scripts;
mod whole;
mod xlsx;
