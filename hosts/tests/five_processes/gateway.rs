//! One address for all: what an ingress is in a cluster. Connections that ask for the socket go to sync, all others to the API.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    sync::Arc,
    thread,
};

use crate::balancer::Balancer;

/// Where connections go on to.
#[derive(Debug)]
pub(crate) struct Backends {
    pub(crate) api: Arc<Balancer>,
    pub(crate) sync: Arc<Balancer>,
}

/// Listens until the process ends; the URL.
pub(crate) fn open(backends: Backends) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let backends = Arc::new(backends);
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let backends = Arc::clone(&backends);
            thread::spawn(move || pass_on(connection, &backends));
        }
    });
    format!("http://{address}")
}

/// A client that is cut off sees a connection that ends, as it does when the server itself is killed.
fn pass_on(mut client: TcpStream, backends: &Backends) {
    let mut buffer = [0; 4096];
    let Ok(read) = client.read(&mut buffer) else { return };
    let port = if buffer[..read].starts_with(b"GET /v1/sync") {
        backends.sync.next()
    } else {
        backends.api.next()
    };
    let Ok(mut server) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else {
        return;
    };
    for stream in [&client, &server] {
        stream.set_nodelay(true).unwrap();
    }
    if server.write_all(&buffer[..read]).is_err() {
        return;
    }
    let (from_client, to_client) = (client.try_clone().unwrap(), client);
    let (from_server, to_server) = (server.try_clone().unwrap(), server);
    let there = thread::spawn(move || copy(from_client, to_server));
    copy(from_server, to_client);
    there.join().unwrap();
}

fn copy(mut from: TcpStream, mut to: TcpStream) {
    let _cut_off = std::io::copy(&mut from, &mut to);
    // The other direction ends with this one.
    let (_gone, _gone_too) = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}
