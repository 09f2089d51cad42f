//! The embedded simulated Microsoft 365 tenant: the same protocols, served on loopback.
//!
//! It writes its own JSON and XML and shares no type with the client, so that a misspelt field cannot cancel itself out.
//! All services are on one origin and told apart by path. Paths are matched without case, as the services do.

mod authority;
mod autodiscover;
mod call;
mod counters;
mod ews;
mod exchange_admin;
mod faults;
mod graph;
mod limits;
mod onprem;
mod record;
mod server;
mod tenant;
pub mod tls;
mod token;
mod xml;

pub use faults::{FAULT_NAMES, Faults, Outage, RetryAfter, Storm};
pub use record::Recorder;
pub use server::{Options, Running, Service, router, start};
pub use tenant::{Credentials, RosterLine, Tenant, TenantError};
