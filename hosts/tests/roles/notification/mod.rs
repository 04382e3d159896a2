//! The notification role against real receivers on loopback; time is virtual.

mod deletion;
mod deliveries;
mod mail;
mod memory;
mod receiver;
