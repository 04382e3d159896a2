//! Request bodies: bounded, of the right media type, and JSON of the right shape.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, HeaderValue, Method, header, request::Parts},
};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use punctual_actors::Code;
use punctual_events::IdempotencyKey;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::error::Category;

use super::{Api, idempotency, problem::Problem};

/// A JSON body, and the idempotency key of the request.
pub(super) struct JsonBody<T> {
    pub(super) value: T,
    pub(super) key: Option<IdempotencyKey>,
}

impl<T: DeserializeOwned> FromRequest<Arc<Api>> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &Arc<Api>) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        expect_json(&parts)?;
        let bytes = read(&parts.headers, body, api.limits.body_bytes).await?;
        Ok(Self {
            key: idempotency::key_of(&parts.headers, &parts.method, &parts.uri, &bytes)?,
            value: parse(&bytes)?,
        })
    }
}

/// A JSON body of an operation whose request or answer holds a credential: it takes no idempotency key.
pub(super) struct KeylessBody<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Arc<Api>> for KeylessBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &Arc<Api>) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        expect_json(&parts)?;
        idempotency::refuse_key(&parts.headers)?;
        let bytes = read(&parts.headers, body, api.limits.body_bytes).await?;
        parse(&bytes).map(Self)
    }
}

/// The idempotency key of a request whose body does not matter.
pub(super) struct Key(pub(super) Option<IdempotencyKey>);

impl FromRequestParts<Arc<Api>> for Key {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Api>) -> Result<Self, Problem> {
        idempotency::key_of(&parts.headers, &parts.method, &parts.uri, &[]).map(Self)
    }
}

/// The media type without its parameters, in lower case.
pub(super) fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let essence = value.split(';').next().unwrap_or_default();
    Some(essence.trim_ascii().to_ascii_lowercase())
}

fn expect_json(parts: &Parts) -> Result<(), Problem> {
    // What nearly everybody sends is recognised without making a copy of it.
    if parts
        .headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value == "application/json")
    {
        return Ok(());
    }
    match media_type(&parts.headers).as_deref() {
        Some("application/json") => Ok(()),
        Some("application/merge-patch+json") if parts.method == Method::PATCH => Ok(()),
        Some(_) | None => Err(unsupported("application/json")),
    }
}

pub(super) fn unsupported(expected: &str) -> Problem {
    Problem::new(Code::UnsupportedMediaType, format!("send `Content-Type: {expected}`"))
}

/// A body that is compressed or otherwise encoded would be taken for what it is not.
pub(super) fn refuse_encoded(headers: &HeaderMap) -> Result<(), Problem> {
    let is_plain =
        |encoding: &HeaderValue| encoding.is_empty() || encoding.as_bytes().eq_ignore_ascii_case(b"identity");
    if headers.get_all(header::CONTENT_ENCODING).iter().all(is_plain) {
        return Ok(());
    }
    let detail = "send the body without `Content-Encoding`";
    Err(Problem::new(Code::UnsupportedMediaType, detail))
}

pub(super) fn too_large(limit_bytes: u64) -> Problem {
    Problem::new(Code::BodyTooLarge, format!("at most {limit_bytes} bytes"))
}

/// What the client says of the length of the body.
pub(super) fn stated_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

async fn read(headers: &HeaderMap, body: Body, limit_bytes: usize) -> Result<Bytes, Problem> {
    refuse_encoded(headers)?;
    let limit = u64::try_from(limit_bytes).unwrap_or(u64::MAX);
    if stated_length(headers).is_some_and(|length| length > limit) {
        return Err(too_large(limit));
    }
    match Limited::new(body, limit_bytes).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large(limit)),
        Err(_) => Err(Problem::bad_request("the body ended too early")),
    }
}

/// What is no JSON at all is 400; JSON with a member that is unknown, missing or of another type is 422 and names it.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let not_json = |error: serde_json::Error| Problem::bad_request(format!("not JSON: {error}"));
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        // Serde would take an array for the members of a struct in order.
        serde_json::from_slice::<IgnoredAny>(bytes).map_err(not_json)?;
        return Err(Problem::unprocessable("the body is not a JSON object"));
    }
    serde_json::from_slice(bytes).map_err(|error| match error.classify() {
        Category::Data => explain::<T>(bytes, &error),
        // Of a number where it expects an enumeration serde_json says what it says of text that is no JSON.
        Category::Syntax | Category::Eof | Category::Io => match serde_json::from_slice::<serde_json::Value>(bytes) {
            Ok(_) => explain::<T>(bytes, &error),
            Err(error) => not_json(error),
        },
    })
}

/// Reads again with an eye on where the fault is, which would cost every request too much.
fn explain<T: DeserializeOwned>(bytes: &[u8], error: &serde_json::Error) -> Problem {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let outcome: Result<T, _> = serde_path_to_error::deserialize(&mut reader);
    let path = outcome.err().map(|error| error.path().to_string());
    let field = path.filter(|path| path != ".").or_else(|| named_field(error));
    let detail = in_plain_words(error);
    match field {
        Some(field) => Problem::invalid(&field, detail),
        None => Problem::unprocessable(&detail),
    }
}

/// What serde says, without where in the text and without the names of our types.
fn in_plain_words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(&*text, |(text, _)| text);
    let Some((found, expected)) = text.rsplit_once("expected ") else {
        return text.to_owned();
    };
    let expected = match expected {
        "value" => "text: a value of another type is not one of those there are",
        "a sequence" => "an array",
        "a map" => "an object",
        "a boolean" => "true or false",
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" | "u64" | "usize" | "i32" | "i64" => "a whole number in range",
        named if named.starts_with("struct ") => "an object",
        named if named.starts_with("enum ") => "one of the values there are",
        other => other,
    };
    format!("{found}expected {expected}")
}

/// The field that serde's "unknown field `x`" and "missing field `x`" name.
fn named_field(error: &serde_json::Error) -> Option<String> {
    let text = error.to_string();
    let rest = text.split_once(" field `")?.1;
    Some(rest.split_once('`')?.0.to_owned())
}

#[cfg(test)]
mod tests {
    use punctual_actors::user::draft::{TaskDraft, TaskPatch};

    use super::*;

    fn problem(body: &str) -> (Code, String) {
        let problem = parse::<TaskDraft>(body.as_bytes()).unwrap_err();
        (problem.code(), problem.field().unwrap_or_default().to_owned())
    }

    #[test]
    fn what_is_not_json_is_a_bad_request() {
        let nested = "[".repeat(100_000);
        for body in ["", "{", "nonsense", r#"{"title": "\ud800"}"#, &nested, "{} {}"] {
            assert_eq!(problem(body).0, Code::BadRequest, "{body:.50}");
        }
        let not_utf8 = parse::<TaskDraft>(b"{\"title\": \"\xff\"}").unwrap_err();
        assert_eq!(not_utf8.code(), Code::BadRequest);
    }

    #[test]
    fn a_member_of_another_shape_is_named() {
        for (body, field) in [
            (r#"{"title": 7}"#, "title"),
            (r#"{"title": "a", "tags": ["x", {}]}"#, "tags[1]"),
            (r#"{"title": "a", "due": {"at": "soon"}}"#, "due.at"),
            (r#"{"title": "a", "due": {"date": "99999-01-01"}}"#, "due.date"),
            (r#"{"title": "a", "colour": "red"}"#, "colour"),
            (r#"{"title": "a", "priority": "huge"}"#, "priority"),
            (r#"{"title": "a", "priority": 1}"#, "priority"),
            (r#"{"title": "a", "priority": []}"#, "priority"),
            (
                r#"{"title": "a", "recurrence": {"rrule": "", "late_policy": null}}"#,
                "recurrence.late_policy",
            ),
        ] {
            assert_eq!(problem(body), (Code::Invalid, field.to_owned()), "{body}");
        }
        assert_eq!(problem("[]").0, Code::Invalid);
    }

    #[test]
    fn a_detail_names_neither_our_types_nor_a_place_in_the_text() {
        for (body, detail) in [
            (
                r#"{"title": "a", "due": 7}"#,
                "invalid type: integer `7`, expected an object",
            ),
            (
                r#"{"title": "a", "tags": 7}"#,
                "invalid type: integer `7`, expected an array",
            ),
            (r#"{"title": 7}"#, "invalid type: integer `7`, expected a string"),
        ] {
            assert_eq!(parse::<TaskDraft>(body.as_bytes()).unwrap_err().detail(), detail);
        }
    }

    #[test]
    fn null_and_absent_differ_in_a_patch() {
        let patch: TaskPatch = parse(br#"{"description": null}"#).unwrap();
        assert!(patch.description == Some(None) && patch.title.is_none());
    }
}
