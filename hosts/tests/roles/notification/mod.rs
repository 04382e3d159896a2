//! The notification role against real receivers on loopback; time is virtual.

mod deliveries;
mod memory;
mod receiver;
