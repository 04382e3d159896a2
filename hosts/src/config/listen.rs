//! Where to listen: an address and a port, or a name and a port.

use std::{fmt, net::SocketAddr, str::FromStr};

use serde::Deserialize;

/// An address, or a name that stands for one or several when the server starts, and a port.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ListenAddress(Box<str>);

/// What is no [`ListenAddress`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an address or a name, and a port: 127.0.0.1:8080, [::1]:8080 or localhost:8080")]
pub struct NotAnAddress;

impl ListenAddress {
    /// The addresses it stands for, those of version 4 first: of the two that `localhost` has, everybody knows 127.0.0.1.
    ///
    /// # Errors
    /// When the name stands for none.
    pub async fn resolve(&self) -> std::io::Result<Vec<SocketAddr>> {
        Ok(preferred(tokio::net::lookup_host(&*self.0).await?.collect()))
    }
}

fn preferred(mut addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    addresses.sort_by_key(SocketAddr::is_ipv6);
    addresses
}

impl FromStr for ListenAddress {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let is_name = || {
            let (name, port) = text.rsplit_once(':')?;
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
            // All digits and dots would be a mistyped address.
            let is_name = name.bytes().all(is_plain) && name.bytes().any(|byte| byte.is_ascii_alphabetic());
            (is_name && port.parse::<u16>().is_ok()).then_some(())
        };
        if text.parse::<SocketAddr>().is_ok() || is_name().is_some() {
            return Ok(Self(text.into()));
        }
        Err(NotAnAddress)
    }
}

impl TryFrom<String> for ListenAddress {
    type Error = NotAnAddress;

    fn try_from(text: String) -> Result<Self, NotAnAddress> {
        text.parse()
    }
}

impl From<SocketAddr> for ListenAddress {
    fn from(address: SocketAddr) -> Self {
        Self(address.to_string().into())
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_names_with_a_port_are_taken_and_nothing_else() {
        for text in [
            "127.0.0.1:8080",
            "[::1]:0",
            "0.0.0.0:1",
            "localhost:8080",
            "my-host.example.org:65535",
        ] {
            assert_eq!(
                text.parse::<ListenAddress>().map(|address| address.to_string()),
                Ok(text.into())
            );
        }
        for text in [
            "",
            "here",
            ":8080",
            "8080",
            "localhost:",
            "localhost:http",
            "localhost:65536",
            "::1:8080",
            "127.0.0.1.1:80",
            "a b:80",
            "http://localhost:80",
        ] {
            assert_eq!(text.parse::<ListenAddress>(), Err(NotAnAddress), "{text}");
        }
    }

    #[test]
    fn of_the_addresses_of_a_name_those_of_version_4_come_first() {
        let addresses = ["[::1]:80", "127.0.0.2:80", "[::2]:80", "127.0.0.1:80"].map(|text| text.parse().unwrap());
        let texts = preferred(addresses.into())
            .into_iter()
            .map(|address| address.to_string());
        assert!(texts.eq(["127.0.0.2:80", "127.0.0.1:80", "[::1]:80", "[::2]:80"]));
    }

    #[tokio::test]
    async fn a_name_stands_for_its_addresses() {
        let localhost: ListenAddress = "localhost:80".parse().unwrap();
        let found = localhost.resolve().await.unwrap();
        assert!(!found.is_empty());
        assert!(
            found
                .iter()
                .all(|address| address.ip().is_loopback() && address.port() == 80),
            "{found:?}"
        );
    }
}
