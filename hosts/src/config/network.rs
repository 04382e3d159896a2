//! A network, as it is written where addresses are allowed or believed.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, de::Error as _};

/// A network in CIDR notation; an address alone is the network of it alone.
pub(super) fn network(text: &str) -> Result<IpNet, String> {
    let alone = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse::<IpNet>()
        .or_else(|_| alone())
        .map_err(|_| "expected an address, or a network as 10.0.0.0/8 or fd00::/8".to_owned())
}

/// The same in a file.
pub(super) fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<IpNet>>, D::Error> {
    let texts = Option::<Vec<String>>::deserialize(deserializer)?;
    let read = |texts: Vec<String>| texts.iter().map(|text| network(text)).collect::<Result<_, _>>();
    texts.map(read).transpose().map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_alone_is_the_network_of_it_alone() {
        for (written, meant) in [
            ("127.0.0.1", "127.0.0.1/32"),
            ("::1", "::1/128"),
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("fd00::/8", "fd00::/8"),
        ] {
            assert_eq!(network(written).unwrap().to_string(), meant);
        }
    }

    #[test]
    fn what_is_neither_says_what_is_expected() {
        for wrong in ["", "localhost", "10.0.0.0/33", "10.0.0.0/", "10.0.0"] {
            assert!(
                network(wrong)
                    .unwrap_err()
                    .starts_with("expected an address, or a network")
            );
        }
    }
}
