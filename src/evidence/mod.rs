//! What was observed about a mailbox and its tenant, and where it is kept.
//!
//! The types in [`observation`], [`mailbox`] and [`tenant`] are all that rules, verdict and report know of the
//! world; they carry no wire names. [`store`] keeps them, [`crate::collector`] fills them.

pub mod domains;
pub mod joined;
pub mod mailbox;
pub mod object_id;
pub mod observation;
pub mod question;
pub mod store;
pub mod tenant;

pub use mailbox::MailboxEvidence;
pub use object_id::ObjectId;
pub use observation::{Cause, Observation, Source, Unknown};
pub use tenant::TenantEvidence;
