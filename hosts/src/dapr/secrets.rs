//! Secrets from the secret store of the sidecar: none lies in a file of ours.

use std::collections::HashMap;

use dapr::dapr::proto::runtime::v1::GetSecretRequest;
use punctual_actors::ports::Failure;

use super::sidecar::{Sidecar, failure};

/// The name of the key that signs tokens.
pub const SIGNING_KEY: &str = "signingkey";

/// The secret `name` of the component `store`.
///
/// # Errors
/// When the store is away or has no such secret.
pub async fn secret(sidecar: &Sidecar, store: &str, name: &str) -> Result<String, Failure> {
    let request = GetSecretRequest {
        store_name: store.to_owned(),
        key: name.to_owned(),
        metadata: HashMap::new(),
    };
    let answer = sidecar.client().get_secret(request).await;
    let data = answer
        .map_err(|status| failure("get secret", &status))?
        .into_inner()
        .data;
    pick(data, name).ok_or_else(|| Failure::new(format_args!("the secret store {store} has no value of {name}")))
}

/// The value under the secret's own name; a Kubernetes secret with a single value may call it anything.
fn pick(mut data: HashMap<String, String>, name: &str) -> Option<String> {
    if let Some(value) = data.remove(name) {
        return Some(value);
    }
    let mut values = data.into_values();
    values.next().filter(|_| values.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(pairs: &[(&str, &str)]) -> HashMap<String, String> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect()
    }

    #[test]
    fn a_secret_is_the_value_of_its_name_or_the_only_one() {
        assert_eq!(pick(data(&[("a", "1"), ("b", "2")]), "a").as_deref(), Some("1"));
        assert_eq!(pick(data(&[("value", "1")]), "a").as_deref(), Some("1"));
        assert_eq!(pick(data(&[("b", "1"), ("c", "2")]), "a"), None);
        assert_eq!(pick(data(&[]), "a"), None);
    }
}
