//! A call, its answer, and the way to the sidecar.

use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, combinators::BoxBody};
use hyper::{
    HeaderMap, Request, Response, StatusCode,
    body::Incoming,
    client::conn::http2::{SendRequest, handshake},
    header::{CONTENT_TYPE, HeaderValue},
    http::{request, response},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

/// What a host sends or hears.
pub(crate) type Body = BoxBody<Bytes, Infallible>;

/// A unary call, read whole, so that it can be carried out more than once.
#[derive(Clone)]
pub(crate) struct Call {
    head: request::Parts,
    body: Bytes,
}

impl Call {
    pub(crate) async fn read(request: Request<Incoming>) -> Result<Self, hyper::Error> {
        let (head, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Self { head, body })
    }

    /// True where it changes something.
    pub(crate) fn is_write(&self) -> bool {
        self.is("SaveState") || self.is("DeleteBulkState")
    }

    /// True where it is one of this method.
    pub(crate) fn is(&self, method: &str) -> bool {
        let path = self.head.uri.path();
        path.rsplit('/').next() == Some(method)
    }
}

/// The answer to a call, read whole.
#[derive(Clone)]
pub(crate) struct Answer {
    head: response::Parts,
    body: Bytes,
    trailers: Option<HeaderMap>,
}

impl Answer {
    /// What a host hears of a server that is not there: gRPC's status 14.
    pub(crate) fn unavailable() -> Self {
        let (mut head, ()) = Response::new(()).into_parts();
        head.status = StatusCode::OK;
        head.headers
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        head.headers.insert("grpc-status", HeaderValue::from_static("14"));
        head.headers
            .insert("grpc-message", HeaderValue::from_static("lost on the way"));
        Self {
            head,
            body: Bytes::new(),
            trailers: None,
        }
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        let trailers = self.trailers.map(Ok);
        let body = Full::new(self.body).with_trailers(std::future::ready(trailers));
        Response::from_parts(self.head, body.boxed())
    }
}

/// The way to the sidecar. Clones share its connection.
#[derive(Clone)]
pub(crate) struct Upstream(SendRequest<Full<Bytes>>);

impl Upstream {
    /// Connects. To be called on the runtime that is to keep the connection.
    pub(crate) async fn connect(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Self(sender)
    }

    pub(crate) async fn carry_out(&self, call: &Call) -> Result<Answer, hyper::Error> {
        let request = Request::from_parts(call.head.clone(), Full::new(call.body.clone()));
        let (head, body) = self.0.clone().send_request(request).await?.into_parts();
        let body = body.collect().await?;
        let trailers = body.trailers().cloned();
        Ok(Answer {
            head,
            body: body.to_bytes(),
            trailers,
        })
    }
}
