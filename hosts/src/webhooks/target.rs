//! The URL a webhook is sent to.

use std::{fmt, net::IpAddr};

use reqwest::Url;

use super::address::{AddressPolicy, RefusedAddress};

/// The longest URL taken.
pub const MAX_BYTES: usize = 2048;

/// A URL that was checked as far as it can be without resolving its name. Its path and query often are a credential of the receiver's,
/// so `Debug` shows neither.
#[derive(Clone, PartialEq, Eq)]
pub struct Target(Url);

/// Why a URL is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Too long.
    #[error("a webhook's URL has at most {MAX_BYTES} bytes")]
    TooLong,
    /// Not a URL with a host.
    #[error("not a URL like https://example.org/hook")]
    Malformed,
    /// Another scheme.
    #[error("a webhook's URL starts with http:// or https://")]
    Scheme,
    /// User name or password in it.
    #[error("a webhook's URL carries no user name or password")]
    Credentials,
    /// A port at which nothing can listen.
    #[error("a webhook's URL has a port from 1 to 65535, or none")]
    Port,
    /// Its host is an address that is not public.
    #[error(transparent)]
    Address(#[from] RefusedAddress),
}

impl Target {
    /// Takes a URL: http or https, a name or an address as host, any port but 0.
    ///
    /// A host that is an address is checked here, whatever its spelling (`0x7f.1`, `2130706433`, …): the parser makes them all one. A
    /// name is checked when it is resolved, at every connection.
    ///
    /// # Errors
    /// When it is something else, or an address that may not be reached.
    pub fn parse(text: &str, policy: &AddressPolicy) -> Result<Self, TargetError> {
        if text.len() > MAX_BYTES {
            return Err(TargetError::TooLong);
        }
        let url = Url::parse(text).map_err(|_| TargetError::Malformed)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(TargetError::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(TargetError::Credentials);
        }
        if url.port() == Some(0) {
            return Err(TargetError::Port);
        }
        let target = Self(url);
        target.check_literal(policy)?;
        Ok(target)
    }

    /// The URL.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// Refuses a host that is an address the policy refuses. A connection to an address never asks the resolver, so this is the only
    /// place to stop it; the sender asks again at every try, because the policy may have changed since the URL was stored.
    ///
    /// # Errors
    /// When it is such an address.
    pub fn check_literal(&self, policy: &AddressPolicy) -> Result<(), RefusedAddress> {
        let host = self.0.host_str().unwrap_or_default();
        let bare = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        match bare.parse::<IpAddr>() {
            Ok(address) => policy.check(address),
            Err(_) => Ok(()),
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Target({}://{}/…)",
            self.0.scheme(),
            self.0.host_str().unwrap_or_default()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Target, TargetError> {
        Target::parse(text, &AddressPolicy::default())
    }

    #[test]
    fn web_addresses_are_taken_with_any_port() {
        for text in [
            "https://example.org",
            "http://example.org:8080/hook?key=value",
            "https://1.1.1.1/",
            "https://[2606:4700:4700::1111]:8443/",
            "https://bücher.example/",
        ] {
            assert!(parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_web_address_is_refused() {
        for (text, error) in [
            ("", TargetError::Malformed),
            ("example.org/hook", TargetError::Malformed),
            ("https://", TargetError::Malformed),
            ("https://exa mple.org/", TargetError::Malformed),
            ("https://example.org:99999/", TargetError::Malformed),
            ("ftp://example.org/", TargetError::Scheme),
            ("file:///etc/passwd", TargetError::Scheme),
            ("unix:/run/docker.sock", TargetError::Scheme),
            ("https://ann:secret@example.org/", TargetError::Credentials),
            ("https://ann@example.org/", TargetError::Credentials),
            ("https://example.org:0/", TargetError::Port),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
        }
        assert_eq!(
            parse(&format!("https://example.org/{}", "x".repeat(2048))),
            Err(TargetError::TooLong)
        );
    }

    #[test]
    fn an_address_is_refused_in_every_spelling() {
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f.0.0.1",
            "0177.0.0.1",
            "127.0.0.1.",
            "１２７.0.0.1",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[0:0:0:0:0:ffff:7f00:1]",
            "169.254.169.254",
            "[fd00:ec2::254]",
        ] {
            let outcome = parse(&format!("http://{host}:9000/hook"));
            assert_eq!(outcome, Err(TargetError::Address(RefusedAddress)), "{host}");
        }
    }

    #[test]
    fn an_opened_address_is_taken() {
        let policy = AddressPolicy::new(vec!["127.0.0.0/8".parse().unwrap()]);
        assert!(Target::parse("http://127.0.0.1:9000/", &policy).is_ok());
    }

    #[test]
    fn debug_shows_neither_path_nor_query() {
        let text = format!("{:?}", parse("https://example.org/s3cret?token=s3cret").unwrap());
        assert_eq!(text, "Target(https://example.org/…)");
    }
}
