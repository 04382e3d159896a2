//! `Idempotency-Key`: lets a client repeat a request whose answer it did not get. The actor remembers the answer with the key, in the commit itself.
//! What committed nothing, a refusal or an answer to a request that changes nothing, is decided again when it is repeated: there is no effect that could
//! happen twice, and remembering it would make a commit of every such request.
//!
//! Accounts, sessions, webhooks and imports take no key: their answers carry secrets, which are remembered nowhere, or they are repeatable as they are. A
//! key sent there is refused, for who sends one relies on it.

use axum::http::{HeaderMap, Method, Uri};
use punctual_events::IdempotencyKey;
use sha2::{Digest as _, Sha256};

use super::problem::Problem;

pub(super) const HEADER: &str = "idempotency-key";
const MAX_CHARS: usize = 255;

/// The key of a request, if it has one, and what it stands for: method, path with query, and body.
pub(super) fn key_of(
    headers: &HeaderMap,
    method: &Method,
    uri: &Uri,
    body: &[u8],
) -> Result<Option<IdempotencyKey>, Problem> {
    let mut values = headers.get_all(HEADER).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let key = value.as_bytes();
    let is_plain = !key.is_empty() && key.len() <= MAX_CHARS && key.iter().all(u8::is_ascii_graphic);
    if !is_plain || values.next().is_some() {
        let detail = format!("an Idempotency-Key is 1 to {MAX_CHARS} visible ASCII characters, sent once");
        return Err(Problem::bad_request(detail).on("Idempotency-Key"));
    }
    let target = uri.path_and_query().map_or("", |target| target.as_str());
    Ok(Some(IdempotencyKey {
        // A method and a path hold no spaces, so these are not the parts of another request.
        body: digest(&[method.as_str().as_bytes(), b" ", target.as_bytes(), b" ", body]),
        key: digest(&[key]),
    }))
}

/// Refuses a key where it would be worth nothing.
pub(super) fn refuse_key(headers: &HeaderMap) -> Result<(), Problem> {
    if headers.contains_key(HEADER) {
        let detail = "this operation takes no Idempotency-Key: its answer is not remembered; send it without";
        return Err(Problem::bad_request(detail).on("Idempotency-Key"));
    }
    Ok(())
}

/// The first 16 bytes of the SHA-256 of the parts.
fn digest(parts: &[&[u8]]) -> u128 {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    let mut first = [0; 16];
    first.copy_from_slice(&hash.finalize()[..16]);
    u128::from_be_bytes(first)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn key(value: &str, target: &'static str, body: &str) -> Option<IdempotencyKey> {
        let headers = HeaderMap::from_iter([(HEADER.parse().unwrap(), HeaderValue::from_str(value).unwrap())]);
        key_of(&headers, &Method::POST, &Uri::from_static(target), body.as_bytes()).unwrap_or_default()
    }

    #[test]
    fn a_key_stands_for_one_request() {
        let first = key("k", "/v1/tasks", "{}").unwrap();
        assert_eq!(key("k", "/v1/tasks", "{}"), Some(first));
        for other in [
            key("k", "/v1/tasks", "{ }"),
            key("k", "/v1/task", "{}"),
            key("k", "/v1/tasks?series=true", "{}"),
        ] {
            let other = other.unwrap();
            assert!(other.key == first.key && other.body != first.body);
        }
        assert_ne!(key("l", "/v1/tasks", "{}").unwrap().key, first.key);
    }

    #[test]
    fn a_key_is_visible_ascii_of_bounded_length() {
        for bad in ["", "a b", &"x".repeat(256)] {
            assert_eq!(key(bad, "/", ""), None, "{bad}");
        }
        assert!(key(&"x".repeat(255), "/", "").is_some());
    }
}
