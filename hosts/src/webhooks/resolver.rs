//! Name resolution that yields only addresses a webhook may reach. Connections are made to exactly these, so a name that changes
//! between a check and the connection (DNS rebinding) has nothing to change.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::{
    address::{AddressPolicy, RefusedAddress},
    target::Target,
};

/// The system's resolver, its answers filtered.
pub(super) struct CheckedResolver(pub(super) Arc<AddressPolicy>);

/// How long a name may take to be resolved when its webhook is made.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(5);

/// No webhook can be sent to the name. One answer for names that are unknown and names whose addresses are not public: two would tell whoever asks which
/// names there are in our network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no address on the public internet was found for the host; check its spelling, and that everybody can reach it"
)]
pub struct Unreachable;

/// Why there is no address to connect to. Not for whoever chose the name, to whom each of these is [`Unreachable`].
#[derive(Debug, thiserror::Error)]
pub(super) enum ResolveError {
    /// The resolver does not know the name, or does not answer.
    #[error("the name cannot be resolved")]
    Lookup(#[from] io::Error),
    /// There is such a name, but nothing behind it.
    #[error("the name has no address")]
    NoAddress,
    // Not transparent: the sender looks for the refusal among the sources of the client's error.
    /// Everything behind it is out of bounds.
    #[error("none of the name's addresses is on the public internet")]
    Refused(#[from] RefusedAddress),
}

/// Resolves the name of a target, so that who makes a webhook hears at once that nothing could be sent there. Every connection resolves it anew: what is found
/// here is not relied on.
///
/// # Errors
/// When there is no address that may be reached.
pub async fn check_reachable(target: &Target, policy: &AddressPolicy) -> Result<(), Unreachable> {
    target.check_literal(policy).map_err(|RefusedAddress| Unreachable)?;
    let url = target.url();
    let host = url.host_str().unwrap_or_default();
    let Some(name) = Some(host).filter(|host| !host.starts_with('[')) else {
        return Ok(());
    };
    let lookup = tokio::time::timeout(LOOKUP_TIMEOUT, tokio::net::lookup_host((name, 0)));
    let Ok(Ok(found)) = lookup.await else {
        return Err(Unreachable);
    };
    reachable(found, policy).map(drop).map_err(|_| Unreachable)
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = Arc::clone(&self.0);
        Box::pin(async move {
            // Port 0 stands for the URL's port.
            let found = tokio::net::lookup_host((name.as_str(), 0))
                .await
                .map_err(ResolveError::from)?;
            let reachable: Addrs = Box::new(reachable(found, &policy)?.into_iter());
            Ok(reachable)
        })
    }
}

/// The addresses that may be reached. Refused ones among them are left out rather than spoiling the rest: they are never connected to.
fn reachable(found: impl Iterator<Item = SocketAddr>, policy: &AddressPolicy) -> Result<Vec<SocketAddr>, ResolveError> {
    let (mut reachable, mut outcome) = (Vec::new(), ResolveError::NoAddress);
    for address in found {
        match policy.check(address.ip()) {
            Ok(()) => reachable.push(address),
            Err(refused) => outcome = refused.into(),
        }
    }
    if reachable.is_empty() {
        Err(outcome)
    } else {
        Ok(reachable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(found: &[&str]) -> Result<Vec<SocketAddr>, ResolveError> {
        let found = found.iter().map(|address| SocketAddr::new(address.parse().unwrap(), 0));
        reachable(found, &AddressPolicy::default())
    }

    #[test]
    fn only_public_addresses_of_a_name_are_connected_to() {
        let addresses = resolved(&["10.0.0.1", "1.1.1.1", "::1", "2606:4700:4700::1111"]).unwrap();
        let ips: Vec<_> = addresses.iter().map(|address| address.ip().to_string()).collect();
        assert_eq!(ips, ["1.1.1.1", "2606:4700:4700::1111"]);
    }

    #[test]
    fn a_name_with_private_addresses_only_is_refused_and_one_without_any_is_unknown() {
        assert!(matches!(resolved(&["10.0.0.1", "::1"]), Err(ResolveError::Refused(_))));
        assert!(matches!(resolved(&[]), Err(ResolveError::NoAddress)));
    }
}
