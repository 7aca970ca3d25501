//! `margay serve` as those around it meet it: scanners, folders, operators, power.

#![expect(clippy::unwrap_used, reason = "a test may stop")]

mod appliance;
mod broker;

mod agent;
mod configuration;
mod folder;
mod grid;
mod power;
mod privacy;
mod roles;
mod service_manager;
mod socket;
mod stop;
