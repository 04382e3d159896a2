//! A sidecar of tests: it answers each call of its gRPC API as it is told to, or never.

use std::convert::Infallible;

use bytes::{BufMut as _, Bytes, BytesMut};
use http_body_util::{BodyExt as _, Full, combinators::BoxBody};
use hyper::{
    HeaderMap, Request, Response, body::Incoming, header::HeaderValue, server::conn::http2, service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message;
use tokio::net::TcpListener;

use super::sidecar::{Sidecar, SidecarAddress};

/// A call: the last part of its path, and its message.
pub(super) struct Call {
    pub(super) method: String,
    message: Bytes,
}

impl Call {
    /// What was asked.
    pub(super) fn message<M: Message + Default>(&self) -> M {
        M::decode(self.message.clone()).unwrap()
    }
}

/// The message of an answer, or what the call failed of.
pub(super) type Answer = Result<Vec<u8>, &'static str>;

/// A sidecar that answers so. It is there for as long as the runtime of the test.
pub(super) async fn answering<A>(answer: impl Fn(Call) -> A + Clone + Send + Sync + 'static) -> Sidecar
where
    A: Future<Output = Answer> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = SidecarAddress {
        grpc_port: listener.local_addr().unwrap().port(),
        api_token: None,
    };
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let answer = answer.clone();
            let service = service_fn(move |request| {
                let answer = answer.clone();
                async move { Ok::<_, Infallible>(response(answer(read(request).await).await)) }
            });
            let serving = http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service);
            tokio::spawn(serving);
        }
    });
    Sidecar::new(&address).unwrap()
}

async fn read(request: Request<Incoming>) -> Call {
    let method = request.uri().path().rsplit('/').next().unwrap_or_default().to_owned();
    let framed = request.into_body().collect().await.unwrap().to_bytes();
    // Whether it is compressed, and its length.
    let message = framed.slice(5..);
    Call { method, message }
}

fn response(answer: Answer) -> Response<BoxBody<Bytes, Infallible>> {
    let (status, message) = match &answer {
        Ok(_) => ("0", ""),
        Err(why) => ("14", *why),
    };
    let mut framed = BytesMut::new();
    if let Ok(message) = &answer {
        framed.put_u8(0);
        framed.put_u32(u32::try_from(message.len()).unwrap());
        framed.put_slice(message);
    }
    let trailers = HeaderMap::from_iter([
        ("grpc-status".parse().unwrap(), HeaderValue::from_static(status)),
        ("grpc-message".parse().unwrap(), HeaderValue::from_static(message)),
    ]);
    let body = Full::new(framed.freeze()).with_trailers(async move { Some(Ok(trailers)) });
    Response::builder()
        .header("content-type", "application/grpc")
        .body(body.boxed())
        .unwrap()
}
