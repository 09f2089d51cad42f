//! Every format on one invented assessment.

mod fixture;
mod look;
