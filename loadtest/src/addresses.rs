//! Where a server's clients find it.

use std::net::SocketAddr;

/// The two addresses that a client speaks to. They are the same where one process does everything.
#[derive(Clone, Copy)]
pub(crate) struct Addresses {
    /// Requests go here.
    pub(crate) api: SocketAddr,
    /// Sockets are opened here.
    pub(crate) sync: SocketAddr,
}

impl From<SocketAddr> for Addresses {
    fn from(address: SocketAddr) -> Self {
        Self {
            api: address,
            sync: address,
        }
    }
}
