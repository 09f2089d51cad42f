//! `ewsready` reads a roster of users, asks Microsoft 365 about every mailbox and sorts each user into
//! *blocked*, *needs license upgrade*, *move to Graph/EAC* or *not assessed* before Exchange Web Services end.
//!
//! The data flows one way:
//! `roster -> evidence (collector, store) -> rules -> verdict -> report`.
//! Everything to the right of the store runs offline, on what the store holds.

pub mod assessment;
pub mod cli;
pub mod clock;
pub mod collector;
pub mod compare;
pub mod config;
pub mod evidence;
pub mod facts;
pub mod failure;
pub mod imports;
pub mod plan;
pub mod private;
pub mod pseudonym;
pub mod report;
pub mod roster;
pub mod rules;
pub mod service;
pub mod simulator;
pub mod transport;
pub mod verdict;
