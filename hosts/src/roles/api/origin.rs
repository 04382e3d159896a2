//! Where a request comes from, for the limits of those who have no token.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, request::Parts},
};
use ipnet::IpNet;

use super::{Api, problem::Problem};
use crate::limits::Origin;

/// In which a proxy says whom it speaks for; each adds an address at the end.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// Where a request comes from.
pub(super) struct Whence(pub(super) Origin);

impl FromRequestParts<Arc<Api>> for Whence {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Problem> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        // Served without addresses, everybody is one origin: too strict rather than not at all.
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
        let address = client(peer, &parts.headers, &api.trusted_proxies);
        Ok(Self(Origin::from(address)))
    }
}

/// Where a request without a token comes from; it takes one of the origin's tokens.
pub(super) struct Anonymous(pub(super) Origin);

impl FromRequestParts<Arc<Api>> for Anonymous {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Problem> {
        let Whence(origin) = Whence::from_request_parts(parts, api).await?;
        if let Some(limiter) = &api.per_origin {
            limiter.try_take(&origin, api.now()).map_err(Problem::rate_limited)?;
        }
        Ok(Self(origin))
    }
}

/// Whom the chain of proxies speaks for: from the peer backwards, the first address that is none of ours. What stands before it in the header anybody
/// may have written.
fn client(peer: IpAddr, headers: &HeaderMap, proxies: &[IpNet]) -> IpAddr {
    let peer = peer.to_canonical();
    let is_proxy = |address: &IpAddr| proxies.iter().any(|network| network.contains(address));
    let mut last = peer;
    let lines: Vec<_> = headers.get_all(FORWARDED_FOR).iter().collect();
    let said = lines
        .iter()
        .rev()
        .flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    for said in said {
        if !is_proxy(&last) {
            return last;
        }
        match address(said) {
            Some(address) => last = address,
            // The proxy that wrote this is the last that is known.
            None => return last,
        }
    }
    last
}

/// An address, also with a port, as some load balancers write it.
fn address(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let address = text.parse::<IpAddr>();
    let address = address.or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip()));
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, lines: &[&str]) -> String {
        let proxies = ["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().unwrap());
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        client(peer.parse().unwrap(), &headers, &proxies).to_string()
    }

    #[test]
    fn a_peer_that_is_no_proxy_is_the_client_whatever_it_says() {
        assert_eq!(seen("203.0.113.7", &["198.51.100.1"]), "203.0.113.7");
    }

    #[test]
    fn a_proxy_speaks_for_the_last_address_that_is_no_proxy() {
        assert_eq!(seen("10.1.2.3", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(seen("10.1.2.3", &["192.0.2.9, 198.51.100.1, 10.9.9.9"]), "198.51.100.1");
        assert_eq!(seen("fd00::1", &["2001:db8::5"]), "2001:db8::5");
        assert_eq!(
            seen("::ffff:10.1.2.3", &["198.51.100.1"]),
            "198.51.100.1",
            "IPv4 on a socket of IPv6"
        );
    }

    #[test]
    fn several_lines_are_one_list() {
        assert_eq!(
            seen("10.1.2.3", &["192.0.2.9", "198.51.100.1, 10.9.9.9"]),
            "198.51.100.1"
        );
        assert_eq!(seen("10.1.2.3", &["192.0.2.9", "10.9.9.9"]), "192.0.2.9");
    }

    #[test]
    fn a_port_is_no_part_of_the_address() {
        assert_eq!(seen("10.1.2.3", &["198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(seen("10.1.2.3", &["[2001:db8::5]:4711"]), "2001:db8::5");
    }

    #[test]
    fn what_is_no_address_ends_the_chain_at_the_proxy_that_wrote_it() {
        assert_eq!(seen("10.1.2.3", &["198.51.100.1, unknown, 10.9.9.9"]), "10.9.9.9");
        assert_eq!(seen("10.1.2.3", &["\u{e4}"]), "10.1.2.3");
        assert_eq!(seen("10.1.2.3", &[]), "10.1.2.3");
        assert_eq!(seen("10.1.2.3", &[""]), "10.1.2.3");
    }
}
