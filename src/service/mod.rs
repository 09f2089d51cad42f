//! One room a remote service. Wire format only: these files turn questions into requests and answers into
//! evidence; what evidence means is for the rules.

pub mod autodiscover;
pub mod dns;
pub mod entra;
pub mod ews;
pub mod exchange_admin;
pub mod graph;
pub mod onprem;
pub mod supply;
pub mod xml;
