//! Problems: what a client is told when a request is refused or fails, as RFC 9457 has it. Everything that is not a success leaves as one of these,
//! whoever noticed it: the actor, an extractor, the router.

use std::borrow::Cow;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use punctual_actors::{Code, Refusal, ports::Failure, turn::TurnError};
use punctual_events::Task;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::json;
use crate::limits::RetryAfter;

/// The media type of problems.
pub(super) const PROBLEM_JSON: &str = "application/problem+json";
/// Where the page of the codes is served; `type` points to the paragraph of one.
pub(super) const ERRORS_PAGE: &str = "/docs/errors.md";
/// When to come back after a failure of ours, in seconds.
const RETRY_AFTER_FAILURE_S: u64 = 1;
/// Details name what a client sent; this much of it is enough to recognise it.
const MAX_DETAIL_CHARS: usize = 300;

/// A problem on its way to a client.
#[derive(Debug)]
pub(super) struct Problem {
    refusal: Refusal,
    retry_after_s: Option<u64>,
}

impl Problem {
    pub(super) fn is_not_found(&self) -> bool {
        self.refusal.code == Code::NotFound
    }

    pub(super) fn new(code: Code, detail: impl Into<Box<str>>) -> Self {
        Refusal::new(code, detail).into()
    }

    /// The body, the query or a header is not what the operation takes.
    pub(super) fn bad_request(detail: impl AsRef<str>) -> Self {
        Self::new(Code::BadRequest, cut(detail.as_ref()))
    }

    /// A body that is not acceptable as a whole.
    pub(super) fn unprocessable(detail: &str) -> Self {
        Self::new(Code::Invalid, cut(detail))
    }

    /// A value that is not acceptable.
    pub(super) fn invalid(field: &str, detail: impl AsRef<str>) -> Self {
        Refusal::invalid(&cut(field), cut(detail.as_ref())).into()
    }

    /// The same with the field it is about.
    pub(super) fn on(self, field: &str) -> Self {
        Self {
            refusal: self.refusal.on(&cut(field)),
            ..self
        }
    }

    pub(super) fn not_found() -> Self {
        Refusal::not_found().into()
    }

    /// A fault in the server, logged here and not told to the client.
    pub(super) fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "a request failed by a fault of ours");
        Self::new(Code::Internal, "a fault in the server; it was logged")
    }

    /// Something the server needs is away, logged here and not told to the client.
    pub(super) fn unavailable(cause: impl std::fmt::Display) -> Self {
        tracing::warn!(%cause, "a request could not be answered");
        Self {
            retry_after_s: Some(RETRY_AFTER_FAILURE_S),
            ..Self::new(
                Code::Unavailable,
                "something the server needs is away; a change may have taken effect or not: repeat it, with the same Idempotency-Key where it takes one",
            )
        }
    }

    /// Something stored cannot be read, logged here and not told to the client.
    fn damaged(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "a request met damaged data");
        Self::new(
            Code::DataDamaged,
            "something that is stored cannot be read; it was logged, and trying again does not help",
        )
    }

    /// Too many requests.
    pub(super) fn rate_limited(retry: RetryAfter) -> Self {
        Self {
            retry_after_s: Some(retry.seconds()),
            ..Self::new(Code::RateLimited, "too many requests; come back a little later")
        }
    }

    pub(super) fn code(&self) -> Code {
        self.refusal.code
    }

    #[cfg(test)]
    pub(super) fn field(&self) -> Option<&str> {
        self.refusal.field.as_deref()
    }

    #[cfg(test)]
    pub(super) fn detail(&self) -> &str {
        &self.refusal.detail
    }

    /// As it is written.
    pub(super) fn document(&self) -> ProblemDocument<'_> {
        let Refusal {
            code,
            detail,
            field,
            current,
        } = &self.refusal;
        ProblemDocument {
            problem_type: format!("{ERRORS_PAGE}#{}", code.as_str()),
            title: title(*code),
            status: code.status(),
            detail,
            code: code.as_str(),
            field: field.as_deref(),
            current: current.as_deref(),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self {
            refusal,
            retry_after_s: None,
        }
    }
}

impl From<TurnError> for Problem {
    fn from(error: TurnError) -> Self {
        match error {
            TurnError::Refused(refusal) => refusal.into(),
            TurnError::Unknown(failure) => failure.into(),
        }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        if failure.is_damage() {
            Self::damaged(failure)
        } else {
            Self::unavailable(failure)
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code().status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = json(status, &self.document());
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// A problem as it is written, an `application/problem+json` of RFC 9457.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemDocument<'a> {
    /// Identifies the kind of problem, and where to read about it.
    #[serde(rename = "type")]
    #[schema(value_type = String, format = "uri-reference", examples("/docs/errors.md#invalid"))]
    problem_type: String,
    /// What kind of problem it is, in words.
    #[schema(value_type = String)]
    title: &'a str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What is wrong this time, in words.
    #[schema(value_type = String)]
    detail: &'a str,
    /// Identifies the kind of problem, for programs. Stable.
    #[schema(value_type = String, examples("invalid"))]
    code: &'a str,
    /// The field, parameter or header at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    field: Option<&'a str>,
    /// The task as it is, for `version_mismatch`.
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<&'a Task>,
}

/// The first sentence of what a code means.
pub(super) fn title(code: Code) -> &'static str {
    let meaning = code.meaning();
    meaning.find(['.', ';', ':']).map_or(meaning, |end| &meaning[..end])
}

fn cut(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MAX_DETAIL_CHARS) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_an_error_status_with_a_title() {
        for code in Code::ALL {
            assert!((400..600).contains(&code.status()), "{code:?}");
            assert!(!title(*code).is_empty() && !title(*code).ends_with('.'), "{code:?}");
        }
    }

    #[test]
    fn a_detail_repeats_no_more_of_a_request_than_is_needed_to_recognise_it() {
        let problem = Problem::bad_request("é".repeat(100_000));
        assert_eq!(problem.detail().chars().count(), MAX_DETAIL_CHARS + 1);
    }

    #[test]
    fn a_failure_says_when_to_come_back_but_not_what_failed() {
        let response = Problem::from(Failure::new("disk on fire")).into_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
        let problem = Problem::from(Failure::new("disk on fire"));
        assert!(!problem.detail().contains("disk"));
    }

    #[test]
    fn damage_is_a_fault_that_nobody_is_asked_to_repeat() {
        let problem = Problem::from(TurnError::Unknown(Failure::damaged("page 7 of Ann")));
        assert_eq!(problem.code(), Code::DataDamaged);
        assert!(!problem.detail().contains("Ann"));
        let response = problem.into_response();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!response.headers().contains_key(header::RETRY_AFTER));
    }
}
