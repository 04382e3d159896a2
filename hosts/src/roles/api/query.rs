//! Query strings. Each parameter is known, has a value of its type and is there once, unless it is one of a list: whatever else is sent is a mistake
//! its sender wants to hear of, not to have ignored.

use std::{
    borrow::Cow,
    future::{Ready, ready},
    str::FromStr,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    extract::{FromRequestParts, Request},
    http::request::Parts,
    response::{IntoResponse as _, Response},
};
use futures_util::future::Either;
use tower::{Layer, Service};

use super::{Api, problem::Problem};

/// Reads parameters.
pub(super) trait FromQuery: Default {
    /// Takes one.
    ///
    /// # Errors
    /// When it is unknown, or its value is not one.
    fn set(&mut self, name: &str, value: Cow<'_, str>) -> Result<(), Problem>;
}

/// The parameters of a request.
pub(super) struct Query<T>(pub(super) T);

impl<T: FromQuery> FromRequestParts<Arc<Api>> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Api>) -> Result<Self, Problem> {
        read(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// Lets nothing with query parameters through: for routes that have none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refuse;

impl<S> Layer<S> for Refuse {
    type Service = WithoutQuery<S>;

    fn layer(&self, inner: S) -> WithoutQuery<S> {
        WithoutQuery(inner)
    }
}

/// Made by [`Refuse`].
#[derive(Clone, Debug)]
pub(super) struct WithoutQuery<S>(S);

impl<S: Service<Request, Response = Response>> Service<Request> for WithoutQuery<S> {
    type Response = Response;
    type Error = S::Error;
    type Future = Either<Ready<Result<Response, S::Error>>, S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match read::<Nothing>(request.uri().query().unwrap_or_default()) {
            Ok(Nothing) => Either::Right(self.0.call(request)),
            Err(problem) => Either::Left(ready(Ok(problem.into_response()))),
        }
    }
}

/// No parameters.
#[derive(Default)]
struct Nothing;

impl FromQuery for Nothing {
    fn set(&mut self, name: &str, _: Cow<'_, str>) -> Result<(), Problem> {
        Err(unknown(name))
    }
}

pub(super) fn read<T: FromQuery>(query: &str) -> Result<T, Problem> {
    let mut read = T::default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        read.set(&name, value)?;
    }
    Ok(read)
}

/// A parameter this path does not have.
pub(super) fn unknown(name: &str) -> Problem {
    Problem::bad_request("there is no such query parameter").on(name)
}

/// Sets a parameter that may be there once.
pub(super) fn set_once<T>(slot: &mut Option<T>, name: &str, value: T) -> Result<(), Problem> {
    if slot.replace(value).is_some() {
        return Err(Problem::bad_request("this query parameter is there twice").on(name));
    }
    Ok(())
}

/// The value as a `T`; `expected` says what that is.
pub(super) fn parse<T: FromStr>(name: &str, value: &str, expected: &str) -> Result<T, Problem> {
    value
        .parse()
        .map_err(|_| Problem::bad_request(format!("expected {expected}")).on(name))
}

/// How many: from 1 to `max`.
pub(super) fn parse_limit(name: &str, value: &str, max: u16) -> Result<u16, Problem> {
    let expected = format!("a number from 1 to {max}");
    let limit = parse(name, value, &expected)?;
    if (1..=max).contains(&limit) {
        Ok(limit)
    } else {
        Err(Problem::bad_request(format!("expected {expected}")).on(name))
    }
}
