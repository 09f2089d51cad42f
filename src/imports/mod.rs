//! Files that somebody exported elsewhere and that stand in for, or add to, what a service would say.

pub mod integrations;
