//! `Idempotency-Key`: lets a client repeat a request whose answer it did not get. The actor remembers the answer with the key, in the commit itself.
//! What committed nothing, a refusal or an answer to a request that changes nothing, is decided again when it is repeated: there is no effect that could
//! happen twice, and remembering it would make a commit of every such request.
//!
//! Where a credential is in the answer (a registration and a sign-in answer with a token, a new webhook with its secret) or in the request (a change of
//! password), none is taken: what is remembered is in the log and outlives the credential. A key sent there is refused, for who sends one relies on it.
//! An import is many commands: each has a key of its own ([`key_of_item`]). What ends the session takes a key, but its repeat has no session any more.

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

/// The key of one command of a request that is many, by its place among them; `content` is what it stands for.
pub(super) fn key_of_item(request: IdempotencyKey, place: u64, content: &[&[u8]]) -> IdempotencyKey {
    let body = request.body.to_be_bytes();
    let parts: Vec<&[u8]> = std::iter::once(&body[..]).chain(content.iter().copied()).collect();
    IdempotencyKey {
        body: digest(&parts),
        key: digest(&[&request.key.to_be_bytes(), &place.to_be_bytes()]),
    }
}

/// Refuses a key where a credential would have to be remembered with it.
pub(super) fn refuse_key(headers: &HeaderMap) -> Result<(), Problem> {
    if headers.contains_key(HEADER) {
        return Err(no_key());
    }
    Ok(())
}

/// The refusal of a key.
pub(super) fn no_key() -> Problem {
    let detail = "no Idempotency-Key is taken here: there is a credential in the request or in its answer, which must not be remembered; \
                  send it without";
    Problem::bad_request(detail).on("Idempotency-Key")
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
    fn each_item_of_a_request_has_a_key_of_its_own_that_stands_for_what_it_says() {
        let request = key("k", "/v1/import", "").unwrap();
        let item = |place, content: &str| key_of_item(request, place, &[content.as_bytes()]);
        assert_eq!(item(0, "a"), item(0, "a"));
        assert_ne!(item(0, "a").key, item(1, "a").key);
        assert_ne!(item(0, "a").key, request.key);
        assert!(item(0, "b").key == item(0, "a").key && item(0, "b").body != item(0, "a").body);
    }

    #[test]
    fn a_key_is_visible_ascii_of_bounded_length() {
        for bad in ["", "a b", &"x".repeat(256)] {
            assert_eq!(key(bad, "/", ""), None, "{bad}");
        }
        assert!(key(&"x".repeat(255), "/", "").is_some());
    }
}
