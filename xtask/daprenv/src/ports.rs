//! Ports that stay ours while a process is down.

use std::net::{Ipv4Addr, TcpListener};

use crate::{Failure, Result};

/// Below where Linux and macOS take the ports of outgoing connections from. A port that the system hands out for "any free port" lies there,
/// and a connection of anybody's may sit on it when a stopped process wants it back.
const RANGE: std::ops::Range<u16> = 20_000..32_000;

/// Chooses ports that nobody listens on; each stays reserved until the chooser is dropped, so that none is given twice.
#[derive(Default)]
pub(crate) struct Ports {
    held: Vec<TcpListener>,
}

impl Ports {
    /// A port that was free a moment ago, and is not one of those given before.
    pub(crate) fn choose(&mut self) -> Result<u16> {
        let start = random();
        let span = RANGE.end - RANGE.start;
        for step in 0..span {
            let port = RANGE.start + (start % span + step) % span;
            if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
                self.held.push(listener);
                return Ok(port);
            }
        }
        Err(Failure::Missing(format!(
            "no port between {} and {} is free",
            RANGE.start, RANGE.end
        )))
    }
}

/// Where to begin looking: two environments that start at once should not walk the same way.
fn random() -> u16 {
    getrandom::u32().map_or(0, |number| (number >> 16) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_port_is_given_twice() {
        let mut ports = Ports::default();
        let mut given: Vec<u16> = (0..50).map(|_| ports.choose().unwrap()).collect();
        given.sort_unstable();
        given.dedup();
        assert_eq!(given.len(), 50);
        assert!(given.iter().all(|port| RANGE.contains(port)));
    }
}
