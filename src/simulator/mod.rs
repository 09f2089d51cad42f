//! The embedded tenant: the same protocols, served on loopback.
